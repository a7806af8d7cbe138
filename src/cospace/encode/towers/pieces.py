"""Pieces of a vocabulary as people read them, and which of them are not words."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

__all__ = ["marks", "readable"]


def marks(tokenizer: Any) -> tuple[int, frozenset[int], bool]:
    """The number of a tokenizer's unknown token (or -1); those of special ones; is it bytewise?

    Bytewise pieces (GPT-2 and its kin) are spelled in an alphabet of 256 letters, one a byte.
    """
    added = tokenizer.get_added_tokens_decoder()
    special = frozenset(id for id, token in added.items() if token.special)
    name = getattr(tokenizer.model, "unk_token", None)
    unknown = tokenizer.token_to_id(name) if isinstance(name, str) else None
    if type(tokenizer.model).__name__ == "Unigram":  # which does not tell it otherwise
        unknown = json.loads(tokenizer.to_str())["model"].get("unk_id")
    return -1 if unknown is None else unknown, special, "ByteLevel" in str(tokenizer.pre_tokenizer)


def readable(piece: str, bytewise: bool) -> tuple[str, bool]:
    """A piece as people read it, with "\u2581" for a space; and whether it is part of a letter.

    >>> readable("\u0120chair", True), readable("\u00e6\u00bc", True)
    (('▁chair', False), ('<0xE6><0xBC>', True))
    """
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return piece, True
    start = "##" if piece.startswith("##") and len(piece) > 2 else ""
    letters = piece.removeprefix(start)
    if not bytewise or not all(letter in _bytes() for letter in letters):
        return piece, False
    data = bytes(_bytes()[letter] for letter in letters)
    try:
        return start + data.decode().replace(" ", "\u2581"), False
    except UnicodeDecodeError:
        return start + "".join(f"<0x{byte:02X}>" for byte in data), True


@cache
def _bytes() -> dict[str, int]:
    """The byte that each letter of a bytewise piece stands for: GPT-2's alphabet.

    Radford et al., Language Models are Unsupervised Multitask Learners (2019). Bytes that are
    visible in Latin-1 stand for themselves, the others for the letters from U+0100 on.
    """
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): byte for byte in plain}
    return letters | {chr(256 + i): byte for i, byte in enumerate(others)}
