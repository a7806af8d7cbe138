"""A user makes vectors smaller, learns from labels and from pairs, and types things wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.testing.tiny import tiny_model
from cospace.train import Head

COLOURS = ("red", "blue", "green")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 240 texts, each with a colour."""
    folder = tmp_path_factory.mktemp("shop") / "shop.cospace"
    random = np.random.default_rng(0)
    words = [f"{a}{b}" for a in "abcdefgh" for b in "rstu"]
    with cs.open(folder, model=tiny_model()) as one:
        one.add(
            cs.Item(str(i), f"{COLOURS[i % 3]} {' '.join(random.choice(words, 3))}",
                    {"colour": COLOURS[i % 3], "shelf": i // 2})
            for i in range(240)
        )  # fmt: skip
    return folder


@pytest.fixture
def vectors(shop: Path, tmp_path: Path) -> Path:
    rows = np.random.default_rng(0).standard_normal((240, 12)).astype(np.float32)
    rows[:, :3] += 3 * np.eye(3)[np.arange(240) % 3]
    np.save(tmp_path / "rows.npy", rows)
    return tmp_path / "rows.npy"


def run(*words: Any, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_collection_gets_smaller(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "smaller"
    words = ["train", "autoencoder", shop, "--dims", "4,8", "-o", out, "--epochs", 2]
    code, printed, _ = run(*words, capsys=capsys)
    assert 0 == code
    assert "192 vectors learnt from, 48 held out" in printed
    assert all(f"{out}/{dim}: " in printed for dim in (4, 8))
    head = Head.load(out / "4")
    codes = head.encode(tiny_model().encode_document(["red ar bs ct"]))
    assert (1, 4) == codes.shape
    code, _, said = run(*words, capsys=capsys)
    assert (2, True) == (code, "exists already" in said)
    code, printed, _ = run(*words, "--replace", "--json", capsys=capsys)
    record = json.loads(printed)
    assert [4, 8] == [size["dim"] for size in record["sizes"]]
    assert {"pca", "quadratic", "autoencoder"} == set(record["sizes"][0]["ways"])


def test_a_file_of_vectors(
    vectors: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "autoencoder", vectors, "--dims", "3", "--epochs", 1, "-o", tmp_path / "o"]
    code, _, _ = run(*words, capsys=capsys)
    assert 0 == code
    assert "rows" == Head.load(tmp_path / "o" / "3").source.name


def test_small_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "digits.npy"
    np.save(file, np.random.default_rng(0).integers(1, 255, (220, 4, 4), np.uint8))
    words = ["train", "autoencoder", file, "--dims", "3", "--epochs", 1, "-o", tmp_path / "o"]
    assert 0 == run(*words, capsys=capsys)[0]


def test_what_embed_wrote_is_held_to_its_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.csv"
    rows = "\n".join(f"{i},thing {i} of {i % 7}" for i in range(220))
    texts.write_text(f"id,text\n{rows}\n")
    for suffix in ("npy", "parquet"):
        file = tmp_path / f"texts.{suffix}"
        assert 0 == run("embed", texts, "-o", file, "--model", "minilm", capsys=capsys)[0]
        words = ["train", "autoencoder", file, "--dims", "4", "--epochs", 1]
        code, _, said = run(*words, "--model", "starter", "-o", tmp_path / "no", capsys=capsys)
        assert (3, True) == (code, "made with" in said)
        out = tmp_path / f"out-{suffix}"
        assert 0 == run(*words, "--model", "minilm", "-o", out, capsys=capsys)[0]
        assert cs.load("minilm").space == Head.load(out / "4").source


def test_labels_of_a_collection(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "by-colour"
    words = ["train", "supervised", shop, "--label", "colour", "--group", "shelf", "--dim", 8,
             "--epochs", 10, "-o", out, "--json"]  # fmt: skip
    code, printed, said = run(*words, capsys=capsys)
    record = json.loads(printed)
    assert code == (0 if record["better"] else 1)
    assert record["better"] == out.exists()
    assert record["better"] or "nothing was written" in said
    code, _, _ = run(*words, "--anyway", "--replace", capsys=capsys)
    assert 0 == code
    assert 8 == Head.load(out).space.dim


def test_labels_of_a_parquet_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    classes = np.arange(300) % 3
    rows = random.standard_normal((300, 12)) + 1.2 * np.eye(12)[classes]
    table = {"vector": rows.tolist(), "class": [COLOURS[c] for c in classes]}
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table(table), file)
    words = ["train", "supervised", file, "--label", "class", "--epochs", 20, "-o"]
    code, printed, _ = run(*words, tmp_path / "out", capsys=capsys)
    assert code in (0, 1)
    assert "accuracy, 5 nearest" in printed and "Shuffled labels" in printed
    code, _, said = run("train", "supervised", file, "--label", "kind", "-o", tmp_path / "x",
                        capsys=capsys)  # fmt: skip
    assert (2, True) == (code, "no column 'kind'" in said)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="encoders are fine-tuned with torch")
    from torch_models import text_model

    place = tmp_path_factory.mktemp("base")
    text_model(place)
    return place / "saved"


def pairs(folder: Path) -> Path:
    random = np.random.default_rng(0)
    words = ("arms", "bells", "cats", "doors", "eels", "forks", "gates", "hats", "inks", "jars")
    lines = ["sentence1,sentence2,score"]
    for i in range(400):
        sorts = (i % 2, i // 2 % 2)
        one, two = (" ".join(words[5 * s + j] for j in random.permutation(5)[:3]) for s in sorts)
        lines.append(f"{one} {2 * i},{two} {2 * i + 1},{int(sorts[0] == sorts[1])}")
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n")
    return folder / "pairs.csv"


def test_an_encoder_is_fine_tuned(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "contrastive", pairs(tmp_path), "--model", base, "--threads", 1]
    out = tmp_path / "mine"
    code, printed, said = run(
        *words, "--rate", "5e-3", "--frozen", 0, "--epochs", 4, "-o", out, capsys=capsys
    )
    assert 0 == code, said
    assert "Spearman on" in printed and "cosine to torch" in printed and "is ready" in printed
    assert "mine" == cs.load(out).space.name
    assert (out / "card.md").is_file()


def test_an_encoder_that_is_no_better_is_not_written(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "contrastive", pairs(tmp_path), "--model", base, "--threads", 1,
             "--rate", "1e-9", "--epochs", 1, "-o", tmp_path / "mine"]  # fmt: skip
    code, printed, said = run(*words, "--json", capsys=capsys)
    assert (1, False, None) == (code, json.loads(printed)["better"], json.loads(printed)["saved"])
    assert "nothing was written" in said
    assert not (tmp_path / "mine").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_training_that_is_ended(how: signal.Signals, base: Path, tmp_path: Path) -> None:
    """Ctrl-C saves the best so far; what is killed leaves nothing."""
    out = tmp_path / "mine"
    words = ["train", "contrastive", str(pairs(tmp_path)), "--model", str(base), "--threads", "1",
             "--epochs", "1000", "-o", str(out), "--anyway", "--weights", "f32"]  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "cospace", *words],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stderr is not None
    seen = 0
    for line in child.stderr:  # until it has looked twice: the training runs
        seen += "to stop by" in line
        if seen == 2:
            break
    assert 2 == seen
    child.send_signal(how)
    _, err = child.communicate(timeout=120)
    if how == signal.SIGINT:
        assert 130 == child.returncode, err
        assert "mine" == cs.load(out).space.name
    else:
        assert ["pairs.csv"] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["autoencoder", "nowhere.npy", "-o", "o"], 4, "no such collection or file"),
        (["autoencoder", "ROWS", "-o", "o", "--dims", "few"], 2, "--dims are numbers"),
        (["autoencoder", "ROWS", "-o", "o", "--dims", "12"], 2, "from 1 to 11, not 12"),
        (["autoencoder", "ROWS", "-o", "o", "--kind", "text"], 2, "--kind is for collections"),
        (["autoencoder", "SHOP", "-o", "o", "--kind", "image"], 2, "none of 'image'"),
        (["autoencoder", "SHOP", "-o", "o", "--model", "minilm"], 2, "leave out --model"),
        (["autoencoder", "SHOP", "-o", "nowhere/o"], 2, "no folder nowhere"),
        (["autoencoder", "SHOP"], 2, "cospace train autoencoder --help"),
        (["supervised", "SHOP", "-o", "o", "--label", "size"], 2, "no item has a field 'size'"),
        (["supervised", "ROWS", "-o", "o", "--label", "x"], 2, "no columns"),
        (["contrastive", "nowhere.csv", "--model", "minilm", "-o", "o"], 4, "no such file"),
        (["contrastive", "x.csv", "--model", "m", "-o", "o", "--matryoshka", "a"], 2, "such as"),
    ],
)
def test_what_is_typed_wrong(
    words: list[str], code: int, why: str, shop: Path, vectors: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    places = {"ROWS": str(vectors), "SHOP": str(shop)}
    found, _, said = run("train", *(places.get(word, word) for word in words), capsys=capsys)
    assert (code, True) == (found, why in said), said
    assert not (tmp_path / "o").exists()


def test_files_that_hold_no_vectors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x.npy", "x.parquet", "x.txt"):
        (tmp_path / name).write_bytes(b"hello")
        code, _, said = run("train", "autoencoder", tmp_path / name, "-o", tmp_path / "o",
                            capsys=capsys)  # fmt: skip
        assert 2 == code, said


def test_rows_of_unlike_length_and_gaps_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fixed = pa.list_(pa.float32(), 2)
    cases = [
        (pa.array([[1.0, 2.0], [1.0]]), "no file of vectors"),
        (pa.array([[1.0, 2.0], None]), "1 rows have no vector"),
        (pa.array([[1.0, 2.0], [None, 1.0]], fixed), "row 1, column 0 is nan"),
        (pa.array(["a", "b"]), "no file of vectors"),
    ]
    for rows, why in cases:
        pq.write_table(pa.table({"vector": rows}), tmp_path / "x.parquet")
        code, _, said = run("train", "autoencoder", tmp_path / "x.parquet", "-o", tmp_path / "o",
                            "--dims", 1, capsys=capsys)  # fmt: skip
        assert (2, True) == (code, why in said), said


def test_a_pickle_is_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    code, _, said = run("train", "autoencoder", tmp_path / "x.npy", "-o", tmp_path / "o",
                        capsys=capsys)  # fmt: skip
    assert (2, True) == (code, "allow_pickle" in said)


@pytest.mark.parametrize("task", ["autoencoder", "supervised", "contrastive"])
def test_each_task_has_a_help_of_its_own(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run("train", task, "--help", capsys=capsys)
    assert 0 == code
    assert f"usage: cospace train {task}" in printed
    assert f"cospace train {task} " in printed.partition("example")[2]
