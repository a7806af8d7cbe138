"""`import cospace` stays light, and its public names are those that are written down."""

import json
import subprocess
import sys

import pytest

import cospace as cs

HEAVY = ["PIL", "apsw", "numpy", "openvino", "pyarrow", "qdrant_edge", "tokenizers", "torch"]


def run(code: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def loaded_after(code: str) -> list[str]:
    show = f"; import json, sys; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    return json.loads(run(code + show))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "code",
    [
        "import cospace",
        "import cospace.errors, cospace.limits",
        "import cospace; cospace.errors.BadItem; cospace.limits.limit('max_k'); cospace.read",
        "import cospace; cospace.Item('a', cospace.Parts(text='b')); cospace.Image('c.jpg')",
        "import cospace.cli.main as main; main.main(['--version']) and 0",
    ],
)
def test_no_heavy_library_is_loaded(code: str) -> None:
    quiet = f"import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
    assert [] == loaded_after(f"exec({quiet!r})")


def test_a_search_loads_no_library_of_tables() -> None:
    code = """
import cospace as cs, sys
from cospace.testing import tiny_model
shop = cs.open(":memory:", model=tiny_model())
shop.add(cs.Item("MK-1", "a chair"))
assert ["MK-1"] == shop.search("a chair").ids
print("pyarrow" in sys.modules)
"""
    assert "False" == run(code)


def test_the_public_names_are_the_lazy_table() -> None:
    assert sorted({*cs._HOME, "read"}) == cs.__all__
    assert len(cs.__all__) <= 25


@pytest.mark.parametrize("name", cs.__all__)
def test_every_public_name_is_there_and_at_home(name: str) -> None:
    value = getattr(cs, name)
    home = cs._HOME.get(name)
    if home:
        assert value is getattr(sys.modules[home], name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        cs.nonsense  # noqa: B018


def test_dir_lists_the_names_before_they_are_loaded() -> None:
    told = run("import cospace, json; print(json.dumps(dir(cospace)))")
    assert set(cs.__all__) <= set(json.loads(told))


def test_read_stays_the_function_after_its_modules_are_imported() -> None:
    code = (
        "import cospace as cs, cospace.read.tables; import cospace.read; print(callable(cs.read))"
    )
    assert "True" == run(code)


def test_star_import_brings_the_public_names() -> None:
    told = run("from cospace import *; print(Item('a', 'b').id, Collection.__name__)")
    assert "a Collection" == told
