"""Chat: a text written by a model that speaks OpenAI's protocol, in pieces as they come.

Through the SDK `openai` (Apache-2.0). The server may be OpenAI's, or one of your own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from cospace.encode.hosted.calls import Refused, Trouble, answer, without_keys
from cospace.encode.hosted.openai import trouble_of
from cospace.errors import BadArgument, ServiceDown, ServiceError
from cospace.limits import limit
from cospace.need import need

__all__ = ["Chat"]


class Chat:
    """The chat model `model` of the server at `url`, such as "http://localhost:11434/v1".

    Called with instructions and a prompt, it gives the text in pieces. The key is
    OPENAI_API_KEY; servers of your own mostly need none.

    Raises `BadArgument` for what is no address, and `MissingExtra`.
    """

    def __init__(self, url: str, model: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise BadArgument(f"the address of a chat server begins with http, not {url!r:.80}")
        if not model:
            raise BadArgument("name the chat model")
        self.url, self.model = url.rstrip("/"), model
        self._sdk = need("openai", extra="openai")

    def __call__(self, instructions: str, prompt: str) -> Iterator[str]:
        """The pieces of the text, as they come.

        Raises `KeyRefused`, `ModelNotFound`, `QuotaExceeded`, `ServiceDown`, `ServiceError`. What
        breaks off in the middle is not begun again.
        """
        import time

        client = self._sdk.OpenAI(
            base_url=self.url,
            api_key=os.environ.get("OPENAI_API_KEY", "").strip() or "none",
            max_retries=0,
            timeout=limit("service_ms") / 1000,
        )
        messages = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": prompt},
        ]
        with client:
            try:
                stream = answer(
                    lambda: client.chat.completions.create(
                        model=self.model, messages=messages, stream=True, temperature=0
                    ),
                    self._why,
                    "chat",
                    time.sleep,
                )
            except Refused as refused:
                raise ServiceError(f"chat: {without_keys(refused.trouble.reason)[:300]}") from None
            yield from self._pieces(stream)

    def _pieces(self, stream: Any) -> Iterator[str]:
        """The texts of a stream; one that ends before its end is an error, not a short answer."""
        ended = False
        reason = ""
        try:
            for event in stream:
                for choice in event.choices[:1]:
                    ended = ended or choice.finish_reason is not None
                    reason = choice.finish_reason or reason
                    if choice.delta.content:
                        yield choice.delta.content
        except Exception as error:
            trouble = self._why(error)
            if trouble is None:
                raise
        else:
            trouble = None if ended else Trouble("down", "it stopped in the middle")
            if reason == "length":
                trouble = Trouble("down", "it stopped at its limit of tokens")
        if trouble is not None:
            raise ServiceDown(f"chat: {without_keys(trouble.reason)[:300]}; ask again")

    def _why(self, error: Exception) -> Trouble | None:
        return trouble_of(error, self.url)
