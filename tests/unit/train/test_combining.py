"""How a combiner learns: its gradient, its batches, the ranks that it is stopped by."""

import numpy as np
import pytest

from cospace.train import combining
from cospace.train.combining import PENALTIES, Rows, best_share, chance, learn, ranks, right, summed
from cospace.train.losses import unit

RANDOM = np.random.default_rng(0)


def rows(n: int, d: int = 6) -> Rows:
    return Rows(*(unit(one.astype(np.float32)) for one in RANDOM.normal(size=(3, n, d))))


def test_slopes_are_those_of_finite_differences() -> None:
    batch = combining._Batch(rows(9), combining._directions(rows(9)))
    for name in ("z", "along", "a", "b"):
        setattr(batch, name, getattr(batch, name).astype(np.float64))
    made = {"sum": np.array([3.0, 2.0]), "mix": RANDOM.normal(size=(13, 6)) / 10}
    _, found = batch.slopes(made["sum"], made["mix"], 0.5)
    for name, value in made.items():
        for at in np.ndindex(value.shape):
            moved = []
            for step in (1e-5, -1e-5):
                value[at] += step
                moved.append(batch.slopes(made["sum"], made["mix"], 0.5)[0])
                value[at] -= step
            assert np.isclose((moved[0] - moved[1]) / 2e-5, found[name][at], atol=1e-3), name


def test_a_reference_never_counts_for_itself() -> None:
    eye = np.eye(4, dtype=np.float32)
    one = Rows(eye[:2], eye[:2], unit(eye[:2] + eye[2:]))
    assert [1, 1] == ranks(one.a, one).tolist()  # nearest is the reference itself, left out
    assert right(one.y, one).all()


def test_ties_are_lost() -> None:
    eye = np.eye(4, dtype=np.float32)
    one = Rows(eye[[3, 3]], eye[[2, 2]], eye[[0, 1]])
    assert [2, 2] == ranks(np.zeros((2, 4), np.float32), one).tolist()
    assert not right(np.zeros((2, 4), np.float32), one).any()
    assert chance(one) == 1 / 2


def test_the_share_of_the_text_that_finds_most() -> None:
    random = np.random.default_rng(3)
    a, b = (unit(one.astype(np.float32)) for one in random.normal(size=(2, 200, 6)))
    made = Rows(a, b, unit(0.3 * a + 0.7 * b))
    assert abs(best_share(made) - 0.7) <= 0.1
    assert right(summed(made, best_share(made)), made).mean() > 0.95


def test_it_begins_as_the_sum_and_is_loosened_step_by_step() -> None:
    given = rows(40)
    path = learn(given, np.arange(40), 0.4, watched=given)
    assert len(path.tensors) == len(path.points) == len(PENALTIES) + 1
    first = path.tensors[0]
    assert not first["mix"].any()
    assert np.allclose(first["sum"] / first["sum"].sum(), [0.6, 0.4])
    sizes = [float(np.linalg.norm(one["mix"])) for one in path.tensors]
    assert 0 == sizes[0] < sizes[1] < sizes[-1]
    losses = [one.loss for one in path.points]
    assert losses[-1] < losses[0]
    assert path.points[path.best].held == max(one.held for one in path.points)


def test_no_penalty_is_the_sum() -> None:
    path = learn(rows(40), np.arange(40), 0.5, penalties=0)
    assert len(path.tensors) == 1 and not path.tensors[0]["mix"].any()


def test_many_triples_are_learnt_from_in_batches_of_whole_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(combining, "_BATCH", 8)
    group = RANDOM.permutation(np.repeat(np.arange(8), 4))
    parts = combining._parts(group, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(32))
    assert all(len(set(group[part])) == 2 for part in parts)
    assert np.isfinite(learn(rows(32), group, 0.5).points[-1].loss)


@pytest.mark.parametrize("same", ["reference", "all"])
def test_targets_that_are_their_own_references(same: str) -> None:
    given = rows(20)
    y = given.a if same == "reference" else np.repeat(given.a[:1], 20, axis=0)
    path = learn(Rows(y if same == "all" else given.a, given.b, y), np.arange(20), 0.5)
    assert all(np.isfinite(one["mix"]).all() for one in path.tensors)
