"""A space as `--json` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cospace.space import Space

__all__ = ["summary"]


def summary(space: Space) -> dict[str, Any]:
    """A record of a space, without its long known answers."""
    record = space.to_json()
    for tower in record["towers"]:
        del tower["canaries"]
    return {**record, "fingerprint": space.fingerprint}
