"""What a new reranker is held to: pairs that are tried, known answers, the precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.engines.openvino import Graph, multiplies_bytes
from cospace.encode.folder import open_folder
from cospace.encode.record import known_answer
from cospace.encode.towers.load import SAME_LOGITS
from cospace.encode.towers.pair import Pair, PairTower, known_pair
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Runner
    from cospace.space import Tower

__all__ = ["PROBES", "error_of", "precise", "proved"]

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

_SAME = 1e-4  # so closely a pair keeps its logit in every batch


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


def precise(
    place: Path, tower: Tower, expected: NDArray[np.float32]
) -> tuple[str, NDArray[np.float32]]:
    """The precision that a reranker runs in, and the logits of the probes in it.

    8 bits where the weights have no more, the processor multiplies bytes, a pair has the same
    logit alone and beside others, and that is close to the `expected`; else float32. Never bf16:
    its numbers have 8 bits in all, so that a logit of 9 comes in steps of 0.06, and unlike
    documents get equal scores.
    """
    folder = open_folder(place)
    if tower.precision == "int8" and multiplies_bytes():
        one = PairTower(folder, tower, Graph(folder, tower, "int8"))
        logits = one.read(PROBES).logits
        alone = np.concatenate([one.read([pair]).logits for pair in PROBES])
        same = np.abs(alone - logits).max() <= _SAME
        if same and error_of(logits, expected) <= 1 - SAME_LOGITS:
            return "int8", logits
    return "f32", PairTower(folder, tower, Graph(folder, tower, "f32")).read(PROBES).logits
