"""Google Gemini: gemini-embedding-001, through the SDK `google-genai` (Apache-2.0).

At most 100 inputs a request (the service refuses more) and 2,048 tokens an input. The service cuts
a longer text without a word, so texts that may be longer are counted first, by the service itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

from cospace.encode.hosted.base import Answer, Facts, Hosted, Sent
from cospace.encode.hosted.calls import HalfAnswer, Trouble, seconds
from cospace.limits import limit
from cospace.need import need

__all__ = ["Gemini"]

_OWN = "https://generativelanguage.googleapis.com"
_TASKS = {"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"}


class Gemini(Hosted):
    """An embedding model of the Gemini API, with its task types for queries and documents.

    The key is GOOGLE_API_KEY or GEMINI_API_KEY. Vectors of fewer than 3,072 numbers do not come
    at length one; they are brought to it.
    """

    SERVICE = "gemini"
    MODULE = "google.genai"
    EXTRA = "gemini"
    KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    WORKERS = 4
    CUTS = True
    MODELS: ClassVar = {
        # 80,000 bytes are about 20,000 tokens: a request that the service takes in one go.
        "gemini-embedding-001": Facts(
            (3072, *range(128, 3072)),
            tokens=2_048,
            inputs=100,
            bytes=80_000,
            preprocess={"task_types": _TASKS},
        ),
    }

    def _endpoint(self) -> str:
        url = os.environ.get("GOOGLE_GEMINI_BASE_URL", "").rstrip("/")
        return "" if url in ("", _OWN) else url

    def _make_client(self) -> Any:
        sdk = need("google.genai", extra="gemini")
        key = os.environ.get("GOOGLE_API_KEY") or os.environ.get("GEMINI_API_KEY")
        if not key:
            raise _NoKeyError
        return sdk.Client(
            vertexai=False,
            api_key=key,
            http_options={
                "base_url": self.endpoint or _OWN,
                "timeout": limit("service_ms"),
                "retry_options": {"attempts": 1},
            },
        )

    def ask(self, client: Any, inputs: Sequence[Sent], role: str) -> Answer:
        """One request."""
        given = client.models.embed_content(
            model=self.model,
            contents=[sent.text for sent in inputs],
            config={"task_type": _TASKS[role], "output_dimensionality": self.dim},
        )
        rows = [one.values for one in given.embeddings or ()]
        if any(row is None for row in rows):
            raise HalfAnswer("it gave an empty vector")
        usage = getattr(given.usage_metadata, "prompt_token_count", None)
        return Answer(rows, usage if isinstance(usage, int) else None)

    def is_cut(self, client: Any, sent: Sent) -> bool:
        """Whether the service cuts this text, by its own count of the tokens."""
        counted = client.models.count_tokens(model=self.model, contents=sent.text)
        return int(counted.total_tokens or 0) > self.facts.tokens

    def why(self, error: Exception) -> Trouble | None:
        """What an error of the SDK means; None for one that is not the SDK's."""
        sdk = need("google.genai.errors", extra="gemini")
        kind = type(error).__name__
        if isinstance(error, _NoKeyError):
            return Trouble("key", "there is no key; set GEMINI_API_KEY or GOOGLE_API_KEY")
        if isinstance(error, sdk.APIError):
            return _of_code(error)
        if isinstance(error, sdk.UnknownApiResponseError):
            return Trouble("down", "its answer cannot be read")
        # The SDK passes on the errors of its HTTP client, which one is its own affair.
        if "Timeout" in kind:
            return Trouble("down", f"no answer within {limit('service_ms') / 1000:g} s")
        if type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "requests"):
            return Trouble("down", f"{self.place} cannot be reached ({kind})")
        # What the SDK, pydantic and json stumble over, at an answer that is none.
        if isinstance(error, (AttributeError, KeyError, TypeError, ValueError)):
            return Trouble("down", f"its answer cannot be read ({kind})")
        return None


class _NoKeyError(Exception):
    """There is no key in the environment."""


def _of_code(error: Any) -> Trouble:
    code, reason = error.code, f"{error.message or error.status}"
    details = _details(error)
    if code in (401, 403) or any(one.get("reason") == "API_KEY_INVALID" for one in details):
        return Trouble("key", f"the key is refused ({code}); check GEMINI_API_KEY")
    if code == 429:
        broken = [v.get("quotaId", "") for one in details for v in one.get("violations", ())]
        if any("PerDay" in name for name in broken):
            return Trouble("quota", "the quota of the day is used up")
        wait = next((seconds(one["retryDelay"]) for one in details if "retryDelay" in one), None)
        headers = getattr(error.response, "headers", None) or {}
        return Trouble("busy", "too many requests or tokens a minute", wait or
                       seconds(headers.get("retry-after")))  # fmt: skip
    if code in (408, 499) or code >= 500:
        return Trouble("down", f"it answers {code} ({error.status})")
    if code == 404:
        return Trouble("model", f"it does not know the model ({reason})")
    return Trouble("input", reason)


def _details(error: Any) -> list[dict[str, Any]]:
    """The typed details of a Google error: RetryInfo, QuotaFailure, ErrorInfo."""
    try:
        found = error.details["error"]["details"]
        return [one for one in found if isinstance(one, dict)]
    except (AttributeError, KeyError, TypeError):
        return []
