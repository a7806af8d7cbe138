"""The kernels do what their formulas say, for every dimension and number of outputs."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cospace.encode.words.ngrams import bucket, ngrams
from cospace.train.grams import grams_of
from cospace.train.kernels.cbow import cbow
from cospace.train.kernels.lanes import lane_of
from cospace.train.kernels.rows import aligned, padded
from cospace.train.kernels.skipgram import skipgram
from cospace.train.neural import _keep, _noise_table


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return 1 / (1 + np.exp(-x))


def one_step(kernel: Any, dim: int, negative: int) -> tuple[Any, Any, Any, Any, Any]:
    """The rows before and after one pair, and the words that were the noise."""
    random = np.random.default_rng(dim + negative)
    rows = negative + 1
    inputs, outputs = aligned(40, dim), aligned(40, dim)
    inputs[:, :dim] = random.standard_normal((40, dim)) * 0.3
    outputs[:, :dim] = random.standard_normal((40, dim)) * 0.3
    before = inputs.astype(np.float64), outputs.astype(np.float64)
    lanes = np.array(lane_of(rows), np.int64)
    flags = aligned(2, rows)
    flags[:, lanes] = 1
    tile, ids = aligned(max(rows, 2), dim), np.zeros((2, rows), np.int64)
    buffer = np.array([3, 4], np.int32)
    noise = np.arange(10, 40, dtype=np.int32)
    kernel(padded(dim), rows)(
        buffer, buffer, 0, 1, 2, inputs, outputs, noise, tile, ids, flags, lanes, 1,
        np.float32(0.1), np.array([7], np.uint64), np.zeros(2),
    )  # fmt: skip
    return before[0], before[1], inputs, outputs, ids[0]


@pytest.mark.parametrize("dim", [1, 16, 100, 300])
@pytest.mark.parametrize("negative", [1, 5, 15, 20])
@pytest.mark.parametrize("kernel", [skipgram, cbow])
def test_a_step_is_the_gradient_of_negative_sampling(kernel: Any, dim: int, negative: int) -> None:
    old_in, old_out, inputs, outputs, ids = one_step(kernel, dim, negative)
    label = np.zeros(len(ids))
    label[0] = 1
    first = [word not in ids[:k] for k, word in enumerate(ids)]  # noise drawn twice counts once
    gain = 0.1 * (label - sigmoid(old_out[ids] @ old_in[4])) * first
    expected_in, expected_out = old_in.copy(), old_out.copy()
    expected_in[4] += gain @ old_out[ids]
    np.add.at(expected_out, ids, np.outer(gain, old_in[4]))
    assert np.allclose(expected_in, inputs, atol=2e-5)
    assert np.allclose(expected_out, outputs, atol=2e-5)


def test_noise_that_is_the_word_itself_changes_nothing() -> None:
    inputs, outputs = aligned(2, 16), aligned(2, 16)
    inputs[:] = 0.5
    flags, lanes = aligned(2, 6), np.array(lane_of(6), np.int64)
    flags[:, lanes] = 1
    tile, ids = aligned(6, 16), np.zeros((2, 6), np.int64)
    buffer = np.array([0, 1], np.int32)
    skipgram(16, 6)(
        buffer, buffer, 0, 1, 2, inputs, outputs, np.zeros(4, np.int32), tile, ids, flags, lanes,
        1, np.float32(0.1), np.array([7], np.uint64), np.zeros(2),
    )  # fmt: skip
    # Word 0 was only ever the positive: half of the rate, along the input.
    assert np.allclose(0.1 * 0.5 * 0.5, outputs[0])


@pytest.mark.parametrize("value", [6.0, -6.0, 100.0, -100.0, 3e38])
def test_products_past_every_table_stay_finite(value: float) -> None:
    inputs, outputs = aligned(2, 16), aligned(2, 16)
    inputs[:, 0], outputs[:, 0] = 1, value
    flags, lanes = aligned(2, 2), np.array(lane_of(2), np.int64)
    flags[:, lanes] = 1
    tile, ids = aligned(2, 16), np.zeros((2, 2), np.int64)
    buffer = np.array([0, 1], np.int32)
    skipgram(16, 2)(
        buffer, buffer, 0, 1, 2, inputs, outputs, np.ones(4, np.int32), tile, ids, flags, lanes,
        1, np.float32(1e-3), np.array([7], np.uint64), np.zeros(2),
    )  # fmt: skip
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("rows", range(1, 40))
def test_every_output_has_a_lane_of_its_own(rows: int) -> None:
    assert rows == len(set(lane_of(rows)))


def test_ngrams_in_bulk_are_those_of_one_word() -> None:
    words = ["sofa", "a", "Žluťoučký", "東京", "x" * 40, "🚲"]
    for least, most in ((3, 6), (1, 2), (2, 9)):
        grams = grams_of(words, least, most, 10_000)
        begin = 0
        for word, end in zip(words, grams.ends, strict=True):
            expected = [bucket(gram, 10_000) for gram in ngrams(word, least, most)]
            assert expected == grams.ids[grams.places[begin:end]].tolist()
            begin = end


def test_the_noise_table_follows_the_counts_and_holds_every_word() -> None:
    counts = np.array([10_000, 1_000, 100, 5])
    table = _noise_table(counts)
    share = np.bincount(table, minlength=4) / len(table)
    assert np.allclose(counts**0.75 / (counts**0.75).sum(), share, atol=1e-5)


def test_frequent_words_are_kept_as_word2vec_keeps_them() -> None:
    counts = np.array([900_000, 99_900, 100])
    kept = _keep(counts, 1e-3) / 2**32
    share = counts / counts.sum()
    expected = np.minimum(1, np.sqrt(1e-3 / share) + 1e-3 / share)
    assert np.allclose(expected, kept, atol=1e-6)
