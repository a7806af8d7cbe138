"""Equal rows have equal scores and come in the order of rows, wherever blocks end."""

import json

import numpy as np
import pytest

from cospace import Space, Vectors
from cospace.encode.quantized import Binary, Int8
from cospace.evaluate import retrieval
from cospace.evaluate.neighbours import neighbour_classes
from cospace.testing.tiny import tiny_model
from cospace.topk import TopK, cosines, products, top_k


def unit(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def doubled(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Rows of which many are equal, at the beginning, within and at the end of each block."""
    rows = unit(n, dim, seed)
    some = np.random.default_rng(seed).permutation(n)[: n // 2]
    rows[some] = rows[some % 3]
    rows[[0, -1, -2]] = rows[1]
    return rows


def in_order(found: np.ndarray, rows: np.ndarray) -> None:
    """Of equal rows the lower number stands first, in each list."""
    for one in found:
        seen: dict[bytes, int] = {}
        for number in one.tolist():
            last = seen.get(rows[number].tobytes(), -1)
            assert last < number
            seen[rows[number].tobytes()] = number


@pytest.mark.parametrize("dim", [2, 3, 32, 100, 384])
@pytest.mark.parametrize("queries", [1, 2, 4, 5, 7, 16, 33, 100])
def test_equal_rows_have_equal_products(queries: int, dim: int) -> None:
    asked = unit(queries, dim, 1)
    for n in (*range(1, 20), 33, 255, 1003):
        found = products(asked, np.tile(unit(1, dim), (n, 1)))
        assert (queries, n) == found.shape
        assert (found == found[:, :1]).all(), n
        assert np.float32 == found.dtype


@pytest.mark.parametrize("queries", [3, 40])
def test_products_are_those_of_float64(queries: int) -> None:
    asked, rows = unit(queries, 384, 1), unit(500, 384)
    exact = asked.astype(np.float64) @ rows.astype(np.float64).T
    assert np.abs(products(asked, rows) - exact).max() < 2e-7


@pytest.mark.parametrize("dim", [3, 384])
@pytest.mark.parametrize("queries", [1, 4, 5, 50])
@pytest.mark.parametrize("n", [7, 301, 4_097, 9_001])
def test_the_best_come_in_the_order_of_rows(n: int, queries: int, dim: int) -> None:
    rows, asked = doubled(n, dim), unit(queries, dim, 1)
    found = top_k(cosines(asked, rows), queries, n, k=min(n, 40))
    in_order(found.rows, rows)
    # The same, whatever the blocks are, and however the rows come.
    best = TopK(queries, min(n, 40))
    for some in np.array_split(np.random.default_rng(2).permutation(n), 7):
        best.add(len(some), cosines(asked, rows[some]), numbers=some)
    assert (found.rows == best.found().rows).all()


def test_a_duplicate_that_is_the_last_of_k_is_the_first_of_its_like() -> None:
    rows = np.concatenate([unit(1, 384), np.tile(unit(1, 384, 5), (800, 1))])
    found = top_k(cosines(rows[:1], rows), 1, len(rows), k=3)
    assert [[0, 1, 2]] == found.rows.tolist()


@pytest.mark.parametrize("kind", [Int8, Binary])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("queries", [1, 9])
def test_quantized_rows_come_in_their_order(kind: type, full: bool, queries: int) -> None:
    space = Space.of("ties", 100)
    rows = Vectors(doubled(4_099, 100), space)
    asked = Vectors(unit(queries, 100, 1), space)
    codes = kind.of(rows)
    found = codes.nearest(asked, 50, full=rows if full else None)
    in_order(found.rows, rows.array)
    scores = codes.scores(asked)
    same = (rows.array == rows.array[1]).all(axis=1)
    assert np.count_nonzero(same) > 500
    assert (scores[:, same] == scores[:, same][:, :1]).all()


def test_votes_of_equal_neighbours_do_not_hang_on_their_place() -> None:
    train = np.concatenate([np.tile(unit(1, 32), (9, 1)), unit(40, 32, 3)])
    classes = np.array([1, 2, 2, 1, 1, 2, 2, 2, 2] + [0] * 40)
    for n in (1, 5, 30):
        found = neighbour_classes(train, classes, np.tile(train[:1], (n, 1)), k=5)
        assert [1] * n == found.tolist()  # the first five vote 1, 2, 2, 1, 1


def test_figures_of_retrieval_do_not_hang_on_the_order_of_the_corpus(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    texts = ["a red chair", "a blue lamp", "a red chair", "a green tent", "a red chair"] * 30
    documents = [{"_id": f"d{n}", "text": text} for n, text in enumerate(texts)]
    figures = set()
    for seed in range(4):
        folder = tmp_path_factory.mktemp("beir")
        order = np.random.default_rng(seed).permutation(len(documents))
        lines = [json.dumps(documents[n]) for n in order]
        (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n")
        query = {"_id": "q", "text": "red chair"}
        (folder / "queries.jsonl").write_text(json.dumps(query) + "\n")
        (folder / "qrels").mkdir()
        judged = "".join(f"q\td{n}\t{n % 3}\n" for n in range(0, 150, 7))
        (folder / "qrels/test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
        report = retrieval(folder, [tiny_model()])
        figures.add(str(report.results[0].figures))
    assert 1 == len(figures)
