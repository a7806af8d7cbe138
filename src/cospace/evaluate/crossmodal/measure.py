"""`crossmodal`: models on pairs of two kinds and on classes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cospace.arguments import check_count, check_share, check_texts
from cospace.errors import BadArgument
from cospace.evaluate.alone import Measured, measure_here
from cospace.evaluate.crossmodal.asking import add_figures, asked, question_of
from cospace.evaluate.crossmodal.captions import Contents, contents_of
from cospace.evaluate.crossmodal.naming import (
    Naming,
    check_prompts,
    check_said,
    name_vectors,
    naming_of,
    right_by_way,
)
from cospace.evaluate.crossmodal.report import CrossmodalReport, CrossmodalResult, Question
from cospace.evaluate.crossmodal.source import Material, read_material
from cospace.evaluate.encoding import ModelName, encode_texts, loaded, named_models
from cospace.item import Item
from cospace.measures.bootstrap import (
    LEAST,
    RESAMPLES,
    difference,
    interval,
    resample,
)
from cospace.progress import Meter, Watch, metered

if TYPE_CHECKING:
    from cospace.encode import Encoder

__all__ = ["WAYS", "crossmodal"]

WAYS = ("zero-shot", "knn", "probe")

_Sides = Mapping[str, Measured]


def crossmodal(  # noqa: PLR0913 - what is measured, and how
    source: str | os.PathLike[str] | Iterable[Item],
    models: Sequence[ModelName] | ModelName,
    *,
    kinds: tuple[str, str] = ("text", "image"),
    label: str | None = None,
    prompts: str | Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    test: float = 0.25,
    k: int = 5,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Watch = None,
) -> CrossmodalReport:
    """Does each kind find its own in the other, and are classes told by their names?

    `source` is a table or folder, what `cospace.read` gives for it, or items; its pairs are the
    items with a part of both `kinds`. Asked is both ways, by each content once: recall@1, @5, @10
    and the median rank, over candidates that are also there once. Of several items with one
    caption any is right. Texts that ask are encoded as queries, all else as documents. Equal
    scores are in no order: the figures are means over all orders of them.

    Classes are the subfolders of a folder, or the metadata `label`. They are told by name
    (zero-shot, each put in the `prompts`, such as "a photo of a {}"; `names` has better ones for
    some, such as {"outwear": "jacket"}), by the vote of the `k` nearest and by a linear probe, all
    on the same held-out items: those of validation/ or test/ where a folder has them beside train/,
    else a share `test` of each class. Pairs too are those of the held-out folder alone.

    Intervals come from `resamples` draws of the queries or items. An item that any of the models
    cannot encode is left out for all, and reported. `progress` counts the parts of all models;
    its `stage` is the model.

    Raises `BadArgument` where there are neither two pairs that differ nor two classes, and as
    `cospace.load` and `cospace.read` do.

    >>> import numpy as np
    >>> import cospace as cs
    >>> from cospace.testing.tiny import tiny_model
    >>> photo = [cs.Image(np.full((8, 8, 3), grey, np.uint8)) for grey in (0, 90, 250)]
    >>> items = [cs.Item(str(i), cs.Parts(text=f"photo {i}", image=photo[i])) for i in range(3)]
    >>> report = cs.evaluate.crossmodal(items, tiny_model())
    >>> [(one.name, one.queries, round(one.chance["recall@1"], 3)) for one in report.questions]
    [('text to image', 3, 0.333), ('image to text', 3, 0.333)]
    """
    _check(kinds, k)
    check_share("test", test)
    prompts = check_prompts(prompts)
    named = named_models(models)
    data = read_material(source, kinds, label)
    there = [kind for kind in kinds if any(kind in item.parts for item in data.items)]
    encoders = [(name, loaded(model, (there or kinds)[-1])) for name, model in named]
    notes = list(data.notes)
    with metered(progress, unit="parts") as meter:
        meter.total = len(encoders) * sum(len(item.parts) for item in data.items)
        sides = [_sides(name, encoder, data, there, meter) for name, encoder in encoders]
    naming = naming_of(data, sides, notes, test=test, seed=seed)
    how = _How(prompts, names or {}, k, (resamples, seed))
    return _measured(data, encoders, sides, naming, notes, how)


class _How(NamedTuple):
    """How classes are told, and how intervals are drawn."""

    prompts: tuple[str, ...]
    names: Mapping[str, str]
    k: int
    drawn: tuple[int, int]


def _measured(
    data: Material,
    encoders: Sequence[tuple[str, Encoder]],
    sides: Sequence[_Sides],
    naming: Naming,
    notes: list[str],
    how: _How,
) -> CrossmodalReport:
    """The report of what the models gave."""
    prompts, names, k, drawn = how
    contents = _contents(data, sides, notes)
    if contents is None and naming.examples is None:
        raise BadArgument(_nothing(data, notes))
    said = check_said(names, naming)
    results = [_result(*one, side) for one, side in zip(encoders, sides, strict=True)]
    questions: list[Question] = []
    if contents is not None:
        questions = [_ask(data, contents, side, encoders, sides, results, drawn) for side in (0, 1)]
    if naming.examples is not None:
        texts = [[prompt.replace("{}", name) for name in said] for prompt in prompts]
        _tell_classes(naming, texts, encoders, sides, results, k, drawn)
    report = _report(data, contents, questions, naming, notes, drawn)
    return replace(report, results=tuple(results), prompts=prompts if said else (), names=said)


def _check(kinds: tuple[str, str], k: int) -> None:
    if len(check_texts("kinds", kinds)) != 2 or kinds[0] == kinds[1]:
        raise BadArgument(f"kinds are two that differ, such as ('text', 'image'), not {kinds!r}")
    check_count("k", k)


def _result(name: str, encoder: Encoder, side: _Sides) -> CrossmodalResult:
    """The result of a model, still without figures."""
    cut = sum(one.truncated for one in side.values())
    failed = sum(len(one.failed) for one in side.values())
    return CrossmodalResult(name, encoder.space.dim, truncated=cut, failed=failed)


def _nothing(data: Material, notes: Sequence[str]) -> str:
    one, two = data.kinds
    told = "".join(f". {note}" for note in notes)
    return (
        f"{data.name}: nothing to measure. It takes two pairs of {one} and {two} that differ, or"
        f" two classes of two items each{told}"
    )


def _report(
    data: Material,
    contents: Contents | None,
    questions: Sequence[Question],
    naming: Naming,
    notes: list[str],
    drawn: tuple[int, int],
) -> CrossmodalReport:
    examples = naming.examples
    notes += [] if examples is None else examples.notes
    counts = {} if contents is None else dict(contents.counts)
    if data.more:
        counts["further parts of a kind, not used"] = data.more
    few = [one.queries for one in questions] + ([] if examples is None else [examples.held.sum()])
    if min(few) < LEAST:
        notes.append(f"too few for intervals and verdicts: {min(few)}, at least {LEAST}")
    return CrossmodalReport(
        name=data.name,
        kinds=data.kinds,
        pairs=0 if contents is None else len(contents.pairs),
        counts=counts,
        such={} if contents is None else contents.such,
        questions=tuple(questions),
        classes=() if examples is None else examples.names,
        train=0 if examples is None else int((~examples.held).sum()),
        test=0 if examples is None else int(examples.held.sum()),
        split="" if examples is None else examples.split,
        chance=naming.chance,
        resamples=drawn[0],
        seed=drawn[1],
        notes=tuple(notes),
        failed=data.failed,
    )


def _sides(
    name: str, encoder: Encoder, data: Material, kinds: Sequence[str], meter: Meter
) -> _Sides:
    """What a model gives for each kind; its failures are added to those of the data."""
    meter.stage = name
    found = {}
    for kind in kinds:
        if kind not in encoder.space.kinds:
            loaded(encoder, kind)  # raises, with what the model takes
        found[kind] = measure_here(encoder, data.side(kind), progress=meter)
        for key, reason in found[kind].failed.items():
            data.failed.add(key, f"{name}, {kind}: {reason}")
    return found


def _contents(data: Material, sides: Sequence[_Sides], notes: list[str]) -> Contents | None:
    """The pairs that every model has encoded; None, and a note, where too few differ."""
    held = data.held or [True] * len(data.items)
    both = [
        place
        for place, item in enumerate(data.items)
        if held[place]
        and all(
            kind in side and item.id in side[kind].rows for side in sides for kind in data.kinds
        )
    ]
    one, two = data.kinds
    if not both:
        notes.append(f"no item has both {one} and {two}, so neither is asked for by the other")
        return None
    found = contents_of(data, both, (sides[0][one].hashes, sides[0][two].hashes))
    for kind, first in zip(data.kinds, found.first, strict=True):
        if len(first) < 2:
            notes.append(f"all {len(both):,} pairs have the same {kind}, which tells none apart")
            return None
    return found


def _ask(
    data: Material,
    contents: Contents,
    side: int,
    encoders: Sequence[tuple[str, Encoder]],
    sides: Sequence[_Sides],
    results: Sequence[CrossmodalResult],
    drawn: tuple[int, int],
) -> Question:
    """The question by the kind of `side`, its figures in the results of the models."""
    question, way = question_of(data.kinds, contents, side)
    ids = [[data.items[at].id for at in contents.pairs[first]] for first in contents.first]
    values = []
    for (_, encoder), found in zip(encoders, sides, strict=True):
        rows = [
            np.stack([found[kind].rows[key] for key in keys])
            for kind, keys in zip(data.kinds, ids, strict=True)
        ]
        if data.kinds[side] == "text":
            texts = [
                str(data.items[at].parts["text"].value)
                for at in contents.pairs[contents.first[side]]
            ]
            rows[side] = encode_texts(encoder, texts, "query").rows
        values.append(asked(way, rows[side], rows[1 - side]))
    resamples, seed = drawn
    add_figures(question, way, np.stack(values), results, resamples=resamples, seed=seed)
    return question


def _tell_classes(
    naming: Naming,
    texts: Sequence[Sequence[str]],
    encoders: Sequence[tuple[str, Encoder]],
    sides: Sequence[_Sides],
    results: Sequence[CrossmodalResult],
    k: int,
    drawn: tuple[int, int],
) -> None:
    """The accuracy of each model by each way, in its result."""
    assert naming.examples is not None
    resamples, seed = drawn
    right = []
    for (_, encoder), found in zip(encoders, sides, strict=True):
        names = name_vectors(encoder, texts)
        right.append(right_by_way(naming, found[naming.kind], names, k=k, seed=seed))
    values = np.stack(right)
    means = values.mean(axis=2)
    items = values.shape[2]
    draws = resample(
        lambda drawn: values[:, :, drawn].mean(axis=2), items, resamples=resamples, seed=seed
    ).reshape(-1, *means.shape)
    for at, one in enumerate(results):
        for i, way in enumerate(WAYS):
            one.accuracy[way] = interval(
                float(means[at, i]), draws[:, at, i], items=items, shares=True
            )
            if at:
                apart = draws[:, at, i] - draws[:, 0, i]
                own = values[at, i] - values[0, i]
                one.accuracy_differences[way] = difference(
                    float(means[at, i] - means[0, i]), apart, items=items, apart=own, seed=seed
                )
