"""Work on the nodes of a Ray cluster: one process a node, with all processors that the node gives.

Units of work are given out one by one and come back in their order. A process or a node that
dies costs the units it was at, which others do again; a result is taken once, so none is lost
and none comes twice. What runs on a node must give the same for the same unit.

Plain actors, and not Ray Data: that one drops the good neighbours of a bad row
(`max_errored_blocks`), or fails the whole job for it.
"""

from __future__ import annotations

import os
import platform
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cospace.cores import at_most, cores
from cospace.errors import BadArgument, CospaceError, NetworkError
from cospace.limits import TABLE, limit, override
from cospace.need import need

__all__ = ["Job", "check", "over_nodes"]

# Units that an actor has in hand: one is worked on, one waits, so that it never stands still.
_IN_HAND = 2
# Units given out beyond the first that is not back: results wait in memory until it is.
_AHEAD = 4
# So often may a process end at one unit, or fail to start on one node.
_TRIES = 3
# How often the cluster is asked for new nodes.
_LOOK_SECONDS = 5.0
# The store of objects of a cluster on this machine: it holds a few units at a time.
_OBJECT_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """What a node does: `start(given)` once, whose result `work` takes with each unit.

    Both are functions of a module, which every node has installed.
    """

    start: Callable[[Any], Any]
    work: Callable[[Any, Any], Any]
    given: Any


class _Worker:
    """The process on a node."""

    def __init__(self, job: Job, threads: int, limits: dict[str, int]) -> None:
        at_most(threads)
        self._job, self._limits, self._state = job, limits, None

    def start(self) -> tuple[str, Any]:
        """Make ready; what fails comes back as (kind of error, message)."""
        return self._tried(self._begin)

    def work(self, unit: Any) -> tuple[str, Any]:
        """One unit: ("", result), or (kind of error, message)."""
        return self._tried(lambda: self._job.work(self._state, unit))

    def _begin(self) -> None:
        self._state = self._job.start(self._job.given)

    def _tried(self, task: Callable[[], Any]) -> tuple[str, Any]:
        # Errors with several arguments do not survive being sent: their words do.
        try:
            with override(**self._limits):
                return "", task()
        except CospaceError as error:
            return type(error).__name__, str(error)
        except Exception as error:  # noqa: BLE001 - raised where the job is waited for
            return "CospaceError", f"{platform.node()}: {type(error).__name__}: {error}"


def over_nodes(job: Job, units: Iterable[Any], address: str) -> Generator[Any, None, None]:
    """The results of all `units`, in their order, worked out by the nodes of a cluster.

    `address` is "local" for a cluster of this machine alone, which ends with the job; "auto" or
    "host:port" for one that runs already. `units` are taken as they are needed.

    Raises `MissingExtra` without Ray, `NetworkError` when the cluster cannot be joined, and
    `CospaceError` when a unit ends three processes, or a node cannot start one. What a unit
    raises is raised here, after the results before it.
    """
    ray = check(address)
    with _joined(ray, address), closing(_Nodes(ray, job)) as nodes:
        yield from nodes.run(iter(units))


def check(address: str) -> Any:
    """The module ray. Raises `BadArgument` for an address that cannot be, `MissingExtra`."""
    host, _, port = address.rpartition(":")
    if address not in ("local", "auto") and not (host and port.isdecimal() and "/" not in host):
        raise BadArgument(f"a cluster is 'local', 'auto' or HOST:PORT, not {address!r}")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports to its makers otherwise
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # 40 s for an address without Ray
    return need("ray", extra="ray")


@contextmanager
def _joined(ray: Any, address: str) -> Iterator[None]:
    """A block in which this process belongs to the cluster; one it belongs to already stays."""
    if ray.is_initialized():
        yield
        return
    given: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        given |= {"num_cpus": cores(), "include_dashboard": False}
        given |= {"object_store_memory": _OBJECT_BYTES, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(address=address, **given)
    except (OSError, RuntimeError, ValueError) as error:
        raise NetworkError(f"the Ray cluster {address!r} cannot be joined: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


@dataclass(slots=True)
class _Unit:
    number: int
    value: Any
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Hand:
    """An actor, the node it is on, and the units it has in hand by their reference."""

    actor: Any
    node: str
    starting: Any  # the reference of its start, None once it has started
    units: dict[Any, _Unit] = field(default_factory=dict)


class _Nodes:
    """One actor a node; units to those that are free, and to others when one dies."""

    def __init__(self, ray: Any, job: Job) -> None:
        self._ray, self._job = ray, job
        self._limits = {name: limit(name) for name in TABLE}
        self._hands: list[_Hand] = []
        self._failed_starts: Counter[str] = Counter()
        self._again: deque[_Unit] = deque()
        self._looked = -_LOOK_SECONDS
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """End all actors."""
        for hand in self._hands:
            self._ray.kill(hand.actor)
        self._hands.clear()

    def run(self, units: Iterator[Any]) -> Iterator[Any]:
        """The results, in the order of `units`."""
        done: dict[int, tuple[str, Any]] = {}
        given = due = 0
        over = False
        while True:
            self._staff()
            most = due + _AHEAD * max(1, len(self._hands))
            while (hand := self._free()) and (self._again or (not over and given < most)):
                if self._again:
                    self._give(hand, self._again.popleft())
                    continue
                value = next(units, None)
                if value is None:
                    over = True
                else:
                    self._give(hand, _Unit(given, value))
                    given += 1
            if over and due == given:
                return
            done.update(self._wait())
            while due in done:
                yield _opened(done.pop(due))
                due += 1

    def _staff(self) -> None:
        """An actor for each node that lives and has none."""
        if time.monotonic() < self._looked + _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        strategies = need("ray.util.scheduling_strategies", extra="ray")
        worker = self._ray.remote(_Worker)
        busy = {hand.node for hand in self._hands}
        for node in self._ray.nodes():
            id, share = node["NodeID"], int(node["Resources"].get("CPU", 0))
            if not node["Alive"] or not share or id in busy:
                continue
            self._names[id] = node["NodeManagerHostname"]
            there = strategies.NodeAffinitySchedulingStrategy(id, soft=False)
            made = worker.options(num_cpus=share, scheduling_strategy=there, max_restarts=0)
            actor = made.remote(self._job, share, self._limits)
            self._hands.append(_Hand(actor, id, actor.start.remote()))

    def _free(self) -> _Hand | None:
        """The actor that has least in hand, if it can take one more."""
        ready = [h for h in self._hands if h.starting is None and len(h.units) < _IN_HAND]
        return min(ready, key=lambda hand: len(hand.units), default=None)

    def _give(self, hand: _Hand, unit: _Unit) -> None:
        hand.units[hand.actor.work.remote(unit.value)] = unit

    def _wait(self) -> list[tuple[int, tuple[str, Any]]]:
        """What came back: (number, result). Starts and deaths are seen to meanwhile."""
        owners = {ref: hand for hand in self._hands for ref in hand.units}
        owners |= {hand.starting: hand for hand in self._hands if hand.starting is not None}
        if not owners:
            time.sleep(_LOOK_SECONDS / 10)  # all nodes are gone: until one comes
            return []
        ready, _ = self._ray.wait(list(owners), timeout=_LOOK_SECONDS)
        back = []
        for ref in ready:
            hand = owners[ref]
            try:
                result = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                back += self._saved(hand)
                self._bury(hand, error)
                break  # what else is ready may be of the same actor
            if ref is hand.starting:
                _opened(result)
                hand.starting = None
            else:
                back.append((hand.units.pop(ref).number, result))
        return back

    def _saved(self, hand: _Hand) -> list[tuple[int, tuple[str, Any]]]:
        """What a dead actor had done before, so that the first unit left is the one to blame."""
        saved = []
        for ref, unit in list(hand.units.items()):
            with suppress(self._ray.exceptions.RayError):
                saved.append((unit.number, self._ray.get(ref, timeout=0)))
                del hand.units[ref]
        return saved

    def _bury(self, hand: _Hand, error: Exception) -> None:
        """Take a dead actor away; its units are given to others, and its node gets another."""
        self._hands.remove(hand)
        self._ray.kill(hand.actor)
        self._looked = -_LOOK_SECONDS
        if hand.starting is not None:
            self._failed_starts[hand.node] += 1
            if self._failed_starts[hand.node] >= _TRIES:
                name = self._names[hand.node]
                raise CospaceError(
                    f"no process of cospace starts on the node {name}; is cospace installed there?"
                    f" {str(error)[:500]}"
                ) from error
        units = list(hand.units.values())
        for unit in units[:1]:  # the others only waited
            unit.tries += 1
            if unit.tries >= _TRIES:
                raise CospaceError(
                    f"unit {unit.number} ended {_TRIES} processes; is a node short of memory?"
                    f" {str(error)[:500]}"
                ) from error
        self._again.extend(units)


def _opened(result: tuple[str, Any]) -> Any:
    """What a worker gave; what it raised is raised."""
    kind, value = result
    if not kind:
        return value
    from cospace import errors

    made = getattr(errors, kind, CospaceError)
    try:
        error = made("", value) if issubclass(made, errors.BadItem) else made(value)
    except TypeError:  # one that carries more than words
        error = CospaceError(f"{kind}: {value}")
    raise error
