"""`contrastive`: a text encoder that learnt from examples, and whether it is better for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np

from cospace.errors import BadArgument
from cospace.need import need
from cospace.progress import metered
from cospace.train.card import Card, Figure, Point
from cospace.train.contrastive.examples import Examples, Given, read_examples
from cospace.train.contrastive.measure import Measure, apart, measure
from cospace.train.contrastive.mining import mine
from cospace.train.contrastive.options import TuneOptions, TuneSettings, tune_settings
from cospace.train.heldout import few_groups, split_groups
from cospace.train.ranges import teller

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.train.contrastive.net import Net
    from cospace.train.contrastive.result import Tuned

__all__ = ["contrastive"]

_ROLES: Mapping[str, tuple[str, str]] = {  # of the two sides
    "pairs": ("query", "document"), "triplets": ("query", "document"),
    "scored": ("document", "document"), "labels": ("document", "document"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parts:
    """Examples to learn from, to stop by, and to measure on."""

    learn: Examples
    stop: Examples
    test: Examples


def contrastive(
    model: str | os.PathLike[str], pairs: Given, **options: Unpack[TuneOptions]
) -> Tuned:
    """A text encoder fine-tuned on examples, with its measure before and after.

    `model` is "hf:org/name" or a folder with safetensors (a torch model; the starter's graphs do
    not learn). `pairs` is a table or a list of: (anchor, positive), (anchor, positive, negative),
    (text, text, score), or (text, label) with form="labels". See `TuneOptions` for the rest.

    Pairs and labels learn to rank an anchor's own text first among those of the batch
    (MultipleNegativesRankingLoss; texts that belong to one another are never negatives), scored
    pairs to have their score as cosine. `negatives` adds texts that the model itself takes for
    the positive, unless they lie as near as the positive. The training stops when held-out
    examples (nDCG@10; Spearman for scored pairs) get no better, and the best weights are kept;
    Ctrl-C keeps them too. Examples that share a text stay on one side.

    The result says `better` by a paired bootstrap on examples that had no part in any of it, in
    whole groups of those that share a text;
    `result.save(folder)` makes a model folder that runs without torch, and refuses one that is
    not better.

    Raises `MissingExtra` without the extra `torch`, `BadArgument` for examples that cannot teach
    (one pair, all positives equal, one score) and for options, as `cospace models add` for the
    model, and `TrainingDiverged`.
    """
    need("torch", extra="torch")
    need("transformers", extra="torch")
    from cospace.train.contrastive.net import open_net

    tell = teller(options.get("tell"))
    examples = read_examples(pairs, options.get("form", ""))
    test = options.get("test")
    held = None if test is None else read_examples(test, examples.form)
    net = open_net(model, tell)
    settings = tune_settings(options, examples.form, net.built.dim)
    notes: list[str] = []
    parts = _split(examples, held, settings, notes)
    with _threads(options.get("threads")):
        return _tuned(net, parts, settings, options, notes)


def _tuned(
    net: Net, parts: _Parts, settings: TuneSettings, options: TuneOptions, notes: list[str]
) -> Tuned:
    from cospace.train.contrastive.loop import Work, fit
    from cospace.train.contrastive.result import Tuned

    tell = teller(options.get("tell"))
    learn, test = _Read(net, parts.learn), _Read(net, parts.test)
    before = test.measured(parts.test)
    negatives, skipped = _negatives(learn, parts.learn, settings, notes)
    if few := few_groups(parts.test.groups):
        notes.append(few)
    for note in notes:
        tell(note)
    tell(f"{before.name} {before.figure:.4f} before, on {len(parts.test):,} held-out examples")
    work = Work(parts.learn, learn.tokens[0], learn.tokens[1], negatives)
    total = settings.epochs * len(parts.learn)
    with metered(options.get("progress"), total, "examples") as meter:

        def pulse(done: int, epoch: int, loss: float) -> None:
            meter.at(done, epoch=epoch, epochs=settings.epochs, loss=loss)

        def worth() -> float:
            seen = learn.measured(parts.stop)
            meter.stage = f"{seen.name} {seen.figure:.3f}"
            tell(f"{seen.name} {seen.figure:.4f} on those to stop by")
            return seen.figure

        points, stopped = fit(net, work, worth, settings, pulse=pulse)
    after = test.measured(parts.test)
    mixed = test.measured(parts.test, np.random.default_rng(settings.seed))
    figures = {
        "before": before,
        "after": after,
        "mixed": mixed,
        "learn": learn.measured(parts.learn),
    }
    card = _card(net, parts, settings, figures, (points, notes))
    texts = [parts.test.texts[i] for i in parts.test.used]
    ahead = apart(after, before, seed=settings.seed)
    return Tuned(card, ahead, net, texts, settings.matryoshka, skipped, stopped)


class _Read:
    """The tokens of the texts of some examples, in the roles of both sides, read once."""

    def __init__(self, net: Net, examples: Examples) -> None:
        self._net = net
        one, two = _ROLES[examples.form]
        first = net.tokens(examples.texts, one)
        alike = net.built.prompts.get(one, "") == net.built.prompts.get(two, "")
        self.tokens = (first, first if alike else net.tokens(examples.texts, two))

    def rows(self, used: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The vectors [texts, dim] in either role; zeros for texts that are not in `used`."""
        made: list[NDArray[np.float32]] = []
        for tokens in self.tokens:
            if made and tokens is self.tokens[0]:
                return made[0], made[0]
            rows = np.zeros((len(tokens), self._net.built.dim), np.float32)
            rows[used] = self._net.rows([tokens[i] for i in used])
            made.append(rows)
        return made[0], made[1]

    def measured(self, part: Examples, shuffled: np.random.Generator | None = None) -> Measure:
        """The measure of the net as it is on some of the examples."""
        return measure(part, *self.rows(part.used), shuffled=shuffled)


def _negatives(
    read: _Read, examples: Examples, settings: TuneSettings, notes: list[str]
) -> tuple[NDArray[np.intp], int]:
    """Negatives [n, count] beside each example's own, and how many texts were refused as such."""
    if examples.form == "triplets":
        return examples.third[:, None], 0
    if not settings.negatives:
        return np.zeros((len(examples), 0), np.intp), 0
    rows, documents = read.rows(examples.used)
    gallery = np.unique(examples.second)
    family = np.full(len(examples.texts), -1, np.intp)
    for side in (examples.first, examples.second):
        family[side] = examples.families
    forbidden = examples.families[:, None] == family[gallery][None, :]
    found = mine(
        rows[examples.first], documents[examples.second], documents[gallery], forbidden,
        count=settings.negatives, margin=settings.margin,
    )  # fmt: skip
    notes.append(
        f"hard negatives: {found.refused:,} texts were skipped that lie as near as the positive,"
        f" less {settings.margin:g}"
    )
    if found.short:
        notes.append(f"{found.short:,} anchors have fewer than {settings.negatives} hard negatives")
    return np.where(found.negatives >= 0, gallery[found.negatives], -1), found.refused


def _split(
    examples: Examples, held: Examples | None, settings: TuneSettings, notes: list[str]
) -> _Parts:
    """The examples in three parts, in whole groups of those that share a text."""
    if len(examples.failed):
        notes.append(f"left out: {len(examples.failed):,} rows ({next(iter(examples.failed))})")
    if examples.form == "scored":
        held = _scaled(examples, held)
    if held is not None:
        known = set(held.texts)
        own = np.array([text in known for text in examples.texts])
        sides = [side for side in (examples.first, examples.second, examples.third) if len(side)]
        shared = np.logical_or.reduce([own[side] for side in sides])
        if shared.any():
            notes.append(f"left out: {int(shared.sum()):,} examples with a text of those held out")
        examples = examples.take(np.flatnonzero(~shared))
        if len(examples) < 2:
            raise BadArgument("all examples have a text of those held out: nothing is left")
    groups = examples.groups
    share = settings.held_out / 2 if held is not None else settings.held_out
    learn, rest = split_groups(groups, share=share, seed=settings.seed)
    if held is not None:
        return _Parts(examples.take(learn), examples.take(rest), held)
    stop, test = split_groups(groups[rest], share=0.5, seed=settings.seed)
    return _Parts(examples.take(learn), examples.take(rest[stop]), examples.take(rest[test]))


def _scaled(examples: Examples, held: Examples | None) -> Examples | None:
    """Scores from 0 to 1, by the range of those that are learnt from."""
    low, high = float(examples.values.min()), float(examples.values.max())
    for one in (examples, *([held] if held is not None else [])):
        one.values = (one.values - low) / (high - low)
    return held


def _card(
    net: Net, parts: _Parts, settings: TuneSettings, figures: Mapping[str, Measure],
    told: tuple[list[Point], list[str]],
) -> Card:  # fmt: skip
    after = figures["after"]
    chance = 0.0 if after.scores is not None else figures["mixed"].figure
    figure = Figure(
        after.name, after.interval(settings.seed), chance,
        before=figures["before"].interval(settings.seed), train=figures["learn"].figure,
        shuffled=figures["mixed"].figure,
    )  # fmt: skip
    counts = {"learnt from": parts.learn, "to stop by": parts.stop, "held out": parts.test}
    how = (
        f"{net.source} fine-tuned on {parts.learn.form} of {parts.learn.name} with the loss"
        f" {settings.loss}. Examples that share a text stay on one side; the best weights on those"
        " to stop by were kept; it is measured on those held out."
    )
    return Card(
        f"{net.source.name}, fine-tuned", how, parts.learn.sha256,
        {name: len(part) for name, part in counts.items()},
        {**settings.to_json(), "base_sha256": net.base}, [figure], told[0],
        (*told[1], "shuffled: what belongs to what was mixed up in the held-out examples"),
    )  # fmt: skip


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """A block in which torch uses so many threads."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(count or usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)
