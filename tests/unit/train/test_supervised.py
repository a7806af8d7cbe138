"""An embedding from labels: losses by hand and by finite differences, gains, controls, refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument, BadVector
from cospace.progress import Progress
from cospace.space import Space
from cospace.train import Head, supervised
from cospace.train.supervised.losses import proxies, supervised_contrastive, unit_back
from cospace.train.supervised.network import gradients_of
from cospace.train.supervised.supervised import _Data, _seen
from cospace.vectors import Vectors


def made(rows: int = 300, kinds: int = 3, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of 16 numbers, of which the last three tell the class, and the others are louder."""
    random = np.random.default_rng(0)
    classes = np.arange(rows) % kinds
    found = random.standard_normal((rows, 16)) * 2
    found[:, -kinds:] = 2 * np.eye(kinds)[classes]
    return (found + 0.3 * noise * random.standard_normal(found.shape)).astype(np.float32), classes


@pytest.fixture(scope="module")
def found() -> Any:
    return supervised(*made(), dim=4, epochs=40)


def slope(function: Callable[[np.ndarray], float], x: np.ndarray) -> np.ndarray:
    """The gradient by central differences."""
    made = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        made[place] = (function(x + step) - function(x - step)) / 2e-6
    return made


def test_contrastive_by_hand() -> None:
    """Two of one label at a right angle to a third: log(e + 1) - 1 for each of the two."""
    rows = np.array([[1.0, 0], [1, 0], [0, 1]])
    value = supervised_contrastive(rows, np.array([0, 0, 1]), scale=1.0).value
    assert np.log(np.e + 1) - 1 == pytest.approx(value)
    # The third, of one label as well: -1/2 (log(e / (e + 1)) + log(1 / (e + 1))), and log 2.
    value = supervised_contrastive(rows, np.array([0, 0, 0]), scale=1.0).value
    two = -(np.log(np.e / (np.e + 1)) + np.log(1 / (np.e + 1))) / 2
    assert (2 * two + np.log(2)) / 3 == pytest.approx(value)


def test_alone_teaches_nothing() -> None:
    found = supervised_contrastive(np.eye(3), np.arange(3), scale=10.0)
    assert 0 == found.value
    assert not found.rows.any()


def test_proxies_by_hand() -> None:
    value = proxies(np.eye(2), np.array([1, 0]), np.eye(2), scale=1.0).value
    assert np.log(1 + np.e) == pytest.approx(value)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.lists(st.integers(0, 2), min_size=2, max_size=7))
def test_slopes_are_those_of_finite_differences(seed: int, labels: list[int]) -> None:
    random = np.random.default_rng(seed)
    rows, anchors = random.standard_normal((len(labels), 3)), random.standard_normal((3, 3))
    names = np.array(labels)

    def contrastive(x: np.ndarray) -> float:
        return supervised_contrastive(x, names, scale=2.0).value

    assert np.allclose(
        slope(contrastive, rows), supervised_contrastive(rows, names, scale=2.0).rows, atol=1e-5
    )
    one = proxies(rows, names, anchors, scale=2.0)
    by_rows = slope(lambda x: proxies(x, names, anchors, scale=2.0).value, rows)
    assert np.allclose(by_rows, one.rows, atol=1e-5)
    by_anchors = slope(lambda x: proxies(rows, names, x, scale=2.0).value, anchors)
    assert one.proxies is not None
    assert np.allclose(by_anchors, one.proxies, atol=1e-5)


def test_the_way_back_through_length_one() -> None:
    random = np.random.default_rng(0)
    rows, weights = random.standard_normal((4, 3)), random.standard_normal((4, 3))
    numeric = slope(lambda x: float((unit_back(x, x)[0] * weights).sum()), rows)
    assert np.allclose(numeric, unit_back(rows, weights)[1], atol=1e-8)


@pytest.mark.parametrize("loss", ["softmax", "contrastive"])
def test_the_slopes_of_the_whole_head(loss: str) -> None:
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"W": (4, 2), "A": (4, 3), "a": (3,), "B": (3, 2)}
    if loss == "softmax":
        shapes["P"] = (2, 2)
    network = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    rows, labels = random.standard_normal((6, 4)), np.array([0, 1, 0, 1, 0, 1])
    _, gradients = gradients_of(network, rows, labels, np.full(4, 0.1))
    assert set(shapes) == set(gradients)
    for name in shapes:
        numeric = slope(
            lambda x, name=name: gradients_of({**network, name: x}, rows, labels, np.full(4, 0.1))[
                0
            ],
            network[name],
        )
        assert np.allclose(numeric, gradients[name], atol=1e-5), name


def test_neighbours_get_better(found: Any) -> None:
    assert found.better
    [nearest, probe] = found.card.figures
    assert nearest.held.value - nearest.before.value == pytest.approx(found.neighbours.value)
    assert nearest.held.value > 0.9
    assert probe.held.value > 0.9


def test_shuffled_labels_fall_to_chance(found: Any) -> None:
    [nearest, _] = found.card.figures
    assert nearest.chance == pytest.approx(1 / 3, abs=0.1)
    assert nearest.shuffled < nearest.chance + 0.1


def test_contrastive_learns_too() -> None:
    assert supervised(*made(), dim=4, loss="contrastive", epochs=40).better


def test_the_encoder_s_space_is_named_and_kept_apart(found: Any, tmp_path: Path) -> None:
    rows = Vectors(made()[0], Space.of("array", 16))
    folder = found.head.save(tmp_path / "head")
    head = Head.load(folder)
    assert rows.space == head.source
    assert (300, 4) == head.encode(rows).shape
    card = json.loads((folder / "card.json").read_text())
    assert 300 == sum(card["counts"][name] for name in card["counts"] if name.startswith("items"))
    with pytest.raises(BadArgument, match="no way back"):
        head.decode(head.encode(rows))


def test_the_same_seed_gives_the_same_head(found: Any) -> None:
    again = supervised(*made(), dim=4, epochs=40)
    assert found.head.space.fingerprint == again.head.space.fingerprint


def test_groups_stay_together() -> None:
    """Copies that differ a little are one group: what is held out was not nearly seen."""
    rows, classes = made(120)
    near = np.concatenate([rows, rows + 0.001])
    both = np.concatenate([classes, classes])
    random = np.random.default_rng(0).permutation(3).tolist()
    labels = [random[c] if c < 2 else 7 for c in both]
    together = supervised(near, labels, dim=4, epochs=1, groups=[*range(120), *range(120)])
    apart = supervised(near, labels, dim=4, epochs=1)
    assert together.card.figures[0].before is not None
    assert apart.card.figures[0].before is not None
    assert together.card.figures[0].before.value < apart.card.figures[0].before.value


def test_photos_of_one_article_are_drawn_together() -> None:
    """Ten copies of each item, a little apart, tell no more than the items do."""
    rows, classes = made(120)
    copies = np.repeat(rows, 10, axis=0) + 1e-4 * np.random.default_rng(0).random((1200, 1))
    groups = np.repeat(np.arange(120), 10).tolist()
    one = supervised(rows, classes, dim=4, epochs=1).card.figures[0]
    many = supervised(copies, np.repeat(classes, 10), dim=4, epochs=1, groups=groups)
    wide = many.card.figures[0].held
    assert wide.high - wide.low > 0.6 * (one.held.high - one.held.low)
    assert not any("held-out groups" in note for note in many.notes)


def test_few_groups_that_are_held_out_are_told() -> None:
    rows, classes = made(120)
    groups = (np.arange(120) % 12).tolist()
    assert any("held-out groups: " in n for n in supervised(rows, classes, groups=groups).notes)


def test_a_row_has_no_vote_on_itself() -> None:
    """Labels that say nothing are not known by the neighbours of what was learnt from."""
    random = np.random.default_rng(0)
    rows, labels = random.standard_normal((400, 8)), random.integers(2, size=400)
    train = supervised(rows, labels, dim=4, epochs=1).card.figures[0].train
    assert train is not None
    assert train < 0.58


def test_labels_that_cannot_be_used_are_told() -> None:
    rows, classes = made()
    labels: list[Any] = [f"c{c}" for c in classes]
    labels[0], labels[1], labels[2] = None, float("nan"), "alone"
    result = supervised(rows, labels, dim=4, epochs=1)
    assert any("left out: 3 items" in note for note in result.notes)
    assert 3 == result.card.counts["labels"]


def test_progress_counts_rows() -> None:
    seen: list[Progress] = []
    supervised(*made(), dim=4, epochs=3, progress=seen.append)
    assert [1, 2, 3] == [now.epoch for now in seen]
    assert seen[-1].done == seen[-1].total


def test_ctrl_c_keeps_the_best_so_far() -> None:
    def press(now: Progress) -> None:
        if now.epoch == 4:
            raise KeyboardInterrupt

    result = supervised(*made(), dim=4, epochs=40, progress=press)
    assert result.stopped
    assert result.card.figures[0].shuffled is None
    assert 4 == result.head.space.dim


@pytest.mark.parametrize(
    ("rows", "labels", "options", "error", "why"),
    [
        (np.ones((60, 4)), [0, 1] * 30, {}, BadArgument, "at least 2 are needed"),
        (made()[0], [0] * 300, {}, BadArgument, "1 labels are left"),
        (made()[0], list(range(300)), {}, BadArgument, "0 labels are left"),
        (made()[0], [0], {}, BadArgument, "300 items have 1 labels"),
        (made()[0], made()[1], {"groups": [0]}, BadArgument, "and 1 groups"),
        (made(40)[0], made(40)[1], {}, BadArgument, "40 items are too few"),
        (np.full((60, 4), np.nan), [0, 1] * 30, {}, BadVector, "finite"),
        (*made(), {"dim": 16}, BadArgument, "dim is a whole number from 1 to 15"),
        (*made(), {"loss": "hinge"}, BadArgument, "softmax or contrastive"),
        (*made(), {"epochs": -1}, BadArgument, "epochs"),
    ],
)
def test_what_is_refused(
    rows: Any, labels: Any, options: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        supervised(rows, labels, **options)


def test_no_row_of_the_test_chooses_the_epoch() -> None:
    rows, labels = made(12, 2)
    labels[8:10] = 2  # of a class that nothing is learnt of
    data = _Data(rows, labels, np.arange(8), np.arange(8, 10), np.arange(10, 12), np.arange(12))
    seen = _seen(data, [])
    assert set(range(8)) == set(seen.choose.tolist())
    assert [10, 11] == seen.test.tolist()
