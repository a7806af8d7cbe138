"""Texts to sparse word vectors, whose dot product with IDF is BM25. Shared by local stores.

BM25 as in Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), equation 3.15,
with k1 = 1.2, b = 0.75. The mean document length is a constant, so that an item's vector does
not change with its neighbours.
"""

from __future__ import annotations

import math
import re
import zlib
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import qdrant_edge

__all__ = ["Words", "searchable", "unseen"]

_MEAN_LENGTH = 60.0
# Letters and digits, with single separators between them. Every place where it can begin is where
# it matches, so that no letter is read twice.
_CHAIN = re.compile(r"[^\W_]+(?:[-_./][^\W_]+)*")
_IN_CODE = re.compile(r"[-_./\d]")
_SEPARATORS = str.maketrans("", "", "-_./")
_CODE_WEIGHT = 1.5
_UNSEEN_WEIGHT = 1.5  # the term-frequency part of a word that stands once in a short text


class Words:
    """Sparse vectors of documents and queries: ({word number: weight}); empty when no word is."""

    @cached_property
    def _bm25(self) -> qdrant_edge.Bm25:
        import qdrant_edge

        return qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(
                k=1.2,
                b=0.75,
                avg_len=_MEAN_LENGTH,
                tokenizer=qdrant_edge.TokenizerType.Word,
                language="english",
                lowercase=True,
                ascii_folding=True,
            )
        )

    def document(self, text: str) -> dict[int, float]:
        """Word weights of a stored text: the term-frequency part of BM25."""
        sparse = self._bm25.embed_document(text)
        words = dict(zip(sparse.indices, sparse.values, strict=True))
        words.update(dict.fromkeys(_codes(text), _CODE_WEIGHT))
        return words

    def query(self, text: str) -> dict[int, float]:
        """Word weights of a query: 1 for each word that stands in it."""
        sparse = self._bm25.embed_query(text)
        words = dict(zip(sparse.indices, sparse.values, strict=True))
        words.update(dict.fromkeys(_codes(text), 1.0))
        return words


def unseen(rows: int) -> float:
    """The BM25 score of a word that no row holds, were it in one: idf for a count of 0."""
    return math.log(1 + (rows + 0.5) / 0.5) * _UNSEEN_WEIGHT


def _codes(text: str) -> list[int]:
    """Codes such as KX-4410B: found with and without their separators, in whatever case."""
    chains = (found[0] for found in _CHAIN.finditer(text))
    codes = (c.translate(_SEPARATORS).casefold() for c in chains if _IN_CODE.search(c))
    return [zlib.crc32(b"code:" + code.encode()) for code in codes if len(code) > 1]


def searchable(id: str, text: str | None, metadata: Mapping[str, Any]) -> str:
    """What BM25 sees of an item: its id, its text and its string metadata; "" without text."""
    if not text:
        return ""
    strings = [v for v in metadata.values() if isinstance(v, str)]
    return " ".join([id, text, *strings])
