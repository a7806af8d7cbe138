"""cospace is not on a registry: nothing in this repository sends people to one."""

import re
import tomllib
from pathlib import Path

import pytest

from cospace.need import UPGRADE, install

from .pages import NAMES, ROOT

SOURCES = [
    *(
        path
        for top in ("src", "examples", "bench", "starter")
        for path in (ROOT / top).rglob("*.py")
        if ROOT / "bench" / "out" not in path.parents  # what benchmarks install
    ),
    *(ROOT / name for name in (*NAMES, "starter/README.md", "Makefile", "pyproject.toml")),
]
# pip install cospace, 'cospace[torch]', -U cospace, cospace==1 and the like; no path does.
REGISTRY = re.compile(r"pip3? install[^\n|`]*?[\s'\"](cospace|cospace-starter)\b(?![-/.\w]*/)")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize(
    "line",
    [
        "pip install cospace", "pip install 'cospace[torch]'", "pip install -U cospace",
        "pip install cospace again", "pip install cospace-starter", "pip install cospace==0.1",
    ],
)  # fmt: skip
def test_what_is_looked_for(line: str) -> None:
    assert REGISTRY.search(line)
    assert not REGISTRY.search("pip install './cospace/' ./starter '.[torch]' onnxruntime")


def test_nothing_sends_people_to_a_registry_for_cospace() -> None:
    found = []
    for path in SOURCES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if REGISTRY.search(line) or re.search(r"install[^\n]*'cospace\[", line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert [] == found


def test_every_extra_that_is_named_is_there() -> None:
    named = set()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"pip install[^\n]*?'\.\[([a-z]+)\]'", text))
        named |= set(re.findall(r"extra=\"([a-z]+)\"", text))
        named |= set(re.findall(r"install\('([a-z]+)'\)", text))
    assert {"torch", "heic", "draw", "train"} <= named <= set(EXTRAS)


def test_the_lines_are_for_a_clone() -> None:
    assert "in your clone of cospace: pip install '.[heic]'" == install("heic")
    assert "in your clone of cospace: pip install ./starter" == install("starter")
    assert "git pull" in UPGRADE
    assert (ROOT / "starter/pyproject.toml").is_file()
    assert Path(ROOT / "pyproject.toml").is_file()


def test_make_demo_says_what_it_does_before_it_is_quiet() -> None:
    recipe = (ROOT / "Makefile").read_text().split("$(VENV)/.core:")[1].split("\n\n")[0]
    lines = recipe.splitlines()[1:]
    assert lines[0].startswith("\t@echo ")
    assert "pip install" in lines[2]


def test_the_readme_shows_how_to_get_a_vector() -> None:
    page = (ROOT / "README.md").read_text()
    [block] = [b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if ".shape" in b]
    assert len(block.splitlines()) <= 3
    assert page.index(".shape") < page.index("## Any model")
