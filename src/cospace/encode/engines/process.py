"""Engines and forks: a forked process has copies of an engine's locks, and none of its threads.

So nothing that was loaded before a fork is used after it, or ended: OpenVINO 2026.4.1 then waits
for those threads, for ever.
"""

from __future__ import annotations

import os
from functools import cache
from weakref import WeakSet

from cospace.errors import BadArgument

__all__ = ["check_process", "enter_engine", "never_end_in_child"]


def check_process(name: str, loaded: int) -> None:
    """Raises `BadArgument` where the model `name` was loaded in another process than this one."""
    if loaded != os.getpid():
        raise BadArgument(
            f"{name} was loaded in process {loaded}, and a forked process cannot use its copy."
            " Start this process with multiprocessing's 'spawn', and load it here"
        )


def enter_engine() -> None:
    """To be called before an engine is used to load something.

    Raises `BadArgument` in a process that was forked after that: an engine works in its child
    only if the child is the first to use one.
    """
    if _first() != os.getpid():
        raise BadArgument(
            f"process {_first()} had loaded a model when it forked this one, where none can be"
            " loaded any more. Start this process with multiprocessing's 'spawn'"
        )


@cache
def _first() -> int:
    """The process in which an engine was used first: a forked one inherits the answer."""
    return os.getpid()


def never_end_in_child(engine: object) -> None:
    """A forked process keeps its copy of `engine` until it exits, and never destroys it."""
    _engines.add(engine)


_engines: WeakSet[object] = WeakSet()


def _keep() -> None:
    from ctypes import py_object, pythonapi

    for engine in list(_engines):  # not by a name: at its end, Python lets go of all names
        pythonapi.Py_IncRef(py_object(engine))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep)
