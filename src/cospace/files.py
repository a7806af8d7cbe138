"""The one module that writes files. Whole or not at all: temp file, fsync, rename, fsync.

SQLite and the vector engine write their own files; everything else of cospace goes through here.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from cospace.errors import DiskFull, DurabilityError, StorageError
from cospace.limits import limit

__all__ = [
    "blocks",
    "check_room",
    "check_writable",
    "copy_folder",
    "folder_beside",
    "hidden",
    "make_folder",
    "move_folder",
    "on_disk",
    "remove",
    "remove_empty",
    "remove_left",
    "scratch",
    "storage_errors",
    "write_bytes",
    "writing",
]

if sys.platform != "win32":
    import fcntl
    import pwd

_OWN = re.compile("[0-9a-f]{8}")  # the part of a hidden name that nobody else has
_EFFECTIVE = os.access in os.supports_effective_ids
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {
    errno.EACCES, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR,
    errno.EEXIST, errno.EFBIG, errno.EPERM, errno.EROFS,
}  # fmt: skip


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """A block in which a failing disk raises `DiskFull`, `DurabilityError`, `StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            free = free_bytes(path)
            raise DiskFull(f"{path}: the disk is full ({free:,} bytes free)", free=free) from error
        if error.errno == errno.EIO:
            raise DurabilityError(f"{path}: the disk did not confirm a write ({error})") from error
        if error.errno in _REFUSED:
            whose = _whose(path) if error.errno in (errno.EACCES, errno.EPERM) else ""
            raise StorageError(f"{path}: cannot be written ({error.strerror}){whose}") from error
        raise


def check_writable(folder: Path) -> None:
    """Raises `StorageError` where this user may not write a folder, what is in it, or one deeper.

    So a collection of somebody else's is refused as it is opened, and not at the first search.
    """
    for path in (folder, *folder.iterdir(), *folder.glob("*/*")):
        if path.exists() and not os.access(path, os.W_OK, effective_ids=_EFFECTIVE):
            raise StorageError(
                f"{path}: cannot be written ({os.strerror(errno.EACCES)}){_whose(path)}"
            )


def _whose(path: Path) -> str:
    """Who owns a path, or the folder that it would be in, where that is not who runs this."""
    if sys.platform == "win32":
        return ""
    while not path.exists() and path != path.parent:
        path = path.parent
    owner, user = path.stat().st_uid, os.geteuid()
    if owner == user:
        return ""
    return (
        f": {path.name} belongs to {_user(owner)}, and this runs as {_user(user)}."
        " Run it as the owner, or give it away with chown -R"
    )


def _user(number: int) -> str:
    if sys.platform != "win32":
        with suppress(KeyError):  # as in a container
            return pwd.getpwuid(number).pw_name
    return f"user {number}"


def hidden(path: Path, ending: str) -> Path:
    """A hidden name next to `path` that nobody else uses, in this process or another."""
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.{ending}")


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears at `path` whole when the block ends, and not at all when it fails.

    Of several that write to one path at the same time, the last to end stays. What a killed one
    left goes when the next begins.
    """
    remove_left(path)
    with storage_errors(path):
        temporary, file = _begun(path)
    try:
        with storage_errors(path):
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if sys.platform != "win32":
                    temporary.replace(path)  # while it is locked
            if sys.platform == "win32":  # which moves no open file
                temporary.replace(path)
            sync_folder(path.parent)
    finally:
        with suppress(OSError):  # it is there no more, or cannot be taken away
            temporary.unlink()


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """A new file next to `path`, locked: `remove_left` leaves it."""
    while True:
        temporary = hidden(path, "tmp")
        file = temporary.open("xb")
        if sys.platform != "win32":
            with suppress(OSError):  # a disk without locks: what is left there stays
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        if temporary.exists():  # nobody took it away before it was locked
            return temporary, file
        file.close()


def remove_left(path: Path) -> None:
    """Remove the temporary files next to `path` that killed writers of it left.

    Who writes holds a lock on its file; a file that is locked, or that is none of ours, stays.
    """
    with suppress(OSError):  # there is no such folder, or it cannot be read
        for left in path.parent.iterdir():
            own = left.name.removeprefix(f".{path.name}.").removesuffix(".tmp")
            if f".{path.name}.{own}.tmp" == left.name and _OWN.fullmatch(own):
                with suppress(OSError):  # somebody writes it, or it cannot be taken away
                    _remove_unlocked(left)


def _remove_unlocked(path: Path) -> None:
    if sys.platform == "win32":  # it has no such locks, and an open file cannot be taken away
        path.unlink()
    else:
        # Neither a link nor a pipe is ours.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            found = os.fstat(file)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(file)


@contextmanager
def folder_beside(path: Path, ending: str) -> Iterator[Path]:
    """A new hidden folder next to `path`, to be moved there; it goes with the block.

    What killed ones left goes when the next begins: folders of the same ending, whatever they
    were to become, that are nobody's any more. So an ending is used for one purpose alone.
    """
    _remove_left_folders(path.parent, ending)
    made, lock = _begun_folder(path, ending)
    try:
        yield made
    finally:
        try:
            remove(made)
        finally:
            if lock is not None:
                os.close(lock)


def _begun_folder(path: Path, ending: str) -> tuple[Path, int | None]:
    """A new folder next to `path`, and what holds its lock; on Windows a folder has none."""
    while True:
        made = hidden(path, ending)
        try:
            make_folder(made)
        except BaseException:
            remove(made)
            raise
        if sys.platform != "win32":
            with suppress(FileNotFoundError):  # somebody took it away before it was locked
                lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
                with suppress(OSError):  # a disk without locks: what is left there stays
                    fcntl.flock(lock, fcntl.LOCK_EX)
                if made.exists():
                    return made, lock
                os.close(lock)
        else:
            return made, None


def _remove_left_folders(parent: Path, ending: str) -> None:
    if sys.platform == "win32":
        return
    ours = re.compile(rf"\..+\.[0-9a-f]{{8}}\.{re.escape(ending)}")
    with suppress(OSError):  # there is no such folder, or it cannot be read
        for left in filter(lambda one: ours.fullmatch(one.name), parent.iterdir()):
            with suppress(OSError, StorageError):  # it is being written, or cannot be taken away
                _remove_unlocked_folder(left)


def _remove_unlocked_folder(path: Path) -> None:
    if sys.platform != "win32":
        folder = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            if os.fstat(folder).st_uid == os.geteuid():
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)
        finally:
            os.close(folder)


def scratch() -> IO[bytes]:
    """A nameless file for what does not fit memory; it goes when it is closed."""
    return tempfile.TemporaryFile(prefix="cospace-")


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, durably and whole."""
    with writing(path) as file:
        file.write(data)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's bytes, durably and whole."""
    with source.open("rb") as read, writing(target) as file:
        shutil.copyfileobj(read, file, 1 << 20)


def copy_folder(source: Path, target: Path) -> None:
    """Copy what is in a folder, to be thrown away later: without a sync, and keeping holes."""
    with storage_errors(target):
        for path in sorted(source.rglob("*")):
            to = target / path.relative_to(source)
            if path.is_file():
                to.parent.mkdir(parents=True, exist_ok=True)
                _copy_sparse(path, to)


def _copy_sparse(source: Path, target: Path) -> None:
    with source.open("rb", buffering=0) as read, target.open("xb", buffering=0) as write:
        size = os.fstat(read.fileno()).st_size
        for at, block in blocks(read.fileno(), size):
            if block.strip(b"\0"):
                os.lseek(write.fileno(), at, os.SEEK_SET)
                write.write(block)
        write.truncate(size)


_BLOCK = 1 << 18


def blocks(file: int, size: int) -> Iterator[tuple[int, bytes]]:
    """The blocks of an open file and their places; those in its holes are left out."""
    at = 0
    while at < size:
        if hasattr(os, "SEEK_DATA"):
            try:
                at = os.lseek(file, at, os.SEEK_DATA) // _BLOCK * _BLOCK
            except OSError:  # holes up to the end
                return
        os.lseek(file, at, os.SEEK_SET)
        block = os.read(file, _BLOCK)
        if not block:
            return
        yield at, block
        at += _BLOCK


def make_folder(path: Path) -> None:
    """Make the folder, and its parents, and make that durable."""
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file or a whole folder; nothing happens when it is not there.

    Raises `StorageError` where that may not be.
    """
    with storage_errors(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing. Raises `OSError` where it holds something."""
    folder.rmdir()


def on_disk(path: Path) -> int:
    """Bytes that a file, or a folder with all in it, takes; what goes meanwhile is left out.

    Files of the vector engine are longer than that: they have holes.
    """
    size = _allocated(path)
    for at, folders, files in os.walk(path):  # `rglob` raises where a folder goes
        size += sum(_allocated(Path(at, name)) for name in folders + files)
    return size


def _allocated(path: Path) -> int:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return 0
    return getattr(found, "st_blocks", found.st_size // 512) * 512


def move_folder(made: Path, target: Path, *, sync: bool = True) -> None:
    """Bring the folder `made` to `target`, whole; what was there goes.

    It is durable on return, but not without `sync`.
    """
    moved: list[Path] = []
    with storage_errors(target):
        for file in made.rglob("*") if sync else ():
            if file.is_file():
                with file.open("rb+") as stream:
                    os.fsync(stream.fileno())
        while not _moved(made, target, moved):
            pass
        sync_folder(target.parent)
    for old in moved:
        remove(old)


def _moved(made: Path, target: Path, moved: list[Path]) -> bool:
    """Whether `made` is at `target`; false when another folder came there in between.

    What stood there goes to a name in `moved`, and comes back when `made` cannot be moved.
    """
    with suppress(FileNotFoundError):
        old = hidden(target, "old")
        target.rename(old)
        moved.append(old)
    try:
        made.rename(target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            return False
        if moved:
            moved.pop().rename(target)
        raise
    return True


def sync_folder(path: Path) -> None:
    """Make renames in `path` durable, on systems where a folder can be synced."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(path: Path) -> int:
    """Bytes left for this user on the disk that holds `path`."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def check_room(path: Path, need: int = 0, *, floor: int | None = None) -> None:
    """Raises `DiskFull` when fewer than `need` bytes and the floor of limits.py are left."""
    free = free_bytes(path)
    floor = limit("free_bytes") if floor is None else floor
    if free < need + floor:
        raise DiskFull(
            f"{path}: {free:,} bytes are free; this needs {need:,} and a reserve of {floor:,}"
            " (COSPACE_LIMIT_FREE_BYTES). Free some space and try again: nothing was written",
            need=need,
            free=free,
        )
