"""A collection in a notebook: `collection.show()`."""

from __future__ import annotations

from cospace.notebook.widget import shown

__all__ = ["shown"]
