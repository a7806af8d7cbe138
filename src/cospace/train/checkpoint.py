"""Checkpoints: the state of a training after an epoch, on disk, for it to go on from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cospace.arguments import check_path
from cospace.encode.words.tensors import parse_tensors, write_tensors
from cospace.errors import BadArgument, ModelDamaged
from cospace.files import check_room, make_folder, storage_errors, writing
from cospace.train.options import Settings

if TYPE_CHECKING:
    from cospace.train.corpus import Corpus

__all__ = ["Checkpoint"]

_FILE = "training.state"


class Checkpoint:
    """The folder of one training: the same corpus, settings and way to compute."""

    def __init__(self, folder: str | os.PathLike[str], corpus: Corpus, settings: Settings) -> None:
        self.folder = check_path("folder", folder)
        self._file = self.folder / _FILE
        record = [corpus.fingerprint, settings.to_json()]
        self._key = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

    def save(self, epochs: int, state: Mapping[str, Any]) -> None:
        """Keeps the state after `epochs` whole epochs, in place of the one before."""
        make_folder(self.folder)
        check_room(self.folder, sum(tensor.nbytes for tensor in state.values()))
        with writing(self._file) as stream:
            stream.write(f"{self._key} {epochs:>12}\n".encode())
            write_tensors(stream, state)

    def load(self) -> tuple[int, dict[str, Any]]:
        """(epochs done, the state), or (0, {}) where there is none yet.

        The folder is made where it is missing, so that one that cannot be is told before an epoch
        is lost. Raises `BadArgument` for that of another training, `StorageError` for a place
        where no folder can be, `ModelDamaged` for a broken file.
        """
        make_folder(self.folder)
        with storage_errors(self._file):
            if not self._file.exists():
                return 0, {}
            data = self._file.read_bytes()
        line, _, rest = data.partition(b"\n")
        key, _, epochs = line.decode("ascii", "replace").partition(" ")
        if key != self._key:
            raise BadArgument(
                f"{self.folder}: the checkpoint is of another corpus, or of other settings;"
                " name another folder, or remove it"
            )
        try:
            return int(epochs), parse_tensors(rest)
        except (ValueError, KeyError, TypeError) as error:
            raise ModelDamaged(f"{self._file}: the checkpoint is damaged ({error})") from error
