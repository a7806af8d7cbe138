"""Dates: read as people write them, kept as ISO 8601, compared as moments in filters."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadFilter
from cospace.read.dates import day_of, iso, moment, order_of
from cospace.testing import tiny_model


def read(path: Path, *cells: str) -> Any:
    rows = "".join(f'{i},Chair {i},"{cell}"\n' for i, cell in enumerate(cells))
    path.write_text("id,title,added\n" + rows, encoding="utf-8")
    return cs.read(path)


@pytest.mark.parametrize(
    ("cells", "kept", "told"),
    [
        (["2026-01-31", "2026-02-01"], "2026-01-31", "dates such as 2026-01-31"),
        (["2026-01-31 09:30"], "2026-01-31T09:30:00", "is kept as the date"),
        (["2026-01-31T09:30:00+01:00"], "2026-01-31T08:30:00+00:00", "is kept as the date"),
        (["31.01.2026", "1.2.2026"], "2026-01-31", "2026-01-31 (day first)"),
        (["1.2.2026"], "2026-02-01", "(day first)"),
        (["31/01/2026", "01/02/2026"], "2026-01-31", "(day first)"),
        (["01/31/2026", "01/02/2026"], "2026-01-31", "(month first)"),
        (["1/31/2026 9:30 PM"], "2026-01-31T21:30:00", "(month first)"),
        (["31-01-2026"], "2026-01-31", "(day first)"),
        (["2026/01/31"], "2026-01-31", "'2026/01/31' is kept as the date 2026-01-31"),
        (["2026-01-31", "31.01.2026", "01/31/2026"], "2026-01-31", "is kept as the date"),
    ],
)
def test_a_column_of_dates(tmp_path: Path, cells: list[str], kept: str, told: str) -> None:
    reading = read(tmp_path / "a.csv", *cells)
    found = [item.metadata["added"] for item in reading]
    assert kept == found[0]
    assert all(moment(one) is not None for one in found)
    [note] = [note for note in reading.notes if "column 'added'" in note]
    assert told in note


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["01/02/2026", "03/04/2026"], "may be day or month first. Write 2026-01-31"),
        (["31/01/2026", "01/31/2026"], "some have the day first, some the month"),
    ],
)
def test_a_column_that_does_not_tell_is_kept_as_text(
    tmp_path: Path, cells: list[str], told: str
) -> None:
    reading = read(tmp_path / "a.csv", *cells)
    assert cells == [item.metadata["added"] for item in reading]
    assert any(told in note for note in reading.notes)


def test_a_cell_that_is_no_date_is_told_alone(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.csv", *["31.01.2026"] * 20, "soon", "30.02.2026")
    assert 20 == sum("added" in item.metadata for item in reading)
    assert 2 == len(reading.partial)
    assert all("is not a date, as the rest" in failure.reason for failure in reading.partial)


@pytest.mark.parametrize(
    "cell",
    ["oak", "2026", "20260131", "1.2.3", "12.12.12", "32.01.2026", "13/13/2026", "2026-13-01",
     "00/00/2026", "1/2/2026 25:00", "1/2/2026 13:00 PM", "2026-01-31T", "31.01/2026",
     "\u0663\u0661.01.2026",
     "2026-1-31x", "9" * 500],
)  # fmt: skip
def test_what_is_no_date(cell: str) -> None:
    assert order_of(cell) is None
    assert moment(cell) is None
    with pytest.raises(ValueError, match="is not a date"):
        day_of(cell, "dmy")


FIRST_MOMENT = "0001-01-01T00:00:00+01:00"


@given(st.dates() | st.datetimes() | st.datetimes(timezones=st.timezones()))
def test_the_order_of_moments_is_the_order_of_time(value: dt.date) -> None:
    at = moment(iso(value))
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    assert at == (value - epoch) // dt.timedelta(microseconds=1)


@pytest.mark.parametrize("ahead", ["00:53:28", "14:00", "-00:53:28", "-12:00"])
def test_a_moment_that_is_in_no_year_of_utc_keeps_its_time_zone(ahead: str) -> None:
    """Programs write "no date" as the first or the last moment that they know."""
    if ahead.startswith("-"):
        value = dt.datetime.fromisoformat(f"9999-12-31T23:59:59{ahead}")
    else:
        value = dt.datetime.fromisoformat(f"0001-01-01T00:00:00+{ahead}")
    at = moment(iso(value))
    assert at == (value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def test_the_first_moment_of_all_is_a_cell_as_others_are(tmp_path: Path) -> None:
    table = tmp_path / "items.csv"
    cells = [*(f"2026-01-{day}T00:00:00+01:00" for day in range(10, 20)), FIRST_MOMENT]
    rows = [f"{at},Chair {at},{cell}" for at, cell in enumerate(cells)]
    table.write_text("\n".join(["id,text,made", *rows]), encoding="utf-8")
    assert FIRST_MOMENT == list(cs.read(table))[-1].metadata["made"]
    shop = cs.open(":memory:", model=tiny_model())
    value = dt.datetime.fromisoformat(FIRST_MOMENT)
    shop.add(cs.Item("a", "Chair", {"made": value}))
    assert 1 == shop.count({"made": {"$lte": value}})


@given(st.text(max_size=45))
def test_any_text_has_a_moment_or_none(text: str) -> None:
    assert moment(text) is None or isinstance(moment(text), int)
    order_of(text)


@pytest.fixture
def shop() -> cs.Collection:
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(
        [
            cs.Item("a", "Chair", {"added": dt.date(2025, 1, 31), "city": "Bremen"}),
            cs.Item("b", "Table", {"added": dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC)}),
            cs.Item("c", "Lamp", {"added": "2026-02-01"}),
            cs.Item("d", "Rug", {"added": "soon"}),
            cs.Item("e", "Cup", {}),
        ]
    )
    return shop


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"added": {"$gte": "2025-03-01"}}, ["b", "c"]),
        ({"added": {"$gte": dt.date(2025, 1, 31), "$lt": dt.date(2026, 1, 1)}}, ["a", "b"]),
        ({"added": {"$lt": dt.datetime(2025, 3, 1, 9)}}, ["a"]),
        ({"added": {"$lte": "2025-03-01T10:00:00+01:00"}}, ["a", "b"]),
        ({"added": dt.date(2025, 1, 31)}, ["a"]),
        ({"added": {"$in": [dt.date(2025, 1, 31), "soon"]}}, ["a", "d"]),
        ({"added": {"$not": {"$gte": "2025-01-01"}}}, ["d", "e"]),
    ],
)
def test_ranges_of_dates(shop: cs.Collection, where: dict[str, Any], ids: list[str]) -> None:
    assert ids == sorted(item.id for item in shop.get(where=where))
    assert set(shop.search("a thing", where=where, k=9).ids) <= set(ids)


@pytest.mark.parametrize("end", ["soon", "2026-02-30", "2026", 5, None, ["2026-01-31"]])
def test_a_range_needs_a_date(shop: cs.Collection, end: Any) -> None:
    with pytest.raises(
        BadFilter, match=r"where\.added\.\$gte: 'added' is a string, so a range needs"
    ):
        shop.count({"added": {"$gte": end}})


def test_a_stored_date_is_its_text(shop: cs.Collection) -> None:
    assert "2025-01-31" == shop["a"].metadata["added"]
    assert "2025-03-01T09:00:00+00:00" == shop["b"].metadata["added"]
