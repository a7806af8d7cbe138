"""learn: what is there is found, what is not there is not, and no one sees the held-out pairs."""

from __future__ import annotations

import numpy as np
import pytest

from cospace.errors import BadArgument, BadVector, TrainingDiverged
from cospace.train.binding.check import interval, learn, share_held
from cospace.train.binding.fit import Pairs, Settings, fit
from cospace.train.binding.pairs import gathered
from cospace.train.heldout import few_groups
from cospace.train.losses import unit

QUICK = Settings(epochs=25, batch=64, drop=0.0, base=0.0, patience=6)


def pairs(count: int = 240, *, seed: int = 0, own: bool = False) -> Pairs:
    """Features that are the targets behind a matrix and noise; own vectors that say nothing."""
    random = np.random.default_rng(seed)
    targets = unit(random.normal(size=(count, 12)).astype(np.float32))
    features = targets @ random.normal(size=(12, 20)) + 0.05 * random.normal(size=(count, 20))
    none = unit(random.normal(size=(count, 12)).astype(np.float32)) if own else None
    each = np.arange(count)
    return Pairs(features.astype(np.float32), targets, each, each, none)


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_a_hidden_matrix_is_found(loss: str) -> None:
    found = learn(pairs(), Settings(**{**QUICK.to_json(), "loss": loss, "rate": 0.01}))
    figure = found.figures[-1]
    assert figure.held.value > 0.9
    assert figure.shuffled is not None
    assert figure.shuffled < figure.chance + 0.25  # a random map of 12 numbers may lie well
    assert found.better


def test_nothing_is_better_where_nothing_can_be_learnt() -> None:
    better = [learn(pairs(seed=s, own=True).shuffled(s), QUICK).better for s in range(10)]
    assert not any(better)


@pytest.mark.parametrize(("count", "groups"), [(4, 4), (8, 8), (40, 1), (40, 2), (100, 5)])
def test_what_is_luck_passes_for_better_about_once_in_200(count: int, groups: int) -> None:
    random = np.random.default_rng(0)
    group = np.arange(count) % groups
    runs = [interval(random.choice([-1.0, 0, 1.0], count), group, level=0.99) for _ in range(600)]
    assert np.mean([one.low > 0 for one in runs]) < 0.02


def test_six_groups_are_held_out_and_fewer_are_named() -> None:
    assert (0.3, 0.2) == (share_held(20), share_held(1_000))
    assert 6 == len(learn(pairs(20), QUICK).held)
    assert "" == few_groups(np.arange(6))
    assert few_groups(np.array([2, 2, 3])).startswith("held-out groups: 2; the ranges are over")


def test_the_head_that_is_checked_never_saw_the_held_out_pairs() -> None:
    given = pairs()
    found = learn(given, QUICK)
    changed = given.targets.copy()
    changed[found.held] = changed[found.held][::-1]
    again = learn(Pairs(given.features, changed, given.meaning, given.group), QUICK)
    assert found.checked.sha256 == again.checked.sha256
    assert found.head.sha256 != again.head.sha256


def test_the_same_seed_gives_the_same_head() -> None:
    assert learn(pairs(), QUICK).head.sha256 == learn(pairs(), QUICK).head.sha256


def test_too_few_pairs_and_too_few_groups_are_refused() -> None:
    with pytest.raises(BadArgument, match="1 pairs in 1 groups"):
        learn(pairs(1), QUICK)
    given = pairs(60)
    one = Pairs(given.features, given.targets, given.meaning, np.zeros(60, np.intp))
    with pytest.raises(BadArgument, match="60 pairs in 1 groups"):
        learn(one, QUICK)


def test_pairs_that_all_say_the_same_are_refused() -> None:
    given = pairs(60)
    same = Pairs(given.features, given.targets, np.zeros(60, np.intp), given.group)
    with pytest.raises(BadArgument, match="of one target: all say the same"):
        learn(same, QUICK)


def test_a_training_that_runs_away_is_named() -> None:
    given = pairs()
    features = given.features * np.float32(1e30)
    with (
        np.errstate(all="ignore"),
        pytest.raises(TrainingDiverged, match=r"epoch 1: .* try a tenth"),
    ):
        fit(Pairs(features * features, given.targets, given.meaning, given.group), QUICK)


def test_ctrl_c_keeps_the_best_so_far() -> None:
    given = pairs()

    def stop(epoch: int, loss: float, measure: float | None) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    found = fit(given, QUICK, validation=given, tell=stop)
    assert found.stopped
    assert 1 <= found.epoch <= 3


@pytest.mark.parametrize(
    "wrong", [{"loss": "hinge"}, {"epochs": 0}, {"batch": 1}, {"rate": 2.0}, {"drop": 1.0}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadArgument):
        Settings(**wrong)  # type: ignore[arg-type]


def test_features_that_are_no_numbers_are_named() -> None:
    given = pairs(30)
    features = given.features.copy()
    features[7, 3] = np.nan
    names = [f"I-{n}" for n in range(30)]
    with pytest.raises(BadVector, match="I-7: its features hold NaN or Inf"):
        gathered(names, [""] * 30, features, given.targets, None, [])


def test_near_duplicates_are_one_group_and_a_kind_is_not() -> None:
    given = pairs(30)
    features = given.features.copy()
    features[1] = features[0]
    words = ["a lamp", "x", "A lamp", *["chair"] * 10, *(f"text {n}" for n in range(17))]
    group = gathered(words, words, features, given.targets, None, []).pairs.group
    assert group[0] == group[1] == group[2]  # equal features, equal words
    assert len(set(group[3:13])) == 10  # a word that ten share names a kind
