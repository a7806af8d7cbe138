"""Columns: which of them is the id, the text, the image and the place, given or guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cospace.arguments import check_texts
from cospace.errors import BadArgument
from cospace.read.names import (
    BODIES,
    IDS,
    IMAGES,
    LATITUDES,
    LONGITUDES,
    TITLES,
    TRAITS,
    bare,
    first,
    matching,
)  # fmt: skip
from cospace.read.regular import listed
from cospace.read.rows import Sample
from cospace.read.signals import NOUNS, SIGNALS, columns_for
from cospace.read.template import Template, check_column

__all__ = ["Columns", "Known", "Wanted", "choose", "long_texts"]


@dataclass(frozen=True)
class Columns:
    """What each column is for. `keep` None means every column but those in `leave`.

    `more` are the columns of further images of an item, `signals` those of other kinds of file.
    """

    id: str | None
    text: Template | None
    image: str | None
    location: tuple[str, str] | None
    keep: frozenset[str] | None
    leave: frozenset[str] = field(default_factory=frozenset)
    more: tuple[str, ...] = ()
    signals: Mapping[str, str] = field(default_factory=dict)

    @property
    def images(self) -> list[str]:
        """Every column of images."""
        return [name for name in (self.image, *self.more) if name is not None]

    @property
    def files(self) -> list[str]:
        """Every column of files: images and signals."""
        return [*self.images, *self.signals.values()]

    @property
    def used(self) -> set[str] | None:
        """Every column that is read, or None when all of them are."""
        if self.keep is None:
            return None
        texts = self.text.columns if self.text else []
        named = {self.id, *self.files, *(self.location or ()), *texts, *self.keep}
        return {name for name in named if name is not None}

    def keeps(self, column: str) -> bool:
        """True for a column whose values are kept as metadata."""
        return column not in self.leave if self.keep is None else column in self.keep


@dataclass(frozen=True)
class Wanted:
    """What the caller of `read` said; None where it is to be guessed."""

    id: str | None = None
    text: str | None = None
    image: str | None = None
    metadata: Sequence[str] | None = None
    location: Sequence[str] | None = None
    signals: Mapping[str, str] = field(default_factory=dict)
    scaled: bool = False  # whether it is said what the numbers of a depth map mean


class Known(NamedTuple):
    """What is known of a table by its kind: the column of ids, those that are no text, those to
    leave out of metadata, and those of several numbers of which the least counts.
    """

    id: str | None = None
    quiet: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()
    least: frozenset[str] = frozenset()


def choose(
    wanted: Wanted,
    sample: Sample,
    notes: list[str],
    *,
    changes: bool = False,
    known: Known = Known(),  # noqa: B008 - it cannot change
) -> Columns:
    """The columns to use; what had to be guessed is added to `notes`.

    With `changes` an id is needed, text and image are not, and no text is guessed.

    Raises `BadArgument` for a name that is not a column, and where what is needed is not found.
    """
    names = sample.names
    for argument in ("id", "image"):
        given = getattr(wanted, argument)
        if given is not None:
            check_column(given, names, argument)
    key = wanted.id or _note(notes, "id", known.id or first(IDS, names))
    if wanted.id is None and known.id is None and key is not None:
        _without_id(key, sample, notes)
    if key is None and changes and names:
        raise BadArgument(
            "no column looks like an id; say id=..., the column that tells which stored item a row"
            f" changes. The columns are: {listed(names, 20)}"
        )
    if key is None:
        notes.append(
            "id: made of each row's text and image; there is no column of ids. A row whose text"
            " changes is a new item"
        )
    image, more = _images(wanted.image, sample, notes)
    signals = _signals(wanted, sample, {key, image, *more}, notes)
    files = {image, *more, *signals.values()}
    guess = wanted.text is not None or not changes
    others = {key, *files, *known.quiet}
    text = _text(wanted.text, sample, others, notes) if guess else None
    if text is None and image is None and not signals and names and not changes:
        raise BadArgument(
            f"no column looks like a text or an image. The columns are: {listed(names, 20)}."
            " Say which it is, with text=... or image=..., or, if that is the first row of items,"
            " write a row of names above it."
            " To change items that are stored: cospace update, or read(..., changes=True)"
        )
    texts = text.columns if text else ()
    _unused(sample, {key, *files, *texts}, notes)
    location = _location(wanted, names, notes)
    keep = _keep(wanted.metadata, names)
    leave = {key, *files, *(location or ()), *long_texts(text), *known.leave}
    return Columns(
        key,
        text,
        image,
        location,
        keep,
        frozenset(n for n in leave if n is not None),
        more,
        signals,
    )


def _note(notes: list[str], what: str, found: str | None) -> str | None:
    if found is not None:
        notes.append(f"{what}: column {found!r} (guessed)")
    return found


def _without_id(key: str, sample: Sample, notes: list[str]) -> None:
    """Note that the guessed column of ids has gaps, where another one that has none is there."""
    whole = [n for n in matching(IDS, sample.names) if sample.columns[n].filled == sample.rows]
    if sample.columns[key].filled < sample.rows and whole:
        notes.append(
            f"column {key!r} is empty in some rows, which are left out. Each row has an id in"
            f" {_listed(whole)}: --id {whole[0]!r}"
        )


def _text(
    wanted: str | None, sample: Sample, others: set[str | None], notes: list[str]
) -> Template | None:
    """The template that was given, or one of every column that describes the item in words."""
    names = sample.names
    if wanted is not None:
        return Template(wanted, names)
    free = [name for name in names if name not in others and not ({"{", "}"} & set(name))]
    title, bodies = first(TITLES, free), matching(BODIES, free)
    traits = [name for name in matching(TRAITS, free) if sample.columns[name].wordy]
    # A trait alone is no text; one that is the same in each row tells nothing apart but is short.
    found = [*([title] if title else []), *(traits if title or bodies else []), *bodies]
    if not found and len(names) == 1 and not others & set(names):
        found = names
    if not found:
        return None
    pattern = found[0] if len(found) == 1 else ". ".join(f"{{{name}}}" for name in found)
    notes.append(f"text: {pattern!r} (guessed)")
    return Template(pattern, names)


def _images(
    wanted: str | None, sample: Sample, notes: list[str]
) -> tuple[str | None, tuple[str, ...]]:
    """The column of images, and those of further ones."""
    if wanted is not None:
        return wanted, ()
    image, *rest = _guess_images(sample) or [None]
    more = tuple(one for one in rest if one is not None)
    _note(notes, "image", image)
    if more:
        notes.append(f"more images: {_listed(more)} (guessed)")
    return image, more


def _guess_images(sample: Sample) -> list[str | None]:
    """The columns that are named like images and mostly hold paths of images, or bytes."""
    columns = [(name, sample.columns[name]) for name in matching(IMAGES, sample.names)]
    # An empty one may be filled further down, but is no second one.
    return [
        name
        for place, (name, column) in enumerate(columns)
        if column.images * 2 >= column.filled and (column.filled or not place)
    ]


def _signals(
    wanted: Wanted, sample: Sample, used: set[str | None], notes: list[str]
) -> dict[str, str]:
    """By kind, the column of its files; one that is not named is guessed."""
    found: dict[str, str] = {}
    named = {name: check_column(name, sample.names, kind) for kind, name in wanted.signals.items()}
    free = [name for name in sample.names if name not in used | set(named)]
    counts = {
        name: {**sample.columns[name].media, "": sample.columns[name].filled} for name in free
    }
    for kind in SIGNALS:
        column = wanted.signals.get(kind)
        guessed = [] if column else columns_for(kind, free, counts)
        if kind == "depth" and not wanted.scaled:
            if column is not None:
                raise BadArgument(
                    "say what one unit of the depth maps stands for: depth_scale={'metres': 0.001,"
                    " 'focal': 518.9}, or depth_scale={'disparity': 1.0}"
                )
            if guessed:
                notes.append(
                    f"column {guessed[0]!r} may hold depth maps and is not used:"
                    f" depth={guessed[0]!r} with depth_scale=..."
                )
            continue
        column = column or _note(notes, kind, next(iter(guessed), None))
        if column is not None:
            found[kind] = column
            free = [name for name in free if name != column]
    return found


def _unused(sample: Sample, used: set[str | None], notes: list[str]) -> None:
    """Name the columns of pictures and links that are not used."""
    for name, column in sample.columns.items():
        if name in used or not column.filled:
            continue
        if column.urls * 2 > column.filled:
            note = f"column {name!r} holds URLs, which are never fetched; kept as metadata"
            if matching(IMAGES, [name]):
                note += f". Of pictures that were downloaded: image={name!r} with images=FOLDER"
            notes.append(note)
        elif column.images * 2 > column.filled:
            what = "bytes" if isinstance(column.example, bytes) else "paths of pictures"
            notes.append(f"column {name!r} holds {what} and is not used; image={name!r}")
        else:
            notes += [
                f"column {name!r} holds paths of {NOUNS[kind]}s and is not used; {kind}={name!r}"
                for kind in ("audio", "video")  # a suffix of theirs is of nothing else
                if column.media[kind] * 2 > column.filled
            ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _location(wanted: Wanted, names: list[str], notes: list[str]) -> tuple[str, str] | None:
    """The columns of latitude and longitude."""
    if wanted.location is not None:
        two = check_texts("location", wanted.location)
        if len(two) != 2:
            raise BadArgument(
                f'location= takes two columns, ("lat", "lon"), not {wanted.location!r}'
            )
        latitude, longitude = two
        return (
            check_column(latitude, names, "location"),
            check_column(longitude, names, "location"),
        )
    # A list of metadata is taken at its word: nothing is added to it.
    found = first(LATITUDES, names), first(LONGITUDES, names)
    if wanted.metadata is not None or found[0] is None or found[1] is None:
        return None
    if "location" in names:
        notes.append(
            f"{found[0]!r} and {found[1]!r} are kept as numbers, since there is a column"
            f' "location"; say location=({found[0]!r}, {found[1]!r}) to search by distance'
        )
        return None
    notes.append(f"location: columns {found[0]!r} and {found[1]!r} (guessed)")
    return found[0], found[1]


def _keep(wanted: Sequence[str] | None, names: list[str]) -> frozenset[str] | None:
    if wanted is None:
        return None
    if isinstance(wanted, str):
        raise BadArgument(f"metadata= takes a list of columns; write metadata=[{wanted!r}]")
    known = frozenset(names)
    kept = check_texts("metadata", wanted)
    for name in kept:
        if name not in known:
            check_column(name, names, "metadata")
    return frozenset(kept)


def long_texts(text: Template | None) -> set[str]:
    """Columns that the item's text repeats whole, so that metadata need not.

    In a template, those that are named like a body (a title stays, to show and to filter by);
    a single column always, unless it is named like a title.
    """
    if text is None:
        return set()
    if len(text.columns) == 1:
        return {name for name in text.columns if bare(name) not in TITLES}
    return {name for name in text.columns if bare(name) in BODIES}
