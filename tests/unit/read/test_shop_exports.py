"""Tables as shops export them: encodings, amounts, words for yes and no, HTML, photos, width."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

import cospace as cs
from cospace.read.amounts import amount_of
from cospace.read.cells import truth_of
from cospace.read.clean import clean, is_missing
from cospace.read.markup import has_markup, text_of
from cospace.read.names import bare, first
from cospace.read.photos import pictures_in
from cospace.read.recoded import encoding_of


def table(path: Path, text: str, encoding: str = "utf-8") -> Any:
    path.write_bytes(text.encode(encoding))
    return cs.read(path)


def only(reading: Any) -> cs.Item:
    [item] = reading
    assert [] == list(reading.failed)
    return item  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", ""), ("utf-8-sig", ""), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_what_a_spreadsheet_saves(tmp_path: Path, encoding: str, told: str, separator: str) -> None:
    rows = [["id", "title", "price"], ["1", "Grüner Stuhl", '"12,50"'], ["2", "Tisch", '"99,90"']]
    text = "\r\n".join(separator.join(row) for row in rows)
    reading = table(tmp_path / "a.csv", text, encoding)
    assert [("Grüner Stuhl", 12.5), ("Tisch", 99.9)] == [
        (item.parts.text, item.metadata["price"]) for item in reading
    ]
    assert bool(told) == any("not UTF-8" in note for note in reading.notes)
    assert any(told in note for note in reading.notes)


@pytest.mark.parametrize(
    ("cell", "number", "currency"),
    [
        ("12,50", 12.5, ""),
        ("1.299,00 EUR", 1299, "EUR"),
        ("€ 1.299,00", 1299, "EUR"),
        ("$1,299.00", 1299, "USD"),
        ("£5", 5, "GBP"),
        ("220.00 EUR", 220, "EUR"),
        ("1'299.50 CHF", 1299.5, "CHF"),
        ("1,299.00", 1299, ""),
        ("1,299,000", 1_299_000, ""),
        ("1 299.50", 1299.5, ""),
        ("CHF 49.-", 49, "CHF"),
        ("1'299.\u2013", 1299, ""),
        ("1.299,-", 1299, ""),
        ("₹1,29,999.00", 129_999, "INR"),
        ("12,34,56,789", 123_456_789, ""),
    ],
)
def test_amounts_as_people_write_them(
    tmp_path: Path, cell: str, number: float, currency: str
) -> None:
    reading = table(tmp_path / "a.csv", f'id,title,price\n1,Oak chair,"{cell}"\n')
    metadata = dict(only(reading).metadata)
    assert number == metadata["price"]
    assert (currency or None) == metadata.get("price_currency")
    assert any("column 'price'" in note for note in reading.notes)


def test_thousands_beside_plain_numbers_are_numbers(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", 'id,title,price\n1,Oak,99.00\n2,Ash,"1,299.50"\n')
    assert [99, 1299.5] == [item.metadata["price"] for item in reading]
    assert any("'1,299.50' is kept as the number 1299.5" in note for note in reading.notes)


def test_numbers_with_commas_that_may_be_a_list_stay_text(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", 'id,title,sizes\n1,Oak,"100,120,140"\n2,Ash,"90,100,120"\n')
    assert ["100,120,140", "90,100,120"] == [item.metadata["sizes"] for item in reading]


def test_a_column_that_is_text_for_one_number_that_may_be_several_is_told(tmp_path: Path) -> None:
    text = 'id;title;stock\n1;Oak;98\n2;Ash;"6,360,867"\n3;Elm;"6,452"\n'
    reading = table(tmp_path / "a.csv", text)
    assert ["98", "6,360,867", "6,452"] == [item.metadata["stock"] for item in reading]
    [told] = [note for note in reading.notes if "'stock'" in note]
    assert "'6,360,867' may be one number or several; kept as text" in told


def test_mixed_currencies_are_named(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", "id,title,price\n1,Oak,12 EUR\n2,Ash,13 USD\n")
    assert ["EUR", "USD"] == [item.metadata["price_currency"] for item in reading]
    assert any("mixes currencies (EUR 1, USD 1)" in note for note in reading.notes)


@pytest.mark.parametrize(
    "text", ["oak", "12 x 30", "A-12", "12-13", "EUR", "", "1.2.3", "(12)", "1.2.-"]
)
def test_what_is_no_amount(text: str) -> None:
    assert amount_of(text) is None


@given(st.text(max_size=50))
def test_any_cell_is_an_amount_or_none(text: str) -> None:
    found = amount_of(text)
    assert found is None or isinstance(found.value("."), int | float)


@pytest.mark.parametrize(
    ("yes", "no"), [("yes", "no"), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("TRUE", "false")]
)
def test_yes_and_no_in_words(tmp_path: Path, yes: str, no: str) -> None:
    reading = table(tmp_path / "a.csv", f"id,title,new\n1,Oak,{yes}\n2,Ash,{no}\n3,Elm,{yes}\n")
    assert [True, False, True] == [item.metadata["new"] for item in reading]
    assert (True, False) == (truth_of(yes), truth_of(no))


@pytest.mark.parametrize(
    "header", ["country", "Lieferland", "País", "Shipping Country", "language"]
)
def test_countries_are_no_yes_and_no(tmp_path: Path, header: str) -> None:
    reading = table(tmp_path / "a.csv", f"id,title,{header}\n1,Oak,SI\n2,Ash,NO\n3,Elm,SI\n")
    assert ["SI", "NO", "SI"] == [item.metadata[header] for item in reading]
    reading = table(tmp_path / "b.csv", "id,title,disponible\n1,Oak,SI\n2,Ash,NO\n3,Elm,SI\n")
    assert [True, False, True] == [item.metadata["disponible"] for item in reading]


def test_names_of_models_that_look_like_powers_of_ten_stay_as_they_are(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", "sku,title,model\n1E5,Oak,1E5\n2E7,Ash,300\n300,Elm,2E7\n")
    assert [("1E5", "1E5"), ("2E7", "300"), ("300", "2E7")] == [
        (item.id, item.metadata["model"]) for item in reading
    ]
    measured = table(tmp_path / "b.csv", "id,title,mass\n1,Oak,1E+05\n2,Ash,1.5E3\n3,Elm,1e-05\n")
    assert [1e5, 1500.0, 1e-05] == [item.metadata["mass"] for item in measured]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Artikelnummer;Titel;Beschreibung;Farbe", "Sessel. rot. weich"),
        ("Référence;Nom;Description;Couleur", "Sessel. rot. weich"),
        ("Referencia;Nombre;Descripción;Color", "Sessel. rot. weich"),
        ("Codice;Titolo;Descrizione;Colore", "Sessel. rot. weich"),
        ("Artikelnummer;Naam;Omschrijving;Kleur", "Sessel. rot. weich"),
        ("SKU;Name;Description;Colour", "Sessel. rot. weich"),
    ],
)
def test_headers_in_six_languages(tmp_path: Path, header: str, expected: str) -> None:
    reading = table(tmp_path / "a.csv", f"{header}\nA1;Sessel;weich;rot\n")
    item = only(reading)
    assert ("A1", expected) == (item.id, item.parts.text)


def test_a_header_is_known_in_any_dress() -> None:
    assert bare("Product_Name") == bare("product name") == bare(" PRODUCT-NAME ")
    assert "Beschreibung" == first(("beschreibung",), ["x", "Beschreibung"])
    assert first(("title",), ["subtitle"]) is None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Oak</p><p>old</p>", "Oak old"),
        ("<b>Soft</b>ly &amp; <i>green</i>", "Softly & green"),
        ("a<br/>b", "a b"),
        ("<script>alert(1)</script>Oak", "Oak"),
        ("<style>p {}</style><p>Oak</p>", "Oak"),
        ("Caf&eacute;", "Café"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
    ],
)
def test_html_becomes_its_text(html: str, text: str) -> None:
    assert has_markup(html)
    assert text == text_of(html)


@pytest.mark.parametrize("text", ["a < b", "3 <5> 4", "x & y", "AT&T", "<3", "size <40 cm"])
def test_what_is_no_html_is_left_as_it_is(text: str) -> None:
    assert not has_markup(text) or text_of(text)


def test_html_in_a_table_is_told_once(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},Oak,<p>Solid <b>oak</b> {i}</p>" for i in range(5))
    reading = table(tmp_path / "a.csv", f"id,title,description\n{rows}\n")
    assert ["Oak. Solid oak 0"] == [item.parts.text for item in reading][:1]
    assert 1 == sum("HTML is read as its text" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("a.jpg", ["a.jpg"]),
        ("a.jpg;b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg | b.png", ["a.jpg", "b.png"]),
        ("a.jpg, b.jpg", ["a.jpg", "b.jpg"]),
        ('["a.jpg", "b.jpg"]', ["a.jpg", "b.jpg"]),
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"]),
        ("of oak, red.jpg", ["of oak, red.jpg"]),
        ("", []),
        (None, []),
    ],
)
def test_the_pictures_that_a_cell_names(cell: Any, found: list[str]) -> None:
    assert found == pictures_in(cell)


def test_the_first_photo_that_can_be_read_is_the_image(tmp_path: Path) -> None:
    for name in "bc":
        Pillow.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / f"{name}.jpg")
    reading = table(tmp_path / "a.csv", "id,title,photos\n1,Oak,gone.jpg;b.jpg;c.jpg\n")
    item = only(reading)
    assert tmp_path / "b.jpg" == item.parts["image"].path
    assert ["gone.jpg", "b.jpg", "c.jpg"] == item.metadata["photos"]
    assert any("several photos" in note for note in reading.notes)
    assert any("gone.jpg" in failure.reason for failure in reading.partial)


def test_a_wide_table_keeps_its_rows(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(300)]
    text = f"id,title,{','.join(names)}\n1,Oak,{','.join('x' * 300)}\n"
    reading = table(tmp_path / "a.csv", text)
    assert len(only(reading).metadata) <= 64
    [told] = [note for note in reading.notes if "left out of the metadata" in note]
    assert "c299" in told


def test_empty_cells_are_no_columns(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(300)]
    text = f"id,title,{','.join(names)}\n1,Oak,{',' * 299}x\n"
    assert {"title": "Oak", "c299": "x"} == dict(only(table(tmp_path / "a.csv", text)).metadata)


def test_spaces_and_words_for_nothing(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", "id , title,size,colour\n A1 ,  Oak ,NaN,null\n")
    item = only(reading)
    assert ("A1", "Oak", {"title": "Oak"}) == (item.id, item.parts.text, dict(item.metadata))
    assert any("spaces round cells are left out" in note for note in reading.notes)
    assert any("'NaN' is read as empty" in note for note in reading.notes)


def test_in_json_a_word_is_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": "1", "title": "null", "size": None}) + "\n")
    assert "null" == only(cs.read(path)).parts.text
    assert is_missing("null", cells=True)
    assert not is_missing("null", cells=False)
    assert {"a": "null"} == clean({"a": "null"}, cells=False, raw=set())


@given(st.binary(max_size=60))
def test_any_bytes_have_an_encoding(head: bytes) -> None:
    assert encoding_of(head) in ("utf-8", "cp1252", "utf-16")


def test_prices_among_words_are_told(tmp_path: Path) -> None:
    cells = ["49.90", "129", "on request", "5", "-"]
    rows = "".join(f"{i},Oak,{cell}\n" for i, cell in enumerate(cells))
    reading = table(tmp_path / "a.csv", f"id,title,price\n{rows}")
    assert cells == [item.metadata["price"] for item in reading]
    told = "'price': some cells are no numbers, such as 'on request', so all are kept as text"
    assert any(told in note for note in reading.notes)


def test_dates_among_words_are_told(tmp_path: Path) -> None:
    cells = ["2026-03-01", "2026-03-02", "yesterday"]
    rows = "".join(f"{i},Oak,{cell}\n" for i, cell in enumerate(cells))
    reading = table(tmp_path / "a.csv", f"id,title,added\n{rows}")
    assert cells == [item.metadata["added"] for item in reading]
    told = "'added': some cells are no dates, such as 'yesterday', so all are kept as text"
    assert any(told in note for note in reading.notes)


@pytest.mark.parametrize(
    "name",
    ["Sold quantity", "Available qty", "Verfügbare Menge", "Available stock", "Weight in kg",
     "Länge in m", "Sale price", "New cost"],
)  # fmt: skip
def test_amounts_of_0_and_1_are_no_yes_and_no(tmp_path: Path, name: str) -> None:
    reading = table(tmp_path / "a.csv", f"id,title,{name}\n1,Oak,0\n2,Ash,1\n3,Elm,1\n")
    found = [item.metadata[name] for item in reading]
    assert ([0, 1, 1], {int}) == (found, {type(one) for one in found})


@pytest.mark.parametrize("name", ["In stock?", "is_in_stock", "Sold", "on sale", "Is featured?"])
def test_flags_of_0_and_1_are_yes_and_no(tmp_path: Path, name: str) -> None:
    reading = table(tmp_path / "a.csv", f"id,title,{name}\n1,Oak,0\n2,Ash,1\n3,Elm,1\n")
    assert [False, True, True] == [item.metadata[name] for item in reading]


@pytest.mark.parametrize("cell", ["#N/A", "#NV", "#REF!", "#BEZUG!", "#DIV/0!", "#VALEUR!"])
def test_errors_of_a_spreadsheet_are_empty_cells(tmp_path: Path, cell: str) -> None:
    reading = table(tmp_path / "a.csv", f"id;title;price\n1;Oak;12,5\n2;Ash;{cell}\n")
    assert [{"price": 12.5}, {}] == [
        {name: value for name, value in item.metadata.items() if name != "title"}
        for item in reading
    ]
    assert f"column 'price': {cell!r} is read as empty" in reading.notes


def test_another_column_of_ids_is_named_where_the_guessed_one_has_gaps(tmp_path: Path) -> None:
    text = "Item number,Title,Custom label (SKU)\n11,Camera,A\n12,Phone,\n"
    reading = table(tmp_path / "a.csv", text)
    assert ["A"] == [item.id for item in reading]
    [told] = [note for note in reading.notes if "is empty in some rows" in note]
    assert told.endswith("Each row has an id in 'Item number': --id 'Item number'")
    whole = table(tmp_path / "b.csv", text.replace("Phone,", "Phone,B"))
    assert not any("is empty" in note for note in whole.notes)


def test_a_flat_file_of_amazon(tmp_path: Path) -> None:
    """Its first line says what it is, then come names for people, and names for programs."""
    rows = [
        ["TemplateType=custom", "Version=2021", "The top 3 rows are not for you.", ""],
        ["Seller SKU", "Product Name", "Product Description", "Standard Price"],
        ["item_sku", "item_name", "product_description", "standard_price"],
        ["A-1", "Running shoe", "Light.", "79.99"],
        ["A-2", "Hiking boot", "Waterproof.", "129.00"],
    ]
    text = "\n".join("\t".join(row) for row in rows)
    reading = table(tmp_path / "a.tsv", text)
    found = [(item.id, item.metadata["standard_price"]) for item in reading]
    assert [("A-1", 79.99), ("A-2", 129.0)] == found
    note = "it is read as one text, and looks like a table with tabs between its cells: to read"
    assert any(note in one for one in table(tmp_path / "a.txt", text).notes)
    assert [] == table(tmp_path / "b.txt", "A text.\n\tIndented.\n\tMore.\n").notes


def test_yes_and_no_in_several_forms(tmp_path: Path) -> None:
    rows = "1,Oak,TRUE,yes\n2,Ash,FALSE,no\n3,Elm,WAHR,1\n4,Fir,falsch,0\n"
    reading = table(tmp_path / "a.csv", f"id,title,sold,active\n{rows}")
    found = [(item.metadata["sold"], item.metadata["active"]) for item in reading]
    assert [(True, True), (False, False), (True, True), (False, False)] == found


def test_a_table_without_names_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(cs.errors.BadArgument, match="write a row of names above it"):
        table(tmp_path / "a.csv", "A1,Chair,Oak,5\nA2,Table,Pine,9\n")


def test_columns_of_pictures_and_links_that_are_not_used_are_named(tmp_path: Path) -> None:
    text = "id,title,page,front view\n1,Oak,https://example.com/1,front.jpg\n"
    reading = table(tmp_path / "a.csv", text)
    assert {"page", "front view"} <= set(only(reading).metadata)
    assert any("column 'page' holds URLs, which are never" in note for note in reading.notes)
    assert any(
        "column 'front view' holds paths of pictures and is not used" in note
        for note in reading.notes
    )


def test_ids_that_a_frame_made_fractions_are_whole() -> None:
    rows = [{"id": 1.0, "title": "Oak"}, {"id": float("nan"), "title": "Ash"}, {"id": 1.5}]
    reading = cs.read(rows)
    assert ["1"] == [item.id for item in reading]
    assert 2 == len(reading.failed)
    assert any("ids such as 1.0 are read as 1" in note for note in reading.notes)


def test_a_field_that_an_item_lacks_is_asked_for_with_get(tmp_path: Path) -> None:
    reading = table(tmp_path / "a.csv", "id,title,color\n1,Oak,red\n2,Ash,\n")
    assert ["red", None] == [item.metadata.get("color") for item in reading]
