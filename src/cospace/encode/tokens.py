"""How a model cuts a text into tokens, where it stops reading, and what that loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import is_one_of
from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder
from cospace.encode.towers.pieces import marks, readable
from cospace.encode.words import WordModel
from cospace.errors import BadArgument, BadItem
from cospace.read.texts import check_text, is_blank

if TYPE_CHECKING:
    from cospace.encode.towers.text import TextTower
    from cospace.encode.words.tower import ReadWord

__all__ = ["Lengths", "Token", "Tokens", "cut_cosine", "lengths", "tokens"]

ROLES = ("query", "document")

# Characters of texts that are tokenised together, and cut texts whose cosine is measured.
_CHUNK = 1_000_000
_MOST_COSINES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its number in the vocabulary, and `piece`, readable.

    `kind` is "special" (put there by the tokenizer), "prompt", "text", "bytes" (a part of a
    character), "unknown" (the vocabulary has nothing for it), or "typed": a special token that
    stands in the text itself. `start` and `end` are characters of the text; both are 0 for
    what is not of the text. What is not `kept` is cut off: the model never reads it.

    The tokens of a word model are words, their numbers rows of its table. "n-grams" is a word
    that is not in it and is read by its n-grams; its number is -1, as that of unknown ones.
    """

    piece: str
    id: int
    kind: str
    start: int
    end: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as a model reads it. `at` is the character at which it stops reading.

    `max_tokens` is 0 for a word model, which reads all.
    """

    model: str
    role: str
    prompt: str
    text: str
    max_tokens: int
    tokens: tuple[Token, ...]
    at: int

    @property
    def kept(self) -> int:
        """How many tokens are read, special ones and the prompt included."""
        return sum(token.kept for token in self.tokens)

    @property
    def lost(self) -> dict[str, tuple[int, int]]:
        """(lost, of all) tokens, words and characters. A word that is cut in two is lost."""
        if self.kept == len(self.tokens):
            return {}
        words, read = len(self.text.split()), len(self.text[: self.at].split())
        around = self.text[max(0, self.at - 1) : self.at + 1]
        in_two = len(around) == 2 and not any(c.isspace() for c in around)
        return {
            "tokens": (len(self.tokens) - self.kept, len(self.tokens)),
            "words": (words - read + in_two, words),
            "characters": (len(self.text) - self.at, len(self.text)),
        }

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "model": self.model,
            "role": self.role,
            "prompt": self.prompt,
            "max_tokens": self.max_tokens,
            "count": len(self.tokens),
            "kept": self.kept,
            "cut_at": self.at if self.lost else None,
            "lost": {name: {"lost": n, "of": of} for name, (n, of) in self.lost.items()},
            "tokens": [asdict(token) for token in self.tokens],
        }


def tokens(model: Encoder, text: str, *, role: str = "document") -> Tokens:
    """The tokens of `text` for `model`, those that it never reads too.

    Raises `BadItem` for a text that cannot be encoded, `BadArgument` for another role, and for
    a model that has no tokenizer here (one for images alone, or one behind a service).

    >>> from cospace.testing.tiny import tiny_model
    >>> [(t.piece, t.id) for t in tokens(tiny_model(), "a red chair").tokens][:2]
    [('a', 65), ('re', 873)]
    """
    model = uncached(model)
    if isinstance(model, WordModel):
        _check_role(role)
        words = tuple(map(_word, model.read(check_text(text))))
        return Tokens(model.space.name, role, "", text, 0, words, len(text))
    tower, prompt = _tower(model, role)
    [encodings] = tower.windows([check_text(text)], role)
    found = tuple(_listed(tower, encodings, len(prompt), text))
    of_text = ("text", "bytes", "unknown", "typed")
    at = min((t.start for t in found if not t.kept and t.kind in of_text), default=len(text))
    return Tokens(model.space.name, role, prompt, text, tower.max_tokens, found, at)


def cut_cosine(model: Encoder, text: str, *, role: str = "document") -> float | None:
    """The cosine of what the model makes of a text that it cuts, with the whole text's vector.

    The whole text's vector is the mean of the vectors of its windows (pieces that the model
    reads to their end, prompt and all), weighted by their characters. None when nothing is cut,
    or when the prompt leaves no room for the text. Raises as `tokens`.
    """
    seen = tokens(model, text, role=role)
    pieces = _pieces(seen) if seen.lost else []
    if not pieces:
        return None
    encode = model.encode_query if role == "query" else model.encode_document
    vectors = encode(pieces)
    while vectors.truncated:
        # A piece that begins inside a word can have more tokens than it had in the text.
        if any(len(pieces[i]) == 1 for i in vectors.truncated):
            return None
        halves = [_halves(p) if i in vectors.truncated else [p] for i, p in enumerate(pieces)]
        pieces = [half for group in halves for half in group if not is_blank(half)]
        vectors = encode(pieces)
    mean = np.average(vectors.normalized, axis=0, weights=[len(piece) for piece in pieces])
    cosine = encode([text]).normalized[0] @ mean / np.linalg.norm(mean)
    return float(np.clip(cosine, -1, 1))


@dataclass(slots=True)
class Lengths:
    """How long many texts are, in tokens with special ones and the prompt.

    `cut` are the positions of texts that the model does not read to the end, `cosines` what
    `cut_cosine` says of the first of them, `failed` positions and reasons of what is no text.
    """

    model: str
    role: str
    max_tokens: int
    counts: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    cosines: list[float] = field(default_factory=list)
    lost_tokens: int = 0
    unknown_tokens: int = 0
    with_unknown: int = 0
    failed: list[tuple[int, str]] = field(default_factory=list)

    def quantiles(self) -> dict[str, float]:
        """The shortest, quarters, the 95th and 99th of a hundred, the longest; {} without texts."""
        if not self.counts:
            return {}
        at = {"min": 0, "25%": 25, "median": 50, "75%": 75, "95%": 95, "99%": 99, "max": 100}
        return {name: float(np.percentile(self.counts, q)) for name, q in at.items()}

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "model": self.model,
            "role": self.role,
            "max_tokens": self.max_tokens,
            "texts": len(self.counts),
            "tokens": sum(self.counts),
            "quantiles": self.quantiles(),
            "cut": {"texts": len(self.cut), "tokens": self.lost_tokens, "positions": self.cut},
            "cosines_of_cut": self.cosines,
            "unknown": {"texts": self.with_unknown, "tokens": self.unknown_tokens},
            "failed": [list(one) for one in self.failed],
        }


def lengths(model: Encoder, texts: Iterable[str], *, role: str = "document") -> Lengths:
    """The lengths of many texts, streamed; a bad one is listed, and the rest goes on.

    Raises `BadArgument` as `tokens` does.

    >>> from cospace.testing.tiny import tiny_model
    >>> found = lengths(tiny_model(), ["a chair", "", "ab " * 300])
    >>> found.counts, found.cut, [position for position, _ in found.failed]
    ([4, 300], [2], [1])
    """
    model = uncached(model)
    if isinstance(model, WordModel):
        return _word_lengths(model, texts, role)
    tower, _ = _tower(model, role)
    unknown = marks(tower.tokenizer)[0]
    found = Lengths(model.space.name, role, tower.max_tokens)
    for good in _chunks(texts, found):
        for (position, text), encodings in zip(
            good, tower.windows([text for _, text in good], role), strict=True
        ):
            lost = sum(len(one) - sum(one.special_tokens_mask) for one in encodings[1:])
            found.counts.append(len(encodings[0]) + lost)
            missing = sum(one.ids.count(unknown) for one in encodings) if unknown >= 0 else 0
            found.unknown_tokens += missing
            found.with_unknown += missing > 0
            if lost:
                found.cut.append(position)
                found.lost_tokens += lost
                if len(found.cut) <= _MOST_COSINES:
                    cosine = cut_cosine(model, text, role=role)
                    found.cosines += [] if cosine is None else [cosine]
    return found


def _word_lengths(model: WordModel, texts: Iterable[str], role: str) -> Lengths:
    """`lengths` of a word model, in words; it cuts nothing."""
    _check_role(role)
    found = Lengths(model.space.name, role, 0)
    for good in _chunks(texts, found):
        for _, text in good:
            words = model.read(text)
            missing = sum(not word.known for word in words)
            found.counts.append(len(words))
            found.unknown_tokens += missing
            found.with_unknown += missing > 0
    return found


def _word(word: ReadWord) -> Token:
    kind = "text" if word.row >= 0 else "n-grams" if word.known else "unknown"
    return Token(word.word, word.row, kind, word.start, word.end, True)


def _check_role(role: str) -> None:
    if not is_one_of(role, ROLES):
        raise BadArgument(f"role is 'query' or 'document', not {role!r}")


def _tower(model: Encoder, role: str) -> tuple[TextTower, str]:
    """The tower whose tokens are asked for, and its prompt for the role."""
    _check_role(role)
    if not isinstance(model, Model):
        raise BadArgument(
            f"{model.space.name} has no tokenizer here: what encodes its texts is elsewhere."
            " Tokens are shown for models that read texts here"
        )
    tower = model.text_tower()
    record = next(tower for tower in model.space.towers if tower.kind == "text")
    return tower, record.prompts.get(role, "")


def _chunks(texts: Iterable[str], found: Lengths) -> Iterator[list[tuple[int, str]]]:
    """The texts that can be encoded, by position; the reasons of the others go to `found`."""
    chunk: list[tuple[int, str]] = []
    size = 0
    for position, text in enumerate(texts):
        try:
            chunk.append((position, check_text(text)))
        except BadItem as error:
            found.failed.append((position, error.reason))
            continue
        size += len(text)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    yield chunk


def _listed(tower: TextTower, encodings: Sequence[Any], prompt: int, text: str) -> Iterator[Token]:
    """The tokens of the window that is read, then those of the others but for their frames."""
    unknown, special, bytewise = marks(tower.tokenizer)
    for window, one in enumerate(encodings):
        columns = one.tokens, one.ids, one.offsets, one.special_tokens_mask
        for piece, id, (start, end), frame in zip(*columns, strict=True):
            if frame:
                if window == 0:
                    yield Token(piece, id, "special", 0, 0, True)
                continue
            shown, broken = readable(piece, bytewise)
            kind = "bytes" if broken else "text"
            if id == unknown:
                kind = "unknown"
            elif id in special:
                kind = "typed"
            if end <= prompt:
                yield Token(shown, id, "prompt", 0, 0, window == 0)
            else:
                place = max(0, start - prompt), min(end - prompt, len(text))
                yield Token(shown, id, kind, *place, window == 0)


def _pieces(seen: Tokens) -> list[str]:
    """The text in pieces that the model reads to their end; they add up to it."""
    frame = sum(token.kind in ("special", "prompt") for token in seen.tokens)
    room = seen.max_tokens - frame
    if room < 1:
        return []
    starts = [t.start for t in seen.tokens if t.kind not in ("special", "prompt")][::room]
    ends = [*starts[1:], len(seen.text)]
    pieces = [seen.text[a:b] for a, b in zip([0, *starts[1:]], ends, strict=True)]
    return [piece for piece in pieces if not is_blank(piece)]


def _halves(piece: str) -> list[str]:
    """A piece in two, at the space nearest to its middle, or in its middle."""
    middle = len(piece) // 2
    spaces = [i for i, letter in enumerate(piece) if letter.isspace() and 0 < i < len(piece) - 1]
    at = min(spaces, key=lambda i: abs(i - middle), default=middle)
    return [piece[:at], piece[at:]]
