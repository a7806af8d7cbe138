"""`supervised`: vectors in which items of one label lie together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from cospace.arguments import check_count, is_one_of
from cospace.errors import BadArgument
from cospace.evaluate.neighbours import neighbour_classes
from cospace.evaluate.probe import probe_classes
from cospace.measures import Difference
from cospace.measures.bootstrap import mean_difference, mean_interval
from cospace.progress import metered
from cospace.train.card import Card, Figure, Point
from cospace.train.heads import Head
from cospace.train.heads.given import HeadOptions, HeadSettings, head_settings, rows_of
from cospace.train.heads.layers import Tensors, encoded
from cospace.train.heldout import are_keys, few_groups, grouped, split_groups
from cospace.train.losses import unit
from cospace.train.ranges import teller
from cospace.train.supervised.network import How, train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.vectors import Vectors

__all__ = ["LOSSES", "Supervised", "supervised"]

LOSSES = ("softmax", "contrastive")
_K = 5  # neighbours that vote
_LEAST = 50  # rows


@dataclass(frozen=True, slots=True)
class Supervised:
    """A head that learnt from labels; `neighbours` and `probe` are gains over the vectors it took.

    They are in accuracy on held-out rows, by a vote of the 5 nearest and by logistic regression.
    `card` holds the figures themselves. `stopped` says that Ctrl-C ended it.
    """

    head: Head
    card: Card
    neighbours: Difference
    probe: Difference
    notes: tuple[str, ...] = ()
    stopped: bool = False

    @property
    def better(self) -> bool:
        """Whether the nearest neighbours are significantly better than by the vectors it took."""
        return self.neighbours.verdict == "better"

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "better": self.better,
            "neighbours": self.neighbours.to_json(),
            "probe": self.probe.to_json(),
            "stopped": self.stopped,
            "card": self.card.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Data:
    """Unit rows with numbers of labels, and which of them are for what."""

    rows: NDArray[np.float32]
    labels: NDArray[np.intp]
    learn: NDArray[np.intp]
    choose: NDArray[np.intp]
    test: NDArray[np.intp]
    groups: NDArray[np.intp]

    @property
    def drawn(self) -> NDArray[np.intp] | None:
        """The groups of the rows held out; None where they are so few that rows are drawn."""
        own = self.groups[self.test]
        return None if few_groups(own) else own

    def right(self, head: Tensors | None, test: NDArray[np.intp]) -> NDArray[np.float64]:
        """For each row of `test` whether a vote of the nearest that were learnt from is right."""
        rows = self.rows if head is None else unit(encoded(head, self.rows))
        known = self.learn if test is self.choose else np.concatenate([self.learn, self.choose])
        own = test is self.learn  # then no row has a vote on itself
        found = neighbour_classes(rows[known], self.labels[known], rows[test], k=_K, own=own)
        right: NDArray[np.float64] = (found == self.labels[test]).astype(np.float64)
        return right

    def probed(self, head: Tensors | None, *, seed: int) -> NDArray[np.float64]:
        """The same by logistic regression, on the rows held out."""
        rows = self.rows if head is None else unit(encoded(head, self.rows))
        known = np.concatenate([self.learn, self.choose])
        found, _ = probe_classes(rows[known], self.labels[known], rows[self.test], seed=seed)
        right: NDArray[np.float64] = (found == self.labels[self.test]).astype(np.float64)
        return right


def supervised(
    vectors: Vectors | NDArray[Any],
    labels: Sequence[Hashable],
    *,
    dim: int | None = None,
    loss: str = "softmax",
    groups: Sequence[Hashable] | None = None,
    **options: Unpack[HeadOptions],
) -> Supervised:
    """A head on an encoder's vectors, after which items of one label lie together.

    `vectors` are `Vectors` of any encoder, floats [n, d], or small pictures, as `autoencoder`
    takes them; `labels` one for each. The encoder itself stays as it is. `dim` numbers come out
    (at most 128, by default). `loss` is "softmax" (a proxy for each label, Zhai and Wu 2019), or
    "contrastive" (Khosla et al. 2020). Items of one of `groups` (photos of one article) stay on
    one side of the split, and so do equal vectors.

    The result compares accuracy on held-out items with that of the vectors as they came, by
    their 5 nearest neighbours and by a linear probe, and runs the same on labels that were dealt
    out anew, which must fall to chance. `result.head.save(folder)` keeps it. Ctrl-C keeps the
    best so far.

    Raises `BadArgument` for labels that do not fit, fewer than two of them, or fewer than 50
    items; `BadVector` for NaN and rows of zeros.

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> labels = np.arange(120) % 3
    >>> made = supervised(random.random((120, 6)) + np.eye(6)[labels], labels, epochs=5)
    >>> made.head.space.dim, len(made.card.figures)
    (5, 2)
    """
    settings = head_settings(options)
    rows, source = rows_of(vectors, settings.name)
    if not is_one_of(loss, LOSSES):
        raise BadArgument(f"the loss is {' or '.join(LOSSES)}, not {loss!r}")
    size = check_count("dim", min(128, source.dim - 1) if dim is None else dim, 1, source.dim - 1)
    notes: list[str] = []
    data = _data(rows, labels, groups, settings, notes)
    if len(data.learn) < size:
        raise BadArgument(f"{len(data.learn)} items are too few for {size} numbers; take fewer")
    total = settings.epochs * len(data.learn)
    with metered(options.get("progress"), total, "rows") as meter:

        def pulse(epoch: float, value: float) -> None:
            done = round(epoch * len(data.learn))
            meter.at(done, epoch=round(epoch), epochs=settings.epochs, loss=value)

        how = How(size, loss, settings.epochs, settings.seed)
        found, points, stopped = _trained(data, how, pulse)
    head = Head(source, found, method=loss, name=settings.name)
    card, ahead, probed = _measured(data, head, how, (settings, points, notes, stopped))
    head.card = card
    tell = teller(options.get("tell"))
    for note in notes:
        tell(note)
    return Supervised(head, card, ahead, probed, tuple(notes), stopped)


def _trained(
    data: _Data, how: How, pulse: Any = lambda _epoch, _loss: None
) -> tuple[Tensors, list[Point], bool]:
    def worth(head: Tensors) -> float:
        return float(data.right(head, data.choose).mean())

    return train(data.rows[data.learn], data.labels[data.learn], worth, how, pulse=pulse)


def _measured(
    data: _Data, head: Head, how: How,
    told: tuple[HeadSettings, list[Point], list[str], bool],
) -> tuple[Card, Difference, Difference]:  # fmt: skip
    settings, points, notes, stopped = told
    seed = settings.seed
    after, before = (data.right(one, data.test) for one in (head.tensors, None))
    probed, plain = (data.probed(one, seed=seed) for one in (head.tensors, None))
    ranged = partial(mean_interval, groups=data.drawn, seed=seed)
    gain = partial(mean_difference, groups=data.drawn, seed=seed)
    if few := few_groups(data.groups[data.test]):
        notes.append(few)
    chance = float(np.bincount(data.labels[data.test]).max() / len(data.test))
    shuffled = None if stopped else _shuffled(data, how)
    figures = [
        Figure("accuracy, 5 nearest", ranged(after), chance,
               before=ranged(before),
               train=float(data.right(head.tensors, data.learn).mean()), shuffled=shuffled),
        Figure("accuracy, linear probe", ranged(probed), chance,
               before=ranged(plain)),
    ]  # fmt: skip
    digest = hashlib.sha256(data.rows.tobytes() + data.labels.tobytes()).hexdigest()
    counts = {"items learnt from": len(data.learn), "items to stop by": len(data.choose),
              "items held out": len(data.test), "labels": len(np.unique(data.labels))}  # fmt: skip
    words = (
        f"A head on {head.source}, learnt from labels with the loss {head.method}. Items of one"
        " group, and equal ones, stay on one side; it is measured on those held out. Shuffled:"
        " the same training on labels that were dealt out anew."
    )
    card = Card(head.space.name, words, digest, counts,
                {**settings.to_json(), "dim": head.space.dim, "loss": head.method},
                figures, points, tuple(notes))  # fmt: skip
    return card, gain(after, before), gain(probed, plain)


def _shuffled(data: _Data, how: How) -> float:
    """The accuracy of the same training where labels were dealt out to other items."""
    mixed = np.random.default_rng(how.seed).permutation(data.labels)
    other = replace(data, labels=mixed)
    head, _, _ = _trained(other, how)
    return float(other.right(head, other.test).mean())


def _data(
    rows: NDArray[np.float32], labels: Sequence[Hashable], groups: Sequence[Hashable] | None,
    settings: HeadSettings, notes: list[str],
) -> _Data:  # fmt: skip
    """The rows of labels that can be learnt and tested, in three parts."""
    names = list(labels) if isinstance(labels, Iterable) and not isinstance(labels, str) else labels
    for name, given in (("labels", names), ("groups", () if groups is None else groups)):
        if not are_keys(given):
            raise BadArgument(f"{name} is a list with one for each item, not {given!r:.60}")
    if len(names) != len(rows) or (groups is not None and len(groups) != len(rows)):
        raise BadArgument(
            f"{len(rows)} items have {len(names)} labels"
            + ("" if groups is None else f" and {len(groups)} groups")
            + "; expected one for each"
        )
    if len(rows) < _LEAST:
        raise BadArgument(f"{len(rows)} items are too few; at least {_LEAST}")
    keys: list[Sequence[Hashable]] = [[row.tobytes() for row in rows]]
    found = grouped(*keys, *([list(groups)] if groups is not None else []))
    many = Counter(name for name, _ in {*zip(names, found.tolist(), strict=True)})
    usable = np.array([name is not None and name == name and many[name] > 2 for name in names])  # noqa: PLR0124 - NaN
    if not usable.all():
        notes.append(
            f"left out: {int((~usable).sum()):,} items without a label, or of one with fewer than"
            " 3 groups"
        )
    order = np.flatnonzero(usable)
    if len(order) > settings.most:
        notes.append(f"{settings.most:,} of {len(order):,} items, drawn, are used")
        order = np.sort(np.random.default_rng(settings.seed).permutation(order)[: settings.most])
    kinds = sorted({names[i] for i in order}, key=str)
    if len(kinds) < 2:
        raise BadArgument(
            f"{len(kinds)} labels are left; at least 2 are needed, each of 3 different items"
            + "".join(f". {note}" for note in notes)
        )
    numbers = np.array([kinds.index(names[i]) for i in order], np.intp)
    kept, test = split_groups(found[order], share=settings.held_out, seed=settings.seed)
    learn, choose = split_groups(found[order][kept], share=0.15, seed=settings.seed)
    data = _Data(rows[order], numbers, kept[learn], kept[choose], test, found[order])
    return _seen(data, notes)


def _seen(data: _Data, notes: list[str]) -> _Data:
    """Without held-out rows of a label that nothing was learnt of.

    Where no row is left to choose an epoch by, those that are learnt from choose: a row of the
    test would then be known.
    """
    known = np.unique(data.labels[data.learn])
    test = data.test[np.isin(data.labels[data.test], known)]
    if len(test) < len(data.test):
        notes.append(f"{len(data.test) - len(test)} held-out items of labels that are not learnt")
    if not len(test) or len(known) < 2:
        raise BadArgument("too few groups: what is learnt from and what is held out share no label")
    choose = data.choose[np.isin(data.labels[data.choose], known)]
    return replace(data, choose=choose if len(choose) else data.learn, test=test)
