"""A user trains word vectors, looks at them, searches with them, and types things wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main

LINES = "the velvet sofa stands near the lamp\nthe bicycle needs a pump and a tyre\n" * 60


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    file = tmp_path / "corpus.txt"
    file.write_text(LINES)
    return str(file)


@pytest.mark.parametrize("method", ["word2vec", "glove", "subwords"])
def test_a_model_is_trained_and_searched_with(
    method: str, corpus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "words"
    command = ["train", method, corpus, "-o", str(out), "--dim", "16", "--epochs", "3", "--json"]
    assert 0 == main(command)
    printed = capsys.readouterr()
    record = json.loads(printed.out)
    assert method.replace("word2vec", "skipgram") == record["training"]["method"]
    assert "MB of memory" in printed.err
    assert "words" == cs.load(out).name
    shop = tmp_path / "shop.cospace"
    with cs.open(shop, model=str(out)) as one:
        one.add([cs.Item("1", "a velvet sofa"), cs.Item("2", "a bicycle and a pump")])
        assert "1" == one.search("velvet sofa")[0].id


def test_the_same_command_gives_the_same_space(corpus: str, tmp_path: Path) -> None:
    prints = []
    for name in ("first", "second"):
        out = str(tmp_path / name)
        command = ["train", "word2vec", corpus, "-o", out, "--dim", "16", "--name", "one"]
        assert 0 == main([*command, "--epochs", "2"])
        prints.append(cs.load(tmp_path / name).space.fingerprint)
    assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["train", "glove", "CORPUS", "-o", "OUT", "--architecture", "cbow"], 2, "not for glove"),
        (["train", "subwords", "CORPUS", "-o", "OUT", "--ngrams", "three"], 2, "such as 3-6"),
        (["train", "word2vec", "nowhere.txt", "-o", "OUT"], 4, "no such file"),
        (["train", "word2vec", "CORPUS", "-o", "OUT", "--dim", "0"], 2, "dim is a whole number"),
        (["train", "word2vec", "CORPUS", "-o", "no/such/OUT"], 2, "no folder"),
        (["train", "word2vec", "CORPUS", "-o", "CORPUS"], 2, "exists already"),
        (["train", "word2vec", "CORPUS"], 2, "-o/--out"),
        (["train", "word2vec", "CORPUS", "-o", "OUT", "--rate", "99", "--epochs", "60"], 1, "rate"),
        (["compare", "word2vec", "bert", "--corpus", "CORPUS", "--no-plot"], 2, "each once"),
        (["compare", "word2vec", "--corpus", "CORPUS", "--images", "x", "--no-plot"], 2, "texts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_before_anything_is_left_behind(
    arguments: list[str], code: int, why: str, corpus: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    names = {"CORPUS": corpus, "OUT": str(out)}
    assert code == main([names.get(one, one) for one in arguments])
    assert why in capsys.readouterr().err
    assert not out.exists()


def test_methods_are_compared_in_a_table_and_a_plot(
    corpus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "found.png"
    command = [
        "compare",
        "word2vec",
        "glove",
        "--corpus",
        corpus,
        "--dim",
        "16",
        "-o",
        str(plot),
    ]
    assert 0 == main([*command, "--words", "sofa,bicycle"])
    printed = capsys.readouterr().out
    assert "local window" in printed
    assert "global counts" in printed
    assert "bicycle" in printed
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_comparison_whose_plot_cannot_be_written_is_told_whole(
    corpus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "c.png").mkdir()
    options = ["--corpus", corpus, "--dim", "8", "-o", str(tmp_path / "c.png"), "--json"]
    assert 6 == main(["compare", "word2vec", *options])
    told = json.loads(capsys.readouterr().out)
    assert told["plot"] is None
    assert "cannot be written" in told["plot_error"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_saves_the_vectors_as_they_are(corpus: str, tmp_path: Path) -> None:
    out = tmp_path / "words"
    state = tmp_path / "state"
    command = ["train", "word2vec", corpus, "-o", str(out), "--dim", "16", "--epochs", "100000"]
    child = subprocess.Popen(
        [sys.executable, "-m", "cospace", *command, "--checkpoint", str(state)],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (state / "training.state").exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # until an epoch was kept: the training runs
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert 130 == child.returncode, err
    assert "as they were" in err
    record = cs.load(out).space.towers[0].preprocess["training"]
    assert 0 < record["stopped_after"] < 1


def test_a_model_in_a_folder_has_to_be_named_again(
    corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.csv").write_text("id,text\n1,a velvet sofa\n2,a bicycle pump\n")
    assert 0 == main(["train", "word2vec", corpus, "-o", "./mine", "--dim", "8"])
    assert 0 == main(["index", "shop.csv", "--into", "s.cospace", "--model", "./mine"])
    capsys.readouterr()
    assert 4 == main(["search", "s.cospace", "sofa"])
    assert "--model FOLDER" in capsys.readouterr().err
    assert 0 == main(["search", "s.cospace", "sofa", "--model", "./mine"])
    assert "velvet" in capsys.readouterr().out
