"""A word model: its tools for words, and texts as weighted means."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.words import BilingualModel, WordModel, WordVectors
from cospace.encode.words.tools import nearest_rows, odd_one_out, unit_rows
from cospace.errors import BadArgument, BadItem, UnknownWord

from .tables import WORDS, table, with_subwords


def model(made: WordVectors | None = None, **settings: str) -> WordModel:
    return WordModel.of(made or table(), name="demo", **settings)  # type: ignore[arg-type]


# --- the tools ---


@given(st.sampled_from(WORDS), st.integers(1, 9))
def test_nearest_never_gives_the_word_itself(word: str, k: int) -> None:
    found = model().nearest(word, k=k)
    assert min(k, len(WORDS) - 1) == len(found)
    assert word not in [one.word for one in found]
    scores = [one.score for one in found]
    assert sorted(scores, reverse=True) == scores
    assert found[0].score == pytest.approx(model().word_similarity(word, found[0].word), abs=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 45))
def test_nearest_rows_are_those_of_a_full_sort(seed: int, number: int, k: int) -> None:
    random = np.random.default_rng(seed)
    unit = unit_rows(random.integers(-2, 3, (number, 3)).astype(np.float32))  # ties, zeros
    asked = random.normal(size=3).astype(np.float32)
    without = set(random.integers(0, number, 3).tolist())
    found = nearest_rows(unit, asked, k, without=without)
    scores = unit @ (asked / np.linalg.norm(asked))
    left = sorted((row for row in range(number) if row not in without), key=lambda r: -scores[r])
    assert [pytest.approx(scores[row], abs=1e-6) for row in left[:k]] == [s for _, s in found]
    assert not without & {row for row, _ in found}


def test_a_vector_may_be_asked_for_too() -> None:
    mine = model()
    assert "sofa" == mine.nearest(mine.vector("sofa"), k=1)[0].word
    assert "sofa" != mine.nearest(mine.vector("sofa"), k=1, without=["sofa"])[0].word
    with pytest.raises(BadArgument, match="8 numbers"):
        mine.nearest(np.ones(3, np.float32))
    with pytest.raises(BadArgument, match="k is a whole number"):
        mine.nearest("sofa", k=0)


def test_capitals_are_no_other_word_unless_texts_are_split_already() -> None:
    assert model().vector("Sofa").tolist() == model().vector("sofa").tolist()
    assert "SOFA" in model()
    assert "sofa" not in [one.word for one in model().nearest("SOFA")]
    assert "SOFA" not in model(split="spaces")
    with pytest.raises(UnknownWord):
        model(split="spaces").vector("SOFA")


@pytest.mark.parametrize("ask", ["nearest", "vector"])
def test_an_unknown_word_is_refused_with_words_spelled_alike(ask: str) -> None:
    with pytest.raises(UnknownWord, match="spelled alike are sofa") as caught:
        getattr(model(), ask)("sofas")
    assert "sofas" == caught.value.word
    with pytest.raises(UnknownWord, match=r"not among the 6 words of demo$"):
        model().vector("xyzzy")
    assert 4 == UnknownWord.exit_code
    assert "sofas" not in model()


def test_n_grams_answer_for_words_outside() -> None:
    mine = model(with_subwords())
    assert 6 == len(mine.nearest("sofas", k=9))
    assert mine.word_similarity("sofas", "sofas") == pytest.approx(1, abs=1e-6)


def test_an_analogy_is_the_word_at_the_fourth_corner() -> None:
    rows = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [0, 0, -1]], np.float32)
    mine = model(WordVectors(["man", "woman", "king", "queen", "other"], rows))
    [found] = mine.analogy("man", "woman", "king")
    assert "queen" == found.word
    assert 2 == len(mine.analogy("man", "woman", "king", k=5)), "the three asked are left out"
    with pytest.raises(UnknownWord):
        mine.analogy("man", "woman", "zebra")


def test_the_word_that_does_not_match() -> None:
    rows = np.array([[1, 0.1], [1, 0], [1, -0.1], [-0.5, 1]], np.float32)
    mine = model(WordVectors(["sofa", "couch", "chair", "bicycle"], rows))
    assert "bicycle" == mine.doesnt_match(["sofa", "bicycle", "chair", "couch"])
    for given_ in ("sofa", ["sofa", "chair"]):
        with pytest.raises(BadArgument, match="three words"):
            mine.doesnt_match(given_)
    with pytest.raises(UnknownWord):
        mine.doesnt_match(["sofa", "zebra", "chair"])


@given(st.integers(0, 10_000), st.integers(3, 9))
def test_the_odd_one_out_has_the_least_cosine_to_the_mean(seed: int, number: int) -> None:
    unit = unit_rows(np.random.default_rng(seed).normal(size=(number, 4)).astype(np.float32))
    mean = unit.mean(axis=0)
    assert int(np.argmin([row @ mean for row in unit])) == odd_one_out(list(unit))


def test_a_row_of_zeros_stays_one() -> None:
    assert [[0, 0], [1, 0]] == unit_rows(np.array([[0, 0], [3, 0]], np.float32)).tolist()


# --- texts ---


def test_a_text_is_the_weighted_mean_of_its_words() -> None:
    made = table()
    seen = made.counts / made.counts.sum()  # type: ignore[operator, union-attr]
    weights = 1e-4 / (1e-4 + seen)
    expected = weights[1] * made.rows[1] + 2 * weights[2] * made.rows[2]
    for mine, wanted in (
        (model(), expected),
        (model(weighting="mean"), made.rows[1] + 2 * made.rows[2]),
    ):
        found = mine.encode_document(["Red sofa, zebra; SOFA!"]).array[0]
        np.testing.assert_allclose(wanted / np.linalg.norm(wanted), found, atol=1e-6)


def test_what_all_texts_share_is_taken_off_the_texts_of_a_large_table() -> None:
    words = [f"w{i}" for i in range(1_200)]
    rows = np.random.default_rng(0).normal(0, 1, (1_200, 20)).astype(np.float32) + 2
    mine = model(WordVectors(words, rows))
    texts = [f"w{i} w{2 * i + 1}" for i in range(200)]
    plain = model(WordVectors(words, rows), weighting="mean")
    assert abs(mine.encode_document(texts).array.mean(axis=0)).max() < 0.2
    assert plain.encode_document(texts).array.mean() > 0.15
    assert mine.vector("w7").tolist() == rows[7].tolist(), "words keep their vectors"


def test_a_text_without_a_known_word_is_named() -> None:
    with pytest.raises(BadItem, match="input 1: no word of it is in the vocabulary"):
        model().encode_query(["red", "zebra"])
    with pytest.raises(BadItem, match="input 0"):
        model().encode_query(["!?"])
    opposite = WordVectors(["a", "b"], np.array([[1, 0], [-1, 0]], np.float32))
    with pytest.raises(BadItem, match="cancel each other out"):
        model(opposite, weighting="mean").encode_query(["a b"])


def test_a_text_without_a_known_word_never_fails_the_batch() -> None:
    from cospace.encode.bulk import encode_items
    from cospace.evaluate.encoding import encode_texts

    texts = ["red sofa", "zebra", "lamp", "", "giraffe zebra"]
    [done] = encode_items(model(), [cs.Item(str(i), t) for i, t in enumerate(texts) if t], batch=9)
    assert [True, False, True, False] == ["text" in one.vectors for one in done]
    assert {1, 3, 4} == encode_texts(model(), texts, "document").failed.keys()


def test_the_words_of_a_text_are_given_as_they_are_read() -> None:
    found = model(with_subwords()).read("A Red sofas!")
    listed = [(one.word, one.start, one.end, one.row, one.known) for one in found]
    assert [("a", 0, 1, -1, False), ("red", 2, 5, 1, True), ("sofas", 6, 11, -1, True)] == listed


def test_cased_words_fall_back_to_lower_case() -> None:
    made = table(["Red", "red", "sofa"])
    one, two, three = model(made, split="cased").encode_query(["Red", "red", "SOFA"]).array
    assert one.tolist() != two.tolist()
    assert three.tolist() == model(made, split="cased").encode_query(["sofa"]).array[0].tolist()


def test_a_model_is_described(tmp_path: Path) -> None:
    found = model(with_subwords()).described
    assert ("6", "words", "sif") == (found["words"], found["split"], found["weighting"])
    assert "of 3 to 5 letters" in found["n-grams"]
    mine = with_subwords()
    assert mine.rows.size + mine.subwords.rows.size == model(mine).numbers  # type: ignore[union-attr]
    assert not model().path.is_dir(), "a model that was not saved has no folder"


def test_smaller_vectors_and_one_kind() -> None:
    place = model()
    assert (1, 8) == place.restricted("text").encode_query(["sofa"]).array.shape
    with pytest.raises(BadArgument, match="not all of"):
        place.restricted("image")


def test_another_way_to_read_texts_is_refused() -> None:
    with pytest.raises(BadArgument, match="words, cased, spaces, not 'letters'"):
        model(split="letters")
    with pytest.raises(BadArgument, match="sif, mean, not 'tfidf'"):
        model(weighting="tfidf")


def test_an_engine_is_refused(tmp_path: Path) -> None:
    place = model().save(tmp_path / "demo")
    assert (1, 4) == cs.load(place, dim=4).encode_query(["sofa"]).array.shape
    with pytest.raises(BadArgument, match="needs no engine"):
        cs.load(place, engine="torch")


# --- as gensim has it ---

ROYAL = ["king", "queen", "man", "woman", "sofa"]


def royal(split: str = "words") -> WordModel:
    rows = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0], [0.5, 0.5, -1]], np.float32)
    return WordModel.of(WordVectors(ROYAL, rows), name="royal", split=split)


def test_a_word_is_looked_up_like_a_key() -> None:
    mine = royal()
    assert np.array_equal(mine.vector("king"), mine["king"])
    assert np.array_equal(mine["king"], mine["King"]), "as texts are read"
    assert (True, True, False, False) == tuple(x in mine for x in ("king", "KING", "lamp", 3))
    assert 5 == len(mine)
    assert ROYAL == list(mine)
    two = mine[["queen", "sofa"]]
    assert np.array_equal([mine["queen"], mine["sofa"]], two)
    assert (0, 3) == mine[[]].shape


def test_an_unknown_word_is_a_key_error_that_reads_well() -> None:
    with pytest.raises(KeyError) as caught:
        royal()["kings"]
    assert isinstance(caught.value, UnknownWord)
    assert "'kings' is not among the 5 words of royal; spelled alike are king" == str(caught.value)
    with pytest.raises(KeyError):
        royal()[["king", "lamp"]]


@pytest.mark.parametrize("key", [0, None, ("king", 1), {"king"}])
def test_a_key_that_is_no_word_is_refused(key: object) -> None:
    with pytest.raises(BadArgument, match="asked for by words"):
        royal()[key]  # type: ignore[index]


def test_most_similar_adds_and_takes_away() -> None:
    mine = royal()
    words = [near.word for near in mine.nearest("king", k=3)]
    assert words == [near.word for near in mine.most_similar("king", topn=3)]
    assert mine.most_similar("king") == mine.most_similar(["king"])
    [(word, score)] = mine.most_similar(positive=["king", "woman"], negative=["man"], topn=1)
    assert "queen" == word
    unit = {w: mine[w] / np.linalg.norm(mine[w]) for w in ROYAL}
    asked = unit["king"] + unit["woman"] - unit["man"]
    assert score == pytest.approx(unit["queen"] @ asked / np.linalg.norm(asked), abs=1e-6)
    named = {near.word for near in mine.most_similar(["King", "woman"], "man", topn=10)}
    assert {"queen", "sofa"} == named, "those that were named are left out, however written"
    assert mine.analogy("man", "king", "woman") == mine.most_similar(
        ["king", "woman"], ["man"], topn=1
    )
    assert "sofa" == mine.most_similar([], ["king", "queen"], topn=1)[0].word


def test_most_similar_to_nothing_is_refused() -> None:
    with pytest.raises(BadArgument, match="at least one word"):
        royal().most_similar([])
    with pytest.raises(BadArgument, match="cancel out"):
        royal().most_similar("king", "king")
    with pytest.raises(UnknownWord):
        royal().most_similar(["king"], ["lamp"])


def test_similarity_is_the_cosine_of_two_words() -> None:
    assert 0.5 == pytest.approx(royal().similarity("king", "queen"))
    assert royal().similarity("man", "sofa") == royal().word_similarity("man", "sofa")


def test_a_model_of_two_languages_takes_words_with_tags() -> None:
    rows = np.eye(3, dtype=np.float32)
    english, german = (
        WordVectors(words, rows) for words in (["sofa", "lamp", "tree"], ["couch", "lampe", "baum"])
    )
    mine = BilingualModel.joined("both", {"en": english, "de": german})
    assert np.array_equal(mine["lamp"], mine["de:lampe"])
    assert "de:lampe" == mine.most_similar("en:lamp", topn=1)[0].word
    assert not mine.path.is_dir(), "it was not saved, and stands in no folder"
