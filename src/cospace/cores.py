"""How many processors this process may use: the smaller of its affinity and its quota; AMX; memory.

A container is often given two processors of a host's sixty-four by a quota, which leaves all of
them in sight. As many threads as the host has would then stand still most of the time.

    cpu.max (cgroup v2)                              "150000 100000" or "max 100000"
    cpu.cfs_quota_us, cpu.cfs_period_us (cgroup v1)  150000 or -1, and 100000

Quotas of the groups around a group hold too. A part of a processor counts as one, as Go and
the JVM count it.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path, PurePosixPath

__all__ = ["at_most", "cores", "has_amx", "installed_memory", "quota"]

# What `at_most` was told.
_told: list[int] = []


def cores() -> int:
    """How many processors this process may use, at least 1.

    >>> 1 <= cores() <= os.cpu_count()
    True
    """
    return max(1, min(_in_sight(), _own_quota() or _in_sight(), *_told))


def at_most(count: int) -> None:
    """From now on this process counts no more than `count` processors as its own.

    For a process whose share is neither an affinity nor a quota, such as one that Ray starts.
    Models that are loaded already keep their threads.
    """
    _told[:] = [max(1, count)]


def quota(root: Path = Path("/")) -> int | None:
    """The processors that the groups of this process may use together, rounded up.

    None where no quota is set, and on systems without cgroups. `root` is where proc and the
    mounted groups are looked for.

    >>> quota(Path("/there/is/nothing")) is None
    True
    """
    try:
        mounts = (root / "proc/self/mountinfo").read_text(errors="replace").splitlines()
        groups = (root / "proc/self/cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return None
    found = [
        share
        for line in mounts
        for folder in _folders(root, line.split(), groups)
        if (share := _share(folder)) is not None
    ]
    return min(found, default=None)


@cache
def has_amx() -> bool:
    """Whether the processor multiplies tiles of bfloat16 (AMX); where nobody says, it may."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return True


@cache
def _own_quota() -> int | None:
    return quota()


def _in_sight() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders(root: Path, mount: list[str], groups: list[str]) -> list[Path]:
    """The folders of this process's group and of those around it, if the mount shows such.

    A line of mountinfo: number, parent, device, root, place, options, ... - type, source, options.
    A line of cgroup: number, controllers, path; "0::/path" for v2.
    """
    kind = mount[mount.index("-") + 1 :] if "-" in mount[6:] else []
    if kind[:1] == ["cgroup2"]:
        path = next((line.split(":", 2)[2] for line in groups if line.startswith("0::")), None)
    elif kind[:1] == ["cgroup"] and "cpu" in kind[-1].split(","):
        split = (line.split(":", 2) for line in groups)
        path = next((one[2] for one in split if "cpu" in one[1].split(",")), None)
    else:
        return []
    top = root / mount[4].lstrip("/")
    if path is None:
        return [top]
    # In a container the group's own folder may be what is mounted, under a path of the host.
    inside, shown = PurePosixPath(path), PurePosixPath(mount[3])
    parts = inside.relative_to(shown).parts if inside.is_relative_to(shown) else ()
    if ".." in parts:
        parts = ()
    return [top.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]


def _share(folder: Path) -> int | None:
    """The whole processors that one group's quota comes to, rounded up; None without one."""
    both = _numbers(folder / "cpu.max")
    if both is None:
        given, period = (_numbers(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        both = (*given, *period) if given and period else None
    if both is None or len(both) < 2 or both[0] <= 0 or both[1] <= 0:
        return None
    return -(-both[0] // both[1])


def _numbers(file: Path) -> tuple[int, ...] | None:
    """The numbers in a file; None for one that is not there or says "max"."""
    try:
        return tuple(map(int, file.read_text().split()))
    except (OSError, ValueError):
        return None


def installed_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not tell, as Windows."""
    if sys.platform == "win32":
        return None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
