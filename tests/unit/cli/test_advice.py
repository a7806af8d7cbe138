"""What a command says to type next can be typed."""

import shlex
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.flags import spoken
from cospace.cli.main import main
from cospace.errors import SpaceMismatch
from cospace.testing.tiny import tiny_folder


def test_another_model_is_named_as_it_was_given(tmp_path: Path, monkeypatch) -> None:
    """The name of a space is no name of a model: that of minilm is all-MiniLM-L6-v2."""
    monkeypatch.chdir(tmp_path)
    tiny_folder(Path("tiny"))
    with cs.open("a.cospace", model="./tiny") as shop:
        shop.add(ids=["1"], documents=["oak"])
    with pytest.raises(SpaceMismatch, match=r"--into OTHER --model minilm$"):
        cs.open("a.cospace", model="minilm")
    with cs.open("b.cospace", model="minilm") as shop:
        shop.add(ids=["1"], documents=["oak"])
    with pytest.raises(SpaceMismatch, match=r"--into OTHER --model \./tiny$"):
        cs.open("b.cospace", model="./tiny")


@pytest.mark.parametrize("out", ["fast", "./fast"])
def test_a_student_is_asked_as_the_last_line_says(
    out: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_folder(Path("tiny"))  # a teacher says each token of its own: minilm has 30,522
    Path("texts.txt").write_text("".join(f"oak chair {n} with arms\n" for n in range(60)))
    assert 0 == main(["train", "distill", "./tiny", "texts.txt", "-o", out])
    said = capsys.readouterr().out.splitlines()[-1]
    words = ["a.cospace" if one == "COLLECTION" else one for one in shlex.split(said)[1:]]
    with cs.open("a.cospace", model="./tiny") as shop:
        shop.add(ids=["1"], documents=["oak chair"])
    assert 0 == main(words)
    with pytest.raises(SpaceMismatch, match=r"cospace search a.cospace QUERY --queries \./fast$"):
        cs.open("a.cospace", model="./fast")


def test_an_option_is_quoted_for_the_shell() -> None:
    assert "--image 'Image Src' with --images FOLDER" == spoken(
        "image='Image Src' with images=FOLDER"
    )


def test_what_rows_show_is_told_by_index_too(tmp_path: Path, monkeypatch, capsys) -> None:
    """Not by --dry-run alone: what is met below the first rows comes after them."""
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text(
        "ID,Type,SKU,Name,Description,Regular price,Parent\n"
        "1,variable,A,Oak chair,Solid\\noak,,\n2,variation,B,Oak chair - red,,5,A\n"
    )
    assert 0 == main(["index", "p.csv"])
    said = capsys.readouterr().err
    assert "\\n is read as a new line" in said
    assert "column 'Name': the first of an item's rows is kept" in said
    assert "\n\n" not in said


def test_a_collection_without_judgments_says_how_to_judge(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    with cs.open("a.cospace", model="minilm") as shop:
        shop.add(ids=["1"], documents=["oak chair"])
    for words in (["tune", "a.cospace"], ["evaluate", "retrieval", "a.cospace"]):
        assert 2 == main(words)
        assert "cospace judge" in capsys.readouterr().err
