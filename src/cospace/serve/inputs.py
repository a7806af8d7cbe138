"""What clients send to be encoded: texts, tokens, and parts in the forms of Jina, vLLM, Infinity.

"text", ["text", ...]                                 OpenAI
[1, 2], [[1, 2], ...]                                 OpenAI: tokens
[{"text": "..."}, {"image": "data:image/png;..."}]    Jina
[{"content": [{"type": "image_url", "image_url": {"url": "data:..."}}, ...]}]   vLLM
modality="image", ["data:image/png;...", ...]         Infinity
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from cospace.errors import BadArgument, BadItem
from cospace.item import Audio, Content, Image, Part, Parts
from cospace.limits import limit
from cospace.serve.shapes import EmbeddingRequest

__all__ = ["contents", "file_of"]

# Makes a text of token ids; turns the bytes of an image into its pixels.
Words: TypeAlias = Callable[[Sequence[int]], str]
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(;[\w-]+=[\w.+-]+)*;base64,")


def contents(asked: EmbeddingRequest, words: Words) -> list[Content]:
    """The inputs of a request. Raises `BadArgument` for none, too many, and unknown forms."""
    if (asked.input is None) == (asked.messages is None):
        raise BadArgument("give input, or messages; one of the two")
    if asked.messages is not None:
        return [_message(asked.messages)]
    given = asked.input
    if isinstance(given, str | dict):
        listed: list[Any] = [given]
    elif given and all(isinstance(one, int) for one in given):
        listed = [given]
    else:
        listed = list(given or ())
    if not listed:
        raise BadArgument("input is empty: give a text, or a list with at least one")
    most = limit("request_inputs")
    if len(listed) > most:
        raise BadArgument(f"input has {len(listed):,} inputs; one request takes {most:,}")
    return [_content(one, asked.modality, words, at) for at, one in enumerate(listed)]


def _content(one: Any, modality: str, words: Words, at: int) -> Content:
    name = f"input {at}"
    if isinstance(one, str):
        return one if modality == "text" else _part(modality, one, name)
    if isinstance(one, list):
        return words(one)
    if isinstance(one, dict):
        if set(one) <= {"content", "role"} and isinstance(one.get("content"), list):
            return _message([one])
        return _parts(one, name)
    raise BadItem(name, f"expected a text, tokens or parts, not {type(one).__name__}")


def _parts(one: dict[str, Any], name: str) -> Parts:
    kinds = [kind for kind in one if kind in ("text", "image", "audio")]
    if not one or len(kinds) < len(one):
        raise BadItem(name, f'expected "text", "image" or "audio", not {", ".join(one)[:100]!r}')
    made: dict[str, Any] = {kind: _part(kind, one[kind], name) for kind in kinds}
    return Parts(**made)


def _message(messages: list[Any]) -> Content:
    """One input, of all the parts of a conversation, as vLLM takes them."""
    found: dict[str, Any] = {}
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        listed = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(listed, list):
            raise BadArgument("a message has content: a text, or a list of parts")
        for one in listed:
            kind, value = _typed(one)
            if kind in found:
                raise BadArgument(f"one input takes one {kind}; the messages have several")
            found[kind] = _part(kind, value, "messages")
    if not found:
        raise BadArgument("the messages have no parts")
    return Parts(**found)


def _typed(one: Any) -> tuple[str, Any]:
    """("image", "data:...") of {"type": "image_url", "image_url": {"url": "data:..."}}."""
    kind = one.get("type") if isinstance(one, dict) else None
    for name, key in (("text", "text"), ("image", "image_url"), ("audio", "audio_url")):
        if kind in (name, key) and key in one:
            value = one[key]
            return name, value.get("url") if isinstance(value, dict) else value
    raise BadArgument(
        'a part is {"type": "text", "text": ...} or {"type": "image_url", "image_url": {"url":'
        f" ...}}}}, not {str(one)[:100]!r}"
    )


def _part(kind: str, value: Any, name: str) -> Any:
    if not isinstance(value, str):
        raise BadItem(name, f"its {kind} is a string, not {type(value).__name__}")
    if kind == "text":
        return value
    data = file_of(value, name, kind)
    made: Part = Image(data) if kind == "image" else Audio(data)
    return made


def file_of(value: str, name: str, kind: str = "image") -> bytes:
    """The bytes in a data URL, or in plain base64.

    Raises `BadItem` for the address of something else: nothing is fetched, and no path is opened.
    """
    begins = _DATA_URL.match(value[:300])
    if begins is None and (":" in value[:20] or value.startswith(("/", "."))):
        raise BadItem(
            name,
            f"an {kind} is sent as a data URL (data:{kind}/...;base64,...); addresses are never"
            f" fetched: {value[:60]!r}",
        )
    coded = value[begins.end() :] if begins else value
    try:
        data = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadItem(name, f"its {kind} is no base64: {error}") from None
    if not data:
        raise BadItem(name, f"its {kind} is empty")
    return data
