"""Cross-modal: does a model find the picture of a caption, and the caption of a picture?

And on items that have a class: zero-shot by the names of the classes, beside k-NN and a linear
probe, which have seen labels.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.errors import BadArgument
from cospace.evaluate.alone import measure_here
from cospace.evaluate.couples import Captions, Couples, check_enough, couples_of
from cospace.evaluate.encoding import ModelName, encode_texts, loaded, named_models
from cospace.evaluate.examples import choose_examples
from cospace.evaluate.labelled import Labelled
from cospace.evaluate.mixed import Mixed, Seen, read_mixed
from cospace.evaluate.ranks import chance_median, chance_recall, ranks_of, within
from cospace.evaluate.zeroshot import Classes, classify
from cospace.measures.bootstrap import RESAMPLES, Interval, interval, mean_interval, resample
from cospace.progress import Meter, Watch, metered
from cospace.read import Failures

__all__ = ["CUTS", "CrossmodalReport", "CrossmodalResult", "Direction", "crossmodal"]

CUTS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Direction:
    """One kind asked, the other found: "text to image".

    Equal contents ask once and are found once; whatever belongs to one of them is right. `median`
    is the median rank of the best right answer, from 1, a tie counted as lost. What chance would
    give stands beside each.
    """

    asked: str
    found: str
    queries: int
    gallery: int
    recall: Mapping[int, Interval]
    chance: Mapping[int, float]
    median: Interval
    chance_median: float

    @property
    def name(self) -> str:
        """ "text to image"."""
        return f"{self.asked} to {self.found}"

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "direction": self.name,
            "queries": self.queries,
            "gallery": self.gallery,
            "recall": {str(k): one.to_json() for k, one in self.recall.items()},
            "chance": {str(k): one for k, one in self.chance.items()},
            "median_rank": self.median.to_json(),
            "chance_median_rank": self.chance_median,
        }


@dataclass(frozen=True, slots=True)
class CrossmodalResult:
    """One model: both directions over all pairs, and over those that share no side (`alone`).

    `alone` is empty where no two pairs share a side, or fewer than two are left without them.
    `accuracy` is by "zero-shot", "knn" and "probe", empty where the source has no classes.
    """

    model: str
    dim: int
    directions: tuple[Direction, ...] = ()
    alone: tuple[Direction, ...] = ()
    accuracy: Mapping[str, Interval] = field(default_factory=dict)
    truncated: int = 0

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "model": self.model,
            "dim": self.dim,
            "directions": [one.to_json() for one in self.directions],
            "without_equal": [one.to_json() for one in self.alone],
            "accuracy": {way: one.to_json() for way, one in self.accuracy.items()},
            "truncated": self.truncated,
        }


@dataclass(frozen=True, slots=True)
class CrossmodalReport:
    """All models on the same pairs and items; what was left out is in `captions` and `failed`.

    `classes` says what was classified, None where the source has no classes.
    """

    name: str
    kinds: tuple[str, str]
    pairs: int
    captions: Captions
    classes: Classes | None
    templates: tuple[str, ...]
    seed: int
    notes: tuple[str, ...]
    failed: Failures
    results: tuple[CrossmodalResult, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "name": self.name,
            "kinds": list(self.kinds),
            "pairs": self.pairs,
            "captions": self.captions.to_json(),
            "classes": self.classes and self.classes.to_json(),
            "templates": list(self.templates),
            "ties": "count as lost",
            "seed": self.seed,
            "resamples": RESAMPLES,
            "notes": list(self.notes),
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
        }


def crossmodal(  # noqa: PLR0913 - what the source's columns are, and how it is asked
    source: str | os.PathLike[str],
    models: Sequence[ModelName] | ModelName,
    *,
    kinds: tuple[str, str] = ("text", "image"),
    columns: Mapping[str, Any] | None = None,
    label: str | None = None,
    templates: Sequence[str] = ("{}",),
    seed: int = 0,
    progress: Watch = None,
) -> CrossmodalReport:
    """Recall@1, 5 and 10 and the median rank in both directions, and classes told by their names.

    `source` is a table or folder as `cospace.read` takes it, `columns` what it is told (`text=`,
    `image=`, ...). Items with a part of both `kinds` are pairs; those that lack one, and repeated
    pairs, are told apart from what is measured. A folder with one subfolder for each class, or a
    table with a column `label`, is classified: by the class's name in each of `templates`, their
    vectors averaged, and by k-NN and a linear probe on the same held-out items (train/ and
    validation/ where the folder comes split so, else a quarter of each class).

    Texts ask as queries and are found as documents; other kinds are encoded as documents. An item
    that a model cannot encode is left out for all, and listed. `progress` counts items.

    Raises `BadArgument` for fewer than two pairs where there are no classes, for pairs of which
    one side is all the same, for a template without "{}", and as `cospace.read` and
    `cospace.load` do.
    """
    if len(set(kinds)) != 2:
        raise BadArgument(f"kinds are two different ones, such as text and image, not {kinds}")
    wrong = [one for one in templates if one.count("{}") != 1]
    if wrong or not templates:
        raise BadArgument(f'a template holds {{}} once, such as "a photo of a {{}}"; not {wrong}')
    named = named_models(models)
    mixed = read_mixed(source, kinds, columns or {}, label)
    ready = [(name, _loaded(model, kinds)) for name, model in named]
    with metered(progress, len(ready) * len(mixed.items)) as meter:
        seen = [_encoded(name, encoder, mixed, kinds, meter) for name, encoder in ready]
    couples = _couples(mixed, kinds, seen)
    classes = _classes(mixed, kinds, seen, seed)
    if classes is None or len(couples):
        check_enough(couples)
    results = tuple(
        CrossmodalResult(
            one.name,
            one.dim,
            _directions(couples, one, seed) if len(couples) else (),
            _without_equal(couples, one, seed),
            {} if classes is None else classify(classes, one, templates, seed),
            one.truncated,
        )
        for one in seen
    )
    return CrossmodalReport(
        mixed.name, kinds, len(couples), couples.captions, classes, tuple(templates), seed,
        tuple(mixed.notes), mixed.failed, results,
    )  # fmt: skip


def _loaded(model: ModelName, kinds: tuple[str, str]) -> Encoder:
    loaded(model, kinds[0])
    return loaded(model, kinds[1])


def _encoded(
    name: str, encoder: Encoder, mixed: Mixed, kinds: tuple[str, str], meter: Meter
) -> Seen:
    meter.stage = name
    found = Seen(name, encoder, {}, {"query": {}, "document": {}}, {}, 0)
    for kind in kinds:
        if kind == "text":
            continue
        items = Labelled(mixed.name, kind)
        for item in mixed.items:
            if kind in item.parts:
                items.add(item, "")
        found.measured[kind] = measure_here(encoder, items, progress=meter)
        for id, reason in found.measured[kind].failed.items():
            mixed.failed.add(id, f"{name}: {reason}")
    if "text" in kinds:
        texts = list(dict.fromkeys(mixed.text(item) for item in mixed.items if mixed.text(item)))
        for role in ("query", "document"):
            done = encode_texts(encoder, texts, role)
            rows = {
                text: row
                for i, (text, row) in enumerate(zip(texts, done.rows, strict=True))
                if i not in done.failed
            }
            found.texts[role] = rows
            found.truncated = len(done.truncated)
        for i, reason in done.failed.items():
            found.bad[texts[i]] = reason
            mixed.failed.add(repr(texts[i][:60]), f"{name}: {reason}")
    return found


def _couples(mixed: Mixed, kinds: tuple[str, str], seen: list[Seen]) -> Couples:
    """The pairs that every model has encoded both sides of."""

    def known(one: Seen, id: str, kind: str, text: str) -> bool:
        return text not in one.bad if kind == "text" else id in one.measured[kind].rows

    def kept(item: Any) -> bool:
        there = [kind for kind in kinds if kind in item.parts]
        return all(known(one, item.id, kind, mixed.text(item)) for one in seen for kind in there)

    def key(item: Any, kind: str) -> Any:
        return mixed.text(item) if kind == "text" else seen[0].measured[kind].hashes[item.id]

    return couples_of((item for item in mixed.items if kept(item)), kinds, key)


def _classes(mixed: Mixed, kinds: tuple[str, str], seen: list[Seen], seed: int) -> Classes | None:
    """What is classified: the first kind that is not text, where there are labels."""
    if mixed.labels is None:
        return None
    kind = next(one for one in kinds if one != "text")
    items = Labelled(mixed.name, kind, held=None if mixed.held is None else [])
    for item in mixed.items:
        if kind in item.parts and mixed.labels.get(item.id):
            items.add(item, mixed.labels[item.id])
            if items.held is not None and mixed.held is not None:
                items.held.append(mixed.held[item.id])
    examples = choose_examples(items, [one.measured[kind] for one in seen], test=0.25, seed=seed)
    mixed.notes += examples.notes
    return Classes(kind, examples)


def _rows(one: Seen, couples: Couples, side: int, at: NDArray[np.intp], role: str) -> Any:
    kind = couples.kinds[side]
    if kind == "text":
        return np.stack([one.texts[role][str(couples.keys[side][i])] for i in at])
    return np.stack([one.measured[kind].rows[couples.ids[i]] for i in at])


def _directions(couples: Couples, one: Seen, seed: int) -> tuple[Direction, ...]:
    sides = couples.sides()
    found = []
    for asked in (0, 1):
        places = (sides.left, sides.right)
        queries = _rows(one, couples, asked, places[asked], "query")
        gallery = _rows(one, couples, 1 - asked, places[1 - asked], "document")
        right = sides.answers(asked)
        ranks = ranks_of(queries, gallery, right)
        many = np.array([len(each) for each in right])
        found.append(
            Direction(
                asked=couples.kinds[asked],
                found=couples.kinds[1 - asked],
                queries=len(queries),
                gallery=len(gallery),
                recall={k: mean_interval(within(ranks, k), seed=seed) for k in CUTS},
                chance={k: chance_recall(len(gallery), many, k) for k in CUTS},
                median=_median(ranks, seed),
                chance_median=chance_median(len(gallery), many),
            )
        )
    return tuple(found)


def _without_equal(couples: Couples, one: Seen, seed: int) -> tuple[Direction, ...]:
    """The same over pairs that share neither side; nothing where all are such, or hardly any."""
    alone = couples.alone()
    if len(alone) == len(couples) or len(alone) < 2:
        return ()
    return _directions(couples.at(alone), one, seed)


def _median(ranks: NDArray[np.int64], seed: int) -> Interval:
    draws = resample(lambda drawn: [np.median(ranks[drawn])], len(ranks), seed=seed)
    return interval(float(np.median(ranks)), draws[:, 0])
