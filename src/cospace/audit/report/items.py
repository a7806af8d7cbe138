"""The items of a finding: their small photos, what they are called, and what is the matter."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

from cospace.audit.finding import Group
from cospace.errors import CospaceError
from cospace.item import Image
from cospace.read.names import title_in
from cospace.read.small import small_webp
from cospace.store.protocol import Row

__all__ = ["Kept", "Pictures", "groups"]

_WIDTH = 168
_LETTERS = 90
_AT_ONCE = 500
_GROUPS, _OF_GROUP = 24, 8


class Kept(Protocol):
    """A store whose items are shown."""

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Row | None]:
        """The rows of ids."""
        ...


class Pictures:
    """The items of a report, read once; of the first `most` that have a photo it is shown."""

    def __init__(self, store: Kept | None, ids: Iterable[str], most: int) -> None:
        self._left = most
        self._rows: dict[str, Row] = {}
        self._made: dict[str, str] = {}
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted) if store is not None else 0, _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            assert store is not None
            held = zip(part, store.get(part), strict=True)
            self._rows |= {id: row for id, row in held if row is not None}
        self._none = not any("image" in row.media for row in self._rows.values())

    def item(self, id: str, said: str = "") -> str:
        """One item as HTML: photo, title, id."""
        row = self._rows.get(id)
        title = _title(row) if row is not None else ""
        shown = f"<b><bdi>{escape(title)}</bdi></b>" if title else ""
        about = f"<span><bdi>{escape(said)}</bdi></span>" if said else ""
        named = f"<span><bdi>{escape(id)}</bdi></span>"
        return f'<li class="item">{self._photo(id, row)}{shown}{named}{about}</li>'

    def _photo(self, id: str, row: Row | None) -> str:
        path = row.media.get("image") if row is not None else None
        if self._none:  # a collection of texts needs no empty squares
            return ""
        if path is None:
            return '<div class="none">no photo</div>'
        if id not in self._made:
            self._made[id] = self._small(path)
        return self._made[id]

    def _small(self, path: str) -> str:
        if self._left <= 0:
            return '<div class="none">photo left out</div>'
        try:
            small = small_webp(Image(path), _WIDTH)
        except (CospaceError, OSError):
            return '<div class="none">photo cannot be read</div>'
        self._left -= 1
        data = base64.b64encode(small).decode()
        return f'<img alt="" loading="lazy" src="data:image/webp;base64,{data}">'


def groups(held: Sequence[Group], pictures: Pictures) -> str:
    """The groups of a finding, those of one item side by side; what is not shown is counted."""
    if not held:
        return ""
    shown = held[:_GROUPS]
    alone = [group for group in shown if len(group.ids) == 1]
    parts = []
    if alone:
        items = "".join(pictures.item(group.ids[0], group.said) for group in alone)
        parts.append(f'<ul class="singles">{items}</ul>')
    parts += [_group(group, pictures) for group in shown if len(group.ids) != 1]
    if len(held) > len(shown):
        parts.append(f'<p class="soft">and {len(held) - len(shown):,} more; --json has them</p>')
    return f'<div class="groups">{"".join(parts)}</div>'


def _group(group: Group, pictures: Pictures) -> str:
    said = f"<p><bdi>{escape(group.said)}</bdi></p>" if group.said else ""
    items = "".join(pictures.item(id) for id in group.ids[:_OF_GROUP])
    more = len(group.ids) - _OF_GROUP
    left = f'<p class="soft">and {more:,} more of this group</p>' if more > 0 else ""
    listed = f'<ul class="items">{items}</ul>' if items else ""
    return f'<div class="group">{said}{listed}{left}</div>'


def _title(row: Row) -> str:
    text = title_in(row.metadata) or row.text or ""
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1].rstrip() + "\u2026"
