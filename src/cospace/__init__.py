"""cospace: one space for everything you search.

>>> import cospace as cs
>>> model = cs.load("starter")
>>> cs.similarity(model.encode_query(["a seat"]), model.encode_document(["a chair"])).shape
(1, 1)
"""

from __future__ import annotations

from importlib import import_module

# As type checkers know it; importing `typing` for it would be a good part of what is loaded here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cospace import errors, evaluate, limits, train
    from cospace.adopt.words import read_word_vectors
    from cospace.collection import Collection, Report
    from cospace.collection.open import open
    from cospace.encode import Encoder, load, models
    from cospace.encode.executor import encode_items
    from cospace.item import Audio, Depth, Image, Item, Part, Parts, Video
    from cospace.read import read
    from cospace.results import Hit, Results
    from cospace.space import Space, Tower
    from cospace.vectors import Vectors, similarity

__version__ = "0.1.0"

# Every public name and the module it lives in, loaded on first use: `import cospace` stays light.
# "" is a name of a package of its own. `read` is one that can also be called.
_HOME = {
    "Audio": "cospace.item",
    "Collection": "cospace.collection",
    "Depth": "cospace.item",
    "Encoder": "cospace.encode",
    "Hit": "cospace.results",
    "Image": "cospace.item",
    "Item": "cospace.item",
    "Part": "cospace.item",
    "Parts": "cospace.item",
    "Report": "cospace.collection",
    "Results": "cospace.results",
    "Space": "cospace.space",
    "Tower": "cospace.space",
    "Vectors": "cospace.vectors",
    "Video": "cospace.item",
    "encode_items": "cospace.encode.executor",
    "errors": "",
    "evaluate": "",
    "limits": "",
    "load": "cospace.encode",
    "models": "cospace.encode",
    "open": "cospace.collection",
    "read": "",
    "read_word_vectors": "cospace.adopt.words",
    "similarity": "cospace.vectors",
    "train": "",
}

__all__ = [
    "Audio",
    "Collection",
    "Depth",
    "Encoder",
    "Hit",
    "Image",
    "Item",
    "Part",
    "Parts",
    "Report",
    "Results",
    "Space",
    "Tower",
    "Vectors",
    "Video",
    "encode_items",
    "errors",
    "evaluate",
    "limits",
    "load",
    "models",
    "open",
    "read",
    "read_word_vectors",
    "similarity",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cospace' has no attribute {name!r}")
    home = _HOME[name]
    value = getattr(import_module(home), name) if home else import_module(f"cospace.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
