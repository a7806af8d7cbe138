"""Read: files, tables and folders become Items, one at a time.

    path or dicts --sources--> rows --columns, items--> Item

`sources` tells what was given; `tables` (with `lines` and `records`), `jsonfiles`, `feeds`,
`sheets`, `parquet`, `frames`, `folders` and `dicts` give rows; `joined` makes one of the rows of an
item, where a shop's export (`profiles`) has several; `columns` says which column is what, `items`
makes the item.
`images` and `texts` are the two doors that everything encoded goes through, `metadata` the third.

The package itself can be called, as its function `read`: `cospace.read` is both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from cospace.errors import BadArgument
from cospace.lazy import lazy

if TYPE_CHECKING:
    from inspect import Signature

    from cospace.read.columns import Wanted
    from cospace.read.folders import Files
    from cospace.read.metadata import check_metadata
    from cospace.read.reading import Failure, Failures, Reading
    from cospace.read.rows import Source
    from cospace.read.signals import Signals
    from cospace.read.texts import check_text

__all__ = ["Failure", "Failures", "Reading", "check_metadata", "check_text", "read"]

# Loaded on first use: what encodes a text needs the check of texts, and no tables.
_HOME = {
    "Failure": "reading",
    "Failures": "reading",
    "Reading": "reading",
    "check_metadata": "metadata",
    "check_text": "texts",
}
__getattr__ = lazy(__name__, _HOME)


def read(  # noqa: PLR0913 - most name what a column is for
    source: Any,
    *,
    id: str | None = None,
    text: str | None = None,
    image: str | None = None,
    metadata: Sequence[str] | None = None,
    location: Sequence[str] | None = None,
    images: str | os.PathLike[str] | None = None,
    changes: bool = False,
    chunks: bool = False,
    **signals: Unpack[Signals],
) -> Reading:
    """Items from a table, a folder, a file or an iterable of dicts, streamed in bounded memory.

    `source` is the path of a .csv, .tsv, .jsonl, .ndjson, .json or a product feed in .xml (all
    also with .gz), an .xlsx or .parquet file, of a folder of images, recordings, videos and
    documents (.txt, .md, .html, .pdf, .docx), of one such file; a DataFrame of pandas or polars or
    an Arrow table; or an iterable of dicts. The rows of one item in an export of Shopify,
    WooCommerce or eBay are joined.

    - `id`: the column of ids; without one, an id is made of the row's text and image.
    - `text`: a column, or a template such as ``"{title}. {description}"``.
    - `image`: the column of images: paths inside the table's folder, or bytes.
    - `images`: a folder where files that are not in the table's are looked for.
    - `signals`: columns of other kinds of file, ``audio="clip"``, and more: see `Signals`.
    - `metadata`: the columns to keep; by default all, except the id, the image, and the
      long text that the item holds already (description, text, body, ...).
    - `location`: the columns of latitude and longitude, kept as ``{"lat": .., "lon": ..}``.

    What is None is guessed from the columns' names, and `Reading.notes` says what was guessed. A
    bad row never stops the rest: `Reading.failed` lists it with its reason, `Reading.partial` a
    row that is kept without a photo or a cell that cannot be used. With `chunks` a collection
    stores texts in chunks (docs/documents.md). With `changes` rows are for `Collection.update`, and
    need neither text nor image.

    Raises `NotFound`, `UnsafeFile` for a format that can run code, `BadItem` for a damaged file,
    `BadArgument` for a column that is not there or a kind of file that cannot be read,
    `MissingExtra` for an .xlsx without openpyxl.

    >>> rows = [{"sku": "MK-1", "title": "Armchair", "description": "Velvet.", "price": 120.0}]
    >>> reading = read(rows, id="sku", text="{title}. {description}")
    >>> [item] = reading
    >>> item.id, item.parts.text, dict(item.metadata)
    ('MK-1', 'Armchair. Velvet.', {'title': 'Armchair', 'price': 120.0})
    """
    from cospace.read.columns import Wanted
    from cospace.read.folders import Files
    from cospace.read.signals import taken
    from cospace.read.sources import find_source

    named, scale, files = taken(signals)
    _check_names({"id": id, "text": text, "image": image, **named}, images)
    found = find_source(source, files, scale)
    wanted = Wanted(id, text, image, metadata, location, named)
    made = _Made(changes, chunks, None if images is None else Path(images), scale)
    if not isinstance(found, Files):
        return _table(found, replace(wanted, scaled=scale is not None), made)
    return _folder(found, wanted, made)


def _folder(source: Files, wanted: Wanted, made: _Made) -> Reading:
    """The reading of a folder's files, or of one. Raises `BadArgument` for columns."""
    from cospace.read.columns import Wanted, choose
    from cospace.read.items import Maker
    from cospace.read.photofiles import Photos
    from cospace.read.reading import Reading
    from cospace.read.signals import SIGNALS

    if replace(wanted, metadata=wanted.metadata or None) != Wanted() or made.images is not None:
        raise BadArgument(
            "a folder or a single file has no columns: leave out id=, text=, images=, ..."
        )
    notes = list(source.notes)
    signals = dict(zip(SIGNALS, SIGNALS, strict=True))
    everything = Wanted("id", "text", "image", (), signals=signals, scaled=True)
    columns = choose(everything, source.sample, notes, changes=made.changes)
    photos = Photos(source.folder)
    maker = Maker(columns, photos, None, changes=made.changes, chunks=made.chunks)
    return Reading(source, maker, notes)


def _check_names(columns: Mapping[str, Any], images: Any) -> None:
    """Raises `BadArgument` for a column that has no name, and a folder that has no path."""
    for name, value in columns.items():
        if value is not None and not (isinstance(value, str) and value):
            more = " or a template such as '{title}. {description}'" if name == "text" else ""
            raise BadArgument(f"{name}= takes the name of a column{more}, not {value!r:.80}")
    if images is not None and not isinstance(images, (str, os.PathLike)):
        raise BadArgument(f"images= takes the path of a folder, not {images!r:.80}")


class _Made(NamedTuple):
    """How the items of a table are made, as `read` says."""

    changes: bool
    chunks: bool
    images: Path | None
    scale: Mapping[str, float] | None


def _table(source: Source, wanted: Wanted, made: _Made) -> Reading:
    """The reading of a table; what is guessed, and what is done to its cells, is told."""
    from cospace.read.columns import Known, choose
    from cospace.read.forms import Forms
    from cospace.read.items import Maker
    from cospace.read.joined import join
    from cospace.read.photofiles import Photos
    from cospace.read.reading import Reading
    from cospace.read.told import Told, narrow
    from cospace.read.unescaped import unescaped

    notes = list(source.notes)
    told = Told(notes)
    source = unescaped(source, told.tell)
    joined = join(source, wanted.id, told)
    source, known = (source, Known()) if joined is None else (joined, joined.known)
    columns = choose(wanted, source.sample, notes, changes=made.changes, known=known)
    if columns.used is not None:
        source.choose(columns.used)
    columns = narrow(columns, source.sample, notes)
    forms = Forms(source.sample, cells=source.cells, least=known.least)
    notes += forms.notes
    told.seen(source.sample, columns)
    maker = Maker(
        columns,
        Photos(source.folder, made.images, made.scale),
        forms,
        cells=source.cells,
        tell=told.tell,
        changes=made.changes,
        chunks=made.chunks,
    )
    return Reading(source, maker, notes, columns, made=[*forms.made, "photos"])


class _Callable(ModuleType):
    """This package, with the call of its function.

    Importing a package puts it in its parent under its name, so that `cospace.read` would be the
    function until then, and the package after it. So it is the package always, and can be called.
    """

    def __call__(self, *given: Any, **named: Any) -> Reading:
        """As the function `read`."""
        return read(*given, **named)

    @property
    def __signature__(self) -> Signature:
        from inspect import signature

        return signature(read)

    def __reduce__(self) -> tuple[Any, tuple[str]]:  # what a pool of processes is given travels
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Callable
