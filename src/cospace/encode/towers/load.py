"""Towers: one loaded encoder per modality, held to its known answers before anybody may use it."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

import numpy as np

from cospace.encode.engines.choice import graphs
from cospace.encode.engines.process import enter_engine
from cospace.encode.engines.protocol import Runner
from cospace.encode.towers.image import ImageTower
from cospace.encode.towers.pair import PairTower
from cospace.encode.towers.text import TextTower
from cospace.errors import BadInput, ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = [
    "CLOSE",
    "FAMILIES",
    "SAME_LOGITS",
    "LoadedTower",
    "known_answers",
    "load_tower",
    "shared_tower",
]

# The cosine that every known answer must reach. Honest precisions lie above 0.998; a graph
# that is wrong in a way that matters lies far below.
CLOSE = 0.99

# A precision whose known answers are all this close is taken without trying slower ones. Engines
# that round the same activations differ by 0.0011 at most (measured): a last bit decides.
SAME = 0.998
# Of logits: within half a percent of the distance between the least and the greatest.
SAME_LOGITS = 0.995


class LoadedTower(Protocol):
    """What every family offers. All methods may be called from many threads."""

    graph: Runner

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> Any:
        """What `encode` takes, for the value of one part. Raises `BadItem`."""
        ...

    def canary(self, given: str) -> Any:
        """What `encode` takes, for the input of a known answer."""
        ...

    def encode(
        self, prepared: Sequence[Any], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The rows float32 [n, dim], and the positions of the inputs that were cut short."""
        ...


def _signal(name: str) -> Callable[[Folder, Tower, Runner], LoadedTower]:
    """A class of `signals`, which is imported when a tower of it is loaded."""

    def made(folder: Folder, tower: Tower, graph: Runner) -> LoadedTower:
        module = import_module("cospace.encode.towers.signals")
        loaded: LoadedTower = getattr(module, name)(folder, tower, graph)
        return loaded

    return made


def _audio(folder: Folder, tower: Tower, graph: Runner) -> LoadedTower:
    """The class for what the graph takes of a sound: its samples, or energies."""
    takes = tower.preprocess.get("takes", "")
    return _signal("WaveTower" if takes == "samples" else "AudioTower")(folder, tower, graph)


# One class per modality; a new one is a new row.
FAMILIES: Mapping[str, Callable[[Folder, Tower, Runner], LoadedTower]] = {
    "text": TextTower,
    "pair": PairTower,
    "image": ImageTower,
    "audio": _audio,
    "video": _signal("VideoTower"),
    "depth": _signal("DepthTower"),
    "thermal": _signal("ThermalTower"),
    "imu": _signal("MotionTower"),
}


def load_tower(folder: Folder, kind: str, engine: str = "") -> LoadedTower:
    """The tower for parts of `kind`, in the fastest precision that gives the known answers.

    Where none gives the very same, the one that comes closest is taken. `engine` is "openvino",
    "openvino:f32" for that precision alone, "onnx", "torch", or "torch:cuda"; "" for the fastest
    on this processor of those that the folder has a graph for.

    Raises `ModelDamaged` when even the closest is too far off, and `BadArgument` for an engine
    that this folder has no files for, and in a process that was forked after an engine was used.
    """
    enter_engine()
    tower = folder.tower(kind)
    found: dict[str, tuple[float, LoadedTower]] = {}
    for precision, graph in graphs(folder, tower, engine):
        loaded = FAMILIES[kind](folder, tower, graph)
        found[precision] = known_answers(loaded, tower, folder), loaded
        if found[precision][0] >= (SAME_LOGITS if kind == "pair" else SAME):
            break
    closest, loaded = max(found.values(), key=lambda one: one[0])
    if closest >= CLOSE:
        return loaded
    tried = ", ".join(f"{cosine:.4f} in {name}" for name, (cosine, _) in found.items())
    what = "agreement" if kind == "pair" else "cosine"
    raise ModelDamaged(
        f"{folder.path}: the {kind} tower does not give its known answers: the worst {what} is"
        f" {tried}; expected at least {CLOSE}. Install the model again"
    )


def shared_tower(folder: Folder, kind: str, engine: str = "") -> LoadedTower:
    """As `load_tower`; the very tower of another model that is in use, where that is the same.

    The same is: of the same folder, with the same record, and so the same hashes of its files
    and the same known answers, on the same engine. A tower goes with the last model that uses it.
    """
    record = repr(folder.tower(kind))
    # The process, since a forked one inherits `_in_use` and must not find its parent's towers.
    key = os.getpid(), str(folder.path.resolve()), kind, engine, folder.dim, record
    tower = _in_use.get(key)
    if tower is None:
        tower = _in_use[key] = load_tower(folder, kind, engine)
    return tower


_in_use: MutableMapping[tuple[Hashable, ...], LoadedTower] = WeakValueDictionary()


def known_answers(loaded: LoadedTower, tower: Tower, folder: Folder) -> float:
    """The smallest cosine between what the tower gives and what its record says it gives.

    A logit has no direction: for pairs it is 1 less the largest error, as a part of the distance
    between the least and the greatest logit that are known.
    """
    if not tower.canaries:
        raise ModelDamaged(f"{folder.path}: space.json holds no known answers for {tower.kind}")
    dim = folder.dim
    try:
        expected = np.stack([_vector(answer["vector"], dim) for answer in tower.canaries])
        given = [loaded.canary(answer["input"]) for answer in tower.canaries]
        found, _ = loaded.encode(given)
    except (binascii.Error, ValueError, BadInput) as error:
        raise ModelDamaged(f"{folder.path}: the known answers cannot be used ({error})") from error
    except RuntimeError as error:  # the engine, at a graph with other inputs than expected
        raise ModelDamaged(f"{folder.path}: the graph cannot be run ({error})") from error
    if tower.kind == "pair":
        return _agreement(found, expected)
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines = np.einsum("ij,ij->i", found, expected) / norms
    return float(np.nan_to_num(cosines, nan=-1.0).min())


def _agreement(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(found - expected).max() / np.ptp(expected)
    return float(np.nan_to_num(1 - error, nan=-1.0, neginf=-1.0))


def _vector(encoded: str, dim: int) -> NDArray[np.float32]:
    vector = np.frombuffer(base64.b64decode(encoded, validate=True), "<f4")
    if vector.shape != (dim,):
        raise ValueError(f"a known answer has {vector.size} numbers, not {dim}")
    return vector.astype(np.float32)
