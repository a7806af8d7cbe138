"""`import cospace` stays light, and its public names are those that are written down."""

import inspect
import json
import pickle
import subprocess
import sys

import pytest

import cospace as cs
import cospace.read.tables

HEAVY = ["PIL", "apsw", "numpy", "openvino", "pyarrow", "qdrant_edge", "tokenizers", "torch"]

# Of the standard library, what costs the most of all that cospace imports somewhere.
SLOW = [
    "argparse", "ast", "asyncio", "concurrent.futures", "csv", "dataclasses", "datetime",
    "difflib", "hashlib", "inspect", "ipaddress", "json", "logging", "pathlib", "re", "typing",
    "urllib.parse",
]  # fmt: skip


def run(code: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def loaded_after(code: str, names: list[str] = HEAVY) -> list[str]:
    """Those of `names` that the code loads, in a process that had not loaded them before."""
    before = "import sys; before = set(sys.modules); "
    show = f"; print(*[m for m in {names} if m in sys.modules and m not in before])"
    return run(before + code + show).split()


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
    assert sorted(cs._HOME) == cs.__all__
    assert len(cs.__all__) <= 26  # the design says 25; encode_items is one more


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
    printed = run("import cospace, json; print(json.dumps(dir(cospace)))")
    assert set(cs.__all__) <= set(json.loads(printed))


ORDERS = [
    "import cospace as cs",
    "import cospace as cs, cospace.read",
    "import cospace.read.tables; import cospace as cs",
    "import cospace as cs; cs.read; import cospace.read.tables",
    "import cospace.read as read, cospace as cs; assert read is cs.read",
    "from cospace import read; import cospace as cs; assert read is cs.read",
    "from cospace import *; import cospace as cs; assert read is cs.read",
    "from cospace.read import read; import cospace as cs; assert read is cs.read.read",
]


@pytest.mark.parametrize("order", ORDERS)
def test_read_is_the_function_and_the_package_in_whatever_order_they_are_imported(
    order: str,
) -> None:
    asked = "[item] = cs.read([{'text': 'a chair'}]); print(item.parts.text, cs.read.check_text)"
    words = run(f"{order}; {asked}")
    assert words.startswith("a chair <function check_text")


def test_read_as_a_package_shows_the_function_that_it_calls() -> None:
    assert inspect.signature(cospace.read.read) == inspect.signature(cs.read)
    assert callable(cs.read)
    assert sys.modules["cospace.read.tables"] is cospace.read.tables


def test_read_travels_to_other_processes() -> None:
    assert cs.read is pickle.loads(pickle.dumps(cs.read))


def test_read_refuses_what_its_function_refuses() -> None:
    with pytest.raises(TypeError, match="colour"):
        cs.read([], colour="red")


def test_star_import_brings_the_public_names() -> None:
    printed = run("from cospace import *; print(Item('a', 'b').id, Collection.__name__)")
    assert "a Collection" == printed
