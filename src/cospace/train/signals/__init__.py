"""Towers of our own for audio and motion: a small network, trained from nothing. Needs torch."""

from __future__ import annotations

from cospace.need import need

__all__ = ()

need("torch", extra="torch")
