"""Pairs are read as they stand, what is wrong is reported with its line, and models are paired."""

import math
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem, EmptyItem, ModelNotFound, NotFound, UnsafeFile
from cospace.evaluate import sts
from cospace.evaluate.pairs import read_pairs
from cospace.testing.tiny import tiny_model

from .files import PAIRS, write_pairs

STS = Path(__file__).parents[3] / "../shared/data/sts/sts-dev.csv"


def benchmark_line(score: object, one: str, two: str, *more: str) -> str:
    return "\t".join(["genre", "file", "2012", "0001", str(score), one, two, *more])


def test_a_table_and_a_benchmark_file_give_the_same_pairs(tmp_path: Path) -> None:
    table = read_pairs(write_pairs(tmp_path / "pairs.csv"))
    lines = [benchmark_line(score, one, two) for one, two, score in PAIRS]
    (tmp_path / "sts.csv").write_text("\n".join(lines) + "\n")
    found = read_pairs(tmp_path / "sts.csv")
    assert (table.first, table.second) == (found.first, found.second)
    assert [float(score) for *_, score in PAIRS] == table.scores == found.scores


def test_quotes_and_further_cells_of_a_benchmark_file_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "sts.csv"
    file.write_text(benchmark_line(3, 'He said "no', 'a "b" c', "a source") + "\r\n")
    pairs = read_pairs(file)
    assert ['He said "no', 'a "b" c'] == [pairs.first[0], pairs.second[0]]


def test_json_lines_are_pairs_too(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"sentence1": "a", "sentence2": "b", "score": 0.5}\n')
    assert [0.5] == read_pairs(file).scores


@pytest.mark.parametrize("score", ["nan", "inf", "high", ""])
def test_a_score_that_is_no_number_is_reported_with_its_line(tmp_path: Path, score: str) -> None:
    for name, line in (
        ("table.csv", f"a chair,a seat,{score}\n"),
        ("sts.csv", benchmark_line(score, "a", "b") + "\n"),
    ):
        file = tmp_path / name
        good = (
            "sentence1,sentence2,score\na,b,1\n"
            if name == "table.csv"
            else benchmark_line(1, "a", "b") + "\n"
        )
        file.write_text(good + line)
        pairs = read_pairs(file)
        [failure] = pairs.failed
        assert 1 == len(pairs)
        assert "finite number" in failure.reason
        if name == "sts.csv":
            assert "sts.csv:2" == failure.name


def test_broken_lines_are_reported_with_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "sts.csv"
    good = benchmark_line(3, "a chair", "a seat").encode()
    empty = benchmark_line(3, "a chair", " ").encode()
    file.write_bytes(b"\n".join([good, b"only\ttwo", good[:-3] + b"\xff", empty, good, b""]))
    pairs = read_pairs(file)
    assert 2 == len(pairs)
    assert ["sts.csv:2", "sts.csv:3", "sts.csv:4"] == [f.name for f in pairs.failed]


def test_what_is_no_table_of_pairs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        read_pairs(tmp_path / "absent.csv")
    file = tmp_path / "shop.csv"
    file.write_text("sku,title\n1,chair\n")
    with pytest.raises(BadArgument, match="no column 'sentence1'; it has sku, title"):
        read_pairs(file)
    file.write_text("sentence1,sentence2,score\n")
    with pytest.raises(EmptyItem, match="has no pairs"):
        read_pairs(file)
    file.write_text("sentence1,sentence2,score\na,b,x\n")
    with pytest.raises(EmptyItem, match="no pair can be used"):
        read_pairs(file)
    (tmp_path / "pairs.pkl").write_bytes(b"x")
    with pytest.raises(UnsafeFile):
        read_pairs(tmp_path / "pairs.pkl")


# --- measuring ---


def test_the_figure_is_the_rank_correlation_of_the_cosines(tmp_path: Path) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    model = tiny_model()
    report = sts(write_pairs(tmp_path / "pairs.csv"), model)
    one, two = (model.encode_document([pair[i] for pair in PAIRS]) for i in (0, 1))
    cosines = np.diag(cs.similarity(one, two))
    reference = stats.spearmanr(cosines, [pair[2] for pair in PAIRS]).statistic
    [result] = report.results
    assert reference == pytest.approx(result.spearman.value)
    assert result.spearman.low <= result.spearman.value <= result.spearman.high
    unique = {text for pair in PAIRS for text in pair[:2]}
    assert (6, len(unique), 32) == (report.pairs, result.sentences, result.dim)
    assert result.difference is None


def test_a_second_model_is_compared_with_the_first(tmp_path: Path) -> None:
    models = [tiny_model(), tiny_model(dim=16, seed=1)]
    report = sts(write_pairs(tmp_path / "pairs.csv"), models)
    first, second = report.results
    assert second.difference is not None
    apart = second.spearman.value - first.spearman.value
    assert apart == pytest.approx(second.difference.value)
    record = report.to_json()
    assert ["tiny-0", "tiny-1"] == [one["model"] for one in record["results"]]
    assert report.to_json() == sts(tmp_path / "pairs.csv", models).to_json() | {
        "results": record["results"]  # speeds differ
    }


def test_texts_cut_short_are_counted(tmp_path: Path) -> None:
    pairs = [*PAIRS, ("a chair " * 200, "a chair", 5)]
    assert 1 == sts(write_pairs(tmp_path / "p.csv", pairs), tiny_model()).results[0].truncated


def test_a_model_that_gives_one_vector_for_all_has_no_figure(tmp_path: Path) -> None:
    class Same:
        space = cs.Space.of("same", 2)

        def encode_document(self, inputs: list[str]) -> cs.Vectors:
            return cs.Vectors(np.ones((len(inputs), 2), np.float32), self.space)

        encode_query = encode_document

    result = sts(write_pairs(tmp_path / "p.csv"), Same()).results[0]  # type: ignore[arg-type]
    assert math.isnan(result.spearman.value)
    assert result.to_json()["spearman"] == {"value": None, "low": None, "high": None}


def test_a_sentence_that_one_model_refuses_is_left_out_for_all(tmp_path: Path) -> None:
    class Picky:
        space = cs.Space.of("picky", 32)

        def encode_document(self, inputs: list[str]) -> cs.Vectors:
            if any("coat" in text for text in inputs):
                raise BadItem("input 0", "no coats")
            return cs.Vectors(tiny_model().encode_document(inputs).array, self.space)

        encode_query = encode_document

    report = sts(write_pairs(tmp_path / "p.csv"), [tiny_model(), Picky()])  # type: ignore[list-item]
    assert [0, 2] == [one.failed for one in report.results]
    assert 4 == report.pairs
    assert all("picky: no coats" in failure.reason for failure in report.failed)


def test_scores_that_are_all_alike_have_no_order(tmp_path: Path) -> None:
    file = write_pairs(tmp_path / "p.csv", [(a, b, 3) for a, b, _ in PAIRS])
    with pytest.raises(BadArgument, match="all 6 pairs have the score 3"):
        sts(file, tiny_model())
    with pytest.raises(BadArgument, match="at least 2"):
        sts(write_pairs(tmp_path / "p.csv", PAIRS[:1]), tiny_model())


def test_models_that_cannot_be_compared(tmp_path: Path) -> None:
    file = write_pairs(tmp_path / "p.csv")
    with pytest.raises(BadArgument, match="at least one model"):
        sts(file, [])
    with pytest.raises(BadArgument, match="named twice"):
        sts(file, ["starter", "starter"])
    with pytest.raises(ModelNotFound):
        sts(file, "no-such-model")
    with pytest.raises(BadArgument, match="needs a model for text"):
        sts(file, tiny_model().restricted("image"))


def test_the_query_role_is_used_when_asked_for(tmp_path: Path) -> None:
    class Roles:
        space = cs.Space.of("roles", 32)

        def encode_document(self, inputs: list[str]) -> cs.Vectors:
            raise AssertionError("the documents' prompt")

        def encode_query(self, inputs: list[str]) -> cs.Vectors:
            return cs.Vectors(tiny_model().encode_query(inputs).array, self.space)

    report = sts(write_pairs(tmp_path / "p.csv"), Roles(), role="query")  # type: ignore[arg-type]
    assert "query" == report.role


@pytest.mark.skipif(not STS.exists(), reason="the STS Benchmark is not there")
def test_the_tiny_model_is_measured_on_the_benchmark() -> None:
    report = sts(STS, tiny_model(), resamples=100)
    assert 1_500 == report.pairs
    assert 0 == len(report.failed)
    assert 0.4 < report.results[0].spearman.value < 0.8
