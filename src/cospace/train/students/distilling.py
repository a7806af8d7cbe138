"""distill: a teacher and texts to a student in the teacher's own space."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from cospace.arguments import check_count, check_name, check_path, is_one_of
from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.names import load
from cospace.errors import BadArgument
from cospace.measures import Interval
from cospace.measures.bootstrap import mean_interval
from cospace.progress import Watch
from cospace.train.card import Card, Figure
from cospace.train.ranges import check_names
from cospace.train.stopped import TrainingStopped
from cospace.train.students.agreement import agreement, chance
from cospace.train.students.learning import Learner, Learnt, learn
from cospace.train.students.lesson import Lesson, lesson
from cospace.train.students.static import static_learner
from cospace.train.students.student import Student

if TYPE_CHECKING:
    from cospace.encode.protocol import Encoder

__all__ = ["KINDS", "Distilling", "distill"]

KINDS = ("static", "transformer")

_EPOCHS = {"static": 6, "transformer": 2}

# The control on mixed-up pairs learns from this many texts, for one epoch.
_CONTROL = 3_000


class Distilling(TypedDict, total=False):
    """Options of `distill`.

    `name`: of the student's space ("TEACHER-static"). `epochs`: passes over the texts (6, a
    transformer's 2). `seed` (0). `weights`: a folder with the teacher's torch weights, for
    a transformer, where the teacher's own folder has none. `progress`: True for a bar on stderr,
    or a function that is called with a `Progress`.
    """

    name: str
    epochs: int
    seed: int
    weights: str | os.PathLike[str] | None
    progress: Watch


def distill(
    teacher: str | os.PathLike[str] | Encoder,
    texts: Iterable[str],
    *,
    kind: str = "static",
    **options: Unpack[Distilling],
) -> Student:
    """A student that gives the teacher's vectors of texts, only faster; `save` writes its folder.

    Its vectors compare with the teacher's, so it can ask what the teacher encoded:
    `cs.open(path, queries=student)`. "static" is a table of the teacher's tokens, of whose rows a
    text is the sum: more than a hundred times as fast, and made without torch. "transformer" has
    two of the teacher's layers; making it needs the extra [torch], running it does not.

    `texts` are any of the kind that will be read: the documents of the collection, and general
    ones. `options` are those of `Distilling`. A tenth of the texts, at most 1,000, are held out.
    Half of them choose: training ends when the student no longer finds more of the ten nearest
    that the teacher finds for them, and the best is kept. The other half measures. Ctrl-C raises
    `TrainingStopped`, whose `model` is the best student so far.

    As LEAF does (Vujanic and Rueckstiess, 2025), with a loss on the teacher's vectors alone.

    Raises `BadArgument` for fewer than 50 different texts and a teacher that reads no texts here,
    `BadItem`, `MissingExtra`, `TrainingDiverged`.

    >>> from cospace.testing.tiny import tiny_model
    >>> texts = [f"a {colour} {thing}" for colour in ("red", "blue", "grey", "white", "black")
    ...          for thing in ("chair", "lamp", "rug", "shelf", "desk", "sofa", "bed", "bench")]
    >>> texts += [f"{text} for sale" for text in texts]
    >>> student = distill(tiny_model(), texts, epochs=2)
    >>> student.name, student.card.counts["learnt from"]
    ('tiny-text-0-static', 68)
    """
    _check(kind, options)
    epochs = check_count("epochs", options.get("epochs", _EPOCHS[kind]))
    seed = check_count("seed", options.get("seed", 0), 0)
    master = _teacher(teacher)
    progress = options.get("progress")
    if kind == "transformer":
        from cospace.train.students.layers import torch_folder

        source = torch_folder(master, options.get("weights"))  # before the long work
    learnt = lesson(master, texts, seed=seed, progress=progress)
    learner: Learner
    if kind == "transformer":
        from cospace.train.students.layers import layer_learner

        learner = layer_learner(source, learnt.texts, seed=seed)
    else:
        learner = static_learner(master, learnt.texts)
    name = options.get("name") or f"{master.space.towers[0].model}-{kind}"
    return _trained(master, learner, learnt, kind, {"name": name, "epochs": epochs, "seed": seed},
                    progress)  # fmt: skip


def _check(kind: str, options: Distilling) -> None:
    if not is_one_of(kind, KINDS):
        raise BadArgument(f"a student is {' or '.join(map(repr, KINDS))}, not {kind!r}")
    if options.get("weights") is not None and kind == "static":
        raise BadArgument("weights= are the teacher's, for a student of kind='transformer'")
    check_names(options, Distilling.__annotations__)
    if options.get("weights") is not None:
        check_path("weights", options["weights"])
    if options.get("name") is not None:
        check_name("name", options["name"])


def _trained(
    master: Model,
    learner: Learner,
    learnt: Lesson,
    kind: str,
    settings: dict[str, Any],
    progress: Watch,
) -> Student:
    """The student after its training, its card written. Raises `TrainingStopped` after Ctrl-C."""
    epochs, seed = settings["epochs"], settings["seed"]
    before = _agreed(learner, learnt, learnt.held)
    found = learn(learner, learnt, epochs=epochs, seed=seed, progress=progress)
    training = {"method": kind, "texts": len(learnt.kept), "epochs": epochs, "seed": seed}
    if found.share < 1:
        training["stopped_after"] = round(found.share, 4)
    shuffled = _control(learner, learnt, seed) if found.share == 1 else None
    ended = shuffled is not None  # and not by Ctrl-C
    figure = Figure(
        "the teacher's ten nearest, found by the student",
        held=_agreed(learner, learnt, learnt.held),
        chance=chance(len(learnt.held)),
        before=before,
        train=_agreed(learner, learnt, _some(learnt, len(learnt.held), seed)).value,
        shuffled=shuffled,
    )
    card = Card(
        title=settings["name"],
        how=_how(master, kind),
        data_sha256=learnt.sha256,
        counts={
            "learnt from": len(learnt.kept),
            "to stop by": len(learnt.choose),
            "held out": len(learnt.held),
            "given more than once": learnt.equal,
            "too like a learnt one to be held out": learnt.near,
        },
        settings={"kind": kind, "epochs": epochs, "seed": seed},
        figures=[figure],
        points=found.points,
        notes=_notes(master, found, ended=ended),
    )
    student = Student(settings["name"], kind, card, learner, master.space, training)
    if not ended:
        raise TrainingStopped(student, found.share)
    return student


def _teacher(given: str | os.PathLike[str] | Encoder) -> Model:
    encoder = load(given) if isinstance(given, (str, os.PathLike)) else given
    # The same towers with a cache or without: what is encoded here is encoded once.
    if not isinstance(encoder, Model) or not isinstance(uncached(encoder), Model):
        raise BadArgument(
            f"a teacher is a model whose folder is here, not {type(encoder).__name__}: the student"
            " takes over its tokenizer"
        )
    if "text" not in encoder.space.kinds:
        raise BadArgument(f"{encoder.lacks('text')}; a student learns from texts")
    if encoder.space.kinds[0] != "text":
        raise BadArgument(
            f"the anchor of {encoder.space.name} is {encoder.space.kinds[0]}; a student of texts"
            " takes the place of an anchor that reads texts"
        )
    return encoder.restricted("text")


def _agreed(learner: Learner, learnt: Lesson, positions: Any) -> Interval:
    return mean_interval(agreement(learner.encode(positions), learnt.rows[positions]))


def _some(learnt: Lesson, count: int, seed: int) -> Any:
    """As many of the texts that were learnt from."""
    return np.random.default_rng(seed).permutation(learnt.kept)[:count]


def _control(learner: Learner, learnt: Lesson, seed: int) -> float | None:
    """What a learner reaches that begins with nothing and is taught the vectors of other texts.

    None after Ctrl-C: the student is there, and must not be lost with its control.
    """
    try:
        return _mixed_up(learner, learnt, seed)
    except KeyboardInterrupt:
        return None


def _mixed_up(learner: Learner, learnt: Lesson, seed: int) -> float:
    other = learner.blank()
    some = _some(learnt, _CONTROL, seed)
    rows = learnt.rows.copy()
    rows[some] = rows[np.random.default_rng(seed + 1).permutation(some)]
    mixed = Lesson(learnt.texts, rows, some, learnt.choose, learnt.held, 0, 0)
    random = np.random.default_rng(seed)
    for batch in other.batches(mixed.kept, random):
        other.step(batch, mixed.rows[batch], 0.5)
    return _agreed(other, learnt, learnt.held).value


def _how(master: Model, kind: str) -> str:
    what = (
        "A table of the teacher's tokens; a text is the sum of its rows, at length one."
        if kind == "static"
        else "Two of the teacher's layers."
    )
    return f"A student of {master.space}, in its space. {what} It learnt the teacher's vectors."


def _notes(master: Model, found: Learnt, *, ended: bool) -> tuple[str, ...]:
    notes = []
    if master.needs_role:
        notes.append("the teacher reads questions otherwise than documents; it learnt questions")
    if found.early:
        notes.append(f"it ended early, after {found.points[-1].epoch:.1f} epochs: no better since")
    if found.share < 1:
        notes.append(f"it was stopped after {found.share:.0%}: this is the best until then")
    elif not ended:
        notes.append("it learnt to the end; the control on mixed-up pairs was stopped")
    return tuple(notes)
