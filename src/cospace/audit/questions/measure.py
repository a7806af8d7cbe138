"""Questions against a collection: which lie outside, which items none finds, and a score floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from cospace.audit.questions.nonsense import mixed, random_words, vocabulary
from cospace.encode import Encoder
from cospace.topk import cosines, top_k

__all__ = ["Asked", "Floor", "measure_questions", "never_found"]

Floats = NDArray[np.float32]

K = 10  # how many hits a reader looks at
NONSENSE = 400  # questions that nothing can answer; a half sets the floor, the other tries it
MOST = 5_000  # questions that are encoded
_LEVEL, _HALF = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class Floor:
    """A score below which no hit is an answer.

    `false_answers` is the share of nonsense questions whose best hit passes it, measured on such
    as did not set it; `mixed_answers` that of questions whose words were mixed; `kept` the share
    of the real questions that still have a hit.
    """

    score: float
    false_answers: float
    mixed_answers: float
    kept: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What a log of questions says.

    `questions` are the distinct ones that were looked at, `best` the cosine of each one's nearest
    item, `lead` how much higher that is than its mean cosine with all items; `nonsense` and
    `nonsense_lead` are those of questions that nothing answers. `p` is for each question how often
    nonsense has such a lead. Those that are led by more than half of the nonsense are `outside`,
    those that pass 19 of 20 are inside, and of the rest nobody can tell. `found` counts for each
    row how many questions have it among their first `k`.
    """

    questions: tuple[str, ...]
    left_out: int
    best: Floats
    lead: Floats
    nonsense: Floats
    nonsense_lead: Floats
    p: NDArray[np.float64]
    outside: tuple[int, ...]
    unsure: tuple[int, ...]
    found: NDArray[np.int64]
    k: int
    floor: Floor


def measure_questions(
    questions: Sequence[str], model: Encoder, rows: Floats, *, k: int = K, seed: int = 0
) -> Asked:
    """The questions against the vectors [n, dim] of a collection's items.

    The null hypothesis of a question is that it is nonsense for this collection: its nearest item
    leads by no more than that of words drawn at random from the model's vocabulary. The lead, not
    the cosine, is compared: some questions are near to everything. On the example marketplace a
    judged question leads words at random in 90 of 100 pairs; by the cosine alone it is 88.

    >>> import cospace as cs
    >>> model = cs.load("starter")
    >>> rows = model.encode_document(["velvet armchair", "oak table", "garden rake"]).normalized
    >>> log = ["somewhere comfortable to sit", "velvet chair", "quarterly tax of ship brokers"]
    >>> seen = measure_questions(log, model, rows, k=1)
    >>> [log[one] for one in seen.outside], seen.found.tolist()
    (['quarterly tax of ship brokers'], [2, 1, 0])
    """
    distinct = list(dict.fromkeys(questions))
    if len(distinct) > MOST:
        drawn = np.random.default_rng(seed).choice(len(distinct), MOST, replace=False)
        kept = [distinct[at] for at in np.sort(drawn).tolist()]
    else:
        kept = distinct
    k = min(k, len(rows))
    middle = rows.mean(axis=0)
    asked = model.encode_query(kept).normalized
    top = top_k(cosines(asked, rows), len(asked), len(rows), k)
    best = top.scores[:, 0]
    words = vocabulary(model) or sorted({word for text in kept for word in text.split()})
    nonsense, mean = _best(random_words(words, kept, NONSENSE, seed), model, rows, middle)
    lead, nonsense_lead = best - asked @ middle, nonsense - mean
    above = (nonsense_lead[None, :] >= lead[:, None]).sum(axis=1)
    p = (1 + above) / (1 + len(nonsense))
    mix, _ = _best(mixed(kept, NONSENSE // 2, seed), model, rows, middle)
    return Asked(
        tuple(kept),
        len(distinct) - len(kept),
        best,
        lead,
        nonsense,
        nonsense_lead,
        p,
        tuple(np.flatnonzero(p > _HALF).tolist()),
        tuple(np.flatnonzero((p > _LEVEL) & (p <= _HALF)).tolist()),
        np.bincount(top.rows.reshape(-1), minlength=len(rows)),
        k,
        _floor(nonsense, mix, best),
    )


def _best(
    texts: Sequence[str], model: Encoder, rows: Floats, middle: Floats
) -> tuple[Floats, Floats]:
    """The cosine of each text's nearest row, and its mean cosine with all rows."""
    asked = model.encode_query(list(texts)).normalized
    best = top_k(cosines(asked, rows), len(asked), len(rows), 1).scores[:, 0]
    return best, asked @ middle


def _floor(nonsense: Floats, mix: Floats, best: Floats) -> Floor:
    """The score that one in twenty of the first half of nonsense questions passes."""
    half = len(nonsense) // 2
    score = float(np.quantile(nonsense[:half], 1 - _LEVEL))
    passes = [float((some >= score).mean()) for some in (nonsense[half:], mix, best)]
    return Floor(score, *passes)


def never_found(found: NDArray[np.int64], questions: int, k: int) -> tuple[float, float, float]:
    """(expected, deviation, p): items that no question finds, had each drawn k items at random.

    The mean and the standard deviation are exact (an occupancy problem); `p`, how often so many
    or more would be left over by chance, takes them as those of a normal distribution.

    >>> expected, deviation, p = never_found(np.array([9, 1, 0, 0, 0, 0, 0, 0]), 10, 1)
    >>> round(expected, 1), round(deviation, 1), p < 0.001
    (2.1, 0.9, True)
    """
    n, seen = len(found), int(np.count_nonzero(found == 0))
    one = (1 - k / n) ** questions
    two = ((n - k) * (n - k - 1) / (n * max(1, n - 1))) ** questions
    expected = n * one
    deviation = sqrt(max(0.0, expected + n * (n - 1) * two - expected**2))
    if deviation == 0:
        return expected, 0.0, 1.0 if seen <= expected else 0.0
    return expected, deviation, 0.5 * erfc((seen - 0.5 - expected) / (deviation * sqrt(2)))
