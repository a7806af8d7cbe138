"""`space.json` of a new model folder, and the known answers in it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.encode.folder import FORMAT
from cospace.files import write_bytes
from cospace.space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["known_answer", "write_record"]


def known_answer(given: str, row: NDArray[np.float32]) -> dict[str, str]:
    """The record of an input and the vector float32 [dim] that it gives.

    >>> import numpy as np
    >>> known_answer("a chair", np.float32([1, 0]))
    {'input': 'a chair', 'vector': 'AACAPwAAAAA='}
    """
    return {"input": given, "vector": base64.b64encode(row.astype("<f4").tobytes()).decode()}


def write_record(place: Path, space: Space) -> None:
    """Writes `space.json` to the folder."""
    record = {"format": FORMAT, **space.to_json()}
    write_bytes(place / "space.json", json.dumps(record, indent=1, ensure_ascii=False).encode())
