"""The picture of a map: its size, its names, its colours, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cospace.draw.map import draw_map
from cospace.errors import BadArgument
from cospace.map import Cluster, Map
from cospace.map.colours import MISSING, OTHER, Coloured

pytest.importorskip("matplotlib")


def a_map(n: int = 300, clusters: int = 3) -> Map:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, clusters, n)
    angle = 2 * np.pi * labels / clusters
    middles = 0.8 * np.stack([np.cos(angle), np.sin(angle)], 1)
    xy = (middles + 0.05 * draw.normal(size=(n, 2))).astype(np.float32)
    named = [
        Cluster(c, f"name {c}", *(0.8 * f(2 * np.pi * c / clusters) for f in (np.cos, np.sin)), 9)
        for c in range(clusters)
    ]
    return Map(
        ids=[str(i) for i in range(n)], xy=xy, labels=labels.astype(np.uint16), clusters=named,
        space="s", made="2026", method={}, trustworthiness=None, continuity=None,
    )  # fmt: skip


def pixels(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"))


def test_it_is_a_picture_on_light_paper(tmp_path: Path):
    assert [] == draw_map(a_map(), tmp_path / "map.png", title="shop")
    seen = pixels(tmp_path / "map.png")
    assert min(seen.shape[:2]) > 900
    assert seen[2, 2].min() > 240  # a corner
    assert (seen.min(2) < 200).mean() > 0.005  # and there is something on it


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_each_kind_of_file(tmp_path: Path, kind: str):
    draw_map(a_map(40), tmp_path / f"map.{kind}", title="shop")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind]
    assert (tmp_path / f"map.{kind}").read_bytes().startswith(start)


def test_names_that_would_lie_on_others_are_left_out_and_told(tmp_path: Path):
    one = a_map()
    crowd = [Cluster(n, f"a long name {n}", 0.0, 0.0, 100 - n) for n in range(12)]
    left = draw_map(replace(one, clusters=crowd), tmp_path / "map.png", title="shop")
    assert 0 < len(left) < 12
    assert "a long name 0" not in left  # the largest comes first


def test_by_words_with_a_legend(tmp_path: Path):
    values = (*(f"value {n}" for n in range(20)), OTHER)
    codes = (np.arange(300) % 22).astype(np.uint8)
    codes[codes == 21] = MISSING
    by = Coloured("kind", values, codes)
    assert [] == draw_map(a_map(), tmp_path / "by.png", title="shop", by=by)
    draw_map(a_map(), tmp_path / "plain.png", title="shop")
    assert pixels(tmp_path / "by.png").shape[1] > pixels(tmp_path / "plain.png").shape[1]


@pytest.mark.parametrize("there", [300, 1, 0])
def test_by_numbers(tmp_path: Path, there: int):
    numbers = np.where(np.arange(300) < there, np.arange(300.0), np.nan).astype(np.float32)
    draw_map(a_map(), tmp_path / "map.png", title="shop", by=Coloured("price", numbers=numbers))
    assert len(pixels(tmp_path / "map.png"))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(tmp_path: Path, n: int):
    one = a_map(n, 1)
    draw_map(one, tmp_path / "map.png", title="shop")
    assert len(pixels(tmp_path / "map.png"))


def test_another_suffix_is_refused(tmp_path: Path):
    with pytest.raises(BadArgument, match=r"\.png"):
        draw_map(a_map(), tmp_path / "map.gif", title="shop")
