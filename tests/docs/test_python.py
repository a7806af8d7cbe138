"""Every block of Python in README and docs runs, page by page, as a reader would run it."""

from pathlib import Path

import pytest

from .pages import NAMES, ROOT, blocks

RUNNABLE = [name for name in NAMES if any(b.language == "python" for b in blocks(name))]


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_python_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(name):
        if block.language == "python":
            # Empty lines in front, so that a traceback names the line of the page.
            code = "\n" * (block.line - 1) + block.text
            exec(compile(code, str(ROOT / name), "exec"), names)


def test_the_quickstart_is_short() -> None:
    first = next(b for b in blocks("README.md") if b.language == "python")
    assert len(first.text.splitlines()) <= 10


def test_what_the_pages_with_code_are() -> None:
    assert {"README.md", "docs/filters.md", "docs/models.md", "docs/storage.md"} <= set(RUNNABLE)
