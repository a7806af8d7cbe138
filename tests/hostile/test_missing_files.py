"""A file that is not there is `NotFound`, wherever it is named, and however: exit code 4."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace import evaluate, train
from cospace.adopt.adoption import adopt
from cospace.adopt.words import read_vectors
from cospace.cli.main import main
from cospace.errors import NotFound
from cospace.evaluate.beir import read_beir
from cospace.evaluate.labelled import Pictures, Table
from cospace.evaluate.pairs import read_pairs
from cospace.testing.tiny import tiny_folder, tiny_model
from cospace.train.translation import pairs as translation

READERS: dict[str, Callable[[Any], object]] = {
    "read": cs.read,
    "load": lambda path: cs.load(Path(path)),
    "open": lambda path: cs.open(path, create=False),
    "restore": lambda path: cs.open(":memory:").restore(path),
    "adopt": lambda path: adopt(str(path)),
    "read_vectors": read_vectors,
    "read_pairs": read_pairs,
    "read_beir": read_beir,
    "sts": lambda path: evaluate.sts(path, tiny_model()),
    "retrieval": lambda path: evaluate.retrieval(path, tiny_model()),
    "words": lambda path: evaluate.words(tiny_model(), path),
    "compare a table": lambda path: evaluate.compare(
        tiny_model(), Table(path, label="a", text="b")
    ),
    "compare pictures": lambda path: evaluate.compare(tiny_model(), Pictures(path)),
    "corpus": train.read_corpus,
    "train": train.word2vec,
    "pairs of a translation": translation.read_pairs,
}
COMMANDS = [
    "index @ --into new --model {model}",
    "embed @ --out a.npy --model {model}",
    "import @ new",
    "search {shop} --image @",
    "info @",
    "verify @",
    "export @ a.parquet",
    "backup @ new",
    "compact @",
    "tokens --file @ --model {model}",
    "models add @",
    "models show @",
    "models verify @",
    "models show {model} --loss --texts @",
    "train word2vec @ --out new",
    "evaluate sts @ --model {model}",
    "evaluate retrieval @ --model {model}",
    "evaluate words @ --model {model}",
    "compare {model} --table @ --label a --text b",
    "compare {model} --images @",
    "compare word2vec --corpus @",
    "nearest @ word",
    "translate @ word --to de",
    "align @ {model} {shop} --from a --to b --out new",
]
PLACES = ["none{end}", "no/none{end}", "file/none{end}"]  # the last below what is no folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a file")
    return tmp_path


@pytest.mark.parametrize("end", [".csv", ".vec", ""])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", READERS)
def test_a_reader_says_that_there_is_nothing(name: str, place: str, end: str, folder: Path) -> None:
    path = folder / place.format(end=end)
    for given in (path, str(path)):
        with pytest.raises(NotFound, match=path.name):
            READERS[name](given)
    assert {"file"} == {one.name for one in folder.iterdir()}, "nothing is made for it"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_that_there_is_nothing(
    words: str, place: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_folder(folder / "tiny", kinds=["text", "image"])
    with cs.open(folder / "shop", model=cs.load(model)) as shop:
        shop.add(cs.Item("a", "a chair"))
    path = folder / place.format(end=".txt")
    given = words.format(model=model, shop=folder / "shop").split()
    assert 4 == main([str(path) if word == "@" else word for word in given])
    assert str(path) in capsys.readouterr().err
    assert {"file", "tiny", "shop"} == {one.name for one in folder.iterdir()}
