"""Native: a model that reads text and image together, run by torch through its own library.

Qwen3-VL-Embedding, EmbeddingGemma 2 and their kin, by sentence-transformers. `Parts` with both
go in as one input, so that the text can speak of the image; a joint model (CLIP) can only add
two vectors up.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cospace.encode.engines.rebuild import KEPT
from cospace.encode.engines.torch import pick_device
from cospace.encode.model import Model, first_numbers
from cospace.encode.modules.libraries import library
from cospace.encode.protocol import Role
from cospace.encode.towers.image import pattern
from cospace.encode.towers.load import CLOSE
from cospace.errors import BadArgument, BadItem, ModelDamaged
from cospace.item import Content, Image, Part, Parts
from cospace.read.images import decode
from cospace.read.texts import check_text
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.folder import Folder

__all__ = ["FAMILY", "Native", "known_input", "native_rows", "open_model"]

FAMILY = "native"

_BATCH = 8


class Native(Model):
    """A model folder of the family "native" as an `Encoder`. Needs the extra `torch`."""

    def __init__(
        self,
        folder: Folder,
        *,
        kinds: Sequence[str] = (),
        dim: int | None = None,
        engine: str = "",
    ) -> None:
        super().__init__(folder, kinds=kinds, dim=dim, engine=engine)
        name, _, self._device = (engine or "torch").partition(":")
        if name != "torch":
            raise BadArgument(f"{folder.space.name} runs on torch alone, not on {name!r}")
        tower = folder.space.towers[0]
        self._most, self._prompts = int(tower.preprocess["max_tokens"]), dict(tower.prompts)
        self._models: list[Any] = []  # the one model, once it is loaded

    @property
    def precision(self) -> Mapping[str, str]:
        """How the model computes, by kind; empty until it was used."""
        kinds = self.space.kinds if self._models else ()
        return dict.fromkeys(kinds, f"f32 on {self._models[0].device.type}")

    def warm(self, *kinds: str) -> Self:
        """The model itself, loaded and held to its known answers."""
        del kinds  # one model takes them all
        self._loaded()
        return self

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any:
        if kind not in self.space.kinds:
            raise BadItem("", self.lacks(kind))
        return native_input(Parts(**{kind: part}), "", data)

    def _encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        del kind  # each input says what it is
        return self._computed(list(prepared), "document", {})

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        given: list[dict[str, Any]] = []
        others: dict[str, list[int]] = {}
        for position, parts in self._usable(inputs):
            mine = Parts(**{kind: parts[kind] for kind in parts if kind in self.space.kinds})
            given.append(native_input(mine, f"input {position}"))
            for kind in set(parts) - set(mine):
                others.setdefault(kind, []).append(position)
        return self._computed(given, role, others)

    def _computed(
        self, given: list[dict[str, Any]], role: str, others: dict[str, list[int]]
    ) -> Vectors:
        model = self._loaded()
        cut = [i for i, one in enumerate(given) if "text" in one and self._shorten(model, one)]
        report = self._report(cut, len(given), others)
        if not given:
            return Vectors(np.zeros((0, self.space.dim), np.float32), self.space)
        with self._loading:  # the library is not made for threads
            rows = first_numbers(
                native_rows(model, given, self._prompts.get(role, "")), self.space.dim
            )
        return Vectors(rows, self.space, report=report, truncated=cut)

    def _shorten(self, model: Any, one: dict[str, Any]) -> bool:
        """Cuts the text of `one` at the most tokens; whether it was too long."""
        encoding = model.tokenizer.backend_tokenizer.encode(one["text"], add_special_tokens=False)
        if len(encoding) <= self._most:
            return False
        one["text"] = one["text"][: encoding.offsets[self._most - 1][1]]
        return True

    def _loaded(self) -> Any:
        with self._loading:
            if not self._models:
                model = open_model(self._folder.path / KEPT, pick_device(self._device))
                self._prove(model)
                self._models.append(model)
        return self._models[0]

    def _prove(self, model: Any) -> None:
        for tower in self.space.towers:
            for answer in tower.canaries:
                expected = np.frombuffer(base64.b64decode(answer["vector"]), "<f4")
                one = known_input(tower.kind, answer["input"])
                [found] = native_rows(model, [one], self._prompts.get("document", ""))
                if expected.shape != found.shape or not float(expected @ found) >= CLOSE:
                    raise ModelDamaged(
                        f"{self._folder.path}: the model does not give its known answers for"
                        f" {tower.kind}. Install the model again"
                    )


def open_model(folder: Path, device: str) -> Any:
    """The model of sentence-transformers in `folder`, in float32, with nothing of its own run."""
    model = library("sentence_transformers").SentenceTransformer(
        str(folder),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True, "dtype": "float32"},
    )
    # Its own cut would fall between the marks of an image. Texts are cut here, and reported.
    model.max_seq_length = 1_000_000
    return model.eval()


def native_input(parts: Parts, name: str, data: bytes | None = None) -> dict[str, Any]:
    """One input of the model, by kind; a dict, for there a text is never taken for a path.

    Raises `BadItem` for a text or an image that cannot be used.
    """
    one: dict[str, Any] = {}
    if "text" in parts:
        one["text"] = check_text(parts["text"].value, name)
    if "image" in parts:
        value = parts["image"].value
        if isinstance(value, str):  # a str is never taken for a path
            raise BadItem(name, "an image is given as Image(path), not as a str")
        one["image"] = decode(Image(value), name, data=data)
    return one


def known_input(kind: str, given: str) -> dict[str, Any]:
    """The input of a known answer: a text, or the image "pattern:N"."""
    if kind == "text":
        return {"text": given}
    from PIL.Image import fromarray

    return {"image": fromarray(pattern(int(given.removeprefix("pattern:")), 64))}


def native_rows(model: Any, given: list[dict[str, Any]], prompt: str) -> NDArray[np.float32]:
    """The unit rows float32 [n, dim] of inputs, those of one form together."""
    forms: dict[tuple[str, ...], list[int]] = {}
    for position, one in enumerate(given):
        forms.setdefault(tuple(sorted(one)), []).append(position)
    rows: NDArray[np.float32] | None = None
    for owned in forms.values():
        found = model.encode(
            [given[i] for i in owned],
            prompt=prompt or None,
            batch_size=_BATCH,
            show_progress_bar=False,
            normalize_embeddings=True,
        )
        rows = np.zeros((len(given), found.shape[1]), np.float32) if rows is None else rows
        rows[owned] = found
    assert rows is not None, "there is at least one input"
    return rows
