"""Grouped: hits by document, the best chunk of each."""

from __future__ import annotations

from collections.abc import Callable

from cospace.arguments import check_count
from cospace.collection.chunks import number_of, passage_of
from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.results import Hit, Results

__all__ = ["document_of", "grouped"]

_FIRST = 50


def document_of(hit: Hit) -> str:
    """The id of the document of which a hit is a chunk, or its own."""
    return hit.id if number_of(hit.id, hit.metadata) is None else str(hit.metadata["document"])


def grouped(search: Callable[[int], Results], k: int) -> Results:
    """The best hit of each of the `k` best documents, with the passage as its text.

    `search` gives the first so many hits; it is asked for more until there are enough.

    Raises `BadArgument` for a k that is out of range.
    """
    most = limit("max_k")
    k = check_count("k", k, 0)
    if k > most:
        raise BadArgument(f"k is at most {most}, not {k}")
    depth = min(max(_FIRST, 2 * k), most)
    while True:
        found = search(depth if k else 0)
        best: dict[str, Hit] = {}
        for hit in found:
            best.setdefault(document_of(hit), hit)
        if len(best) >= k or len(found) < depth or depth == most:
            hits = [_passage(hit) for hit in list(best.values())[:k]]
            return Results(hits, score=found.score, notes=found.notes)
        depth = min(4 * depth, most)


def _passage(hit: Hit) -> Hit:
    if hit.text is None:
        return hit
    return hit._replace(text=passage_of(hit.id, hit.text, hit.metadata))
