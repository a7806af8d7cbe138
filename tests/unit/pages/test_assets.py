"""The files of the pages: their weight, their hash, and that both languages have every text."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import cospace
from cospace import errors
from cospace.limits import TABLE
from cospace.pages import assets
from cospace.pages.bundle import bundle, style
from cospace.read.names import PRICES, TITLES

THREE = "cee5fb5041bb4d9b1d385e9ac018431cf48f47040a716e652d48bf89e3114061"
OWN = sorted(name for name in assets() if name.endswith(".js") and name != "three.js")


def text(name: str) -> str:
    return assets()[name].data.decode()


def test_three_js_is_the_one_that_notice_names():
    assert THREE == hashlib.sha256(assets()["three.js"].data).hexdigest()


def test_every_text_is_there_in_both_languages():
    pairs = re.compile(r'^\s+(\w+): \[\s*"((?:[^"\\]|\\.)+)",\s*"((?:[^"\\]|\\.)+)",?\s*\]', re.M)
    known: dict[str, tuple[str, str]] = {}
    for name in OWN:
        known |= {key: (en, de) for key, en, de in pairs.findall(text(name))}
    used = {one for name in OWN for one in re.findall(r'\bt\(\s*"(\w+)"', text(name))}
    assert len(used) > 80
    assert set() == used - set(known), "texts that are used and not there"
    for key, (english, german) in known.items():
        braces = [sorted(re.findall(r"\{\w+\}", one)) for one in (english, german)]
        assert braces[0] == braces[1], key


def german(constant: str) -> dict[str, str]:
    found = re.search(rf"^const {constant} = \{{(.*?)^\}};", text("german.js"), re.M | re.S)
    assert found
    return dict(re.findall(r'^  (\w+): "(.+)",$', found[1], re.M))


def notes() -> dict[str, set[str]]:
    """What each note of the library is given, by its code."""
    found: dict[str, set[str]] = {}
    for path in Path(cospace.__file__).parent.rglob("*.py"):
        source = path.read_text()
        for one in ast.walk(ast.parse(source)) if "Note(" in source else ():
            if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "Note":
                given = {word.arg: word.value for word in one.keywords if word.arg}
                code = given.pop("code")
                assert isinstance(code, ast.Constant), "codes are written where notes are made"
                found[str(code.value)] = set(given)
    return found


def test_every_note_of_a_search_is_there_in_german():
    made, said = notes(), german("NOTES")
    assert len(made) > 5
    own = set(re.findall(r"noted\(found, \{ (\w+):", text("search.js")))
    assert set(made) == set(said) | own
    for code, sentence in said.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) <= made[code], code


def test_every_error_is_there_in_german():
    assert set(errors.__all__) - {"CospaceError"} <= set(german("ERRORS"))


def test_every_limit_is_there_in_german():
    said = re.findall(r'^  (\w+): \["[^"]+", "[^"]+"\],$', text("limits.js"), re.M)
    assert set(TABLE) == set(said)
    units = re.search(r"^const UNITS = \{(.*?)^\};", text("limits.js"), re.M | re.S)
    assert units
    assert {one.unit for one in TABLE.values()} <= set(re.findall(r'(\w+): "', units[1]))


@pytest.mark.parametrize("name", OWN)
def test_imports_name_what_is_exported(name: str):
    found = re.findall(r'^import \{([^}]*)\} from "\./(\w+\.js)";$', text(name), re.M)
    assert len(found) == len(re.findall(r"^import ", text(name), re.M)), "one form of import"
    for names, other in found:
        for pair in names.split(","):
            one, _, alias = pair.strip().partition(" as ")
            exported = re.search(
                rf"^export (?:async )?(?:function|class|const) {one}\b"
                rf"|as {one}[,}}]",
                text(other),
                re.M,
            )
            assert exported, f"{name} imports {one} from {other}"
            assert text(name).count(alias or one) > 1, f"{name} does not use {one}"


@pytest.mark.parametrize("name", OWN)
def test_modules_are_short(name: str):
    assert len(text(name).splitlines()) <= 450


def names_of(constant: str) -> list[str]:
    found = re.search(rf"^const {constant} = \[(.*?)\];", text("cards.js"), re.M | re.S)
    assert found
    return re.findall(r'"([^"]+)"', found[1])


def test_a_page_knows_titles_and_prices_by_the_names_that_the_reader_has():
    assert set(TITLES) <= set(names_of("TITLES"))
    assert list(PRICES) == names_of("PRICES")


def test_a_bundle_for_a_notebook_exports_one_object():
    made = bundle("widget.js", default=True)
    assert ["export default module_widget;"] == re.findall(r"^export .*", made, re.M)


@pytest.mark.parametrize("entry", ["standalone.js", "widget.js"])
def test_a_bundle_is_one_module(entry: str):
    made = bundle(entry)
    assert not re.search(r"^import ", made, re.M)
    assert 1 == len(re.findall(r"^export ", made, re.M))
    node = shutil.which("node")
    if node:
        ran = subprocess.run(
            [node, "--input-type=module", "--check"],
            input=made,
            text=True,
            capture_output=True,
            check=False,
        )
        assert 0 == ran.returncode, ran.stderr


def test_a_style_for_a_host_touches_nothing_around_it():
    hosted = style(hosted=True)
    for selector in (":root", "\nhtml {", "\nbody {"):
        assert selector in "\n" + style() and selector not in "\n" + hosted
    assert ':host([data-theme="dark"])' in hosted
