"""bind_new: a tower of our own for audio or motion, bound to the vectors of another kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cospace.encode import Model
from cospace.encode.record import known_answer
from cospace.errors import BadArgument
from cospace.progress import Meter, Watch, metered
from cospace.space import Tower
from cospace.train.binding.fit import Settings
from cospace.train.binding.folder import ANSWERS, write_towers, written_graph
from cospace.train.binding.pairs import FEW, meanings, vectors_of
from cospace.train.card import Card
from cospace.train.heldout import few_groups, grouped
from cospace.train.signals.check import LearntNet, learn
from cospace.train.signals.clips import Clips, cut, reader, record_of
from cospace.train.signals.export import digest, graph
from cospace.train.signals.fit import Recordings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.towers.clips import SignalTower

__all__ = ["Made", "Wanted", "bind_new"]

_WINDOW = 64
_WIDTH = 128
_STEPS, _EPOCHS = 400, 120  # of training, at most
Given = tuple[str, Any, Any, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is bound to what, and how.

    `labels` are the group of each pair, such as its speaker: none is on both sides of the check.
    `options` are those of `binding.bind.Options`.
    """

    kind: str
    to: str
    labels: Sequence[Hashable] | None
    options: dict[str, Any]


class Made(NamedTuple):
    """What came of it; see `Binding`."""

    model: Model
    card: Card
    better: bool
    failed: list[tuple[str, str]]


@dataclass(slots=True)
class _Gathered:
    """The recordings that can be used, by name, and those that cannot."""

    names: list[str]
    recordings: Recordings
    failed: list[tuple[str, str]]


def bind_new(
    given: Sequence[Given], target: Path, anchor: Model, wanted: Wanted, *, progress: Watch
) -> Made:
    """A model in `target`: the anchor's towers, and one that is trained from nothing.

    `given` are (name, recording, what it is bound to, its words). Raises as `bind`.
    """
    kind, labels, options = wanted.kind, wanted.labels, wanted.options
    if options.get("loss", "softmax") != "softmax":
        raise BadArgument("a tower that is trained from nothing takes the loss 'softmax' alone")
    settings_for(len(given), options)  # refuses what is out of range before the work
    record = record_of(kind, [one[1] for one in given])
    tower = reader(kind, record, anchor.space.dim)
    with metered(progress, len(given), "pairs") as meter:
        meter.stage = "looking"
        seen = _gathered(given, tower, lambda some: vectors_of(anchor, some), labels, meter)
    settings = settings_for(len(seen.recordings), options)
    with metered(progress, None, "epochs") as meter:
        meter.stage = "learning"
        learnt = learn(seen.recordings, settings, grouped=labels is not None, meter=meter)
    card = _card(
        f"{target.name}: {kind} bound to {wanted.to} of {anchor.name}", seen, learnt, settings
    )
    size = sum(array.nbytes for array in learnt.heard.net.weights().values())
    model = write_towers(
        target, anchor.folder, lambda made: _tower(made, learnt, tower, record),
        sources=[anchor.folder], size=size, name=target.name, card=card,
    )  # fmt: skip
    return Made(model, card, learnt.better, seen.failed)


def settings_for(pairs: int, options: dict[str, Any]) -> Settings:
    """As many epochs as make 400 steps, 120 at most; no early end, for the rate falls slowly."""
    batch = int(options.get("batch", 128 if pairs >= 1_000 else 32))
    usual = min(_EPOCHS, max(8, round(_STEPS * batch / max(1, pairs))))
    epochs = options.get("epochs", usual)
    start = Settings(
        hidden=_WIDTH, base=0.0, epochs=epochs, batch=batch, rate=2e-3, drop=0.3, patience=epochs
    )
    made = replace(start, **options)
    return made if made.hidden else replace(made, hidden=_WIDTH)


def _gathered(
    given: Sequence[Given],
    tower: SignalTower,
    vectors: Callable[[Sequence[Any]], Sequence[NDArray[np.float32] | None]],
    labels: Sequence[Hashable] | None,
    meter: Meter,
) -> _Gathered:
    """The clips of all recordings that can be read, with what they are bound to."""
    names: list[str] = []
    clips: list[NDArray[np.float32]] = []
    targets: list[NDArray[np.float32]] = []
    kept: list[Hashable] = []
    failed: list[tuple[str, str]] = []
    for start, window in _windows(given):
        good, found, bad = cut(tower, [(one[1], one[0]) for one in window])
        failed += bad
        wanted = vectors([window[place][2] for place in good]) if good else []
        for place, clip, row in zip(good, found, wanted, strict=True):
            name = window[place][0]
            if row is None:
                failed.append((name, "what it is bound to cannot be encoded"))
                continue
            names.append(name)
            clips.append(clip)
            targets.append(row)
            kept.append(labels[start + place] if labels is not None else None)
        meter.add(len(window))
    if not names:
        first = f"{failed[0][0]}: {failed[0][1]}" if failed else "none was given"
        raise BadArgument(f"no pair can be used: {first}")
    owner = np.repeat(np.arange(len(clips)), [len(one) for one in clips])
    together, rows = Clips(np.concatenate(clips), owner), np.stack(targets)
    meaning = meanings(rows)
    keys = kept if labels is not None else _alike(meaning)
    group = grouped(keys, together.hashes())
    audio = tower.kind == "audio"
    return _Gathered(names, Recordings(together, rows, meaning, group, audio), failed)


def _windows(given: Sequence[Given]) -> Iterator[tuple[int, list[Given]]]:
    for start in range(0, len(given), _WINDOW):
        yield start, list(islice(given, start, start + _WINDOW))


def _alike(meaning: NDArray[np.intp]) -> list[int | None]:
    """A few pairs of one target are takes of one thing; a target that many share names a kind."""
    times = np.bincount(meaning)
    return [int(one) if times[one] <= FEW else None for one in meaning]


def _tower(made: Path, learnt: LearntNet, tower: SignalTower, record: dict[str, Any]) -> Tower:
    """The record of the new tower, after its graph was written."""
    weights = learnt.heard.net.weights()
    examples = np.stack([tower.canary(answer)[0] for answer in ANSWERS])
    files, xml = written_graph(made, tower.kind, graph(weights, tower.entry, examples.shape[2]))
    rows = learnt.heard.net.rows(examples)
    return Tower(
        kind=tower.kind, model=f"network for {tower.kind}", source="cospace.train",
        weights_sha256=digest(weights), graph=xml, files=files, preprocess=record,
        pooling="mean and max",
        canaries=tuple(known_answer(a, row) for a, row in zip(ANSWERS, rows, strict=True)),
    )  # fmt: skip


def _card(title: str, seen: _Gathered, learnt: LearntNet, settings: Settings) -> Card:
    data = hashlib.sha256("\n".join(seen.names).encode())
    data.update(seen.recordings.clips.array.tobytes() + seen.recordings.targets.tobytes())
    notes = []
    if learnt.checked.stopped:
        notes.append("the training was stopped by hand; this is the best it had reached")
    else:
        notes.append(f"the training on pairs that are mixed up lasted {learnt.control} epochs")
    if few := few_groups(seen.recordings.group[learnt.held]):
        notes.append(few)
    if seen.failed:
        notes.append(f"{len(seen.failed)} pairs could not be used, such as {seen.failed[0][0]!r}")
    return Card(
        title=title,
        how=(
            "A small network on clips of the recordings, trained from nothing so that of all in a"
            " batch each finds its own (softmax: CLIP). The figures are of a network that never"
            " heard the held-out groups; the one in this folder learnt from all pairs for as many"
            " epochs."
        ),
        data_sha256=data.hexdigest(),
        counts={
            "pairs": len(seen.recordings),
            "groups": len(np.unique(seen.recordings.group)),
            "trained on": learnt.train,
            "held out": len(learnt.held),
            "could not be used": len(seen.failed),
        },
        settings={**settings.to_json(), "epoch kept": learnt.checked.epoch},
        figures=learnt.figures,
        points=learnt.checked.points,
        notes=notes,
    )
