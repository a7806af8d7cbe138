"""What a new reranker is held to: pairs that are tried, known answers, the fastest precision."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import Graph, has_bf16, multiplies_bytes
from cospace.encode.folder import open_folder
from cospace.encode.record import known_answer
from cospace.encode.towers.pair import Pair, PairTower, known_pair
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Runner
    from cospace.space import Tower

__all__ = ["PROBES", "error_of", "fastest", "proved"]

# Right and wrong, short and long, of other scripts; of the last the document, then the query, is
# cut. The first become the known answers.
PROBES: tuple[Pair, ...] = (
    ("a place to sit", "Retro velvet armchair, green, with oak legs"),
    ("a place to sit", "Steel rake with a wooden handle, hardly used"),
    (
        "How many people live in Berlin?",
        "Berlin had 3,520,031 registered inhabitants in an area of 891.82 square kilometers.",
    ),
    ("How many people live in Berlin?", "Berlin is well known for its museums."),
    ("bicycle", "bicycle"),
    ("Größe 42, wie neu!", "椅子とテーブル 🚲"),
    ("lamp", "It was late; the shop was about to close, and nobody had asked for the lamp. " * 3),
    ("word " * 40, "x"),
    ("where is the lamp", "two words " * 90),
    ("who asked for the lamp", "It was late; nobody had asked for the lamp. " * 80),
    ("nobody asked " * 300, "It was late; the shop was about to close. " * 9),
)
_KNOWN = 9

# bf16 is worth it where it takes a tenth less, and where a pair keeps its score in every batch.
_WORTH, _SAME = 0.9, 1e-4
_TURNS = 3


def proved(
    place: Path, tower: Tower, reference: Runner
) -> tuple[tuple[dict[str, str], ...], NDArray[np.float32]]:
    """The known answers, and the logit of each probe: what `reference` gives for each alone."""
    one = PairTower(open_folder(place), tower, reference)
    logits = np.concatenate([one.read([pair]).logits for pair in PROBES])
    answers = (
        known_answer(known_pair(*pair), row)
        for pair, row in zip(PROBES[:_KNOWN], logits[:_KNOWN, None], strict=True)
    )
    return tuple(answers), logits


def error_of(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """The largest error of a logit, as a part of the distance from the least to the greatest.

    >>> round(error_of(np.float32([0, 9]), np.float32([0, 10])), 3)
    0.1
    """
    spread = float(np.ptp(expected))
    if not spread > 0 or not np.isfinite(expected).all():
        raise ModelDamaged("its scores are all alike, or none: it scores nothing")
    return float(np.abs(found - expected).max()) / spread


def fastest(place: Path, tower: Tower) -> tuple[str, NDArray[np.float32]]:
    """The precision that this processor is fastest in, and the logits of the probes in it.

    bf16 only where a pair has the same logit alone and beside others.
    """
    plain = tower.precision
    tried = [*(["int8"] if plain == "int8" and multiplies_bytes() else ["f32"])]
    tried += ["bf16"] if has_bf16() else []
    folder = open_folder(place)
    served: dict[str, PairTower] = {}
    found: dict[str, NDArray[np.float32]] = {}
    for name in tried:
        record = replace(tower, precision=name)
        exact = "int8-as-f32" if plain == "int8" and name == "f32" else name
        one = PairTower(folder, record, Graph(folder, record, exact))
        found[name] = one.read(PROBES).logits
        alone = np.concatenate([one.read([pair]).logits for pair in PROBES])
        if name != "bf16" or np.abs(alone - found[name]).max() <= _SAME:
            served[name] = one
    best = _timed(served, PROBES)
    first = tried[0]
    chosen = "bf16" if best.get("bf16", math.inf) < _WORTH * best[first] else first
    return (plain if chosen == first else chosen), found[chosen]


def _timed(served: dict[str, PairTower], pairs: Sequence[Any]) -> dict[str, float]:
    """Seconds of each, the best of a few turns that they take one after the other."""
    best = dict.fromkeys(served, math.inf)
    for _ in range(_TURNS):
        for name, one in served.items():
            start = time.perf_counter()
            one.read(pairs)
            best[name] = min(best[name], time.perf_counter() - start)
    return best
