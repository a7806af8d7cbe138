"""Excel files: typed cells, several sheets, names further down, formulas, damage, bombs."""

import datetime as dt
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem, EmptyItem, MissingExtra
from cospace.limits import override

ROWS = [["sku", "name", "price"], ["A1", "Chair", 5], ["A2", "Table", 9.5]]


def book(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def only(reading: Any) -> cs.Item:
    [item] = reading
    assert [] == list(reading.failed)
    return item  # type: ignore[no-any-return]


def test_typed_cells(tmp_path: Path) -> None:
    day, moment = dt.datetime(2026, 1, 31), dt.datetime(2026, 1, 31, 9, 30)
    row = ["A1", " Stühle ", 49.9, 3, True, day, moment, dt.time(8, 15), "00123", "", None]
    names = ["sku", "name", "price", "stock", "new", "added", "seen", "opens", "ean", "a", "b"]
    reading = cs.read(book(tmp_path / "a.xlsx", ("Sheet", [names, row])))
    assert {
        "name": "Stühle",
        "price": 49.9,
        "stock": 3,
        "new": True,
        "added": "2026-01-31",
        "seen": "2026-01-31T09:30:00",
        "opens": "08:15:00",
        "ean": "00123",
    } == dict(only(reading).metadata)


def test_texts_are_read_as_in_a_csv(tmp_path: Path) -> None:
    rows = [
        ["Artikelnummer", "Titel", "Preis", "Lieferbar"],
        [110512345678, "Stuhl", "1.299,00 €", "ja"],
        ["A2", "Tisch", "49,90 €", "nein"],
    ]
    reading = cs.read(book(tmp_path / "a.xlsx", ("Tabelle1", rows)))
    chair, table = reading
    assert ("110512345678", "A2") == (chair.id, table.id)
    assert (1299.0, "EUR", True) == tuple(
        chair.metadata[name] for name in ("Preis", "Preis_currency", "Lieferbar")
    )
    assert (49.9, False) == (table.metadata["Preis"], table.metadata["Lieferbar"])


def test_whole_numbers_are_whole(tmp_path: Path) -> None:
    rows = [["id", "title", "ean"], [7.0, "Chair", 4012345678901.0]]
    item = only(cs.read(book(tmp_path / "a.xlsx", ("S", rows))))
    assert ("7", 4012345678901) == (item.id, item.metadata["ean"])


def test_the_first_sheet_with_a_table_is_read_and_the_others_named(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        ("Cover", [["My shop"]]),
        ("Products", ROWS),
        ("Empty", []),
        ("Stock", ROWS),
    )
    reading = cs.read(path)
    assert ["A1", "A2"] == [item.id for item in reading]
    assert any("the sheet 'Products' is read; not Stock" in note for note in reading.notes)


def test_names_further_down(tmp_path: Path) -> None:
    rows = [["Price list 2026"], [], *ROWS, [], ["A3", "Lamp", 1]]
    reading = cs.read(book(tmp_path / "a.xlsx", ("S", rows)))
    assert ["A1", "A2", "A3"] == [item.id for item in reading]
    assert any("stand in row 3" in note for note in reading.notes)


def test_rows_of_other_widths(tmp_path: Path) -> None:
    rows = [*ROWS[:2], ["A2", "Table"], ["A3", "Lamp", 1, "a note"]]
    reading = cs.read(book(tmp_path / "a.xlsx", ("S", rows)))
    assert ["A1", "A2", "A3"] == [item.id for item in reading]
    assert any("columns without a name: 'column_4'" in note for note in reading.notes)


def test_formulas_without_a_result_are_told(tmp_path: Path) -> None:
    rows = [["sku", "name", "price"], ["A1", "Chair", "=2+3"]]
    reading = cs.read(book(tmp_path / "a.xlsx", ("S", rows)))
    assert "price" not in only(reading).metadata
    assert any("formulas without a saved result, read as empty: price" in n for n in reading.notes)


def test_errors_are_empty_cells(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["sku", "name", "price"], ["A1", "Chair", "#N/A"]]))
    assert {"name": "Chair"} == dict(only(cs.read(path)).metadata)


def test_a_wrong_size_of_the_sheet_adds_nothing(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))
    swap(path, "xl/worksheets/sheet1.xml", b"A1:C3", b"A1:XFD1048576")
    reading = cs.read(path)
    assert ["A1", "A2"] == [item.id for item in reading]
    assert [] == list(reading.failed)


def swap(path: Path, member: str, old: bytes, new: bytes) -> None:
    """Change the bytes of one file in an archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[member]
    parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"<a>" * 2_000_000)
    assert path.stat().st_size < 100_000
    with override(sheet_bytes=1_000_000), pytest.raises(BadItem, match="unpacks to 6,"):
        cs.read(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a sheet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100, b"<table><tr></tr></table>"],
)
def test_what_is_no_xlsx(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(BadItem, match=r"Save it as \.xlsx without one, or as CSV"):
        cs.read(path)


def test_another_archive_is_no_xlsx(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(BadItem, match=r"is no whole \.xlsx file"):
        cs.read(tmp_path / "a.xlsx")


@pytest.mark.parametrize("rows", [[], [["sku", "name"]]])
def test_a_book_without_a_table(tmp_path: Path, rows: list[list[Any]]) -> None:
    with pytest.raises(EmptyItem, match="no sheet holds"):
        cs.read(book(tmp_path / "a.xlsx", ("S", rows)))


def test_damage_further_down_is_told(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [*ROWS, *[["B", "Box", 1]] * 2000]))
    reading = cs.read(path)
    swap(path, "xl/worksheets/sheet1.xml", b'<row r="1800">', b'<row r="1800"></sheet>')
    found = list(reading)
    assert 1 <= len(found) < 2000
    assert "the file is damaged here" in next(iter(reading.failed)).reason


def test_any_damage_is_an_error_of_ours(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            list(cs.read(path))
        except cs.errors.CospaceError:
            continue


def test_pictures_in_a_sheet_are_told(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", b"png")
    assert any("pictures inside the sheets are not read" in note for note in cs.read(path).notes)


@pytest.mark.parametrize("name", ["a.xls", "a.ods", "a.xlsb", "a.numbers"])
def test_other_sheets_say_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadArgument, match=r"save it as \.xlsx or as CSV"):
        cs.read(tmp_path / name)


def test_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"openpyxl.*excel"):
        cs.read(path)


def test_prices_of_which_some_are_numbers_and_some_are_written(tmp_path: Path) -> None:
    """A cell that is a number stays one, so the others become numbers; a word costs itself."""
    rows = [
        ["Artikelnummer", "Titel", "Preis"],
        ["A1", "Stuhl", 49.9],
        ["A2", "Teppich", "1.299,00 €"],
        ["A3", "Lampe", "auf Anfrage"],
        ["A4", "Tisch", 80],
    ]
    reading = cs.read(book(tmp_path / "a.xlsx", ("Tabelle1", rows)))
    prices = [item.metadata.get("Preis") for item in reading]
    assert [49.9, 1299.0, None, 80] == prices
    assert ["a.xlsx, row 4"] == [name for name, _ in reading.partial]
    shop = cs.open(":memory:", model="starter")
    shop.add(reading)
    assert 2 == shop.count({"Preis": {"$gte": 80}})
