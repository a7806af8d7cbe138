"""A process that decodes what strangers send, with limits of memory and time of its own.

    parent -> child   a line of JSON {"what", "bytes"}, for a thumbnail {"width"}, then the bytes
    child -> parent   a line of JSON {"shape", "dtype"}, then the array's bytes; or {"error"}, for
                      the file, or {"missing"}, for what is not installed

The child begins as `python -m cospace.serve.decoder`. A file that makes it grow too large or run
too long costs that file, and the child; the next file gets another child.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from cospace.child import environment
from cospace.errors import BadItem, MissingExtra, TooBusy
from cospace.limits import limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Decoder", "main"]

_START_SECONDS = 60  # for a child to say that it is ready
_SERVED = 1_000  # files, before a child is replaced
_TOGETHER = 1_000_000  # samples of a sound that are decoded at once


class Decoder:
    """Decodes one file at a time in a child process. Threads may share it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._mutex = threading.Lock()

    def image(self, data: bytes, name: str = "image") -> NDArray[np.uint8]:
        """The pixels uint8 [height, width, 3]. Raises `BadItem`, also for what takes too much."""
        return self._decoded(data, name, {"what": "image"})

    def sound(self, data: bytes, name: str = "audio") -> NDArray[np.uint8]:
        """The bytes of a WAV file: the mean of the channels, as float32 at the sound's own rate.

        Raises as `image` does, and `MissingExtra` for FLAC, OGG and MP3 without the extra [audio].
        """
        return self._decoded(data, name, {"what": "sound"})

    def thumbnail(self, data: bytes, width: int, name: str = "image") -> bytes:
        """The image as a WebP at most so wide, upright, without what its file tells besides.

        Raises as `image` does.
        """
        return self._decoded(data, name, {"what": "thumbnail", "width": width}).tobytes()

    def _decoded(self, data: bytes, name: str, asked: dict[str, Any]) -> NDArray[np.uint8]:
        with self._mutex:
            child = self._running()
            killed: list[bool] = []

            def kill() -> None:
                killed.append(True)
                child.kill()

            late = threading.Timer(limit("upload_seconds"), kill)
            late.start()
            try:
                return _asked(child, data, name, asked)
            except (BadItem, MissingExtra):
                raise
            except BaseException as error:  # what it would say next belongs to nobody
                self._end()
                if isinstance(error, MemoryError):  # here, and not in the child
                    raise TooBusy("there is no memory for it now; send it again later") from error
                if not isinstance(error, (OSError, ValueError, EOFError)):
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
        """The child, ready. Raises `TooBusy` where none can be had now: no file is to blame."""
        if self._child is not None:
            return self._child
        try:
            return self._begun()
        except (OSError, EOFError, ValueError) as error:
            self._end()
            raise TooBusy(
                "no process that decodes files could be started; send it again later", retry_after=5
            ) from error

    def _begun(self) -> subprocess.Popen[bytes]:
        self._served = 0
        self._child = child = subprocess.Popen(
            [sys.executable, "-P", "-m", "cospace.serve.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert child.stdout is not None
        late = threading.Timer(_START_SECONDS, child.kill)
        late.start()
        try:
            _head(child.stdout)  # it is there; the time of a file begins after that
        finally:
            late.cancel()
        return child

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
    child: subprocess.Popen[bytes], data: bytes, name: str, asked: dict[str, Any]
) -> NDArray[Any]:
    import numpy as np

    assert child.stdin is not None
    assert child.stdout is not None
    _send(child.stdin, {"bytes": len(data), **asked}, data)
    head = _head(child.stdout)
    if "error" in head:
        raise BadItem(name, head["error"])
    if "missing" in head:
        raise MissingExtra(head["missing"])
    array = np.empty([int(n) for n in head["shape"]], head["dtype"])
    into, at = array.reshape(-1).view(np.uint8).data, 0
    while at < len(into):  # straight into its place: an image is not held twice
        read = child.stdout.readinto(into[at:])  # type: ignore[attr-defined]
        if not read:
            raise EOFError("the other side is gone")
        at += read
    return array


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
            array = _made(head, data)
        except BadItem as error:
            _send(sys.stdout.buffer, {"error": error.reason[:1_000]}, b"")
        except MissingExtra as error:
            _send(sys.stdout.buffer, {"missing": str(error)[:1_000]}, b"")
        except MemoryError:
            _send(sys.stdout.buffer, {"error": "decoding it took too much memory"}, b"")
        except Exception as error:  # noqa: BLE001 - of a library that decodes
            _send(sys.stdout.buffer, {"error": f"it cannot be decoded: {error}"[:1_000]}, b"")
        else:
            about = {"shape": list(array.shape), "dtype": array.dtype.str}
            _send(sys.stdout.buffer, about, array.tobytes())


def _made(asked: dict[str, Any], data: bytes) -> NDArray[Any]:
    if asked["what"] == "thumbnail":
        return _thumbnail(data, asked["width"])
    return _sound(data) if asked["what"] == "sound" else _pixels(data)


def _pixels(data: bytes) -> NDArray[Any]:
    import numpy as np

    from cospace.item import Image
    from cospace.read.images import decode

    return np.asarray(decode(Image(data), "image"), np.uint8)


def _thumbnail(data: bytes, width: int) -> NDArray[Any]:
    """The bytes of a WebP."""
    import numpy as np

    from cospace.item import Image
    from cospace.read.small import small_webp

    return np.frombuffer(small_webp(Image(data), width), np.uint8)


def _sound(data: bytes) -> NDArray[Any]:
    """The bytes of a WAV file with one channel of float32."""
    import numpy as np

    from cospace.read.audio import open_audio

    recording = open_audio(data, "audio")
    rate, frames = recording.rate, recording.frames
    size, most = 4 * frames, limit("audio_bytes")
    if size > most - 44:
        raise BadItem(
            "audio",
            f"it lasts {frames / rate:,.0f} s at {rate:,} Hz, which are {size:,} bytes decoded; one"
            f" that is sent has at most {most:,}: send a part of it, or at a lower rate",
        )
    head = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32, b"data", size)
    file = np.zeros(44 + size, np.uint8)
    file[:44] = np.frombuffer(struct.pack("<4sI4s4sIHHIIHH4sI", *head), np.uint8)
    samples = file[44:].view("<f4")
    for start in range(0, frames, _TOGETHER):
        stop = min(start + _TOGETHER, frames)
        samples[start:stop] = recording.mono(start, stop)
    return file


def _hold_back() -> None:
    """Limit the memory of this process, where the system can."""
    if sys.platform != "win32":  # the time limit holds there, this one does not
        import resource

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
