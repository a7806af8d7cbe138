"""The static learner: its gradient, its rows, and what Adam may touch."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from cospace.encode.static import bare
from cospace.encode.static.words import Ids, Words
from cospace.testing.tiny import tiny_model
from cospace.train.losses import clip_loss
from cospace.train.students import static
from cospace.train.students.static import StaticLearner, static_learner
from tests.unit.train.students.texts import TEXTS

RANDOM = np.random.default_rng(3)


def learner(texts: int = 6, tokens: int = 12, dim: int = 5) -> StaticLearner:
    lengths = RANDOM.integers(1, 7, texts)
    flat = RANDOM.integers(0, tokens, int(lengths.sum()))
    table = RANDOM.standard_normal((tokens, dim)).astype(np.float32)
    return StaticLearner(table, Ids(flat, np.concatenate([[0], np.cumsum(lengths)])), b"{}")


def loss_of(one: StaticLearner, rows: np.ndarray) -> float:
    x = one.encode(np.arange(len(rows))).astype(np.float64)
    return float(1 - (x * rows).sum(1).mean() + 0.2 * clip_loss(x, rows, 20.0).value)


def test_the_gradient_is_that_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    one = learner()
    rows = RANDOM.standard_normal((6, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = np.zeros_like(one.table)

    def keep(flat, starts, slope, share) -> None:  # type: ignore[no-untyped-def]
        text = np.repeat(np.arange(6), np.diff(np.append(starts, len(flat))))
        np.add.at(found, flat, slope[text])

    monkeypatch.setattr(one, "_move", keep)
    loss = one.step(np.arange(6), rows, 0.0)
    assert abs(loss - loss_of(one, rows)) < 1e-4
    for token, number in [(0, 0), (3, 2), (7, 4), (11, 1)]:
        before, step = one.table[token, number], 1e-2
        ends = []
        for sign in (1, -1):
            one.table[token, number] = before + sign * step
            ends.append(loss_of(one, rows))
        one.table[token, number] = before
        assert abs(found[token, number] - (ends[0] - ends[1]) / (2 * step)) < 5e-3


def test_a_step_lowers_the_loss_and_moves_only_the_tokens_it_met() -> None:
    one = learner(texts=20, tokens=40)
    before = one.state()
    some = np.arange(5)
    rows = RANDOM.standard_normal((5, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    losses = [one.step(some, rows, 0.0) for _ in range(200)]
    assert losses[-1] < losses[0]
    moved = {int(token) for token in np.flatnonzero((one.table != before).any(1))}
    assert moved == set(one._flat[: one._ends[5]].tolist())
    one.restore(before)
    assert (before == one.table).all()


def test_rows_are_sums_of_tokens_at_length_one() -> None:
    one = learner()
    rows = one.encode(np.array([4, 1]))
    for row, text in zip(rows, (4, 1), strict=True):
        total = one.table[one._flat[one._ends[text] : one._ends[text + 1]]].sum(0)
        assert np.allclose(total / np.linalg.norm(total), row, atol=1e-6)


def test_long_texts_are_learnt_from_by_their_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "_MOST_TOKENS", 2)
    one = learner()
    flat, starts = one._tokens(np.arange(6))
    assert np.diff(np.append(starts, len(flat))).max() <= 2


def test_texts_without_a_token_are_left_out_of_batches() -> None:
    table = np.ones((3, 2), np.float32)
    one = StaticLearner(table, Ids(np.array([1, 2]), np.array([0, 1, 1, 2])), b"{}")
    batches = list(one.batches(np.arange(3), np.random.default_rng(0)))
    assert [[0, 2]] == [sorted(batch.tolist()) for batch in batches]
    assert not one.encode(np.array([1])).any()


def test_it_begins_with_the_teachers_vectors_of_its_tokens() -> None:
    teacher = tiny_model()
    one = static_learner(teacher, TEXTS)
    cut = Tokenizer.from_str(bare(teacher.text_tower().tokenizer.to_str().encode()).decode())
    assert (cut.get_vocab_size(), 32) == one.table.shape
    ids = Words(lambda some: cut.encode_batch_fast(some, add_special_tokens=False)).ids(TEXTS)
    assert (ids.flat == one._flat).all()
    assert (ids.ends == one._ends).all()
    # Rare tokens count more than frequent ones.
    counts = np.bincount(ids.flat, minlength=len(one.table))
    lengths = np.linalg.norm(one.table, axis=1)
    assert lengths[counts.argmax()] < np.median(lengths[counts == 1]) if (counts == 1).any() else 1


def test_marks_of_tokens_are_not_shown_to_the_teacher() -> None:
    shown = [static._shown(token) for token in ("##ing", "\u2581chair", "#", "##", "[CLS]")]
    assert ["ing", "chair", "#", "##", "[CLS]"] == shown
