"""Motion: the readings of an accelerometer and a gyroscope, as rows of six numbers."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem
from cospace.read.finite import check_finite
from cospace.read.media import is_stored, media_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHANNELS", "read_motion"]

CHANNELS = 6

# Fewer rows than this are no movement.
_LEAST = 10


def read_motion(source: Any, name: str = "", *, data: bytes | None = None) -> NDArray[np.float64]:
    """The readings float64 [rows, 6] of a CSV file or an array.

    The columns are the accelerometer's x, y, z and the gyroscope's x, y, z, evenly spaced in
    time. A first line that holds no number is a header. `data` are the bytes of the file, when
    they have been read already.

    Raises `BadItem` that names the line which has not six finite numbers.

    >>> read_motion(b"ax,ay,az,gx,gy,gz\\n" + b"0,0,9.8,0,0,0\\n" * 20).shape
    (20, 6)
    """
    if isinstance(source, np.ndarray):
        good = source.dtype.kind in "fiu" and source.ndim == 2 and source.shape[1] == CHANNELS
        rows: NDArray[np.float64] = source.astype(np.float64) if good else np.empty((0, CHANNELS))
        if not good:
            raise BadItem(
                name,
                f"readings as an array are [rows, {CHANNELS}] of finite numbers, not"
                f" {source.dtype} {list(source.shape)}",
            )
        check_finite(rows, name, ("row", "column"))
    elif is_stored(source):
        rows = _table(media_bytes("imu", source, name) if data is None else data, name)
    else:
        raise BadItem(
            name,
            "the imu part is the Path of a CSV file, its bytes, or an array, not"
            f" {type(source).__name__}",
        )
    if len(rows) < _LEAST:
        raise BadItem(name, f"holds {len(rows)} readings; at least {_LEAST} are needed")
    return rows


def _table(data: bytes, name: str) -> NDArray[np.float64]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadItem(name, f"byte {error.start:,} is not UTF-8; expected a CSV file") from None
    rows: list[list[float]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
            values = [_number(cell) for cell in cells]
            if not cells or (number == 1 and all(value is None for value in values)):
                continue
            found = [value for value in values if value is not None]
            if len(values) != CHANNELS or len(found) != CHANNELS:
                raise BadItem(
                    name,
                    f"line {number} holds {','.join(cells)[:80]!r}; expected {CHANNELS} numbers:"
                    " accelerometer x, y, z and gyroscope x, y, z, without a column of times",
                )
            rows.append(found)
    except csv.Error as error:
        raise BadItem(name, f"the CSV file cannot be read: {error}") from error
    return np.array(rows, np.float64).reshape(-1, CHANNELS)


def _number(cell: str) -> float | None:
    """The finite number in a cell, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
