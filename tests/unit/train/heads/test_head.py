"""Heads: what they compute by hand, the folder they are kept in, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadArgument, BadInput, ModelDamaged, ModelNotFound, SpaceMismatch
from cospace.space import Space
from cospace.train import Head
from cospace.train.heads.layers import decoded, encoded, products_of_pairs, silu
from cospace.vectors import Vectors

SOURCE = Space.of("source", 2)


def tensors(**more: np.ndarray) -> dict[str, np.ndarray]:
    """The first number of two, and the way back to it."""
    one = {"centre": [0, 0], "W": [[1], [0]], "code_centre": [0], "D": [[1, 0]], "offset": [0, 0]}
    return {**{k: np.array(v, np.float32) for k, v in one.items()}, **more}


def rows(*values: tuple[float, float]) -> Vectors:
    return Vectors(np.array(values, np.float64), SOURCE)


def test_codes_by_hand() -> None:
    made = Head(SOURCE, tensors(), method="pca").encode(rows((3, 4), (2, 0)))
    assert [[0.6], [1.0]] == made.array.round(6).astype(float).round(6).tolist()  # of unit rows


def test_the_way_back_by_hand() -> None:
    head = Head(SOURCE, tensors(), method="pca")
    assert [[1.0, 0.0]] == head.decode(head.encode(rows((2, 0)))).array.tolist()


def test_a_hidden_layer_by_hand() -> None:
    more = {"A": np.float32([[2], [0]]), "a": np.float32([1]), "B": np.float32([[10]])}
    made = encoded(tensors(**more), np.float32([[1, 0]]))
    assert 1 + 10 * 3 / (1 + np.exp(-3)) == pytest.approx(float(made[0, 0]), rel=1e-6)


def test_products_by_hand() -> None:
    # offset + z D + [s, s * s] Q with s = z / spread = 3
    more = {"spread": np.float32([2]), "Q": np.float32([[0, 1], [1, 0]])}
    assert [[6 + 9, 3]] == decoded(tensors(**more), np.float32([[6]])).tolist()


def test_silu_has_the_slope_of_its_values() -> None:
    x = np.linspace(-6, 6, 41, dtype=np.float64)
    step = 1e-5
    numeric = (silu(x + step).value - silu(x - step).value) / (2 * step)
    assert np.allclose(numeric, silu(x).slope, atol=1e-8)


@given(st.integers(1, 6), st.integers(0, 5))
def test_products_are_of_all_pairs(k: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((3, k)).astype(np.float32)
    made = products_of_pairs(x)
    assert (3, k + k * (k + 1) // 2) == made.shape
    assert np.allclose(np.sort((x[:, :, None] * x[:, None, :])[0][np.triu_indices(k)]),
                       np.sort(made[0, k:]))  # fmt: skip


def test_many_rows_are_as_one(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((5_000, 2)).astype(np.float32)
    whole = encoded(tensors(), x)
    assert np.array_equal(whole[4_999:], encoded(tensors(), x[4_999:]))


def test_its_space_is_another_one_that_names_the_source() -> None:
    head = Head(SOURCE, tensors(), method="pca")
    assert 1 == head.space.dim
    assert SOURCE.fingerprint == head.space.towers[0].preprocess["source"]
    assert SOURCE.conflict(head.space)
    other = Head(Space.of("other", 2), tensors(), method="pca")
    assert head.space.fingerprint != other.space.fingerprint
    moved = Head(SOURCE, tensors(offset=np.float32([0, 1])), method="pca")
    assert head.space.fingerprint != moved.space.fingerprint


def test_another_space_is_refused() -> None:
    head = Head(SOURCE, tensors(), method="pca")
    with pytest.raises(SpaceMismatch, match="expected source"):
        head.encode(Vectors(np.ones((1, 2)), Space.of("other", 2)))
    with pytest.raises(SpaceMismatch):
        head.decode(Vectors(np.ones((1, 1)), Space.of("other", 1)))


def test_a_space_that_was_extended_is_taken() -> None:
    """A collection that got photos later has the same texts."""
    text, image = cs.load("starter").space.towers
    less, more = Space("s", 2, towers=(text,)), Space("s", 2, towers=(text, image))
    head = Head(less, tensors(), method="pca")
    assert 1 == len(head.encode(Vectors(np.ones((1, 2)), more)))


def test_saved_and_loaded(tmp_path: Path) -> None:
    head = Head(SOURCE, tensors(), method="pca", name="mine")
    folder = head.save(tmp_path / "head")
    again = Head.load(folder)
    assert head.space == again.space or head.space.fingerprint == again.space.fingerprint
    assert SOURCE == again.source
    x = rows((3, 4))
    assert head.encode(x).array.tolist() == again.encode(x).array.tolist()
    assert ["head.json", "head.safetensors", "space.json"] == sorted(
        f.name for f in folder.iterdir()
    )


def test_what_stands_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadArgument, match="exists already"):
        Head(SOURCE, tensors(), method="pca").save(tmp_path)
    assert "mine" == (tmp_path / "file").read_text()


@pytest.mark.parametrize("name", ["head.safetensors", "head.json"])
def test_a_changed_byte_is_found(name: str, tmp_path: Path) -> None:
    folder = Head(SOURCE, tensors(), method="pca").save(tmp_path / "head")
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelDamaged, match=name):
        Head.load(folder)


def test_a_record_of_other_tensors_is_found(tmp_path: Path) -> None:
    folder = Head(SOURCE, tensors(), method="pca").save(tmp_path / "head")
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["head_sha256"] = "0" * 64
    (folder / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged, match="Train it again"):
        Head.load(folder)


def test_no_head(tmp_path: Path) -> None:
    from cospace.testing.tiny import tiny_folder

    with pytest.raises(ModelNotFound):
        Head.load(tmp_path / "nothing")
    with pytest.raises(BadArgument, match=r"cospace\.load"):
        Head.load(tiny_folder(tmp_path / "tiny"))


def test_a_head_is_no_model(tmp_path: Path) -> None:
    folder = Head(SOURCE, tensors(), method="pca").save(tmp_path / "head")
    with pytest.raises(BadArgument, match=r"Head\.load"):
        cs.load(folder)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"W": np.ones((2, 1))}, "float64"),
        ({"W": np.ones((3, 1), np.float32)}, "shape"),
        ({"X": np.ones(1, np.float32)}, "no tensor 'X'"),
        ({"offset": np.float32([np.nan, 0])}, "NaN"),
        ({"A": np.ones((2, 1), np.float32)}, "lacks the tensor 'a'"),
        ({"spread": np.ones(1, np.float32), "Q": np.ones((3, 2), np.float32)}, "products"),
    ],
)
def test_tensors_that_do_not_fit(more: dict[str, np.ndarray], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        Head(SOURCE, tensors(**more), method="pca")


def test_without_the_first_tensors() -> None:
    with pytest.raises(BadInput, match="lacks the tensor"):
        Head(SOURCE, {"D": np.ones((1, 2), np.float32)}, method="pca")


def test_without_a_way_back() -> None:
    only = {name: tensors()[name] for name in ("centre", "W")}
    head = Head(SOURCE, only, method="contrastive")
    with pytest.raises(BadArgument, match="no way back"):
        head.decode(head.encode(rows((1, 1))))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 9))
def test_any_head_is_the_same_after_its_folder(k: int, d: int, seed: int) -> None:
    import tempfile

    random = np.random.default_rng(seed)
    shapes = {"centre": d, "W": (d, k), "code_centre": k, "D": (k, d), "offset": d}
    made = {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    head = Head(Space.of("s", d), made, method="pca")
    with tempfile.TemporaryDirectory() as place:
        again = Head.load(head.save(Path(place) / "head"))
    assert head.space.fingerprint == again.space.fingerprint
    assert all(np.array_equal(made[name], again.tensors[name]) for name in made)
