"""A student asks what its teacher encoded, and its documents are never mixed with the teacher's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cospace as cs
from cospace.encode.model import Model
from cospace.errors import BadArgument, SpaceMismatch
from cospace.testing.tiny import tiny_folder, tiny_model
from cospace.train import distill
from tests.unit.train.students.texts import TEXTS


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Model:
    made = distill(tiny_model(), TEXTS, epochs=6, name="fast")
    return made.save(tmp_path_factory.mktemp("student") / "fast")


@pytest.fixture
def shop(fast_path: Path) -> Iterator[Path]:
    place = fast_path / "shop.cospace"
    with cs.open(place, model=tiny_model()) as one:
        one.add(ids=["chair", "lamp"], documents=["a red chair", "a grey lamp"])
    return place


def test_it_asks_what_its_teacher_encoded(shop: Path, student: Model) -> None:
    with cs.open(shop, model=tiny_model(), queries=student) as one:
        assert student is one.asker
        assert "chair" == one.search("a red chair", by="text")[0].id
        stored = one.get("chair", vectors=True)[0].vectors["text"]
        score = one.search("one chair", by="text")[0].score
        assert score == pytest.approx(float(student.encode_query(["one chair"]).array[0] @ stored))
        assert [["lamp"]] == [found.ids for found in one.search_many(["grey lamp"], k=1)]


def test_what_is_added_is_the_teachers_all_the_same(shop: Path, student: Model) -> None:
    with cs.open(shop, model=tiny_model(), queries=student) as one:
        one.add(cs.Item("sofa", "a blue sofa"))
        stored = one.get("sofa", vectors=True)[0].vectors["text"]
    expected = tiny_model().encode_document(["a blue sofa"]).array[0]
    assert stored == pytest.approx(expected, abs=1e-6)


def test_images_are_still_asked_by_the_collections_model(shop: Path, student: Model) -> None:
    import numpy as np

    image = cs.Image(np.full((32, 32, 3), 90, np.uint8))
    with cs.open(shop, model=tiny_model(), queries=student) as one:
        assert one.search(cs.Parts(text="a red chair", image=image), by="text")


def test_opened_as_the_model_it_is_refused_with_the_right_way(shop: Path, student: Model) -> None:
    for given, named in ((student, "MODEL"), (student.path, re.escape(str(student.path)))):
        with pytest.raises(SpaceMismatch, match=f"let it ask alone.* --queries {named}$"):
            cs.open(shop, model=given)


def test_ready_vectors_of_a_student_are_not_stored_among_the_teachers(
    shop: Path, student: Model
) -> None:
    with cs.open(shop, model=tiny_model()) as one:
        vectors = student.encode_document(["a blue sofa"])
        with pytest.raises(SpaceMismatch, match="fast is a student of tiny-text-0"):
            one.add_vectors(["sofa"], vectors)
        assert 2 == len(one)
        assert "chair" == one.search(student.encode_query(["a red chair"]))[0].id


def test_a_collection_of_the_student_alone(fast_path: Path, student: Model) -> None:
    place = fast_path / "own.cospace"
    with cs.open(place, model=student) as one:
        one.add(ids=["chair", "lamp"], documents=["a red chair", "a grey lamp"])
        assert "lamp" == one.search("grey lamp", by="text")[0].id
    with pytest.raises(SpaceMismatch, match="fast is a student of tiny-text-0"):
        cs.open(place, model=tiny_model())
    with cs.open(place, model=student, queries=tiny_model()) as one:
        assert "lamp" == one.search("grey lamp", by="text")[0].id


def test_in_memory_too(student: Model) -> None:
    with cs.open(":memory:", model=tiny_model(), queries=student) as one:
        one.add(cs.Item("chair", "a red chair"))
        assert "chair" == one.search("a red chair", by="text")[0].id


def test_a_reader_may_ask_with_it(shop: Path, student: Model) -> None:
    with cs.open(shop, model=tiny_model(), queries=student, read_only=True) as one:
        assert "chair" == one.search("a red chair", by="text")[0].id


def test_a_shorter_collection_is_asked_with_as_few_numbers(
    fast_path: Path, student: Model, tmp_path: Path
) -> None:
    place, small = fast_path / "small.cospace", cs.load(tiny_folder(tmp_path / "tiny"), dim=8)
    with cs.open(place, model=small) as one:
        one.add(cs.Item("chair", "a red chair"))
    with cs.open(place, model=small, queries=student.path) as one:
        assert 8 == one.asker.space.dim
        assert "chair" == one.search("a red chair", by="text")[0].id


def test_a_model_of_another_space_cannot_ask(shop: Path, fast_path: Path) -> None:
    other = tiny_model(seed=1)
    with pytest.raises(SpaceMismatch, match="cannot ask it"):
        cs.open(shop, queries=other)
    with pytest.raises(SpaceMismatch, match="cannot ask it"):
        cs.open(":memory:", model=tiny_model(), queries=other)
    with pytest.raises(BadArgument, match="encodes texts"):
        cs.open(shop, queries=tiny_model().restricted("image"))
    with pytest.raises(BadArgument, match="not int"):
        cs.open(shop, queries=3)  # type: ignore[arg-type]


def test_one_that_was_not_known_to_differ_is_found_when_it_asks(fast_path: Path) -> None:
    with cs.open(fast_path / "new.cospace", queries=tiny_model(seed=1)) as one:
        one.add_vectors(["chair"], tiny_model().encode_document(["a red chair"]))
        with pytest.raises(SpaceMismatch):
            one.search("a red chair", by="text")
