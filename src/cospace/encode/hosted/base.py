"""Hosted: what the encoders of all services share. One service is one file beside this one.

A service says how its client is made, how a batch is asked for, and how its errors are read.
Batches, retries, halves, texts that are too long, checks of the answers and the bill are here.
"""

from __future__ import annotations

import os
import re
import threading
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cospace.encode.base import BaseEncoder
from cospace.encode.hosted.bill import Bill, Estimate, tokens_about
from cospace.encode.hosted.calls import HalfAnswer, Trouble
from cospace.encode.hosted.sending import Answer, Facts, Sending, Sent
from cospace.encode.inputs import check_usable, lacks, listing, parts_of, renamed, shown
from cospace.encode.protocol import Piece, Role
from cospace.errors import BadArgument, BadItem, ModelNotFound
from cospace.item import Content, Image, Part, Parts
from cospace.need import install, need
from cospace.read.texts import check_text
from cospace.space import Space, Tower
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.cache.memory import Memory

__all__ = ["Answer", "Facts", "Hosted", "Piece", "Sent"]


class Hosted(BaseEncoder):
    """A model behind a service, as an `Encoder`. Nothing is sent before something is encoded.

    `bill` counts what it has cost. `sleep` is called for each pause between attempts, in place
    of waiting. Threads may share it.
    """

    SERVICE: ClassVar[str]
    MODULE: ClassVar[str]  # the service's SDK, and the extra that brings it
    EXTRA: ClassVar[str]
    KEYS: ClassVar[tuple[str, ...]]  # one of these variables of the environment holds the key
    WORKERS: ClassVar[int]  # requests under way at a time
    CUTS: ClassVar[bool] = False  # whether it cuts long texts without a word, or refuses them
    MODELS: ClassVar[Mapping[str, Facts]]

    def __init__(
        self, model: str, *, dim: int | None = None, sleep: Callable[[float], object] | None = None
    ) -> None:
        self.model = model
        self.name = f"{self.SERVICE}:{model}"
        self.facts = self._facts(model)
        if not _is_here(self.MODULE):
            need(self.MODULE, extra=self.EXTRA)  # raises, with the pip line
        dims = self.facts.dims
        self.dim = dims[0] if dim is None else dim
        if self.dim not in dims:
            ends = f"{min(dims)} to {max(dims)}" if len(dims) > 5 else ", ".join(map(str, dims))
            raise BadArgument(f"{self.name} gives {ends} dimensions, not {dim}")
        self.endpoint = self._endpoint()
        self.place = f"{self.SERVICE} at {_public(self.endpoint) or 'its own address'}"
        tower = Tower(
            kind="text",
            model=model,
            source=self.place if self.endpoint else self.SERVICE,
            preprocess=self.facts.preprocess,
        )
        towers = tuple(replace(tower, kind=kind) for kind in self.facts.kinds)
        self.space = Space(self.name, self.dim, towers=towers)
        self.bill = Bill(self.name)
        self.sleep = sleep
        self._making = threading.Lock()
        self._made: Any = None

    # --- what a service says ---

    @abstractmethod
    def _endpoint(self) -> str:
        """Where requests go, when that is not the service itself; part of the space's identity."""

    @abstractmethod
    def _make_client(self) -> Any:
        """The SDK's client, with its own retries off."""

    @abstractmethod
    def ask(self, client: Any, inputs: Sequence[Sent], role: str) -> Answer:
        """One request."""

    @abstractmethod
    def why(self, error: Exception) -> Trouble | None:
        """What an error of the SDK means; None for an error that is not the SDK's."""

    def is_cut(self, client: Any, sent: Sent) -> bool:
        """Whether the service cuts this text; asked where `CUTS`, of texts that may be too long."""
        raise NotImplementedError

    def _image(self, image: Image, name: str, data: bytes | None) -> bytes:
        """The bytes of an image as they are sent, where the model takes images."""
        del image, data
        raise BadItem(name, lacks(self.space, "image"))

    # --- what users ask besides ---

    @classmethod
    def missing(cls) -> str:
        """What its models need to be used here and is not there, or ""."""
        if not _is_here(cls.MODULE):
            return f"it needs a library; {install(cls.EXTRA)}"
        if not any(os.environ.get(name, "").strip() for name in cls.KEYS):
            return f"it needs a key: set {' or '.join(cls.KEYS)}"
        return ""

    @property
    def needs_role(self) -> bool:
        """Whether the service reads a query otherwise than a document."""
        return "task_types" in self.facts.preprocess

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Raises `BadArgument`: the model's files are not here."""
        del replace
        raise BadArgument(
            f"{self.name} cannot be saved to {folder}: it runs at {self.SERVICE}, and its files"
            f" are not here. cs.load({self.name!r}) gives it wherever there is a key"
        )

    def sent(self, content: Content, position: int) -> Sent:
        """One input as it is sent. Raises `BadItem`."""
        parts = parts_of(content, position)
        check_usable(parts, position, self.space)
        return self._sent(parts, f"input {position}", None)

    def estimate(self, inputs: Sequence[Content]) -> Estimate:
        """What these inputs would cost, by `tokens_about`; parts it does not take cost nothing.

        Neither does what is in the model's cache.
        """
        from cospace.encode.cache.memory import Memory

        if isinstance(self.memory, Memory):
            return self.estimate_with(self.memory, inputs)
        tokens = images = count = 0
        for content in inputs:
            parts = Parts.of(content)
            mine = [kind for kind in parts if kind in self.space.kinds]
            count += bool(mine)
            text = parts["text"].value if "text" in mine else ""
            tokens += tokens_about(text) if isinstance(text, str) and text else 0
            images += "image" in mine
        return Estimate(self.name, count, tokens=tokens, images=images)

    def estimate_with(self, memory: Memory, inputs: Sequence[Content]) -> Estimate:
        """What these inputs would cost, as documents, without those that `memory` knows."""
        rest, known = memory.unknown(self.space, inputs)
        bare = self.uncached()
        assert isinstance(bare, Hosted)  # as this one is
        return bare.estimate(rest) + Estimate(self.name, inputs=known, known=known)

    # --- sending ---

    def pieces(self, inputs: Sequence[Sent], role: str) -> Generator[Piece, None, None]:
        """The inputs' vectors, as they come back; all that came is given before an error is.

        Raises `BadItem` with the position in `inputs` of one that the service refuses.
        """
        return Sending(self, inputs, role).pieces()

    def client(self) -> Any:
        """The SDK's client, made when it is first needed."""
        with self._making:
            if self._made is None:
                self._made = self._make_client()
            return self._made

    def sound(self, rows: Sequence[Any], count: int) -> NDArray[np.float32]:
        """`rows` as unit rows float32 [count, dim]. Raises `HalfAnswer` when they are not whole."""
        if len(rows) != count:
            raise HalfAnswer(f"it gave {len(rows)} vectors for {count} inputs")
        try:
            array = np.array(rows, np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise HalfAnswer(f"it gave something other than vectors ({error})") from None
        if array.shape != (count, self.dim):
            raise HalfAnswer(f"it gave vectors of shape {list(array.shape[1:])}, not [{self.dim}]")
        norms = np.linalg.norm(array.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(norms).all() or (norms < 1e-6).any():
            raise HalfAnswer("it gave a vector with NaN, or a zero vector")
        norms[np.abs(norms - 1) < 1e-6] = 1  # rows that are unit already keep their bits
        unit: NDArray[np.float32] = (array / norms).astype(np.float32)
        return unit

    # --- inputs and results ---

    def _sent(self, parts: Parts, name: str, data: bytes | None) -> Sent:
        text = image = None
        if "text" in parts and "text" in self.space.kinds:
            text = check_text(parts["text"].value, name)
        if "image" in parts and "image" in self.space.kinds:
            given = parts["image"]
            if not isinstance(given, Image):
                raise BadItem(name, "an image is given as Image(path)")
            image = self._image(given, name, data)
        if text is None and image is None:
            raise BadItem(name, lacks(self.space, next(iter(parts), "nothing")))
        return Sent(text, image)

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Sent:
        return self._sent(Parts(**{kind: part}), "", data)

    def _encode_prepared(self, kind: str, prepared: Sequence[Sent]) -> Vectors:
        del kind
        return self._gathered(prepared, "document", {})

    def _pieces(
        self, inputs: Sequence[Content], at: list[int], role: Role
    ) -> Generator[Piece, None, None]:
        return _moved(self.pieces([self.sent(inputs[i], i) for i in at], role), at)

    def _prepared_pieces(
        self, kind: str, prepared: Sequence[Sent], at: list[int]
    ) -> Generator[Piece, None, None]:
        del kind
        return _moved(self.pieces([prepared[i] for i in at], "document"), at)

    def _from_cache(self, count: int) -> None:
        self.bill.add(cached=count)

    def _cut_line(self, positions: Sequence[int], total: int) -> str:
        takes = f"{self.name} takes {self.facts.tokens} tokens"
        return f"{len(positions)} of {total} texts were cut; {takes}: {shown(positions)}"

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        sent = [self.sent(content, i) for i, content in enumerate(listing(inputs))]
        others: dict[str, list[int]] = {}
        for position, content in enumerate(inputs):
            for kind in Parts.of(content):
                if kind not in self.space.kinds:
                    others.setdefault(kind, []).append(position)
        return self._gathered(sent, role, others)

    def _gathered(
        self, sent: Sequence[Sent], role: Role, others: Mapping[str, Sequence[int]]
    ) -> Vectors:
        rows = np.zeros((len(sent), self.dim), np.float32)
        cut: list[int] = []
        for piece in self.pieces(sent, role):
            rows[piece.positions] = piece.rows
            cut += piece.cut
        cut.sort()
        report = self._report(cut, len(sent), others)
        return Vectors(rows, self.space, report=report, truncated=cut)

    def _facts(self, model: str) -> Facts:
        if model not in self.MODELS:
            near = get_close_matches(model, self.MODELS, n=1)
            hint = f"did you mean '{self.SERVICE}:{near[0]}'? " if near else ""
            known = ", ".join(f"{self.SERVICE}:{name}" for name in self.MODELS)
            raise ModelNotFound(f"no model is called '{self.name}'; {hint}there are: {known}")
        return self.MODELS[model]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.space})"


def _moved(pieces: Generator[Piece, None, None], at: list[int]) -> Generator[Piece, None, None]:
    """The pieces of a part of the inputs, with the positions of the whole."""
    with renamed(at), closing(pieces):
        for piece in pieces:
            places = [at[i] for i in piece.positions]
            yield Piece(places, piece.rows, [at[i] for i in piece.cut])


def _public(url: str) -> str:
    """The address without a user, a password, a query: what may stand in a space."""
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", url)[0])


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it is part of is missing
        return False
