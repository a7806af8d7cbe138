"""Amounts: numbers as shops write them, with a decimal comma, thousands and a currency."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Amount", "Mark", "amount_of", "plain"]

# What a number shows of its decimal mark: "." or ",", "" for none, and "either." or "either,"
# where the one separator may stand for thousands too, as in 1,299.
Mark: TypeAlias = Literal["", ".", ",", "either.", "either,", "grouped"]

_SIGNS = {
    "€": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD",
    "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "R$": "BRL", "¥": "JPY", "\uffe5": "JPY", "円": "JPY",
    "元": "CNY", "₩": "KRW", "원": "KRW", "₹": "INR", "₫": "VND", "฿": "THB", "₪": "ILS",
    "₱": "PHP", "₽": "RUB", "₺": "TRY", "₴": "UAH", "zł": "PLN", "Kč": "CZK", "Ft": "HUF",
    "kr": "kr", "kr.": "kr", "Fr.": "CHF", "SFr.": "CHF", "EURO": "EUR", "Euro": "EUR",
    "euro": "EUR",
}  # fmt: skip
_CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KRW",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
_SPACES = " \u00a0\u202f\u2009"
_CURRENCY = "|".join(
    [re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)]
    + sorted(_CODES)
    + [code.lower() for code in sorted(_CODES)]
)
_AMOUNT = re.compile(
    rf"(?P<sign>[-\u2212]?)[{_SPACES}]?(?:(?P<before>{_CURRENCY})[{_SPACES}]?)?"
    rf"(?P<minus>[-\u2212]?)(?P<digits>[0-9][0-9.,'\u2019{_SPACES}]*)(?P<dash>[.,][-\u2013\u2014])?"
    rf"[{_SPACES}]?(?P<after>{_CURRENCY})?"
)
_INTEGER = r"(?:0|[1-9][0-9]*)"
_GROUPS = r"[1-9][0-9]{0,2}"
_PATTERNS: tuple[tuple[str, Mark], ...] = (
    (_INTEGER, ""),
    (rf"{_GROUPS},[0-9]{{3}}", "either,"),
    (rf"{_GROUPS}\.[0-9]{{3}}", "either."),
    (rf"{_INTEGER}\.[0-9]+", "."),
    (rf"{_INTEGER},[0-9]+", ","),
    (rf"{_GROUPS}(?:,[0-9]{{3}})+\.[0-9]+", "."),
    (rf"{_GROUPS}(?:\.[0-9]{{3}})+,[0-9]+", ","),
    (rf"{_GROUPS}(?:,[0-9]{{3}}){{2,}}", "."),
    (r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?", "."),  # lakhs and crores: 1,29,999
    (rf"{_GROUPS}(?:\.[0-9]{{3}}){{2,}}", ","),
    (rf"{_GROUPS}(?:[{_SPACES}'\u2019][0-9]{{3}})+", "grouped"),
    (rf"{_GROUPS}(?:[{_SPACES}'\u2019][0-9]{{3}})+\.[0-9]+", "."),
    (rf"{_GROUPS}(?:[{_SPACES}'\u2019][0-9]{{3}})+,[0-9]+", ","),
)
_FORMS = tuple((re.compile(pattern), mark) for pattern, mark in _PATTERNS)
_LONGEST = 40  # characters; no amount is longer


class Amount(NamedTuple):
    """A number as it is written, what it shows of its decimal mark, and its currency or ""."""

    digits: str
    mark: Mark
    currency: str

    def value(self, decimal: str) -> int | float:
        """The number, where `decimal` is "." or ",".

        Raises `ValueError` where the number shows the other mark.
        """
        shown = self.mark.removeprefix("either") if self.mark != "grouped" else ""
        if self.mark in (".", ",") and shown != decimal:
            raise ValueError(f"{self.digits!r} is written with {shown!r}")
        digits = self.digits.replace("." if decimal == "," else ",", "").replace(decimal, ".")
        found = float(digits) if "." in digits else int(digits)
        if not -(2**63) <= found < 2**63:
            raise ValueError(f"{self.digits!r} has too many digits")
        return found


def amount_of(cell: str) -> Amount | None:
    """The amount that a whole cell holds; None for every other text, and for codes such as 007.

    A currency is given by its code of three letters; "kr" stays, since several write it.

    >>> amount_of("1.299,00 €")
    Amount(digits='1.299,00', mark=',', currency='EUR')
    >>> amount_of("$1,299.00").value(".")
    1299.0
    >>> amount_of("oak"), amount_of("007")
    (None, None)
    """
    cell = cell.strip()
    if len(cell) > _LONGEST:
        return None
    found = _AMOUNT.fullmatch(cell)
    if found is None or (found["before"] and found["after"]):
        return None
    digits = found["digits"].rstrip(_SPACES)
    mark: Mark | None
    if found["dash"]:  # 49,- is 49,00, and 49.- is 49.00
        mark = "," if found["dash"][0] == "," else "."
        digits += f"{mark}00"
        if not any(form.fullmatch(digits) for form, shown in _FORMS if shown == mark):
            return None
    else:
        mark = next((mark for form, mark in _FORMS if form.fullmatch(digits)), None)
    if mark is None:
        return None
    currency = found["before"] or found["after"] or ""
    if found["sign"] or found["minus"]:
        digits = "-" + digits
    digits = re.sub(rf"[{_SPACES}'\u2019]", "", digits)
    return Amount(digits, mark, _SIGNS.get(currency, currency.upper()) if currency else "")


def plain(decimal: str) -> Callable[[str], int | float]:
    """A function from a cell to its number, where `decimal` is ".", ",", or "" for each its own.

    It raises `ValueError` with the reason for a cell that is no number.

    >>> plain(",")("1.299,50"), plain("")("12,5")
    (1299.5, 12.5)
    """

    def number(cell: str) -> int | float:
        found = amount_of(cell)
        if found is None:
            raise ValueError(f"{cell[:40]!r} is not a number, as the rest of its column is")
        if not decimal and found.mark.startswith("either") and not found.currency:
            raise ValueError(f"{cell[:40]!r} may be thousands or a decimal fraction")
        if decimal:
            return found.value(decimal)
        own = {"either.": ",", "either,": "."}.get(found.mark, found.mark)
        return found.value(own if own in (".", ",") else ".")

    return number
