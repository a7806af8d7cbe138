"""A process that decodes what strangers send, with limits of memory and time of its own.

    parent -> child   a line of JSON {"bytes"} or {"bytes", "width"}, then the bytes
    child -> parent   a line of JSON {"shape", "dtype"} or {"error"}, then the array's bytes

The child begins as `python -m cospace.serve.decoder`. A file that makes it grow too large or run
too long costs that file, and the child; the next file gets another child.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from cospace.errors import BadItem
from cospace.limits import limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Decoder", "main"]

_SERVED = 1_000  # files, before a child is replaced
# Of a WebP: 50 photos of the example marketplace, 240 pixels wide, are 260 kB; at 80 they are 306.
_QUALITY = 75
_SECRETS = ("_TOKEN", "_KEY", "_SECRET", "_PASSWORD")  # ends of variables that it does not get


class Decoder:
    """Decodes one file at a time in a child process. Threads may share it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._mutex = threading.Lock()

    def image(self, data: bytes, name: str = "image") -> NDArray[np.uint8]:
        """The pixels uint8 [height, width, 3]. Raises `BadItem`, also for what takes too much."""
        return self._decoded(data, name, {})

    def thumbnail(self, data: bytes, width: int, name: str = "image") -> bytes:
        """The image as a WebP at most so wide, upright, without what its file tells besides.

        Raises as `image` does.
        """
        return self._decoded(data, name, {"width": width}).tobytes()

    def _decoded(self, data: bytes, name: str, more: dict[str, int]) -> NDArray[np.uint8]:
        with self._mutex:
            child = self._running()
            killed: list[bool] = []

            def kill() -> None:
                killed.append(True)
                child.kill()

            late = threading.Timer(limit("upload_seconds"), kill)
            late.start()
            try:
                return _asked(child, data, name, more)
            except BadItem:
                raise
            except BaseException as error:  # what it would say next belongs to nobody
                self._end()
                if not isinstance(error, (OSError, ValueError, EOFError, MemoryError)):
                    raise
                why = "took too long" if killed else "took too much memory"
                raise BadItem(name, f"decoding it {why}, and was stopped") from error
            finally:
                late.cancel()
                self._served += 1
                if child.poll() is not None or self._served >= _SERVED:
                    self._end()

    def close(self) -> None:
        """End the child."""
        with self._mutex:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._served = 0
            # No secrets for it. BLAS asks for memory a thread, which the child's limit would count.
            own = {k: v for k, v in os.environ.items() if not k.endswith(_SECRETS)}
            own |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "cospace.serve.decoder"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=own,
            )
            assert self._child.stdout is not None
            _head(self._child.stdout)  # it is there; the time of a file begins after that
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was on its way to a child that is gone
                    pipe.close()


def _asked(
    child: subprocess.Popen[bytes], data: bytes, name: str, more: dict[str, int]
) -> NDArray[Any]:
    import numpy as np

    assert child.stdin is not None
    assert child.stdout is not None
    _send(child.stdin, {"bytes": len(data), **more}, data)
    head = _head(child.stdout)
    if "error" in head:
        raise BadItem(name, head["error"])
    shape = [int(n) for n in head["shape"]]
    size = int(np.prod(shape)) * np.dtype(head["dtype"]).itemsize
    return np.frombuffer(_exactly(child.stdout, size), head["dtype"]).reshape(shape)


def main() -> None:
    """The child: decode what comes in, until nothing more comes."""
    _hold_back()
    _send(sys.stdout.buffer, {"ready": True}, b"")
    while True:
        try:
            head = _head(sys.stdin.buffer)
            data = _exactly(sys.stdin.buffer, int(head["bytes"]))
        except EOFError:
            return
        try:
            array = _thumbnail(data, head["width"]) if "width" in head else _decoded(data)
        except BadItem as error:
            _send(sys.stdout.buffer, {"error": error.reason[:1_000]}, b"")
        except MemoryError:
            _send(sys.stdout.buffer, {"error": "decoding it took too much memory"}, b"")
        except Exception as error:  # noqa: BLE001 - of a library that decodes
            _send(sys.stdout.buffer, {"error": f"it cannot be decoded: {error}"[:1_000]}, b"")
        else:
            about = {"shape": list(array.shape), "dtype": array.dtype.str}
            _send(sys.stdout.buffer, about, array.tobytes())


def _decoded(data: bytes) -> NDArray[Any]:
    import numpy as np

    from cospace.item import Image
    from cospace.read.images import decode

    return np.asarray(decode(Image(data), "image"), np.uint8)


def _thumbnail(data: bytes, width: int) -> NDArray[Any]:
    """The bytes of a WebP, at most `width` wide and twice as high."""
    import io

    import numpy as np

    from cospace.item import Image
    from cospace.read.images import decode

    small = decode(Image(data), "image")
    small.thumbnail((width, 2 * width), reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return np.frombuffer(file.getvalue(), np.uint8)


def _hold_back() -> None:
    """Limit the memory of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time limit holds there, this one does not
        return
    most = limit("upload_memory")
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _send(pipe: IO[bytes], head: dict[str, Any], data: bytes) -> None:
    pipe.write(json.dumps(head).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def _head(pipe: IO[bytes]) -> dict[str, Any]:
    line = pipe.readline(10_000)
    if not line.endswith(b"\n"):
        raise EOFError("the other side is gone")
    head: dict[str, Any] = json.loads(line)
    return head


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError("the other side is gone")
    return data


if __name__ == "__main__":
    main()
