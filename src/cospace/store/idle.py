"""Something to do in the background, once nothing has happened for a while."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable

__all__ = ["Idle"]


class Idle:
    """Calls `action`, a method, when `wait_anew` was called and then not again for `seconds`.

    It runs in a thread of its own. The method's object is not kept alive for it.
    """

    def __init__(self, action: Callable[[], None], seconds: float) -> None:
        self._action = weakref.WeakMethod(action)
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._last = 0.0
        self._timer: threading.Timer | None = None

    def wait_anew(self) -> None:
        """Something has happened: wait anew."""
        with self._mutex:
            self._last = time.monotonic()
            if self._timer is None:
                self._start(self._seconds)

    def stop(self) -> None:
        """Forget what was to be done; a call that runs already is not waited for."""
        with self._mutex:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _start(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._fire)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # Python is ending, and starts no thread any more
            return
        self._timer = timer

    def _fire(self) -> None:
        with self._mutex:
            if self._timer is not threading.current_thread():
                return  # stopped a moment ago
            self._timer = None
            left = self._last + self._seconds - time.monotonic()
            if left > 0:
                self._start(left)
                return
        action = self._action()
        if action is not None:
            action()
