"""Read: files, tables and folders become Items, one at a time.

    path or dicts --sources--> rows --columns, items--> Item

`sources` tells what was given; `tables` (with `lines` and `records`), `parquet`, `frames`,
`folders` and `dicts` give rows; `columns` says which column is what, `items` makes the item.
`images` and `texts` are the two doors that everything encoded goes through, `metadata` the third.

The package itself can be called, as its function `read`: `cospace.read` is both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cospace.errors import BadArgument
from cospace.lazy import lazy

if TYPE_CHECKING:
    from inspect import Signature

    from cospace.read.columns import Columns
    from cospace.read.metadata import check_metadata
    from cospace.read.reading import Failure, Failures, Reading
    from cospace.read.rows import Source
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
) -> Reading:
    """Items from a table, a folder, a file or an iterable of dicts, streamed in bounded memory.

    `source` is the path of a .csv, .tsv, .jsonl or .ndjson (also with .gz) or .parquet file, of
    a folder of images and .txt or .md texts, of one image or text; a DataFrame of pandas or
    polars or an Arrow table; or an iterable of dicts.

    - `id`: the column of ids; without one, an id is made of the row's text and image.
    - `text`: a column, or a template such as ``"{title}. {description}"``.
    - `image`: the column of images: paths inside the table's folder, or bytes.
    - `images`: a folder where images that are not in the table's are looked for.
    - `metadata`: the columns to keep; by default all, except the id, the image, and the
      long text that the item holds already (description, text, body, ...).
    - `location`: the columns of latitude and longitude, kept as ``{"lat": .., "lon": ..}``.

    What is None is guessed from the columns' names, and `Reading.notes` says what was guessed.
    A bad row never stops the rest: `Reading.failed` lists it with its reason, and
    `Reading.partial` a row that is kept without a photo or a cell that cannot be used.

    With `changes` rows are for `Collection.update`: they need neither text nor image.

    Raises `NotFound`, `UnsafeFile` for a format that can run code, `BadItem` for a damaged file,
    `BadArgument` for a column that is not there or a kind of file that cannot be read.

    >>> rows = [{"sku": "MK-1", "title": "Armchair", "description": "Velvet.", "price": 120.0}]
    >>> reading = read(rows, id="sku", text="{title}. {description}")
    >>> [item] = reading
    >>> item.id, item.parts.text, dict(item.metadata)
    ('MK-1', 'Armchair. Velvet.', {'title': 'Armchair', 'price': 120.0})
    """
    from cospace.read.columns import Wanted, choose
    from cospace.read.folders import Files
    from cospace.read.items import Maker
    from cospace.read.reading import Reading
    from cospace.read.sources import find_source

    _check_names(id, text, image, images)
    found = find_source(source)
    notes = list(found.notes)
    wanted = Wanted(id, text, image, metadata, location)
    if isinstance(found, Files):
        if wanted != Wanted() or images is not None:
            raise BadArgument(
                "a folder or a single file has no columns: leave out id=, text=, images=, ..."
            )
        wanted = Wanted("id", "text", "image", ())
    columns = choose(wanted, found.sample, notes, changes=changes)
    if isinstance(found, Files):
        return Reading(found, Maker(columns, found.folder, None), notes)
    return _table(found, columns, notes, changes, None if images is None else Path(images))


def _check_names(id: Any, text: Any, image: Any, images: Any) -> None:
    """Raises `BadArgument` for a column that has no name, and a folder that has no path."""
    for name, value in (("id", id), ("text", text), ("image", image)):
        if value is not None and not (isinstance(value, str) and value):
            raise BadArgument(f"{name}= takes the name of a column, not {value!r}")
    if images is not None and not isinstance(images, (str, os.PathLike)):
        raise BadArgument(f"images= takes the path of a folder, not {images!r:.80}")


def _table(
    source: Source, columns: Columns, notes: list[str], changes: bool, images: Path | None
) -> Reading:
    """The reading of a table whose columns are chosen; what is done to its cells is told."""
    from cospace.read.forms import Forms
    from cospace.read.items import Maker
    from cospace.read.reading import Reading
    from cospace.read.told import Told, narrow

    if columns.used is not None:
        source.choose(columns.used)
    columns, forms = narrow(columns, source.sample, notes), Forms(source.sample, cells=source.cells)
    notes += forms.notes
    told = Told(notes)
    told.seen(source.sample, columns)
    maker = Maker(
        columns,
        source.folder,
        forms,
        cells=source.cells,
        tell=told.tell,
        changes=changes,
        images=images,
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
