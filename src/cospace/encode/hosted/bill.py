"""What hosted models cost: prices with their date, an estimate before, the bill after.

Prices change. These are the services' own list prices in US dollars, without taxes, discounts
and free tiers. `COSPACE_PRICES` overrides them: NAME=DOLLARS_A_MILLION_TOKENS[/DOLLARS_AN_IMAGE],
with commas between models.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cospace.errors import BadArgument

__all__ = ["PRICES", "PRICES_OF", "Bill", "Estimate", "Price", "price_of", "tokens_about"]

# When the prices below were looked up. Each source is the service's page of prices, or a dated
# copy of its figures where that page could not be read.
PRICES_OF = "2026-11-23"


@dataclass(frozen=True)
class Price:
    """US dollars: for a million tokens, and for one image."""

    tokens: float
    image: float = 0.0

    def dollars(self, tokens: float, images: int = 0) -> float:
        """The cost of so many tokens and images.

        >>> Price(0.02).dollars(50_000_000)
        1.0
        """
        return tokens * self.tokens / 1e6 + images * self.image


PRICES: Mapping[str, Price] = {
    # OpenAI's model pages, standard tier (a copy of 2026-07-03 says the same).
    "openai:text-embedding-3-small": Price(0.02),
    "openai:text-embedding-3-large": Price(0.13),
    # Amazon Bedrock's pricing page, on demand, us-east-1; other regions differ.
    "bedrock:amazon.titan-embed-text-v2:0": Price(0.02),
    "bedrock:amazon.titan-embed-image-v1": Price(0.80, 0.000_06),
    # Gemini API, paid tier: Google's announcement of the model.
    "gemini:gemini-embedding-001": Price(0.15),
}


def price_of(name: str) -> Price:
    """The price of a hosted model: of `COSPACE_PRICES`, or of the table.

    Raises `BadArgument` when the variable cannot be read.
    """
    for entry in filter(None, os.environ.get("COSPACE_PRICES", "").split(",")):
        model, _, figures = entry.strip().rpartition("=")
        tokens, _, image = figures.partition("/")
        try:
            price = Price(float(tokens), float(image or 0))
        except ValueError:
            price = Price(math.nan)
        if not (model and 0 <= price.tokens < math.inf and 0 <= price.image < math.inf):
            raise BadArgument(
                f"COSPACE_PRICES holds {entry!r}; expected NAME=DOLLARS_A_MILLION_TOKENS, such as"
                " openai:text-embedding-3-small=0.02"
            )
        if model == name:
            return price
    return PRICES[name]


def tokens_about(text: str) -> int:
    """About how many tokens a text has: a service's own tokenizer is not at hand.

    Four ASCII characters are taken for one token, and so is any other character. On the pages of
    this repository that lies between 15% below and 40% above the count of the starter's tokenizer
    (a WordPiece); digits, code and rare words have more tokens than that.

    >>> tokens_about("a red chair"), tokens_about("東京")
    (3, 2)
    """
    plain = sum(1 for c in text if c.isascii()) if not text.isascii() else len(text)
    return max(1, math.ceil(plain / 4) + len(text) - plain)


@dataclass(frozen=True)
class Estimate:
    """What a job would cost. `tokens` are an estimate; `known` inputs are in the cache already."""

    name: str
    inputs: int = 0
    known: int = 0
    tokens: int = 0
    images: int = 0

    @property
    def dollars(self) -> float:
        """US dollars, at the price in force."""
        return price_of(self.name).dollars(self.tokens, self.images)

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.name,
            self.inputs + other.inputs,
            self.known + other.known,
            self.tokens + other.tokens,
            self.images + other.images,
        )

    def __str__(self) -> str:
        images = f" and {self.images:,} images" if self.images else ""
        cached = f"; {self.known:,} are in the cache" if self.known else ""
        return (
            f"{self.name}: about ${self.dollars:.4f} for about {self.tokens:,} tokens{images}"
            f" in {self.inputs - self.known:,} inputs{cached} (prices of {PRICES_OF})"
        )


@dataclass
class Bill:
    """What a model has cost since it was loaded. Threads may share it.

    `tokens` are those that the service reported; `estimated` are those of answers that it gave
    without a count. `cached` counts inputs whose vector was in the cache, and cost nothing.
    """

    name: str
    requests: int = 0
    tokens: int = 0
    estimated: int = 0
    images: int = 0
    cached: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def dollars(self) -> float:
        """US dollars, at the price in force."""
        return price_of(self.name).dollars(self.tokens + self.estimated, self.images)

    def add(self, **counts: int) -> None:
        """Adds to the counts of these names."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)

    def copy(self) -> Bill:
        """The bill as it stands, to compare with later."""
        with self._lock:
            return replace(self)

    def to_json(self) -> dict[str, object]:
        """The counts and the dollars."""
        names = ("requests", "tokens", "estimated", "images", "cached")
        counts = {name: getattr(self, name) for name in names}
        return {"model": self.name, **counts, "dollars": round(self.dollars, 6)}

    def __str__(self) -> str:
        about = " (in part estimated)" if self.estimated else ""
        images = f", {self.images:,} images" if self.images else ""
        return (
            f"{self.name}: ${self.dollars:.4f} for {self.tokens + self.estimated:,} tokens{about}"
            f"{images} in {self.requests:,} requests; {self.cached:,} inputs were in the cache"
        )
