"""Texts to vectors for an evaluation: what fails is counted, what is cut is counted, in time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cospace.encode import load
from cospace.encode.base import BaseEncoder, uncached
from cospace.encode.hosted import Hosted
from cospace.encode.protocol import Role
from cospace.errors import BadArgument, BadInput, BadItem
from cospace.progress import Watch, metered
from cospace.read.texts import check_text
from cospace.space import Space
from cospace.topk import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder
    from cospace.vectors import Vectors

__all__ = [
    "Encoding",
    "ModelName",
    "Role",
    "cache_hits",
    "encode_texts",
    "loaded",
    "named_models",
]

ModelName: TypeAlias = "str | os.PathLike[str] | Encoder"

# Texts that are encoded together: enough for an encoder to sort them by length.
_BATCH = 4_096


@dataclass(slots=True)
class Encoding:
    """Unit rows float32 [n, dim], one a text; a row of NaN where the text is in `failed`.

    `hits` is how many came from the cache of a hosted model.
    """

    rows: NDArray[np.float32]
    failed: dict[int, str] = field(default_factory=dict)
    truncated: list[int] = field(default_factory=list)
    seconds: float = 0.0
    hits: int = 0

    @property
    def encoded(self) -> int:
        """How many were encoded in that time: those that have a vector, less those of a cache."""
        return int(self.good.sum()) - self.hits

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which of the texts have a vector: bool [n]."""
        known = np.ones(len(self.rows), bool)
        known[list(self.failed)] = False
        return known


def loaded(model: ModelName, kind: str = "text") -> Encoder:
    """The encoder of a name or a folder, or the one that was given; it must take `kind`.

    It has no cache, whose speed would be told as the model's; but for hosted models, which are
    not paid for twice.

    Raises as `cospace.load` does, and `BadArgument` for a model without a tower for `kind`.
    """
    encoder = load(model) if isinstance(model, (str, os.PathLike)) else _encoder(model)
    bare = uncached(encoder)
    encoder = encoder if isinstance(bare, Hosted) else bare
    if kind not in encoder.space.kinds:
        takes = " and ".join(encoder.space.kinds)
        raise BadArgument(f"{encoder.space.name} takes {takes}; this needs a model for {kind}")
    return encoder


def named_models(models: Sequence[ModelName] | ModelName) -> list[tuple[str, ModelName]]:
    """Each model with the name it goes by in a table: as it was typed, or that of its space.

    Raises `BadArgument` for no model, and for one that is named twice.
    """
    several = isinstance(models, Sequence) and not isinstance(models, str)
    given: list[ModelName] = list(models) if several else [models]  # type: ignore[arg-type, list-item]
    named = [(_name(model), model) for model in given]
    if not named:
        raise BadArgument("name at least one model")
    twice = [name for i, (name, _) in enumerate(named) if name in [n for n, _ in named[:i]]]
    if twice:
        raise BadArgument(f"{twice[0]!r} is named twice; a model is compared with others")
    return named


def cache_hits(encoder: Encoder) -> int:
    """How many vectors came from the encoder's cache so far."""
    return encoder.hits if isinstance(encoder, BaseEncoder) else 0


def _name(model: ModelName) -> str:
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model)
    return _encoder(model).space.name


def _encoder(model: Encoder) -> Encoder:
    if not isinstance(getattr(model, "space", None), Space):
        raise BadArgument(f"a model is a name, a folder or an Encoder, not {model!r:.60}")
    return model


def encode_texts(
    encoder: Encoder, texts: Sequence[str], role: Role, *, progress: Watch = None
) -> Encoding:
    """The vectors of `texts` as queries or as documents; one bad text never fails the rest.

    `progress` counts texts. Time is that of the encoder alone.

    >>> from cospace.testing.tiny import tiny_model
    >>> done = encode_texts(tiny_model(), ["a red chair", ""], "document")
    >>> done.rows.shape, done.failed
    ((2, 32), {1: 'the text is empty; there is nothing to encode'})
    """
    if isinstance(encoder, BaseEncoder):
        encoder.warm("text")  # so that loading it is not counted as encoding
    done = Encoding(np.full((len(texts), encoder.space.dim), np.nan, np.float32))
    before = cache_hits(encoder)
    with metered(progress, len(texts), "texts") as meter:
        for part in blocks(len(texts), _BATCH):
            positions = []
            for position in range(part.start, part.stop):
                try:
                    check_text(texts[position])
                    positions.append(position)
                except BadItem as error:
                    done.failed[position] = error.reason
            if positions:
                _encode(encoder, texts, role, positions, done)
            meter.add(part.stop - part.start)
    done.hits = cache_hits(encoder) - before
    return done


def _encode(
    encoder: Encoder, texts: Sequence[str], role: Role, positions: list[int], done: Encoding
) -> None:
    encode: Callable[[list[str]], Vectors]
    encode = encoder.encode_query if role == "query" else encoder.encode_document
    started = time.perf_counter()
    try:
        vectors = encode([texts[position] for position in positions])
    except BadInput as error:
        if len(positions) == 1:
            done.failed[positions[0]] = getattr(error, "reason", str(error))
            return
        # One of them is bad: halves are tried, so that the others are kept at little cost.
        half = len(positions) // 2
        _encode(encoder, texts, role, positions[:half], done)
        _encode(encoder, texts, role, positions[half:], done)
        return
    done.seconds += time.perf_counter() - started
    encoder.space.check(vectors.space, what=f"the vectors of {encoder.space.name}")
    done.rows[positions] = vectors.normalized
    done.truncated += [positions[i] for i in vectors.truncated]
