"""A filter over columns: which items pass, all at once. It means what `where.matches` means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.store.columns import EXACT, Column, Columns
from cospace.store.where import (
    EARTH_KM,
    TESTS,
    All,
    Any_,
    Compare,
    Exists,
    In,
    Near,
    Node,
    Not,
    distance_km,
)

__all__ = ["kilometres_of", "passing"]

Mask = NDArray[np.bool_]
_CLOSE = 1e-6  # kilometres, within which a distance is computed again as `matches` does


def passing(columns: Columns, where: Node | None) -> Mask:
    """Which places hold an item that passes the filter: bool [n]."""
    return columns.alive if where is None else columns.alive & _holds(columns, where)


def _holds(columns: Columns, node: Node) -> Mask:
    if isinstance(node, All | Any_):
        every = isinstance(node, All)
        mask = np.full(len(columns.keys), every)
        for part in node.parts:
            (np.logical_and if every else np.logical_or)(mask, _holds(columns, part), out=mask)
        return mask
    if isinstance(node, Not):
        return ~_holds(columns, node.part)
    mask = np.zeros(len(columns.keys), bool)
    column = columns.fields.get(node.field.name)
    if column is None:
        return mask
    if isinstance(node, Exists):
        mask[column.rows] = True
    else:
        mask[column.rows[_values(column, node)[column.codes]]] = True
    return mask


def _values(column: Column, node: In | Compare | Near) -> Mask:
    """Which values of the column meet the condition."""
    if isinstance(node, In):
        mask = np.zeros(len(column.values), bool)
        codes = [column.numbered_by.get(value, -1) for value in node.values]
        # Another thread may add values meanwhile: this column holds none of them.
        mask[[code for code in codes if 0 <= code < len(mask)]] = True
        return mask
    if isinstance(node, Near):
        far = kilometres_of(column, node.lat, node.lon)
        mask = np.asarray(far <= node.km)
        for at in np.flatnonzero(np.abs(far - node.km) < _CLOSE).tolist():
            mask[at] = distance_km(node.lat, node.lon, *column.values[at]) <= node.km
        return mask
    values, there, exact = column.numbers
    test = TESTS[node.op]
    if exact and (values.dtype == np.int64 or abs(node.value) < EXACT):
        met: Mask = there & np.asarray(test(values, node.value), bool)
        return met
    return np.array([test(value, node.value) for value in column.values], bool)


def kilometres_of(column: Column, lat: float, lon: float) -> NDArray[np.float64]:
    """How far each value of a column of locations lies from a place: float64 [v]."""
    places = np.radians(column.points)
    here = np.radians([lat, lon])
    half = (
        np.sin((places[:, 0] - here[0]) / 2) ** 2
        + np.cos(here[0]) * np.cos(places[:, 0]) * np.sin((places[:, 1] - here[1]) / 2) ** 2
    )
    far: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    return far
