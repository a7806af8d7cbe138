"""What a hosted model will cost, asked before a large job; what it has cost, printed after."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from cospace.cli.output import tell
from cospace.encode.hosted import Estimate, Hosted
from cospace.errors import BadArgument
from cospace.item import Content
from cospace.limits import limit

if TYPE_CHECKING:
    from cospace.encode import Encoder
    from cospace.item import Item

__all__ = ["agree", "bill_of", "billed"]

# Inputs that are looked up in the cache together.
_CHUNK = 512


def agree(model: Encoder, items: Iterable[Item], *, yes: bool) -> None:
    """Tells what encoding `items` will cost, and asks first when that is above `cost_cents`.

    Nothing is printed for a model that costs nothing. Raises `BadArgument` when the answer is no,
    and when there is no terminal to ask on and no `yes`.
    """
    online = _hosted(model)
    if online is None:
        return
    contents = (part for item in items for part in item.parts.values())
    total = Estimate(online.name)
    while chunk := list[Content](islice(contents, _CHUNK)):
        total += online.estimate(chunk)
    if total.inputs == total.known:  # nothing to pay for
        return
    tell(f"Estimate: {total}")
    most = limit("cost_cents") / 100
    if yes or total.dollars <= most:
        return
    estimate = f"about ${total.dollars:.2f} is above ${most:.2f} (COSPACE_LIMIT_COST_CENTS)"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadArgument(f"{estimate}; add --yes to go on. Nothing was sent")
    print(f"{estimate}. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise BadArgument("not started; nothing was sent")


@contextmanager
def billed(model: Encoder) -> Iterator[None]:
    """A block after which the bill is printed, however the block ends."""
    online = _hosted(model)
    try:
        yield
    finally:
        if online is not None:
            tell(f"Bill: {online.bill}")


def bill_of(model: Encoder) -> dict[str, Any]:
    """{"bill": ...} of a hosted model, for a JSON document; {} of another."""
    online = _hosted(model)
    return {} if online is None else {"bill": online.bill.to_json()}


def _hosted(model: Encoder) -> Hosted | None:
    return model if isinstance(model, Hosted) else None
