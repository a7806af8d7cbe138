"""`cospace audit` and `cospace dedupe`: what they refuse, and what they say when writing fails."""

import json
import shlex
from pathlib import Path

import pytest

import cospace as cs
from cospace.audit import audit, duplicates
from cospace.cli.main import main
from cospace.counted import counted
from cospace.errors import BadArgument, StorageError


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command") / "shop.cospace"
    with cs.open(folder, model="starter") as made:
        made.add(ids=["a b", "c d", "2"], documents=["Oak chair", "Oak chair", "Steel rake"])
    return folder


def no_disk(*_: object) -> None:
    raise StorageError("the disk is full")


@pytest.mark.parametrize("as_json", [False, True])
def test_the_findings_are_told_though_the_report_cannot_be_written(
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    as_json: bool,
) -> None:
    monkeypatch.setattr("cospace.files.write_bytes", no_disk)
    words = ["audit", str(shop), "--checks", "duplicates", "--html", str(tmp_path / "a.html")]
    assert 6 == main([*words, *(["--json"] if as_json else [])])
    told = capsys.readouterr()
    if as_json:
        said = json.loads(told.out)
        assert None is said["html"]
        assert "the disk is full" in said["html_error"]
        assert "found" == said["findings"][0]["verdict"]
    else:
        assert "found         duplicates: 1 of 3 items" in told.out
        assert "the report is in" not in told.out
        assert "no report was written: the disk is full" in told.err


def test_a_report_is_not_written_over_a_folder(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    assert 2 == main(["audit", str(shop), "--html", str(tmp_path / "a.html")])


def test_what_asks_for_nothing_or_for_itself_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["audit", str(shop), "--checks", ""])
    assert "there are: missing parts" in capsys.readouterr().err
    again = f"{shop.parent}/../{shop.parent.name}/{shop.name}"
    assert 2 == main(["audit", str(shop), "--against", again])
    assert "given twice" in capsys.readouterr().err
    for command in ("audit", "dedupe"):
        assert 2 == main([command, str(shop), "--seed", "-1"])
        assert "seed is a whole number" in capsys.readouterr().err
    with cs.open(shop, read_only=True) as held:
        for wrong in ({"seed": -1}, {"seed": 0.5}, {"checks": []}, {"against": held}):
            with pytest.raises(BadArgument):
                audit(held, **wrong)  # type: ignore[arg-type]
        with pytest.raises(BadArgument):
            duplicates(held, seed=-1)


def test_ids_of_several_words_are_told_apart(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["dedupe", str(shop)])
    words = shlex.split(capsys.readouterr().out)
    assert ["keep", "a b", "drop", "c d"] == words[:4]


def test_words_of_the_command_line_and_its_plurals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cs.open(tmp_path / "one", model="starter") as made:
        made.add(ids=["1"], documents=["Oak chair"])
    assert 0 == main(["audit", str(tmp_path / "one"), "--checks", "questions"])
    told = capsys.readouterr()
    assert "give a log of questions: --questions" in told.out
    assert "1 item, 1 check: 0 found something" in told.err
    assert "1 text holds" == counted(1, "text holds", "texts hold")
