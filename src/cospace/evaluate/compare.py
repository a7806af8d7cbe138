"""Compare encoders on labelled items of one's own: how well they tell the classes, at what cost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_count, check_share
from cospace.errors import BadArgument
from cospace.evaluate.alone import Measured, measure_alone, measure_here
from cospace.evaluate.encoding import ModelName, loaded, named_models
from cospace.evaluate.examples import Examples, choose_examples
from cospace.evaluate.labelled import Labelled, Pictures, Source, Table
from cospace.evaluate.neighbours import neighbour_classes
from cospace.evaluate.probe import probe_classes
from cospace.measures.bootstrap import (
    RESAMPLES,
    Difference,
    Interval,
    difference,
    interval,
    resample,
)
from cospace.progress import Meter, Watch, metered
from cospace.read import Failures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder

__all__ = ["WAYS", "Compared", "Comparison", "compare"]

WAYS = ("knn", "probe")


@dataclass(frozen=True, slots=True)
class Compared:
    """One model: its accuracy on the held-out items, both ways, and what it costs.

    `accuracy` and `differences` (to the first model) are by "knn" and "probe". `penalty` is
    what the probe chose, and `converged` whether its training came to an end. `memory` is how
    far the model's own process grew, in bytes; None stands for what cannot be known.
    """

    model: str
    accuracy: dict[str, Interval]
    differences: dict[str, Difference]
    penalty: float
    converged: bool
    dim: int
    parameters: int | None
    bytes_on_disk: int | None
    per_second: float
    load_seconds: float
    memory: int | None
    truncated: int
    failed: int

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "model": self.model,
            "accuracy": {way: one.to_json() for way, one in self.accuracy.items()},
            "differences_to_first": {way: one.to_json() for way, one in self.differences.items()},
            "probe_penalty": self.penalty,
            "probe_converged": self.converged,
            "dim": self.dim,
            "parameters": self.parameters,
            "bytes_on_disk": self.bytes_on_disk,
            "items_per_second": round(self.per_second, 2),
            "load_seconds": round(self.load_seconds, 3),
            "memory_bytes": self.memory,
            "truncated": self.truncated,
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models on the same items. `chance` is the accuracy of always saying `commonest`."""

    name: str
    kind: str
    classes: tuple[str, ...]
    train: int
    test: int
    split: str
    k: int
    seed: int
    chance: float
    commonest: str
    notes: tuple[str, ...]
    failed: Failures
    results: tuple[Compared, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("name", "kind", "train", "test", "split", "k", "seed", "chance", "commonest")
        return {
            **{name: getattr(self, name) for name in names},
            "classes": list(self.classes),
            "resamples": RESAMPLES,
            "notes": list(self.notes),
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
        }


def compare(
    models: Sequence[ModelName] | ModelName,
    source: Source,
    *,
    test: float = 0.25,
    k: int = 5,
    seed: int = 0,
    progress: Watch = None,
) -> Comparison:
    """The accuracy of each model on held-out items, by k-NN and by a linear probe, and its cost.

    `source` is `Pictures(folder)` or `Table(file, label=, text=)`. A share `test` of each class
    is held out, drawn with `seed`, unless the folder comes split. All models see the same items:
    one that any of them cannot encode is left out. Copies with the same content are left out but
    for the first, so that none stands on both sides. Intervals come from draws of the held-out
    items. Each named model is measured in a process of its own; an encoder that is an object is
    measured in this one, and its memory is not known. `progress` counts the items of all models;
    its `stage` is the model.

    Raises `BadArgument` for fewer than two classes of two items, or a model that does not take
    this kind of item, and as `cospace.load` and `cospace.read` do.
    """
    check_count("k", k)
    check_share("test", test)
    if not isinstance(source, (Pictures, Table)):
        raise BadArgument(f"source is Pictures(folder) or Table(file, ...), not {source!r:.60}")
    named = named_models(models)
    items = source.read()
    ready = [(name, model, loaded(model, items.kind)) for name, model in named]
    with metered(progress, len(ready) * len(items.items)) as meter:
        measured = [_measured(one, source, items, meter) for one in ready]
    for (name, _), one in zip(named, measured, strict=True):
        for item in items.items:
            if item.id not in one.rows:  # files may change while models are measured
                reason = one.failed.setdefault(item.id, "it was gone when the model came to it")
                items.failed.add(item.id, f"{name}: {reason}")
    examples = choose_examples(items, measured, test=test, seed=seed)
    results = _results(named, measured, examples, k, seed)
    held = examples.classes[examples.held]
    most = int(np.bincount(examples.classes[~examples.held]).argmax())
    return Comparison(
        name=items.name,
        kind=items.kind,
        classes=examples.names,
        train=int((~examples.held).sum()),
        test=len(held),
        split=examples.split,
        k=k,
        seed=seed,
        chance=float(np.mean(held == most)),
        commonest=examples.names[most],
        notes=(*items.notes, *examples.notes),
        failed=items.failed,
        results=results,
    )


def _measured(
    model: tuple[str, ModelName, Encoder], source: Source, items: Labelled, meter: Meter
) -> Measured:
    """A named model, measured in a process of its own; an object, in this one."""
    name, given, encoder = model
    meter.stage = name
    if isinstance(given, (str, os.PathLike)):
        return measure_alone(given, source, progress=meter)
    return measure_here(encoder, items, progress=meter)


def _results(
    named: list[tuple[str, ModelName]],
    measured: list[Measured],
    examples: Examples,
    k: int,
    seed: int,
) -> tuple[Compared, ...]:
    held, classes = examples.held, examples.classes
    right, probes = [], []
    for one in measured:
        rows = np.stack([one.rows[key] for key in examples.ids])
        train, asked = rows[~held], rows[held]
        near = neighbour_classes(train, classes[~held], asked, k=k)
        read, probe = probe_classes(train, classes[~held], asked, seed=seed)
        right.append([near == classes[held], read == classes[held]])
        probes.append(probe)
    figures = _figures(np.array(right, np.float64), seed)
    return tuple(
        Compared(
            model=name,
            accuracy=accuracy,
            differences=apart,
            penalty=probe.penalty,
            converged=probe.converged,
            dim=one.dim,
            parameters=one.parameters,
            bytes_on_disk=one.bytes_on_disk,
            per_second=(len(one.rows) - one.hits) / one.seconds if one.seconds else 0.0,
            load_seconds=one.load_seconds,
            memory=one.memory,
            truncated=one.truncated,
            failed=len(one.failed),
        )
        for (name, _), one, probe, (accuracy, apart) in zip(
            named, measured, probes, figures, strict=True
        )
    )


def _figures(
    right: NDArray[np.float64], seed: int
) -> list[tuple[dict[str, Interval], dict[str, Difference]]]:
    """Accuracies and differences of `right` [models, ways, items], 1 where a model was right."""
    means = right.mean(axis=2)
    items = right.shape[2]
    draws = resample(lambda drawn: right[:, :, drawn].mean(axis=2), items, seed=seed)
    draws = draws.reshape(-1, *means.shape)
    found = []
    for i in range(len(means)):
        accuracy, apart = {}, {}
        for j, way in enumerate(WAYS):
            accuracy[way] = interval(float(means[i, j]), draws[:, i, j], items=items, shares=True)
            if i:
                moved = draws[:, i, j] - draws[:, 0, j]
                own = right[i, j] - right[0, j]
                apart[way] = difference(
                    float(means[i, j] - means[0, j]), moved, items=items, apart=own, seed=seed
                )
        found.append((accuracy, apart))
    return found
