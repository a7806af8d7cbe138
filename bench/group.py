"""A control group of Linux: its programs have so much memory, or of the processors, and no more.

The limit on memory counts every page that they touch, also those of files: the system takes the
latter back when it is reached, and kills when that is not enough.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds


class Group(NamedTuple):
    """A group that is there; a command that begins with `enter` runs in it."""

    folder: Path

    @property
    def enter(self) -> tuple[str, ...]:
        return ("sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh")

    def peak(self) -> int:
        """The most bytes that its programs held at once, with the pages of files they touched."""
        return int(self._first("memory.peak", "memory.max_usage_in_bytes"))

    def killed(self) -> int:
        """How many of its programs were ended for memory."""
        return self._counts("memory.events", "memory.oom_control")["oom_kill"]

    def throttled(self) -> tuple[int, int]:
        """Periods in which its programs were stopped, and all periods."""
        stat = self._counts("cpu.stat")
        return stat["nr_throttled"], stat["nr_periods"]

    def _counts(self, *names: str) -> dict[str, int]:
        pairs = (line.split() for line in self._first(*names).splitlines())
        return {name: int(number) for name, number in pairs}

    def _first(self, *names: str) -> str:
        return next(p for name in names if (p := self.folder / name).exists()).read_text()


@contextmanager
def group(*, memory: int | None = None, processors: float | None = None) -> Iterator[Group]:
    """A new group with a limit in bytes, or one in processors; removed at the end.

    Raises `OSError` where none can be made: it takes root, and a system that allows it.
    """
    kind = "memory" if memory is not None else "cpu"
    old = (_ROOT / kind).is_dir()  # version 1 has a tree for each; version 2 has one
    made = Group((_ROOT / kind if old else _ROOT) / f"cospace-bench-{os.getpid()}")
    made.folder.mkdir()
    try:
        if memory is not None:
            _write(made.folder / ("memory.limit_in_bytes" if old else "memory.max"), memory)
            if not old:
                _write(made.folder / "memory.swap.max", 0)
        if processors is not None:
            quota = round(processors * _PERIOD)
            if old:
                _write(made.folder / "cpu.cfs_period_us", _PERIOD)
                _write(made.folder / "cpu.cfs_quota_us", quota)
            else:
                _write(made.folder / "cpu.max", f"{quota} {_PERIOD}")
        yield made
    finally:
        made.folder.rmdir()


def _write(file: Path, value: object) -> None:
    if not file.exists():  # a group would take it for a new file, and say that it may not
        raise FileNotFoundError(2, "it has no such limit", str(file))
    file.write_text(str(value))
