"""Contexts: a word's occurrences in a corpus, each with what stands around it."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

from cospace.adopt.words.opening import open_unpacked
from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.progress import Watch, metered
from cospace.read.sentences import sentences

__all__ = ["WINDOW", "Context", "Corpus", "Counted", "contexts_of"]

# Words on each side, at most, of the sentence that the word stands in.
WINDOW = 15
_BLOCK = 1 << 20  # bytes that are read at a time; a longer line is cut at a space
# A paragraph that is longer is searched without looking for sentences first.
_LONG = 4_000

# A file of texts, packed or not, or the texts themselves.
Corpus: TypeAlias = "str | os.PathLike[str] | Iterable[str]"


class Context(NamedTuple):
    """The words about an occurrence, as they are written, and the same without the word."""

    text: str
    around: str


class Counted(NamedTuple):
    """The contexts that were kept, how many there were, and how many words stood alone."""

    kept: list[Context]
    found: int
    alone: int


def contexts_of(
    corpus: Corpus,
    word: str,
    *,
    most: int = 1_000,
    window: int = WINDOW,
    seed: int = 0,
    progress: Watch = None,
) -> Counted:
    """At most `most` occurrences of a word in a corpus, drawn with `seed` where there are more.

    A context is the sentence of the word, at most `window` words on each side. Capitals do not
    count; the word may be several ("river bank"). An occurrence with nothing around it is counted,
    and left out.

    Raises `BadArgument` for no word, `EmptyItem` for a corpus without texts, and `BadItem` for a
    file that is no text in UTF-8.

    >>> contexts_of(["He sat on the river bank. It rained."], "bank").kept[0].around
    'He sat on the river .'
    """
    if not isinstance(word, str) or not word.strip():
        raise BadArgument(f"give the word whose senses are asked for, not {word!r}")
    pattern = re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
    draw = np.random.default_rng(seed)
    kept: list[Context] = []
    found = alone = texts = 0
    with metered(progress, _size(corpus), "MB" if _is_path(corpus) else "texts") as meter:
        meter.stage = "reading"
        for text, step in _texts(corpus):
            meter.add(step)
            texts += bool(text.strip())
            for context in _in_text(text, pattern, window):
                if not context.around:
                    alone += 1
                    continue
                found += 1
                if len(kept) < most:
                    kept.append(context)
                elif (place := int(draw.integers(found))) < most:  # each is as likely to stay
                    kept[place] = context
    if not texts:
        raise EmptyItem(_name(corpus), "the corpus holds no text")
    return Counted(kept, found, alone)


def _is_path(corpus: Corpus) -> bool:
    return isinstance(corpus, (str, os.PathLike))


def _name(corpus: Corpus) -> str:
    return os.fspath(corpus) if isinstance(corpus, (str, os.PathLike)) else "corpus"


def _size(corpus: Corpus) -> int | None:
    return len(corpus) if isinstance(corpus, (list, tuple)) else None


def _texts(corpus: Corpus) -> Iterator[tuple[str, int]]:
    """Texts, each with how far it brings the meter."""
    if not isinstance(corpus, (str, os.PathLike)):
        if not isinstance(corpus, Iterable):
            raise BadArgument(f"a corpus is a file or texts, not {type(corpus).__name__}")
        for text in corpus:
            if not isinstance(text, str):
                raise BadArgument(f"a corpus is a file or texts, not {type(text).__name__}")
            yield text, 1
        return
    path = Path(corpus)
    with open_unpacked(path) as (file, _):
        for text in _blocks(file, path):
            for line in text.splitlines():
                yield line, 0
            yield "", 1


def _blocks(file: BinaryIO, path: Path) -> Iterator[str]:
    """About a megabyte of text at a time, cut at the end of a line or at least of a word."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    while True:
        data = file.read(_BLOCK)
        try:
            rest += decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise BadItem(path.name, f"it is no text in UTF-8 ({error.reason})") from error
        if not data:
            break
        place = max(rest.rfind("\n"), 0) or rest.rfind(" ")
        if place > 0:
            yield rest[:place]
            rest = rest[place:]
    yield rest


def _in_text(text: str, pattern: re.Pattern[str], window: int) -> Iterator[Context]:
    if pattern.search(text) is None:
        return
    spans = sentences(text) if len(text) <= _LONG else [(0, len(text))]
    for start, end in spans:
        for match in pattern.finditer(text, start, end):
            before = _last(text[max(start, match.start() - 40 * window) : match.start()], window)
            after = _first(text[match.end() : min(end, match.end() + 40 * window)], window)
            whole = f"{before}{match[0]}{after}"
            yield Context(_plain(whole), _plain(pattern.sub(" ", whole)))


def _plain(text: str) -> str:
    """The text with single spaces; "" where no word is left, only punctuation."""
    found = " ".join(text.split())
    return found if any(map(str.isalnum, found)) else ""


def _last(text: str, window: int) -> str:
    """The last words of what stands before, with the space that follows them."""
    space = " " if text[-1:].isspace() else ""
    words = text.split()[-window:] if window else []
    return " ".join(words) + space


def _first(text: str, window: int) -> str:
    space = " " if text[:1].isspace() else ""
    return space + " ".join(text.split()[:window])
