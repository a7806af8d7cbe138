"""Pairs of a query and a document to one logit each: the tower of a cross-encoder.

Both are read together, as `[CLS] query [SEP] document [SEP]` or whatever the tokenizer makes of a
pair (Nogueira and Cho, 2019, arXiv:1901.04085).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cospace.encode.towers.text import TextTower
from cospace.errors import ModelDamaged
from cospace.read.texts import check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["Pair", "PairTower", "Read", "known_pair"]

Pair = tuple[str, str]

# So many tokens of a document are read however long the query is; half of the room at most.
_LEAST = 64
# Pairs that are tokenised and sorted together: bounds the memory of a long list.
_WINDOW = 1_024


class Read(NamedTuple):
    """Logits float32 [n], the positions of pairs whose document, and whose query, was cut."""

    logits: NDArray[np.float32]
    documents_cut: list[int]
    queries_cut: list[int]


class _Frame(NamedTuple):
    """What the tokenizer puts before, between and after the two texts; and the types of these."""

    ids: tuple[list[int], list[int], list[int]]
    types: tuple[list[int], list[int], list[int]]
    own: tuple[int, int]  # the types of the two texts

    @property
    def size(self) -> int:
        return sum(map(len, self.ids))


class PairTower(TextTower):
    """The tower that takes pairs of texts. `read` is safe to call from many threads.

    A pair has one logit, alone and in every batch. Its `preprocess` record is that of a text's
    tower. Where a pair is too long the document is cut; the query only as far as it would leave
    fewer than 64 tokens of the document.
    """

    def __init__(self, folder: Folder, tower: Tower, graph: Runner) -> None:
        super().__init__(folder, tower, graph)
        if self._prompts.get("query") or self._prompts.get("document"):
            raise ModelDamaged(f"{folder.path}: a reranker has no prompts")
        self._tokenizer.no_truncation()
        self._frame = _frame_of(self._tokenizer, str(folder.path))
        self._room = self.max_tokens - self._frame.size
        if self._room < 2:
            raise ModelDamaged(f"{folder.path}: max_tokens is {self.max_tokens}, too few for pairs")
        self._tokenizer.enable_truncation(self._room)

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> Any:
        """The pair itself, once both texts have passed the checks. Raises `BadItem`."""
        del data
        query, document = value
        return check_text(query, name), check_text(document, name)

    def canary(self, given: str) -> Any:
        """The pair of a known answer: JSON, a list of the two texts."""
        pair = json.loads(given)
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"a known pair is a list of two texts, not {given[:80]!r}")
        return check_text(pair[0]), check_text(pair[1])

    def encode(
        self, texts: Sequence[Any], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The logits float32 [n, 1] of prepared pairs, and the positions of documents cut."""
        del role
        found = self.read(texts)
        return found.logits[:, None], found.documents_cut

    def read(self, pairs: Sequence[Pair]) -> Read:
        """The logit of each pair, in the order given. Raises `BadItem`."""
        logits = np.empty((len(pairs), 1), np.float32)
        asked = list(dict.fromkeys(query for query, _ in pairs))
        queries = dict(zip(asked, self._tokenise(asked), strict=True))
        cut: tuple[list[int], list[int]] = [], []
        for start in range(0, len(pairs), _WINDOW):
            window = pairs[start : start + _WINDOW]
            documents = self._tokenise([document for _, document in window])
            rows = []
            for place, ((query, _), document) in enumerate(zip(window, documents, strict=True)):
                row, shortened = self._joined(queries[query], document)
                rows.append(row)
                for which in (0, 1):
                    if shortened[which]:
                        cut[which].append(start + place)
            self._run(rows, start, logits)
        return Read(logits[:, 0], *cut)

    def _run(self, rows: list[_Row], start: int, logits: NDArray[np.float32]) -> None:
        lengths = [self._pad_to or len(ids) for ids, _ in rows]
        self.graph.run_each(
            (
                (start + batch, partial(_padded, rows, batch, width, self._pad))
                for batch, width in self._plan(lengths, self._pad_to or self.max_tokens)
            ),
            logits,
        )

    def _joined(self, query: Any, document: Any) -> tuple[_Row, tuple[bool, bool]]:
        """The tokens of a pair and their types; whether the document, and the query, was cut."""
        first, second = query.ids, document.ids
        least = min(_LEAST, self._room // 2, len(second))
        first = first[: self._room - least]
        second = second[: self._room - len(first)]
        (before, between, after), types = self._frame.ids, self._frame.types
        ids = [*before, *first, *between, *second, *after]
        one, two = self._frame.own
        kinds = [*types[0], *[one] * len(first), *types[1], *[two] * len(second), *types[2]]
        short = [
            len(kept) < len(whole.ids) or bool(whole.overflowing)
            for kept, whole in ((second, document), (first, query))
        ]
        return (ids, kinds), (short[0], short[1])

    def _all(self, texts: list[str]) -> list[Any]:
        bare = partial(self._tokenizer.encode_batch_fast, add_special_tokens=False)
        return self._guarded(bare, texts)


_Row = tuple[list[int], list[int]]  # token ids and token types


def known_pair(query: str, document: str) -> str:
    """The input of a known answer, as `PairTower.canary` reads it.

    >>> known_pair("a chair", "red")
    '["a chair", "red"]'
    """
    return json.dumps([query, document], ensure_ascii=False)


def _frame_of(tokenizer: Any, where: str) -> _Frame:
    """What stands around the two texts of a pair. Raises `ModelDamaged`."""
    joined = tokenizer.encode("a", "a")
    texts = [
        [place for place, which in enumerate(joined.sequence_ids) if which == text]
        for text in (0, 1)
    ]
    if not all(texts):
        raise ModelDamaged(f"{where}: its tokenizer does not join two texts")
    (first, end), (second, last) = ((places[0], places[-1] + 1) for places in texts)
    spans = slice(0, first), slice(end, second), slice(last, None)
    ids, types = ([row[span] for span in spans] for row in (joined.ids, joined.type_ids))
    own = joined.type_ids[first], joined.type_ids[second]
    return _Frame((ids[0], ids[1], ids[2]), (types[0], types[1], types[2]), own)


def _padded(
    rows: Sequence[_Row], batch: NDArray[np.intp], width: int, pad: int
) -> dict[str, NDArray[np.int64]]:
    """The graph's inputs for one batch: int64 [n, width] each."""
    tokens = np.full((len(batch), width), pad, np.int64)
    mask, types = np.zeros_like(tokens), np.zeros_like(tokens)
    for row, position in enumerate(batch):
        ids, kinds = rows[position]
        tokens[row, : len(ids)] = ids
        mask[row, : len(ids)] = 1
        types[row, : len(kinds)] = kinds
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": types}
