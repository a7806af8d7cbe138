"""Options of trainers: what is of a wrong kind is refused by a typed error, by each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.collection import Collection
from cospace.errors import BadArgument, CospaceError
from cospace.testing import tiny_model
from cospace.train.combiner import Triples
from cospace.train.contrastive.options import tune_settings

ARRAYS = (np.zeros(3), np.array([True, False]), np.array([]), np.array([["a"]]))
NO_TEXTS = (5, 2.5, b"x", [], ["a"], {}, object(), *ARRAYS)
ROWS = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def shop() -> Collection:
    return cs.open(":memory:", model=tiny_model())


NO_FUNCTIONS = (5, -1, 2.5, True, b"x", "x", [5], {5: 6}, object(), *ARRAYS)
NO_PATHS = (5, 2.5, True, b"x", [], ["a"], {}, object(), *ARRAYS)
WORDS = [["a", "b", "c", "d"]] * 30
TRAINERS: dict[str, Callable[..., object]] = {
    "word2vec": lambda **x: cs.train.word2vec(WORDS, min_count=1, epochs=1, dim=4, **x),
    "glove": lambda **x: cs.train.glove(WORDS, min_count=1, epochs=1, dim=4, **x),
    "subwords": lambda **x: cs.train.subwords(
        WORDS, **{"min_count": 1, "epochs": 1, "dim": 4, "buckets": 100, **x}
    ),
    "autoencoder": lambda **x: cs.train.autoencoder(ROWS, [2], **{"epochs": 1, **x}),
    "supervised": lambda **x: cs.train.supervised(ROWS, ["a", "b"] * 150, **{"epochs": 1, **x}),
}
OPTIONS: dict[str, tuple[Any, ...]] = {
    "tell": NO_FUNCTIONS,
    "progress": tuple(one for one in NO_FUNCTIONS if one is not True),
    "seed": NO_TEXTS[1:],
    "name": NO_TEXTS,
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", TRAINERS)
def test_an_option_of_a_wrong_kind_is_refused_by_each_trainer(name: str, option: str) -> None:
    for given in OPTIONS[option]:
        with pytest.raises(BadArgument):
            TRAINERS[name](**{option: given})


@pytest.mark.parametrize("name", ["word2vec", "glove", "subwords"])
def test_a_checkpoint_is_a_path(name: str) -> None:
    for given in NO_PATHS:
        with pytest.raises(BadArgument, match="checkpoint is a path, a text or a Path, not "):
            TRAINERS[name](checkpoint=given)


@pytest.mark.parametrize("x_max", [None, 0, -1, float("nan"), "10", np.zeros(3)])
def test_counts_have_a_limit_above_zero(x_max: Any) -> None:
    with pytest.raises(BadArgument, match="x_max is a number"):
        cs.train.glove(WORDS, min_count=1, epochs=1, dim=4, x_max=x_max)


def test_weights_of_a_teacher_are_a_path(shop: Collection) -> None:
    for given in NO_PATHS:
        with pytest.raises(BadArgument, match="weights is a path, a text or a Path, not "):
            cs.train.distill(shop.model, ["red"], kind="transformer", weights=given)


@pytest.mark.parametrize("name", ["autoencoder", "supervised"])
def test_trainers_of_heads_tell_what_was_left_out(name: str) -> None:
    lines: list[str] = []
    TRAINERS[name](most=200, tell=lines.append)
    assert any("drawn, are used" in line for line in lines)


@pytest.mark.parametrize("given", [[[]] * 300, [("a", [])] * 300, 5, "a" * 300])
def test_what_cannot_name_anything_is_no_label_and_no_group(given: Any) -> None:
    vectors = cs.Vectors(ROWS, cs.Space.of("s", 4))
    triples = Triples(vectors, vectors, vectors)
    calls = [
        lambda: cs.train.supervised(ROWS, given),
        lambda: cs.train.supervised(ROWS, ["a", "b"] * 150, groups=given),
        lambda: cs.train.fit_combiner(triples, kind="image", groups=given),
    ]
    for call in calls:
        with pytest.raises(BadArgument, match="is a list with"):
            call()


def test_kinds_to_bind_are_texts(shop: Collection, tmp_path: Path) -> None:
    pairs = [(cs.Part("text", "a"), cs.Part("text", "b"))]
    anchor = shop.model
    calls: list[Callable[[Any], object]] = [
        lambda x: cs.train.bind(pairs, tmp_path / "new", anchor=anchor, kind=x),  # type: ignore[arg-type]
        lambda x: cs.train.bind(pairs, tmp_path / "new", anchor=anchor, kind="image", to=x),  # type: ignore[arg-type]
        lambda x: cs.train.widen(anchor, tmp_path / "new", kinds=x),  # type: ignore[arg-type]
        lambda x: cs.train.adapt(shop, kind=x),
    ]
    for call in calls:
        for given in (None, 5, b"x", [[]], {5: 6}, object(), *ARRAYS[:2]):
            with pytest.raises(CospaceError):
                call(given)


def test_triples_are_vectors() -> None:
    vectors = cs.Vectors(ROWS, cs.Space.of("s", 4))
    for given in (None, 5, "x", [], {}, object(), ROWS):
        with pytest.raises(BadArgument, match="text is a Vectors, as "):
            cs.train.fit_combiner(Triples(vectors, given, vectors), kind="image")


@pytest.mark.parametrize("option", ["loss", "negatives", "matryoshka", "frozen", "threads", "tell"])
def test_a_fine_tuning_refuses_wrong_kinds(option: str) -> None:
    for given in (2.5, b"x", "x", [[5]], {5: 6}, object(), np.zeros(3), np.array([["a"]])):
        with pytest.raises(BadArgument):
            tune_settings({option: given}, "pairs", 32)
