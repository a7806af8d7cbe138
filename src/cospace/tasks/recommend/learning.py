"""What sessions teach, and whether that is worth more than content or popularity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.measures.bootstrap import Interval, check_seed, mean_interval
from cospace.progress import Meter, Watch, metered
from cospace.tasks.material import Floats, Given, Material, material_of
from cospace.tasks.recommend.content import Contents
from cospace.tasks.recommend.ppmi import item_vectors
from cospace.tasks.recommend.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["K", "Learnt", "Scale", "learn"]

K = 10
_SHARES = tuple(round(0.1 * step, 1) for step in range(11))
_VALIDATION, _TEST = 0.2, 0.2
_LEAST = 30  # sessions: below it nothing can be said
_MOST = 5_000  # sessions that are asked about

Numbers = NDArray[np.float64]


class Scale(NamedTuple):
    """The mean and spread of scores, by which two kinds of them are brought to one scale."""

    mean: float
    spread: float

    def standard(self, scores: Numbers) -> Numbers:
        """The scores in standard deviations from their mean."""
        return (scores - self.mean) / self.spread


@dataclass(frozen=True, slots=True)
class Learnt:
    """Vectors of items from sessions, and what they count beside the vectors of contents.

    `rows` [n, dim] are of `ids`. `share` is that of sessions in the score, 0 to 1. `recall` is the
    share of `tested` held-out sessions whose last item is among the first 10, of what is neither
    the rest of the session: by "popularity", "content", "sessions", and "both"; None where there
    were too few sessions to hold out any.
    """

    ids: tuple[str, ...]
    rows: Floats
    share: float
    content: Scale
    together: Scale
    sessions: int
    tested: int
    recall: Mapping[str, Interval] | None
    chance: float
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record for JSON, without the vectors."""
        recall = self.recall
        return {
            "items": len(self.ids),
            "sessions": self.sessions,
            "share_of_sessions": self.share,
            "held_out_sessions": self.tested,
            f"recall_at_{K}": None
            if recall is None
            else {name: one.to_json() for name, one in recall.items()},
            "chance": round(self.chance, 6),
            "notes": list(self.notes),
        }


def learn(
    source: Given, sessions: Sessions, *, dim: int = 64, seed: int = 0, progress: Watch = None
) -> Learnt:
    """Vectors of a collection's items from sessions, with the share that they earn.

    Of the sessions 60% teach the vectors, 20% choose the share by the ranks of their last items,
    and 20% test it: the last item of each is asked for by the others. Then all sessions teach.
    With fewer than 30 sessions nothing is held out, and the share is one half. `progress` counts
    the sessions that are asked about.

    Raises `BadArgument` where fewer than two items of the sessions are in the collection.
    """
    check_seed(seed)
    material = material_of(source)
    number = {id: at for at, id in enumerate(material.ids)}
    known = [[number[id] for id in one if id in number] for one in sessions.lists]
    strangers = {id for one in sessions.lists for id in one} - number.keys()
    lists = [one for one in known if len(one) > 1]
    if not lists:
        raise BadArgument(
            f"{sessions.name}: no session has two items that {material.name} holds; are its ids"
            " those of the collection?"
        )
    notes = [*sessions.notes]
    if strangers:
        notes.append(f"items of sessions that are not stored, left out: {len(strangers):,}")
    order = np.random.default_rng(seed).permutation(len(lists))
    test, validation, train = _parts(order)
    share, recall = 0.5, None
    if len(lists) >= _LEAST:
        taught = [lists[at] for at in train]
        chosen, tested = [[lists[at] for at in part[:_MOST]] for part in (validation, test)]
        asked = _Asked(material, item_vectors(taught, len(material), dim=dim, seed=seed), taught)
        with metered(progress, len(chosen) + len(tested), "sessions") as meter:
            share = asked.best(chosen, meter)
            recall = asked.recall(tested, share, meter)
    else:
        notes.append(f"fewer than {_LEAST} sessions: none is held out, and the share is one half")
    rows = item_vectors(lists, len(material), dim=dim, seed=seed)
    scales = _scales(Contents(material.kinds), lists, rows)
    return Learnt(
        ids=tuple(material.ids),
        rows=rows,
        share=share,
        content=scales[0],
        together=scales[1],
        sessions=len(lists),
        tested=min(len(test), _MOST) if recall is not None else 0,
        recall=recall,
        chance=min(1.0, K / max(1, len(material) - 1)),
        notes=tuple(notes),
    )


def _parts(
    order: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    tested, chosen = int(_TEST * len(order)), int((_TEST + _VALIDATION) * len(order))
    return order[:tested], order[tested:chosen], order[chosen:]


def _profile(rows: Floats, items: Sequence[int]) -> Floats:
    """The unit mean of some rows; zero where they have none."""
    mean = rows[list(items)].mean(0)
    length = float(np.linalg.norm(mean))
    found: Floats = mean / np.float32(length) if length > 1e-6 else np.zeros_like(mean)
    return found


def _scales(
    contents: Contents, lists: Sequence[Sequence[int]], rows: Floats
) -> tuple[Scale, Scale]:
    """The scales of both scores, over up to 200 sessions and all items that are not in them."""
    content, together = [], []
    for one in lists[:: max(1, len(lists) // 200)]:
        content.append(np.delete(contents.scores(contents.middles(one)), one))
        together.append(np.delete(rows @ _profile(rows, one), one))
    return _scale(np.concatenate(content)), _scale(np.concatenate(together))


def _scale(scores: Numbers | Floats) -> Scale:
    if not len(scores):  # each session holds all items
        return Scale(0.0, 1.0)
    return Scale(float(scores.mean(dtype=np.float64)), max(float(scores.std()), 1e-6))


class _Asked:
    """Where the last items of sessions come, by each way to rank."""

    def __init__(self, material: Material, rows: Floats, taught: Sequence[Sequence[int]]) -> None:
        self.contents, self.rows = Contents(material.kinds), rows
        self.scales = _scales(self.contents, taught, rows)
        seen = np.bincount(np.concatenate([np.array(x) for x in taught]), minlength=len(rows))
        self.popular = seen.astype(np.float64)

    def scores(self, before: Sequence[int]) -> tuple[Numbers, Numbers]:
        """The standard scores of all items by content, and by sessions."""
        content = self.contents.scores(self.contents.middles(before))
        together = self.rows @ _profile(self.rows, before)
        return (
            self.scales[0].standard(content),
            self.scales[1].standard(together.astype(np.float64)),
        )

    def best(self, lists: Sequence[Sequence[int]], meter: Meter) -> float:
        """The share with the highest recall@10 plus mean of 1 / log2(1 + rank).

        Where few sessions choose, ranks tell more than whether an item is among the first 10. Of
        equals it is the smallest.
        """
        right = np.zeros(len(_SHARES))
        for one in lists:
            content, together = self.scores(one[:-1])
            for at, share in enumerate(_SHARES):
                above, equal = _above((1 - share) * content + share * together, one)
                right[at] += _first(above, equal) + 1 / np.log2(2 + above + equal / 2)
            meter.add()
        return _SHARES[int(right.argmax())]

    def recall(
        self, lists: Sequence[Sequence[int]], share: float, meter: Meter
    ) -> dict[str, Interval]:
        """recall@10 by each way, on the same sessions."""
        right: dict[str, list[float]] = {}
        for one in lists:
            content, together = self.scores(one[:-1])
            ways = {
                "popularity": self.popular,
                "content": content,
                "sessions": together,
                "both": (1 - share) * content + share * together,
            }
            for name, scores in ways.items():
                right.setdefault(name, []).append(_found(scores, one))
            meter.add()
        return {name: mean_interval(some) for name, some in right.items()}


def _found(scores: Numbers, session: Sequence[int]) -> float:
    """How likely the last item is among the first 10, of those that are not in the rest.

    Items of equal score are in no order: each has its share of the places that are left.
    """
    return _first(*_above(scores, session))


def _first(above: int, equal: int) -> float:
    return float(np.clip((K - above) / (equal + 1), 0, 1))


def _above(scores: Numbers, session: Sequence[int]) -> tuple[int, int]:
    """How many items outside the session score higher than its last one, and as high."""
    own = scores[session[-1]]
    others = scores.copy()
    others[list(session)] = -np.inf
    return int((others > own).sum()), int((others == own).sum())
