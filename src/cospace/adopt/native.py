"""The model folder of a native multimodal model: its own files, and a record. torch runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cospace.adopt.fetch import Fetched
from cospace.adopt.source import Source
from cospace.encode.modules.texts import check_modules, prompts_of
from cospace.encode.modules.weights import fingerprint
from cospace.encode.native import FAMILY, known_input, native_rows, open_model
from cospace.encode.record import known_answer
from cospace.errors import UnsupportedModel
from cospace.space import Space, Tower

__all__ = ["is_native", "native_space"]

_MOST_TOKENS = 8_192  # of a text: longer ones take minutes on a processor, and memory

_KNOWN = {
    "text": ("retro velvet armchair", "Vintage comfortable seating, 120 or best offer!"),
    "image": ("pattern:1", "pattern:2"),
}


def is_native(folder: Path) -> bool:
    """Whether the model in `folder`, saved by sentence-transformers, takes images as well."""
    file = folder / "sentence_bert_config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        return "image" in config.get("modality_config", {})
    except (OSError, ValueError, AttributeError):
        return False


def native_space(name: str, source: Source, fetched: Fetched, kept: dict[str, str]) -> Space:
    """The record of the model, with the known answers that it gives itself.

    Raises `UnsupportedModel` for one that sentence-transformers cannot load.
    """
    folder = fetched.folder
    check_modules(folder)
    try:
        model = open_model(folder, "cpu")
    except Exception as error:  # the library lets those of transformers through
        raise UnsupportedModel(
            f"sentence-transformers cannot load it: {str(error)[:300]}"
        ) from error
    prompts = prompts_of(folder)
    towers = []
    for kind, inputs in _KNOWN.items():
        rows = [native_rows(model, [known_input(kind, given)], prompts.get("document", ""))[0]
                for given in inputs]  # fmt: skip
        answers = tuple(map(known_answer, inputs, rows))
        towers.append(
            Tower(
                kind=kind, model=name, source=f"{source.scheme}:{source.repository or source.name}",
                revision=fetched.revision, weights_sha256=fingerprint(folder), family=FAMILY,
                precision="f32", files=kept, preprocess={"max_tokens": _most(model)},
                prompts=prompts, canaries=answers,
            )
        )  # fmt: skip
    return Space(name, len(rows[0]), towers=tuple(towers))


def _most(model: Any) -> int:
    config = model[0].config
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    most = int(getattr(text, "max_position_embeddings", 0) or _MOST_TOKENS)
    # Half of the positions are left for the image and the marks around.
    return min(_MOST_TOKENS, max(1, most // 2))
