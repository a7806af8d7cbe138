"""Heads: small functions from the vectors of one space to those of another, kept in a folder."""

from __future__ import annotations

from cospace.train.heads.head import Head

__all__ = ["Head"]
