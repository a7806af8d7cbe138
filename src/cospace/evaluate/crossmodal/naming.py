"""Classes: told by their names alone, and beside it by what was learnt from labelled items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_texts
from cospace.encode import Encoder
from cospace.errors import BadArgument
from cospace.evaluate.alone import Measured
from cospace.evaluate.crossmodal.ranks import ranks_of
from cospace.evaluate.crossmodal.source import Material
from cospace.evaluate.encoding import encode_texts
from cospace.evaluate.examples import Examples, choose_examples
from cospace.evaluate.neighbours import neighbour_classes
from cospace.evaluate.probe import probe_classes
from cospace.read.regular import listed
from cospace.topk import cosines

__all__ = ["Naming", "check_prompts", "check_said", "name_vectors", "naming_of", "right_by_way"]


@dataclass(frozen=True, slots=True)
class Naming:
    """What classes are told of: `kind`, the examples, and the chance of each way."""

    kind: str = ""
    examples: Examples | None = None
    chance: Mapping[str, float] = field(default_factory=dict)


def check_prompts(prompts: str | Sequence[str]) -> tuple[str, ...]:
    """The templates, each with one {} for the name. Raises `BadArgument`."""
    given = tuple(check_texts("prompts", prompts))
    for prompt in given:
        if prompt.count("{}") != 1:
            raise BadArgument(
                f"a prompt has one {{}} for the name of the class, as in 'a photo of a {{}}', not"
                f" {prompt!r}"
            )
    return given or ("{}",)


def check_said(said: Mapping[str, str], naming: Naming) -> tuple[str, ...]:
    """What each class is called: itself, unless `said` has another name for it.

    Raises `BadArgument` for a name that is no text, and for a class that is not there.
    """
    classes = () if naming.examples is None else naming.examples.names
    for label, name in said.items():
        if label not in classes:
            raise BadArgument(f"names: there is no class {label!r}; there is {listed(classes, 12)}")
        if not isinstance(name, str) or not name.strip():
            raise BadArgument(f"names: the name of {label!r} is a text, not {name!r}")
    return tuple(said.get(label, label) for label in classes)


def naming_of(
    data: Material,
    sides: Sequence[Mapping[str, Measured]],
    notes: list[str],
    *,
    test: float,
    seed: int,
) -> Naming:
    """The examples that all models have encoded; none where there are no classes to tell.

    Why there are none, where some items have a class, is added to `notes`.
    """
    if not any(data.classes):
        return Naming()
    kind = next((k for k in data.kinds if k != "text" and k in sides[0]), "text")
    if kind not in sides[0]:
        return Naming()
    items = data.side(kind)
    known = [place for place, name in enumerate(items.classes) if name]
    items.items = [items.items[place] for place in known]
    items.classes = [items.classes[place] for place in known]
    items.held = None if items.held is None else [items.held[place] for place in known]
    try:
        found = choose_examples(items, [side[kind] for side in sides], test=test, seed=seed)
    except BadArgument as error:
        notes.append(f"no classes are told: {error}")
        return Naming()
    held = found.classes[found.held]
    most = int(np.bincount(found.classes[~found.held]).argmax())
    commonest = float(np.mean(held == most))
    chance = {"zero-shot": 1 / len(found.names), "knn": commonest, "probe": commonest}
    return Naming(kind, found, chance)


def right_by_way(
    naming: Naming,
    measured: Measured,
    names: NDArray[np.float32],
    *,
    k: int,
    seed: int,
) -> NDArray[np.float64]:
    """How right each held-out item's class is, by each way: float64 [3, items], 0 to 1.

    Zero-shot: the class whose name lies nearest; of several that lie as near, each is taken in its
    share.
    """
    examples = naming.examples
    assert examples is not None
    rows = np.stack([measured.rows[key] for key in examples.ids])
    train, asked = rows[~examples.held], rows[examples.held]
    known, held = examples.classes[~examples.held], examples.classes[examples.held]
    named = ranks_of(cosines(asked, names), len(names), list(held[:, None])).recall(1)
    near = neighbour_classes(train, known, asked, k=k) == held
    read = probe_classes(train, known, asked, seed=seed)[0] == held
    return np.array([named, near, read], np.float64)


def name_vectors(encoder: Encoder, prompts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Each class's unit vector [classes, dim]: the mean over the prompts, as queries.

    `prompts` holds for each prompt the text of each class. Raises `BadArgument` for one that
    cannot be encoded.
    """
    rows = []
    for texts in prompts:
        done = encode_texts(encoder, texts, "query")
        for place, reason in done.failed.items():
            raise BadArgument(f"the class of {texts[place]!r}: {reason}")
        rows.append(done.rows)
    total: NDArray[np.float32] = np.sum(rows, axis=0)
    total /= np.linalg.norm(total, axis=1, keepdims=True)
    return total
