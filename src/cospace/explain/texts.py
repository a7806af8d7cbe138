"""Which words of a text carry its likeness to a vector: split exactly, and by leaving out.

Where a text's vector is a sum over its tokens (`cospace.encode.summed`), so is the cosine, and each
word has its share at once. What a word is worth to the rest is another question: a word is left
out, and what the cosine loses is measured (Zeiler and Fergus, 2014; Li et al., 2016), of the words
with the largest shares; where the rows are of a table, that is a subtraction. Where no sum is
known, neighbours are left out together first, and only the groups that cost the most are taken
apart, so that a long text costs no more than a short one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.encode.base import uncached
from cospace.encode.protocol import Encoder, Role
from cospace.encode.summed import Summed, summed
from cospace.errors import BadArgument, BadItem
from cospace.explain.shares import Share, Shares, without, word_spans

__all__ = ["Encodes", "encoding", "shares"]

# Texts to rows of length one: float32 [n, dim].
Encodes: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]
_Spans: TypeAlias = list[tuple[int, int]]

# Of words that have an exact share, so many are left out too.
_TRIED = 10
# Texts that are encoded where there is no exact share. Of 200 passages and listings, 18 named words
# that cost 0.128 and 0.111 of the cosine, and 12 words that cost 0.121 and 0.107.
_ROOM = 12
_PIECES = 4  # into which a group of words is taken apart


def encoding(model: Encoder, role: Role) -> Encodes:
    """What encodes texts in one role; nothing of it is kept in the model's cache."""
    if getattr(model, "cache", None) is not None:
        model = uncached(model)
    encode = model.encode_query if role == "query" else model.encode_document
    return lambda texts: encode(list(texts)).normalized


def shares(
    model: Encoder,
    text: str,
    vector: NDArray[np.float32],
    *,
    role: Role = "document",
    encode: Encodes | None = None,
) -> Shares:
    """What each word of `text` counts in its cosine to the unit `vector`: float32 [dim].

    `encode` makes the vectors of its variants, where they are not the model's own. Raises
    `BadItem` for a text that the model cannot read.

    >>> import cospace as cs
    >>> model = cs.load("starter")
    >>> text = "Velvet armchair, from a loft"
    >>> found = shares(model, text, model.encode("a comfortable seat"))
    >>> best = found.top(1)[0]
    >>> text[best.start:best.end], found.exact
    ('armchair', True)
    """
    found = summed(model, text, role) if encode is None else None
    encode = encode or encoding(model, role)
    read = _read(model, text, role)
    spans = word_spans(text[:read])
    if found is None:
        losses, cosine = _by_groups(encode, text[:read], spans, vector)
        return Shares(cosine, tuple(losses), read=read)
    owners = _owners(found.places, spans)
    each = found.shares(vector)
    parts = [float(each[owners == i].sum()) for i in range(len(spans))]
    rest = float(each[owners < 0].sum())
    lost = _lost(found, owners, parts, vector)
    if not found.alone:
        order = np.argsort(-np.array(parts), kind="stable")[:_TRIED].tolist()
        [given, *left] = _cosines(encode, text[:read], [[spans[i]] for i in order], vector)
        lost = {i: given - one for i, one in zip(order, left, strict=True)}
    words = (
        Share(*span, part, None if math.isnan(loss := lost.get(i, math.nan)) else loss)
        for i, (span, part) in enumerate(zip(spans, parts, strict=True))
    )
    return Shares(sum(parts) + rest, tuple(words), True, rest, read)


def _lost(
    found: Summed, owners: NDArray[np.intp], parts: Sequence[float], vector: NDArray[np.float32]
) -> dict[int, float]:
    """What the cosine loses without each word, where the rows of the others stay as they are."""
    if not found.alone or not parts:
        return {}
    gone = owners == np.arange(len(parts))[:, None]
    cosine = float(found.shares(vector).sum())
    return dict(enumerate((cosine - found.without(vector, gone)).tolist()))


def _owners(places: Sequence[tuple[int, int]], spans: _Spans) -> NDArray[np.intp]:
    """For each token the word that it is of, or begins in; -1 for what is in none."""
    owners = np.full(len(places), -1, np.intp)
    at = 0
    for token, (start, end) in enumerate(places):
        while at < len(spans) and start < end and spans[at][1] <= start:
            at += 1
        if start < end and at < len(spans) and spans[at][0] < end:
            owners[token] = at
    return owners


def _read(model: Encoder, text: str, role: Role) -> int:
    """How many characters of a text the model reads."""
    from cospace.encode.tokens import tokens

    try:
        return tokens(model, text, role=role).at
    except BadArgument:  # it shows no tokens
        return len(text)


def _by_groups(
    encode: Encodes, text: str, spans: _Spans, vector: NDArray[np.float32]
) -> tuple[list[Share], float]:
    """What leaving out each word costs, or each group of words where they are many."""
    count = len(spans) if len(spans) <= _ROOM else _ROOM // 3
    groups = _cut(spans, count)
    [cosine, *left] = _cosines(encode, text, groups, vector)
    losses = [cosine - one for one in left]
    used = len(groups)
    while used < _ROOM and any(len(group) > 1 for group in groups):
        order = sorted(range(len(groups)), key=lambda i: -_known(losses[i]))
        open_ = [i for i in order if len(groups[i]) > 1]
        some = open_[: max(1, min(_ROOM // 3, _ROOM - used) // _PIECES)]
        pieces = {i: _cut(groups[i], _PIECES) for i in some}
        flat = [piece for i in some for piece in pieces[i]]
        found = iter(_left(encode, text, flat, vector))
        taken = {i: [cosine - next(found) for _ in pieces[i]] for i in some}
        losses = [x for i, one in enumerate(losses) for x in taken.get(i, [one])]
        groups = [x for i, one in enumerate(groups) for x in pieces.get(i, [one])]
        used += len(flat)
    made = [
        Share(group[0][0], group[-1][1], None, loss, len(group))
        for group, loss in zip(groups, losses, strict=True)
        if not math.isnan(loss)
    ]
    return made, cosine


def _known(loss: float) -> float:
    return -math.inf if math.isnan(loss) else loss


def _cut(spans: _Spans, count: int) -> list[_Spans]:
    """The words in `count` groups of neighbours, as like in size as can be; fewer of few words."""
    count = min(count, len(spans))
    ends = [round(len(spans) * i / count) for i in range(count + 1)] if count else []
    return [spans[a:b] for a, b in pairwise(ends)]


def _cosines(
    encode: Encodes, text: str, groups: Sequence[_Spans], vector: NDArray[np.float32]
) -> list[float]:
    """The cosine of the text, and without each group. Raises `BadItem`."""
    texts = [text, *_texts(text, groups)]
    try:
        return [float(one) for one in encode(texts) @ vector]
    except BadItem:
        whole = float(encode([text])[0] @ vector)
    return [whole, *(_alone(encode, one, vector) for one in texts[1:])]


def _left(
    encode: Encodes, text: str, groups: Sequence[_Spans], vector: NDArray[np.float32]
) -> list[float]:
    """The cosine without each group; NaN where nothing is left to be read."""
    texts = _texts(text, groups)
    try:
        return [float(one) for one in encode(texts) @ vector]
    except BadItem:
        return [_alone(encode, one, vector) for one in texts]


def _texts(text: str, groups: Sequence[_Spans]) -> list[str]:
    return [without(text, [(group[0][0], group[-1][1])]) for group in groups]


def _alone(encode: Encodes, text: str, vector: NDArray[np.float32]) -> float:
    try:
        return float(encode([text])[0] @ vector)
    except BadItem:
        return math.nan  # a word model that knows no other word of it
