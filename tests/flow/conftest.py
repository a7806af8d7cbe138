"""What the stories share: a tiny model that is installed, a shop to index, and the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_shop import SHOP, Cli, Ran, write_shop
from PIL import Image

from cospace.cli.main import main
from cospace.testing.tiny import tiny_folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COSPACE_HOME in which the tiny model is installed under its own name."""
    folder: Path = tmp_path_factory.mktemp("home")
    tiny_folder(folder / "models" / "tiny-0")
    return folder


@pytest.fixture
def cli(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Runs a command line in this process, in an empty folder."""
    monkeypatch.setenv("COSPACE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def process(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a command line in a process of its own, in an empty folder."""
    monkeypatch.setenv("COSPACE_HOME", str(home))

    def start(*words: object, **settings: str) -> subprocess.Popen[str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "cospace", *map(str, words)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path)

    return start


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A table of five listings, four with an image."""
    for colour in ("red", "blue", "green"):
        Image.new("RGB", (32, 24), colour).save(tmp_path / f"{colour}.png")
    return write_shop(tmp_path / "shop.csv", SHOP)
