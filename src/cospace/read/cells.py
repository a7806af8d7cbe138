"""Cells: what type a column of a CSV has, and a cell as a value of that type."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Literal, TypeAlias, cast

__all__ = ["Kind", "column_kind", "kind_of", "truth_of", "value_of"]

Kind: TypeAlias = Literal["int", "float", "bool", "code", "str"]

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]+|(?<=[0-9])\.?)(?:[eE][+-]?[0-9]{1,3})?")
# Leading zeros, telephone numbers, numbers of more digits than 64 bits hold, and 12E3: programs
# that write a power of ten write its sign too.
_CODE = re.compile(r"0[0-9]+|\+[0-9].*|-?[0-9]{19,}|[0-9]+E[0-9]+", re.DOTALL)
_BOOL = {"true": True, "false": False}
_WORDS = {
    **dict.fromkeys(
        [
            "true",
            "yes",
            "y",
            "ja",
            "j",
            "oui",
            "vrai",
            "sí",
            "si",
            "sì",
            "wahr",
            "verdadero",
            "vero",
            "waar",
        ],
        True,
    ),
    **dict.fromkeys(
        ["false", "no", "n", "nein", "non", "faux", "falsch", "falso", "nee", "onwaar"], False
    ),
}
# A column has a type when at least this share of its cells fits; the others are bad rows.
_MAJORITY = 0.9


def truth_of(cell: str) -> bool | None:
    """What a word for true or false says, in the languages that headers are read in; or None.

    >>> truth_of("Ja"), truth_of("non"), truth_of("oak")
    (True, False, None)
    """
    return _WORDS.get(cell.strip().lower()) if len(cell) < 20 else None


def kind_of(cell: Any) -> Kind:
    """The narrowest type that one cell fits; "code" for a number that must stay a str.

    >>> kind_of("12"), kind_of("1.5"), kind_of("TRUE"), kind_of("00123"), kind_of("oak")
    ('int', 'float', 'bool', 'code', 'str')
    >>> kind_of("12E3"), kind_of("1.2E+3")
    ('code', 'float')
    """
    if not isinstance(cell, str):
        typed = {bool: "bool", int: "int", float: "float"}
        return cast("Kind", typed.get(type(cell), "str"))
    cell = cell.strip()
    if _INT.fullmatch(cell) and -(2**63) <= int(cell) < 2**63:
        return "int"
    if _CODE.fullmatch(cell):
        return "code"
    if _FLOAT.fullmatch(cell) and abs(float(cell)) < float("inf"):
        return "float"
    return "bool" if cell.lower() in _BOOL else "str"


def column_kind(counts: Counter[Kind]) -> Kind:
    """The type of a column, by a majority of 90% of its cells that are not empty.

    One leading zero, plus sign or 12E3 makes the whole column str: such numbers are codes.

    >>> column_kind(Counter({"int": 95, "str": 5})), column_kind(Counter({"int": 99, "code": 1}))
    ('int', 'str')
    """
    cells = sum(counts.values())
    if not cells or counts["code"]:
        return "str"
    if counts["bool"] >= _MAJORITY * cells:
        return "bool"
    if counts["int"] + counts["float"] >= _MAJORITY * cells:
        return "float" if counts["float"] else "int"
    return "str"


def value_of(cell: Any, kind: Kind) -> Any:
    """The cell as a value of its column's type; None where it is empty.

    A column of whole numbers may turn out to hold decimals further down: these become floats.

    Raises `ValueError` with the reason when the cell does not fit.
    """
    if not isinstance(cell, str):
        return cell
    bare = cell.strip()
    if not bare:
        return None
    if kind not in ("int", "float", "bool"):
        return cell
    found = kind_of(bare)
    if kind == "bool" and found == "bool":
        return _BOOL[bare.lower()]
    if kind == "int" and found == "int":
        return int(bare)
    if kind in ("int", "float") and found in ("int", "float"):
        return float(bare)
    wanted = {"int": "a number", "float": "a number", "bool": "true or false"}[kind]
    raise ValueError(f"{cell[:40]!r} is not {wanted}, as the rest of its column is")
