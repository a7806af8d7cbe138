"""A chat server on this machine that speaks OpenAI's protocol; the real SDK is pointed at it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from loopback import Asked, OpenAIService, Reply


class ChatService(OpenAIService):
    """Streams `says` in pieces of a few letters. `script` holds what the next requests get.

    The word "break" in a script ends the stream before its end, "length" at the limit of tokens.
    """

    def __init__(self, says: str = "") -> None:
        super().__init__()
        self.says = says

    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        assert "/v1/chat/completions" == path
        assert {"model", "messages", "stream", "temperature"} == set(body)
        assert (True, 0) == (body["stream"], body["temperature"])
        assert ["system", "user"] == [one["role"] for one in body["messages"]]
        assert all(set(one) == {"role", "content"} for one in body["messages"])
        return Asked([one["content"] for one in body["messages"]], 0, "", 1, headers, body)

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply | None:
        if self.script and self.script[0] in ("break", "length"):
            how = str(self.script.pop(0))
            self.asked.append(self.read(path, headers, body))
            return self._stream(how)
        return super().answer(path, headers, body)

    def write(self, asked: Asked, rows: np.ndarray) -> Reply:
        return self._stream("stop")

    def _stream(self, how: str) -> Reply:
        pieces = [self.says[i : i + 7] for i in range(0, len(self.says), 7)]
        events = [_event({"content": piece}) for piece in pieces]
        if how == "break":
            events = events[:1]
        else:
            events += [_event({}, how), "data: [DONE]\n\n"]
        return Reply(200, "".join(events).encode(), {"Content-Type": "text/event-stream"})


def _event(delta: dict[str, str], reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**body, 'choices': [choice]})}\n\n"
