"""Zero-shot: the class of an item by the names of the classes, beside classifiers that learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.encoding import encode_texts
from cospace.evaluate.examples import Examples
from cospace.evaluate.neighbours import neighbour_classes
from cospace.evaluate.probe import probe_classes
from cospace.measures.bootstrap import Interval, mean_interval

if TYPE_CHECKING:
    from cospace.encode import Encoder
    from cospace.evaluate.mixed import Seen

__all__ = ["Classes", "classify", "name_vectors", "named_right"]


@dataclass(frozen=True, slots=True)
class Classes:
    """The labelled items of `kind`, which of them are held out, and chance on those.

    `chance` is the share of the commonest class among what is trained on.
    """

    kind: str
    examples: Examples

    @property
    def commonest(self) -> str:
        """The class that most of the items to train on have."""
        seen = self.examples.classes[~self.examples.held]
        return self.examples.names[int(np.bincount(seen).argmax())]

    @property
    def chance(self) -> float:
        """The accuracy of always saying `commonest`."""
        held = self.examples.classes[self.examples.held]
        return float(np.mean(held == self.examples.names.index(self.commonest)))

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        held = self.examples.held
        return {
            "kind": self.kind,
            "names": list(self.examples.names),
            "train": int((~held).sum()),
            "test": int(held.sum()),
            "split": self.examples.split,
            "chance": self.chance,
            "commonest": self.commonest,
        }


def classify(
    classes: Classes, seen: Seen, templates: Sequence[str], seed: int
) -> Mapping[str, Interval]:
    """The accuracy on the held-out items: "zero-shot", "knn" (k = 5) and "probe"."""
    examples = classes.examples
    rows = np.stack([seen.measured[classes.kind].rows[id] for id in examples.ids])
    held, truth = examples.held, examples.classes
    named = name_vectors(seen.encoder, examples.names, templates)
    zero = named_right(rows[held], named, truth[held])
    near = neighbour_classes(rows[~held], truth[~held], rows[held]) == truth[held]
    probed, _ = probe_classes(rows[~held], truth[~held], rows[held], seed=seed)
    right = {"zero-shot": zero, "knn": near, "probe": probed == truth[held]}
    return {way: mean_interval(one.astype(np.float64), seed=seed) for way, one in right.items()}


def name_vectors(
    encoder: Encoder, names: Sequence[str], templates: Sequence[str]
) -> NDArray[np.float32]:
    """A unit vector for each class, float32 [classes, dim]: the mean over the templates.

    Raises `BadArgument` for a name that cannot be encoded.
    """
    texts = [one.replace("{}", name.replace("_", " ")) for one in templates for name in names]
    done = encode_texts(encoder, texts, "query")
    if done.failed:
        at, reason = next(iter(done.failed.items()))
        raise BadArgument(f"the class name {texts[at]!r} cannot be encoded: {reason}")
    mean = done.rows.reshape(len(templates), len(names), -1).mean(axis=0)
    unit: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def named_right(
    rows: NDArray[np.float32], named: NDArray[np.float32], truth: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Where the name of the own class is nearest: bool [n]. A tie counts as lost.

    >>> named = np.eye(2, dtype=np.float32)
    >>> named_right(np.float32([[0.8, 0.6], [0.7, 0.7]]), named, np.array([0, 0])).tolist()
    [True, False]
    """
    scores = rows @ named.T
    at = np.arange(len(rows))
    own = scores[at, truth].copy()
    scores[at, truth] = -np.inf
    right: NDArray[np.bool_] = own > scores.max(axis=1)
    return right
