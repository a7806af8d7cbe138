"""Hits as a table: rank, score, id, title, the metadata that fits, distance, image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cospace.cli.table import Column, room, table
from cospace.cli.text import one_line, width
from cospace.read.names import PRICES, TITLES, first, title_in, words
from cospace.results import Hit, Results
from cospace.store.where import kilometres

__all__ = ["cell", "hit_table", "parts_of_score", "title_of"]

_MOST_FIELDS = 4
_WIDEST_FIELD = 16
_TITLE_ROOM = 28  # columns that the title keeps before metadata is left out


def hit_table(
    results: Results,
    *,
    offset: int = 0,
    near: tuple[str, float, float] | None = None,
    fields: Sequence[str] | None = None,
    images: Path | None = None,
    explain: bool = False,
) -> list[str]:
    """The lines of a table: headings, then one line a hit, and with `explain` one more below it.

    `near` is (location field, latitude, longitude) to measure from. `fields` are the metadata
    to show; by default the first few that fit. `images` is the folder to name images from.
    """
    if not results:
        return []
    if fields is None:
        taken = (10 if near else 0) + (24 if images else 0)
        fields = _fitting(results, room() - 30 - _TITLE_ROOM - taken)
    columns = [Column("#", right=True), Column("score", right=True), Column("id", most=28)]
    columns += [Column("title", flexible=True)]
    columns += [Column(name, right=_numbers(results, name)) for name in fields]
    columns += [Column("km", right=True)] if near else []
    columns += [Column("image", most=40)] if images else []
    rows = []
    for rank, hit in enumerate(results, offset + 1):
        row = [str(rank), f"{hit.score:.3f}", hit.id, title_of(hit)]
        row += [cell(hit.metadata.get(name)) for name in fields]
        if near:
            km = kilometres(hit.metadata, near)
            row.append("" if km is None else f"{km:.1f}")
        if images:
            row.append(_below(hit.media.get("image", ""), images))
        rows.append(row)
    lines = table(columns, rows, room())
    if explain:
        whys = (f"   {parts_of_score(hit)}" for hit in results)
        lines[1:] = [one for pair in zip(lines[1:], whys, strict=True) for one in pair]
    return lines


def title_of(hit: Hit) -> str:
    """What a hit is called: its title, else the start of its text, else its file's name."""
    title = title_in(hit.metadata)
    if title:
        return one_line(title)
    if hit.text:
        return one_line(hit.text[:500])
    file = next(iter(hit.media.values()), "")
    return f"({Path(file).name})" if file else ""


def parts_of_score(hit: Hit) -> str:
    """Each list's part in a score, such as "text 0.512, rank 1, adds +2.31"."""
    parts = []
    for why in hit.why:
        rank = "" if why.rank is None else f", rank {why.rank}"
        parts.append(f"{why.list} {why.score:.3f}{rank}, adds {why.share:+.3f}")
    return "; ".join(parts)


def _fitting(results: Results, left: int) -> list[str]:
    """The metadata fields that are short, differ from the title, and fit in `left`.

    The price is the first to be taken, and what is the same in all hits the last.
    """
    widths: dict[str, int] = {}
    for hit in results:
        title = first(TITLES, list(hit.metadata))
        for name, value in hit.metadata.items():
            if name != title and isinstance(value, str | int | float):
                widths[name] = max(widths.get(name, width(name)), width(cell(value)))
    for name in [name for name in widths if _said_by_another(results, name, widths)]:
        del widths[name]
    price = first(PRICES, list(widths))
    ranked = sorted(
        widths, key=lambda name: (name != price, len(results) > 1 and _same(results, name))
    )
    taken: set[str] = set()
    for name in ranked:
        columns = widths[name]
        if columns <= _WIDEST_FIELD and columns + 2 <= left and len(taken) < _MOST_FIELDS:
            taken.add(name)
            left -= columns + 2
    return [name for name in widths if name in taken]


def _same(results: Results, name: str) -> bool:
    """Whether all hits have the same there."""
    return len({cell(hit.metadata.get(name)) for hit in results}) == 1


def _said_by_another(results: Results, name: str, names: Iterable[str]) -> bool:
    """Whether a field of a shorter name has the same in all hits: Variant Price and price."""
    shorter = [one for one in names if words(one) and words(one) < words(name)]
    return any(all(h.metadata.get(one) == h.metadata.get(name) for h in results) for one in shorter)


def _numbers(results: Results, name: str) -> bool:
    values = [hit.metadata.get(name) for hit in results]
    there = [value for value in values if value is not None]
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in there)


def cell(value: object) -> str:
    """A value of metadata as tables show it: yes and no, numbers without needless digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
    return one_line(str(value))


def _below(path: str, folder: Path) -> str:
    """`path` as seen from `folder`, when it is in there."""
    try:
        return str(Path(path).relative_to(folder)) if path else ""
    except ValueError:
        return path
