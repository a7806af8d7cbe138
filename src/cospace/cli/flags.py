"""Flags: messages of the library name its arguments; on the command line these are options."""

from __future__ import annotations

import re
from shlex import quote

__all__ = ["spoken"]

# The arguments that options have, and what stands for the value of "id=...".
_OPTIONS = {
    "against": "FOLDER", "audio": "COLUMN", "bias": "LISTS", "buckets": "N", "depth": "COLUMN",
    "depth_scale": "SCALE", "dim": "N",
    "files": "KIND", "id": "COLUMN", "image": "COLUMN", "images": "FOLDER", "imu": "COLUMN",
    "languages": "A,B", "metadata": "COLUMNS", "model": "MODEL", "quantization": "NAME",
    "queries": "MODEL", "questions": "LOG",
    "text": "COLUMN", "thermal": "COLUMN", "video": "COLUMN", "where": "FILTER",
}  # fmt: skip
_PLACE = re.compile(r"location=\(['\"]?([^,'\"]+)['\"]?, *['\"]?([^)'\"]+)['\"]?\)")
_NAMED = re.compile(
    rf"(?<![\w.\-'\"])({'|'.join(_OPTIONS)})="
    r"(?:\[?(\.\.\.)\]?|\[([^\]]*)\]|'([^']*)'|\"([^\"]*)\"|([A-Z]+\b))?(?![\w='\"\[])"
)
_SCALE = re.compile(r"depth_scale=\{([^{}]*)\}")
_ASIDES = re.compile(
    r", on the command line --\w+ \w+| \(on the command line without --\w+\)"
    r"|, or read\(\.\.\., changes=True\)"
)


def spoken(message: str) -> str:
    """The message with the options in the place of the arguments.

    >>> spoken("say text=... or image=...; keep metadata=['price', 'city']; leave out model=")
    'say --text COLUMN or --image COLUMN; keep --metadata price,city; leave out --model'
    """
    message = _PLACE.sub(r"--lat \1 --lon \2", _ASIDES.sub("", message))
    message = re.sub(r"(?<![\w.-])location= ", "--lat and --lon ", message)
    message = _SCALE.sub(_scale, message)
    return _NAMED.sub(_option, message)


def _scale(found: re.Match[str]) -> str:
    """--depth-scale metres=0.001,focal=518.9, of depth_scale={'metres': 0.001, 'focal': 518.9}."""
    plain = found[1].replace("'", "").replace('"', "").replace(": ", "=").replace(", ", ",")
    return f"--depth-scale {plain}"


def _option(found: re.Match[str]) -> str:
    name, dots, listed, *values = found.groups()
    given = _OPTIONS[name]
    name = name.replace("_", "-")
    if dots:
        return f"--{name} {given}"
    if listed is not None:
        return (
            f"--{name} {','.join(one.strip(' ' + chr(39) + chr(34)) for one in listed.split(','))}"
        )
    value = next((one for one in values if one is not None), None)
    return f"--{name}" if value is None else f"--{name} {quote(value)}"
