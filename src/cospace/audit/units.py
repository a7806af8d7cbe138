"""Mixed units: a column whose values are of several currencies or units, or of two scales."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.read.amounts import amount_of

__all__ = ["check", "scales", "unit_of"]

_NAME = "mixed units"
_LEAST = 30  # values
_NUMBERS = 0.8  # of a text column that is numbers with units
_UNIT = re.compile(
    r"[-+]?[0-9][0-9., ]{0,20}"
    r"(?P<unit>[A-Za-z\u00b5\"'\u00b0%]{1,6}[23\u00b2\u00b3]?)\.?"
)
_SAME = {"inch": "in", "inches": "in", '"': "in", "litre": "l", "liter": "l", "kgs": "kg",
         "lbs": "lb", "cms": "cm", "gr": "g", "gram": "g", "grams": "g"}  # fmt: skip
# Two scales of one number: a gap on the logarithmic axis as wide as between two clumps, whose
# middles are apart by a factor between units.
_FACTORS = {
    "10": 10.0,
    "100": 100.0,
    "1,000": 1000.0,
    "25.4 (inches, mm)": 25.4,
    "28.35 (ounces, g)": 28.35,
    "453.6 (pounds, g)": 453.6,
}


def check(view: View, asked: Asked) -> Finding:
    """Metadata fields in which amounts of several units, currencies or scales stand."""
    del asked
    groups: list[Group] = []
    told: list[str] = []
    figures: dict[str, float] = {}
    looked = wrong = 0
    for name, kind in view.schema.items():
        if kind not in ("number", "string"):
            continue
        values = view.column(name)
        minority = _of_texts(values) if kind == "string" else _of_numbers(values)
        looked += minority is not None
        if minority:
            wrong += len(minority)
            said = Counter(minority.values())
            shown = ", ".join(f"{what} in {many:,}" for what, many in said.most_common())
            told.append(f"{name}: {shown}")
            figures[f"{name} in another unit"] = float(len(minority))
            groups += [Group((view.ids[at],), f"{name}: {what}") for at, what in minority.items()]
    if not looked:
        return Finding(_NAME, "skipped", "no field holds 30 amounts or numbers")
    return Finding(
        _NAME,
        "found" if groups else "clean",
        "; ".join(told) if told else f"{_all(looked)} of one unit and scale",
        severity=wrong / len(view),
        unit="share of items",
        why_no_p="units are read; two scales are told by a gap and a known factor",
        groups=tuple(groups),
        mend=f"cospace update {view.folder} TABLE" if groups else "",
        figures=figures,
    )


def unit_of(text: str) -> str | None:
    """The unit or currency of an amount that is written out, "" for a bare number, None for words.

    >>> unit_of("12 cm"), unit_of("EUR 12.50"), unit_of("12"), unit_of("oak")
    ('cm', 'EUR', '', None)
    """
    found = amount_of(text)
    if found is not None:
        return found.currency or ""
    match = _UNIT.fullmatch(text.strip())
    if match is None:
        return None
    unit = match["unit"].lower()
    return _SAME.get(unit, unit)


def scales(values: np.ndarray) -> tuple[float, str] | None:
    """Where numbers above 0 fall into two scales, and the factor between them; None where not.

    A gap of a factor of 3 or more, each side with at least 2% of the values, the medians apart by
    100, 1,000 or the factor between two units, within 15%.

    >>> euros = np.linspace(10, 30, 60)
    >>> scales(np.concatenate([euros, 100 * euros[::6]]))
    (173.2, '100')
    """
    logs = np.sort(np.log(values[values > 0]))
    if len(logs) < _LEAST:
        return None
    gaps = np.diff(logs)
    at = int(gaps.argmax())
    low, high = logs[: at + 1], logs[at + 1 :]
    if gaps[at] < math.log(3) or min(len(low), len(high)) < max(5, 0.02 * len(logs)):
        return None
    apart = float(np.median(high) - np.median(low))
    for name, factor in _FACTORS.items():
        if abs(apart - math.log(factor)) < math.log(1.15):
            return round(math.exp((logs[at] + logs[at + 1]) / 2), 1), name
    return None


def _all(fields: int) -> str:
    return "the one field of amounts is" if fields == 1 else f"each of {fields} fields is"


def _of_texts(values: list[object]) -> dict[int, str] | None:
    """The items whose amount is in another unit than most; None where they are no amounts."""
    texts = {at: value for at, value in enumerate(values) if isinstance(value, str) and value}
    if len(texts) < _LEAST:
        return None
    units = {at: unit_of(text) for at, text in texts.items()}
    told = {at: unit for at, unit in units.items() if unit is not None}
    if len(told) < _NUMBERS * len(texts):
        return None
    counts = Counter(told.values())
    usual, _ = counts.most_common(1)[0]
    return {
        at: f"{unit or 'no unit'}, most are {usual or 'bare numbers'}"
        for at, unit in told.items()
        if unit != usual
    }


def _of_numbers(values: list[object]) -> dict[int, str] | None:
    """The items on the rarer of two scales; None where there are too few numbers."""
    numbers = {
        at: float(value)
        for at, value in enumerate(values)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    }
    if len(numbers) < _LEAST:
        return None
    found = scales(np.array(list(numbers.values())))
    if found is None:
        return {}
    limit, factor = found
    above = {at for at, value in numbers.items() if value > limit}
    odd = above if 2 * len(above) <= len(numbers) else set(numbers) - above
    where = "above" if odd == above else "below"
    return dict.fromkeys(sorted(odd), f"{where} the others by a factor of {factor}")
