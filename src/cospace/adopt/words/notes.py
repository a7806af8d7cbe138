"""What a file of word vectors holds that is not as it should be: counted, with its places."""

from __future__ import annotations

__all__ = ["Notes"]

_SHOWN = 5  # places that a note names


class Notes:
    """What became of the rows of one file; `unit` is what its places count: line, or row.

    >>> notes = Notes("line")
    >>> notes.refuse("with a number that is not finite", 7)
    >>> notes.lines()
    ('1 row left out, with a number that is not finite: line 7',)
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.refused = 0
        self.broken = 0
        self._said: list[str] = []
        self._places: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def refuse(self, reason: str, place: int) -> None:
        """A row is left out."""
        self.refused += 1
        self._count(f"left out, {reason}", place)

    def mend(self, word: bytes, place: int) -> str:
        """The word of a row that is taken, with marks in place of bytes that are not UTF-8."""
        self.broken += 1
        self._count("with a word that is not UTF-8, its bad bytes replaced", place)
        return word.decode("utf-8", "replace")

    def say(self, text: str) -> None:
        """Something about the file as a whole."""
        self._said.append(text)

    def lines(self) -> tuple[str, ...]:
        """A line for each thing that a user should know; none for a sound file."""
        found = list(self._said)
        for what, count in self._counts.items():
            places = self._places[what]
            unit = self.unit if count == 1 else f"{self.unit}s"
            more = ", ..." if count > len(places) else ""
            at = ", ".join(f"{place:,}" for place in sorted(places))
            found.append(f"{count:,} row{'s'[: count > 1]} {what}: {unit} {at}{more}")
        return tuple(found)

    def _count(self, what: str, place: int) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        places = self._places.setdefault(what, [])
        if len(places) < _SHOWN:
            places.append(place)
