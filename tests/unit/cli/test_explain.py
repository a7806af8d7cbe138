"""`cospace explain`, as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cospace as cs
from cospace.cli.main import main
from cospace.limits import override


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    photo = np.full((60, 80, 3), 200, np.uint8)
    photo[20:40, 30:50] = (220, 20, 20)
    Image.fromarray(photo).save(place / "ball.png")
    Image.fromarray(photo).save(place / "gone.png")
    spot = {"lat": 47.07, "lon": 15.44}
    with cs.open(place / "a.cospace", model="starter") as shop:
        parts = cs.Parts(text="A red ball", image=cs.Image(place / "ball.png"))
        gone = cs.Parts(text="A gate", image=cs.Image(place / "gone.png"))
        shop.add(
            [
                cs.Item("chair", "Oak chair with arms", {"price": 40, "at": spot}),
                cs.Item("cup", "Green cup", {"price": 2, "at": spot}),
                cs.Item("ball", parts, {"price": 3}),
                cs.Item("gone", gone),
            ]
        )
    (place / "gone.png").unlink()
    return place


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert code == main(["explain", *words])
    told = capsys.readouterr()
    return told.out, told.err


def test_an_answer_is_explained(place: Path, capsys):
    folder = str(place / "a.cospace")
    out, _ = said(capsys, folder, "a wooden chair", "chair")
    assert "chair: First of all answers" in out
    assert "[chair]" in out
    assert "share +" in out and "without it -" in out
    assert "the question's words" in out
    record = json.loads(said(capsys, folder, "tea", "cup", "--json")[0])
    assert "Green cup" == record["text"]
    assert record["text_shares"]["exact"]


def test_without_an_id_it_is_the_first_answer(place: Path, capsys):
    assert said(capsys, str(place / "a.cospace"), "a wooden chair")[0].startswith("chair: First")


def test_the_heat_map_is_written(place: Path, capsys):
    for name in ("heat.png", "heat.JPG"):
        out, err = said(
            capsys, str(place / "a.cospace"), "a red ball", "ball", "-o", str(place / name)
        )
        with Image.open(place / name) as made:
            assert (80, 60) == made.size
        assert "image, of a cosine" in out
        assert name in err


def test_a_heat_map_that_cannot_be_made(place: Path, capsys):
    folder, out = str(place / "a.cospace"), str(place / "heat2.png")
    assert "no photo" in said(capsys, folder, "tea", "cup", "-o", out, code=2)[1]
    assert "cannot be read now" in said(capsys, folder, "gate", "gone", "-o", out, code=2)[1]
    _, err = said(capsys, folder, "a ball", "ball", "-o", str(place / "heat.txt"), code=2)
    assert ".png" in err
    _, err = said(capsys, folder, "a ball", "ball", "-o", str(place / "no" / "heat.png"), code=6)
    assert "cannot be written" in err
    assert not (place / "heat2.png").exists()


def test_why_not(place: Path, capsys):
    folder = str(place / "a.cospace")
    where = '{"price": {"$lt": 9}}'
    out, _ = said(capsys, folder, "a seat", "--why-not", "chair", "--where", where)
    assert "price is 40, and not below 9" in out
    out, _ = said(capsys, folder, "a seat", "--why-not", "cup", "--near", "50,7", "--km", "5")
    assert "and not within 5 km" in out
    record = json.loads(said(capsys, folder, "seat", "--why-not", "cup", "-k", "1", "--json")[0])
    assert ("outranked", 1) == (record["reason"], record["k"])
    assert (
        "not stored"
        == json.loads(said(capsys, folder, "seat", "--why-not", "nobody", "--json")[0])["reason"]
    )


def test_concepts(place: Path, capsys):
    folder, words = str(place / "a.cospace"), place / "words.txt"
    assert "text in words" in said(capsys, folder, "tea", "cup", "--concepts")[0]
    words.write_text("cup\ngreen\ngate\n", "utf-8")
    record = json.loads(said(capsys, folder, "tea", "cup", "--concepts", str(words), "--json")[0])
    found = record["concepts"]["text"]
    assert 3 == found["of"]
    words.write_text("cup\n\ngreen\ngate\n", "utf-8-sig")
    record = json.loads(said(capsys, folder, "tea", "cup", "--concepts", str(words), "--json")[0])
    assert found == record["concepts"]["text"]
    with override(document_bytes=10):
        _, err = said(capsys, folder, "tea", "cup", "--concepts", str(words), code=2)
    assert "at most 10 are read" in err
    words.write_bytes(b"\xff\xfe")
    assert "UTF-8" in said(capsys, folder, "tea", "cup", "--concepts", str(words), code=2)[1]
    assert {"cup", "green"} <= {one["word"] for one in found["concepts"]}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["tea", "nobody"], 4, "nobody"),
        (["", "cup"], 2, "query"),
        (["tea", "cup", "--where", "{}"], 2, "--why-not"),
        (["tea", "cup", "-k", "5"], 2, "-k goes with --why-not"),
        (["tea", "--why-not", "cup", "--near", "47,15", "--km", "0"], 2, "km above 0"),
        (["tea", "cup", "--why-not", "cup"], 2, "leave out id"),
        (["tea", "--why-not", "cup", "--km", "5"], 2, "--near"),
        (["tea", "cup", "--concepts", "nowhere.txt"], 4, "nowhere.txt"),
    ],
)
def test_what_cannot_be_told_says_why(place: Path, capsys, words: list[str], code: int, says: str):
    assert says in said(capsys, str(place / "a.cospace"), *words, code=code)[1]
