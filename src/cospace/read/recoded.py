"""Recoded: a file in another encoding, as UTF-8. For tables that a spreadsheet has saved."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

__all__ = ["Recoded", "encoding_of"]

_HIGH = re.compile(rb"[\x80-\xff]+")
_NOT_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def encoding_of(head: bytes) -> str:
    """The encoding of a text, by its first bytes: UTF-8, UTF-16 by its mark, or Windows-1252.

    It is Windows-1252 where no byte above 127 belongs to a character in UTF-8, and all of them
    are letters or signs there.

    >>> encoding_of("Stühle".encode()), encoding_of("Stühle".encode("cp1252"))
    ('utf-8', 'cp1252')
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    good = bad = 0
    for run in _HIGH.finditer(head):
        try:
            run[0].decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            if run.end() < len(head):  # not one that the end of `head` has cut
                bad += 1
    if bad and not good and not _NOT_1252.search(head) and b"\x00" not in head:
        return "cp1252"
    return "utf-8"


class Recoded:
    """The bytes of `file`, decoded and encoded again as UTF-8.

    Raises `OSError` where they cannot be decoded.
    """

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")

    def read(self, size: int) -> bytes:
        """About `size` bytes, at least one of them before the end."""
        while True:
            data = self._file.read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise OSError(f"not valid {error.encoding}: {error.reason}") from None
            if text or not data:
                return text.encode("utf-8", "surrogatepass")

    def tell(self) -> int:
        """The place in the file beneath."""
        return self._file.tell()
