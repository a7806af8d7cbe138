"""bind: a tower for one kind, bound to the vectors of another that stay as they are."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from cospace.arguments import check_name, check_path
from cospace.counted import counted
from cospace.encode import Model
from cospace.encode.features import Features
from cospace.errors import BadArgument, BadItem
from cospace.item import Content, Item
from cospace.progress import Watch, metered
from cospace.read import Reading
from cospace.train.binding.check import Learnt, learn
from cospace.train.binding.fit import Settings
from cospace.train.binding.folder import write_bound
from cospace.train.binding.kept import Kept, towers_kept
from cospace.train.binding.pairs import Sighted, parted, see, vectors_of
from cospace.train.binding.widen import local_model, seeing
from cospace.train.card import Card
from cospace.train.heldout import few_groups

__all__ = ["Binding", "Options", "bind", "card_of", "settings_for"]

Named = str | os.PathLike[str] | Model
# From so many pairs on a hidden layer pays, where there is no head to begin with.
_MANY, _HIDDEN = 1_000, 512
# What a network of our own can be trained for.
_OWN = ("audio", "imu")


class Options(TypedDict, total=False):
    """What `Settings` takes; None, or left out, is by the number of pairs."""

    loss: str
    hidden: int
    epochs: int
    batch: int
    rate: float
    decay: float
    drop: float
    patience: int
    seed: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A model with a newly bound tower, and what its training was worth.

    `card` says it in full. `failed` are the pairs that could not be used, with the reasons.
    `better` is whether recall at 10 on held-out pairs is above what it was before (above chance,
    where the encoder's own vectors are of another space), at 99%. `kept` proves that the towers of
    other kinds are as they were.
    """

    model: Model
    card: Card
    better: bool
    failed: list[tuple[str, str]]
    kept: tuple[Kept, ...] = ()


def bind(  # noqa: PLR0913 - what is bound, to what, and how
    pairs: Reading | Iterable[Item | tuple[Content, Content]],
    out: str | os.PathLike[str],
    *,
    anchor: Named,
    kind: str,
    to: str = "text",
    encoder: Named | None = None,
    group: str | Sequence[Hashable] | None = None,
    progress: Watch = None,
    **options: Unpack[Options],
) -> Binding:
    """A model in the folder `out` whose tower for `kind` lies in the anchor's space.

    `pairs` are items, what `cospace.read` gives, or tuples of two parts: one of `kind`, one of
    the kind `to`, which the anchor encodes. The anchor's vectors stay as they are, so the new ones
    compare with them and with all that was bound to them: audio bound to images alone finds texts
    (Girdhar et al., ImageBind: One Embedding Space To Bind Them All, 2023).

    `encoder` is a model with a tower for `kind`, whose head is replaced; the anchor by default.
    Videos, heat and depth are seen by its image tower where it has no other (`widen`). Where
    neither has one for audio or motion ("imu"), a small network is trained from nothing,
    with torch; the model runs without. `group` says for it what is never on both sides of the
    check, such as the speaker: a key of the items' metadata, or a value for each pair. `options`
    are those of `Settings`. Pairs that are bound to the same are not one another's negatives. A
    fifth of the pairs, in whole groups of near duplicates, is held out to check; `card.md` in the
    folder has the figures. Ctrl-C keeps the best so far.

    Raises `BadArgument` for too few pairs, or all bound to the same; `BadItem` for a pair that
    lacks a side; `BadVector` for features that are not finite; `UnsupportedModel` for an encoder
    whose head cannot be replaced.
    """
    check_name("kind", kind), check_name("to", to)
    base = local_model(anchor)
    source = base if encoder is None else local_model(encoder)
    if to not in base.space.kinds or to == kind:
        raise BadArgument(f"to= is another kind that {base.name} takes: {base.space.kinds}")
    fresh = encoder is None and kind in _OWN and kind not in base.space.kinds
    if group is not None and not fresh:
        raise BadArgument("group= is for a tower that is trained from nothing")
    target = _new(out)
    if fresh:
        from cospace.train.signals.bind import Wanted, bind_new

        given, labels = _labelled(pairs, kind, to, group)
        wanted = Wanted(kind, to, labels, {**options})
        made = Binding(*bind_new(given, target, base, wanted, progress=progress))
        return replace(made, kept=towers_kept(base.folder, made.model.folder, kind))
    with seeing(source, kind, target) as source:
        _check_encoder(source, kind)
        features = Features(source.folder, kind, base=not base.space.conflict(source.space))
        return _bound(parted(pairs, kind, to), target, base, features, to, progress, options)


def _bound(
    given: Iterable[tuple[str, Any, Any, str]],
    target: Path,
    base: Model,
    features: Features,
    to: str,
    progress: Watch,
    options: Options,
) -> Binding:
    """What was bound: looked at, learnt and written."""
    kind = features.kind
    with metered(progress, None, "pairs") as meter:
        meter.stage = "looking"
        seen = see(given, features, lambda some: vectors_of(base, some), meter=meter)
        settings = settings_for(seen, options)
    with metered(progress, None, "epochs") as meter:
        meter.stage = "learning"
        learnt = learn(seen.pairs, settings, meter=meter)
    card = card_of(f"{target.name}: {kind} bound to {to} of {base.name}", seen, learnt, settings)
    model = write_bound(target, base.folder, features, learnt.head, name=target.name, card=card)
    kept = towers_kept(base.folder, model.folder, kind)
    return Binding(model, card, learnt.better, seen.failed, kept)


def _new(out: str | os.PathLike[str]) -> Path:
    target = check_path("out", out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadArgument(f"{target}: it exists already; name another folder")
    return target


def _check_encoder(source: Model, kind: str) -> None:
    if kind not in source.space.kinds:
        raise BadArgument(
            f"{source.name} has no tower for {kind}: it takes {source.space.kinds}. Give encoder=,"
            f" a model that has one; only for {' and '.join(_OWN)} one is trained from nothing"
        )


def _labelled(
    pairs: Reading | Iterable[Item | tuple[Content, Content]],
    kind: str,
    to: str,
    group: str | Sequence[Hashable] | None,
) -> tuple[list[tuple[str, Any, Any, str]], list[Hashable] | None]:
    """The pairs as `parted` gives them, and the group of each."""
    whole = list(pairs)
    given = list(parted(whole, kind, to))
    if group is None:
        return given, None
    if not isinstance(group, str):
        labels = list(group)
        if len(labels) != len(given):
            raise BadArgument(f"group= has {len(labels)} values for {len(given)} pairs")
        return given, labels
    found = [one.metadata.get(group) if isinstance(one, Item) else None for one in whole]
    if None in found:
        name = given[found.index(None)][0]
        raise BadItem(name, f"its metadata has no {group!r}, by which the pairs are grouped")
    return given, [str(one) for one in found]


def settings_for(seen: Sighted, options: Options) -> Settings:
    """The settings for pairs: a linear head for few, or where it adds to one; else a small MLP."""
    pairs = seen.pairs
    linear = pairs.own is not None or len(pairs) < _MANY
    usual = Settings(
        hidden=0 if linear else _HIDDEN,
        base=0.0 if pairs.own is None else 1.0,
        drop=0.5 if pairs.features.shape[1] >= 512 else 0.2,
        batch=256 if len(pairs) >= 1_000 else 64,
    )
    return replace(usual, **options)


def card_of(title: str, seen: Sighted, learnt: Learnt, settings: Settings) -> Card:
    """What there is to say of a binding."""
    notes = [*seen.notes]
    if learnt.fitted.stopped:
        notes.append("the training was stopped by hand; this is the best it had reached")
    if few := few_groups(seen.pairs.group[learnt.held]):
        notes.append(few)
    if seen.failed:
        notes.append(
            f"{counted(len(seen.failed), 'pair')} could not be used, such as {seen.failed[0][0]!r}"
        )
    return Card(
        title=title,
        how=(
            "A head on frozen features, trained so that of all in a batch each finds its own"
            " (softmax: CLIP; sigmoid: SigLIP). The figures are of a head that never saw the"
            " held-out pairs; the one in this folder learnt from all pairs for as many epochs."
        ),
        data_sha256=seen.sha256,
        counts={
            "pairs": len(seen.pairs),
            "trained on": learnt.train,
            "held out": len(learnt.held),
            "could not be used": len(seen.failed),
        },
        settings={**settings.to_json(), "epoch kept": learnt.fitted.epoch},
        figures=learnt.figures,
        points=learnt.fitted.points,
        notes=notes,
    )
