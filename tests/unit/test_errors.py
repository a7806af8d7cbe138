import re

import pytest

import cospace as cs
from cospace import errors
from cospace.errors import BadItem, BadVector, CospaceError, DataDamaged, DiskFull, DuplicateId

ALL = [getattr(errors, name) for name in errors.__all__]


def test_all_lists_every_error_of_the_module() -> None:
    defined = [v for v in vars(errors).values() if isinstance(v, type)]
    assert sorted(errors.__all__) == sorted(one.__name__ for one in defined)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    parents: list[tuple[int, str]] = []
    drawn: dict[str, str] = {}
    for line in errors.__doc__.splitlines():
        found = re.match(r"^([│├└─ ]*)([A-Z]\w+)", line)
        if not found or found[2] not in errors.__all__:
            continue
        depth = len(found[1])
        parents = [p for p in parents if p[0] < depth]
        drawn[found[2]] = parents[-1][1] if parents else "Exception"
        parents.append((depth, found[2]))
    assert {one.__name__: one.__mro__[1].__name__ for one in ALL} == drawn


def test_the_codes_in_the_docstring_are_the_codes() -> None:
    assert errors.__doc__ is not None
    for line in errors.__doc__.splitlines():
        name = re.search(r"[A-Z]\w+", line)
        for pattern, attribute in ((r"exit (\d+)", "exit_code"), (r"http (\d+)", "http_status")):
            code = re.search(pattern, line)
            if name and code:
                assert int(code[1]) == getattr(getattr(errors, name[0]), attribute), line


@pytest.mark.parametrize("error", ALL)
def test_one_except_catches_all_and_codes_are_in_range(error: type[CospaceError]) -> None:
    assert issubclass(error, CospaceError)
    assert 0 < error.exit_code < 64
    assert 400 <= error.http_status < 600
    assert error.__doc__


def test_errors_are_also_pythons_own() -> None:
    assert issubclass(errors.BadInput, ValueError)
    assert issubclass(errors.SpaceMismatch, ValueError)
    assert issubclass(errors.NotFound, LookupError)
    assert issubclass(errors.MissingExtra, ImportError)


def test_errors_carry_what_they_speak_of() -> None:
    assert ("a: broken", "a", "broken") == (
        str(BadItem("a", "broken")),
        BadItem("a", "broken").name,
        BadItem("a", "broken").reason,
    )
    assert "broken" == str(BadItem("", "broken"))
    vector = BadVector("x", row=3)
    assert (3, None) == (vector.row, vector.column)
    assert ["a"] == DuplicateId("x", ids=["a"]).ids
    full = DiskFull("x", need=1, free=2)
    assert (1, 2) == (full.need, full.free)
    assert ([], ["a"]) == (DataDamaged("x").ids, DataDamaged("x", ids=["a"]).ids)


def test_errors_stand_at_the_top_of_the_package() -> None:
    assert errors is cs.errors
