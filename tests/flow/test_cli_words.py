"""A word model on the command line: shown, verified, measured, compared, indexed, searched."""

from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli

import cospace as cs
from cospace.encode.words import WordModel, WordVectors

GOODS = ["sofa", "couch", "armchair", "lamp", "bicycle", "bike", "coat", "jacket"]
THINGS = ["red", "blue", "a", "the", "old"]
QUESTIONS = ": shades\nred sofa blue couch\nred sofa blue lamp\nbroken line\n"
PAIRS = (
    "word1,word2,score\nsofa,couch,9\nbike,bicycle,9.5\nsofa,bike,1\ncoat,lamp,0.5\nsofa,cello,1\n"
)


@pytest.fixture
def words_folder(tmp_path: Path) -> Path:
    """A folder with a word model; goods of a pair lie close, and one pair is far from the next."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(len(GOODS) // 2, 12)).repeat(2, axis=0)
    rows += random.normal(0, 0.2, rows.shape)
    rows = np.concatenate([random.normal(0, 0.1, (len(THINGS), 12)), rows]).astype(np.float32)
    table = WordVectors([*THINGS, *GOODS], rows)
    return WordModel.of(table, name="goods").save(tmp_path / "goods")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = ["id,text", *(f"{i},a red {word}" for i, word in enumerate(GOODS)), "9,zzz qqq", "10,x"]
    (tmp_path / "shop.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "shop.csv"


@pytest.fixture
def yardsticks(tmp_path: Path) -> Path:
    (tmp_path / "yardsticks").mkdir()
    (tmp_path / "yardsticks/questions.txt").write_text(QUESTIONS)
    (tmp_path / "yardsticks/pairs.csv").write_text(PAIRS)
    return tmp_path / "yardsticks"


# --- evaluate words ---


def test_a_word_model_is_measured_on_words(cli: Cli, words_folder: Path, yardsticks: Path) -> None:
    ran = cli("evaluate", "words", yardsticks, "--model", words_folder)
    assert 0 == ran.code
    assert "13 words, 12 dimensions" in ran.out
    assert "questions.txt: shades" in ran.out
    assert "1,000 draws of the questions or pairs" in ran.out
    assert "among the 30,000 commonest" in ran.out
    assert "questions.txt:4: a question has four words; this line has 2" in ran.err
    record = cli(
        "evaluate", "words", yardsticks, "--model", words_folder, "--most", 8, "--json"
    ).json
    [result] = record["results"]
    assert (8, 1) == (record["most"], record["left_out"])
    assert [2, 1] == [result["analogies"][0]["sections"][0][name] for name in ("total", "asked")]
    assert [4, 5] == [result["pairs"][0][name] for name in ("found", "total")]


def test_groups_of_seeds_and_files_of_their_own(
    cli: Cli, words_folder: Path, yardsticks: Path, tmp_path: Path
) -> None:
    table = cs.load(words_folder).table  # type: ignore[union-attr]
    for seed in (1, 2):
        noise = np.random.default_rng(seed).normal(0, 0.5, table.rows.shape).astype(np.float32)
        other = WordVectors(table.words, table.rows + noise)
        WordModel.of(other, name=f"seed-{seed}").save(tmp_path / f"seed-{seed}")
    group = "mine=./goods,./seed-1,./seed-2"
    ran = cli("evaluate", "words", yardsticks / "pairs.csv", "--model", group)
    assert 0 == ran.code
    assert "median over seeds (range)" in ran.out
    assert "mine (3)" in ran.out
    assert "against ./goods" in ran.out
    assert "commonest" not in ran.out, "nothing was asked of the commonest words"
    record = cli("evaluate", "words", yardsticks, "--model", group, "--json").json
    [one] = record["groups"]
    values = sorted(result["pairs"][0]["spearman"]["value"] for result in record["results"])
    assert dict(zip(("low", "value", "high"), values, strict=True)) == one["figures"]["pairs"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("yardsticks",), 2, "--model FOLDER"),
        (("absent", "--model", "./goods"), 4, "no such file or folder"),
        (("yardsticks/questions.txt", "--model", "tiny-0"), 2, "no word model"),
        (("yardsticks", "--model", "./goods", "--most", "0"), 2, "most is a whole number"),
        (("yardsticks", "--model", "./goods", "--role", "query"), 2, "--role is for sts"),
        (("yardsticks", "--model", "./goods", "--split", "dev"), 2, "--split is for retrieval"),
        (("yardsticks", "--model", "mine="), 2, "NAME=MODEL"),
        (("yardsticks", "--model", "a=./goods", "--model", "a=tiny-0"), 2, "named twice"),
        (("yardsticks", "--model", "a=./goods,./goods"), 2, "named twice"),
        (("shop.csv", "--model", "./goods"), 2, "expected analogies"),
    ],
)
def test_evaluate_words_refuses_with_a_reason(
    cli: Cli,
    words_folder: Path,
    yardsticks: Path,
    shop: Path,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    ran = cli("evaluate", "words", *words)
    assert code == ran.code
    assert says in ran.err
    assert "" == ran.out


def test_options_of_words_go_with_words(cli: Cli, shop: Path) -> None:
    assert "--most is for words" in cli("evaluate", "sts", shop, "--most", 9).err
    assert "one SOURCE" in cli("evaluate", "sts", shop, shop).err


# --- the rest of the library ---


def test_what_a_word_model_is_and_that_it_is_sound(cli: Cli, words_folder: Path) -> None:
    printed = cli("models", "show", words_folder).out
    for line in ("words        13", "split        words", "weighting    sif", "by rank (Zipf)"):
        assert line in printed
    record = cli("models", "show", words_folder, "--json").json
    assert (13, 13 * 12) == (record["words"], record["numbers"])
    ran = cli("models", "verify", words_folder)
    assert 0 == ran.code
    assert "2 files have their hashes; 8 known answers" in ran.out
    (words_folder / "words.txt").write_text("other\n")
    assert 7 == cli("models", "verify", words_folder).code


def test_the_loss_of_smaller_word_vectors_is_measured(
    cli: Cli, words_folder: Path, tmp_path: Path
) -> None:
    texts = [f"{a} {b} {c}" for a in THINGS for b in GOODS for c in ("sofa", "lamp")]
    (tmp_path / "many.txt").write_text("\n".join([*texts, "zzz qqq"]) + "\n")
    loss = ("models", "show", words_folder, "--loss", "--texts", "many.txt", "--json")
    record = cli(*loss).json
    assert 81 == record["texts"] + record["queries"] + 1
    assert any("left out, such as 'zzz qqq'" in note for note in record["notes"])


def test_texts_that_it_does_not_know_are_listed(
    cli: Cli, words_folder: Path, shop: Path, tmp_path: Path
) -> None:
    ran = cli("index", shop, "--id", "id", "--text", "text", "--model", words_folder)
    assert "8 added" in ran.out
    assert "2 failed" in ran.out
    assert "no word of it is in the vocabulary" in ran.err + ran.out
    found = cli("search", "shop.cospace", "old couch", "--model", words_folder, "--json").json
    assert {"0", "1"} == {hit["id"] for hit in found["hits"][:2]}
    assert 2 == cli("search", "shop.cospace", "zzz", "--model", words_folder).code
    assert 0 == cli("verify", "shop.cospace").code
    ran = cli("embed", shop, "--id", "id", "--text", "text", "--model", words_folder, "-o", "v.npy")
    assert "8 vectors of goods" in ran.out
    assert (8, 12) == np.load(tmp_path / "v.npy").shape


def test_a_collection_takes_a_word_model(words_folder: Path, tmp_path: Path) -> None:
    texts = [*(f"the {word}" for word in GOODS), "zzz"]
    items = [cs.Item(str(i), text) for i, text in enumerate(texts)]
    with cs.open(tmp_path / "c.cospace", model=str(words_folder)) as goods:
        report = goods.add(items, errors="report")
        assert (8, 1) == (report.added, report.failed)
    with cs.open(tmp_path / "c.cospace", model=cs.load(words_folder)) as goods:
        assert {"4", "5"} == {hit.id for hit in goods.search("bike", k=2)}


def test_its_tokens_are_words(cli: Cli, words_folder: Path, shop: Path) -> None:
    ran = cli("tokens", "A red cello!", "--model", words_folder)
    assert "reads all words of a text; this one has 3" in ran.out
    assert "unknown: 'cello'" in ran.out
    assert "1 word unknown" in ran.out
    record = cli("tokens", "A red cello!", "--model", words_folder, "--json").json
    assert [("a", 2), ("red", 0), ("cello", -1)] == [
        (token["piece"], token["id"]) for token in record["tokens"]
    ]
    assert (0, None) == (record["max_tokens"], record["cut_at"])
    tokens = cli("tokens", "--file", shop, "--model", words_folder)
    assert "reads all words of a text" in tokens.out
    assert "in 2 texts" in tokens.out
    assert 2 == cli("tokens", " ", "--model", words_folder).code


def test_a_word_model_is_measured_on_sentences_and_classes(
    cli: Cli, words_folder: Path, tmp_path: Path
) -> None:
    pairs = ["a sofa,the couch,5", "a bike,a bicycle,5", "a bike,a sofa,0", "zzz,a,1", ""]
    (tmp_path / "sts.csv").write_text("\n".join(["sentence1,sentence2,score", *pairs]))
    ran = cli("evaluate", "sts", "sts.csv", "--model", words_folder)
    assert "sts.csv: 3 pairs" in ran.out
    assert "no word of it is in the vocabulary" in ran.err
    rows = [f"{a} {b},{topic}" for a in THINGS for b, topic in zip(GOODS, "hhhhbbcc", strict=True)]
    (tmp_path / "goods.csv").write_text("\n".join(["text,topic", *rows, "zzz,h", ""]))
    record = cli(
        "compare", words_folder, "--table", "goods.csv", "--text", "text", "--label", "topic",
        "--no-plot", "--json",
    ).json  # fmt: skip
    [one] = record["results"]
    assert (13 * 12, 1) == (one["parameters"], one["failed"])
    assert one["bytes_on_disk"] > 4 * 13 * 12
    assert one["accuracy"]["knn"]["value"] > 0.8


def test_a_word_model_is_measured_on_retrieval(
    cli: Cli, words_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "beir/qrels").mkdir(parents=True)
    lines = [f'{{"_id": "d{i}", "title": "", "text": "the {w}"}}' for i, w in enumerate(GOODS)]
    (tmp_path / "beir/corpus.jsonl").write_text("\n".join([*lines, '{"_id": "z", "text": "zzz"}']))
    (tmp_path / "beir/queries.jsonl").write_text('{"_id": "q", "text": "an old couch"}\n')
    (tmp_path / "beir/qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td0\t1\n")
    ran = cli("evaluate", "retrieval", "beir", "--model", words_folder, "--json")
    assert ran.json["results"][0]["recall@100"]["value"] == 1
    assert "no word of it is in the vocabulary" in str(ran.json["failed"])
