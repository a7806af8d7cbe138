"""COSPACE_CACHE=1 changes where vectors come from, and nothing that anybody sees."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from cli_shop import SHOP, Cli, write_shop
from PIL import Image

import cospace as cs
from cospace.encode.cache import VectorCache
from cospace.encode.words import WordModel, WordVectors
from cospace.testing.tiny import tiny_folder

LONG = "a long text about chairs " * 60

LABELS = ("--label", "kind", "--text", "text")

# Every command that loads a model, in an order in which each finds what it needs.
STORY: list[tuple[str, ...]] = [
    ("models",),
    ("models", "--json"),
    ("models", "show", "tiny-0"),
    ("models", "show", "tiny-0", "--dim", "12", "--json"),
    ("models", "show", "tiny-0", "--loss", "--texts", "texts.txt"),
    ("models", "show", "tiny-0", "--loss", "--texts", "texts.txt", "--dim", "16", "--json"),
    ("models", "verify", "tiny-0", "--json"),
    ("models", "show", "./goods"),
    ("models", "show", "./goods", "--loss", "--texts", "texts.txt", "--json"),
    ("models", "export", "./goods", "goods.vec"),
    ("tokens", "a red chair", "--model", "tiny-0"),
    ("tokens", LONG, "--model", "tiny-0", "--json"),
    ("tokens", "--file", "texts.txt", "--model", "tiny-0"),
    ("tokens", "a red sofa", "--model", "./goods"),
    ("nearest", "./goods", "sofa", "-k", "2"),
    ("align", "./english", "./german", "pairs.tsv", "-o", "en-de", "--from", "en", "--to", "de"),
    ("translate", "./en-de", "word3", "--to", "de", "--json"),
    ("index", "shop.csv", "--model", "tiny-0"),
    ("index", "shop.csv", "--json"),
    ("search", "shop.cospace", "red chair", "--json", "--explain"),
    ("search", "shop.cospace", "--image", "red.png", "--by", "image"),
    ("search", "shop.cospace", LONG),
    ("info", "shop.cospace"),
    ("verify", "shop.cospace"),
    ("index", "shop.csv", "--model", "./goods", "--into", "words.cospace"),
    ("search", "words.cospace", "sofa", "--model", "./goods"),
    ("embed", "shop.csv", "-o", "rows.npy", "--model", "tiny-0", "--dim", "8"),
    ("embed", "-o", "query.npy", "--model", "tiny-0", "--query", LONG),
    ("evaluate", "sts", "sts.csv", "--model", "tiny-0", "--json"),
    ("evaluate", "words", "pairs.csv", "--model", "./goods"),
    ("evaluate", "retrieval", "beir", "--model", "tiny-0", "--json"),
    (
        "compare",
        "tiny-0",
        "./goods",
        "--table",
        "labels.csv",
        *LABELS,
        "--json",
    ),
]


@pytest.fixture
def own(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with a home of its own, so that its cache is empty."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    tiny_folder(tmp_path / "home/models/tiny-0")
    return cli


def furnish(folder: Path) -> Path:
    """The files that the story needs; the same each time."""
    folder.mkdir()
    for colour in ("red", "blue", "green"):
        Image.new("RGB", (32, 24), colour).save(folder / f"{colour}.png")
    write_shop(folder / "shop.csv", SHOP)
    words = ["red", "blue", "chair", "lamp", "bicycle", "old", "new", "sofa"]
    texts = [f"{a} {b} {i}" for i, (a, b) in enumerate((a, b) for a in words for b in words)]
    (folder / "texts.txt").write_text("\n".join([*texts, LONG]) + "\n")
    (folder / "pairs.csv").write_text("word1,word2,score\nsofa,chair,9\nlamp,sofa,5\nred,old,1\n")
    random = np.random.default_rng(0)
    rows = random.normal(size=(len(words), 8)).astype(np.float32)
    WordModel.of(WordVectors(words, rows), name="goods").save(folder / "goods")
    rows = random.normal(size=(150, 8)).astype(np.float32)
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0].astype(np.float32)
    for name, table, stem in (("english", rows, "word"), ("german", rows @ turn, "wort")):
        named = WordVectors([f"{stem}{n}" for n in range(150)], table)
        WordModel.of(named, name=name).save(folder / name)
    (folder / "pairs.tsv").write_text("".join(f"word{n}\twort{n}\n" for n in range(150)))
    with (folder / "sts.csv").open("w", newline="") as file:
        csv.writer(file).writerows([
            ("sentence1", "sentence2", "score"),
            *((a, b, float(i % 5)) for i, (a, b) in enumerate(zip(texts, texts[3:], strict=False))),
        ])  # fmt: skip
    with (folder / "labels.csv").open("w", newline="") as file:
        rows_ = [(text, "seat" if "chair" in text or "sofa" in text else "other") for text in texts]
        csv.writer(file).writerows([("text", "kind"), *rows_])
    (folder / "beir/qrels").mkdir(parents=True)
    for name, prefix in (("corpus", "d"), ("queries", "q")):
        lines = [json.dumps({"_id": f"{prefix}{i}", "text": t}) for i, t in enumerate(texts[:20])]
        (folder / f"beir/{name}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "beir/qrels/test.tsv").write_text("".join(f"q{i}\td{i}\t1\n" for i in range(20)))
    return folder


def timeless(text: str, folder: str) -> str:
    """What was printed, without what differs between runs: the folder, times, memory, rates."""
    text = text.replace(f"/{folder}/", "/here/")
    text = re.sub(r'"(\w*seconds|\w*per_second|memory_bytes|created|updated)": [\d.e+-]+', "", text)
    text = re.sub(r" \(\d[\d,.]* items/s\)", "", text)
    text = re.sub(r"\d[\d,.]* (s|ms|MB)\b", "", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+Z]+", "", text)


def test_the_cache_changes_nothing_that_is_printed(
    own: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {}
    for name, variable in (("plain", ""), ("first", "1"), ("again", "1")):
        monkeypatch.chdir(furnish(tmp_path / name))
        monkeypatch.setenv("COSPACE_CACHE", variable)
        runs[name] = [own(*words) for words in STORY]
    for i, words in enumerate(STORY):
        expected = runs["plain"][i]
        assert 0 == expected.code, (words, expected.err)
        for name in ("first", "again"):
            ran, line = runs[name][i], f"{' '.join(words)[:80]} ({name})"
            assert 0 == ran.code, (line, ran.err)
            assert timeless(expected.out, "plain") == timeless(ran.out, name), line
            assert timeless(expected.err, "plain") == timeless(ran.err, name), line
    for file in ("rows.npy", "query.npy", "goods.vec"):
        assert (tmp_path / "plain" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    assert VectorCache().info().vectors > 0


MEASURED: list[tuple[str, ...]] = [
    ("compare", "tiny-0", "./goods", "--table", "labels.csv", *LABELS),
    ("evaluate", "sts", "sts.csv", "--model", "tiny-0"),
    ("evaluate", "retrieval", "beir", "--model", "tiny-0"),
]


@pytest.mark.parametrize("words", MEASURED, ids=lambda words: " ".join(words[:2]))
def test_a_speed_is_that_of_the_model_and_not_of_the_cache(
    own: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(furnish(tmp_path / "here"))
    monkeypatch.setenv("COSPACE_CACHE", "1")
    assert 0 == own(*words).code
    assert 0 == VectorCache().info().vectors, "nothing was kept, so nothing can come from there"


def test_a_model_that_has_a_cache_is_measured_without_it(tmp_path: Path) -> None:
    from cospace.evaluate.encoding import encode_texts, loaded

    model = cs.load(tiny_folder(tmp_path / "m")).cached(VectorCache(tmp_path / "cache"))
    done = encode_texts(loaded(model), ["a chair", "a lamp"], "document")
    assert (2, 2) == (done.encoded, len(done.rows))
    assert 0 == model.cache.info().vectors
    model.cache.close()
