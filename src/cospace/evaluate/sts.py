"""Semantic textual similarity: do a model's cosines order pairs of sentences as people do?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadArgument
from cospace.evaluate.encoding import (
    Encoding,
    ModelName,
    Role,
    encode_texts,
    loaded,
    named_models,
)
from cospace.evaluate.pairs import Pairs, read_pairs
from cospace.measures.bootstrap import (
    RESAMPLES,
    Difference,
    Interval,
    difference,
    interval,
    resample,
)
from cospace.measures.metrics import pearson, spearman
from cospace.progress import Watch, metered
from cospace.read import Failures

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["StsReport", "StsResult", "sts"]


@dataclass(frozen=True, slots=True)
class StsResult:
    """One model on the pairs. `difference` is its Spearman less that of the first model.

    `failed` and `truncated` count the sentences that could not be encoded, and that were cut
    short; `per_second` is sentences over the time that the encoder took.
    """

    model: str
    dim: int
    spearman: Interval
    pearson: Interval
    sentences: int
    per_second: float
    truncated: int
    failed: int
    difference: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "model": self.model,
            "dim": self.dim,
            "spearman": self.spearman.to_json(),
            "pearson": self.pearson.to_json(),
            "sentences": self.sentences,
            "sentences_per_second": round(self.per_second, 2),
            "truncated": self.truncated,
            "failed": self.failed,
            "difference_to_first": self.difference and self.difference.to_json(),
        }


@dataclass(frozen=True, slots=True)
class StsReport:
    """All models on the same `pairs`; `failed` are the rows and sentences that were left out."""

    file: str
    pairs: int
    role: str
    resamples: int
    seed: int
    failed: Failures
    results: tuple[StsResult, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "file": self.file,
            "pairs": self.pairs,
            "role": self.role,
            "resamples": self.resamples,
            "seed": self.seed,
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
        }


def sts(
    file: str | os.PathLike[str],
    models: Sequence[ModelName] | ModelName,
    *,
    role: Role = "document",
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Watch = None,
) -> StsReport:
    """How well each model's cosines agree with people's scores: Spearman and Pearson.

    `file` is a table of pairs (see `pairs.read_pairs`); `models` are names, folders or encoders.
    Both sentences are encoded in one `role`, since neither is the query. Intervals and
    differences come from `resamples` draws of the pairs; a pair that any model cannot encode
    is left out for all of them, and reported. `progress` counts the texts of all models; its
    `stage` is the model.

    Raises as `read_pairs` and `cospace.load` do, and `BadArgument` where fewer than two pairs
    are left or all of them have one score, so that there is no order to agree with.

    Source: Cer et al., SemEval-2017 Task 1 (the STS Benchmark), 2017.

    >>> import tempfile, pathlib
    >>> from cospace.testing.tiny import tiny_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "pairs.csv"
    ...     rows = "sentence1,sentence2,score\\nred chair,a red chair,5\\nred chair,my bus,0\\n"
    ...     _ = file.write_text(rows)
    ...     report = sts(file, tiny_model())
    >>> report.pairs, report.results[0].spearman.value
    (2, 1.0)
    """
    named = named_models(models)
    pairs = read_pairs(file)
    unique = list(dict.fromkeys([*pairs.first, *pairs.second]))
    place = {text: position for position, text in enumerate(unique)}
    sides = np.array([[place[a], place[b]] for a, b in zip(pairs.first, pairs.second, strict=True)])
    encoders = [(name, loaded(model)) for name, model in named]
    encoded = []
    with metered(progress, len(encoders) * len(unique), "texts") as meter:
        for name, encoder in encoders:
            meter.stage = name
            encoded.append((name, encode_texts(encoder, unique, role, progress=meter)))
    usable = np.logical_and.reduce([done.good[sides].all(axis=1) for _, done in encoded])
    for name, done in encoded:
        for position, reason in done.failed.items():
            pairs.failed.add(f"{pairs.name}, {unique[position][:60]!r}", f"{name}: {reason}")
    scores = _judged(pairs, usable)
    cosines = [_cosines(done, sides[usable]) for _, done in encoded]
    figures = _figures(cosines, scores, resamples, seed)
    results = tuple(
        _result(name, done, figure) for (name, done), figure in zip(encoded, figures, strict=True)
    )
    return StsReport(pairs.name, len(scores), role, resamples, seed, pairs.failed, results)


def _judged(pairs: Pairs, usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """People's scores of the pairs that are used."""
    scores = np.array(pairs.scores)[usable]
    if len(scores) < 2:
        raise BadArgument(f"{pairs.name}: {len(scores)} pairs are left; at least 2 are needed")
    if scores.min() == scores.max():
        raise BadArgument(
            f"{pairs.name}: all {len(scores)} pairs have the score {scores[0]:g}, so there is no"
            " order that a model could agree with. Is it the right column?"
        )
    return scores


def _cosines(done: Encoding, sides: NDArray[np.intp]) -> NDArray[np.float64]:
    one, two = (done.rows[sides[:, side]].astype(np.float64) for side in (0, 1))
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", one, two)
    return cosines


def _figures(
    cosines: list[NDArray[np.float64]], scores: NDArray[np.float64], resamples: int, seed: int
) -> list[tuple[Interval, Interval, Difference | None]]:
    """Spearman, Pearson, and the Spearman's difference to the first, for each model."""

    def both(drawn: NDArray[np.intp]) -> NDArray[np.float64]:
        judged = scores[drawn]
        return np.array([[f(mine[drawn], judged) for mine in cosines] for f in (spearman, pearson)])

    values = both(np.arange(len(scores)))
    draws = resample(both, len(scores), resamples=resamples, seed=seed)
    draws = draws.reshape(resamples, 2, len(cosines))
    return [
        (
            interval(float(values[0, i]), draws[:, 0, i]),
            interval(float(values[1, i]), draws[:, 1, i]),
            difference(
                float(values[0, i] - values[0, 0]), draws[:, 0, i] - draws[:, 0, 0], len(scores)
            )
            if i
            else None,
        )
        for i in range(len(cosines))
    ]


def _result(
    name: str, done: Encoding, figure: tuple[Interval, Interval, Difference | None]
) -> StsResult:
    encoded = int(done.good.sum())
    return StsResult(
        model=name,
        dim=done.rows.shape[1],
        spearman=figure[0],
        pearson=figure[1],
        sentences=encoded,
        per_second=done.encoded / done.seconds if done.seconds else 0.0,
        truncated=len(done.truncated),
        failed=len(done.failed),
        difference=figure[2],
    )
