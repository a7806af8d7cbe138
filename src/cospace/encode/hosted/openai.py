"""OpenAI: text-embedding-3-small and -large, through the SDK `openai` (Apache-2.0).

Limits, as the SDK documents them: at most 2,048 inputs and 300,000 tokens a request, 8,192 tokens
an input. A longer text is refused by the service.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from cospace.encode.hosted.base import Answer, Facts, Hosted, Sent
from cospace.encode.hosted.calls import HalfAnswer, Trouble, seconds
from cospace.limits import limit
from cospace.need import need

__all__ = ["OpenAI", "trouble_of"]

_OWN = "https://api.openai.com/v1"

# "maximum input length is 8192 tokens"; "maximum context length is 8192 tokens, however you ..."
_LONG = re.compile(r"maximum (?:input|context) length", re.IGNORECASE)


class OpenAI(Hosted):
    """A text model of OpenAI, or of a server that speaks the same and is named OPENAI_BASE_URL.

    The key is OPENAI_API_KEY. Raises `ModelNotFound`, `BadArgument` for a dimension that the
    model cannot give, and `MissingExtra`.
    """

    SERVICE = "openai"
    MODULE = "openai"
    EXTRA = "openai"
    KEYS = ("OPENAI_API_KEY",)
    WORKERS = 4
    MODELS: ClassVar = {
        "text-embedding-3-small": Facts(
            (1536, *range(1, 1536)), tokens=8_192, inputs=2_048, bytes=300_000
        ),
        "text-embedding-3-large": Facts(
            (3072, *range(1, 3072)), tokens=8_192, inputs=2_048, bytes=300_000
        ),
    }

    def _endpoint(self) -> str:
        url = os.environ.get("OPENAI_BASE_URL", "").rstrip("/")
        return "" if url in ("", _OWN) else url

    def _make_client(self) -> Any:
        sdk = need("openai", extra="openai")
        return sdk.OpenAI(
            base_url=self.endpoint or _OWN, max_retries=0, timeout=limit("service_ms") / 1000
        )

    def ask(self, client: Any, inputs: Sequence[Sent], role: str) -> Answer:
        """One request."""
        del role  # these models know no roles
        given = client.embeddings.create(
            model=self.model,
            input=[sent.text for sent in inputs],
            dimensions=self.dim,
            encoding_format="base64",
        )
        try:
            data = sorted(given.data, key=lambda one: one.index)
            rows = [_row(one.embedding) for one in data]
            places = [one.index for one in data]
        except (AttributeError, TypeError, ValueError, binascii.Error) as error:
            raise HalfAnswer(f"its answer cannot be read ({type(error).__name__})") from None
        if places != list(range(len(places))):
            raise HalfAnswer("it gave an input's vector twice, or left one out")
        tokens = getattr(getattr(given, "usage", None), "prompt_tokens", None)
        return Answer(rows, tokens if isinstance(tokens, int) else None)

    def why(self, error: Exception) -> Trouble | None:
        """What an error of the SDK means; None for one that is not the SDK's."""
        return trouble_of(error, self.place)


def trouble_of(error: Exception, place: str) -> Trouble | None:
    """What an error of the SDK means, where `place` was asked; None for one that is not its."""
    sdk = need("openai", extra="openai")
    if isinstance(error, sdk.APITimeoutError):
        return Trouble("down", f"no answer within {limit('service_ms') / 1000:g} s")
    if isinstance(error, sdk.APIConnectionError):
        return Trouble("down", f"{place} cannot be reached")
    if isinstance(error, sdk.APIStatusError):
        return _of_status(error)
    if isinstance(error, sdk.APIError):
        return Trouble("down", f"its answer cannot be read ({type(error).__name__})")
    if isinstance(error, sdk.OpenAIError):  # raised while the client is made
        return Trouble("key", "there is no key; set OPENAI_API_KEY")
    if isinstance(error, ValueError):  # json's, at an answer that is none
        return Trouble("down", f"its answer cannot be read ({type(error).__name__})")
    return None


def _of_status(error: Any) -> Trouble:
    status, code, reason = error.status_code, error.code or "", f"{error.message}"
    if status in (401, 403):
        return Trouble("key", f"the key is refused ({status}); check OPENAI_API_KEY")
    if status == 429 and code in ("insufficient_quota", "billing_hard_limit_reached"):
        return Trouble("quota", "the account's quota is used up (insufficient_quota)")
    if status == 429:
        wait = seconds(error.response.headers.get("retry-after"))
        return Trouble("busy", f"too many requests or tokens a minute ({code or 429})", wait)
    if status in (408, 409) or status >= 500:
        wait = seconds(error.response.headers.get("retry-after"))
        return Trouble("down", f"it answers {status}", wait)
    if status == 404:
        return Trouble("model", f"it does not know the model ({reason})")
    return Trouble("long" if _LONG.search(reason) else "input", reason)


def _row(embedding: Any) -> Any:
    """The numbers of one vector: base64 of float32, or a list from a server without base64."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    return embedding
