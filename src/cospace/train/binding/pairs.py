"""What is bound to what: parts of one kind beside parts of another, as features and vectors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.encode.features import Features
from cospace.errors import BadArgument, BadItem, BadVector
from cospace.item import Content, Item, Part, Parts
from cospace.progress import Meter
from cospace.read import Reading
from cospace.read.terms import fold
from cospace.train.binding.fit import Pairs
from cospace.train.heldout import grouped, near
from cospace.train.losses import unit

__all__ = ["FEW", "Sighted", "gathered", "meanings", "parted", "see", "vectors_of"]

# Features of two photos of one thing from one place lie closer than this; other photos do not.
_SAME = 0.98
FEW = 4  # pairs that say the same and are taken for one thing, shown several times
_WINDOW = 64


@dataclass(slots=True)
class Sighted:
    """Pairs as arrays, with what became of those that could not be used."""

    pairs: Pairs
    names: list[str]
    sha256: str
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Given = tuple[str, Any, Any, str]
Array = NDArray[np.float32]


@dataclass(slots=True)
class _Held:
    """What was gathered so far: a list a column."""

    names: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    rows: list[Array] = field(default_factory=list)
    own: list[Array] = field(default_factory=list)
    targets: list[Array] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def see(
    given: Iterable[Given],
    features: Features,
    vectors: Callable[[Sequence[Any]], Sequence[Array | None]],
    *,
    meter: Meter | None = None,
) -> Sighted:
    """The pairs of (name, value of the kind that is bound, what it is bound to, its words).

    `vectors` makes unit rows of a list of what they are bound to. A pair that cannot be read is
    listed and left out. Near duplicates are one group.

    Raises `BadArgument` when no pair can be used, and as `gathered`.
    """
    held = _Held()
    waiting = iter(given)
    while window := list(islice(waiting, _WINDOW)):
        _look(window, features, vectors, held)
        if meter is not None:
            meter.add(len(window))
    if not held.names:
        raise BadArgument(f"no pair can be used{_first(held.failed)}")
    own = np.stack(held.own) if held.own else None
    rows, targets = np.stack(held.rows), np.stack(held.targets)
    return gathered(held.names, held.words, rows, targets, own, held.failed)


def _look(
    window: list[Given],
    features: Features,
    vectors: Callable[[Sequence[Any]], Sequence[Array | None]],
    held: _Held,
) -> None:
    """Adds the pairs of one window to what is held."""
    looked = features.look([(one[1], one[0]) for one in window])
    held.failed += looked.failed
    if not looked.good:
        return
    good = [window[place] for place in looked.good]
    wanted = vectors([other for _, _, other, _ in good])
    for place, ((name, _, _, said), target) in enumerate(zip(good, wanted, strict=True)):
        if target is None:
            held.failed.append((name, "what it is bound to cannot be encoded"))
            continue
        held.names.append(name)
        held.words.append(said)
        held.rows.append(looked.features[place])
        held.targets.append(target)
        if looked.own is not None:
            held.own.append(looked.own[place])


def gathered(
    names: list[str],
    words: list[str],
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    own: NDArray[np.float32] | None,
    failed: list[tuple[str, str]],
) -> Sighted:
    """Pairs of features [n, f] and targets [n, d], by name, each with its words or "".

    Raises `BadVector` for features that are no finite numbers.
    """
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(1))[0])
        raise BadVector(f"{names[row]}: its features hold NaN or Inf", row=row)
    meaning = meanings(targets)
    pairs = Pairs(features, targets, meaning, _groups(words, features), own)
    digest = hashlib.sha256("\n".join(names).encode())
    digest.update(features.tobytes() + targets.tobytes())
    sighted = Sighted(pairs, names, digest.hexdigest(), failed)
    repeated = len(meaning) - len(np.unique(meaning))
    if repeated:
        sighted.notes.append(
            f"{repeated} pairs are bound to what another is bound to, such as the same words: they"
            " are not one another's negatives"
        )
    return sighted


def meanings(rows: NDArray[np.float32]) -> NDArray[np.intp]:
    """A number for each different row of [n, d]."""
    _, found = np.unique(rows.round(5), axis=0, return_inverse=True)
    return found.reshape(-1).astype(np.intp)


def _groups(words: Sequence[str], features: NDArray[np.float32]) -> NDArray[np.intp]:
    """Near duplicates: features that are nearly the same, and words that a few pairs share.

    Words that many share are the name of a kind of thing: its members are no duplicates.
    """
    standard = unit((features - features.mean(0)) / (features.std(0) + np.float32(1e-3)))
    folded = [fold(said) for said in words]
    times = Counter(folded)
    keys = [said if said and times[said] <= FEW else None for said in folded]
    return grouped(keys, joined=near(standard, _SAME))


def vectors_of(encoder: Encoder, contents: Sequence[Content]) -> list[NDArray[np.float32] | None]:
    """The unit vector of each content, as a document; None for one that cannot be encoded."""
    try:
        return list(encoder.encode_document(list(contents)).normalized)
    except BadItem:
        if len(contents) == 1:
            return [None]
        half = len(contents) // 2
        return [*vectors_of(encoder, contents[:half]), *vectors_of(encoder, contents[half:])]


def parted(
    pairs: Reading | Iterable[Item | tuple[Content, Content]], kind: str, other: str
) -> Iterator[tuple[str, Any, Any, str]]:
    """(name, value, what it is bound to, words) of items, or of tuples of two parts.

    Raises `BadItem` for a pair that lacks a side.
    """
    for number, one in enumerate(pairs):
        if isinstance(one, Item):
            name, parts = one.id, one.parts
        elif isinstance(one, tuple) and len(one) == 2:
            name, sides = f"pair {number}", [Parts.of(side) for side in one]
            parts = Parts(**{k: v for side in sides for k, v in side.items()})
        else:
            raise BadItem(
                f"pair {number}",
                f"expected an Item or a tuple of two parts, not {type(one).__name__}",
            )
        for side in (kind, other):
            if side not in parts:
                raise BadItem(name, f"it has no {side}: a pair has {kind} and {other}")
        bound: Part = parts[other]
        said = str(bound.value) if other == "text" else ""
        yield name, parts[kind].value, bound, said


def _first(failed: Sequence[tuple[str, str]]) -> str:
    return f": {failed[0][0]}: {failed[0][1]}" if failed else ": none was given"
