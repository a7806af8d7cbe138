"""`cospace train distill` and `cospace search --queries`, as they are typed."""

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.testing.tiny import tiny_folder
from cospace.train.students.static import StaticLearner
from tests.unit.train.students.texts import TEXTS


@pytest.fixture
def files(tmp_path: Path) -> Path:
    tiny_folder(tmp_path / "tiny")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    return tmp_path


def command(files: Path, *more: str) -> list[str]:
    out = str(files / "fast")
    return ["train", "distill", str(files / "tiny"), str(files / "texts.txt"), "-o", out, *more]


def test_a_student_is_made_and_asks(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(command(files, "--epochs", "4"))
    printed = capsys.readouterr()
    assert "learnt from  162 texts" in printed.out
    assert "--queries" in printed.out
    assert {"card.md", "card.json", "space.json"} <= {f.name for f in (files / "fast").iterdir()}
    shop = str(files / "shop.cospace")
    with cs.open(shop, model=str(files / "tiny")) as one:
        one.add(ids=["chair", "lamp"], documents=["a red chair", "a grey lamp"])
    asked = ["search", shop, "grey lamp", "--by", "text", "--model", str(files / "tiny"), "--json"]
    assert 0 == main([*asked, "--queries", str(files / "fast")])
    assert "lamp" == json.loads(capsys.readouterr().out)["hits"][0]["id"]
    assert 3 == main(["search", shop, "lamp", "--model", str(files / "fast")])
    assert f"--queries {files / 'fast'}" in capsys.readouterr().err


def test_json_is_the_card(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(command(files, "--epochs", "1", "--name", "mine", "--json"))
    record = json.loads(capsys.readouterr().out)
    assert ("mine", 162) == (record["title"], record["counts"]["learnt from"])
    assert "mine" == cs.load(files / "fast").name


def test_a_table_is_read_as_elsewhere(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{number},{text}\n" for number, text in enumerate(TEXTS))
    (files / "shop.csv").write_text(f"id,title\n{rows}")
    given = command(files, "--epochs", "1")
    given[3] = str(files / "shop.csv")
    assert 0 == main(given)
    assert "162 texts" in capsys.readouterr().out


def test_ctrl_c_keeps_the_best_so_far(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step, steps = StaticLearner.step, [0]

    def interrupted(self: StaticLearner, *given: object) -> float:
        steps[0] += 1
        if steps[0] == 30:
            raise KeyboardInterrupt
        return step(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(StaticLearner, "step", interrupted)
    assert 130 == main(command(files, "--epochs", "40"))
    assert "this is the best student until then" in capsys.readouterr().err
    assert (1, 32) == cs.load(files / "fast").encode_query(["a chair"]).array.shape


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--dim", "3"), "--dim"),
        (("--epochs", "0"), "epochs is a whole number"),
        (("--weights", "x"), "kind='transformer'"),
    ],
)
def test_what_is_wrong_is_refused(
    more: tuple[str, ...], why: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(command(files, *more))
    assert why in capsys.readouterr().err
    assert not (files / "fast").exists()
