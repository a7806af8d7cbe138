"""Sessions of browsers: a cookie that only this token can have made, until a moment in it."""

from __future__ import annotations

import hashlib
import hmac
import time

__all__ = ["COOKIE", "SECONDS", "Sessions"]

COOKIE = "cospace_session"
SECONDS = 7 * 24 * 3600


class Sessions:
    """Makes and checks cookies. They outlive a restart of the server, not a change of its token.

    >>> own = Sessions("a token of sixteen or more")
    >>> own.hold(f"{COOKIE}={own.made()}".encode()), own.hold(b"cospace_session=9999999999.00")
    (True, False)
    """

    def __init__(self, token: str) -> None:
        self._key = hashlib.sha256(b"cospace session\n" + token.encode()).digest()

    def made(self) -> str:
        """The value of a new cookie."""
        until = str(int(time.time()) + SECONDS)
        return f"{until}.{self._sign(until)}"

    def hold(self, header: bytes) -> bool:
        """Whether a Cookie header has a cookie of ours that has not ended."""
        for pair in header.decode("latin-1").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE:
                until, _, given = value.partition(".")
                right = hmac.compare_digest(given.encode("latin-1"), self._sign(until).encode())
                return right and until.isascii() and until.isdigit() and int(until) > time.time()
        return False

    def _sign(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), hashlib.sha256).hexdigest()
