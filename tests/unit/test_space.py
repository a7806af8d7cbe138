import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument, SpaceMismatch
from cospace.limits import override
from cospace.space import Space, Tower

TEXT = Tower(
    "text", "minilm", "hf:minilm", "r1", "MIT", "aa", preprocess={"max": 256}, pooling="mean"
)
IMAGE = Tower("image", "lite0", weights_sha256="bb", head_sha256="cc")
SPACE = Space("mine", 384, towers=(TEXT, IMAGE))

SAME = {
    "license": "Apache",
    "files": {"a": "b"},
    "graph": "g.xml",
    "precision": "int8",
    "family": "timm",
    "canaries": ({"input": "x"},),
}
OTHER = {
    "kind": "audio", "model": "x", "source": "x", "revision": "x", "weights_sha256": "x",
    "head_sha256": "x",
    "preprocess": {"max": 512}, "pooling": "cls", "prompts": {"query": "q: "}, "teacher": "ff",
}  # fmt: skip


@pytest.mark.parametrize("fact", SAME)
def test_how_a_tower_is_served_is_not_its_identity(fact: str) -> None:
    assert TEXT.fingerprint == replace(TEXT, **{fact: SAME[fact]}).fingerprint  # type: ignore[arg-type]


@pytest.mark.parametrize("fact", OTHER)
def test_what_vectors_depend_on_is(fact: str) -> None:
    changed = replace(TEXT, **{fact: OTHER[fact]})  # type: ignore[arg-type]
    assert TEXT.fingerprint != changed.fingerprint
    other = Space("mine", 384, towers=(changed, IMAGE))
    assert SPACE.fingerprint != other.fingerprint
    assert "the models differ" == SPACE.conflict(other)


def test_every_fact_of_a_tower_is_in_one_of_the_two_lists() -> None:
    assert set(Tower.__dataclass_fields__) == set(SAME) | set(OTHER)


def test_the_name_is_not_the_identity() -> None:
    assert SPACE.fingerprint == Space("another", 384, towers=(TEXT, IMAGE)).fingerprint


def test_the_anchor_decides_and_towers_may_be_added() -> None:
    text = Space("mine", 384, towers=(TEXT,))
    assert ("", "") == (SPACE.conflict(text), text.conflict(SPACE))
    assert SPACE.fingerprint != text.fingerprint
    assert ("text", "image") == text.merged(SPACE).kinds
    assert SPACE is SPACE.merged(text)
    backwards = Space("mine", 384, towers=(IMAGE, TEXT))
    assert "the models differ" == SPACE.conflict(backwards)
    other = Space("mine", 384, towers=(TEXT, replace(IMAGE, head_sha256="zz")))
    assert "the towers for image differ" == SPACE.conflict(other)
    with pytest.raises(SpaceMismatch):
        SPACE.merged(other)


def test_a_mismatch_names_both_and_why() -> None:
    other = Space.of("gte", 768)
    with pytest.raises(SpaceMismatch) as caught:
        SPACE.check(other, what="market")
    prints = [SPACE.fingerprint[:8], other.fingerprint[:8]]
    for said in ("market:", "mine (384", "gte (768", "384 dimensions against 768", *prints):
        assert said in str(caught.value)
    SPACE.check(SPACE)


def test_ready_made_vectors_have_a_space_by_name() -> None:
    assert Space.of("a", 3).fingerprint == Space.of("a", 3).fingerprint
    assert "the models differ" == Space.of("a", 3).conflict(Space.of("b", 3))
    assert ("text",) == Space.of("a", 3).kinds


@pytest.mark.parametrize("dim", [0, -1, 16_385, 10**9])
def test_dimensions_are_limited(dim: int) -> None:
    with pytest.raises(
        BadArgument, match="dimension of a space is a whole number from 1 to 16,384"
    ):
        Space("a", dim)


def test_other_metrics_than_cosine_are_refused() -> None:
    with pytest.raises(BadArgument, match="'cosine', not 'l2'"):
        Space("a", 3, "l2")
    with override(dim=2), pytest.raises(BadArgument):
        Space("a", 3)


def test_a_record_comes_back_equal() -> None:
    record = json.loads(json.dumps(SPACE.to_json()))
    back = Space.from_json(record)
    assert (SPACE.fingerprint, SPACE.kinds, str(SPACE)) == (back.fingerprint, back.kinds, str(back))
    record["towers"][0]["code"] = "import os"
    with pytest.raises(BadArgument, match="unknown key 'code'"):
        Space.from_json(record)


@given(
    st.text(max_size=10), st.integers(1, 100), st.dictionaries(st.text(max_size=3), st.integers())
)
def test_any_record_comes_back_equal(name: str, dim: int, preprocess: dict[str, int]) -> None:
    space = Space(name, dim, towers=(replace(TEXT, preprocess=preprocess, model=name),))
    back = Space.from_json(json.loads(json.dumps(space.to_json())))
    assert (space.fingerprint, space.name) == (back.fingerprint, back.name)


def test_it_says_what_it_is() -> None:
    assert f"mine (384, {SPACE.fingerprint[:8]})" == str(SPACE)
    assert f"Space(mine, 384, cosine, fingerprint {SPACE.fingerprint[:8]})" == repr(SPACE)


STUDENT = Tower("text", "fast", weights_sha256="dd", teacher=TEXT.fingerprint)


def test_fingerprints_from_before_there_were_students_are_as_they_were() -> None:
    record = {k: v for k, v in TEXT.__dict__.items() if k not in (*SAME, "teacher", "fingerprint")}
    expected = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    assert expected == TEXT.fingerprint
    assert "teacher" not in json.dumps(SPACE.to_json())


def test_a_student_compares_with_its_teacher_and_is_not_stored_beside_it() -> None:
    student = Space("fast", 384, towers=(STUDENT,))
    for one, other in ((SPACE, student), (student, SPACE)):
        assert "" == one.conflict(other)
        assert "student of" in one.apart(other)
        one.check(other)
        with pytest.raises(SpaceMismatch, match="fast is a student of minilm"):
            one.check(other, stored=True)
        with pytest.raises(SpaceMismatch):
            one.merged(other)
    assert SPACE.anchor == student.anchor
    assert SPACE.fingerprint != student.fingerprint


def test_students_of_one_teacher_compare_and_of_two_do_not() -> None:
    first, second, third = (
        Space(name, 384, towers=(replace(STUDENT, model=name, teacher=teacher),))
        for name, teacher in (("a", "t"), ("b", "t"), ("c", "u"))
    )
    assert "" == first.conflict(second)
    assert "a and b are students of one model" in first.apart(second)
    assert "the models differ" == first.conflict(third)
    assert "" == first.apart(first)


def test_a_student_of_a_student_is_in_the_first_teachers_space() -> None:
    grandchild = replace(STUDENT, model="tiny", teacher=STUDENT.root)
    assert TEXT.fingerprint == STUDENT.root == grandchild.root
    other = Space("tiny", 64, towers=(grandchild,))
    assert "384 dimensions against 64, of the same model" == SPACE.conflict(other)


def test_a_teacher_survives_the_record() -> None:
    student = Space("fast", 384, towers=(STUDENT,))
    again = Space.from_json(json.loads(json.dumps(student.to_json())))
    assert (student.fingerprint, student.anchor) == (again.fingerprint, again.anchor)
