"""A command that is refused leaves nothing that was not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.limits import override
from cospace.testing.tiny import tiny_folder, tiny_model

NOBODY = "qdrant://127.0.0.1:1/market?timeout=1"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("things.csv").write_text("id,title\na,an armchair\nb,a lamp\n,nameless\n")
    Path("heading.csv").write_text("id,title\n")
    Path("bad.parquet").write_bytes(b"PAR1")
    Path("there").mkdir()
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("of another program")
    with cs.open("shop.cospace", model=tiny_model()) as shop:
        shop.add(ids=["a"], documents=["armchair"])
        shop.export("items.parquet")
    return tmp_path


def tree(place: Path) -> set[str]:
    """All that is there, but for what SQLite keeps beside a file that was read."""
    paths = (str(path.relative_to(place)) for path in place.rglob("*"))
    return {path for path in paths if not path.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize(
    "words",
    [
        f"index things.csv --into {NOBODY}",
        f"import items.parquet {NOBODY}",
        f"copy shop.cospace {NOBODY}",
        "import bad.parquet new.cospace",
        "import bad.parquet some/where/new.cospace",
        "import bad.parquet there",
        "import items.parquet mine",
        "index things.csv --into mine",
        "copy shop.cospace mine",
        "index things.csv --into new.cospace --quantization none --model nosuch",
        "index things.csv --into new.cospace --language klingon",
        "index heading.csv",
    ],
)
def test_a_refused_command_leaves_nothing(place: Path, words: str) -> None:
    before = tree(place)
    assert main(words.split()) not in (0, 10)
    assert tree(place) == before


def test_what_was_stored_before_the_refusal_stays(place: Path) -> None:
    tiny_folder(place / "tiny")
    words = ["--into", "new.cospace", "--model", str(place / "tiny"), "--strict"]
    with override(batch_items=1):
        assert 2 == main(["index", "things.csv", *words])
    with cs.open("new.cospace", read_only=True) as shop:
        assert 2 == len(shop)


def test_a_collection_that_was_there_stays_though_it_is_empty(place: Path) -> None:
    cs.open("empty.cospace").close()
    before = tree(place)
    assert 2 == main(["import", "bad.parquet", "empty.cospace"])
    assert before <= tree(place)


def test_an_owner_who_came_meanwhile_keeps_the_collection(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cospace.cli.fresh import unless_refused

    with pytest.raises(KeyError), unless_refused("new.cospace"):
        other = cs.open("new.cospace", model=tiny_model())
        raise KeyError
    other.add(ids=["a"], documents=["armchair"])
    other.close()
    with cs.open("new.cospace", read_only=True) as shop:
        assert 1 == len(shop)
