"""`classify`: the class of each item that has none, and how often such answers are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_number, check_share
from cospace.errors import BadArgument
from cospace.evaluate.alone import Measured
from cospace.evaluate.examples import Examples, choose_examples
from cospace.evaluate.labelled import Labelled
from cospace.item import Item
from cospace.measures.bootstrap import check_seed, mean_interval
from cospace.measures.metrics import auc
from cospace.progress import Meter, Watch, metered
from cospace.read.cells import kind_of
from cospace.read.regular import listed
from cospace.tasks.classify.calibration import Calibration, calibration_error, expected_error
from cospace.tasks.classify.named import (
    Names,
    background_threshold,
    fitted_threshold,
    name_scores,
    said,
    without,
)
from cospace.tasks.classify.report import Answer, Classified, Held, NoneFigures
from cospace.tasks.classify.scorers import Neighbours, ProbeScorer, Scorer, out_of_fold
from cospace.tasks.material import Given, Material, material_of

__all__ = ["METHODS", "classify"]

METHODS = ("knn", "probe", "names")
_STEPS = 4
_NUMBERS = 20  # that may still be names of classes, such as stars or departments

Numbers = NDArray[np.float64]


@dataclass(slots=True)
class _Learnt:
    """The scores of all items [n, classes], their calibration, and from where on they count.

    `sure` is None where nothing could calibrate; `least` is -inf where all are of a class.
    """

    scores: Numbers
    sure: Calibration | None
    least: float = -np.inf
    held: Held | None = None
    notes: list[str] = field(default_factory=list)


def classify(  # noqa: PLR0913 - as `Collection.add`, one for each thing to say
    source: Given,
    label: str | None = None,
    *,
    names: Names | None = None,
    method: str | None = None,
    least_sure: float = 0.0,
    test: float = 0.25,
    seed: int = 0,
    progress: Watch = None,
) -> Classified:
    """The class of each item whose field `label` is empty, with figures on held-out items.

    `method` is "knn", the vote of the 5 nearest labelled items (the default); "probe", a logistic
    regression; or "names" (the default with `names`), the class whose name lies nearest by the
    model's text tower, or none of these. `names` are classes, or a dict of what each is called;
    with `label` alone the method "names" takes the labels themselves.

    A share `test` of each class is held out, drawn with `seed`, unless the source comes split, and
    copies are left out but for the first, as `cospace compare` does. Confidences are calibrated on
    scores out of fold; an answer that is less sure than `least_sure` is not given. The answers
    themselves come from all labelled items. `progress` counts steps.

    Raises `BadArgument` for fewer than two classes of two items, no labels where they are needed,
    a model without texts for names, and options that do not go together.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1", "2"], documents=["Red wooden chair", "Steel garden rake"])
    >>> [one.label for one in classify(shop, names=["furniture", "garden tools"]).answers]
    ['furniture', 'garden tools']
    """
    method = _checked(label, names, method, least_sure)
    check_share("test", test)
    check_seed(seed)
    material = material_of(source)
    labels = _labels(material, label, names)
    with metered(progress, _STEPS, "steps") as meter:
        if method == "names":
            called = said(names) if names is not None else said(sorted({x for x in labels if x}))
            classes = tuple(called)
            examples = _examples_of(material, _only(labels, classes), test, seed, may_lack=True)
            learnt = _by_names(material, called, labels, examples, least_sure)
        else:
            examples = _examples_of(material, labels, test, seed)
            assert examples is not None
            classes = examples.names
            learnt = _by_examples(material, method, examples, least_sure, seed, meter)
        meter.add(_STEPS - meter.done)
    return Classified(
        name=material.name,
        label=label,
        method=method,
        by=material.by,
        classes=classes,
        least_sure=least_sure,
        held=learnt.held,
        answers=_answers(material, labels, classes, learnt, least_sure),
        notes=(*material.notes, *(examples.notes if examples else ()), *learnt.notes),
    )


def _checked(label: str | None, names: Names | None, method: str | None, least_sure: float) -> str:
    """The method. Raises `BadArgument`."""
    if label is None and names is None:
        raise BadArgument("name the column of classes by label=, or the classes by names=")
    method = method or ("knn" if names is None else "names")
    if method not in METHODS:
        raise BadArgument(f"method is {', '.join(map(repr, METHODS))}; not {method!r}")
    if names is not None and method != "names":
        raise BadArgument(f"names= goes with the method 'names'; {method!r} learns from label=")
    if not 0 <= check_number("least_sure", least_sure) < 1:
        raise BadArgument(f"least_sure is a confidence, 0 or more and below 1, not {least_sure}")
    return method


def _labels(material: Material, label: str | None, names: Names | None) -> list[str]:
    if label is None:
        return [""] * len(material)
    if names is not None and not any(label in some for some in material.fields):
        return [""] * len(material)  # the column is about to be made
    return material.column(label)


def _many_numbers(classes: Sequence[str]) -> list[str]:
    """A note where classes are numbers that measure something, such as prices."""
    numbers = sum(kind_of(name) in ("int", "float") for name in classes)
    if numbers <= _NUMBERS:
        return []
    said = f"{numbers:,} classes are numbers"
    return [f"{said}; put them into a few groups in a column of its own, such as cheap and dear"]


def _only(labels: Sequence[str], classes: Sequence[str]) -> list[str]:
    known = set(classes)
    return [label if label in known else "" for label in labels]


def _examples_of(
    material: Material, labels: Sequence[str], test: float, seed: int, *, may_lack: bool = False
) -> Examples | None:
    """The labelled items, and which are held out; None, with `may_lack`, where they are too few."""
    known = [at for at, label in enumerate(labels) if label]
    if not known and may_lack:
        return None
    items = Labelled(
        material.name,
        material.by,
        [Item(material.ids[at], "-") for at in known],
        [labels[at] for at in known],
        None if material.held is None else [material.held[at] for at in known],
    )
    measured = Measured(
        material.name,
        rows={material.ids[at]: material.rows[at] for at in known},
        hashes={material.ids[at]: material.hashes[at] for at in known},
    )
    try:
        return choose_examples(items, [measured], test=test, seed=seed)
    except BadArgument:
        if may_lack:
            return None
        raise


def _places(material: Material, examples: Examples) -> NDArray[np.intp]:
    where = {id: at for at, id in enumerate(material.ids)}
    return np.array([where[id] for id in examples.ids], np.intp)


def _by_examples(
    material: Material,
    method: str,
    examples: Examples,
    least_sure: float,
    seed: int,
    meter: Meter,
) -> _Learnt:
    """By neighbours or by a probe: measured on what is held out, then learnt from all."""
    rows = material.rows[_places(material, examples)]
    held, classes, count = examples.held, examples.classes, len(examples.names)
    meter.stage = "training"
    scorer = _scorer(method, rows[~held], classes[~held], count, seed)
    meter.add()
    meter.stage = "calibrating"
    sure, notes = _calibrated(scorer, rows[~held], classes[~held], count, seed)
    meter.add()
    meter.stage = "measuring"
    figures = _held(examples, scorer.scores(rows[held]), sure, least_sure)
    meter.add()
    meter.stage = "answering"
    unknown = _unknown(material, examples)
    scores = np.zeros((len(material), count))
    if len(unknown):
        scores[unknown] = scorer.again(rows, classes, count).scores(material.rows[unknown])
    return _Learnt(scores, sure, held=figures, notes=[*_many_numbers(examples.names), *notes])


def _unknown(material: Material, examples: Examples) -> NDArray[np.intp]:
    known = set(examples.ids)
    return np.array([at for at, id in enumerate(material.ids) if id not in known], np.intp)


def _scorer(
    method: str, rows: NDArray[np.float32], classes: NDArray[np.intp], count: int, seed: int
) -> Scorer:
    if method == "knn":
        return Neighbours(rows, classes, count)
    if len(np.unique(classes)) < 2:
        raise BadArgument("a probe needs at least 2 classes to train on; there is 1")
    return ProbeScorer.trained(rows, classes, seed=seed).padded(count)


def _calibrated(
    scorer: Scorer,
    rows: NDArray[np.float32],
    classes: NDArray[np.intp],
    count: int,
    seed: int,
) -> tuple[Calibration, list[str]]:
    scores, done = out_of_fold(scorer, rows, classes, count=count, seed=seed)
    if not done.any():
        return Calibration(), [
            "too few labelled items to calibrate on: confidences are as they came"
        ]
    return Calibration.fitted(scores[done], classes[done]), []


def _held(
    examples: Examples,
    scores: Numbers,
    sure: Calibration,
    least_sure: float,
    least: float = -np.inf,
    none: NoneFigures | None = None,
) -> Held:
    """The figures of scores [held out, classes]."""
    truth = examples.classes[examples.held]
    confidence, right = sure.confidence(scores), scores.argmax(axis=1) == truth
    most = int(np.bincount(examples.classes[~examples.held]).argmax())
    told = (confidence >= least_sure) & (scores.max(axis=1) >= least)
    return Held(
        train=int((~examples.held).sum()),
        test=len(truth),
        split=examples.split,
        accuracy=mean_interval(right),
        chance=float(np.mean(truth == most)),
        commonest=examples.names[most],
        calibration=calibration_error(confidence, right),
        luck=expected_error(confidence),
        answered=float(told.mean()),
        sure_accuracy=mean_interval(right[told]) if told.any() else None,
        none=none,
    )


def _by_names(
    material: Material,
    called: dict[str, list[str]],
    labels: Sequence[str],
    examples: Examples | None,
    least_sure: float,
) -> _Learnt:
    """By names: nothing is learnt but the temperature and from where on an item is of none."""
    scores, apart = name_scores(material, called)
    least = background_threshold(apart, len(called))
    if examples is None:
        if least_sure:
            raise BadArgument(
                "least_sure= needs labelled items to calibrate how sure an answer is; name the"
                " column of their classes by label="
            )
        note = "too little is labelled to measure on: how good these answers are is not known"
        return _Learnt(scores, None, least, notes=[note])
    order = {name: at for at, name in enumerate(called)}
    number = np.array([order[name] for name in examples.names], np.intp)
    places, held = _places(material, examples), examples.held
    own, truth = scores[places], number[examples.classes]
    others = Counter(label for label in labels if label and label not in order)
    notes = []
    if others:
        notes.append(
            f"labels that are not among the names, not measured: {len(others):,}"
            f" ({listed(list(others), 5)})"
        )
    sure = Calibration.fitted(own[~held], truth[~held])
    none = None
    if len(called) > 1:
        best, rest = own.max(axis=1), without(own, truth)
        least = fitted_threshold(best[~held], rest[~held])
        none = NoneFigures(
            mean_interval(best[held] >= least),
            mean_interval(rest[held] < least),
            auc(np.append(best[held], rest[held]), np.arange(2 * held.sum()) < held.sum()),
        )
    # The figures ask for numbers of the examples' own order of classes.
    figures = _held(examples, own[held][:, number], sure, least_sure, least, none)
    return _Learnt(scores, sure, least, figures, notes)


def _answers(
    material: Material,
    labels: Sequence[str],
    classes: Sequence[str],
    learnt: _Learnt,
    least_sure: float,
) -> tuple[Answer, ...]:
    """An answer for each item without a label, in the order of the source."""
    asked = [at for at, label in enumerate(labels) if not label]
    if not asked:
        return ()
    scores = learnt.scores[asked]
    winners, best = scores.argmax(axis=1), scores.max(axis=1)
    sure = np.ones(len(scores)) if learnt.sure is None else learnt.sure.confidence(scores)
    found = []
    for at, winner, score, one in zip(asked, winners, best, sure, strict=True):
        guess = classes[winner] if score >= learnt.least else ""
        label = guess if one >= least_sure else ""
        confidence = None if learnt.sure is None else float(one)
        found.append(Answer(material.ids[at], label, guess, confidence))
    return tuple(found)
