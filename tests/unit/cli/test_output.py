"""Lists that are cut say so, how much is missing, and how to see it."""

import json
from pathlib import Path

import pytest

from cospace.cli.main import main
from cospace.cli.output import reasons
from cospace.cli.textfile import TextFile
from cospace.collection import Report
from cospace.limits import override
from cospace.read import Failures, read
from cospace.testing.tiny import tiny_folder

BAD = 12


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, and a table in which many rows are bad."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    tiny_folder(tmp_path / "tiny")
    rows = ["id,title", "1,a chair", *(f"bad-{number}" for number in range(BAD))]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("number", "last"),
    [
        (0, None),
        (1, "  a:0: bad"),
        (5, "  a:4: bad"),
        (6, "  ... and 1 more; --json lists them"),
        (8, "  ... and 3 more; --json lists them"),
        (9, "  ... and 4 more; --json lists 8 of all; COSPACE_LIMIT_REPORT_REASONS raises that"),
        (
            2000,
            "  ... and 1,995 more; --json lists 8 of all; COSPACE_LIMIT_REPORT_REASONS raises that",
        ),
    ],
)
def test_the_first_reasons_and_how_to_see_the_rest(number: int, last: str | None) -> None:
    failed = Failures()
    with override(report_reasons=8):
        for row in range(number):
            failed.add(f"a:{row}", "bad")
    lines = reasons(failed)
    assert [f"  a:{row}: bad" for row in range(min(number, 5))] == lines[:5]
    assert last == (lines[-1] if lines else None)
    assert len(lines) == min(number, 6)


def test_a_list_of_failures_takes_another_with_what_it_did_not_keep() -> None:
    first, second, both = Failures(), Failures(), Failures()
    with override(report_reasons=3):
        for row in range(5):
            first.add(f"a:{row}", "bad")
            second.add(f"b:{row}", "bad")
    with override(report_reasons=4):
        both.take(first)
        both.take(second)
    assert (10, 6) == (len(both), both.unlisted)
    assert ["a:0", "a:1", "a:2", "b:0"] == [failure.name for failure in both]


def test_a_report_counts_the_reasons_of_rows_that_it_did_not_keep(folder: Path) -> None:
    with override(report_reasons=3):
        reading = read("a.csv")
        list(reading)
        report = Report()
        report.take(reading)
    assert (BAD, BAD, BAD - 3) == (report.failed, len(report.reasons), report.reasons.unlisted)
    record = report.to_json()
    assert (3, BAD - 3) == (len(record["reasons"]), record["unlisted"])


def test_a_file_of_texts_counts_them_all(folder: Path) -> None:
    with override(report_reasons=3):
        file = TextFile("a.csv")
        assert ["a chair"] == [text for _, text in file]
    assert (BAD, BAD - 3) == (len(file.failed), file.failed.unlisted)


@pytest.mark.parametrize(
    "words",
    [
        "embed a.csv --out a.npy --model ./tiny",
        "index a.csv --into shop --model ./tiny",
        "tokens --file a.csv --model ./tiny",
    ],
)
def test_a_command_says_how_much_it_does_not_list(
    words: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for most, kept, advice in (
        (1000, BAD, "--json lists them"),
        (7, 7, "--json lists 7 of all; COSPACE_LIMIT_REPORT_REASONS raises that"),
    ):
        monkeypatch.setenv("COSPACE_LIMIT_REPORT_REASONS", str(most))
        assert 0 == main(words.split())
        ran = capsys.readouterr()
        assert f"... and {BAD - 5} more; {advice}" in ran.out + ran.err
        assert f"{BAD} " in ran.out + ran.err
        assert 0 == main([*words.split(), "--json"])
        record = json.loads(capsys.readouterr().out)
        record = record.get("report", record)
        listed = record["reasons"] if "reasons" in record else record["failed"]
        assert (kept, BAD - kept) == (len(listed), record["unlisted"])
