"""`cospace index --dry-run`: what would be stored, as it would be stored; nothing is written."""

from pathlib import Path

from cli_shop import Cli

SHOP = """\
Handle,Title,Variant SKU,Variant Price,Image Src
chair,Oak chair,R,9.50,https://example.com/c.jpg
chair,,B,7.00,
table,Pine table,T,129,
lamp,Brass lamp,L,5,
rug,Wool rug,G,8,
chair,Other chair,X,1,
"""


def test_the_first_three_items_are_shown_as_they_would_be_stored(cli: Cli, shop: Path) -> None:
    table = shop.parent / "new.csv"
    table.write_text(SHOP)
    ran = cli("index", table, "--dry-run")
    assert 0 == ran.code
    lines = ran.out.splitlines()
    assert f"4 items can be read of {table}" == lines[0]
    assert ["chair", "table", "lamp"] == [one[10:] for one in lines if one.startswith("id  ")]
    assert "text      Oak chair" in lines
    assert any('"Variant SKU": ["R", "B"]' in line and '"price": 7.0' in line for line in lines)
    assert any("an export of Shopify" in line for line in lines)
    assert any("'Image Src' holds URLs, which are never fetched" in line for line in lines)
    assert any("new.csv:7: Handle 'chair' stands further up" in line for line in lines)
    assert "Nothing was written." == lines[-1]
    assert not (shop.parent / "new.cospace").exists()


def test_the_same_as_json(cli: Cli, shop: Path) -> None:
    table = shop.parent / "new.csv"
    table.write_text(SHOP)
    record = cli("index", table, "--dry-run", "--json").json
    assert (4, 0, []) == (record["readable"], record["items"], record["not_in_source"])
    assert ["chair", "table", "lamp"] == [item["id"] for item in record["first"]]
    assert 7.0 == record["first"][0]["metadata"]["price"]
    assert "Oak chair" == record["first"][0]["text"]
    assert "stands further up" in record["failed"][0]["reason"]
    assert any("Shopify" in note for note in record["notes"])


def test_a_photo_and_a_long_text(cli: Cli, shop: Path) -> None:
    table = shop.parent / "new.csv"
    (shop.parent / "a.jpg").write_bytes(b"\xff\xd8\xff")
    table.write_text(f"id,title,image\n1,{'x' * 500},a.jpg\n")
    ran = cli("index", table, "--dry-run")
    assert f"{'x' * 300}... (500 characters)" in ran.out
    assert f"image     {shop.parent / 'a.jpg'}" in ran.out


def test_a_table_of_which_nothing_can_be_read(cli: Cli, shop: Path) -> None:
    table = shop.parent / "new.csv"
    table.write_text("id,title\n1,\n")
    ran = cli("index", table, "--dry-run")
    assert 2 == ran.code
    assert "0 items can be read" in ran.out
    assert "holds neither text nor image" in ran.out
