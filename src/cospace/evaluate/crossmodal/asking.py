"""Asking one kind by the other, both ways: figures, their intervals, and what chance would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.evaluate.crossmodal.captions import Contents, Direction, direction
from cospace.evaluate.crossmodal.ranks import Ranks, by_chance, ranks_of
from cospace.evaluate.crossmodal.report import CrossmodalResult, Question
from cospace.measures.bootstrap import Interval, difference, interval, resample
from cospace.topk import cosines

__all__ = ["DEPTHS", "FIGURES", "add_figures", "asked", "question_of"]

DEPTHS = (1, 5, 10)
FIGURES = (*(f"recall@{k}" for k in DEPTHS), "median rank")


def question_of(
    kinds: tuple[str, str], contents: Contents, side: int
) -> tuple[Question, Direction]:
    """The question by the kind of `side` for the other, and what is right."""
    way = direction(contents, side)
    candidates = len(contents.first[1 - side])
    alone = [right for right, single in zip(way.right, way.single, strict=True) if single]
    question = Question(
        name=f"{kinds[side]} to {kinds[1 - side]}",
        queries=len(way.right),
        candidates=candidates,
        chance=_by_chance(candidates, way.right),
        single=len(alone),
        single_chance=_by_chance(candidates, alone),
    )
    return question, way


def asked(
    way: Direction, queries: NDArray[np.float32], candidates: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Each of `FIGURES` for each query, by unit rows [n, dim] and [m, dim]: float64 [4, n]."""
    return _values(ranks_of(cosines(queries, candidates), len(candidates), way.right))


def add_figures(
    question: Question,
    way: Direction,
    values: NDArray[np.float64],
    results: Sequence[CrossmodalResult],
    *,
    resamples: int,
    seed: int,
) -> None:
    """The figures of `values` [models, 4, queries], put into the results of the models."""
    means, draws = _drawn(values, resamples, seed)
    for at, one in enumerate(results):
        mine, apart = draws[:, at], draws[:, at] - draws[:, 0]
        one.figures[question.name] = _intervals(means[at], mine, values.shape[-1])
        if at:
            one.differences[question.name] = {
                name: difference(
                    float(means[at, i] - means[0, i]),
                    apart[:, i],
                    items=values.shape[-1],
                    apart=values[at, i] - values[0, i] if i < len(DEPTHS) else None,
                    seed=seed,
                )
                for i, name in enumerate(FIGURES)
            }
    if not 0 < question.single < question.queries:
        return
    means, draws = _drawn(values[:, :, way.single], resamples, seed)
    for at, one in enumerate(results):
        one.single[question.name] = _intervals(means[at], draws[:, at], question.single)


def _intervals(
    means: NDArray[np.float64], draws: NDArray[np.float64], queries: int
) -> dict[str, Interval]:
    """Each figure [4] with its interval, from draws [resamples, 4]; the recalls are shares."""
    return {
        name: interval(float(means[i]), draws[:, i], items=queries, shares=i < len(DEPTHS))
        for i, name in enumerate(FIGURES)
    }


def _values(ranks: Ranks) -> NDArray[np.float64]:
    return np.stack([*(ranks.recall(k) for k in DEPTHS), ranks.place()])


def _summary(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of the recalls and the median of the ranks: [..., 4, n] to [..., 4]."""
    recalls = values[..., :-1, :].mean(axis=-1)
    return np.concatenate([recalls, np.median(values[..., -1:, :], axis=-1)], axis=-1)


def _drawn(
    values: NDArray[np.float64], resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The figures [models, 4], and those of draws of the queries [resamples, models, 4]."""
    means = _summary(values)
    count = values.shape[-1]
    draws = resample(
        lambda drawn: _summary(values[..., drawn]), count, resamples=resamples, seed=seed
    )
    return means, draws.reshape(-1, *means.shape)


def _by_chance(candidates: int, right: Sequence[NDArray[np.intp]]) -> dict[str, float]:
    if not len(right):
        return {}
    figures = _summary(_values(by_chance(candidates, right)))
    return dict(zip(FIGURES, figures.tolist(), strict=True))
