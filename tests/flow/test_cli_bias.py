"""A shop asks what its model associates and does not notice, and reads it as a page."""

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main

LISTS = {
    "name": "seats and tools",
    "x": ["armchair", "sofa", "bench", "stool"],
    "y": ["drill", "saw", "hammer", "wrench"],
    "a": ["home", "comfort", "rest"],
    "b": ["work", "metal", "noise"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("bias") / "shop.cospace"
    texts = [f"A {c} chair of oak with {n} legs." for c in ("red", "blue") for n in range(3, 11)]
    with cs.open(folder, model="starter") as made:
        made.add(ids=[f"MK-{n}" for n in range(len(texts))], documents=texts)
    return str(folder)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert code == main([*words])
    told = capsys.readouterr()
    return told.out, told.err


@pytest.fixture
def lists(tmp_path: Path) -> str:
    path = tmp_path / "lists.json"
    path.write_text(json.dumps(LISTS))
    return str(path)


def test_a_shop_is_asked_with_lists_and_questions(
    shop: str, lists: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, page = tmp_path / "log.txt", tmp_path / "report.html"
    log.write_text("\n".join(f"a chair for {n} people" for n in range(12)))
    words = ["audit", shop, "--bias", lists, "--questions", str(log), "--html", str(page)]
    out, _ = said(capsys, *words, "--checks", "bias,flips,languages,questions")
    for name in ("bias: seats and tools", "flips: negation", "languages", "questions: outside"):
        assert name in out
    assert f"the report is in {page}" in out
    text = page.read_text()
    assert "Audit of shop.cospace" in text
    assert "<script" not in text


def test_json_is_one_document(shop: str, lists: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "audit", shop, "--bias", lists, "--checks", "bias", "--json")
    [found] = json.loads(out)["findings"]
    assert "" == err
    assert "bias: seats and tools" == found["check"]
    assert 0 < found["p"] <= 1
    assert ["words", "sentences"] == [bar["name"] for bar in found["charts"][0]["bars"]]


def test_a_model_alone_is_asked(lists: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "audit", "--bias", lists, "--model", "starter", "--json")
    assert 1 == len(json.loads(out)["findings"])


def test_what_cannot_be_asked_is_told(
    shop: str, lists: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, told in (
        (["audit"], "name a collection"),
        (["audit", "--bias", lists], "name a collection"),
        (["audit", "--bias", lists, "--model", "starter", "--label", "x"], "--label"),
        (["audit", shop, "--html", "report.pdf"], ".html"),
        (["audit", shop, "--html", str(tmp_path / "none" / "report.html")], "no folder"),
        (["audit", shop, "--bias", str(tmp_path / "none.json")], "none.json"),
        (["audit", shop, "--checks", "magic"], "magic"),
        (["audit", shop, "--seed", "-1"], "--seed"),
    ):
        _, err = said(capsys, *words, code=2)
        assert told in err
    assert not Path("report.pdf").exists()


def test_lines_that_hold_no_question_are_told(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"query": "a chair"}\nnot json\n')
    out, err = said(capsys, "audit", shop, "--questions", str(log), "--checks", "questions")
    assert "1 lines" in err or "1 line" in err
    assert "log.jsonl:2" in err
    assert "inconclusive" in out
