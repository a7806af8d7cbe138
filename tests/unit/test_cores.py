"""Threads follow the quota of the group and the affinity, whichever is smaller."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace.cores
from cospace.cores import cores, has_amx, quota

V2 = "30 23 0:26 {root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1 = "32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct"
OTHERS = [
    "23 1 252:0 / / rw,relatime shared:1 - ext4 /dev/root rw",
    "33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset",
    "broken line",
    "",
]


def system(place: Path, mount: str, group: str, files: dict[str, str]) -> Path:
    """A machine as `quota` sees it: its proc, and its groups with their files."""
    proc = place / "proc/self"
    proc.mkdir(parents=True)
    (proc / "mountinfo").write_text("\n".join([*OTHERS, mount]) + "\n")
    (proc / "cgroup").write_text(group)
    for name, text in files.items():
        file = place / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1000 100000\n", 1),
        ("6400000 100000\n", 64),
        ("max 100000\n", None),
        ("0 100000\n", None),
        ("100000 0\n", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_quota_of_v2_is_rounded_up_to_whole_processors(
    tmp_path: Path, text: str, expected: int | None
) -> None:
    files = {"job/cpu.max": text}
    assert expected == quota(system(tmp_path, V2.format(root="/"), "0::/job\n", files))


@pytest.mark.parametrize(("given", "expected"), [("300000", 3), ("250000", 3), ("-1", None)])
def test_a_quota_of_v1_is_rounded_up_to_whole_processors(
    tmp_path: Path, given: str, expected: int | None
) -> None:
    folder = "cpu,cpuacct/docker/4f2a"
    files = {f"{folder}/cpu.cfs_quota_us": given, f"{folder}/cpu.cfs_period_us": "100000"}
    groups = "12:cpuset:/else\n4:cpu,cpuacct:/docker/4f2a\n0::/\n"
    assert expected == quota(system(tmp_path, V1.format(root="/"), groups, files))


def test_the_smallest_quota_of_a_group_and_those_around_it_holds(tmp_path: Path) -> None:
    files = {
        "cpu.max": "max 100000",
        "pod/cpu.max": "200000 100000",
        "pod/box/cpu.max": "800000 100000",
        "pod/box/inner/cpu.max": "max 100000",
        "neighbour/cpu.max": "100000 100000",
    }
    place = system(tmp_path, V2.format(root="/"), "0::/pod/box/inner\n", files)
    assert 2 == quota(place)


@pytest.mark.parametrize("group", ["0::/docker/4f2a\n", "0::/\n", "0::/../..\n", ""])
def test_a_container_that_sees_only_its_own_group_finds_its_quota(
    tmp_path: Path, group: str
) -> None:
    mount = V2.format(root="/docker/4f2a" if "docker" in group else "/")
    assert 3 == quota(system(tmp_path, mount, group, {"cpu.max": "300000 100000"}))


def test_without_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert quota(tmp_path) is None
    assert quota(system(tmp_path, OTHERS[0], "", {})) is None


@given(
    mounts=st.lists(st.text(alphabet="0 -/cgroup2,:\n", max_size=60), max_size=6),
    groups=st.text(alphabet="0:/.cpu\n", max_size=60),
    text=st.text(alphabet="0123456789max -\n", max_size=20),
)
def test_whatever_the_files_say_the_answer_is_none_or_at_least_one(
    mounts: list[str], groups: str, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("system")
    lines = "\n".join([*mounts, V2.format(root="/")])
    found = quota(system(place, lines, groups, {"cpu.max": text}))
    assert found is None or found >= 1


@pytest.mark.parametrize(("own", "expected"), [(None, 4), (2, 2), (9, 4), (1, 1), (4, 4)])
def test_the_smaller_of_quota_and_affinity_holds(
    monkeypatch: pytest.MonkeyPatch, own: int | None, expected: int
) -> None:
    monkeypatch.setattr(cospace.cores, "_own_quota", lambda: own)
    monkeypatch.setattr(cospace.cores, "_in_sight", lambda: 4)
    assert expected == cores()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_that_is_held_to_one_processor_counts_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        " from cospace.cores import cores; print(cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1" == done.stdout.strip()


@pytest.mark.parametrize("machine", ["aarch64", "arm64", "riscv64"])
def test_only_x86_has_amx(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    has_amx.cache_clear()
    try:
        assert not has_amx()
    finally:
        has_amx.cache_clear()


def test_amx_is_what_the_system_says() -> None:
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        pytest.skip("the system does not say")
    assert has_amx() == ("amx_bf16" in flags.read_text())
