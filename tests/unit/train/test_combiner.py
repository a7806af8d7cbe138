"""The combiner: its folder, and that it is given out only where it is better."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.encode.combiner import Combiner
from cospace.errors import BadArgument, ModelDamaged, ModelNotFound
from cospace.train import combiner as module
from cospace.train.combiner import Triples, fit_combiner

RANDOM = np.random.default_rng(0)


def tensors(d: int = 3, r: int = 2) -> dict[str, np.ndarray]:
    shapes = {"sum": (2,), "directions": (d, r), "mix": (2 * r + 1, r)}
    return {n: RANDOM.normal(size=s).astype(np.float32) for n, s in shapes.items()}


def shown(bases: int, *, dim: int = 16, seed: int = 0) -> tuple[Triples, list[int]]:
    """Things in six colours: "in colour 3" is said by one vector, and seen as quite another.

    A reference is a thing in a colour; the target is that thing in the colour that is asked for.
    The sum of the two cannot know what the colour looks like.
    """
    random = np.random.default_rng(seed)
    things, said, look = (random.normal(size=(n, dim)) for n in (bases, 6, 6))
    picks = [(thing, *random.permutation(6)[:2]) for thing in range(bases) for _ in range(4)]
    thing, old, new = np.array(picks).T
    space = cs.Space.of("mine", dim)
    parts = (things[thing] + look[old], said[new], things[thing] + look[new])
    return Triples(*(cs.Vectors(one, space) for one in parts)), thing.tolist()


def test_a_combiner_comes_back_from_its_folder(tmp_path: Path) -> None:
    space = cs.Space.of("mine", 3)
    made = Combiner(space, "image", tensors())
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


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("mix", np.zeros((4, 2), np.float32), r"mix has shape \(4, 2\), not \(5, 2\)"),
        ("sum", np.float32([1, np.nan]), "sum holds a number that is not finite"),
        ("extra", np.zeros(1, np.float32), "its tensors are directions, extra, mix, sum"),
    ],
)
def test_tensors_that_are_no_combiner_are_refused(name: str, value: np.ndarray, fault: str) -> None:
    with pytest.raises(BadArgument, match=fault):
        Combiner(cs.Space.of("mine", 3), "image", {**tensors(), name: value})


def test_it_is_the_sum_where_nothing_was_learnt() -> None:
    made = {**tensors(), "mix": np.zeros((5, 2), np.float32), "sum": np.float32([3, 4])}
    a, b = np.float32([[1, 0, 0]]), np.float32([[0, 1, 0]])
    combined = Combiner(cs.Space.of("mine", 3), "image", made).combine(a, b)
    assert np.allclose([[0.6, 0.8, 0]], combined)
    with pytest.raises(BadArgument, match="as many references as texts"):
        Combiner(cs.Space.of("mine", 3), "image", made).combine(a, b[:0])


def test_what_a_sum_cannot_say_is_learnt_and_kept(tmp_path: Path) -> None:
    triples, groups = shown(60)
    fit = fit_combiner(triples, kind="image", groups=groups)
    assert fit.better and fit.advice.startswith("use the combiner")
    assert fit.combiner is not None
    assert fit.held.value > fit.sum.value + 0.2 and fit.difference.low > 0.1
    [figure] = fit.card.figures
    assert figure.shuffled is not None and figure.shuffled < fit.chance + 0.1
    assert figure.gap is not None and figure.gap < 0.2
    again = Combiner.load(fit.save(tmp_path / "c"))
    assert (tmp_path / "c/card.md").is_file()
    a, b, _ = (one.normalized for one in triples)
    assert np.array_equal(fit.combiner.combine(a, b), again.combine(a, b))


def test_the_same_seed_gives_the_same_combiner() -> None:
    triples, groups = shown(20)
    first, second = (fit_combiner(triples, kind="image", groups=groups) for _ in range(2))
    assert first.held == second.held and first.card.points == second.card.points


def test_where_the_sum_is_all_there_is_nothing_is_given_out(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 80, 8))
    space = cs.Space.of("mine", 8)
    triples = Triples(*(cs.Vectors(one, space) for one in (a, b, a + b)))
    fit = fit_combiner(triples, kind="image")
    assert fit.combiner is None and not fit.better
    assert fit.sum.value > 0.9
    assert "keep the sum" in fit.advice
    with pytest.raises(BadArgument, match="no combiner to save"):
        fit.save(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_groups_are_never_torn() -> None:
    group = np.repeat(np.arange(7), [9, 1, 4, 4, 2, 8, 12])
    folds = module._folds(group, seed=0)
    assert sorted(np.concatenate(folds).tolist()) == list(range(40))
    assert sum(len(set(group[fold])) for fold in folds) == 7
    assert min(len(fold) for fold in folds) >= 3


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_groups_are_refused(count: int) -> None:
    triples, _ = shown(20)
    with pytest.raises(BadArgument, match="Three is the least"):
        fit_combiner(triples, kind="image", groups=[i % count for i in range(80)])


def test_groups_are_as_many_as_triples() -> None:
    with pytest.raises(BadArgument, match="of each of 80, not 3"):
        fit_combiner(shown(20)[0], kind="image", groups=[1, 2, 3])


def test_all_texts_and_targets_equal_is_no_fault() -> None:
    space = cs.Space.of("mine", 8)
    a = np.random.default_rng(0).normal(size=(60, 8))
    same = np.ones((60, 8))
    triples = Triples(*(cs.Vectors(one, space) for one in (a, same, same)))
    fit = fit_combiner(triples, kind="image", groups=list(range(60)))
    assert fit.combiner is None


def test_ctrl_c_keeps_the_last_fifth_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    triples, groups = shown(60)
    measured, calls = module._measured, []

    def interrupted(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return measured(*given)

    monkeypatch.setattr(module, "_measured", interrupted)
    fit = fit_combiner(triples, kind="image", groups=groups)
    assert fit.combiner is not None
    assert "stopped by hand" in " ".join(fit.card.notes)
    assert fit.card.figures[0].shuffled is None


def test_ctrl_c_before_anything_was_measured_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    triples, groups = shown(20)

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit_combiner(triples, kind="image", groups=groups)


def test_progress_ends_at_its_total() -> None:
    triples, groups = shown(20)
    told: list[Any] = []
    fit_combiner(triples, kind="image", groups=groups, progress=told.append)
    assert told[-1].done == told[-1].total
