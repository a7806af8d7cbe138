"""The n-grams of a word and their buckets, as fastText counts and hashes them."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["bucket", "ngrams"]


def ngrams(word: str, least: int, most: int) -> Iterator[bytes]:
    """The n-grams of "<word>", of `least` to `most` characters, as UTF-8.

    Single characters that are only the mark of an end are left out, and with them nothing else:
    Bojanowski et al., Enriching Word Vectors with Subword Information (2017), section 3.2.

    >>> [gram.decode() for gram in ngrams("sofa", 3, 3)]
    ['<so', 'sof', 'ofa', 'fa>']
    """
    marked = f"<{word}>"
    for start in range(len(marked)):
        for length in range(least, most + 1):
            end = start + length
            if end > len(marked):
                break
            if length == 1 and (start == 0 or end == len(marked)):
                continue
            yield marked[start:end].encode()


def bucket(gram: bytes, buckets: int) -> int:
    """The bucket of an n-gram: 32-bit FNV-1a, over bytes that fastText takes as signed.

    >>> bucket(b"<so", 2_000_000)
    1685461
    """
    found = 2_166_136_261
    for byte in gram:
        signed = byte - 256 if byte > 127 else byte
        found = ((found ^ (signed & 0xFFFFFFFF)) * 16_777_619) & 0xFFFFFFFF
    return found % buckets
