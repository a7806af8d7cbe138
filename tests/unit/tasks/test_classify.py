"""Classes are held to what was held out; only empty cells are filled; bad input is typed."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cospace as cs
from cospace.errors import BadArgument
from cospace.evaluate import Pictures
from cospace.evaluate.neighbours import neighbour_classes
from cospace.tasks import classify, gather
from cospace.tasks.classify import fill
from cospace.tasks.classify.calibration import (
    Calibration,
    calibration_error,
    expected_error,
    probabilities,
)
from cospace.tasks.classify.named import fitted_threshold, said
from cospace.tasks.classify.scorers import Neighbours, ProbeScorer, folds, out_of_fold

from .drawn import clouds, labelled, shop_of


@pytest.mark.parametrize("method", ["knn", "probe"])
def test_empty_cells_get_the_class_of_their_cloud(method):
    shop = labelled(spread=0.15, unknown=5)
    found = classify(shop, "kind", method=method)
    assert {one.id: f"c{int(one.id[1:]) // 40}" for one in found.answers} == {
        one.id: one.label for one in found.answers
    }
    assert 24 == len(found.answers)
    assert found.held is not None and found.held.accuracy.value > 0.95 > found.held.chance


def test_labels_that_say_nothing_are_told_no_better_than_chance():
    rows, _ = clouds(1, 400, 1.0)
    draw = np.random.default_rng(1)
    fields = [{"kind": f"c{draw.integers(4)}"} for _ in rows]
    held = classify(shop_of(rows, fields), "kind").held
    assert held is not None
    assert held.accuracy.low < held.chance + 0.15
    assert held.calibration < held.luck + 0.1


def test_copies_do_not_stand_on_both_sides():
    rows, truth = clouds(2, 20, 0.3)
    fields = [{"kind": f"c{one}"} for one in truth] * 3
    held = classify(shop_of(np.concatenate([rows] * 3), fields), "kind").held
    assert held is not None
    assert 40 == held.train + held.test


def test_an_answer_that_is_not_sure_enough_is_not_given_but_guessed():
    rows, truth = clouds(3, 60, 0.4)
    fields = [{"kind": f"c{one}"} if at % 3 else {} for at, one in enumerate(truth)]
    shop = shop_of(rows, fields)
    every, sure = classify(shop, "kind"), classify(shop, "kind", least_sure=0.8)
    assert [one.guess for one in every.answers] == [one.guess for one in sure.answers]
    assert all((one.confidence >= 0.8) == bool(one.label) for one in sure.answers)
    assert 0 < len(sure.told) < len(every.told)
    assert sure.held is not None and sure.held.answered < 1


def test_only_empty_cells_are_filled_and_the_confidence_if_asked():
    shop = labelled(unknown=5)
    before = {item.id: item.metadata.get("kind") for item in shop}
    found = classify(shop, "kind")
    done = fill(shop, found, confidence="sure")
    after = {item.id: item.metadata for item in shop}
    assert (24, 0, (), ()) == done
    assert {id: one for id, one in before.items() if one} == {
        id: after[id]["kind"] for id, one in before.items() if one
    }
    assert 24 == sum("sure" in one for one in after.values())
    assert () == classify(shop, "kind").answers


def test_a_confidence_never_goes_over_what_is_there():
    shop = labelled(unknown=5)
    with pytest.raises(BadArgument, match="120 items have a 'n' already"):
        fill(shop, classify(shop, "kind"), confidence="n")
    assert list(range(120)) == sorted(item.metadata["n"] for item in shop)
    shop.update("i7", sure=1.0)
    with pytest.raises(BadArgument, match="1 item has a 'sure' already"):
        fill(shop, classify(shop, "kind"), confidence="sure")
    assert 24 == len(classify(shop, "kind").answers)


def test_a_confidence_that_came_meanwhile_stays(monkeypatch):
    shop = labelled(unknown=5)
    found = classify(shop, "kind")
    shop.update("i0", sure=1.0)
    filling = import_module("cospace.tasks.classify.filling")
    monkeypatch.setattr(filling, "check_free", lambda *_: None)  # it looked before that
    assert (23, 1) == fill(shop, found, confidence="sure")[:2]
    assert {"n": 0, "sure": 1.0} == shop["i0"].metadata


def test_a_cell_that_was_filled_meanwhile_stays():
    shop = labelled(unknown=5)
    found = classify(shop, "kind")
    shop.update("i0", kind="mine")
    assert (23, 1) == fill(shop, found)[:2]
    assert "mine" == shop["i0"].metadata["kind"]


def test_what_is_filled_is_written_though_its_text_stays():
    """A text that is made of a column which is not stored cannot be made anew: that is no loss."""
    colours = ("red", "green", "blue", "white", "black", "olive", "navy", "beige")
    rows = [
        {"id": f"{kind}{n}", "title": f"{kind} {n}", "kind": kind if n % 4 else "",
         "description": f"A {colour} {kind}"}
        for kind in ("chair", "lamp") for n, colour in enumerate(colours)
    ]  # fmt: skip
    shop = cs.open(":memory:", model="starter")
    shop.upsert(cs.read(rows, text="{title}. {kind}. {description}"))
    done = fill(shop, classify(shop, "kind"))
    assert (4, 0, ()) == done[:3]
    assert {"chair0", "chair4", "lamp0", "lamp4"} == {id for id, _ in done.partial}
    assert all("description is not given" in why for _, why in done.partial)
    assert all("kind" in item.metadata for item in shop)


def test_numbers_stay_numbers():
    rows, truth = clouds(2, 20, 0.3)
    fields = [{"kind": int(one)} if at % 4 else {} for at, one in enumerate(truth)]
    shop = shop_of(rows, fields)
    fill(shop, classify(shop, "kind"))
    assert {0, 1} == {item.metadata["kind"] for item in shop}


def test_numbers_that_measure_are_told_to_be_many_classes():
    rows, _ = clouds(2, 45, 0.3)
    shop = shop_of(rows, [{"price": at // 2 + 0.5, "stars": at % 5} for at in range(len(rows))])
    [note] = [note for note in classify(shop, "price").notes if "numbers" in note]
    assert note.startswith("45 classes are numbers; put them into a few groups")
    assert not [note for note in classify(shop, "stars").notes if "numbers" in note]


def test_names_alone_tell_classes_and_what_is_none_of_them():
    shop = cs.open(":memory:", model="starter")
    texts = {
        "1": "Oak chair with arms", "2": "Kitchen table of pine", "3": "Leather sofa",
        "4": "Wool coat, size 42", "5": "Summer dress with flowers", "6": "Denim jeans",
        "7": "A lecture on quantum field theory", "8": "The parliament passed the law",
    }  # fmt: skip
    shop.add(ids=list(texts), documents=list(texts.values()))
    found = classify(shop, names=["furniture", "clothing"])
    assert ["furniture"] * 3 + ["clothing"] * 3 + ["", ""] == [one.label for one in found.answers]
    assert found.held is None and all(one.confidence is None for one in found.answers)
    with pytest.raises(BadArgument, match="labelled items to calibrate"):
        classify(shop, names=["furniture", "clothing"], least_sure=0.5)
    with pytest.raises(BadArgument, match="nothing is labelled"):
        fill(shop, classify(shop, "kind", names=["furniture", "clothing"]), confidence="sure")


def test_photos_in_folders_are_told_and_one_split_is_kept(tmp_path: Path):
    draw = np.random.default_rng(0)
    for side, each in (("train", 4), ("validation", 2)):
        for name, colour in (("red", (180, 30, 30)), ("blue", (30, 30, 180))):
            (tmp_path / side / name).mkdir(parents=True)
            for at in range(each):
                pixels = np.array(colour) + draw.integers(0, 50, (24, 24, 3))
                Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / side / name / f"{at}.png")
    material = gather(Pictures(tmp_path), model="starter")
    held = classify(material, "class").held
    assert held is not None
    assert (8, 4, "as the folder comes split") == (held.train, held.test, held.split)


def test_the_vote_is_that_of_compare():
    rows, truth = clouds(4, 30, 0.8)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    scores = Neighbours(rows[::2], truth[::2], 4).scores(rows[1::2])
    expected = neighbour_classes(rows[::2], truth[::2], rows[1::2], k=5)
    assert (expected == scores.argmax(axis=1)).all()


def test_scores_out_of_fold_never_see_their_own_row():
    rows = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    classes = np.arange(60) % 3  # says nothing about the rows
    scorer = Neighbours(rows, classes, 3, k=1)
    assert (scorer.scores(rows).argmax(axis=1) == classes).all()
    scores, done = out_of_fold(scorer, rows, classes, count=3, seed=0)
    assert done.all()
    assert np.mean(scores.argmax(axis=1) == classes) < 0.6


def test_a_probe_of_fewer_classes_has_scores_for_all():
    rows, truth = clouds(2, 20, 0.3)
    probe = ProbeScorer.trained(rows, truth, seed=0).again(rows, truth, 4)
    scores = probe.scores(rows)
    assert (40, 4) == scores.shape
    assert scores.argmax(axis=1).max() == 1


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 9))
def test_folds_spread_each_class(count, classes, seed):
    own = np.arange(count) % classes
    found = folds(own, seed=seed)
    for one in range(classes):
        sizes = np.bincount(found[own == one], minlength=5)
        assert sizes.max() - sizes.min() <= 1


@given(st.integers(0, 50))
def test_confidences_are_right_as_often_as_they_say(seed):
    draw = np.random.default_rng(seed)
    scores = 3 * draw.standard_normal((4_000, 3))
    chance = probabilities(scores, heat=2.0)
    classes = (draw.random((4_000, 1)) > chance.cumsum(1)).sum(1).clip(0, 2)
    found = Calibration.fitted(scores[:2_000], classes[:2_000])
    confidence = found.confidence(scores[2_000:])
    right = scores[2_000:].argmax(1) == classes[2_000:]
    assert calibration_error(confidence, right) < 0.05
    assert expected_error(confidence) < 0.05
    # The order of items by how sure they are stays as it came.
    assert found.slope > 0


def test_the_calibration_error_of_what_is_always_right_and_sure_is_none():
    assert 0 == calibration_error(np.ones(5), np.ones(5, bool))
    assert 1 == calibration_error(np.ones(5), np.zeros(5, bool))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20))
def test_a_threshold_between_two_groups_parts_them(values):
    low = np.array(values)
    assert low.max() < fitted_threshold(low + 20, low) < low.min() + 20


# --- bad input ---


def test_one_class_one_item_no_labels_equal_texts():
    rows, _ = clouds(1, 6, 0.3)
    with pytest.raises(BadArgument, match="at least 2"):
        classify(shop_of(rows, [{"kind": "one"}] * 6), "kind")
    with pytest.raises(BadArgument, match="at least 2"):
        classify(shop_of(rows[:1], [{"kind": "one"}]), "kind")
    with pytest.raises(BadArgument, match="no item has a value of 'kind'"):
        classify(shop_of(rows, [{"size": 1}] * 6), "kind")
    with pytest.raises(BadArgument, match="copies"):
        classify(shop_of(rows[[0] * 6], [{"kind": "a"}, {"kind": "b"}] * 3), "kind")
    with pytest.raises(BadArgument, match="holds no item"):
        classify(cs.open(":memory:"), "kind")
    with pytest.raises(BadArgument, match="kind 'image'"):
        gather(shop_of(rows, [{}] * 6), by="image")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "name the column"),
        ({"label": "kind", "method": "magic"}, "'magic'"),
        ({"label": "kind", "names": ["a"], "method": "knn"}, "goes with"),
        ({"label": "kind", "least_sure": 1.5}, "least_sure"),
        ({"label": "kind", "test": 0}, "share"),
        ({"label": "kind", "seed": -1}, "seed is"),
    ],
)
def test_options_that_cannot_be(options, match):
    with pytest.raises(BadArgument, match=match):
        classify(labelled(2, 4), **options)


def test_a_column_of_lists_is_no_column_of_classes():
    rows, truth = clouds(2, 6, 0.3)
    fields = [{"tags": [f"c{one}", "old"], "kind": f"c{one}"} for one in truth]
    shop = shop_of(rows, fields)
    with pytest.raises(BadArgument, match="'tags' holds lists, as in 'i0'"):
        classify(shop, "tags")
    assert ("c0", "c1") == classify(shop, "kind").classes
    shop = shop_of(rows, [{"at": {"lat": 1.0, "lon": 2.0}}] * 12)
    with pytest.raises(BadArgument, match="several values"):
        classify(shop, "at")


@pytest.mark.parametrize(
    "names", [[], "chair", ["a", "a"], ["a", " "], {"a": []}, [3], {"a": "x", "a ": "y"}]
)
def test_names_that_cannot_be(names):
    with pytest.raises(BadArgument):
        said(names)
