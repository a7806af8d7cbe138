"""The combiner: its gradients, its folder, and that it is given out only where it is better."""

from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.combiner import Combiner, forward
from cospace.errors import BadArgument, ModelDamaged, ModelNotFound
from cospace.train.combiner import Triples, fit_combiner, gradients

RANDOM = np.random.default_rng(0)


def tensors(d: int = 3, h: int = 4) -> dict[str, np.ndarray]:
    shapes = {"sum": (2,), "linear": (3 * d, d), "w1": (3 * d, h), "c1": (h,), "w2": (h, d)}
    return {n: RANDOM.normal(size=s) for n, s in {**shapes, "c2": (d,)}.items()}


def test_gradients_are_those_of_finite_differences() -> None:
    made, (a, b, back) = tensors(), RANDOM.normal(size=(3, 5, 3))
    found = gradients(made, a, b, forward(made, a, b), back)
    for name, value in made.items():
        for at in np.ndindex(value.shape):
            moved = []
            for step in (1e-6, -1e-6):
                value[at] += step
                moved.append(float((forward(made, a, b).unit * back).sum()))
                value[at] -= step
            assert np.isclose((moved[0] - moved[1]) / 2e-6, found[name][at], atol=1e-5), name


def test_a_combiner_comes_back_from_its_folder(tmp_path: Path) -> None:
    space = cs.Space.of("mine", 3)
    made = Combiner(space, "image", {n: t.astype(np.float32) for n, t in tensors().items()})
    made.save(tmp_path / "c")
    a, b = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[::-1]
    back = Combiner.load(tmp_path / "c")
    assert np.array_equal(made.combine(a, b), back.combine(a, b))
    assert (space.fingerprint, "image") == (back.space.fingerprint, back.kind)
    (tmp_path / "c/combiner.safetensors").write_bytes(b"x")
    with pytest.raises(ModelDamaged):
        Combiner.load(tmp_path / "c")
    with pytest.raises(ModelNotFound):
        Combiner.load(tmp_path / "none")


def test_too_few_triples_are_refused() -> None:
    rows = cs.Vectors(np.eye(3), cs.Space.of("mine", 3))
    with pytest.raises(BadArgument, match="at least 40"):
        fit_combiner(Triples(rows, rows, rows), kind="image")
