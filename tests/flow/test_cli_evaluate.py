"""The story of choosing a model: measure it, compare it with another, look at the plot."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli
from PIL import Image

from cospace.testing.tiny import tiny_folder

DATA = Path(__file__).parents[2] / "../shared/data"

PAIRS = [
    ("a red chair", "the red chair", 5),
    ("a red chair", "a blue bicycle", 1),
    ("my blue bicycle", "blue bicycles", 4.5),
    ("my blue bicycle", "a winter coat", 0),
]


@pytest.fixture(scope="session", autouse=True)
def second(home: Path) -> None:
    """Another model beside tiny-0."""
    tiny_folder(home / "models" / "tiny-1", dim=16, seed=1)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write(tmp_path / "pairs.csv", ("sentence1", "sentence2", "score"), PAIRS)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    things = ("chair", "bicycle", "lamp", "coat")
    corpus = [{"_id": f"d{i}", "title": "To sell", "text": f"a {t}"} for i, t in enumerate(things)]
    asked = [{"_id": f"q{i}", "text": f"a {thing}"} for i, thing in enumerate(things)]
    for name, rows in (("corpus", corpus), ("queries", asked)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (folder / "qrels/test.tsv").write_text("q0\td0\t1\nq1\td1\t1\nq2\td2\tmuch\n")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name, base in (("hat", 0), ("shoe", 180)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(8):
            pixels = (base + random.integers(0, 60, (24, 24, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def write(path: Path, header: tuple[str, ...], rows: list[tuple]) -> Path:  # type: ignore[type-arg]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


# --- evaluate ---


def test_two_models_are_compared_on_pairs(cli: Cli, pairs: Path) -> None:
    ran = cli("evaluate", "sts", pairs, "--model", "tiny-0", "--model", "tiny-1")
    assert 0 == ran.code
    assert "pairs.csv: 4 pairs" in ran.out
    assert "against the first" in ran.out
    assert "1,000 draws of the pairs" in ran.out
    record = cli("evaluate", "sts", pairs, "--model", "tiny-0", "--json").json
    assert 4 == record["pairs"]
    assert record["results"][0]["spearman"]["value"] > 0.5


def test_two_models_are_compared_on_retrieval(cli: Cli, beir: Path) -> None:
    ran = cli("evaluate", "retrieval", beir, "--model", "tiny-0", "--model", "tiny-1")
    assert 0 == ran.code
    assert "2 queries, 4 documents, 2 judgments" in ran.out
    assert "against tiny-0" in ran.out
    assert "queries without a judgment in this split, not run: 2" in ran.err
    assert "test.tsv:3: the grade is 'much'" in ran.err
    record = cli("evaluate", "retrieval", beir, "--model", "tiny-0", "--json").json
    assert 1 == record["left_out"]
    assert 1 == record["results"][0]["recall@100"]["value"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("sts", "absent.csv"), 4, "no such file"),
        (("sts", "pairs.csv", "--model", "tiny-9"), 4, "tiny-0"),
        (("sts", "pairs.csv", "--split", "dev"), 2, "--split is for retrieval"),
        (("sts", "pairs.csv", "--seed", "-1"), 2, "--seed"),
        (("retrieval", "absent"), 4, "no such folder"),
        (("retrieval", "beir", "--split", "dev"), 4, "there are: test"),
        (("retrieval", "beir", "--role", "query"), 2, "--role is for sts"),
        (("clustering", "beir"), 2, "sts"),
    ],
)
def test_evaluate_refuses_with_a_reason(
    cli: Cli, pairs: Path, beir: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    ran = cli("evaluate", *words, *(() if "--model" in words else ("--model", "tiny-0")))
    assert code == ran.code
    assert says in ran.err
    assert "" == ran.out


# --- compare ---


def test_two_models_are_compared_on_images(cli: Cli, photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (photos / "hat" / "broken.jpg").write_bytes(b"no image")
    ran = cli("compare", "tiny-0", "tiny-1", "--images", photos)
    assert 0 == ran.code
    assert "photos: 2 classes, 12 items to train on, 4 held out" in ran.out
    assert "25% of each class held out, drawn with seed 0. Chance is 50.0" in ran.out
    assert "against tiny-0" in ran.out
    assert "hat/broken.jpg: tiny-1:" in ran.err
    assert "The plot: compare.png" in ran.err
    with Image.open(tmp_path / "compare.png") as plot:
        plot.load()


def test_a_model_is_measured_on_a_table_in_json(cli: Cli, tmp_path: Path) -> None:
    rows = [(f"a {thing} {i}", thing) for i in range(8) for thing in ("chair", "bicycle")]
    rows += [("a lonely vase", "vase"), ("a chair 0", "chair"), ("without a label", "")]
    table = write(tmp_path / "t.csv", ("body", "topic"), rows)
    words = ("--table", table, "--text", "body", "--label", "topic", "--no-plot", "--json")
    record = cli("compare", "tiny-0", *words).json
    assert {
        "rows without topic, left out: 1",
        "exact copies of other items, left out: 1",
        "classes with fewer than 2 items, left out: 1 (vase)",
    } == set(record["notes"])
    assert (12, 4, None) == (record["train"], record["test"], record["plot"])
    [one] = record["results"]
    assert 1 == one["accuracy"]["probe"]["value"]
    assert 32 == one["dim"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give --images FOLDER, or --table FILE"),
        (("--images", "photos", "--table", "t.csv"), "give --images"),
        (("--images", "photos", "--label", "x"), "go with --table"),
        (("--table", "pairs.csv", "--text", "sentence1"), "--label"),
        (("--table", "pairs.csv", "--label", "score"), "either --text or --image"),
        (("--images", "photos", "--test", "2"), "between 0 and 1"),
        (("--images", "photos", "-k", "0"), "k is a whole number, 1 or more"),
        (("--images", "photos", "-o", "a.png", "--no-plot"), "--no-plot"),
        (("--images", "photos/hat"), "at least 2"),
    ],
)
def test_compare_refuses_with_a_reason(
    cli: Cli, photos: Path, pairs: Path, words: tuple[str, ...], says: str
) -> None:
    ran = cli("compare", "tiny-0", *words)
    assert 2 == ran.code
    assert says in ran.err


def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_measured(
    cli: Cli, photos: Path
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    for out, says in (("c.txt", "ends in .png"), ("absent/c.png", "no folder")):
        ran = cli("compare", "no-such-model", "--images", photos, "-o", out)
        assert 2 == ran.code
        assert says in ran.err


def test_without_matplotlib_the_table_is_there_all_the_same(
    cli: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = cli("compare", "tiny-0", "--images", photos)
    assert 0 == ran.code
    assert ".[draw]" in ran.err
    assert 8 == cli("compare", "tiny-0", "--images", photos, "-o", "c.png").code


def test_figures_are_printed_also_when_the_plot_cannot_be_written(
    cli: Cli, photos: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "c.png").mkdir()
    ran = cli("compare", "tiny-0", "--images", photos, "-o", "c.png", "--json")
    assert 6 == ran.code
    assert (None, 1) == (ran.json["plot"], len(ran.json["results"]))
    assert "cannot be written" in ran.json["plot_error"]


# --- real data ---


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not there")
def test_the_text_model_of_the_starter_has_its_figure(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("cospace_starter", reason="the starter is not installed")
    lines = (DATA / "sts/sts-dev.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "part.csv").write_text("".join(lines[::10]), encoding="utf-8")
    record = cli("evaluate", "sts", "part.csv", "--model", "minilm", "--json").json
    figure = record["results"][0]["spearman"]
    assert 150 == record["pairs"]
    assert figure["low"] < 0.867 < figure["high"]  # 86.72 on all of it
