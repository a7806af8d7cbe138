"""Item: an id, typed parts and metadata. What goes in, and what a search gives back.

A plain `str` is always text. It is never taken for a path or a URL: an image comes as
`Image(path)`, audio as `Audio(path)`, any other signal as `Part(kind, Path(...))` or
`Part(kind, array)`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from cospace.arguments import check_texts
from cospace.errors import BadArgument, BadItem
from cospace.limits import limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.outline import Outline
    from cospace.space import Space

__all__ = [
    "LIKE", "Audio", "Combines", "Content", "Depth", "DepthMap", "Image", "Item", "Part", "Parts",
    "Video", "kind_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A value of one kind: ``Part("text", "a chair")``, ``Part("audio", samples)``.

    Kinds are an open set of lower-case names; which ones can be encoded is the model's affair.
    """

    kind: str
    value: Any

    def __post_init__(self) -> None:
        kind = self.kind
        if not (isinstance(kind, str) and kind.isidentifier() and kind.islower()):
            raise BadItem(
                "", f"a part's kind is a lower-case name such as 'text', not {self.kind!r}"
            )
        if isinstance(self.value, os.PathLike):
            object.__setattr__(self, "value", Path(self.value))
        elif self.kind != "text":
            object.__setattr__(self, "value", _read(self.value, self.kind))

    @property
    def source(self) -> Any:
        """What holds the part: a path, the bytes of a file, or a value in memory."""
        return self.value.source if isinstance(self.value, DepthMap) else self.value

    @property
    def path(self) -> Path | None:
        """The path of the part's file, or None for what is in memory."""
        return self.source if isinstance(self.source, Path) else None


@dataclass(frozen=True, slots=True, init=False)
class Image(Part):
    """An image: a path, the bytes of a file, a uint8 array [height, width, 3], or a PIL image.

    An open file, such as an upload, is read to its end. Nothing is opened here: a file that is
    missing or broken is found when it is encoded.

    >>> import io
    >>> Image(io.BytesIO(b"GIF89a")).value
    b'GIF89a'

    Raises `BadItem` for an open file that has no bytes to give, or too many.
    """

    def __init__(self, source: Any) -> None:
        object.__setattr__(self, "kind", "image")
        object.__setattr__(self, "value", _as_path(source, "image"))


@dataclass(frozen=True, slots=True, init=False)
class Audio(Part):
    """A recording: the path or the bytes of a WAV file; FLAC, OGG and MP3 with the extra [audio].

    An open file is read to its end, and `BadItem` as for an `Image`. Nothing is opened here.
    """

    def __init__(self, source: Any) -> None:
        object.__setattr__(self, "kind", "audio")
        object.__setattr__(self, "value", _as_path(source, "audio"))


@dataclass(frozen=True, slots=True, init=False)
class Video(Part):
    """A video: the path or the bytes of an animated GIF, WebP or PNG; MP4 with the extra [video].

    An open file is read to its end, and `BadItem` as for an `Image`. Nothing is opened here.
    """

    def __init__(self, source: Any) -> None:
        object.__setattr__(self, "kind", "video")
        object.__setattr__(self, "value", _as_path(source, "video"))


class DepthMap(NamedTuple):
    """A depth map and what its numbers mean; see `Depth`."""

    source: Any
    metres: float | None
    focal: float | None
    disparity: float | None


@dataclass(frozen=True, slots=True, init=False)
class Depth(Part):
    """How far away things are: a one-channel image, and what its numbers mean.

    `source` is a path, the bytes of a file (16-bit PNG, float TIFF), or an array
    [height, width]. Say either `metres`, the length that one unit stands for (0.001 for
    millimetres), with `focal`, the camera's focal length in pixels; or `disparity`, the pixels
    of disparity that one unit stands for. Neither is guessed.

    >>> Depth("room.png", metres=0.001, focal=518.9).kind
    'depth'

    Raises `BadItem` for a meaning that is missing, doubled, or not a positive number.
    """

    def __init__(
        self,
        source: Any,
        *,
        metres: float | None = None,
        focal: float | None = None,
        disparity: float | None = None,
    ) -> None:
        given = [value for value in (metres, focal, disparity) if value is not None]
        whole = (metres is None) == (focal is None) and (metres is None) != (disparity is None)
        if not whole or not all(isinstance(v, (int, float)) and 0 < v < 1e9 for v in given):
            raise BadItem(
                "",
                "a depth says what one unit is: Depth(source, metres=0.001, focal=518.9), with the"
                " focal length in pixels, or Depth(source, disparity=1.0)",
            )
        object.__setattr__(self, "kind", "depth")
        object.__setattr__(
            self, "value", DepthMap(_as_path(source, "depth"), metres, focal, disparity)
        )


def _as_path(source: Any, kind: str) -> Any:
    return Path(source) if isinstance(source, (str, os.PathLike)) else _read(source, kind)


# By kind, the limit (limits.py) of what is read of an open file; images' for the others.
_MOST = {"audio": "audio_bytes", "video": "video_bytes", "imu": "imu_bytes"}


def _read(source: Any, kind: str) -> Any:
    """The bytes of an open file, read to its end; anything else as it is."""
    read = getattr(source, "read", None)
    if not callable(read):
        return source
    name = type(source).__name__
    most = _MOST.get(kind, "image_bytes")
    try:
        data = read(limit(most) + 1)
    except (OSError, ValueError) as error:
        raise BadItem(kind, f"the {name} cannot be read: {error}") from error
    if not isinstance(data, (bytes, bytearray)):
        if hasattr(data, "close") and hasattr(data, "__await__"):
            data.close()  # a coroutine, which would warn that nobody awaited it
            raise BadItem(kind, f"the {name} is asynchronous: give it as await file.read()")
        raise BadItem(
            kind, f"reading the {name} gives {type(data).__name__}: open the file in mode 'rb'"
        )
    if not data:
        raise BadItem(kind, f"the {name} has nothing left to read: call its seek(0) first")
    if len(data) > limit(most):
        raise BadItem(
            kind,
            f"the {name} has more than {limit(most):,} bytes. Make it smaller, or raise"
            f" COSPACE_LIMIT_{most.upper()}",
        )
    return bytes(data)


Content: TypeAlias = "str | Part | Parts"

# The kind of the part of a query that is a stored item, by its id.
LIKE = "like"
# As many as a person points at; more are a filter.
MOST_UNLIKE = 50


def kind_of(name: str) -> str:
    """The kind of the part that has a name: "image" for "image 2" too.

    >>> kind_of("image 2"), kind_of("text")
    ('image', 'text')
    """
    return name.partition(" ")[0]


class Combines(Protocol):
    """What makes one vector of a reference and a text; `cospace.train.fit_combiner` learns one.

    `kind` is that of the reference, `space` that of all its vectors.
    """

    @property
    def kind(self) -> str:
        """The kind of the references that it takes."""
        ...

    @property
    def space(self) -> Space:
        """The space of the vectors that it takes and gives."""
        ...

    def combine(
        self, reference: NDArray[np.float32], text: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The unit rows [n, dim] of n references and n texts, unit rows [n, dim] each."""
        ...


class Parts(Mapping[str, Part]):
    """The parts of one item or one query, by kind: ``Parts(text="in green", image=Image(p))``.

    An item of a collection may have several photos. They are named "image", "image 2", ... and
    the item is found by each of them.

    >>> list(Parts(text="a chair", image=[Image("front.jpg"), Image("back.jpg")]))
    ['text', 'image', 'image 2']

    A query has four parts of its own to say. `like` is the id of a stored item, which stands in
    the query by its stored vectors and is not found itself. `weights` say by kind how much each
    part counts in the sum of their vectors: 1 for a kind that is not named, and a part of weight
    0 is not asked by. `combiner` makes the vector instead of the sum: see
    `cospace.train.fit_combiner`. `unlike` are ids of stored items: the query is moved away from
    them (Rocchio 1971), and they are not found themselves.

    >>> Parts(like="MK-1", text="in green", weights={"text": 0.5}).weights
    {'text': 0.5}

    Raises `BadItem` for a part of another kind, `BadArgument` for weights that cannot be.
    """

    __slots__ = ("_parts", "combiner", "unlike", "weights")

    def __init__(
        self,
        *,
        weights: Any = None,  # a Mapping[str, float]; Any lets parts be given as **dict
        combiner: Any = None,  # a Combines
        unlike: Any = (),  # ids, or one
        **values: Any,
    ) -> None:
        self._parts: dict[str, Part] = {}
        photos: list[Any] = []
        for name, value in values.items():
            kind = kind_of(name)
            if value is None:
                continue
            if isinstance(value, Part) and value.kind != kind:
                raise BadItem("", f"{kind}= was given a part of kind {value.kind!r}")
            if kind == "image":
                photos += value if isinstance(value, (list, tuple)) else [value]
            elif kind == LIKE:
                self._parts[name] = Part(LIKE, check_id(getattr(value, "value", value)))
            else:
                self._parts[name] = value if isinstance(value, Part) else Part(kind, value)
        for number, photo in enumerate(photos, start=1):
            if not isinstance(photo, Part) or photo.kind != "image":
                raise BadItem("", "image= takes an Image: write image=Image(path)")
            self._parts["image" if number == 1 else f"image {number}"] = photo
        self.weights: dict[str, float] | None = None
        if weights is not None:
            self.weights = _checked_weights(weights, self._parts)
        self.combiner: Combines | None = combiner
        if combiner is not None and weights is not None:
            raise BadArgument("give weights or a combiner, not both: a combiner weighs by itself")
        self.unlike: tuple[str, ...] = _unlike(unlike)

    @classmethod
    def of(cls, content: Content) -> Parts:
        """`content` as Parts: a string becomes a text part, a part stands alone."""
        if isinstance(content, Parts):
            return content
        if isinstance(content, str):
            return cls(text=content)
        if isinstance(content, Part):
            return cls(**{content.kind: content})
        raise BadItem("", f"expected a str, an Image, a Part or Parts, not {_instead(content)}")

    @property
    def composed(self) -> bool:
        """Whether it says what only a query can: `like`, `unlike`, `weights` or a `combiner`."""
        said = self.weights is not None or self.combiner is not None or bool(self.unlike)
        return said or LIKE in self._parts

    @property
    def text(self) -> str | None:
        """The text, or None."""
        part = self._parts.get("text")
        return None if part is None else str(part.value)

    @property
    def image(self) -> Image | None:
        """The image, the first of several, or None."""
        part = self._parts.get("image")
        return part if isinstance(part, Image) else None

    @property
    def images(self) -> list[Part]:
        """All images, in their order."""
        return [part for part in self._parts.values() if part.kind == "image"]

    def weight(self, name: str) -> float:
        """What the part of this name counts in the sum: 1 unless its kind has a weight."""
        return 1.0 if self.weights is None else self.weights.get(kind_of(name), 1.0)

    def __getitem__(self, kind: str) -> Part:
        return self._parts[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Parts):
            mine = (self._parts, self.weights, self.combiner, self.unlike)
            return mine == (other._parts, other.weights, other.combiner, other.unlike)
        return Mapping.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]  # as of every mapping that can be compared

    def __repr__(self) -> str:
        said = [f"{k}={p.value!r}" for k, p in self._parts.items()]
        more = [
            f"{k}={v!r}" for k in ("weights", "combiner") if (v := getattr(self, k)) is not None
        ]
        more += [f"unlike={self.unlike!r}"] if self.unlike else []
        return f"Parts({', '.join([*said, *more])})"


def _instead(content: object) -> str:
    """The type of what is no content, and what to write for it."""
    kind = type(content).__name__
    if isinstance(content, Item):
        return f"{kind}: its parts are item.parts; search by its vectors with Parts(like=item.id)"
    if isinstance(content, list | tuple | set):
        return f"{kind}: give one; search_many takes a list of queries"
    if isinstance(content, os.PathLike | bytes) or hasattr(content, "__array_interface__"):
        return f"{kind}: a picture is given as Image(...), a vector as Vectors(array, space)"
    return kind


def _unlike(given: Any) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(map(check_id, check_texts("unlike", given))))
    if len(found) > MOST_UNLIKE:
        raise BadArgument(
            f"unlike takes at most {MOST_UNLIKE} ids, not {len(found)}; leave out more by exclude="
            " or by a filter"
        )
    return found


def _checked_weights(weights: Mapping[str, float], parts: Mapping[str, Part]) -> dict[str, float]:
    """The weights by kind. Raises `BadArgument` for what says nothing, or cannot be weighed."""
    kinds = list(dict.fromkeys(map(kind_of, parts)))
    if not isinstance(weights, Mapping):
        raise BadArgument(f'weights are a dict by kind, such as {{"text": 0.5}}, not {weights!r}')
    for kind, weight in weights.items():
        if kind not in kinds:
            raise BadArgument(f"weights name {kind!r}; the parts are {', '.join(kinds) or 'none'}")
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 <= weight < 1e6:
            raise BadArgument(f"the weight of {kind!r} is a number of 0 or more, not {weight!r}")
    found = {kind: float(weight) for kind, weight in weights.items()}
    if kinds and not any(found.get(kind, 1.0) for kind in kinds):
        raise BadArgument("all weights are 0: nothing is left to ask by")
    return found


@dataclass(frozen=True, slots=True)
class Item:
    """An id, the parts that are encoded, and the metadata that filters see.

    `vectors` is empty, unless `Collection.get(vectors=True)` gave the item: then it holds the
    stored vector of each part by its name, float32 [dim], of length one. Adding the item to a
    collection encodes its parts anew.

    `missing` is empty, unless `cospace.read` gave the item and a file that its row names cannot
    be read now: then it holds the path by the name of the part. A collection that has stored such a
    part keeps it.

    `outline` is None, unless ``cospace.read(..., chunks=True)`` gave the item: then a collection
    stores its text as chunks.

    >>> Item("MK-1", "Retro velvet armchair", {"price": 120.0}).parts.text
    'Retro velvet armchair'

    Raises `BadItem` for an id that is not a non-empty string of at most 256 bytes of UTF-8.
    """

    id: str
    content: Content
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parts: Parts = field(init=False, repr=False, compare=False)
    vectors: Mapping[str, NDArray[np.float32]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    missing: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    outline: Outline | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        check_id(self.id)
        object.__setattr__(self, "parts", Parts.of(self.content))
        if self.parts.composed:
            raise BadItem(self.id, "like=, weights= and combiner= are of a query, not of an item")


def check_id(id: object) -> str:
    """`id` itself, when it can be an item's id; `BadItem` otherwise."""
    if not isinstance(id, str):
        raise BadItem(repr(id)[:80], f"an id is a str, not {type(id).__name__}")
    if not id:
        raise BadItem("''", "an id cannot be empty")
    try:
        size = len(id.encode("utf-8"))
    except UnicodeEncodeError:
        raise BadItem(ascii(id)[:80], "an id must be valid Unicode (lone surrogate)") from None
    if size > limit("id_bytes"):
        raise BadItem(id[:40] + "...", f"an id has at most {limit('id_bytes')} bytes, not {size}")
    if "\x00" in id:
        raise BadItem(ascii(id)[:80], "an id cannot hold a NUL character")
    return id
