"""`cospace plan`, from the command line to the table."""

import json

import pytest

from cospace.cli.main import main


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["plan", *words])
    return code, capsys.readouterr().out


def test_tables_of_a_database_need_no_trial(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "--items", "1e9", "--dim", "384", "--store", "postgresql",
                     "--machine-memory", "512GB", "--growth", "5%/month")  # fmt: skip
    assert 0 == code
    assert "over one" in out
    assert "one machine of 512 GB ends, postgresql" in out
    assert "cost: left out; say --machine-price" in out
    assert "storage-page-layout" in out


def test_a_plan_of_all_stores_is_measured_here(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "--items", "100_000", "--dim", "8", "--text-bytes", "0", "--json",
                     "--quantization", "int8", "--sample", "20100,20400", "--metadata-bytes", "30",
                     "--machine-memory", "64GB", "--machine-price", "0.5")  # fmt: skip
    assert 0 == code
    found = json.loads(out)
    assert [20_100, 20_400] == [one["items"] for one in found["measured"]]
    local = found["needs"][0]
    assert ("local", "int8", "measured here") == (local["store"], local["form"], local["source"])
    assert (1, 365.0) == (local["machines"], local["cost"])
    assert local["build_processor"] > 0
    assert 0.5 < local["recall"] <= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dim", "8"], "--items"),
        (["--items", "none", "--dim", "8"], "expected a number of items"),
        (["--items", "10"], "say --model NAME, or --dim N"),
        (["--items", "10", "--dim", "0"], "--dim is 1 or more"),
        (["--items", "10", "--dim", "8", "--growth", "much"], "expected 5%/month"),
        (["--items", "10", "--dim", "8", "--machine-memory", "64"], "expected a size such as 64GB"),
        (["--items", "10", "--dim", "8", "--sample", "5,6"], "fewer have no graph"),
        (["--items", "10", "--dim", "8", "--quantization", "int4"], "--quantization is one of"),
        (["--items", "10", "--dim", "8", "--store", "oracle"], "not oracle"),
    ],
)
def test_what_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["plan", *words])
    assert said in capsys.readouterr().err
