"""Exports of shops: known by their columns, the rows of one item joined, what was done told."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

import cospace as cs
from cospace.limits import override
from cospace.read.joined import Joined
from cospace.read.profiles import PROFILES, known
from cospace.read.sources import find_source
from cospace.testing import tiny_model

SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,\
Option2 Value,Variant SKU,Variant Price,Image Src,Image Position,Status
chair,Oak chair,<p>A <b>solid</b> chair</p>,Bo,Chairs,"oak, red",TRUE,Color,Red,Size,S,\
CH-R,52.90,https://example.com/c.jpg,1,active
chair,,,,,,,,Blue,,S,CH-B,49.90,https://example.com/c2.jpg,2,
chair,,,,,,,,,,,,,https://example.com/c3.jpg,3,
table,Pine table,<p>Round</p>,Bo,Tables,pine,TRUE,Title,Default Title,,,\
TB-1,129.00,https://example.com/t.jpg,1,active
"""
WOO = """\
ID,Type,SKU,Name,Published,Short description,Description,Sale price,Regular price,Categories,\
Images,Parent,Attribute 1 name,Attribute 1 value(s)
12,variable,CH,Oak chair,1,Solid,A solid <b>oak</b> chair,,,"Furniture > Chairs, Sale",\
"https://example.com/c.jpg, https://example.com/c2.jpg",,Color,"Red, Blue"
13,simple,TB-1,Pine table,1,Round,A round table,99,129,Furniture > Tables,\
https://example.com/t.jpg,,,
14,variation,CH-R,Oak chair - Red,1,,,,59,,https://example.com/r.jpg,id:12,Color,Red
15,variation,CH-B,Oak chair - Blue,1,,,,49,,,CH,Color,Blue
"""
EBAY = """\
*Action(SiteID=Germany|Country=DE|Currency=EUR),CustomLabel,*Category,*Title,*Description,PicURL,\
*StartPrice,Relationship,RelationshipDetails
Add,CH-1,3197,Oak chair,<p>Solid</p>,https://example.com/a.jpg|https://example.com/b.jpg,,,\
Color=Red;Blue
,CH-R,,,,,59.00,Variation,Color=Red
,CH-B,,,,,49.00,Variation,Color=Blue
Add,TB-1,3197,Pine table,Round,https://example.com/t.jpg,129.00,,
"""
GOOGLE = """\
id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tavailability\tbrand\tgtin\
\tproduct_type
A1\tChair\tOak chair\thttps://example.com/a1\thttps://example.com/a1.jpg\t\
https://example.com/2.jpg,https://example.com/3.jpg\t15.00 USD\tin stock\tBo\t0401234567890\t\
Furniture > Chairs
"""


MAGENTO = """\
sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,\
weight,product_online,price,url_key,base_image,qty
CH-1,,Default,simple,"Default Category/Chairs,Default Category/Sale",base,Oak chair,<p>Solid</p>,\
7.5,1,59.00,oak-chair,/c/h/chair.jpg,3
CH-1,de,,,,,Eichenstuhl,<p>Massiv</p>,,,,eichenstuhl,,
CH-1,fr,,,,,Chaise en chene,,,,55.00,,,
TB-1,,Default,simple,Default Category/Tables,base,Pine table,Round,20,1,129.00,pine-table,,1
"""


def read(path: Path, content: str, **named: Any) -> Any:
    path.write_text(content, encoding="utf-8")
    return cs.read(path, **named)


def told(reading: Any, word: str) -> str:
    [note] = [note for note in reading.notes if word in note]
    return str(note)


def test_shopify(tmp_path: Path) -> None:
    reading = read(tmp_path / "products.csv", SHOPIFY)
    chair, table = reading
    assert ("chair", "table") == (chair.id, table.id)
    assert (
        "Oak chair. Chairs. Bo. oak, red. Color: Red, Size: S, Color: Blue. A solid chair"
        == chair.parts.text
    )
    assert "Pine table. Tables. Bo. pine. Round" == table.parts.text
    expected = {
        "price": 49.9,
        "Variant Price": [52.9, 49.9],
        "Variant SKU": ["CH-R", "CH-B"],
        "options": ["Color: Red", "Size: S", "Color: Blue"],
        "Tags": ["oak", "red"],
        "Published": True,
        "Image Src": [f"https://example.com/{name}.jpg" for name in ("c", "c2", "c3")],
    }
    assert expected == {name: chair.metadata[name] for name in expected}
    assert "Option1 Name" not in chair.metadata
    assert "options" not in table.metadata
    assert (129.0, "TB-1") == (table.metadata["price"], table.metadata["Variant SKU"])
    assert [] == list(reading.failed)
    note = told(reading, "an export of Shopify")
    assert "rows of one 'Handle' are one item" in note
    assert "'price' is the least of 'Variant Price'" in note
    assert "HTML is read as its text" in told(reading, "Body (HTML)': HTML")
    assert "URLs, which are never fetched" in told(reading, "'Image Src'")


def test_shopify_of_the_newer_form(tmp_path: Path) -> None:
    reading = read(
        tmp_path / "products.csv",
        "Title,URL handle,Description,Option1 name,Option1 value,SKU,Price,Product image URL\n"
        "Oak chair,chair,Solid,Color,Red,R,9.00,https://example.com/c.jpg\n"
        ",chair,,,Blue,B,7.00,\n",
    )
    [item] = reading
    assert "chair" == item.id
    assert "Oak chair. Color: Red, Color: Blue. Solid" == item.parts.text
    assert (7.0, ["R", "B"]) == (item.metadata["Price"], item.metadata["SKU"])


def test_a_handle_that_comes_again_is_told_and_overwrites_nothing(tmp_path: Path) -> None:
    text = SHOPIFY + "chair,Other chair" + "," * 14 + "\n"
    reading = read(tmp_path / "products.csv", text)
    assert ["chair", "table"] == [item.id for item in reading]
    [failure] = reading.failed
    assert "products.csv:6" == failure.name
    assert "Handle 'chair' stands further up" in failure.reason
    assert "Sort the table by Handle" in failure.reason


def test_a_photo_beside_the_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    reading = read(
        tmp_path / "products.csv",
        "Handle,Title,Variant SKU,Image Src\nc,Chair,R,a.jpg\nc,,B,b.jpg\n",
    )
    [item] = reading
    assert tmp_path / "a.jpg" == item.parts["image"].path
    assert ["a.jpg", "b.jpg"] == item.metadata["photos"]
    assert "several photos an item" in told(reading, "several photos")


def test_another_id_joins_nothing(tmp_path: Path) -> None:
    reading = read(tmp_path / "products.csv", SHOPIFY, id="Variant SKU", text="{Option1 Value}")
    assert ["CH-R", "CH-B", "TB-1"] == [item.id for item in reading]
    assert "rows are not joined, since id= names 'Variant SKU'" in told(
        reading, "an export of Shopify"
    )


def test_an_option_can_be_named_in_a_template(tmp_path: Path) -> None:
    text = "{Title}, {Option1 Value}"
    chair, _ = read(tmp_path / "products.csv", SHOPIFY, text=text)
    assert "Oak chair, Red, Blue" == chair.parts.text


def test_a_row_without_a_handle_is_bad_alone(tmp_path: Path) -> None:
    lines = SHOPIFY.splitlines(keepends=True)
    text = "".join([*lines[:2], ",Stray" + "," * 14 + "\n", *lines[2:]])
    reading = read(tmp_path / "products.csv", text)
    found = [item.id for item in reading]
    assert "table" == found[-1]
    assert any("has no id in column 'Handle'" in failure.reason for failure in reading.failed)


def test_woocommerce(tmp_path: Path) -> None:
    reading = read(tmp_path / "products.csv", WOO)
    chair, table = reading
    assert ("12", "13") == (chair.id, table.id)
    assert "simple" not in table.parts.text and "variable" not in chair.parts.text
    assert chair.parts.text.startswith("Oak chair. Furniture > Chairs, Sale. Color: Red")
    assert "A solid oak chair" in chair.parts.text
    expected = {
        "price": 49,
        "Regular price": [59, 49],
        "SKU": ["CH", "CH-R", "CH-B"],
        "options": ["Color: Red", "Color: Blue"],
        "Categories": ["Furniture > Chairs", "Sale"],
    }
    assert expected == {name: chair.metadata[name] for name in expected}
    assert (99, 129) == (table.metadata["price"], table.metadata["Regular price"])
    assert "a product and its variations are one item" in told(reading, "an export of WooCommerce")
    assert "the first of an item's rows is kept" in told(reading, "column 'Name'")


def test_woocommerce_in_german(tmp_path: Path) -> None:
    text = (
        "ID,Typ,Artikelnummer,Name,Beschreibung,Angebotspreis,Regulärer Preis,Kategorien,"
        "Übergeordnet,Attribut 1 Name,Attribut 1 Wert(e)\n"
        'v1,variable,ST,Stuhl,Aus Eiche,,,Möbel,,Farbe,"Rot, Blau"\n'
        'v2,variation,ST-R,Stuhl - Rot,,"49,90","59,90",,ST,Farbe,Rot\n'
    )
    [item] = read(tmp_path / "p.csv", text)
    assert "Stuhl. Farbe: Rot, Farbe: Blau. Möbel. Aus Eiche" == item.parts.text
    assert (49.9, ["ST", "ST-R"]) == (item.metadata["price"], item.metadata["Artikelnummer"])


def test_what_woocommerce_writes_for_the_file_is_taken_back(tmp_path: Path) -> None:
    text = (
        "ID,Type,SKU,Name,Description,Regular price,Categories,Attribute 1 name,"
        "Attribute 1 value(s)\n"
        '1,simple,A,"\'47 cap",Warm\\nSoft. In C:\\\\new,9,"Hats\\, caps, Sale",Fit,'
        '"Slim\\, long"\n'
        "2,simple,B,Mug,'- of clay\\n- 300 ml,5,Kitchen,,\n"
    )
    reading = read(tmp_path / "p.csv", text)
    cap, mug = reading
    assert "'47 cap. Hats, caps, Sale. Fit: Slim, long. Warm\nSoft. In C:\\new" == cap.parts.text
    assert ["Hats, caps", "Sale"] == cap.metadata["Categories"]
    assert "Mug. Kitchen. - of clay\n- 300 ml" == mug.parts.text
    assert "is read as a new line" in told(reading, "column 'Description'")
    assert "is left out" in told(reading, "the ' before digits")


def test_a_barcode_of_shopify_has_no_apostrophe(tmp_path: Path) -> None:
    text = "Handle,Title,Variant Barcode,Variant Price\na,Chair,'04012345678901,9\nb,'47 cap,,5\n"
    chair, cap = read(tmp_path / "p.csv", text)
    assert ("04012345678901", "'47 cap") == (chair.metadata["Variant Barcode"], cap.parts.text)


def test_downloaded_pictures_are_found_by_the_names_of_their_urls(tmp_path: Path) -> None:
    """The export holds addresses; the pictures themselves lie in a folder."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    for name in ("red chair.png", "b.png"):
        Pillow.new("RGB", (8, 8)).save(tmp_path / "pictures" / name)
    host = "https://cdn.example.org"
    text = (
        "Handle,Title,Variant Price,Image Src\n"
        f"chair,Chair,5,{host}/files/red%20chair.png?v=17\n"
        f"chair,,,{host}/files/b.png#x\n"
        f"lamp,Lamp,7,{host}/gone.png\n"
        f"rug,Rug,9,{host}/..%2Fsecret.png\n"
        f"bed,Bed,9,{host}/..\n"
    )
    (tmp_path / "p.csv").write_text(text)
    reading = cs.read(tmp_path / "p.csv", image="Image Src", images=tmp_path / "pictures")
    chair, *others = reading
    paths = [part.path.name for kind, part in chair.parts.items() if kind != "text"]
    assert ["red chair.png", "b.png"] == paths
    assert [["text"]] * 3 == [list(item.parts) for item in others]
    gone, secret, above = (one.reason for one in reading.partial)
    assert f"photo missing: gone.png ({host}/gone.png), looked for in" in gone
    assert "photo missing: secret.png" in secret
    assert "lies outside" in above
    without = cs.read(tmp_path / "p.csv", image="Image Src")
    assert [["text"]] * 4 == [list(item.parts) for item in without]


def test_a_downloaded_picture_that_is_away_keeps_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    picture = tmp_path / "pictures" / "chair.png"
    Pillow.new("RGB", (8, 8)).save(picture)
    table = tmp_path / "p.csv"
    table.write_text(
        "Handle,Title,Variant Price,Image Src\nchair,Chair,5,https://cdn.example.org/chair.png\n"
    )
    given: dict[str, Any] = {"image": "Image Src", "images": tmp_path / "pictures"}
    with cs.open(":memory:", model="starter") as shop:
        shop.upsert(cs.read(table, **given))
        picture.unlink()
        report = shop.upsert(cs.read(table, **given))
        assert (1, 1) == (report.unchanged, report.kept)
        assert 1 == shop.info().fields["image"]


def test_two_urls_that_end_alike_are_not_one_picture(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Pillow.new("RGB", (8, 8)).save(tmp_path / "pictures" / "front.png")
    host = "cdn.example.org"
    (tmp_path / "p.csv").write_text(
        "Handle,Title,Variant Price,Image Src\n"
        f"chair,Chair,5,https://{host}/chair/front.png?v=1\n"
        f"stool,Stool,6,http://{host}/chair/front.png?v=2\n"
        f"lamp,Lamp,7,https://{host}/lamp/front.png\n"
        f"rug,Rug,8,//{host}/rug/front.png\n"
        f"bed,Bed,9,//{host}/chair/front.png\n"
    )
    reading = cs.read(tmp_path / "p.csv", image="Image Src", images=tmp_path / "pictures")
    assert [True, True, False, False, True] == ["image" in item.parts for item in reading]
    one, two = reading.partial
    assert f"{host}/rug/front.png now" in two.reason
    assert f"{host}/chair/front.png came first, {host}/lamp/front.png now" in one.reason


def test_each_variant_is_found_by_its_own_number(tmp_path: Path) -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.upsert(read(tmp_path / "products.csv", SHOPIFY))
    for sku, id in (("CH-R", "chair"), ("ch-b", "chair"), ("TB 1", "table")):
        assert id == shop.search(sku)[0].id
    assert ["chair"] == [item.id for item in shop.get(where={"options": "Color: Blue"})]
    assert ["chair"] == [item.id for item in shop.get(where={"price": {"$lt": 50}})]
    assert ["chair"] == [item.id for item in shop.get(where={"Tags": "oak"})]


def test_prices_of_variants_are_updated(tmp_path: Path) -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.upsert(read(tmp_path / "products.csv", SHOPIFY))
    path = tmp_path / "prices.csv"
    path.write_text("Handle,Variant SKU,Variant Price\nchair,CH-R,40\nchair,CH-B,39\n")
    shop.update(cs.read(path, changes=True))
    assert (39, "Oak chair") == tuple(shop["chair"].metadata[name] for name in ("price", "Title"))


def test_woocommerce_without_variations(tmp_path: Path) -> None:
    text = "ID,Type,SKU,Name,Regular price,Sale price,Images\n"
    rows = "1,simple,A,Chair,9,7,\n1,simple,B,Table,5,,\n"
    reading = read(tmp_path / "p.csv", text + rows)
    assert [("1", "Chair", 7), ("1", "Table", 5)] == [
        (item.id, item.parts.text, item.metadata["price"]) for item in reading
    ]
    assert "are one item" not in told(reading, "an export of WooCommerce")


def test_woocommerce_without_the_column_of_ids(tmp_path: Path) -> None:
    lines = [line.split(",", 1)[1] for line in WOO.splitlines(keepends=True)]
    reading = read(tmp_path / "products.csv", "".join(lines).replace("id:12", "CH"))
    chair, table = reading
    assert ("CH", "TB-1") == (chair.id, table.id)
    assert ["CH-R", "CH-B"] == chair.metadata["variations"]
    assert "'SKU' of variations are kept as 'variations'" in told(reading, "WooCommerce")


def test_a_variation_without_its_product_is_told(tmp_path: Path) -> None:
    reading = read(tmp_path / "p.csv", WOO.replace("id:12", "id:99"))
    assert 2 == len(list(reading))
    [failure] = reading.failed
    assert "a variation of 'id:99', which is not among" in failure.reason


def test_ebay(tmp_path: Path) -> None:
    reading = read(tmp_path / "ebay.csv", EBAY)
    chair, table = reading
    assert ("CH-1", "TB-1") == (chair.id, table.id)
    assert "Oak chair. Solid" == chair.parts.text
    assert ["CH-R", "CH-B"] == chair.metadata["variations"]
    assert 49.0 == chair.metadata["price"]
    assert ["Color=Red;Blue", "Color=Red", "Color=Blue"] == chair.metadata["RelationshipDetails"]
    assert "'PicURL'" in told(reading, "URLs, which are never fetched")


def test_magento(tmp_path: Path) -> None:
    """Rows of other store views must not take the place of the item, and of its price."""
    reading = read(tmp_path / "magento.csv", MAGENTO)
    chair, table = reading
    assert ("CH-1", "TB-1") == (chair.id, table.id)
    assert str(chair.parts.text).startswith("Oak chair")
    assert "Eichenstuhl" not in str(chair.parts.text)
    assert (59.0, 129.0) == (chair.metadata["price"], table.metadata["price"])
    assert ["Default Category/Chairs", "Default Category/Sale"] == chair.metadata["categories"]
    assert "store_view_code" not in chair.metadata
    assert "the first of an item's rows is kept" in told(reading, "column 'price'")
    assert 0 == len(reading.failed)


def test_a_store_view_further_down_is_told(tmp_path: Path) -> None:
    lines = MAGENTO.splitlines(keepends=True)
    reading = read(tmp_path / "magento.csv", "".join([*lines[:2], lines[4], *lines[2:4]]))
    assert [59.0, 129.0] == [item.metadata["price"] for item in reading]
    assert 2 == len(reading.failed)
    assert all("Sort the table by sku" in failure.reason for failure in reading.failed)


def test_google_shopping(tmp_path: Path) -> None:
    reading = read(tmp_path / "feed.tsv", GOOGLE)
    [item] = reading
    assert "A1" == item.id
    assert "Chair. Furniture > Chairs. Bo. Oak chair" == item.parts.text
    assert (15.0, "USD") == (item.metadata["price"], item.metadata["price_currency"])
    assert "0401234567890" == item.metadata["gtin"]
    assert told(reading, "an export of Google Shopping")
    for column in ("image_link", "additional_image_link", "link"):
        assert told(reading, f"column {column!r} holds URLs")


def test_dicts_and_updates_join_too() -> None:
    rows = [
        {"Handle": "chair", "Variant SKU": "R", "Variant Price": 9.5},
        {"Handle": "chair", "Variant SKU": "B", "Variant Price": 7},
    ]
    [item] = cs.read(rows, changes=True)
    assert ("chair", 7, ["R", "B"]) == (
        item.id,
        item.metadata["price"],
        item.metadata["Variant SKU"],
    )


@pytest.mark.parametrize(
    ("prices", "least"),
    [
        ([9.5, "on request"], 9.5),
        (["on request", "ask"], "on request"),
        (["on request", 7, 9], 7),
        ([5], 5),
        ([None, None], None),
        ([float("nan"), 3], 3),
    ],
)
def test_the_least_price_where_some_are_none(prices: list[Any], least: Any) -> None:
    rows = [
        {"Handle": "c", "Title": "Chair", "Variant SKU": f"S{n}", "Variant Price": price}
        for n, price in enumerate(prices)
    ]
    reading = cs.read(rows)
    [item] = reading
    assert least == item.metadata.get("price")


def test_a_price_that_is_no_number_costs_the_price_and_is_told(tmp_path: Path) -> None:
    rows = "".join(f"h{n},Chair,S{n},5\n" for n in range(20))
    text = f"Handle,Title,Variant SKU,Variant Price\n{rows}c,Chair,R,5\nc,,B,ask\n"
    reading = read(tmp_path / "p.csv", text)
    *_, item = reading
    assert ("c", "Chair") == (item.id, item.parts.text)
    assert {"Variant Price": 1, "price": 1} == reading.left_out
    assert "'ask' is not a number" in next(iter(reading.partial)).reason


def test_columns_to_keep_may_be_those_that_are_made(tmp_path: Path) -> None:
    chair, _ = read(tmp_path / "p.csv", SHOPIFY, metadata=["price", "options"])
    assert {"price", "options"} == set(chair.metadata)


def test_an_item_of_too_many_bytes_is_told(tmp_path: Path) -> None:
    text = "Handle,Title,Variant SKU\n" + "".join(f"c,,{'x' * 50}{i}\n" for i in range(9))
    with override(join_bytes=200):
        reading = read(tmp_path / "p.csv", text.replace("c,,", "c,Chair,", 1) + "t,Table,1\n")
        chair, table = reading
    assert ("c", "t") == (chair.id, table.id)
    assert len(chair.metadata["Variant SKU"]) < 9
    assert len(reading.failed) == 9 - len(chair.metadata["Variant SKU"])
    assert "more than 200 bytes in its rows" in next(iter(reading.failed)).reason


def test_products_that_wait_are_bounded(tmp_path: Path) -> None:
    """Of the many products before a variation, only the last are held in memory."""
    rows = "".join(f"{i},simple,S{i},Chair {i},,,\n" for i in range(50))
    text = f"ID,Type,SKU,Name,Parent,Images,Regular price\n{rows}51,variation,V,,id:0,,5\n"
    with override(join_bytes=100):
        reading = read(tmp_path / "p.csv", text)
        assert 50 == len(list(reading))
    assert "a variation of 'id:0'" in next(iter(reading.failed)).reason


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_each_row_is_in_an_item_or_told(handles: list[str]) -> None:
    rows = [
        {"Handle": handle, "Title": handle, "Variant SKU": f"{handle}{number}"}
        for number, handle in enumerate(handles)
    ]
    reading = cs.read(rows)
    items = {item.id: item.metadata["Variant SKU"] for item in reading}
    assert set(handles) == set(items)
    skus = [sku for one in items.values() for sku in (one if isinstance(one, list) else [one])]
    assert len(handles) == len(set(skus)) + len(reading.failed)
    assert all(sku[0] == id for id, one in items.items() for sku in one if len(sku) > 1)


def test_each_profile_is_known_by_its_own_columns() -> None:
    names = ["Shopify", "WooCommerce", "eBay", "Magento", "Google Shopping"]
    assert names == [profile.name for profile in PROFILES]
    for text, name in zip((SHOPIFY, WOO, EBAY, MAGENTO), names, strict=False):
        assert name == known(text.splitlines()[0].split(",")).name
    assert "Google Shopping" == known(GOOGLE.splitlines()[0].split("\t")).name


@pytest.mark.parametrize(
    "header",
    ["sku,title,price", "handle,title", "id,title,link", "type,sku,price", "action,title", "a"],
)
def test_a_plain_table_has_no_profile(header: str) -> None:
    assert known(header.split(",")) is None


def test_a_joined_source_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(SHOPIFY)
    source = find_source(path)
    joined = Joined(source, known(source.sample.names), lambda _kind, _note: None)
    assert list(joined.rows()) == list(joined.rows())
