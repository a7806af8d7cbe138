"""Where the names of the columns stand, when lines stand above them."""

from pathlib import Path

import pytest

import cospace as cs
from cospace.read.headings import find_heading, name_columns


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("", 0),
        ("Price list of my shop 2026,,\n,,\n", 3),
        ("Price list of my shop\n\n", 3),
        ("#INFO,Version=0.0.2,Template= eBay-drafts\n#INFO,,\n", 3),
        ("sep=,\n", 0),
    ],
)
def test_lines_above_the_names_are_left_out_and_told(tmp_path: Path, above: str, line: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{above}sku,name,price\nA1,Chair,5\nA2,Table,9\n")
    reading = cs.read(path)
    assert [("A1", 5), ("A2", 9)] == [(item.id, item.metadata["price"]) for item in reading]
    assert bool(line) == any(f"stand in line {line};" in note for note in reading.notes)
    assert [] == list(reading.failed)


def test_the_separator_is_that_of_the_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Preisliste, gültig bis 31.12.\nArtikelnummer;Titel;Preis\nA1;Stuhl;12,50\n")
    [item] = cs.read(path)
    assert ("A1", "Stuhl", 12.5) == (item.id, item.parts.text, item.metadata["Preis"])


def test_names_that_nobody_knows_are_the_first_row() -> None:
    assert 0 == find_heading([["a", "b"], ["c", "d"]])
    assert 0 == find_heading([["sku", "x"], ["sku", "name"]])
    assert 0 == find_heading([])


def test_names_are_made_unique() -> None:
    notes: list[str] = []
    assert ["a", "a_2", "column_3", "a_3"] == name_columns(["a", "a", "", "a"], notes)
    assert 2 == len(notes)
