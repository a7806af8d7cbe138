"""What people install: the wheels are built, looked into, installed, and used on their own."""

import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {"cospace": ROOT, "cospace_starter": ROOT / "starter"}

pytest.importorskip("build")
pytest.importorskip("hatchling")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels by name, built with what is installed: no network."""
    out = tmp_path_factory.mktemp("wheels")
    for source in SOURCES.values():
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out]
        done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr
    return {name: next(out.glob(f"{name}-*.whl")) for name in SOURCES}


@pytest.fixture(scope="module")
def site(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that both wheels are installed in, without what they depend on."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-index", "--target", folder]
    subprocess.run([*pip, *options, *wheels.values()], check=True)
    return folder


def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def metadata(wheel: Path) -> dict[str, list[str]]:
    [name] = [n for n in names(wheel) if n.endswith(".dist-info/METADATA")]
    message = Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())
    return {key: message.get_all(key) or [] for key in message}


def run(site: Path, folder: Path, *command: str | Path) -> str:
    """What a command prints that finds cospace in `site` alone."""
    env = {**os.environ, "PYTHONPATH": str(site), "COSPACE_HOME": str(folder / "home")}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_every_module_is_in_the_wheel(wheels: dict[str, Path]) -> None:
    source = ROOT / "src"
    modules = {p.relative_to(source).as_posix() for p in source.glob("cospace/**/*.py")}
    assert set() == modules - set(names(wheels["cospace"]))
    assert "cospace/py.typed" in names(wheels["cospace"])


def test_the_marketplace_is_in_the_wheel(wheels: dict[str, Path]) -> None:
    inside = set(names(wheels["cospace"]))
    shop = "cospace/examples/marketplace"
    assert {f"{shop}/{n}" for n in ("listings.csv", "queries.jsonl", "SOURCES.csv")} <= inside
    photos = {p.name for p in (ROOT / "examples/marketplace/photos").glob("*.jpg")}
    assert len(photos) > 300
    assert {f"{shop}/photos/{name}" for name in photos} <= inside


def test_nothing_else_is_in_the_wheel(wheels: dict[str, Path]) -> None:
    top = {name.partition("/")[0] for name in names(wheels["cospace"])}
    assert {"cospace"} == {name for name in top if not name.endswith(".dist-info")}
    stray = re.compile(r"(^|/)(tests?|bench|__pycache__|\.[^/]+)/|\.(pyc|sqlite|cospace)$")
    assert [] == [name for name in names(wheels["cospace"]) if stray.search(name)]


def test_the_wheel_is_small(wheels: dict[str, Path]) -> None:
    assert wheels["cospace"].stat().st_size < 6_000_000
    assert wheels["cospace_starter"].stat().st_size < 40_000_000


@pytest.mark.parametrize("name", SOURCES)
def test_the_licence_is_in_the_wheel(wheels: dict[str, Path], name: str) -> None:
    assert any(n.rpartition("/")[2].startswith("LICENSE") for n in names(wheels[name]))


def test_notice_is_in_the_wheel(wheels: dict[str, Path]) -> None:
    assert any(n.endswith("/NOTICE") for n in names(wheels["cospace"]))


@pytest.mark.parametrize("name", SOURCES)
def test_torch_is_not_needed(wheels: dict[str, Path], name: str) -> None:
    needed = [n for n in metadata(wheels[name]).get("Requires-Dist", []) if "extra ==" not in n]
    assert [] == [n for n in needed if re.match(r"(torch|transformers|sentence)", n)]


def test_the_starter_is_data(wheels: dict[str, Path]) -> None:
    inside = [n for n in names(wheels["cospace_starter"]) if ".dist-info/" not in n]
    assert ["cospace_starter/__init__.py"] == [n for n in inside if n.endswith(".py")]
    model = {n.removeprefix("cospace_starter/model/") for n in inside if "/model/" in n}
    assert {"space.json", "text/model.xml", "text/model.bin", "text/tokenizer.json"} <= model
    assert {"image/model.xml", "image/model.bin"} <= model


def test_what_is_installed_is_what_runs(site: Path, tmp_path: Path) -> None:
    show = "import cospace, cospace_starter; print(cospace.__file__, cospace_starter.__file__)"
    found = run(site, tmp_path, sys.executable, "-c", show).split()
    assert [str(site / name / "__init__.py") for name in SOURCES] == found


def test_the_command_says_its_version(site: Path, wheels: dict[str, Path], tmp_path: Path) -> None:
    version = metadata(wheels["cospace"])["Version"][0]
    assert f"cospace {version}\n" == run(site, tmp_path, site / "bin/cospace", "--version")


def test_index_and_search_as_installed(site: Path, tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_text(
        "sku,title,price\n1,Retro velvet armchair,180\n2,Garden hose,9\n3,Steel rake,12\n"
    )
    command = site / "bin/cospace"
    run(site, tmp_path, command, "index", "goods.csv")
    printed = run(site, tmp_path, command, "search", "goods.cospace", "vintage comfortable seating")
    assert "Retro velvet armchair" in printed.splitlines()[1]


def test_the_marketplace_is_found_as_installed(site: Path, tmp_path: Path) -> None:
    show = "from cospace.cli.demo import marketplace; print(marketplace())"
    printed = run(site, tmp_path, sys.executable, "-c", show)
    assert str(site / "cospace/examples/marketplace") == printed.strip()
