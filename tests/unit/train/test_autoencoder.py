"""Fewer numbers a vector: closed forms by hand, gradients, what is measured, what is refused."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadVector
from cospace.progress import Progress, metered
from cospace.space import Space
from cospace.train import Head, autoencoder
from cospace.train.compress.closed import pca, quadratic
from cospace.train.compress.kept import Truth
from cospace.train.compress.network import loss_and_gradients, start_of, train
from cospace.train.heads.given import head_settings, rows_of
from cospace.train.heads.layers import decoded, encoded
from cospace.train.losses import unit
from cospace.vectors import Vectors


def made(rows: int = 400, seed: int = 0) -> np.ndarray:
    """Vectors of 8 numbers that lie on a bent sheet of two, with a little noise."""
    random = np.random.default_rng(seed)
    u, v = random.uniform(-1, 1, (2, rows))
    sheet = np.stack([u, v, 0.7 * u * u, 0.7 * u * v, 0.7 * v * v, *np.ones((3, rows))], axis=1)
    return (sheet + 0.01 * random.standard_normal(sheet.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def found() -> Any:
    return autoencoder(made(), [2, 4], epochs=30)


def test_pca_is_the_singular_value_decomposition() -> None:
    rows = unit(made())
    head = pca(rows, 3)
    _, values, axes = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    assert np.allclose(np.abs(head["W"].T @ axes[:3].T), np.eye(3), atol=1e-4)
    left = np.sum((rows - decoded(head, encoded(head, rows))) ** 2)
    assert np.sum(values[3:] ** 2) == pytest.approx(float(left), rel=1e-3)


def test_pca_of_as_many_numbers_loses_nothing() -> None:
    rows = unit(made())
    head = pca(rows, 8)
    assert np.allclose(rows, decoded(head, encoded(head, rows)), atol=1e-5)


def test_the_quadratic_way_back_finds_a_parabola() -> None:
    """x and x^2: one number says all, but not to a straight line."""
    x = np.linspace(-1, 1, 200, dtype=np.float32)
    rows = np.stack([x, x * x], axis=1)
    start = pca(rows, 1)
    bent = quadratic(start, rows[::2], rows[1::2], seed=0)
    straight, curved = (
        float(np.sum((rows - decoded(h, encoded(h, rows))) ** 2)) for h in (start, bent)
    )
    assert curved < straight / 100
    assert np.array_equal(encoded(start, rows), encoded(bent, rows))  # the codes are PCA's


@pytest.mark.parametrize("rows", [12, 400])
def test_the_quadratic_way_back_is_ridge_regression(rows: int) -> None:
    """Few rows are solved through their own products; the answer is the same."""
    from cospace.train.compress.closed import PENALTIES, _ridges

    random = np.random.default_rng(0)
    inputs, wanted = random.standard_normal((rows, 20)), random.standard_normal((rows, 3))
    for penalty, weights in zip(PENALTIES, _ridges(inputs, wanted), strict=True):
        # The gradient of |R - F Q|^2 + penalty |Q|^2 is zero there.
        slope = inputs.T @ (inputs @ weights - wanted) + penalty * weights
        assert np.abs(slope).max() < 1e-8


def test_the_quadratic_way_back_is_pca_where_nothing_is_bent() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 6)).astype(np.float32)
    start = pca(rows[:40], 2)
    bent = quadratic(start, rows[:40], rows[40:], seed=0)
    error = [
        float(np.sum((rows[40:] - decoded(h, encoded(h, rows[40:]))) ** 2)) for h in (start, bent)
    ]
    assert error[1] <= error[0] * (1 + 1e-6)


def test_the_network_begins_as_pca() -> None:
    from cospace.train.compress.network import _folded

    rows = unit(made())
    start = pca(rows, 2)
    network, scale, spread = start_of(start, rows, np.random.default_rng(0))
    head = _folded(network, start, scale, spread)
    assert np.allclose(encoded(start, rows), encoded(head, rows), atol=1e-5)
    assert np.allclose(
        decoded(start, encoded(start, rows)), decoded(head, encoded(head, rows)), atol=1e-5
    )


def test_gradients_are_those_of_finite_differences() -> None:
    random = np.random.default_rng(0)
    shapes = {"W": (5, 2), "A": (5, 4), "a": (4,), "B": (4, 2), "D": (2, 5), "C": (2, 3),
              "c": (3,), "E": (3, 5), "offset": (5,)}  # fmt: skip
    network = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    x = random.standard_normal((6, 5))
    _, gradients = loss_and_gradients(network, x)
    assert set(shapes) == set(gradients)
    for name, value in network.items():
        for place in np.ndindex(value.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = {**network, name: value.copy()}
                moved[name][place] += step
                losses.append(loss_and_gradients(moved, x)[0])
            slope = (losses[0] - losses[1]) / 2e-6
            assert slope == pytest.approx(gradients[name][place], rel=1e-4, abs=1e-7), name


def test_recall_by_hand() -> None:
    rows = unit(np.float32([[1, 0], [1, 0.1], [0, 1], [0.1, 1]]))
    truth = Truth(rows)
    truth.k, truth._nearest = 1, truth._nearest[:, :1]
    assert [[1], [0], [3], [2]] == truth._nearest.tolist()
    other = rows[[0, 2, 1, 3]]  # 1 and 2 change places
    assert [0, 0, 0, 0] == truth.recall(other, other).tolist()
    assert [1, 1, 1, 1] == truth.recall(rows, rows).tolist()


def test_equal_rows_do_not_find_themselves() -> None:
    truth = Truth(unit(np.ones((14, 3), np.float32)))
    assert all(i not in truth._nearest[i] for i in range(14))
    assert (14, 10) == truth._nearest.shape


def test_what_is_recommended_is_the_best_of_the_rows_that_choose(found: Any) -> None:
    for size in found.sizes:
        best = [way.choosing for way in size.ways]
        assert best == sorted(best, reverse=True)
        assert {"autoencoder", "pca", "quadratic"} == {way.method for way in size.ways}
        assert size.head is size.ways[0].head
        told = [way.kept.decoded.value for way in size.ways]
        assert told[0] - told[1] == pytest.approx(size.difference.value)


def test_what_is_told_had_no_part_in_the_choice() -> None:
    """Rows on PCA's own plane come back whole by PCA alone, and that changes no choice."""
    module = import_module("cospace.train.compress.autoencoder")
    rows, source = rows_of(made())
    settings = head_settings({"epochs": 20})
    split = module._split(rows, settings, [])
    start = pca(split.learn, 2)
    flat = Truth(decoded(start, encoded(start, split.test.rows)))
    sizes = []
    for test in (split.test, flat):
        with metered(None, 1, "rows") as meter:
            parts = module._Split(split.learn, split.choose, test)
            size, _ = module._size(2, parts, source, settings, (meter, 0, "", "decoded"))
        sizes.append(size)
    assert [way.method for way in sizes[0].ways] == [way.method for way in sizes[1].ways]
    assert "pca" == max(sizes[1].ways, key=lambda way: way.kept.decoded.value).method


def test_codes_can_be_what_counts() -> None:
    by_codes = autoencoder(made(), [2], epochs=4, by="codes")
    [size] = by_codes.sizes
    choosing = [way.choosing for way in size.ways]
    assert choosing == sorted(choosing, reverse=True)
    values = [way.kept.codes.value for way in size.ways]
    assert values[0] - values[1] == pytest.approx(size.difference.value)
    with pytest.raises(BadArgument, match="'decoded' or 'codes'"):
        autoencoder(made(), [2], by="words")


def test_a_bent_sheet_is_not_for_pca(found: Any) -> None:
    kept = {way.method: way.kept for way in found.sizes[0].ways}
    assert kept["quadratic"].error < kept["pca"].error / 3
    assert kept["autoencoder"].decoded.value > kept["pca"].decoded.value
    assert "pca" != found.sizes[0].ways[0].method


def test_controls_and_counts(found: Any) -> None:
    assert 400 == found.learnt + found.held_out
    assert found.chance == pytest.approx(10 / (found.held_out - 1))
    for size in found.sizes:
        for way in size.ways:
            [decoded_figure, codes] = way.head.card.figures
            assert decoded_figure.shuffled == pytest.approx(found.chance, abs=0.12)
            assert decoded_figure.held.low <= decoded_figure.held.value <= decoded_figure.held.high
            assert 0 <= codes.held.value <= 1
            assert decoded_figure.gap is not None


def test_the_same_seed_gives_the_same_heads(found: Any) -> None:
    again = autoencoder(made(), [2, 4], epochs=30)
    for one, other in zip(found.sizes, again.sizes, strict=True):
        assert one.head.space.fingerprint == other.head.space.fingerprint


def test_saved_and_used(found: Any, tmp_path: Path) -> None:
    folder = found.save(tmp_path / "smaller")
    assert ["2", "4"] == sorted(f.name for f in folder.iterdir())
    head = Head.load(folder / "2")
    rows = Vectors(made(), Space.of("array", 8))
    codes = head.encode(rows)
    assert (400, 2) == codes.shape
    back = cs.similarity(head.decode(codes), rows).diagonal()
    assert back.min() > 0.9
    card = json.loads((folder / "2" / "card.json").read_text())
    assert 64 == len(card["data_sha256"])
    assert "recall@10, decoded" in (folder / "2" / "card.md").read_text()
    with pytest.raises(BadArgument, match="exists already"):
        found.save(tmp_path / "smaller")


def test_small_pictures() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(1, 256, (300, 4, 4), np.uint8)
    result = autoencoder(pictures, [3], epochs=2)
    assert "pixelsx4x4" == result.sizes[0].head.source.name
    colours = autoencoder(random.random((300, 3, 3, 3)), [3], epochs=2, name="mine")
    assert "mine-3" == colours.sizes[0].head.space.name
    assert 27 == colours.sizes[0].head.source.dim


def test_vectors_keep_their_space() -> None:
    rows = Vectors(made(), Space.of("s", 8))
    result = autoencoder(rows, [2], epochs=1)
    assert rows.space == result.sizes[0].head.source
    assert np.array_equal(rows_of(rows)[0], rows.normalized)


def test_equal_rows_stay_together() -> None:
    rows = np.repeat(made(200), 2, axis=0)
    result = autoencoder(rows, [2], epochs=1)
    assert any("200 rows are equal" in note for note in result.notes)


def test_rows_beyond_the_most_are_told() -> None:
    result = autoencoder(made(), [2], epochs=1, most=300)
    assert ["300 of 400 rows, drawn, are used: most= says more"] == list(result.notes)
    assert 300 == result.learnt + result.held_out


def test_progress_counts_rows_and_epochs() -> None:
    seen: list[Progress] = []
    result = autoencoder(made(), [2, 4], epochs=4, progress=seen.append)
    learnt = len(result.sizes) * 4
    assert seen[-1].total is not None
    assert seen[-1].total % learnt == 0
    assert seen[-1].epoch == 4
    assert {"2 numbers", "4 numbers"} == {now.stage for now in seen}
    assert all(now.loss is not None for now in seen)


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path) -> None:
    def press(now: Progress) -> None:
        if now.epoch == 3:
            raise KeyboardInterrupt

    result = autoencoder(made(), [2, 4], epochs=30, progress=press)
    assert result.stopped
    assert [2] == [size.dim for size in result.sizes]
    assert any("not begun with 4" in note for note in result.notes)
    assert (result.save(tmp_path / "kept") / "2" / "space.json").is_file()


def test_ctrl_c_while_the_quadratic_way_is_fitted_keeps_the_sizes_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = import_module("cospace.train.compress.autoencoder")
    calls: list[int] = []

    def interrupted(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return quadratic(*given, **more)

    monkeypatch.setattr(module, "quadratic", interrupted)
    result = autoencoder(made(), [2, 3, 4], epochs=2)
    assert result.stopped
    assert [2] == [size.dim for size in result.sizes]
    assert {"stopped: not finished with 3 numbers", "stopped: not begun with 4 numbers"} <= set(
        result.notes
    )


def test_the_best_head_is_kept_and_not_the_last() -> None:
    rows = unit(made())
    worths = iter([0.1, 0.9, 0.3, 0.2, 0.1, 0.0, 0.0])
    heads = []

    def worth(head: Any) -> float:
        heads.append(head)
        return next(worths)

    best, points, stopped = train(pca(rows, 2), rows, worth, epochs=20, seed=0)
    assert np.array_equal(heads[1]["W"], best["W"])
    assert 6 == len(points)  # four looks without anything better
    assert not stopped


@pytest.mark.parametrize(
    ("rows", "dims", "options", "error", "why"),
    [
        (np.ones((1, 8)), [2], {}, BadArgument, "1 rows are too few"),
        (np.ones((300, 8)), [2], {}, BadArgument, "all 300 are of one group"),
        (np.full((300, 8), np.nan), [2], {}, BadVector, "finite"),
        (np.zeros((300, 8)), [2], {}, BadVector, "zero vector"),
        (made(), [8], {}, BadArgument, "from 1 to 7, not 8"),
        (made(), [0], {}, BadArgument, "not 0"),
        (made(), [True], {}, BadArgument, "not True"),
        (made(), [], {}, BadArgument, "different sizes"),
        (made(), [2, 2], {}, BadArgument, "different sizes"),
        (np.ones(8), [2], {}, BadArgument, "shape"),
        (made(), [2], {"epochs": 0}, BadArgument, "epochs is a whole number"),
        (made(), [2], {"held_out": 1.5}, BadArgument, "share between 0 and 1"),
        (made(), [2], {"epoch": 1}, BadArgument, "did you mean epochs"),
        (made(), [2], {"seed": -1}, BadArgument, "seed is a whole number"),
    ],
)
def test_what_is_refused(
    rows: Any, dims: list[int], options: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        autoencoder(rows, dims, **options)
