"""The one module that reads a model's files. Nothing passes that fails its hash.

A model folder holds `space.json` (its identity, with the sha256 of every other file), and for
each tower a graph (OpenVINO IR) with what prepares its input. No file in it can run code.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cospace.errors import BadInput, FormatTooNew, ModelDamaged, ModelNotFound
from cospace.limits import limit
from cospace.need import UPGRADE
from cospace.space import Space, Tower

__all__ = [
    "FORMAT", "Folder", "check_types", "open_folder", "read_record", "read_space", "read_weights",
    "sha256_of",
]  # fmt: skip

FORMAT = 1

_FILE = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*){0,3}", re.ASCII)

# What was found sound in this process: (path, size, time of change in ns, sha256).
_sound: set[tuple[str, int, int, str]] = set()


@dataclass(frozen=True)
class Folder:
    """A model folder whose files were all found sound when it was opened."""

    path: Path
    space: Space

    @property
    def dim(self) -> int:
        """The numbers that the towers give: as many as their known answers have.

        More than those of the space are a model that was saved with `dim=`.
        """
        answers = [answer for tower in self.space.towers for answer in tower.canaries]
        # Four characters hold three bytes, less one for each = at the end; four bytes, a number.
        known = [len(a["vector"].rstrip("=")) * 3 // 16 for a in answers[:1]]
        return max([self.space.dim, *known])

    def tower(self, kind: str) -> Tower:
        """The tower for parts of `kind`; KeyError when there is none."""
        return {t.kind: t for t in self.space.towers}[kind]

    def read(self, tower: Tower, name: str) -> bytes:
        """The bytes of one of the tower's files: exactly those whose hash was checked.

        Raises `ModelDamaged` when the file is missing, unlisted or changed.
        """
        expected = tower.files.get(name)
        if expected is None:
            raise ModelDamaged(f"{self.path}: space.json lists no hash for {name!r}")
        file = _inside(self.path, name)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise _missing(file, error) from error
        _compare(file, expected, hashlib.sha256(data).hexdigest())
        return data


def open_folder(path: Path) -> Folder:
    """The model folder at `path`, after the hash of every file that it lists was checked.

    Raises `ModelNotFound` for a folder without `space.json`, `ModelDamaged` for a record that
    cannot be read and for a file that is missing or changed (with both hashes), and
    `FormatTooNew` for a folder that a newer cospace wrote.
    """
    space = read_space(path)
    for tower in space.towers:
        without = tower.family in ("static", "words") or any(
            name.startswith("torch/") for name in tower.files
        )
        if tower.graph not in tower.files and (tower.graph or not without):
            raise ModelDamaged(f"{path}: space.json lists no hash for the graph {tower.graph!r}")
        for name, expected in tower.files.items():
            _check(_inside(path, name), expected)
    return Folder(path, space)


def read_record(path: Path, name: str) -> Any:
    """The JSON in a small file of a folder that is no model, such as a combiner's.

    Raises `ModelNotFound` where it is missing, `ModelDamaged` where it cannot be read.
    """
    file = path / name
    try:
        if file.stat().st_size > limit("model_record_bytes"):
            raise ModelDamaged(f"{file}: longer than {limit('model_record_bytes'):,} bytes")
        return json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(f"{path}: there is no {name} in it") from None
    except OSError as error:
        raise _missing(file, error) from error
    except (ValueError, RecursionError) as error:
        raise ModelDamaged(f"{file}: not a record ({error})") from error


def read_weights(path: Path, name: str, expected: str) -> bytes:
    """The bytes of a file in such a folder. Raises `ModelDamaged` unless it has this sha256."""
    file = _inside(path, name)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _missing(file, error) from error
    _compare(file, expected, hashlib.sha256(data).hexdigest())
    return data


def sha256_of(file: Path) -> str:
    """sha256, in hex, of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_space(path: Path) -> Space:
    """The space of the model folder at `path`, by its record alone: no other file is looked at.

    Raises as `open_folder` does for a record.
    """
    file = path / "space.json"
    try:
        if file.stat().st_size > limit("model_record_bytes"):
            raise ModelDamaged(f"{file}: longer than {limit('model_record_bytes'):,} bytes")
        text = file.read_bytes()
    except OSError as error:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise _missing(file, error) from error
        hint = ""
        if any((path / name).exists() for name in ("config.json", "model.safetensors")):
            hint = f". This is a torch model; take it over once: cospace models add {path}"
        raise ModelNotFound(f"{path}: not a model folder, it has no space.json{hint}") from None
    try:
        record = json.loads(text)
        version = record["format"]
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ModelDamaged(f"{file}: the format is a number from 1, not {version!r}")
        if version > FORMAT:
            raise FormatTooNew(
                f"{file}: format {version}; this cospace reads up to {FORMAT}."
                f" Install a newer one; {UPGRADE}"
            )
        space = Space.from_json(record)
        check_types(space)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, BadInput) as error:
        raise ModelDamaged(f"{file}: not a model's record ({error})") from error
    return space


def check_types(space: Space) -> None:
    """Raises TypeError or ValueError when a field holds something else than it should."""
    if not space.towers:
        raise ValueError("it has no towers")
    if len(set(space.kinds)) < len(space.kinds):
        raise ValueError("two towers are of one kind")
    for tower in space.towers:
        texts: list[Any] = [space.name, tower.kind, tower.model, tower.graph, tower.precision]
        texts.append(tower.teacher)
        texts += [*tower.files, *tower.files.values(), *tower.prompts.values()]
        texts += [answer[key] for answer in tower.canaries for key in ("input", "vector")]
        wrong = [value for value in texts if not isinstance(value, str)]
        if wrong:
            raise TypeError(f"expected a string, found {wrong[0]!r}")
        trained = dict(tower.preprocess).get("matryoshka") or []
        if not isinstance(trained, list) or not all(type(dim) is int for dim in trained):
            raise TypeError(f"matryoshka is a list of dimensions, not {trained!r}")


def _inside(path: Path, name: str) -> Path:
    """The file called `name` in the folder; a name that leads out of it is refused."""
    if not _FILE.fullmatch(name):
        raise ModelDamaged(f"{path}: {name!r} is not the name of a file in a model folder")
    file = path / name
    if not file.resolve().is_relative_to(path.resolve()):
        raise ModelDamaged(f"{file}: a link that leads out of the model folder")
    return file


def _check(file: Path, expected: str) -> None:
    try:
        with file.open("rb") as stream:
            if not file.is_file():
                raise ModelDamaged(f"{file}: not a regular file")
            status = file.stat()
            key = (str(file.resolve()), status.st_size, status.st_mtime_ns, expected)
            if key in _sound:
                return
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _missing(file, error) from error
    _compare(file, expected, found)
    _sound.add(key)


def _compare(file: Path, expected: str, found: str) -> None:
    if found != expected:
        raise ModelDamaged(
            f"{file}: the file is damaged. Its sha256 is {found}, space.json expects {expected}."
            " Install the model again"
        )


def _missing(file: Path, error: OSError) -> ModelDamaged:
    return ModelDamaged(f"{file}: the file is missing or unreadable ({error.strerror})")
