"""What README and docs say of the code is what the code says."""

import re
import tomllib
from pathlib import Path

import pytest

import cospace as cs
from cospace import errors
from cospace.limits import TABLE
from cospace.search import fuse
from cospace.search.ask import DEPTH
from cospace.store.edge import EXACT_BELOW
from cospace.store.where import _OPERATORS
from cospace.store.words import FEW

from .pages import NAMES, ROOT, blocks, prose


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- the trees of docs/architecture.md and README ---


def listed(name: str) -> dict[str, str]:
    """The paths in a page's tree, with their phrases."""
    [tree] = [b.text for b in blocks(name) if "src/cospace/" in b.text and "  read/" in b.text]
    paths: dict[str, str] = {}
    above: list[str] = []
    for line in tree.splitlines():
        path, _, phrase = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [path]
        assert "".join(above) not in paths, "listed twice"
        paths["".join(above)] = phrase.strip()
    return paths


def source() -> set[str]:
    """Every file of the source, and every folder."""
    files = list((ROOT / "src/cospace").rglob("*.py"))
    folders = {f"{p.parent.relative_to(ROOT).as_posix()}/" for p in files}
    return folders | {p.relative_to(ROOT).as_posix() for p in files}


def folders() -> set[str]:
    """What README has to list: all folders of the source, those of the tests, those at the top."""
    found = [p for p in (ROOT / "tests").iterdir() if p.is_dir()]
    found += [p for p in ROOT.iterdir() if p.is_dir() and p.name not in ("src", "build", "dist")]
    plain = [p for p in found if p.name[0] not in "._" and p.suffix != ".cospace"]
    return {f"{p.relative_to(ROOT).as_posix()}/" for p in plain} | {
        path for path in source() if path.endswith("/")
    }


def test_architecture_lists_every_file() -> None:
    paths = listed("docs/architecture.md")
    assert set() == source() - set(paths), "missing in docs/architecture.md"
    assert [] == [path for path in paths if not (ROOT / path).exists()], "gone from the source"


def test_readme_lists_every_folder() -> None:
    paths = listed("README.md")
    assert set() == folders() - set(paths), "missing in README's tree"
    assert [] == [path for path in paths if not (ROOT / path).exists()], "gone"


def test_architecture_has_the_layers_that_import_linter_holds() -> None:
    settings = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]
    layers = [re.split(r" [|:] ", layer) for layer in settings["contracts"][0]["layers"]]
    expected = [[name.removeprefix("cospace.") for name in layer] for layer in layers]
    [drawn] = [b.text for b in blocks("docs/architecture.md") if b.text.startswith("cli\n")]
    assert expected == [line.split(", ") for line in drawn.splitlines()]


def test_every_line_of_a_tree_has_a_phrase() -> None:
    bare = {
        path
        for page in ("docs/architecture.md", "README.md")
        for path, phrase in listed(page).items()
        if not phrase
    }
    assert {"src/cospace/", "tests/"} >= bare


# --- tables ---


def test_limits_are_those_of_the_table() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d,]+) \| (\w+) \| (.+?) \|$", page("docs/limits.md"), re.M
    )
    assert [(r.name, f"{r.default:,}", r.unit, r.help) for r in TABLE.values()] == rows


def test_filters_name_every_operator() -> None:
    text = page("docs/filters.md")
    assert [] == [op for op in (*_OPERATORS, "$and", "$or", "$km") if op not in text]


def test_ranking_says_the_weights_and_numbers_of_the_code() -> None:
    from cospace.collection.query import _WEIGHTS

    text = page("docs/ranking.md")
    names = {"a text": {"text"}, "an image": {"image"}, "both": {"text", "image"}}
    for words, kinds in names.items():
        [cells] = re.findall(rf"^\| {words} \| (.*) \|$", text, re.MULTILINE)
        found = [float(cell) if cell.strip() else None for cell in cells.split("|")]
        weights = _WEIGHTS[frozenset(kinds)]
        assert [weights.get(name) for name in ("text", "image", "words")] == found
    assert f"best {DEPTH} that pass" in text
    assert f"**{fuse._BM25:g}** \u00d7 min(1, rows / **{fuse._ENOUGH}**)⁴" in text
    assert f"**{fuse.NAME:g}**" in text
    assert f"from {fuse._NAME_FROM:g} of the query on, and in full from {fuse._NAME_FULL:g}" in text
    assert f"by {fuse._STEP:g}" in text
    assert f"at most {FEW} items" in text


def test_the_size_up_to_which_search_is_exact() -> None:
    for name in ("README.md", "docs/guarantees.md", "docs/storage.md"):
        assert f"{EXACT_BELOW:,} items" in page(name)


# --- names ---


def test_every_public_name_is_in_the_pages() -> None:
    text = "\n".join(page(name) for name in NAMES)
    missing = [n for n in cs.__all__ if not re.search(rf"\bcs\.{n}\b|`{n}`", text)]
    assert [] == missing


def test_every_name_of_cospace_in_the_pages_is_there() -> None:
    text = "\n".join(page(name) for name in NAMES)
    assert [] == [n for n in set(re.findall(r"\bcs\.(\w+)", text)) if not hasattr(cs, n)]


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn: dict[str, tuple[str, int, int]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([│├└─ ]*)([A-Z]\w+)(?:  |$)(?:.*exit (\d))?(?:.*http (\d+))?", line)
        if match is None:
            continue
        bars, name, code, status = match.groups()
        above[len(bars) // 4 :] = [name]
        parent = above[-2] if len(above) > 1 else ""
        inherited = drawn.get(parent, ("", 1, 500))
        drawn[name] = (parent, int(code or inherited[1]), int(status or inherited[2]))
    real = {}
    for name in errors.__all__:
        kind = getattr(errors, name)
        parent = kind.__mro__[1].__name__ if name != "CospaceError" else ""
        real[name] = (parent, kind.exit_code, kind.http_status)
    assert real == drawn


# --- links and places ---


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files(name: str) -> None:
    folder = (ROOT / name).parent
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(name))
    assert [] == [t for t in targets if "://" not in t and not (folder / t.split("#")[0]).exists()]


@pytest.mark.parametrize("name", [*NAMES, "NOTICE"])
def test_no_path_of_one_machine_and_no_invented_address(name: str) -> None:
    text = page(name)
    assert [] == re.findall(r"(?:/work|/tmp|/root|/home)/\S*", text)
    assert [] == re.findall(r"https?://\S+|\S+@[A-Za-z]\S*\.\w+", text)


def test_the_picture_is_small_enough_for_a_readme() -> None:
    picture = ROOT / "docs/search.png"
    assert b"\x89PNG" == picture.read_bytes()[:4]
    assert picture.stat().st_size < 200_000


def test_licence_and_notice() -> None:
    assert "Apache License" in page("LICENSE")
    assert "Version 2.0, January 2004" in page("LICENSE")
    notice = page("NOTICE")
    for name in ("all-MiniLM-L6-v2", "EfficientNet-Lite0", "CC0", "Open Clip Art", "Public domain"):
        assert name in notice
    licences = {row.split(",")[-1] for row in sources(ROOT / "examples/marketplace/SOURCES.csv")}
    assert {"CC0-1.0", "Public domain"} == licences


def sources(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[1:]
