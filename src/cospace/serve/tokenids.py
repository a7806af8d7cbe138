"""Texts of the lists of tokens that clients of OpenAI's API send.

Whose tokens they are, nothing in a request says: LangChain sends those of OpenAI's cl100k_base to
every server, others send the served model's own. Read as the wrong ones they would give vectors of
nonsense without an error, so the server is told which they are, or refuses them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.errors import BadArgument, BadInput

if TYPE_CHECKING:
    from cospace.encode.base import BaseEncoder

__all__ = ["TokenIds"]

# tiktoken 0.14, tiktoken_ext/openai_public.py: the hash of its file cl100k_base.
_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"


class TokenIds:
    """`setting` is "" (refuse), "own" (the model's own), or the path of cl100k_base.tiktoken."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._pieces: dict[int, bytes] = {}
        if setting not in ("", "own"):
            self._pieces = _pieces(Path(setting))

    def text(self, ids: Sequence[int], model: BaseEncoder) -> str:
        """The text of a list of tokens. Raises `BadArgument` for what is in no vocabulary."""
        if not ids or not all(isinstance(one, int) and not isinstance(one, bool) for one in ids):
            raise BadArgument("tokens are whole numbers, at least one")
        if not self._setting:
            raise BadArgument(
                "lists of tokens are refused, for nothing says whose they are. Send texts (in"
                " LangChain check_embedding_ctx_length=False), or start the server with"
                " --token-ids own, or --token-ids FILE of OpenAI's cl100k_base.tiktoken"
            )
        if not self._pieces:
            return _own(ids, model)
        unknown = [one for one in ids if one not in self._pieces]
        if unknown:
            raise BadArgument(f"cl100k_base has no token {unknown[0]}")
        return b"".join(self._pieces[one] for one in ids).decode("utf-8", "replace")


def _own(ids: Sequence[int], model: BaseEncoder) -> str:
    tower = getattr(model, "text_tower", None)
    if tower is None:
        raise BadArgument(f"{model.space.name} has no tokenizer here: send texts")
    tokenizer = tower().tokenizer
    size = tokenizer.get_vocab_size()
    beyond = [one for one in ids if not 0 <= one < size]
    if beyond:
        raise BadArgument(f"{model.space.name} has {size:,} tokens, and none of number {beyond[0]}")
    text: str = tokenizer.decode(list(ids), skip_special_tokens=True)
    return text


def _pieces(file: Path) -> dict[int, bytes]:
    """The bytes of each token: a line holds them in base64, and the number."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"--token-ids: {file} cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise BadInput(f"--token-ids: {file} is not OpenAI's cl100k_base.tiktoken (by its sha256)")
    lines = (line.split() for line in data.splitlines() if line)
    return {int(number): base64.b64decode(piece) for piece, number in lines}
