"""CLIP's tokenizer: byte pairs of lower-cased words, for the `tokenizers` library.

The vocabulary is a list of merges (Sennrich et al. 2016, "Neural Machine Translation of Rare
Words with Subword Units", over bytes as in GPT-2): 256 bytes, the same at the end of a word, one
piece a merge, and the two marks for the start and the end of a text.
"""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from cospace.errors import ModelDamaged, ModelNotFound

__all__ = ["CONTEXT", "MERGES", "find_tokenizer", "tokenizer_json"]

CONTEXT = 77  # tokens of a text, its two marks included
MERGES = "bpe_simple_vocab_16e6.txt.gz"

_PIECES = 49_408
_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORD_END = "</w>"
# Words of letters, single digits, runs of other signs; and the endings of English.
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
_MOST_BYTES = 16_000_000

# What is written in several ways, and read in one: the part of ftfy's repairs, and of HTML's
# entities, that is common in captions. "&amp;" comes first, so that "&amp;lt;" ends as "<".
_REPLACED = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&nbsp;": " ",
    "\N{LATIN SMALL LIGATURE FF}": "ff",
    "\N{LATIN SMALL LIGATURE FI}": "fi",
    "\N{LATIN SMALL LIGATURE FL}": "fl",
    "\N{LATIN SMALL LIGATURE FFI}": "ffi",
    "\N{LATIN SMALL LIGATURE FFL}": "ffl",
}
_PATTERNS = {
    "[\u02bc\u2018-\u201b]": "'",
    "[\u201c-\u201f]": '"',
    r"[\x00-\x08\x0b\x0e-\x1f\x7f\x{feff}]": "",
    r"\s+": " ",
}


def find_tokenizer(folder: Path) -> bytes:
    """`tokenizer.json` of a folder, or the one made from its merges file.

    Raises `ModelNotFound` where there is neither, `ModelDamaged` for one that cannot be used.
    """
    for name, read in (("tokenizer.json", _checked), (MERGES, tokenizer_json)):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
            if len(data) > _MOST_BYTES:
                raise ModelDamaged(f"{folder / name}: larger than {_MOST_BYTES:,} bytes")
            return read(data)
    raise ModelNotFound(
        f"{folder}: no tokenizer.json and no {MERGES} in it. The package open_clip_torch holds the"
        f" latter: copy open_clip/{MERGES} there"
    )


def tokenizer_json(merges: bytes) -> bytes:
    """A `tokenizer.json` from the bytes of CLIP's merges file, packed with gzip or plain.

    A text is made NFC and lower case, its white space is joined, curly quotes, ligatures and the
    commonest HTML entities are written out, and each list of tokens begins and ends with a mark.
    The original differs in a few texts: it repairs broken encodings and full-width letters
    (ftfy), knows all HTML entities, lower-cases a final sigma as one, and takes the marks' own
    names within a text for marks; here they are text.

    Raises `ModelDamaged` for another file.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    pairs = _pairs(merges)
    letters = _letters()
    pieces = [*letters, *(letter + _WORD_END for letter in letters)]
    pieces += [first + second for first, second in pairs] + [_START, _END]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    if len(vocabulary) != _PIECES:
        raise ModelDamaged(f"the merges file makes {len(vocabulary):,} pieces, not {_PIECES:,}")
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, end_of_word_suffix=_WORD_END))
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(old, new) for old, new in _REPLACED.items()),
            *(normalizers.Replace(Regex(old), new) for old, new in _PATTERNS.items()),
            normalizers.NFC(),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = TemplateProcessing(
        single=f"{_START} $A {_END}",
        special_tokens=[(mark, vocabulary[mark]) for mark in (_START, _END)],
    )
    tokenizer.decoder = decoders.ByteLevel()
    return str(tokenizer.to_str()).encode()


def _letters() -> list[str]:
    """A visible letter for each byte, in CLIP's order: visible ones first, then the others."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = len(set(range(256)) - set(visible))
    return [chr(byte) for byte in visible] + [chr(256 + i) for i in range(hidden)]


def _pairs(merges: bytes) -> list[tuple[str, str]]:
    """The merges in order: what is put together first comes first."""
    try:
        if merges[:2] == b"\x1f\x8b":
            with gzip.open(BytesIO(merges)) as file:
                merges = file.read(_MOST_BYTES + 1)
        lines = merges.decode("utf-8").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ModelDamaged(f"the merges file cannot be read ({error})") from error
    # The first line is a remark, and the file goes on after the pieces that CLIP uses.
    used = [tuple(line.split()) for line in lines[1 : _PIECES - 2 * 256 - 2 + 1]]
    bad = next((number for number, pair in enumerate(used, start=2) if len(pair) != 2), 0)
    if bad or len(used) != _PIECES - 2 * 256 - 2:
        at = f"line {bad} is not a pair" if bad else f"it has {len(lines):,} lines"
        raise ModelDamaged(f"not CLIP's merges file: {at}")
    return [(pair[0], pair[1]) for pair in used]


def _checked(data: bytes) -> bytes:
    """A `tokenizer.json` as it is, when the library can read it."""
    from tokenizers import Tokenizer

    try:
        record: Any = json.loads(data)
        tokenizer = Tokenizer.from_str(json.dumps(record))
    except Exception as error:  # the tokenizer's parser raises bare Exception
        raise ModelDamaged(f"tokenizer.json cannot be used ({str(error)[:200]})") from error
    if tokenizer.get_vocab_size() != _PIECES:
        raise ModelDamaged(
            f"tokenizer.json has {tokenizer.get_vocab_size():,} pieces; CLIP's has {_PIECES:,}"
        )
    return data
