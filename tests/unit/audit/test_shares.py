"""Shares of what was counted, for few and for very many."""

from fractions import Fraction

import pytest

from cospace.audit.shares import at_least
from cospace.measures.bootstrap import wilson


def exact(k: int, n: int, share: Fraction) -> float:
    """The sum over i from k of comb(n, i) * share**i * (1 - share)**(n - i), in whole numbers."""
    hit, whole = share.numerator, share.denominator
    found, term = 0, hit**n
    for i in range(n, k - 1, -1):  # each term from the one above it
        found += term
        term = term * i * (whole - hit) // ((n - i + 1) * hit)
    return found / whole**n


@pytest.mark.parametrize("k", [0, 1, 250, 300, 500, 4_990, 5_000])
def test_the_tail_of_five_thousand_is_that_of_exact_sums(k: int) -> None:
    assert pytest.approx(exact(k, 5_000, Fraction(1, 20)), rel=1e-8) == at_least(k, 5_000, 0.05)


def test_the_ends_are_certain() -> None:
    assert [1.0, 0.0, 0.0, 1.0, 1.0] == [
        at_least(0, 5, 0.0), at_least(1, 5, 0.0), at_least(6, 5, 0.5), at_least(5, 5, 1.0),
        at_least(0, 1_300, 0.05),
    ]  # fmt: skip
    assert 1.0 == wilson(5, 5).high
