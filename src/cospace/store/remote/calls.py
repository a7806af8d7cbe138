"""Calls to a store elsewhere: one time limit, our own retries, failures in our own words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cospace.errors import CospaceError, StorageError, StoreUnreachable
from cospace.store.remote.address import Address

__all__ = ["Calls"]

T = TypeVar("T")
_FIRST_WAIT = 0.05  # seconds before the second try; doubled each time
_LONGEST_WAIT = 1.0


class Calls:
    """Makes each call within `address.timeout` seconds, again where the failure will pass.

    `passes(error)` says whether a failure is of the connection, or of a moment: then the call is
    made again, so it must be one that may be made twice. `refused(error)` says that a key is
    missing or wrong. All else is told as `StorageError`, with the store's own words.
    """

    def __init__(
        self,
        address: Address,
        *,
        passes: Callable[[Exception], bool],
        refused: Callable[[Exception], bool] = lambda _: False,
        keys: str = "",
    ) -> None:
        self.address = address
        self._passes, self._refused, self._keys = passes, refused, keys

    def __call__(self, call: Callable[[float], T]) -> T:
        """What `call(seconds)` gives, which must itself end within the seconds that are left.

        Raises `StoreUnreachable` or `StorageError`; what cospace raises itself passes through.
        """
        end = time.monotonic() + self.address.timeout
        wait = _FIRST_WAIT
        while True:
            left = end - time.monotonic()
            try:
                return call(max(left, 0.001))
            except (CospaceError, MemoryError):
                raise
            except Exception as error:
                if self._refused(error):
                    raise StoreUnreachable(
                        f"{self.address}: the store did not take the key ({_short(error)});"
                        f" {self._keys or 'it takes none that cospace could give'}"
                    ) from error
                if not self._passes(error):
                    raise StorageError(f"{self.address}: {_short(error)}") from error
                if time.monotonic() + wait >= end:
                    raise StoreUnreachable(
                        f"{self.address}: no answer within {self.address.timeout:g} s"
                        f" ({_short(error)}). Is the server running, and the address right? A"
                        " slower one needs ?timeout=SECONDS"
                    ) from error
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def _short(error: Exception) -> str:
    """The first line of what was said, without what a log repeats."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:300] if said else type(error).__name__
