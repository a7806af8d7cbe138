"""A request, until it is answered: what is tried again, how long is waited, how it is reported.

The SDKs' own retries are off; these are the only ones. The pause before attempt n is drawn from
the upper half of 0.5 * 2**n seconds (exponential backoff with jitter), and is never shorter than
what the service asks for in Retry-After.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from cospace.errors import (
    CospaceError,
    KeyRefused,
    ModelNotFound,
    QuotaExceeded,
    ServiceDown,
    ServiceError,
)
from cospace.limits import limit

__all__ = ["HalfAnswer", "Refused", "Trouble", "answer", "seconds", "without_keys"]

T = TypeVar("T")

# The longest pause of our own making, in seconds.
_LONGEST = 30.0

# Environment variables that hold secrets of the services, none of which may be shown.
_SECRETS = (
    "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip


@dataclass(frozen=True)
class Trouble:
    """Why a request failed.

    `kind` is "key", "quota" (no more today), "busy" (too many at once), "down", "input" (the
    input is refused), "long" (it has too many tokens), "model" (no such model) or "other".
    `wait` are the seconds that the service asks to wait; `ratio` is how much of a long text it
    would take, where it says so.
    """

    kind: str
    reason: str
    wait: float | None = None
    ratio: float | None = None


class Refused(Exception):
    """The input itself is refused; the request is not tried again as it is."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


class HalfAnswer(Exception):
    """An answer with too few vectors, of a wrong length, with NaN, or that is no answer at all."""


def answer(
    request: Callable[[], T],
    why: Callable[[Exception], Trouble | None],
    service: str,
    sleep: Callable[[float], object],
) -> T:
    """What `request` gives, tried again while that can help. `why` reads the SDK's errors.

    `sleep` waits so many seconds; it gives True when there is no sense in going on.

    Raises `KeyRefused`, `QuotaExceeded`, `ServiceDown`, `ModelNotFound`, `ServiceError`, and
    `Refused` for the caller to deal with. None of them carries the SDK's error, nor a key.
    """
    attempts = max(1, limit("service_attempts"))
    for attempt in range(1, attempts + 1):
        trouble: Trouble | None
        try:
            return request()
        except HalfAnswer as error:
            trouble = Trouble("down", str(error))
        except CospaceError:
            raise
        except Exception as error:
            trouble = why(error)
            if trouble is None:
                raise
        # Outside of the except block: the SDK's error, which may show the key, is not chained.
        if trouble.kind in ("input", "long"):
            raise Refused(trouble)
        if trouble.kind not in ("busy", "down"):
            raise _as_error(trouble, service, attempt)
        pause = min(_LONGEST, 0.5 * 2**attempt) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        pause = max(pause, trouble.wait or 0.0)
        if attempt == attempts or pause > limit("service_wait"):
            raise _as_error(trouble, service, attempt)
        if sleep(pause):  # nobody waits for the answer any more
            raise _as_error(trouble, service, attempt)
    raise AssertionError("the last attempt returns or raises")


def _as_error(trouble: Trouble, service: str, attempts: int) -> CospaceError:
    """The error that is raised: what happened, and what to do."""
    reason = without_keys(trouble.reason)[:400]
    after = f", after {attempts} attempts" if attempts > 1 else ""
    again = "What it gave is in the cache: run it again later, and only the rest is paid for"
    if trouble.kind == "key":
        return KeyRefused(f"{service}: {reason}")
    if trouble.kind == "model":
        return ModelNotFound(f"{service}: {reason}")
    if trouble.kind in ("quota", "busy"):
        wait = f"; it asks to wait {trouble.wait:.0f} s" if trouble.wait else ""
        return QuotaExceeded(f"{service}: {reason}{wait}{after}. {again}")
    if trouble.kind == "down":
        return ServiceDown(f"{service}: {reason}{after}. {again}")
    return ServiceError(f"{service}: {reason}")


def without_keys(text: str) -> str:
    """`text` without the keys of the environment, nor anything that looks like one.

    >>> without_keys("Incorrect API key provided: sk-proj-abcd***wxyz.")
    'Incorrect API key provided: ***'
    """
    for name in _SECRETS:
        value = os.environ.get(name, "").strip()
        if value:
            text = text.replace(value, "***")
    text = re.sub(r"\b(?:sk-|AIza|AKIA|ASIA)[\w*.\-]{4,}", "***", text)
    return " ".join(text.split())


def seconds(text: object) -> float | None:
    """The seconds of a Retry-After header ("7", "7.5", or a date) or of a duration ("7s"), or None.

    A date is held against the clock of this machine; one that has passed is 0 seconds away.
    """
    given = str(text or "").strip()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*s?", given)
    if match:
        return float(match[1])
    try:
        until = parsedate_to_datetime(given)
    except (TypeError, ValueError, OverflowError):
        return None
    # RFC 9110: a date of HTTP is in GMT, also where it does not say so.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
