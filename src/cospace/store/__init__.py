"""Vectors to durable rows: one narrow `Store` protocol, one file a backend."""

from __future__ import annotations

from cospace.store.protocol import Found, Row, Store, StoreInfo

__all__ = ["Found", "Row", "Store", "StoreInfo"]
