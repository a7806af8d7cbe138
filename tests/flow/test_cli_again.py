"""A shop's weeks: index again with photos away, price lists, sold items, tables without ids."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shop import Cli

import cospace as cs
from cospace.store.local import LocalStore

MODEL = ("--model", "tiny-0")
ROWS = [
    "sku,name,description,price,photo",
    "A1,Chair,A chair of oak,5,red.png",
    "A2,Table,A round table,9,blue.png",
    "A3,Lamp,A lamp of brass,7,green.png",
]


@pytest.fixture
def listings(shop: Path, cli: Cli) -> Path:
    """A table of three items with photos, indexed into s.cospace."""
    path = shop.parent / "s.csv"
    path.write_text("\n".join(ROWS) + "\n")
    assert 0 == cli("index", path, *MODEL).code
    return path


def vectors(cli: Cli) -> dict[str, int]:
    found: dict[str, int] = cli("info", "s.cospace", "--json").json["vectors"]
    return found


def held(folder: str = "s.cospace") -> dict[str, tuple[str | None, dict[str, Any]]]:
    store = LocalStore(Path(folder), create=False)
    try:
        return {row.id: (row.text, dict(row.metadata)) for row in store.scan()}
    finally:
        store.close()


# --- photos ---


def test_photos_that_are_away_are_told_and_kept(listings: Path, cli: Cli) -> None:
    before = vectors(cli)
    for name in ("red", "green"):
        (listings.parent / f"{name}.png").rename(listings.parent / f"{name}.away")
    ran = cli("index", listings)
    assert 10 == ran.code
    assert "2 items named a file that cannot be read now" in ran.out
    assert all(id in ran.out for id in ("A1", "A3"))
    assert before == vectors(cli)
    ran = cli("index", listings, "--json")
    assert (10, 2, 3) == (ran.code, ran.json["report"]["kept"], ran.json["report"]["unchanged"])
    for name in ("red", "green"):
        (listings.parent / f"{name}.away").rename(listings.parent / f"{name}.png")
    assert 0 == cli("index", listings).code


def test_a_photo_that_was_never_there_is_no_stored_one(cli: Cli, shop: Path) -> None:
    (shop.parent / "red.png").unlink()
    assert 0 == cli("index", shop, *MODEL).code
    assert 0 == cli("index", shop).code


# --- tables that lack columns ---


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("sku,name,price\nA1,Chair,4\n", ["description", "image"]),
        ("sku,name,description,photo\nA1,Chair,A chair of oak,red.png\n", ["price"]),
        ("sku,name,description,price\nA1,Chair,A chair of oak,4\n", ["image"]),
        ("sku,name,price,photo\nA9,Vase,1,\nA1,Chair,4,red.png\n", ["description"]),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table_that_lacks_columns_is_refused(
    kind: str, table: str, named: list[str], listings: Path, cli: Cli
) -> None:
    head, *rows = (line.split(",") for line in table.splitlines())
    path = listings.parent / f"prices.{kind}"
    if kind == "csv":
        path.write_text(table)
    else:
        path.write_text("\n".join(json.dumps(dict(zip(head, row, strict=True))) for row in rows))
    before, counts = held(), vectors(cli)
    ran = cli("index", path, "--into", "s.cospace")
    assert 2 == ran.code
    assert "nothing was changed" in ran.out
    assert "cospace: IncompleteSource:" in ran.err
    assert all(word in ran.err for word in [*named, "--update", "--replace"])
    assert (before, counts) == (held(), vectors(cli))


def test_columns_that_no_item_of_the_table_has_are_no_matter(listings: Path, cli: Cli) -> None:
    (listings.parent / "new.csv").write_text("sku,name\nB1,Vase\n")
    assert 0 == cli("index", "new.csv", "--into", "s.cospace").code
    assert 4 == len(held())


def test_a_new_column_and_an_edited_text_are_no_matter(listings: Path, cli: Cli) -> None:
    rows = [f"{row},{i}" for i, row in enumerate(ROWS)]
    rows[0] = ROWS[0] + ",stock"
    rows[1] = rows[1].replace("of oak", "of old oak")
    listings.write_text("\n".join(rows) + "\n")
    assert 0 == cli("index", listings).code
    assert ("Chair. A chair of old oak", 1) == (held()["A1"][0], held()["A1"][1]["stock"])


def test_replace_replaces_whole(listings: Path, cli: Cli) -> None:
    (listings.parent / "prices.csv").write_text("sku,name,price\nA1,Chair,4\n")
    assert 0 == cli("index", "prices.csv", "--into", "s.cospace", "--replace").code
    assert ("Chair", {"name": "Chair", "price": 4}) == held()["A1"]
    assert {"text": 3, "image": 2} == vectors(cli)


@pytest.mark.parametrize(
    "words",
    [
        ("update", "s.cospace", "prices.csv"),
        ("index", "prices.csv", "--into", "s.cospace", "--update"),
    ],
)
@pytest.mark.parametrize("head", ["sku,price", "sku,name,price"])
def test_an_update_changes_what_is_given(
    head: str, words: tuple[str, ...], listings: Path, cli: Cli
) -> None:
    cells = "A1,4" if head == "sku,price" else "A1,Chair,4"
    (listings.parent / "prices.csv").write_text(f"{head}\n{cells}\n{cells.replace('A1', 'A9')}\n")
    before = held()
    ran = cli(*words)
    assert 0 == ran.code
    assert "1 updated" in ran.out
    assert "'A9'" in ran.out
    assert {**before, "A1": (before["A1"][0], {**before["A1"][1], "price": 4})} == held()
    assert {"text": 3, "image": 3} == vectors(cli)


def test_an_update_of_nothing_stored_is_exit_2(listings: Path, cli: Cli) -> None:
    (listings.parent / "prices.csv").write_text("sku,price\nZ1,4\n")
    assert 2 == cli("update", "s.cospace", "prices.csv").code
    assert 4 == cli("update", "s.cospace", "prices.csv", "--strict").code
    assert 4 == cli("update", "gone.cospace", "prices.csv").code
    ran = cli("index", "prices.csv", "--into", "s.cospace", "--update", "--prune")
    assert (2, True) == (ran.code, "--update goes without" in ran.err)


# --- items that are gone ---


def shorter(listings: Path, rows: list[str]) -> None:
    listings.write_text("\n".join(rows) + "\n")


def test_items_that_are_gone_are_counted_listed_and_pruned(listings: Path, cli: Cli) -> None:
    shorter(listings, ROWS[:2])
    ran = cli("index", listings)
    assert 0 == ran.code
    assert "2 stored items are not in" in ran.out
    assert "--prune" in ran.out
    before = held()
    ran = cli("index", listings, "--dry-run")
    assert 0 == ran.code
    assert ["A2", "A3"] == [line for line in ran.out.splitlines() if line in before]
    ran = cli("index", listings, "--dry-run", "--prune", "--json")
    assert ["A2", "A3"] == ran.json["not_in_source"]
    assert before == held()
    ran = cli("index", listings, "--prune")
    assert 0 == ran.code
    assert "2 stored items removed" in ran.out
    assert ["A1"] == list(held())
    ran = cli("index", listings, "--prune", "--json")
    assert (0, 0) == (ran.json["not_in_source"], ran.json["removed"])


def test_a_duplicate_id_is_not_counted_as_gone(listings: Path, cli: Cli) -> None:
    """Neither where both of its rows are in one batch, nor where they are in two."""
    shorter(listings, [*ROWS, ROWS[1].replace("oak", "ash")])
    assert "not in" not in cli("index", listings).out
    ran = cli("index", listings, "--into", "new.cospace", *MODEL)
    assert "1 duplicate id (" in ran.out and "not in" not in ran.out
    shorter(listings, [*ROWS[:3], ROWS[1].replace("oak", "elm")])
    assert 1 == cli("index", listings, "--json").json["not_in_source"]


def test_rows_that_failed_are_not_counted_as_gone(listings: Path, cli: Cli) -> None:
    """A first index holds what it holds: nothing of it is gone, whatever failed."""
    shorter(listings, [*ROWS, ROWS[1].replace("oak", "ash"), "A9,Table", ",Lamp,A lamp,7,"])
    ran = cli("index", listings, "--into", "new.cospace", *MODEL)
    assert "2 failed" in ran.out and "not in" not in ran.out
    shorter(listings, [*ROWS[:3], "A9,Table"])
    ran = cli("index", listings)
    assert "up to" in ran.out and "--prune removes nothing" in ran.out


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([*ROWS[:2], "A2,Table"], "1 row or file"),
        ([*ROWS[:2], ",Lamp,A lamp,7,"], "1 row or file"),
        ([*ROWS[:2], '"A2,Table'], "1 row or file"),
        ([*ROWS[:2], "A2,,,,"], "1 row or file"),
        (ROWS[:1], "holds no items"),
    ],
)
@pytest.mark.parametrize("option", ["--prune", "--dry-run"])
def test_a_source_that_was_not_read_whole_prunes_nothing(
    option: str, rows: list[str], says: str, listings: Path, cli: Cli
) -> None:
    before = held()
    shorter(listings, rows)
    ran = cli("index", listings, option)
    assert 2 == ran.code
    assert "IncompleteSource: nothing was removed" in ran.err
    assert says in ran.err
    assert before == held()
    ran = cli("index", listings, option, "--json")
    assert "IncompleteSource" == ran.json["error"]["type"]


def test_a_folder_below_that_cannot_be_listed_prunes_nothing(
    cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    notes = shop.parent / "notes"
    (notes / "sub").mkdir(parents=True)
    (notes / "a.txt").write_text("a chair")
    (notes / "sub" / "b.txt").write_text("a table")
    assert 0 == cli("index", "notes", *MODEL).code
    real = os.scandir

    def scandir(path: Any) -> Any:  # root may list every folder
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    ran = cli("index", "notes", "--prune")
    assert 2 == ran.code
    assert "sub: the folder cannot be listed: Permission denied" in ran.err
    monkeypatch.undo()
    assert 2 == len(held(str(shop.parent / "notes.cospace")))


def test_a_table_without_ids_holds_each_row_once(cli: Cli, shop: Path) -> None:
    table = shop.parent / "n.csv"
    table.write_text("title,price\nRed chair,5\nBlue table,9\nGreen lamp,7\n")
    cli("index", table, *MODEL)
    table.write_text("title,price\nBlue table,8\nGreen lamp,7\n")
    ran = cli("index", table)
    assert "1 stored item is not in" in ran.out
    assert 0 == cli("index", table, "--prune").code
    assert ["Blue table", "Green lamp"] == [text for text, _ in held("n.cospace").values()]


# --- delete ---


def test_delete_by_id_and_by_filter(listings: Path, cli: Cli) -> None:
    ran = cli("delete", "s.cospace", "A1", "Z9")
    assert 0 == ran.code
    assert "1 item deleted" in ran.out
    assert "Z9" in ran.err
    assert 4 == cli("delete", "s.cospace", "A1").code
    where = '{"price": {"$gt": 8}}'
    assert ["A2"] == cli("delete", "s.cospace", "--where", where, "--dry-run", "--json").json[
        "would_delete"
    ]
    assert 2 == len(held())
    assert 1 == cli("delete", "s.cospace", "--where", where, "--json").json["deleted"]
    assert ["A3"] == list(held())


@pytest.mark.parametrize(
    "words", [(), ("A1", "--where", '{"price": 5}'), ("--where", "{}"), ("--where", "[1]")]
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_delete_that_is_not_clear_is_refused(
    words: tuple[str, ...], dry: tuple[str, ...], listings: Path, cli: Cli
) -> None:
    assert 2 == cli("delete", "s.cospace", *words, *dry).code
    assert 3 == len(held())


def test_delete_needs_no_model_and_a_collection(listings: Path, cli: Cli, tmp_path: Path) -> None:
    with cs.open("s.cospace") as shop:
        assert 1 == shop.delete("A1")
    assert 4 == cli("delete", "gone.cospace", "A1").code
    assert not (tmp_path / "gone.cospace").exists()


# --- cells ---


def test_odd_cells_are_told_by_column(cli: Cli, shop: Path) -> None:
    table = shop.parent / "odd.csv"
    rows = [f"A{n},Chair {n},{n},52.5,13.4" for n in range(20)]
    rows += ["X,Lamp,on request,52.5,13.4", 'Y,Sofa,"1.299,00","52,52","13,40"']
    table.write_text("\n".join(["sku,name,price,lat,lon", *rows]) + "\n")
    ran = cli("index", table, *MODEL)
    assert 0 == ran.code
    assert "22 added" in ran.out
    assert "(price 1)" in ran.out
    assert {"name", "location"} == set(held("odd.cospace")["X"][1])
    kept = held("odd.cospace")["Y"][1]  # a decimal comma is read, also in a place
    assert (1299, {"lat": 52.52, "lon": 13.4}) == (kept["price"], kept["location"])
