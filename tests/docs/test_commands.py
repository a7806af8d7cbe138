"""Every command in README and docs is one that the command line takes; so are its own examples."""

import argparse
import re
import shlex
from importlib import import_module

import pytest

from cospace.cli.main import COMMANDS, _glued, main

from .pages import NAMES, ROOT, blocks

CONSOLE = [
    (f"{name}:{block.line + i}", line.removeprefix("$ "))
    for name in NAMES
    for block in blocks(name)
    if block.language == "console"
    for i, line in enumerate(block.text.splitlines())
    if line.startswith("$ ")
]
SETTING = re.compile(r"[A-Z_]+=\S*")


def parse(line: str) -> argparse.Namespace:
    """The arguments of a command line that begins with cospace, as the command reads them."""
    words = shlex.split(line)
    while SETTING.fullmatch(words[0]):
        del words[0]
    assert "cospace" == words[0]
    name, rest = words[1], words[2:]
    assert name in COMMANDS, f"there is no command {name!r}"
    command = import_module(f"cospace.cli.{COMMANDS[name][0]}")
    parsed: argparse.Namespace = command.parser().parse_intermixed_args(_glued(rest))
    return parsed


@pytest.mark.parametrize(("where", "line"), CONSOLE, ids=[where for where, _ in CONSOLE])
def test_a_command_of_a_page_parses(where: str, line: str) -> None:
    if line.startswith("make "):
        makefile = (ROOT / "Makefile").read_text()
        assert all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in line.split()[1:])
    else:
        parse(line)


def test_every_target_of_make_that_a_page_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        target
        for name in NAMES
        for target in re.findall(r"`make (\w+)`", (ROOT / name).read_text(encoding="utf-8"))
    }
    assert set() == {t for t in named if not re.search(rf"^{t}:", makefile, re.MULTILINE)}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_parse(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main([name, "--help"])
    printed = capsys.readouterr().out
    _, _, examples = printed.partition("example")
    lines = examples.replace("\\\n", " ").splitlines()[1:]
    commands = [line.strip() for line in lines if "cospace " in line]
    assert commands
    for line in commands:
        parse(line)


def test_every_command_is_in_the_tree_and_in_the_changelog() -> None:
    tree = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [] == [name for name in COMMANDS if f"cospace {name}" not in tree]
    assert [] == [name for name in COMMANDS if f"`{name}`" not in changes]
