"""GloVe: counts equal a slow count, steps equal the formulas, and bits hang on the seed alone."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cospace.errors import BadInput, TrainingDiverged
from cospace.train.checkpoint import Checkpoint
from cospace.train.cooccurrence import GloveRun
from cospace.train.cooccurrence import cooccur as counting
from cospace.train.cooccurrence.blocks import (
    CLASSES,
    blocks_of,
    deal_blocks,
    rounds,
    share,
    values_of,
)
from cospace.train.cooccurrence.cooccur import Pairs, count_pairs, estimate_pairs, find_places
from cospace.train.cooccurrence.table import first_table
from cospace.train.corpus import Corpus, read_corpus
from cospace.train.options import Settings
from cospace.train.running import Stopped, drive


def corpus_of(sentences: list[list[int]]) -> Corpus:
    """A corpus whose words are the numbers themselves."""
    tokens = [token for sentence in sentences for token in (*sentence, -1)]
    number = max([1, *tokens]) + 1
    counts = np.bincount([token for token in tokens if token >= 0], minlength=number)
    words = [f"w{k}" for k in range(number)]
    return Corpus(words, counts.astype(np.int64), np.array(tokens, np.int32), "spaces")


def settings_of(**more: Any) -> Settings:
    given: dict[str, Any] = {"dim": 12, "window": 5, "epochs": 4, "rate": 0.05, "x_max": 10.0}
    return Settings("glove", **{**given, **more})


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Words drawn as in texts: few common ones, many rare ones."""
    random = np.random.default_rng(0)
    sentences = [np.minimum(random.zipf(1.4, 12) - 1, 199).tolist() for _ in range(600)]
    return corpus_of(sentences)


def slow_counts(sentences: list[list[int]], window: int) -> dict[tuple[int, int], float]:
    """The symmetric matrix by its definition: each word, and what stands to both sides."""
    counts: dict[tuple[int, int], float] = defaultdict(float)
    for sentence in sentences:
        for at, word in enumerate(sentence):
            for to, other in enumerate(sentence):
                if at != to and abs(at - to) <= window:
                    counts[word, other] += 1 / abs(at - to)
    return counts


def counts_of(found: list[Pairs]) -> dict[tuple[int, int], float]:
    """The whole matrix from its one half; a pair that stands twice fails."""
    counts: dict[tuple[int, int], float] = {}
    for batch in found:
        start = 0
        for word, end in zip(batch.words, batch.ends, strict=True):
            for at in range(start, end):
                other = int(batch.columns[at])
                assert other <= word
                assert (int(word), other) not in counts
                counts[int(word), other] = counts[other, int(word)] = float(batch.counts[at])
            start = end
    return counts


sentences_of = st.lists(st.lists(st.integers(0, 6), max_size=12), min_size=1, max_size=6)


@given(sentences=sentences_of, window=st.integers(1, 9), batch=st.sampled_from([1, 5, 1 << 20]))
def test_counts_are_those_of_a_slow_count(
    sentences: list[list[int]], window: int, batch: int
) -> None:
    expected = slow_counts(sentences, window)
    places = find_places(corpus_of(sentences))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "BATCH", batch)
        if not expected:
            with pytest.raises(BadInput, match="nothing to learn from"):
                count_pairs(places, window)
            return
        counts = counts_of(count_pairs(places, window))
    assert expected.keys() == counts.keys()
    for pair, count in expected.items():
        assert count == pytest.approx(counts[pair], rel=1e-12)


def test_counts_are_the_same_bits_for_any_workers(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "BATCH", 300)
    places = find_places(corpus)
    one, three = (count_pairs(places, 5, workers=workers) for workers in (1, 3))
    for name in ("words", "ends", "columns", "counts"):
        for mine, other in zip(one, three, strict=True):
            assert np.array_equal(getattr(mine, name), getattr(other, name))


def test_few_words_are_estimated_exactly(corpus: Corpus) -> None:
    places = find_places(corpus)
    expected = sum(len(batch.columns) for batch in count_pairs(places, 5))
    assert expected == estimate_pairs(places, 5)


def test_many_words_are_estimated_within_a_tenth(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 60)
    places = find_places(corpus)
    expected = sum(len(batch.columns) for batch in count_pairs(places, 5))
    assert estimate_pairs(places, 5) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("words", [[], ["alone"]])
def test_a_vocabulary_of_fewer_than_two_words_is_refused(words: list[str]) -> None:
    alone = Corpus(words, np.full(len(words), 3), np.zeros(3 * len(words), np.int32), "spaces")
    with pytest.raises(BadInput, match=rf"has {len(words)}\. Give more text"):
        GloveRun(alone, settings_of())


def test_sentences_of_one_word_teach_nothing() -> None:
    with pytest.raises(BadInput, match="no two words"):
        GloveRun(corpus_of([[0], [1], [0]]), settings_of())


def test_a_token_that_is_no_word_is_refused() -> None:
    broken = Corpus(["a", "b"], np.array([1, 1]), np.array([0, 1, 2], np.int32), "spaces")
    with pytest.raises(BadInput, match="token 2 is not among the corpus's 2 words"):
        find_places(broken)


# --- blocks ---


@pytest.mark.parametrize("classes", [2, 4, 10, CLASSES])
def test_rounds_hold_each_block_once_and_share_no_class(classes: int) -> None:
    of = {
        high * (high + 1) // 2 + low: {low, high}
        for high in range(classes)
        for low in range(high + 1)
    }
    schedule = rounds(classes)
    assert sorted(of) == sorted(block for turn in schedule for block in turn)
    for turn in schedule:
        seated = [one for block in turn for one in of[block]]
        assert len(set(seated)) == len(seated)


def test_blocks_hold_every_pair_where_its_classes_say(corpus: Corpus) -> None:
    found = count_pairs(find_places(corpus), 5)
    expected = {pair: count for pair, count in counts_of(found).items() if pair[1] <= pair[0]}
    blocks = deal_blocks(found, x_max=10, alpha=0.75)
    assert [] == found
    dealt = {}
    for block in range(blocks_of(CLASSES)):
        for at in range(blocks.bounds[block], blocks.bounds[block + 1]):
            word, other = (int(number) for number in blocks.pairs[at, :2])
            low, high = sorted((word % CLASSES, other % CLASSES))
            assert block == high * (high + 1) // 2 + low
            dealt[word, other] = tuple(blocks.values[at, 2:].tolist())
    assert expected.keys() == dealt.keys()
    for pair, count in expected.items():
        log, weight = np.float32(np.log(count)), np.float32(min(1, (count / 10) ** 0.75))
        assert (log, weight) == pytest.approx(dealt[pair], rel=1e-6)


def test_weights_are_one_from_x_max_on() -> None:
    weights = values_of(np.array([9.99, 10, 11, 1e300, 1e-3]), x_max=10, alpha=0.75)[:, 1]
    assert [True, False, False, False, True] == [bool(weight < 1) for weight in weights]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_round_is_shared_whole(workers: int) -> None:
    sizes = np.arange(10)[::-1].copy()
    hands = share([0, 3, 7, 9], sizes, workers)
    assert [0, 3, 7, 9] == sorted(np.concatenate(hands).tolist())
    assert min(4, workers) == len(hands)


# --- descent ---


def slow_step(table: Any, biases: Any, pair: tuple[int, int], log: float, weight: float) -> float:
    """One entry of the matrix in float64: equation 8, AdaGrad, and Stanford's bias. Its loss."""
    word, other = pair
    w, c = table[word, 0], table[other, 1]
    b, d = biases[word, 0], biases[other, 1]
    error = w[0] @ c[0] + b[0] + d[0] - log
    slope = weight * error
    down = 0.05 * np.clip(slope * c[0], -100, 100)
    across = 0.05 * np.clip(slope * w[0], -100, 100)
    w[0] -= down / np.sqrt(w[1])
    c[0] -= across / np.sqrt(c[1])
    w[1] += down**2
    c[1] += across**2
    b[0] -= slope / np.sqrt(b[1])
    d[0] -= slope / np.sqrt(d[1])
    b[1] += slope**2
    d[1] += slope**2
    return float(weight * error**2 / 2)


def descend(
    pairs: list[tuple[int, int]], counts: list[float], dim: int, scale: float
) -> tuple[list[NDArray[Any]], float, float]:
    """(the arrays after and as they should be, the loss, and as it should be)."""
    from cospace.train.kernels.adagrad import descend as kernel

    table, biases = first_table(4, dim, seed=1)
    table[:, :, 0] *= scale
    slow = table.astype(np.float64), biases.astype(np.float64)
    rows = np.zeros((len(pairs), 4), np.int32)
    rows[:, :2] = pairs
    rows.view(np.float32)[:, 2:] = values_of(np.array(counts), x_max=10, alpha=0.75)
    losses, bounds = np.zeros(1), np.array([0, len(pairs)])
    turn = (np.zeros(1, np.int64), losses, np.float32(0.05))
    kernel(table, biases, rows, rows.view(np.float32), bounds, turn)
    expected = 0.0
    for (one, two), count in zip(pairs, counts, strict=True):
        ways = [(one, two), (two, one)] if one != two else [(one, two)]
        for way in ways:
            expected += slow_step(*slow, way, np.log(count), min(1, (count / 10) ** 0.75))
    return [table, slow[0], biases, slow[1]], losses[0], expected


@pytest.mark.parametrize("dim", [1, 16, 100])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_step_is_the_gradient_of_equation_8(dim: int, scale: float) -> None:
    pairs = [(3, 1), (2, 0), (3, 1), (3, 2)]
    arrays, loss, expected = descend(pairs, [7.0, 0.2, 40.0, 3.0], dim, scale)
    assert np.allclose(arrays[0], arrays[1], rtol=1e-4, atol=1e-6)
    assert np.allclose(arrays[2], arrays[3], rtol=1e-4, atol=1e-6)
    assert expected == pytest.approx(loss, rel=1e-4)


def test_a_word_beside_itself_is_one_entry() -> None:
    arrays, loss, expected = descend([(2, 2)], [5.0], 20, 10.0)
    assert np.allclose(arrays[0], arrays[1], rtol=1e-5, atol=1e-7)
    assert expected == pytest.approx(loss, rel=1e-5)


def test_gradients_are_clipped_at_100() -> None:
    arrays, *_ = descend([(1, 0)], [1e9], 16, 2e3)  # slopes near 1,000 a component
    assert np.allclose(arrays[0], arrays[1], rtol=1e-4)
    step = np.sqrt(arrays[0][:, :, 1] - 1)
    assert float(step.max()) == pytest.approx(5.0, rel=1e-5)


def test_padding_stays_zero(corpus: Corpus) -> None:
    run = GloveRun(corpus, settings_of(dim=5))
    run.epoch(0, lambda share, loss: None)
    assert not run.state()["table"][:, :, 0, 5:].any()


# --- runs ---


def trained(corpus: Corpus, **more: Any) -> NDArray[np.float32]:
    settings = settings_of(**more)
    run = GloveRun(corpus, settings)
    assert 1.0 == drive(run, settings)
    return run.table().rows


def test_the_loss_falls_from_epoch_to_epoch(corpus: Corpus) -> None:
    run = GloveRun(corpus, settings_of())
    losses = [run.epoch(number, lambda share, loss: None) for number in range(8)]
    assert sorted(losses, reverse=True) == losses


def test_words_that_stand_together_come_close() -> None:
    random = np.random.default_rng(0)
    groups = np.array([list("abcdef"), list("uvwxyz")])
    lists = []
    for number in range(3_000):  # one word in eight is of the other group: GloVe sees no zeros
        group = np.where(random.random(6) < 1 / 8, 1 - number % 2, number % 2)
        lists.append(random.permutation(groups[group, np.arange(6)]).tolist())
    settings = settings_of(dim=8, epochs=30)
    run = GloveRun(read_corpus(lists, min_count=1), settings)
    drive(run, settings)
    table = run.table()
    unit = table.rows / np.linalg.norm(table.rows, axis=1, keepdims=True)
    one, two = ([table.index[word] for word in group] for group in groups)
    within, across = (unit[one] @ unit[other].T for other in (one, two))
    assert (within.sum() - 6) / 30 > across.mean() + 0.2


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_workers_change_no_bit(corpus: Corpus, workers: int) -> None:
    assert np.array_equal(trained(corpus), trained(corpus, workers=workers))


def test_the_seed_decides_every_bit(corpus: Corpus) -> None:
    first = trained(corpus, seed=3)
    assert np.array_equal(first, trained(corpus, seed=3))
    assert not np.array_equal(first, trained(corpus, seed=4))


def test_a_resumed_run_comes_to_the_same_bits(corpus: Corpus, tmp_path: Path) -> None:
    settings = settings_of()
    checkpoint = Checkpoint(tmp_path, corpus, settings)
    begun = GloveRun(corpus, settings)
    for number in range(2):
        begun.epoch(number, lambda share, loss: None)
    checkpoint.save(2, begun.state())
    resumed = GloveRun(corpus, settings)
    assert 1.0 == drive(resumed, settings, checkpoint=checkpoint)
    assert np.array_equal(trained(corpus), resumed.table().rows)


def test_a_stopped_epoch_leaves_vectors(corpus: Corpus) -> None:
    settings = settings_of(workers=2)
    run = GloveRun(corpus, settings)

    def stop(progress: Any) -> None:
        raise Stopped

    assert 0 < drive(run, settings, progress=stop) < 1
    assert np.isfinite(run.table().rows).all()


def test_progress_rises_to_the_end(corpus: Corpus) -> None:
    run = GloveRun(corpus, settings_of(workers=2))
    shares: list[float] = []
    run.epoch(0, lambda share, loss: shares.append(share))
    assert sorted(shares) == shares
    assert CLASSES == len(shares)
    assert 1.0 == shares[-1]


def test_numbers_that_run_away_are_reported_with_the_epoch(corpus: Corpus) -> None:
    settings = settings_of(rate=1e30)
    with pytest.raises(TrainingDiverged, match=r"epoch \d of 4: .* likely cause is the rate"):
        drive(GloveRun(corpus, settings), settings)


def test_work_counts_the_non_zeros_of_the_matrix(corpus: Corpus) -> None:
    expected = len(counts_of(count_pairs(find_places(corpus), 5)))
    assert expected == GloveRun(corpus, settings_of()).work


def test_the_vectors_are_the_sum_of_both_roles(corpus: Corpus) -> None:
    run = GloveRun(corpus, settings_of())
    table = run.state()["table"]
    assert np.array_equal(table[:, 0, 0, :12] + table[:, 1, 0, :12], run.table().rows)


def test_memory_counts_the_table_and_the_pairs(corpus: Corpus) -> None:
    run = GloveRun(corpus, settings_of())
    table, biases = run.state().values()
    least = corpus.tokens.nbytes + table.nbytes + biases.nbytes + run._blocks.pairs.nbytes
    assert least < GloveRun.memory(corpus, settings_of()) < 2 * least
