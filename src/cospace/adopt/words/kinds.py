"""Which format a file of word vectors has: recognised by its content, refused by its name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cospace.adopt.words.opening import PACKINGS
from cospace.encode.names import UNSAFE
from cospace.errors import BadArgument, BadItem, UnsafeFile
from cospace.limits import limit

__all__ = ["FASTTEXT_MAGIC", "FORMATS", "HEAD", "TEXT", "Layout", "floats", "layout_of", "refuse"]

# The text formats: "glove" has no header; the others start with "number-of-words dimensions".
TEXT = ("glove", "word2vec", "fasttext")
FORMATS = (*TEXT, "word2vec-binary", "fasttext-bin")

FASTTEXT_MAGIC = (793_712_314).to_bytes(4, "little")

HEAD = 1 << 20  # bytes that are looked at
_SAMPLE = 100  # lines that are looked at

_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_WEIGHTS = (".ckpt", ".h5", ".keras", ".pt", ".pth")  # of torch and Keras: no table of words
_UNSAFE_STARTS = (b"PK\x03\x04", b"\x93NUMPY", b"\x89HDF")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Layout:
    """How a file of word vectors is laid out. `count` is what its header says, None without one.

    Rows begin at the byte `start`. In text, fields are separated by `separator`, `trailing` says
    whether one stands at the end of each line too, and `row_bytes` is about how long a line is.
    """

    format: str
    dim: int
    count: int | None
    start: int
    separator: str = " "
    trailing: bool = False
    row_bytes: int = 0
    notes: tuple[str, ...] = ()


def refuse(path: Path) -> None:
    """Raises `UnsafeFile` for a name whose format can run code, with the way to convert it."""
    suffix = path.suffix.lower()
    if suffix in UNSAFE and suffix != ".bin":
        raise _unsafe(path.name, f"{suffix} files")
    if suffix == ".ftz":
        raise BadItem(
            path.name,
            "a quantised fastText model, which holds no exact vectors. Give the .bin that it was"
            " made from, or let fastText write a text: fasttext print-word-vectors model.ftz"
            " < words.txt > vectors.txt",
        )
    if suffix == ".safetensors":
        raise BadItem(path.name, "one file of a model; give the folder that holds them all")


def floats(fields: list[bytes]) -> list[float] | None:
    """The numbers of text fields, or None when one is no number. Python's "1_0" is none here.

    >>> floats([b"0.5", b"-1e-3"]), floats([b"1_0"])
    ([0.5, -0.001], None)
    """
    if any(b"_" in field for field in fields):
        return None
    try:
        return [float(field) for field in fields]
    except ValueError:
        return None


def layout_of(head: bytes, name: str, asked: str = "") -> Layout:
    """The layout of a file of which `head` is the start, in the format `asked` or what it shows.

    Raises `BadArgument` for a format that is unknown, `UnsafeFile` for a pickle, and `BadItem`
    for a file that holds no word vectors.
    """
    if asked and asked not in FORMATS:
        raise BadArgument(f"{asked!r} is no format of word vectors: {', '.join(FORMATS)}")
    _check_start(head, name)
    if head.startswith(FASTTEXT_MAGIC) and asked in ("", "fasttext-bin"):
        return Layout("fasttext-bin", 0, None, 0)
    if asked == "fasttext-bin":
        raise BadItem(name, "not a fastText .bin: its first four bytes are different")
    start = len(_BOM) if head.startswith(_BOM) else 0
    header, start, rows = _first_lines(head, start, asked)
    if not head[start:].strip():
        raise BadItem(name, "no word vectors in it: it is empty")
    lengths = [_numbers(row) for row in rows]
    if asked == "" and header and header[1] != 1 and set(lengths) == {1}:
        header = None  # GloVe of one dimension, whose first word is a number
        return layout_of(head, name, "glove")
    textual = 2 * sum(n > 0 for n in lengths) >= len(lengths) > 0
    if asked == "word2vec-binary" or (header and not textual and not asked):
        if header is None:
            raise BadItem(name, "no header: word2vec's binary format starts with two numbers")
        count, dim = header
        return Layout("word2vec-binary", _checked(dim, name), count, start)
    if not any(lengths):
        raise BadItem(
            name,
            "it does not start with lines of a word and numbers. Expected are the text and binary"
            " formats of word2vec, GloVe's text, and fastText's .vec and .bin",
        )
    return _text_layout(name, asked, header, start, rows)


def _check_start(head: bytes, name: str) -> None:
    """Raises `UnsafeFile` for what starts as a pickle does, whatever it is called."""
    if head.startswith(b"PK\x03\x04") and name.lower().endswith(".zip"):
        raise BadItem(name, "an archive; unpack it, and give the file of vectors that is in it")
    if _PICKLE.match(head) or head.startswith(_UNSAFE_STARTS):
        raise _unsafe(name, "pickles and archives of them")


def _first_lines(
    head: bytes, start: int, asked: str
) -> tuple[tuple[int, int] | None, int, list[bytes]]:
    """The header's two numbers, where the rows begin, and the first rows that are whole."""
    while start < len(head) and head[start] in b"\r\n":
        start += 1
    end = head.find(b"\n", start, start + 64)
    end = len(head) if end < 0 and len(head) < start + 64 else end
    found = _HEADER.fullmatch(head[start:end].rstrip(b"\r")) if end >= 0 else None
    header = None
    if found and asked != "glove":
        header = int(found[1]), int(found[2])
        start = min(end + 1, len(head))
    lines = head[start:].splitlines()
    if len(head) == HEAD and lines:
        lines.pop()  # cut off
    most = limit("word_line_bytes")
    rows = [line for line in lines if line.strip() and len(line) <= most]
    return header, start, rows[:_SAMPLE]


def _text_layout(
    name: str, asked: str, header: tuple[int, int] | None, start: int, rows: list[bytes]
) -> Layout:
    lengths = [n for n in map(_numbers, rows) if n]
    common = Counter(lengths)
    dim = max(common, key=lambda n: (common[n], n))
    notes = []
    if header is not None:
        said = header[1]
        if said in common or (len(lengths) < 3 and said < max(lengths)):
            dim = said
        if dim != said:
            notes.append(f"the header says {said:,} dimensions, the rows have {dim:,}")
    elif asked in ("word2vec", "fasttext"):
        notes.append("there is no header with the number of words and of dimensions")
    sampled = [row.rstrip(b"\r") for row in rows]
    tabs = 2 * sum(row.count(b"\t") >= dim for row in sampled) > len(sampled)
    separator = "\t" if tabs else " "
    ended = sum(row.endswith(separator.encode()) for row in sampled)
    format = "glove" if header is None else "fasttext" if _is_vec(name) else "word2vec"
    return Layout(
        format=asked or format,
        dim=_checked(dim, name),
        count=header and header[0],
        start=start,
        separator=separator,
        trailing=2 * ended > len(sampled),
        row_bytes=sum(map(len, sampled)) // len(sampled) + 1,
        notes=tuple(notes),
    )


def _numbers(line: bytes) -> int:
    """How many fields at the end of a line are numbers, the first field never."""
    fields = line.split()
    count = 0
    for field in reversed(fields[1:]):
        if floats([field]) is None:
            break
        count += 1
    return count


def _checked(dim: int, name: str) -> int:
    if not 1 <= dim <= limit("dim"):
        raise BadItem(name, f"vectors of {dim:,} numbers; from 1 to {limit('dim'):,} are read")
    return dim


def _is_vec(name: str) -> bool:
    suffixes = [s for s in Path(name).suffixes if s.lower() not in PACKINGS]
    return bool(suffixes) and suffixes[-1].lower() == ".vec"


def _unsafe(name: str, what: str) -> UnsafeFile:
    if Path(name).suffix.lower() in _WEIGHTS:
        do = "Of torch models safetensors are taken: give the folder that holds them"
    else:
        do = (
            f"If gensim wrote it: KeyedVectors.load({name!r}).save_word2vec_format('vectors.bin',"
            f" binary=True), for a whole model Word2Vec.load({name!r}).wv.save_word2vec_format"
            "(...). Then: cospace models add vectors.bin"
        )
    return UnsafeFile(
        f"{name}: {what} can run code when they are loaded, so this was not opened. {do}"
    )
