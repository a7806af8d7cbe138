"""A command that is refused leaves no collection which it had to make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.errors import CospaceError

if TYPE_CHECKING:
    from cospace.cli.holding import Place

__all__ = ["unless_refused"]


@contextmanager
def unless_refused(place: Place) -> Iterator[None]:
    """A block that opens the collection at `place`, made if it is not there, and fills it.

    When it raises before anything is stored in a folder that was none, the folder goes again; so
    do the tables in a database.
    """
    from cospace.cli.holding import folder_at
    from cospace.store import postgres
    from cospace.store.remote.open import parsed

    folder = folder_at(place)
    if folder is None:
        with postgres.unless_refused(parsed(str(place))):
            yield
        return
    if (folder / "truth.sqlite").exists():
        yield
        return
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        with suppress(CospaceError, OSError):  # what was refused is what is told
            _take_away(folder, made)
        raise


def _take_away(folder: Path, made: list[Path]) -> None:
    """Empty the collection's folder if it holds nothing, and remove the folders that were made."""
    from cospace.files import remove, remove_empty
    from cospace.store.lock import Lock
    from cospace.store.opened import truth_path
    from cospace.store.truth import Truth

    if truth_path(folder).exists():  # else nothing in it is of us
        lock = Lock(folder / "lock")  # another process may have opened it meanwhile
        try:
            truth = Truth(truth_path(folder), read_only=True)
            counted = truth.counted()
            truth.close()
            if counted.items or counted.failures:
                return
            for path in folder.iterdir():
                remove(path)
        finally:
            lock.release()
    for path in made:
        remove_empty(path)
