"""An answer is by one model: what is asked while a collection is switched is asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["steady"]

F = TypeVar("F", bound=Callable[..., Any])


def _kept(given: Any) -> Any:
    return list(given) if isinstance(given, Iterator) else given


def steady(ask: F) -> F:
    """A method of a collection that asks again when its vectors were exchanged meanwhile.

    An iterator among its arguments is read once.
    """

    @wraps(ask)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = tuple(map(_kept, args))
        named = {name: _kept(one) for name, one in kwargs.items()}
        while True:
            era = getattr(self.store, "era", 0)
            try:
                found = ask(self, *given, **named)
            except Exception:  # of vectors of one model in the index of the other, perhaps
                if era == getattr(self.store, "era", 0):
                    raise
            else:
                if era == getattr(self.store, "era", 0):
                    return found

    return cast("F", asked)
