"""A path may be a `str`, a `Path`, or whatever else says what its path is: all mean the same."""

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cospace as cs
from cospace import evaluate, train
from cospace.adopt.adoption import adopt
from cospace.adopt.source import parse
from cospace.adopt.words import read_vectors
from cospace.encode.cache.disk import VectorCache
from cospace.errors import BadArgument, ModelNotFound
from cospace.evaluate import Pictures, Table
from cospace.evaluate.pairs import read_pairs
from cospace.evaluate.words.questions import read_questions
from cospace.evaluate.words.ratings import read_ratings
from cospace.testing.tiny import tiny_folder, tiny_model

SOURCE = Path(cs.__file__).parent


class Own(os.PathLike[str]):
    """A path of another library."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return self._path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files are; the model "tiny" has the form of a name, and none has that name."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    tiny_folder(tmp_path / "tiny")
    for number in range(4):
        place = tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(place)
    rows = [f"a chair {n},{'xy'[n % 2]},pictures/a/0.png" for n in range(8)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label,image", *rows]))
    pairs = "sentence1,sentence2,score\na chair,a red chair,5\na chair,my bus,0\na bus,my bus,4\n"
    (tmp_path / "pairs.csv").write_text(pairs)
    (tmp_path / "rated.txt").write_text("a\tb\t3\na\tc\t1\n")
    (tmp_path / "asked.txt").write_text(": s\na b c d\n")
    (tmp_path / "words.vec").write_text("a 0.1 0.2\nb 0.3 0.4\n")
    (tmp_path / "corpus.txt").write_text("one two three two one\n" * 20)
    return tmp_path


def compared(models: Any, source: Any) -> object:
    found = evaluate.compare(models, source, seed=1)
    return [result.accuracy for result in found.results]


def opened(path: Any) -> object:
    with cs.open(path, model=tiny_model()) as shop:
        return shop.name, len(shop)


def transferred(path: Any) -> object:
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
        shop.export(path)
        return shop.restore(path, replace=True)


def saved(path: Any) -> object:
    made = train.word2vec("corpus.txt", dim=4, epochs=1, min_count=1)
    return sorted(one.name for one in made.save(path, replace=True).iterdir())


def space_of(shop: cs.Collection) -> cs.Space:
    with shop:
        return shop.model.space


def vectors(image: Any) -> object:
    return tiny_model().encode_document([image]).array.tolist()


READERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "read": ("a.csv", lambda path: [item.id for item in cs.read(path)]),
    "image": ("pictures/a/0.png", lambda path: vectors(cs.Image(path))),
    "part": ("pictures/a/0.png", lambda path: cs.Audio(path).path),
    "depth": ("pictures/a/0.png", lambda path: cs.Depth(path, disparity=1.0).path),
    "open": ("shop", opened),
    "restore": ("a.parquet", transferred),
    "save": ("words", saved),
    "corpus": ("corpus.txt", lambda path: train.read_corpus(path).words),
    "sts": ("pairs.csv", lambda path: evaluate.sts(path, tiny_model()).results[0].spearman),
    "pairs": ("pairs.csv", lambda path: len(read_pairs(path))),
    "words": ("rated.txt", lambda path: len(evaluate.words(tiny_model(), path).results)),
    "ratings": ("rated.txt", lambda path: read_ratings(path).first),
    "questions": ("asked.txt", lambda path: read_questions(path).sections),
    "table": ("a.csv", lambda path: compared(tiny_model(), Table(path, "label", text="text"))),
    "pictures": ("pictures", lambda path: compared(tiny_model(), Pictures(path))),
    "read_vectors": ("words.vec", lambda path: read_vectors(path).table.words),
    "cache": ("cache", lambda path: VectorCache(path).path),
}


@pytest.mark.parametrize("name", READERS)
def test_a_path_is_the_same_however_it_is_given(name: str, folder: Path) -> None:
    place, run = READERS[name]
    expected = run(place) if name not in ("part", "depth", "cache") else None
    for given in (Path(place), Own(place)):
        found = run(given)
        wanted = expected if expected is not None else run(place)
        assert repr(found) == repr(wanted)  # an interval of few items is NaN, which equals nothing


MODELS: dict[str, Callable[[Any], Any]] = {
    "load": lambda model: cs.load(model).space,
    "open": lambda model: cs.open(":memory:", model=model).model.space,
    "open a folder": lambda model: space_of(cs.open("shop", model=model)),
    "sts": lambda model: evaluate.sts("pairs.csv", model).results[0].spearman,
    "words": lambda model: evaluate.words(model, "rated.txt").results[0].model,
    "compare": lambda model: compared(model, Pictures(Path("pictures"))),
    "adopt": lambda model: parse(model).folder,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_folder_of_a_model_is_taken_wherever_a_model_is_named(name: str, folder: Path) -> None:
    """A path that is no `str` is a folder, also where it is spelled like a name."""
    run = MODELS[name]
    expected = run("./tiny")
    for given in (Path("tiny"), Own("tiny"), folder / "tiny"):
        found = run(given)
        if name == "adopt":
            assert folder / "tiny" == found.absolute()
        elif name != "words":
            assert repr(expected) == repr(found)


def test_a_part_of_any_kind_has_a_path(folder: Path) -> None:
    """A `str` is none there: it is text."""
    assert Path("a.npy") == cs.Part("thermal", Own("a.npy")).path
    assert cs.Part("thermal", Path("a.npy")) == cs.Part("thermal", Own("a.npy"))
    assert cs.Part("thermal", "a.npy").path is None


def test_a_short_collection_is_opened_by_the_path_of_its_model(folder: Path) -> None:
    with cs.open("short", model=cs.load("./tiny", dim=8)) as shop:
        shop.add(cs.Item("a", "a chair"))
    for given in ("./tiny", Path("tiny"), Own("tiny")):
        with cs.open(Path("short"), model=given) as shop:
            assert 8 == shop.model.space.dim


def test_a_name_is_not_a_path_and_the_other_way_round(folder: Path) -> None:
    for run in (cs.load, lambda name: cs.open(":memory:", model=name)):
        with pytest.raises(ModelNotFound, match=r"write '\./tiny'"):
            run("tiny")
    with pytest.raises(ModelNotFound, match="hf:org/name"):
        adopt(Path("hf:org/name"))
    for wrong in (5, b"tiny", ["tiny"]):
        with pytest.raises(BadArgument, match="a folder or an Encoder, not"):
            cs.open(":memory:", model=wrong)  # type: ignore[arg-type]


def test_no_function_takes_a_str_or_a_path_alone() -> None:
    """`os.PathLike` is what both are."""
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.arg) and node.annotation is not None:
                kinds = set(ast.unparse(node.annotation).split(" | "))
                if {"str", "Path"} <= kinds:
                    found.append(f"{file.relative_to(SOURCE)}: {node.arg}")
    assert [] == found
