"""A model of two languages: its words have tags, its texts need none, its folder comes back."""

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.words import BilingualModel, WordVectors
from cospace.encode.words.languages import Languages
from cospace.encode.words.reading import split_words
from cospace.errors import BadArgument, BadInput, BadItem, ModelDamaged, UnknownWord
from cospace.testing import check_encoder

ENGLISH = ["the", "red", "sofa", "lamp", "gift"]
GERMAN = ["die", "rotes", "couch", "lampe", "gift"]
COUNTS = np.array([1_000, 50, 40, 30, 20], np.int64)


def furniture(counts: bool = True) -> BilingualModel:
    """Words of one meaning stand on one axis; "gift" is a present, and in German poison."""
    rows = np.eye(6, dtype=np.float32)
    known = COUNTS if counts else None
    english = WordVectors(ENGLISH, rows[:5], known)
    german = WordVectors(GERMAN, rows[[0, 1, 2, 3, 5]], None if known is None else 5 * known)
    return BilingualModel.joined("furniture", {"en": english, "de": german})


def test_a_word_is_translated_both_ways() -> None:
    model = furniture()
    assert "couch" == model.translate("sofa", to="de", k=1)[0].word
    assert "sofa" == model.translate("couch", to="en", k=1)[0].word
    assert "lampe" == model.translate("en:lamp", "de", k=1)[0].word
    assert 5 == len(model.translate("Sofa", to="de", k=100))


def test_scores_fall() -> None:
    scores = [one.score for one in furniture().translate("sofa", to="de")]
    assert sorted(scores, reverse=True) == scores


def test_what_cannot_be_translated_is_refused() -> None:
    model = furniture()
    with pytest.raises(UnknownWord, match=r"of en of furniture; spelled.* sofa"):
        model.translate("sofas", to="de")
    with pytest.raises(UnknownWord):
        model.translate("couch", to="de")
    with pytest.raises(BadArgument, match="knows en and de, not 'fr'"):
        model.translate("sofa", to="fr")
    with pytest.raises(BadArgument, match="k is a whole number, 1 or more"):
        model.translate("sofa", to="de", k=0)


@pytest.mark.parametrize("counts", [True, False])
def test_a_query_finds_the_text_of_the_same_meaning_in_the_other_language(counts: bool) -> None:
    model = furniture(counts)
    asked = model.encode_query(["the red sofa"])
    found = model.encode_document(["rotes couch", "die lampe", "the lamp"])
    assert 0 == cs.similarity(asked, found).argmax()


def test_a_text_is_taken_for_the_language_of_its_other_words() -> None:
    model = furniture()
    present, poison = model.vector("en:gift"), model.vector("de:gift")
    rows = model.encode_document(["the red gift", "die gift", "en:gift"]).array
    assert rows[0] @ present > 0.1 > rows[0] @ poison
    assert rows[1] @ poison > 0.1 > rows[1] @ present


def test_a_word_that_its_language_lacks_is_looked_up_in_the_other() -> None:
    model = furniture()
    np.testing.assert_allclose(
        model.encode_document(["the red couch"]).array,
        model.encode_document(["the red sofa"]).array,
        atol=1e-6,
    )


def test_how_rare_a_word_is_is_counted_within_its_language() -> None:
    model = furniture()
    np.testing.assert_allclose(
        model.encode_document(["the sofa"]).array, model.encode_document(["die couch"]).array
    )


def test_tools_for_words_take_words_with_and_without_a_tag() -> None:
    model = furniture()
    assert "de:couch" == model.nearest("en:sofa", k=1)[0].word
    assert "en:sofa" == model.nearest("couch", k=1)[0].word
    assert 1 == model.word_similarity("lamp", "lampe")
    assert "lamp" in model
    assert "stool" not in model
    with pytest.raises(UnknownWord, match="en and de"):
        model.vector("stool")


def test_a_folder_gives_the_same_model_again(tmp_path: Path) -> None:
    model = furniture()
    model.save(tmp_path / "en-de")
    again = cs.load(tmp_path / "en-de")
    assert isinstance(again, BilingualModel)
    assert (model.languages, model.space.fingerprint) == (again.languages, again.space.fingerprint)
    assert model.translate("sofa", to="de") == again.translate("sofa", to="de")
    texts = ["the red sofa", "die lampe"]
    assert (model.encode_query(texts).array == again.encode_query(texts).array).all()


def test_it_is_an_encoder(tmp_path: Path) -> None:
    english = split_words(
        "a red chair retro velvet armchair bike the harbour table lamp don panic etc", "words"
    )
    others = ["kůň", "quiet", "condition", "hostname", "http", "localhost"]
    rows = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    tables = {"en": WordVectors(english, rows[:14]), "cs": WordVectors(others, rows[14:])}
    model = BilingualModel.joined("both", tables)
    check_encoder(cs.load(model.save(tmp_path / "both")))


def test_documents_of_one_language_are_searched_in_the_other(tmp_path: Path) -> None:
    folder = str(furniture().save(tmp_path / "en-de"))
    with cs.open(tmp_path / "shop.cospace", model=folder) as shop:
        shop.add([cs.Item("1", "die lampe"), cs.Item("2", "rotes couch")])
        assert ["2", "1"] == [hit.id for hit in shop.search("the red sofa", k=2)]


@pytest.mark.parametrize("names", [("en",), ("en", "de", "fr"), ("e:n", "de"), ("", "de")])
def test_two_languages_are_asked_for(names: tuple[str, ...]) -> None:
    table = WordVectors(["a"], np.ones((1, 2), np.float32))
    with pytest.raises(BadArgument, match="two languages"):
        BilingualModel.joined("x", dict.fromkeys(names, table))


@pytest.mark.parametrize("words", [["en:a", "b"], ["en:a"], ["de:a", "en:b"], ["a", "b"]])
def test_a_table_without_tags_in_order_is_refused(words: list[str]) -> None:
    table = WordVectors(words, np.ones((len(words), 2), np.float32))
    with pytest.raises(BadInput):
        Languages(table, ("en", "de"))


@pytest.mark.parametrize("languages", [["en"], ["en", "fr"], "ende", 7, ["en", "en"], [["en"], 1]])
def test_a_record_that_does_not_fit_its_words_is_damage(tmp_path: Path, languages: object) -> None:
    file = furniture().save(tmp_path / "en-de") / "space.json"
    record = json.loads(file.read_text())
    record["towers"][0]["preprocess"]["languages"] = languages
    file.write_text(json.dumps(record))
    with pytest.raises(ModelDamaged):
        cs.load(tmp_path / "en-de")


def test_a_text_of_unknown_words_is_a_bad_item() -> None:
    with pytest.raises(BadItem, match="no word of it"):
        furniture().encode_document(["un canapé"])
