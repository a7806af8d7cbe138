"""A model's folder: written whole or not at all, and copied with what was loaded of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cospace.arguments import check_flag
from cospace.encode.folder import Folder, sha256_of
from cospace.encode.record import write_record
from cospace.errors import BadArgument, ModelDamaged, ModelNotFound
from cospace.files import check_room, copy_file, folder_beside, make_folder, move_folder
from cospace.space import Space, Tower

__all__ = ["beside", "copy_model", "copy_towers", "new_folder", "size_of"]

# What is copied besides the files that the record lists.
_BESIDE = ("LICENSE", "LICENCE", "NOTICE")


@contextmanager
def new_folder(folder: Path, size: int, *, replace: bool) -> Iterator[Path]:
    """A folder to write about `size` bytes into; it becomes `folder` when the block ends well.

    Raises `BadArgument` where something stands already that is no empty folder, unless `replace`;
    `DiskFull`.
    """
    replace = check_flag("replace", replace)
    if folder.exists() and not replace and (not folder.is_dir() or any(folder.iterdir())):
        raise BadArgument(f"{folder}: it exists already; name another, or replace it")
    check_room(folder.parent, size)
    with folder_beside(folder, "cospace-model") as made:
        yield made
        move_folder(made, folder)


def copy_model(source: Folder, space: Space, folder: Path, *, replace: bool) -> Path:
    """The towers of `space`, of the model in `source`, in a folder of their own; its path.

    Raises as `new_folder`; `ModelNotFound` when the files of `source` have gone, `ModelDamaged`
    when they are not those that were loaded.
    """
    with new_folder(folder, size_of(source, space.towers), replace=replace) as made:
        copy_towers(source, space.towers, made)
        for file in beside(source):
            copy_file(file, made / file.name)
        write_record(made, space)
    return folder


def size_of(source: Folder, towers: Iterable[Tower]) -> int:
    """How many bytes the files of some towers have.

    Raises `ModelNotFound` when the folder has gone, `ModelDamaged` when one of the files has.
    """
    if not source.path.is_dir():
        name = source.space.name
        raise ModelNotFound(f"{source.path}: the folder that {name} was loaded from has gone")
    files = [source.path / name for name in {name for tower in towers for name in tower.files}]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise ModelDamaged(f"{missing[0]}: it has gone. Install the model again")
    return sum(file.stat().st_size for file in files)


def copy_towers(source: Folder, towers: Iterable[Tower], made: Path) -> None:
    """Copies the files of some towers of `source` into `made`.

    Raises `ModelDamaged` for a file that is not the one that was loaded.
    """
    for name, expected in {n: sha for tower in towers for n, sha in tower.files.items()}.items():
        make_folder((made / name).parent)
        copy_file(source.path / name, made / name)
        if sha256_of(made / name) != expected:
            raise ModelDamaged(f"{source.path / name}: it changed. Install the model again")


def beside(folder: Folder) -> list[Path]:
    """The licences and notices in a model's folder."""
    return [file for file in folder.path.iterdir() if file.name.startswith(_BESIDE)]
