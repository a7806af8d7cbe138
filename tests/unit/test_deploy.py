"""The files of deploy/ name what there is: they cannot be run in a test, so they are read."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cospace.cli.serve import parser
from cospace.serve.settings import TABLE, TOKEN

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
SERVICE = ROOT / "deploy/cospace.service"
VARIABLES = {TOKEN, *(row.variable for row in TABLE)}


def test_what_the_image_copies_is_there_and_not_ignored():
    copied = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [name for line in copied for name in line.split()]
    assert {"pyproject.toml", "src", "starter", "examples"} <= set(sources)
    ignored = (ROOT / ".dockerignore").read_text().split()
    for name in sources:
        assert (ROOT / name).exists(), name
        assert name not in ignored, f"{name} would not be in the image"


def test_the_extra_that_the_image_installs_is_one_of_ours():
    [extra] = re.findall(r"'\.\[(\w+)\]'", DOCKERFILE)
    assert f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text()


def test_the_image_begins_the_server_as_somebody_without_rights():
    [words] = re.findall(r"^ENTRYPOINT \[(.+)\]$", DOCKERFILE, re.MULTILINE)
    program, command, *rest = re.findall(r'"([^"]+)"', words)
    assert ("cospace", "serve") == (program, command)
    assert "0.0.0.0" == parser().parse_args([*rest, "x"]).host
    lines = DOCKERFILE.splitlines()
    users = [n for n, line in enumerate(lines) if line.startswith("USER ")]
    assert users[-1] < next(n for n, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    assert "USER root" not in lines


@pytest.mark.parametrize("text", [DOCKERFILE, SERVICE.read_text()], ids=["image", "service"])
def test_every_variable_is_a_setting(text: str):
    named = set(re.findall(r"COSPACE_SERVE_\w+", text))
    assert named
    assert named <= VARIABLES


def test_the_service_is_begun_and_held_back():
    lines = SERVICE.read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    program, command, *rest = pairs["ExecStart"].split()
    assert ("cospace", "serve") == (Path(program).name, command)
    assert ["$COLLECTIONS"] == rest
    for name in ("NoNewPrivileges", "PrivateDevices", "ProtectHome", "RemoveIPC"):
        assert "yes" == pairs[name]
    user = pairs["User"]
    assert f"useradd --system --home-dir /var/lib/{pairs['StateDirectory']}" in SERVICE.read_text()
    assert f"sudo -u {user} " in SERVICE.read_text(), "else it may not write what was indexed"
    assert "" == pairs["CapabilityBoundingSet"]
    assert "MemoryDenyWriteExecute" not in pairs, "the engine writes the code that it runs"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="asks systemd")
def test_systemd_understands_every_line(tmp_path: Path):
    """Of a copy, whose program is one that is there."""
    text = SERVICE.read_text().replace("/opt/cospace/bin/cospace", "/bin/true")
    (tmp_path / "cospace.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "cospace.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "cospace.service" in line]
    assert (0, []) == (done.returncode, told)
