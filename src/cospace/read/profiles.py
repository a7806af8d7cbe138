"""Profiles: the exports of shops, known by their columns: which rows are one item, and what else.

A profile is a record; headers in it are written as `names.bare` gives them. `joined` acts on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cospace.read.names import bare, starting

__all__ = ["PROFILES", "Profile", "known"]


@dataclass(frozen=True)
class Profile:
    """What is known of one shop's export.

    A table is one where for each group of `signs` a column begins with one of the group.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    # The column that is the id, and is the same in all rows of an item; "" where rows have none.
    key: tuple[str, ...] = ()
    # A column that is filled in rows of a variation: it names the item, or where it does not
    # (`before`), the row belongs to the item before.
    parent: tuple[str, ...] = ()
    before: bool = False
    # Another column that a parent may be named by.
    alias: tuple[str, ...] = ()
    # Beginnings of columns of which an item keeps the values of all its rows.
    several: tuple[str, ...] = ()
    # Columns of prices; the least of an item becomes "price".
    prices: tuple[str, ...] = ()
    # Columns of the n-th option: its name, and its value or values.
    options: tuple[tuple[str, str], ...] = ()
    between: str = ""  # separates values of an option within a cell
    # Columns of several values with commas between them.
    lists: tuple[str, ...] = ()
    # Columns where a backslash and an n stand for a new line.
    breaks: tuple[str, ...] = ()
    # Columns that look like a text and are none.
    quiet: tuple[str, ...] = ()
    # Columns that say which of its rows it is, and nothing of the item.
    unused: tuple[str, ...] = ()
    # Items that wait for further rows; 1 where all rows of an item stand together.
    window: int = 1

    @property
    def joins(self) -> bool:
        """Whether several rows can be one item."""
        return bool(self.key or self.parent)


PROFILES = (
    Profile(
        "Shopify",
        signs=(
            ("handle", "url handle"),
            ("variant ", "option1 ", "body html", "image src", "product image url"),
        ),
        key=("handle", "url handle"),
        several=(
            "variant", "image", "product image", "sku", "barcode", "price", "compare at price",
            "cost per item", "inventory quantity", "weight value",
        ),
        prices=("variant price", "price"),
        options=(("option{} name", "option{} value"),),
        lists=("tags",),
    ),
    Profile(
        "WooCommerce",  # its headers are translated
        signs=(
            ("type", "typ"), ("sku", "artikelnummer"), ("regular price", "regulaerer preis"),
            ("categories", "images", "parent", "kategorien", "bilder"),
        ),
        key=("id",),
        parent=("parent", "uebergeordnet", "uebergeordnetes produkt"),
        alias=("sku", "artikelnummer"),
        several=(
            "sku", "images", "regular price", "sale price", "gtin", "artikelnummer", "bilder",
            "regulaerer preis", "angebotspreis",
        ),
        prices=("sale price", "regular price", "angebotspreis", "regulaerer preis"),
        options=(
            ("attribute {} name", "attribute {} value s"),
            ("attribut {} name", "attribut {} wert e"),
        ),
        between=",",
        lists=("categories", "tags", "kategorien", "schlagwoerter"),
        breaks=("description", "short description", "beschreibung", "kurzbeschreibung"),
        quiet=("type", "typ"),
        window=10_000,
    ),
    Profile(
        "eBay",
        signs=(("action",), ("title",), ("start price", "picurl", "custom label", "category")),
        key=(),
        parent=("relationship",),
        before=True,
        several=("custom label", "start price", "picurl", "relationship details"),
        prices=("start price",),
    ),
    Profile(
        "Magento",  # and Adobe Commerce; further rows of an item are what other store views change
        signs=(("sku",), ("store view code",), ("attribute set code", "product type")),
        key=("sku",),
        lists=("categories",),
        quiet=("attribute set code", "product type", "tax class name", "visibility", "url key"),
        unused=("store view code",),
    ),
    Profile(
        "Google Shopping",
        signs=(("id",), ("title",), ("link",), ("image link", "availability")),
    ),
)  # fmt: skip


def known(names: Sequence[str]) -> Profile | None:
    """The profile of a table with these columns, or None.

    >>> known(["Handle", "Title", "Variant SKU"]).name, known(["sku", "title"])
    ('Shopify', None)
    """
    headers = [bare(name) for name in names]
    return next(
        (
            profile
            for profile in PROFILES
            if all(any(starting(sign, header) for header in headers for sign in group)
                   for group in profile.signs)
        ),
        None,
    )  # fmt: skip
