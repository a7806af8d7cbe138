"""Classes are read as they stand, nothing leaks, and each model is measured by itself."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.engines.openvino import parameters
from cospace.encode.folder import open_folder
from cospace.errors import (
    BadArgument,
    BadItem,
    CospaceError,
    EmptyItem,
    ModelDamaged,
    ModelNotFound,
    NotFound,
)
from cospace.evaluate import Pictures, Table, alone, compare
from cospace.evaluate.alone import Measured, measure_alone
from cospace.evaluate.examples import choose_examples
from cospace.evaluate.labelled import Labelled, source_of
from cospace.progress import Progress
from cospace.testing.tiny import tiny_folder, tiny_model

from .files import write_images, write_labelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


# --- reading ---


def test_the_subfolder_is_the_class(tmp_path: Path) -> None:
    write_images(tmp_path, {"hat": 2, "shoe": 1})
    (tmp_path / "hat" / "note.txt").write_text("not an image")
    (tmp_path / "hat" / "0.png").rename(tmp_path / "loose.png")
    (tmp_path / "deep").mkdir()
    write_images(tmp_path / "deep", {"below": 1})
    found = Pictures(str(tmp_path)).read()
    assert ["deep", "hat", "shoe"] == found.classes
    assert found.held is None
    assert {
        "texts, left out: 1",
        "images outside the folder of a class, left out: 1",
    } == set(found.notes)


@pytest.mark.parametrize("held", ["test", "validation", "val"])
def test_a_folder_that_comes_split(tmp_path: Path, held: str) -> None:
    write_images(tmp_path / "train", {"hat": 2, "shoe": 2})
    write_images(tmp_path / held, {"hat": 1, "shoe": 1}, seed=1)
    write_images(tmp_path / "more", {"hat": 1})
    found = Pictures(str(tmp_path)).read()
    assert [False] * 4 + [True] * 2 == found.held
    assert ["hat", "hat", "shoe", "shoe", "hat", "shoe"] == found.classes
    assert [f"folders beside train/ and {held}/, not used: more"] == found.notes
    assert 6 == len({item.id for item in found.items})


def test_a_table_gives_texts_or_images(tmp_path: Path) -> None:
    write_images(tmp_path, {"p": 2})
    file = tmp_path / "shop.csv"
    file.write_text("sku,body,photo,stars\n1,a chair,p/0.png,5\n1,a bus,p/1.png,\n3,,p/0.png,2\n")
    texts = Table(str(file), "stars", text="body").read()
    assert (["5"], ["rows without stars, left out: 1", "rows without text, left out: 1"]) == (
        texts.classes,
        texts.notes,
    )
    images = Table(str(file), "stars", image="photo").read()
    assert ("image", ["5", "2"]) == (images.kind, images.classes)


def test_a_source_survives_its_record() -> None:
    for source in (Pictures("photos"), Table("a.csv", "label", text="{a}. {b}")):
        assert source == source_of(asdict(source))


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        Pictures(str(tmp_path / "absent")).read()
    with pytest.raises(EmptyItem):
        Pictures(str(tmp_path)).read()
    with pytest.raises(BadArgument, match="either text= or image="):
        Table("a.csv", "label")
    with pytest.raises(BadArgument, match="cannot be the column of texts or images too"):
        Table("a.csv", "label", text="label")
    with pytest.raises(BadArgument, match="no column 'stars' of labels; it has body, topic"):
        Table(str(write_labelled(tmp_path / "t.csv")), "stars", text="body").read()


# --- what is compared on ---


def labelled(classes: str, held: str = "") -> tuple[Labelled, Measured]:
    """Items named by their place, one letter a class; "x" in `held` is held out."""
    found = Labelled("demo", "text")
    for i, label in enumerate(classes):
        found.add(cs.Item(f"i{i}", cs.Parts(text=f"text {i}")), label)
    found.held = [letter == "x" for letter in held] or None
    one = Measured("m", 2)
    for item in found.items:
        one.rows[item.id] = np.ones(2, np.float32)
        one.hashes[item.id] = item.id
    return found, one


def test_a_copy_never_stands_on_both_sides() -> None:
    items, one = labelled("aabbab", "....xx")
    one.hashes["i4"] = one.hashes["i0"]
    one.hashes["i1"] = one.hashes["i2"]
    found = choose_examples(items, [one], test=0.5, seed=0)
    assert ["i0", "i1", "i3", "i5"] == found.ids
    assert [
        "exact copies of other items, left out: 2 (1 under another label)",
        "classes with nothing to test on: 1 (a)",
    ] == found.notes


def test_small_classes_are_reported() -> None:
    items, one = labelled("aaaabbbbc")
    found = choose_examples(items, [one], test=0.5, seed=0)
    assert ("a", "b") == found.names
    assert ["classes with fewer than 2 items, left out: 1 (c)"] == found.notes
    assert [2, 2] == [found.held[found.classes == i].sum() for i in (0, 1)]
    assert "50% of each class held out, drawn with seed 0" == found.split


def test_a_class_that_was_never_trained_on_is_left_out() -> None:
    items, one = labelled("aabbcab", "....xxx")
    found = choose_examples(items, [one], test=0.5, seed=0)
    assert ["classes with nothing to train on, left out: 1 (c)"] == found.notes
    assert "as the folder comes split" == found.split


def test_an_item_that_any_model_lacks_is_left_out() -> None:
    items, one = labelled("aabb")
    _, other = labelled("aabb")
    del other.rows["i0"]
    with pytest.raises(BadArgument, match="1 classes are left"):
        choose_examples(items, [one, other], test=0.5, seed=0)


@pytest.mark.parametrize("classes", ["", "aaaa", "abcd"])
def test_fewer_than_two_classes_are_refused(classes: str) -> None:
    items, _ = labelled(classes)
    with pytest.raises(BadArgument, match="at least 2, each with 2 items"):
        choose_examples(items, [labelled(classes)[1]], test=0.5, seed=0)


def test_nothing_to_test_on_is_refused() -> None:
    items, one = labelled("aabb", "....")
    with pytest.raises(BadArgument, match="no item is left to test on"):
        choose_examples(items, [one], test=0.5, seed=0)


# --- measuring ---


def test_images_by_colour_are_told_apart(tmp_path: Path) -> None:
    write_images(tmp_path, {"hat": 12, "shoe": 8, "coat": 8})
    found = compare(tiny_model(), Pictures(str(tmp_path)))
    [one] = found.results
    assert (("coat", "hat", "shoe"), 21, 7) == (found.classes, found.train, found.test)
    assert [1, 1] == [figure.value for figure in one.accuracy.values()]
    assert ("hat", 3 / 7) == (found.commonest, found.chance)
    assert one.memory is None  # an object of this process
    assert one.converged


def test_bad_images_are_counted(tmp_path: Path) -> None:
    write_images(tmp_path, {"hat": 6, "shoe": 6})
    (tmp_path / "hat" / "bad.png").write_bytes(b"not an image")
    found = compare([tiny_model(), tiny_model(seed=1)], Pictures(str(tmp_path)))
    assert [1, 1] == [one.failed for one in found.results]
    assert 12 == found.train + found.test
    names = {failure.name for failure in found.failed}
    assert {f"{tmp_path.name}/hat/bad.png"} == names
    assert found.results[1].differences["knn"].verdict == "no clear difference"


def test_a_process_of_its_own_gives_the_same_vectors(tmp_path: Path, folder: Path) -> None:
    table = Table(str(write_labelled(tmp_path / "t.csv")), "topic", text="body")
    done: list[Progress] = []
    found = measure_alone(str(folder), table, progress=done.append)
    items = table.read().items
    expected = tiny_model().encode_document([item.content for item in items])
    assert np.allclose(expected.array, np.stack([found.rows[item.id] for item in items]))
    assert (32, 20) == (found.dim, done[-1].done)
    tower = open_folder(folder).tower("text")
    assert sum((folder / name).stat().st_size for name in tower.files) == found.bytes_on_disk
    assert found.memory is None or 1_000_000 < found.memory < 2_000_000_000
    assert found.load_seconds > 0 < found.seconds


def test_named_models_are_compared(tmp_path: Path, folder: Path) -> None:
    table = Table(str(write_labelled(tmp_path / "t.csv")), "topic", text="body")
    found = compare([str(folder), tiny_model(seed=1)], table, seed=3)
    first, second = found.results
    assert 1 == first.accuracy["probe"].value
    assert (str(folder), "tiny-1") == (first.model, second.model)
    record = found.to_json()
    assert {"home", "sport"} == set(record["classes"])
    # The second is an object whose folder is gone: what that held is not known.
    [tower] = [tower for tower in cs.load(folder).space.towers if tower.kind == "text"]
    size = sum((folder / name).stat().st_size for name in tower.files)
    assert ((size, 99_360), (None, None)) == tuple(
        (one.bytes_on_disk, one.parameters) for one in found.results
    )
    assert 3 == record["seed"]


def test_an_error_of_the_child_is_raised_here(tmp_path: Path, folder: Path) -> None:
    table = Table(str(write_labelled(tmp_path / "t.csv")), "topic", text="body")
    with pytest.raises(ModelNotFound, match="no model is called"):
        measure_alone("no-such-model", table)
    with pytest.raises(BadArgument, match="needs a model for text"):
        measure_alone(str(tiny_folder(tmp_path / "m", kinds=("image",))), table)
    damaged = tiny_folder(tmp_path / "damaged")
    (damaged / "text/model.bin").write_bytes(b"x")
    with pytest.raises(ModelDamaged, match="damaged"):
        measure_alone(str(damaged), table)
    (tmp_path / "bad.jsonl").write_text("nothing\n")
    with pytest.raises(BadItem):
        measure_alone(str(folder), Table(str(tmp_path / "bad.jsonl"), "topic", text="body"))


def test_a_child_that_dies_is_reported(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "_PROGRAM", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(CospaceError, match=r"killed \(signal 9\)"):
        measure_alone(str(folder), Pictures("x"))


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    source = Table(str(write_labelled(tmp_path / "t.csv")), "topic", text="body")
    with pytest.raises(BadArgument, match="k is a whole number, 1 or more"):
        compare(tiny_model(), source, k=0)
    with pytest.raises(BadArgument, match="between 0 and 1"):
        compare(tiny_model(), source, test=1.0)
    with pytest.raises(ModelNotFound):
        compare([tiny_model(), "no-such-model"], source)
    with pytest.raises(BadArgument, match="needs a model for image"):
        write_images(tmp_path / "p", {"a": 2, "b": 2})
        compare(tiny_model().restricted("text"), Pictures(str(tmp_path / "p")))


def test_items_that_go_away_meanwhile_are_reported(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_labelled(tmp_path / "t.csv")
    real = alone.measure_alone

    def shorter(model: str, source: Table, **given: object) -> Measured:
        file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
        return real(model, source)

    monkeypatch.setattr(sys.modules[compare.__module__], "measure_alone", shorter)
    found = compare(str(folder), Table(str(file), "topic", text="body"))
    assert (19, 1) == (found.train + found.test, found.results[0].failed)
    assert "gone" in next(iter(found.failed)).reason


def test_rows_with_one_id_are_kept_apart(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,body,topic\nx,a chair,a\nx,a bus,b\ny,a lamp,a\n")
    items = Table(str(file), "topic", text="body").read().items
    assert ["x", "x (again, 2)", "y"] == [item.id for item in items]


# --- parameters ---


def test_parameters_are_the_numbers_of_the_graph(folder: Path) -> None:
    opened = open_folder(folder)
    # The image tower: a 48 by 32 projection, and the two constants that centre its inputs.
    assert 4 * 4 * 3 * 32 + 2 == parameters(opened, opened.tower("image"))


def test_parameters_of_another_kind_of_graph_are_unknown(folder: Path) -> None:
    opened = open_folder(folder)
    assert parameters(opened, replace(opened.tower("text"), graph="weights.other")) is None


def test_the_starter_has_the_parameters_of_its_models() -> None:
    pytest.importorskip("cospace_starter", reason="the starter is not installed")
    opened = open_folder(cs.load("starter").path)
    text = parameters(opened, opened.tower("text"))
    # all-MiniLM-L6-v2 without its unused pooler; 8-bit weights bring their scales.
    bare = 22_713_216 - 147_840
    assert text is not None
    assert bare <= text <= 1.01 * bare
