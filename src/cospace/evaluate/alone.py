"""One encoder measured in a process of its own, so that no model pays for another's memory.

The parent starts this interpreter again with a fixed program, and sends the model's name and
the source as JSON on its command line. The child reads the source itself, and writes frames to
its standard output: a line of JSON, then as many bytes of float32 as the line says.
"""

from __future__ import annotations

import json
import os
import re
import subprocess  # this interpreter with a fixed program; see test_layout
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from cospace import errors
from cospace.encode import Model
from cospace.encode.base import BaseEncoder
from cospace.encode.bulk import encode_items
from cospace.encode.engines.openvino import parameters
from cospace.encode.folder import open_folder
from cospace.encode.words import WordModel
from cospace.errors import CospaceError
from cospace.evaluate.encoding import cache_hits, loaded
from cospace.evaluate.labelled import source_of
from cospace.progress import Meter, Watch, metered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder
    from cospace.encode.bulk import Encoded
    from cospace.evaluate.encoding import ModelName
    from cospace.evaluate.labelled import Labelled, Source

__all__ = ["Measured", "measure_alone", "measure_here", "serve"]

_BATCH = 256
_PROGRAM = "from cospace.evaluate.alone import serve; serve()"
_COST = ("load_seconds", "seconds", "parameters", "bytes_on_disk", "memory", "hits")


@dataclass(slots=True)
class Measured:
    """What one encoder gave for the items of a source, and what it cost.

    `rows` holds the unit vector of each encoded item by its id, `hashes` its content's sha256.
    `load_seconds` is from the name to the first tower that is ready; `seconds` is all of
    reading, decoding and encoding; `hits` came from the cache of a hosted model in that time.
    None stands for what cannot be known.
    """

    model: str
    dim: int = 0
    rows: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    truncated: int = 0
    load_seconds: float = 0.0
    seconds: float = 0.0
    parameters: int | None = None
    bytes_on_disk: int | None = None
    memory: int | None = None
    hits: int = 0


def measure_alone(
    model: str | os.PathLike[str], source: Source, *, progress: Watch = None
) -> Measured:
    """The model of a name or folder on the items of a source, in a new process.

    Raises what the child raised: as `cospace.load` does, for a model that does not take the
    kind of item that there is, and `CospaceError` when the child ended without an answer.
    """
    # A path stays one, also where it is spelled like a name.
    named = model if isinstance(model, str) else str(Path(model).absolute())
    given = json.dumps([named, asdict(source)], default=os.fspath)
    # -P: nothing in the folder one happens to stand in is taken for a library.
    command = [sys.executable, "-P", "-c", _PROGRAM, given]
    found = Measured(named)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:  # noqa: S603
        assert child.stdout is not None
        try:
            with metered(progress) as meter:
                ended = _receive(child.stdout, found, meter)
        except BaseException:
            child.kill()
            raise
    if not ended:
        how = f"was killed (signal {-child.returncode})" if child.returncode < 0 else "ended"
        raise CospaceError(f"{model}: its process {how} without an answer; out of memory?")
    return found


def measure_here(encoder: Encoder, items: Labelled, *, progress: Watch = None) -> Measured:
    """An encoder that is an object of this process: alike, but its memory is not known."""
    found = Measured(encoder.space.name)
    with metered(progress, len(items.items)) as meter:
        for frame, data in _measured(encoder, items, found):
            _take(found, frame, data, meter)
    found.memory = None  # others live in this process
    return found


def serve() -> None:
    """The child's whole life: measure, and write frames to standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print does not get between the frames

    def send(frame: dict[str, Any], data: bytes = b"") -> None:
        out.write(json.dumps(frame).encode() + b"\n" + data)
        out.flush()

    try:
        model, source = json.loads(sys.argv[1])
        found = Measured(model)
        for frame, data in _measured(model, source_of(source).read(), found):
            send(frame, data)
        send({"cost": {name: getattr(found, name) for name in _COST}})
    except KeyboardInterrupt:
        sys.exit(130)
    except CospaceError as error:
        send({"error": {"kind": type(error).__name__, "message": str(error)}})
    except Exception as error:  # noqa: BLE001 - reported by the parent, which has the user's ear
        send({"error": {"kind": "CospaceError", "message": f"{type(error).__name__}: {error}"}})


def _measured(
    model: ModelName, items: Labelled, found: Measured
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """A frame and its bytes for each batch; at the end `found` holds what it cost."""
    before = _resident("VmRSS")
    started = time.perf_counter()
    encoder = loaded(model, items.kind)
    if isinstance(encoder, BaseEncoder):
        encoder.warm(items.kind)
    before_hits = cache_hits(encoder)
    found.load_seconds = time.perf_counter() - started
    started = time.perf_counter()
    with closing(encode_items(encoder, items.items, batch=_BATCH)) as batches:
        for batch in batches:
            good = [one for one in batch if one.vectors]
            frame = {
                "dim": encoder.space.dim,
                "ids": [one.item.id for one in good],
                "hashes": [one.hash.hex() for one in good],
                "failed": {one.item.id: _reason(one) for one in batch if not one.vectors},
                "truncated": sum(one.truncated for one in good),
            }
            rows = [one.vectors[items.kind].astype("<f4").tobytes() for one in good]
            yield frame, b"".join(rows)
    found.seconds = time.perf_counter() - started
    found.hits = cache_hits(encoder) - before_hits
    peak = _resident("VmHWM")
    found.memory = None if peak is None or before is None else max(0, peak - before)
    # A model whose folder has gone since it was loaded still works; its size is not known.
    if isinstance(encoder, Model) and encoder.path.is_dir():
        found.parameters, found.bytes_on_disk = _size(encoder, items.kind)


def _reason(one: Encoded) -> str:
    return "; ".join(one.failed.values()) or "nothing in it to encode"


def _size(model: Model, kind: str) -> tuple[int | None, int]:
    """Parameters of the tower, and the bytes of all its files."""
    folder = open_folder(model.path)
    tower = folder.tower(kind)
    size = sum((model.path / name).stat().st_size for name in tower.files)
    return model.numbers if isinstance(model, WordModel) else parameters(folder, tower), size


def _receive(stream: IO[bytes], found: Measured, meter: Meter) -> bool:
    """Takes frames up to the last; True when that came."""
    while line := stream.readline():
        frame = json.loads(line)
        if "error" in frame:
            raise _error(**frame["error"])
        if "cost" in frame:
            for name, value in frame["cost"].items():
                setattr(found, name, value)
            return True
        _take(found, frame, stream.read(4 * frame["dim"] * len(frame["ids"])), meter)
    return False


def _take(found: Measured, frame: dict[str, Any], data: bytes, meter: Meter) -> None:
    ids = frame["ids"]
    found.dim = frame["dim"]
    found.truncated += frame["truncated"]
    rows = np.frombuffer(data, "<f4").reshape(len(ids), found.dim)
    found.rows.update(zip(ids, rows, strict=True))
    found.hashes.update(zip(ids, frame["hashes"], strict=True))
    found.failed.update(frame["failed"])
    meter.add(len(ids) + len(frame["failed"]))


def _error(kind: str, message: str) -> CospaceError:
    """The error that the child raised: of the same type, with the same words."""
    type_ = getattr(errors, kind, CospaceError)
    try:
        error: CospaceError
        error = type_("", message) if issubclass(type_, errors.BadItem) else type_(message)
    except TypeError:  # one that carries more than words
        error = CospaceError(f"{kind}: {message}")
    return error


def _resident(field: str) -> int | None:
    """Bytes of memory of this process: VmRSS (now) or VmHWM (the most so far); None if unknown.

    Not of getrusage: on Linux its maximum begins with that of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return _most()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _most() -> int | None:
    """The most memory so far, where the system has no /proc: bytes on macOS."""
    if sys.platform != "darwin":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
