"""Judgments and labels as people write them: grades with a point, twice, with spaces."""

from pathlib import Path

import pytest

from cospace.evaluate import Pictures, Table
from cospace.evaluate.beir import read_beir

from .files import write_beir, write_images


def test_grades_may_be_written_with_a_point(tmp_path: Path) -> None:
    qrels = "query-id\tcorpus-id\tscore\nq0\td0\t1.0\nq0\td1\t2.\nq1\td1\t0.0\nq2\td2\t 1 \n"
    data = read_beir(write_beir(tmp_path, qrels=qrels))
    assert {"q0": {"d0": 1, "d1": 2}, "q1": {"d1": 0}, "q2": {"d2": 1}} == data.judged
    assert 0 == len(data.failed)


@pytest.mark.parametrize("grade", ["0.5", "nan", "inf", "-inf", "high", ""])
def test_other_grades_are_refused_and_told(tmp_path: Path, grade: str) -> None:
    data = read_beir(write_beir(tmp_path, qrels=f"q0\td0\t1\nq1\td1\t{grade}x\nq1\td0\t1\n"))
    assert 1 == len(data.failed)
    data = read_beir(write_beir(tmp_path, qrels=f"q0\td0\t1\nq1\td1\t{grade or 'x'}\n"))
    assert ["test.tsv:2"] == [one.name for one in data.failed]
    assert {"q0": {"d0": 1}} == data.judged


@pytest.mark.parametrize("again", [1, 2])
def test_a_judgment_that_is_given_twice_is_told(tmp_path: Path, again: int) -> None:
    qrels = f"q0\td0\t1\nq1\td1\t1\nq0\td0\t{again}\n"
    data = read_beir(write_beir(tmp_path, qrels=qrels))
    assert 1 == data.judged["q0"]["d0"]
    [told] = data.failed
    assert "test.tsv:3" == told.name
    assert f"judged before, with 1; the first is kept, and not {again}" in told.reason


def test_spaces_round_ids_do_not_make_another_document(tmp_path: Path) -> None:
    documents = {"d0 ": "a lamp", " d1": "a chair"}
    qrels = "q0 \td0\t1\n q0\td1 \t1\n"
    folder = write_beir(tmp_path, documents=documents, queries={"q0": "lamp"}, qrels=qrels)
    data = read_beir(folder)
    assert {"q0": {"d0": 1, "d1": 1}} == data.judged
    assert {"d0", "d1"} == set(data.order) == {id for id, _ in data.documents()}
    assert 0 == data.no_document


def test_classes_that_differ_by_spaces_are_one(tmp_path: Path) -> None:
    rows = ["chair", "chair ", " chair", "wing  chair", "wing chair", "wing\u00a0chair", " ", ""]
    lines = "".join(f'A{n},thing {n},"{label}"\n' for n, label in enumerate(rows))
    (tmp_path / "t.csv").write_text(f"sku,name,kind\n{lines}", encoding="utf-8")
    found = Table(str(tmp_path / "t.csv"), "kind", text="name").read()
    assert ["chair"] * 3 + ["wing chair"] * 3 == found.classes


def test_folders_that_differ_by_a_space_are_one_class(tmp_path: Path) -> None:
    write_images(tmp_path / "p", {"chair": 3, "lamp": 3})
    folders = sorted(path for path in (tmp_path / "p").rglob("*") if path.is_dir())
    before = Pictures(str(tmp_path / "p")).read().classes
    twin = folders[-1].with_name(folders[-1].name + " ")
    twin.mkdir()
    first = sorted(folders[-1].iterdir())[0]
    first.rename(twin / first.name)
    assert sorted(before) == sorted(Pictures(str(tmp_path / "p")).read().classes)
