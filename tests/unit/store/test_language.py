"""The language of the words: recognised, told, kept, and what hangs on it."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument
from cospace.read.terms import fold
from cospace.store.language import _STOP, named, recognised, stem, stop_words

SPACE = cs.Space.of("languages", 8)
GERMAN = [
    "Alte Stühle aus Eiche, die Sitze sind neu bezogen",
    "Ein Teppich mit Fransen, für das Wohnzimmer",
    "Zwei Lampen mit Schirmen aus Stoff, ohne Kratzer",
    "Ein Tisch und vier Hocker, nur zum Abholen",
]
ENGLISH = [
    "Old chairs of oak, the seats are newly covered",
    "A rug with fringes, for the living room",
    "Two lamps with shades of cloth, without a scratch",
    "A table and four stools, to be collected",
]
OTHERS = {
    "french": "Une table en chêne avec quatre chaises, elle est dans un très bon état",
    "spanish": "Una mesa de roble con cuatro sillas, está en muy buen estado y se vende por partes",
    "italian": "Un tavolo di rovere con quattro sedie, è in ottimo stato e si vende anche da solo",
    "dutch": "Een eiken tafel met vier stoelen, het is in zeer goede staat en wordt niet gebracht",
    "portuguese": "Uma mesa de carvalho com quatro cadeiras, em muito bom estado, não se entrega",
    "swedish": "Ett bord av ek med fyra stolar, det är i mycket gott skick och kan hämtas hos oss",
    "polish": "Stół z dębu i cztery krzesła, jest w bardzo dobrym stanie, nie ma rys",
    "russian": "Стол из дуба и четыре стула, он в очень хорошем состоянии, без царапин",
    "finnish": "Tammipöytä ja neljä tuolia, se on hyvässä kunnossa mutta ilman tyynyjä",
    "czech": "Dubový stůl a čtyři židle, je ve velmi dobrém stavu, bez škrábanců",
    "hungarian": "Egy tölgy asztal és négy szék, nagyon szép, nem karcos, de van rajta folt",
    "romanian": "O masă de stejar cu patru scaune, este în stare foarte bună și nu are zgârieturi",
    "turkish": "Meşe bir masa ve dört sandalye, çok iyi, çizik yok, ama bir ayağı daha kısa",
    "danish": "Et bord af eg med fire stole, det er i meget god stand og ikke ridset",
}


def rows(n: int, seed: int = 0) -> cs.Vectors:
    return cs.Vectors(np.random.default_rng(seed).normal(size=(n, 8)), SPACE)


def add(shop: cs.Collection, texts: list[str], start: int = 0) -> None:
    ids = [f"{start + n}" for n in range(len(texts))]
    shop.add_vectors(ids, rows(len(texts), start), texts=texts)


def found(shop: cs.Collection, query: str) -> list[str]:
    return [hit.text or "" for hit in shop.search(query, by="words", spelling=False)]


@pytest.fixture(params=["memory", "folder"])
def place(request: Any, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "shop.cospace")


@pytest.mark.parametrize(("language", "text"), [*OTHERS.items()])
def test_texts_are_recognised(language: str, text: str) -> None:
    assert language == recognised([text] * 4)


def test_what_does_not_tell_is_english() -> None:
    for texts in ([], [""], ["Lumo 3000"], ["Samtsessel", "Kleiderschrank"], ENGLISH):
        assert "english" == recognised(texts)
    assert "english" == recognised(["Der Sessel"])  # one word is no language
    assert "english" == recognised([*GERMAN, *ENGLISH])
    assert "german" == recognised([*GERMAN, *GERMAN, *GERMAN, ENGLISH[0]])


@pytest.mark.parametrize(
    "titles",
    [
        ["brown pants", "black hat", "red shirt", "white shoes"],
        ["Die Hard", "War Horse", "Hat Trick", "The Third Man"],
        ["Plus size dress", "Pro bike", "Sous vide pot", "Sans Serif print"],
        ["Mint green vase", "Volt meter", "Van for sale"],
        ["N. J. Lane", "J. C. Moss", "D. S. Reed"],
        ["Red shirt, MIT", "Blue shirt, MIT"],  # one word alone is no language
    ],
)
def test_a_catalogue_of_english_titles_is_english(titles: list[str]) -> None:
    assert "english" == recognised(titles * 100)


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("german", ["Hut mit Krempe", "Tisch aus Eiche", "Lampe ohne Schirm", "Sitz fürs Auto"]),
        ("french", ["Table en chêne", "Jupe avec poches", "Lampe sans pied", "Livre sur la mer"]),
        ("spanish", ["Falda con bolsillos", "Sombrero para el sol", "Mapa y libro", "Lo mejor"]),
        ("swedish", ["Hatt med brätte", "Bord av ek", "Lampa utan skärm", "Mycket mjuk filt"]),
    ],
)
def test_a_catalogue_of_short_titles_is_recognised(language: str, titles: list[str]) -> None:
    assert language == recognised(titles * 10)


def test_norwegian_and_danish_are_near_each_other() -> None:
    text = "Et bord av eik med fire stoler, det er veldig fint og ikke ripet, etter avtale hos meg"
    assert "norwegian" == recognised([text] * 4)


def test_stop_words_are_written_as_texts_are_folded() -> None:
    for language in _STOP:
        assert stop_words(language)
        assert all(word == fold(word) for word in stop_words(language)), language


@pytest.mark.parametrize("bad", ["klingon", "", "xx", 7, None])
def test_a_language_without_a_stemmer_is_refused(bad: Any) -> None:
    with pytest.raises(BadArgument, match="german"):
        named(bad)
    with pytest.raises(BadArgument, match="german"):
        cs.open(":memory:", language=bad or "none")


def test_a_language_has_a_name_and_a_code() -> None:
    assert {"german"} == {named(one) for one in ("de", "DE", "german", "German", " german ")}
    assert "turkish" == named("tr")


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("german", "Stuhl", "Stühle"),
        ("german", "Lampe", "Lampen"),
        ("french", "chaise", "chaises"),
        ("spanish", "silla", "sillas"),
        ("dutch", "stoel", "stoelen"),
        ("swedish", "lampa", "lampor"),
        ("russian", "стул", "стулом"),
        ("russian", "новый", "новая"),
        ("turkish", "sandalye", "sandalyeler"),
    ],
)
def test_a_stem_is_of_its_language(language: str, one: str, many: str) -> None:
    assert stem(fold(one), language) == stem(fold(many), language)


def test_a_german_shop_is_searched_in_german(place: str) -> None:
    with cs.open(place) as shop:
        add(shop, GERMAN)
        assert [GERMAN[0]] == found(shop, "Stuhl")
        assert [GERMAN[2]] == found(shop, "eine Lampe mit Schirm")
        assert "german" == shop.info().language
        assert [] == found(shop, "die und für")  # stop words ask for nothing


def test_an_english_shop_stays_as_it_was(place: str) -> None:
    with cs.open(place) as shop:
        add(shop, ENGLISH)
        assert [ENGLISH[0]] == found(shop, "chair")
        assert [ENGLISH[3]] == found(shop, "stool")
        assert "english" == shop.info().language


def test_codes_are_of_no_language(place: str) -> None:
    with cs.open(place, language="de") as shop:
        add(shop, [*GERMAN, "Sessel KX-4410B", "Ein Stuhl, Nummer 4711002"])
        assert ["Sessel KX-4410B"] == found(shop, "kx4410b")
        assert ["Ein Stuhl, Nummer 4711002"] == found(shop, "4711002")


def test_a_language_that_was_told_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "shop.cospace"
    with cs.open(folder, language="german") as shop:
        add(shop, ["Stühle", "Sessel"])  # which alone do not tell
        assert ["Stühle"] == found(shop, "Stuhl")
    with cs.open(folder) as shop:
        assert ["Stühle"] == found(shop, "Stuhl")
        add(shop, ENGLISH * 9, start=10)
        assert "german" == shop.info().language
    with cs.open(folder, read_only=True) as reader:
        assert ["Stühle"] == found(reader, "Stuhl")


def test_another_language_rebuilds_the_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "shop.cospace"
    with cs.open(folder) as shop:
        add(shop, ["Lampen", "Sessel"])
        assert [] == found(shop, "Lampe")
    with cs.open(folder, language="de") as shop:
        assert ["Lampen"] == found(shop, "Lampe")
    with cs.open(folder, language="de") as shop, caplog.at_level(logging.WARNING):
        caplog.clear()
        assert ["Lampen"] == found(shop, "Lampe")
        assert not caplog.records  # the same language is no reason to rebuild
    with cs.open(folder, language="auto") as shop:
        assert [] == found(shop, "Lampe")
        assert "english" == shop.info().language


def test_a_shop_that_grows_is_listened_to_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One item tells no language; ten times as many may."""
    with cs.open(tmp_path / "shop.cospace") as shop:
        add(shop, ["Lumo"])
        assert ["Lumo"] == found(shop, "lumo")
        with cs.open(tmp_path / "shop.cospace", read_only=True) as reader:
            assert ["Lumo"] == found(reader, "lumo")
            with caplog.at_level(logging.WARNING):
                add(shop, GERMAN * 3, start=1)
                assert {GERMAN[0]} == set(found(shop, "Stuhl"))
            assert "its words are German, not English" in caplog.text
            assert {GERMAN[0]} == set(found(reader, "Stuhl"))
            assert ["Lumo"] == found(reader, "lumo")
        # From here on it takes a hundred and more to change the mind.
        add(shop, ENGLISH * 5, start=20)
        assert "german" == shop.info().language
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert "german" == shop.info().language
        assert {GERMAN[0]} == set(found(shop, "Stuhl"))


def test_readers_leave_the_language_to_the_owner(tmp_path: Path) -> None:
    with cs.open(tmp_path / "shop.cospace") as shop:
        add(shop, GERMAN)
    with pytest.raises(BadArgument, match="language="):
        cs.open(tmp_path / "shop.cospace", read_only=True, language="de")


def test_counting_items_in_memory_reads_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """`len` after each write must not index all that was written before."""
    with cs.open(":memory:") as shop:
        add(shop, GERMAN)
        with monkeypatch.context() as patch:
            patch.setattr("cospace.store.memory.document", None)
            assert (4, "") == (len(shop), shop.info().language)
        assert [GERMAN[0]] == found(shop, "Stuhl")
        assert "german" == shop.info().language
