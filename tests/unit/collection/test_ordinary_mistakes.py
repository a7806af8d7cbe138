"""What a first script gives: taken where it is meant, refused with what to write otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadFilter, BadInput, BadItem, ModelNotFound
from cospace.tasks import Sessions
from cospace.testing import tiny_model


def shop() -> cs.Collection:
    one = cs.open(":memory:", model=tiny_model())
    rows = [{"city": "Graz", "price": 9, "new": True}, {"city": "Bonn", "price": 30}]
    one.add(ids=["1", "2"], documents=["a rake", "a cup"], metadatas=rows)
    return one


ROWS = [{"id": 3, "title": "a lamp", "price": 5}, {"id": 4, "title": "a chair", "price": 6}]


@pytest.mark.parametrize("rows", [ROWS, tuple(ROWS), iter(ROWS), (one for one in ROWS)])
def test_dicts_are_added_as_rows_of_a_table(rows: Any) -> None:
    with shop() as one:
        report = one.add(rows)
        assert (2, ["3", "4"]) == (report.added, [item.id for item in one.get()][2:])
        assert {"title": "a chair", "price": 6} == one["4"].metadata


def test_dicts_change_what_is_stored() -> None:
    with shop() as one:
        assert 1 == one.update([{"id": "1", "price": 12}]).updated
        assert 12 == one["1"].metadata["price"]


def test_items_of_a_generator_are_added_first_and_all() -> None:
    with shop() as one:
        assert 3 == one.add(cs.Item(f"g{i}", f"text {i}") for i in range(3)).added


@pytest.mark.parametrize(
    "where",
    [
        {"price": {"$lt": np.int64(10)}},
        {"price": {"$lt": np.float32(10)}},
        {"price": {"$lt": Decimal("9.5")}},
        {"price": {"$in": [np.int32(9)]}},
        {"new": np.bool_(True)},
        {"city": np.str_("Graz")},
    ],
)
def test_filters_take_the_values_that_metadata_takes(where: Any) -> None:
    with shop() as one:
        assert ["1"] == [item.id for item in one.get(where=where)]


def test_a_range_takes_a_date_of_numpy() -> None:
    with shop() as one:
        one.update("1", added=date(2026, 1, 31))
        assert 1 == one.count({"added": {"$gte": np.datetime64("2026-01-31")}})


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"city": {"$contains": "a"}}, "there are"),
        ({"city": {"$regex": "a"}}, "there are"),
        ({"city": {"neq": "a"}}, "did you mean"),
        ({"city": ["Graz", "Bonn"]}, r"\$in asks"),
        ({"city": None}, r"\$exists asks"),
    ],
)
def test_a_refused_filter_says_which_operator_it_takes(where: Any, told: str) -> None:
    with shop() as one, pytest.raises(BadFilter, match=told):
        one.count(where)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.array([1, 2]), [1, 2]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["2026-01-31"], dtype="datetime64[ns]"), ["2026-01-31T00:00:00"]),
        (np.datetime64("2026-01-31"), "2026-01-31"),
        (np.datetime64("2026-01-31T09:30", "ns"), "2026-01-31T09:30:00"),
    ],
)
def test_metadata_takes_arrays_and_dates_of_numpy(value: Any, kept: Any) -> None:
    with shop() as one:
        one.add(cs.Item("5", "a bench", {"x": value}))
        assert kept == one["5"].metadata["x"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a"}, r"write sorted\(value\)"),
        (UUID(int=1), r"write str\(value\)"),
        (Path("a"), r"write str\(value\)"),
        (np.datetime64("NaT", "s"), "leave it out"),
    ],
)
def test_metadata_that_is_not_kept_says_what_to_write(value: Any, told: str) -> None:
    with shop() as one, pytest.raises(BadItem, match=told):
        one.add(cs.Item("5", "a bench", {"x": value}))


def test_a_missing_date_of_pandas_is_left_out_and_not_written() -> None:
    pandas = pytest.importorskip("pandas")
    with shop() as one, pytest.raises(BadItem, match="leave it out"):
        one.add(cs.Item("5", "a bench", {"x": pandas.NaT}))


def test_no_hits_say_why() -> None:
    with shop() as one:
        [note] = one.search("a rake", where={"city": "graz"}).notes
        assert note.startswith("no item passes the filter")
        assert [note] == list(one.search("a rake", where={"city": "graz"}, sort="price").notes)
        assert not one.search("a rake", where={"city": "Graz"}).notes
    with cs.open(":memory:", model=tiny_model()) as empty:
        assert ("no item is stored",) == empty.search("a rake").notes


def test_one_name_of_a_field_is_a_list_of_it() -> None:
    with shop() as one:
        assert ["city"] == [facet.name for facet in one.facets(fields="city").fields]


@pytest.mark.parametrize("lists", ["log.csv", ["1", "2"], [[1, 2]], [{"1": 1, "2": 2}]])
def test_a_session_is_a_list_of_ids_and_no_letters_of_one(lists: Any) -> None:
    with pytest.raises(BadArgument, match=r"list of ids|lists of ids"):
        Sessions.of(lists)


def test_the_columns_of_a_frame_are_no_sessions() -> None:
    import pyarrow

    with pytest.raises(BadArgument, match=r"Sessions\.read"):
        Sessions.of(pyarrow.table({"session": ["a"], "item": ["b"]}))


def test_an_export_is_a_parquet_file_by_its_name(tmp_path: Path) -> None:
    with shop() as one, pytest.raises(BadArgument, match=r"ends in \.parquet"):
        one.export(tmp_path / "out.csv")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Path("a.jpg"), r"Image\(\.\.\.\)"),
        (np.zeros((2, 2, 3), np.uint8), r"Image\(\.\.\.\)"),
        (["a", "b"], "search_many"),
        (cs.Item("1", "a rake"), "like=item.id"),
    ],
)
def test_a_question_of_another_type_says_what_to_write(content: Any, told: str) -> None:
    with shop() as one, pytest.raises(BadItem, match=told):
        one.search(content)


@pytest.mark.parametrize("given", [b"abc", {"text": "a"}, Path("a.jpg"), None])
def test_what_is_no_list_is_not_told_to_become_one(given: Any) -> None:
    with pytest.raises(BadArgument, match="of str, Image, Part or Parts"):
        tiny_model().encode(given)


def test_a_url_of_a_picture_is_not_looked_for_as_a_file() -> None:
    with pytest.raises(BadInput, match="is a URL, and nothing is fetched"):
        tiny_model().encode_document([cs.Image("https://example.com/a.jpg")])


def test_a_name_of_the_hub_says_how_it_comes() -> None:
    with pytest.raises(ModelNotFound, match="models add hf:org/name"):
        cs.load("org/name")


@pytest.mark.parametrize(
    ("rows", "told"), [(["a"], '"text"'), ([cs.Item("1", "a")], "Items as they are"), ([5], "int")]
)
def test_rows_that_are_no_dicts_are_refused_at_once(rows: Any, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        cs.read(rows)


def test_an_open_file_is_asked_for_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,title\n1,a rake\n", encoding="utf-8")
    with path.open(encoding="utf-8") as file, pytest.raises(BadArgument, match="the path of a"):
        cs.read(file)


def test_a_column_of_bytes_is_not_told_to_hold_paths() -> None:
    notes = cs.read([{"id": "1", "title": "a rake", "blob": b"x"}]).notes
    assert "column 'blob' holds bytes and is not used; image='blob'" in notes


def test_prices_of_japan_and_korea_are_numbers(tmp_path: Path) -> None:
    rows = "id,title,cost,won\n1,a rake,5900円,5000원\n2,a cup,￥1200,7000원\n"
    path = tmp_path / "prices.csv"
    path.write_text(rows, encoding="utf-8")
    first, second = cs.read(path)
    assert (5900, "JPY", "KRW") == tuple(
        first.metadata[name] for name in ("cost", "cost_currency", "won_currency")
    )
    assert 1200 == second.metadata["cost"]


def test_what_a_store_holds_is_shown_by_its_fields() -> None:
    with shop() as one:
        assert "Schema(city: string, price: number, new: bool)" == repr(one.info().schema)
