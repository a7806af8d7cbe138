"""The gate: two models on the same items and questions, end to end, and a verdict."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count
from cospace.collection.collection import check_collection
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.evaluate.migration.overlap import overlap_of, rank_biased_of
from cospace.evaluate.migration.questions import (
    Asked,
    Question,
    judged_questions,
    sampled_questions,
)
from cospace.limits import limit
from cospace.measures.bootstrap import Interval, check_seed, mean_interval
from cospace.measures.metrics import ndcg
from cospace.measures.paired import BETTER, FEWEST, NOT_WORSE, Paired, paired, questions_needed
from cospace.progress import Meter, Watch, metered
from cospace.search.ask import WORDS

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.tune import Judged

__all__ = ["Part", "Verdict", "answers_of", "asked_of", "compare_models", "grade"]

Grades = NDArray[np.float64]

PILOT = 40  # questions, of which the deviation tells how many are needed
_AT_ONCE = 64  # questions that a collection is asked together
_EASY = 0.9  # nDCG
_DEFAULT = "default ranking"


@dataclass(frozen=True, slots=True)
class Part:
    """nDCG@k of both on some of the questions, or in one list, and their paired difference."""

    name: str
    old: Interval
    new: Interval
    paired: Paired

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        both = {"old": self.old.to_json(), "new": self.new.to_json()}
        return {"name": self.name, **both, **self.paired.to_json()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `compare_models` found; `old` and `new` name the models, or
    the collections where both models have one name.

    `whole` is the default ranking on all questions, and the verdict is its. `lists`, `languages`
    and `kinds` tell where a difference comes from: their intervals and tests are at 5% divided by
    their number (Bonferroni), so that one of them is not "worse" by luck. `needed` questions were
    told by the first `pilot` of them, before the others were looked at.

    `overlap` is the share of the first k hits that both give, over `overlap_questions` questions,
    and `rank_biased` the same with more weight on the first ranks.
    """

    old: str
    new: str
    how: str
    k: int
    pilot: int
    needed: int
    whole: Part
    lists: tuple[Part, ...]
    languages: tuple[Part, ...]
    kinds: tuple[Part, ...]
    overlap: Interval
    rank_biased: Interval
    overlap_questions: int
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> str:
        """ "better", "worse", "not worse by more than wanted" or "no significant difference"."""
        return self.whole.paired.verdict

    @property
    def easy(self) -> bool:
        """Whether both find nearly all: such questions cannot tell models apart."""
        return min(self.whole.old.value, self.whole.new.value) >= _EASY

    @property
    def passed(self) -> bool:
        """Whether the new model is better, or not worse by more than wanted.

        Sampled questions that are too `easy` let nothing pass but what is better.
        """
        if self.how == "sampled" and self.easy:
            return self.verdict == BETTER
        return self.verdict in (BETTER, NOT_WORSE)

    @property
    def more(self) -> int:
        """How many more questions would be needed to tell; 0 where it is told."""
        return self.whole.paired.more

    def __str__(self) -> str:
        told = said(self.whole.paired, self.old, self.new)
        return told if self.how == "judged" else f"on sampled questions: {told}"

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("old", "new", "how", "k", "verdict", "passed", "easy", "pilot", "needed", "more")
        parts = {"lists": self.lists, "languages": self.languages, "kinds": self.kinds}
        return {
            **{name: getattr(self, name) for name in names},
            "sentence": str(self),
            "whole": self.whole.to_json(),
            **{name: [one.to_json() for one in some] for name, some in parts.items()},
            "overlap": self.overlap.to_json(),
            "rank_biased_overlap": self.rank_biased.to_json(),
            "overlap_questions": self.overlap_questions,
            "notes": list(self.notes),
        }


def said(found: Paired, old: str, new: str) -> str:
    """A verdict in a sentence."""
    points = f"{100 * found.wanted:g} points"
    if found.verdict == BETTER:
        return f"{new} is better than {old}"
    if found.verdict == NOT_WORSE:
        lost = ", though a little worse" if found.lost else ""
        return f"{new} is not worse than {old} by more than {points}{lost}"
    if found.verdict == "worse":
        return f"{new} is worse than {old}"
    return (
        "no significant difference:"
        f" {counted(found.questions, 'question is', 'questions are')} too few to tell;"
        f" about {found.more:,} more would be needed"
    )


def compare_models(  # noqa: PLR0913 - each is a word of the question, and has a default
    old: Collection,
    new: Collection,
    *,
    judgments: Judged | str | os.PathLike[str] | None = None,
    questions: Sequence[str] | None = None,
    k: int = 10,
    wanted: float = 0.02,
    seed: int = 0,
    progress: Watch = None,
) -> Verdict:
    """Is the new model better, worse, or not worse by more than `wanted` nDCG@k (0.02: 2 points)?

    Both collections hold the same items. They are asked the same questions through
    `Collection.search`, as users ask them, and through each list alone. `judgments` are the grades
    of items by id, by question, or a file of them (docs/evaluate.md); by default those that the
    old collection has kept. Without any, questions are sampled: titles, or first sentences, of
    items, each of which is to find its item again. Sampled ones lean towards the words of the
    items, and `how` says which they were. `questions` are texts of users without judgments: the
    overlap of both answers is taken on them.

    How many questions a difference of `wanted` needs is told by a pilot of 40, of which only the
    deviation is looked at (`questions_needed`); so many are sampled, at most 1,000. Judged
    questions are all asked.

    Raises `BadArgument` for no question, a `k`, `wanted` or `seed` that cannot be, and for a
    candidate (`Collection.candidate`) that lacks items.

    >>> import cospace as cs
    >>> from cospace.testing.tiny import tiny_model
    >>> old, new = (cs.open(":memory:", model=tiny_model(seed=n)) for n in (0, 1))
    >>> things = [f"{colour} {thing}" for colour in ("red", "blue", "grey", "white", "black")
    ...           for thing in ("chair", "lamp", "rug", "shelf", "box", "desk")]
    >>> for shop in (old, new):
    ...     _ = shop.add(ids=things, documents=things)
    >>> found = compare_models(old, new)
    >>> found.how, found.whole.paired.questions, found.verdict
    ('sampled', 30, 'no significant difference')
    """
    for name, shop in (("old", old), ("new", new)):
        check_collection(shop, name)
    check_seed(seed)
    k = check_count("k", k, most=limit("max_k"))
    questions_needed([0.0], wanted)  # it checks `wanted`
    _check_whole(new)
    asked = asked_of(old, new, judgments, seed)
    texts = None if questions is None else _checked(questions)
    return _compared(old, new, asked, texts, _Setting(k, wanted, seed), progress)


def _check_whole(new: Collection) -> None:
    """Refuse what `Collection.candidate` gave too early: what it lacks would count as not found."""
    info = new.store.info()
    coming = info.migrating
    if coming is not None and coming.space == info.space and coming.items < coming.of:
        raise BadArgument(
            f"{new.name}: {coming.space} has {coming.items:,} of {coming.of:,} items as they are"
            " now, and the others would count as not found; encode them first: migrate(), or"
            " cospace migrate FOLDER --to MODEL"
        )


class _Setting(NamedTuple):
    k: int
    wanted: float
    seed: int


def _compared(
    old: Collection,
    new: Collection,
    asked: Asked,
    texts: list[str] | None,
    setting: _Setting,
    progress: Watch,
) -> Verdict:
    """The verdict on the questions; the overlap on `texts`, or on these questions too."""
    k, wanted, seed = setting
    lists, notes = _lists(old, new)
    pilot = asked.questions[:PILOT]
    before, after = _graded(old, new, pilot, k, None)
    needed = questions_needed(after - before, wanted)
    some = asked.questions if asked.how == "judged" else asked.questions[: max(needed, PILOT)]
    both: dict[str, tuple[Grades, Grades]] = {}
    with metered(progress, len(some) * (1 + len(lists)), "questions") as meter:
        for name, by in ((_DEFAULT, None), *((one, one) for one in lists)):
            both[name] = _graded(old, new, some, k, by, meter)
    whole = _part(_DEFAULT, both[_DEFAULT], wanted, 0.05, seed)
    share = 0.05 / len(lists)
    texts = [one.text for one in some] if texts is None else texts
    overlap, biased = _overlaps(old, new, texts, k, seed)
    names = _names(old, new)
    told = (*_told(old, new, asked, some, needed), *_too_easy(asked, whole))
    return Verdict(
        old=names[0],
        new=names[1],
        how=asked.how,
        k=k,
        pilot=len(pilot),
        needed=needed,
        whole=whole,
        lists=tuple(_part(name, both[name], wanted, share, seed) for name in lists),
        languages=_groups(both[_DEFAULT], [one.language for one in some], wanted, seed),
        kinds=_groups(both[_DEFAULT], [one.kind for one in some], wanted, seed),
        overlap=overlap,
        rank_biased=biased,
        overlap_questions=len(texts),
        notes=(*notes, *asked.notes, *told),
    )


def asked_of(
    old: Collection,
    new: Collection,
    judgments: Judged | str | os.PathLike[str] | None,
    seed: int,
) -> Asked:
    """The judged questions, or sampled ones where there are none."""
    return judged_questions(old, new, judgments, seed) or sampled_questions(old, new, seed)


def answers_of(
    collection: Collection,
    texts: Sequence[str],
    k: int,
    by: str | None = None,
    meter: Meter | None = None,
) -> list[list[str]]:
    """The ids of the first k hits of each question."""
    found: list[list[str]] = []
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        found += [one.ids for one in collection.search_many(some, k, by=by)]
        if meter is not None:
            meter.add(len(some))
    return found


def grade(questions: Sequence[Question], answers: Sequence[Sequence[str]], k: int) -> Grades:
    """nDCG@k of each question's answer: float64 [n]."""
    return np.array([
        ndcg([one.grades.get(id, 0.0) for id in ids[:k]], list(one.grades.values()), k=k)
        for one, ids in zip(questions, answers, strict=True)
    ])  # fmt: skip


def _graded(
    old: Collection,
    new: Collection,
    questions: Sequence[Question],
    k: int,
    by: str | None,
    meter: Meter | None = None,
) -> tuple[Grades, Grades]:
    texts = [one.text for one in questions]
    before = grade(questions, answers_of(old, texts, k, by), k)
    return before, grade(questions, answers_of(new, texts, k, by, meter), k)


def _lists(old: Collection, new: Collection) -> tuple[list[str], list[str]]:
    """The lists that both have and that a text asks; and what only one has, in words."""
    held = [
        {field: held for field, held in one.store.info().holders.items() if held}
        for one in (old, new)
    ]
    notes = [
        f"only the {name} collection has {field} vectors: {mine[field]:,} items"
        for name, mine, other in (("old", held[0], held[1]), ("new", held[1], held[0]))
        for field in mine
        if field not in other
    ]
    return [*(field for field in held[0] if field in held[1]), WORDS], notes


def _part(name: str, both: tuple[Grades, Grades], wanted: float, alpha: float, seed: int) -> Part:
    before, after = both
    return Part(
        name,
        mean_interval(before, seed=seed),
        mean_interval(after, seed=seed),
        paired(before, after, wanted=wanted, alpha=alpha, seed=seed),
    )


def _groups(
    both: tuple[Grades, Grades], names: Sequence[str], wanted: float, seed: int
) -> tuple[Part, ...]:
    """A part for each group of questions, the largest first; () where all are of one."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        groups.setdefault(name or "not told", []).append(place)
    if len(groups) < 2:
        return ()
    alpha = 0.05 / len(groups)
    ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    before, after = both
    return tuple(
        _part(name, (before[places], after[places]), wanted, alpha, seed)
        for name, places in ordered
    )


def _overlaps(
    old: Collection, new: Collection, texts: Sequence[str], k: int, seed: int
) -> tuple[Interval, Interval]:
    pairs = list(zip(answers_of(old, texts, k), answers_of(new, texts, k), strict=True))
    measures: tuple[Callable[[list[str], list[str]], float], ...] = (overlap_of, rank_biased_of)
    plain, biased = (
        mean_interval([measure(*pair) for pair in pairs], seed=seed) for measure in measures
    )
    return plain, biased


def _checked(questions: Sequence[str]) -> list[str]:
    if isinstance(questions, (str, Mapping)) or not all(isinstance(q, str) for q in questions):
        raise BadArgument("questions is a list of texts; give grades of items as judgments")
    texts = [text for text in questions if text.strip()]
    if not texts:
        raise BadArgument("questions holds no text")
    return texts


def _told(
    old: Collection, new: Collection, asked: Asked, some: Sequence[Question], needed: int
) -> list[str]:
    """What a reader must know of the figures."""
    notes = []
    if asked.how == "sampled":
        notes.append(
            "nobody judged: the questions are titles or first sentences of items, sampled, and each"
            " is to find its item; users ask otherwise. Judge some: cospace judge"
        )
    if len(some) < FEWEST:
        notes.append(
            f"{counted(len(some), 'question is', 'questions are')} too few for a verdict: at least"
            f" {FEWEST}"
        )
    if len(some) < needed:
        notes.append(
            f"a difference of the wanted size needs about {needed:,} questions, told by the first"
            f" {min(PILOT, len(some))}; there are {len(some):,}"
        )
    counts = [one.store.info().items for one in (old, new)]
    if counts[0] != counts[1]:
        notes.append(f"the collections hold {counts[0]:,} and {counts[1]:,} items")
    return notes


def _too_easy(asked: Asked, whole: Part) -> tuple[str, ...]:
    if asked.how == "judged" or min(whole.old.value, whole.new.value) < _EASY:
        return ()
    told = (
        "both models find nearly all of the sampled items: such questions cannot show that users"
        " lose nothing, so the new model passes by them only if it is better"
    )
    return (told,)


def _names(old: Collection, new: Collection) -> tuple[str, str]:
    """The names of the models; those of the collections where these do not tell them apart."""
    spaces = [one.space for one in (old, new)]
    first, second = ("" if one is None else one.name for one in spaces)
    return (first, second) if first and second and first != second else (old.name, new.name)
