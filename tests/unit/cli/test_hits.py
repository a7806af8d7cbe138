"""The table of hits: the columns that a shop asks for."""

import pytest

import cospace as cs
from cospace.cli.hits import hit_table, title_of
from cospace.testing.tiny import tiny_model

# As WooCommerce writes it: what is the same everywhere stands before what tells items apart.
ROWS = [
    {"Status": "active", "Steuer": "taxable", "Versand": "yes", "Art": "simple", "Titel": title,
     "Marke": brand, "price": price}
    for title, brand, price in (("Rock", "Fjella", 19.5), ("Hut", "Alba", 9.0), ("Hemd", "Ro", 5.0))
]  # fmt: skip


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> cs.Collection:
    monkeypatch.setenv("COLUMNS", "120")
    shop = cs.open(":memory:", model=tiny_model())
    shop.add([cs.Item(row["Titel"], f"{row['Titel']} aus Wolle", row) for row in ROWS])
    return shop


def test_the_price_is_shown_and_what_is_the_same_comes_last(shop: cs.Collection) -> None:
    heading = hit_table(shop.search("Wolle"))[0].split()
    assert ["#", "score", "id", "title"] == heading[:4]
    assert {"Marke", "price"} < set(heading)
    assert "Titel" not in heading
    assert heading.index("Marke") < heading.index("price")  # as the table has them


def test_there_is_a_title_in_six_languages(shop: cs.Collection) -> None:
    assert {"Rock", "Hut", "Hemd"} == {title_of(hit) for hit in shop.search("Wolle")}


def test_one_hit_has_nothing_to_differ_from(shop: cs.Collection) -> None:
    heading = hit_table(shop.search("Wolle", k=1))[0].split()
    assert ["Status", "Steuer", "Versand", "price"] == heading[4:]


def test_a_price_that_stands_twice_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an export of Shopify is stored."""
    monkeypatch.setenv("COLUMNS", "120")
    shop = cs.open(":memory:", model=tiny_model())
    for title, price in (("Hut", 9.0), ("Hemd", 5.0)):
        row = {"Variant Price": price, "price": price, "Price old": 2 * price}
        shop.add([cs.Item(title, f"{title} aus Wolle", row)])
    heading = hit_table(shop.search("Wolle"))[0]
    assert "Variant Price" not in heading
    assert ["price", "Price", "old"] == heading.split()[4:]
