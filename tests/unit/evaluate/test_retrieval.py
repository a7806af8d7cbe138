"""Retrieval figures are BEIR's, every gap in the data is counted, and nothing depends on blocks."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadItem, CospaceError, EmptyItem, NotFound
from cospace.evaluate import retrieval
from cospace.evaluate.beir import read_beir
from cospace.evaluate.retrieval import FIGURES
from cospace.testing.tiny import tiny_model

from .files import WORDS, write_beir


def test_a_model_that_finds_everything_scores_1(tmp_path: Path) -> None:
    qrels = "".join(f"q{i}\td{i}\t1\n" for i in range(3))
    [result] = retrieval(write_beir(tmp_path, qrels=qrels), tiny_model()).results
    assert [1, 1, 1] == [round(figure.value, 9) for figure in result.figures.values()]


def test_the_figures_are_those_of_trec_eval(tmp_path: Path) -> None:
    trec = pytest.importorskip("pytrec_eval", reason="trec_eval is not installed")
    random = np.random.default_rng(0)
    texts = {f"d{i}": " ".join(random.choice(WORDS, 4)) for i in range(150)}
    queries = {f"q{i}": " ".join(random.choice(WORDS, 2)) for i in range(12)}
    judged = {
        query: {f"d{i}": int(random.integers(0, 3)) for i in random.choice(150, 20, False)}
        for query in queries
    }
    lines = [f"{q}\t{d}\t{g}" for q, grades in judged.items() for d, g in grades.items()]
    folder = write_beir(tmp_path, documents=texts, queries=queries, qrels="\n".join(lines))
    model = tiny_model()
    [result] = retrieval(folder, model).results
    asked, stored = (
        model.encode_query([*queries.values()]),
        model.encode_document([*texts.values()]),
    )
    scores = cs.similarity(asked, stored)
    # trec_eval reads scores in float32, and breaks ties by the higher id, as we do.
    run = {
        query: {key: float(np.float32(score)) for key, score in zip(texts, row, strict=True)}
        for query, row in zip(queries, scores, strict=True)
    }
    reference = trec.RelevanceEvaluator(judged, {"ndcg_cut.10", "recall.100"}).evaluate(run)
    mean = np.mean([[one["ndcg_cut_10"], one["recall_100"]] for one in reference.values()], axis=0)
    # Texts of the same words may tie in one product and not in the other: hence the tolerance.
    assert mean[0] == pytest.approx(result.figures["ndcg@10"].value, abs=0.02)
    assert mean[1] == pytest.approx(result.figures["recall@100"].value, abs=0.01)


def test_windows_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_beir(tmp_path)
    whole = retrieval(folder, tiny_model()).results[0].to_json()
    monkeypatch.setattr(sys.modules[retrieval.__module__], "_WINDOW", 2)
    parts = retrieval(folder, tiny_model()).results[0].to_json()
    assert [whole[name] for name in FIGURES] == [parts[name] for name in FIGURES]


def test_title_and_text_are_joined_by_a_space(tmp_path: Path) -> None:
    write_beir(tmp_path)
    rows = [{"_id": "a", "title": "Chair", "text": "for sale"}, {"_id": 7, "text": " bare "}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [("a", "Chair for sale"), ("7", "bare")] == list(read_beir(tmp_path).documents())


def test_a_document_with_the_id_of_the_query_is_left_out(tmp_path: Path) -> None:
    texts = {"q0": "a chair", "d1": "one chair", "d2": "a bus"}
    folder = write_beir(tmp_path, documents=texts, queries={"q0": "a chair"}, qrels="q0\td1\t1\n")
    assert 1 == retrieval(folder, tiny_model()).results[0].figures["mrr@10"].value


def test_judged_documents_with_the_id_of_their_query_are_told(tmp_path: Path) -> None:
    texts = {str(i): text for i, text in enumerate(["an oak table", "a red lamp", "a sofa"])}
    qrels = "0\t0\t1\n1\t1\t1\n2\t1\t1\n"
    folder = write_beir(tmp_path, documents=texts, queries=texts, qrels=qrels)
    report = retrieval(folder, tiny_model())
    told = "judged documents with the id of their query, left out of its ranking as in BEIR: 2"
    assert told in report.notes


def test_gaps_are_counted(tmp_path: Path) -> None:
    qrels = "q0\td0\t1\nq0\tgone\t1\nq1\td1\t0\nabsent\td0\t1\nabsent\td1\t1\n"
    report = retrieval(write_beir(tmp_path, qrels=qrels), tiny_model())
    assert (2, 3) == (report.queries, report.judgments)
    assert [
        "queries without a judgment in this split, not run: 1",
        "judgments of a query that is not there, left out: 2",
        "judgments of a document that is not there, counted as not found: 1",
        "queries that nothing is relevant to, counted as 0 as in trec_eval: 1",
        "too few queries for intervals and verdicts: 2, at least 6",
    ] == list(report.notes)
    assert 0.25 == report.results[0].figures["recall@100"].value  # (1 of 2, and 0) / 2


def test_broken_lines_are_reported_with_their_numbers(tmp_path: Path) -> None:
    folder = write_beir(tmp_path, qrels="q0\td0\t1\nq1 d1 1\nq1\td1\thigh\nq2\td2\t1\n\n")
    with (folder / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "d0", "text": "again"}\n{broken\n{"text": "no id"}\n{"_id": "x"}\n')
    report = retrieval(folder, tiny_model())
    reasons = {failure.name: failure.reason for failure in report.failed}
    assert {"test.tsv:2", "test.tsv:3", *(f"corpus.jsonl:{n}" for n in (7, 8, 9, 10))} == set(
        reasons
    )
    assert "stood before" in reasons["corpus.jsonl:7"]
    assert "whole number" in reasons["test.tsv:3"]
    assert 6 == report.documents


def test_an_empty_document_is_never_found_and_an_empty_query_finds_nothing(tmp_path: Path) -> None:
    texts = {"d0": "a chair", "d1": "", "d2": "a bus"}
    queries = {"q0": "a chair", "q1": " "}
    qrels = "q0\td0\t1\nq0\td1\t1\nq1\td2\t1\n"
    folder = write_beir(tmp_path, documents=texts, queries=queries, qrels=qrels)
    report = retrieval(folder, tiny_model())
    [result] = report.results
    assert 2 == result.failed
    assert 0.25 == result.figures["recall@100"].value
    assert {"query q1", "document d1"} == {failure.name for failure in report.failed}


def test_a_second_model_is_compared_with_the_first(tmp_path: Path) -> None:
    models = [tiny_model(), tiny_model(dim=2, seed=1)]
    first, second = retrieval(write_beir(tmp_path), models).results
    assert {} == first.differences
    for name, figure in second.figures.items():
        apart = figure.value - first.figures[name].value
        assert apart == pytest.approx(second.differences[name].value)


def test_the_splits_that_are_there_are_named(tmp_path: Path) -> None:
    write_beir(tmp_path)
    write_beir(tmp_path, split="dev")
    with pytest.raises(NotFound, match="no split 'train'; there are: dev, test"):
        retrieval(tmp_path, tiny_model(), split="train")
    with pytest.raises(NotFound, match="no split"):
        retrieval(tmp_path, tiny_model(), split="../qrels/test")
    assert 3 == retrieval(tmp_path, tiny_model(), split="dev").queries


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_file_that_is_missing(tmp_path: Path, missing: str) -> None:
    write_beir(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(NotFound, match=r"expected|Expected"):
        retrieval(tmp_path, tiny_model())


def test_a_folder_with_nothing_to_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        retrieval(tmp_path / "absent", tiny_model())
    for qrels, why in (
        ("", "holds no judgments"),
        ("query-id\tcorpus-id\tscore\n", "holds no judgments"),
        ("q0 d0 1\n", "no line of it can be used"),
        ("other\td0\t1\n", "none of 3 queries"),
    ):
        with pytest.raises(EmptyItem, match=why):
            retrieval(write_beir(tmp_path, qrels=qrels), tiny_model())
    write_beir(tmp_path)
    (tmp_path / "corpus.jsonl").write_text("")
    with pytest.raises((EmptyItem, BadItem)):
        retrieval(tmp_path, tiny_model())
    (tmp_path / "corpus.jsonl").write_text("not json\n")
    with pytest.raises(CospaceError, match=r"corpus\.jsonl"):
        retrieval(tmp_path, tiny_model())
