"""Every limit of cospace is a row of this table, and nothing else in the code bounds an input.

Override one with the environment variable ``COSPACE_LIMIT_<NAME>``, or for a block of code:

>>> from cospace.limits import limit, override
>>> with override(max_k=5):
...     limit("max_k")
5
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from cospace.errors import BadArgument

__all__ = ["TABLE", "Limit", "limit", "override"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: a name, the default (an integer), its unit, and what happens past it."""

    name: str
    default: int
    unit: str
    help: str


TABLE: dict[str, Limit] = {
    row.name: row
    for row in (
        Limit("text_chars", 100_000, "characters", "longer texts are refused as BadItem"),
        Limit("document_chars", 10_000_000, "characters", "longer documents are refused unread"),
        Limit("document_bytes", 100_000_000, "bytes", "larger .pdf, .docx, .html are refused"),
        Limit("document_pages", 5_000, "pages", "a .pdf with more is refused"),
        Limit("document_unpacked", 400_000_000, "bytes", "a .docx that unpacks to more is refused"),
        Limit("image_pixels", 65_000_000, "pixels", "checked in the header, before decoding"),
        Limit("jpeg_pixels", 250_000_000, "pixels", "as image_pixels: JPEGs are decoded smaller"),
        Limit("image_bytes", 100_000_000, "bytes", "larger image files are refused unread"),
        Limit("image_frames", 64, "frames", "animated images with more are refused"),
        Limit("image_min_side", 2, "pixels", "images with a smaller side are refused"),
        Limit("item_photos", 24, "photos", "of one item; more are left out, and told"),
        Limit("audio_bytes", 200_000_000, "bytes", "larger audio files are refused unread"),
        Limit("video_bytes", 500_000_000, "bytes", "larger video files are refused unread"),
        Limit("video_frames", 100_000, "frames", "videos with more are refused"),
        Limit("video_pixels", 4_000_000_000, "pixels", "decoded for one video; more is refused"),
        Limit("imu_bytes", 20_000_000, "bytes", "larger files of motion are refused unread"),
        Limit("row_bytes", 4_000_000, "bytes", "a longer line or row of a table is a bad row"),
        Limit("sheet_bytes", 400_000_000, "bytes", "an .xlsx that unpacks to more is refused"),
        Limit("join_bytes", 64_000_000, "bytes", "rows of a shop's export that wait to be joined"),
        Limit("word_line_bytes", 1_000_000, "bytes", "longer rows of word vectors are left out"),
        Limit("metadata_bytes", 40_960, "bytes", "an item's metadata as JSON"),
        Limit("metadata_keys", 64, "keys", "top-level keys in an item's metadata"),
        Limit("metadata_depth", 8, "levels", "nesting of an item's metadata"),
        Limit("id_bytes", 256, "bytes", "an item's id as UTF-8"),
        Limit("max_k", 1_000, "hits", "the largest k + offset of one search"),
        Limit("rerank_candidates", 20, "hits", "the first of a search, which a reranker scores"),
        Limit("dim", 16_384, "numbers", "the largest dimension of a vector"),
        Limit("filter_clauses", 1_024, "clauses", "conditions in one filter"),
        Limit("filter_depth", 16, "levels", "nesting of one filter"),
        Limit("batch_items", 1_000, "items", "items committed together while indexing"),
        Limit("report_reasons", 1_000, "reasons", "bad items a report lists; the rest are counted"),
        Limit("model_record_bytes", 4_000_000, "bytes", "the space.json of a model folder"),
        Limit("loss_texts", 20_000, "texts", "`models show --loss` reads no more, and says so"),
        Limit("word_bytes", 1_000, "bytes", "longer words of a corpus are left out, and counted"),
        Limit("corpus_memory_bytes", 400_000_000, "bytes", "a larger corpus is memory-mapped"),
        Limit("free_bytes", 64_000_000, "bytes", "writes are refused when less disk is left"),
        Limit("cache_bytes", 2_000_000_000, "bytes", "cached vectors; the least used go first"),
        Limit("thumbnail_bytes", 500_000_000, "bytes", "kept small images; the oldest go first"),
        Limit("cost_cents", 100, "cents", "jobs estimated to cost more (US) need a yes"),
        Limit("request_bytes", 8_000_000, "bytes", "of a request's body to the server, as JSON"),
        Limit("upload_bytes", 20_000_000, "bytes", "of a request to the server with files"),
        Limit("json_depth", 64, "levels", "nesting of a request's JSON"),
        Limit("body_seconds", 30, "seconds", "for a client to send a request's body"),
        Limit("head_seconds", 10, "seconds", "for a client to send the head of a request"),
        Limit("head_bytes", 65_536, "bytes", "of the head of a request"),
        Limit("connections", 4_096, "connections", "more are closed by the server at once"),
        Limit("open_requests", 1_024, "requests", "at once; the server answers more with 429"),
        Limit("request_items", 1_000, "items", "of one request to the server"),
        Limit("request_inputs", 2_048, "inputs", "of one request for embeddings"),
        Limit("queue_inputs", 8_192, "inputs", "that wait to be encoded; more get a 429"),
        Limit(
            "upload_held",
            600_000_000,
            "bytes",
            "of decoded images and sounds at once; more get 429",
        ),
        Limit("upload_seconds", 10, "seconds", "to decode one uploaded file"),
        Limit("upload_memory", 2_000_000_000, "bytes", "of the process that decodes uploads"),
        Limit("service_attempts", 6, "attempts", "a failing request is sent at most this often"),
        Limit("service_wait", 120, "seconds", "no retry when a service asks to wait longer"),
        Limit("service_ms", 60_000, "milliseconds", "a hosted model's time for one answer"),
    )
}

_overrides: ContextVar[dict[str, int] | None] = ContextVar("cospace_limits", default=None)


def limit(name: str) -> int:
    """The value in force of the limit called `name`: an override, the environment, the default."""
    row = TABLE[name]
    current = _overrides.get()
    if current is not None and name in current:
        return current[name]
    text = os.environ.get(f"COSPACE_LIMIT_{name.upper()}")
    if text is None:
        return row.default
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise BadArgument(
            f"COSPACE_LIMIT_{name.upper()} is {text!r}; expected a whole number of {row.unit}"
        )
    return value


@contextmanager
def override(**values: int) -> Iterator[None]:
    """A block in which the named limits have other values.

    Raises `BadArgument` for a name that is not in the table.
    """
    unknown = sorted(set(values) - set(TABLE))
    if unknown:
        raise BadArgument(f"no limit is called {unknown[0]!r}; `cospace limits` lists them")
    token = _overrides.set({**(_overrides.get() or {}), **values})
    try:
        yield
    finally:
        _overrides.reset(token)
