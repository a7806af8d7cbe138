"""A map on disk: one file of numpy arrays in the collection's folder, whole or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_instance, check_path
from cospace.errors import DataDamaged, FormatTooNew
from cospace.files import check_room, write_bytes
from cospace.map.map import Cluster, Map
from cospace.need import UPGRADE

__all__ = ["FILE", "read", "write"]

FILE = "map.npz"
_FORMAT = 1
_ABOUT = ("space", "made", "method", "trustworthiness", "continuity", "unit")


def write(folder: Path, map: Map) -> None:
    """Keep the map in a collection's folder, in place of the one before.

    Raises `BadArgument` for what is no path, or no `Map`, and `DiskFull`.
    """
    folder = check_path("folder", folder)
    check_instance("map", map, Map, "as collection.make_map() gives it")
    about = {name: getattr(map, name) for name in _ABOUT} | {
        "format": _FORMAT,
        "ids": map.ids,
        "clusters": [asdict(one) for one in map.clusters],
        "kinds": list(map.centres),
    }
    arrays = {
        "xy": map.xy.astype("<f4"),
        "labels": map.labels.astype("<u2"),
        "hashes": map.hashes.astype("u1"),
        "late": map.late.astype("u1"),
        "about": np.frombuffer(json.dumps(about).encode(), "u1"),
    } | {f"centre{n}": centre.astype("<f4") for n, centre in enumerate(map.centres.values())}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "x") as zipped:
        for name, array in arrays.items():
            with zipped.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    check_room(folder, held.tell())
    write_bytes(folder / FILE, held.getvalue())


def read(folder: Path) -> Map | None:
    """The map that is kept in the folder; None where there is none.

    Raises `DataDamaged` for a file that does not hold what `write` wrote, `FormatTooNew`.
    """
    path = check_path("folder", folder) / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
            arrays = {name.removesuffix(".npy"): _array(zipped, name) for name in zipped.namelist()}
        about: dict[str, Any] = json.loads(arrays["about"].tobytes())
        if about["format"] > _FORMAT:
            raise FormatTooNew(
                f"{path}: written in format {about['format']}; this cospace reads up to {_FORMAT}."
                f" Upgrade; {UPGRADE}"
            )
        return _map(about, arrays)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        NotImplementedError,
    ) as e:
        raise DataDamaged(
            f"{path}: damaged ({e}); make it again: cospace map {folder} --again"
        ) from e


def _array(zipped: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with zipped.open(name) as file:
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return found


def _map(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Map:
    xy, labels, hashes, ids = arrays["xy"], arrays["labels"], arrays["hashes"], about["ids"]
    n = len(ids)
    late = arrays["late"].astype(bool)
    if (xy.shape, labels.shape, hashes.shape, late.shape) != ((n, 2), (n,), (n, 8), (n,)):
        raise ValueError("its arrays are of different lengths")
    if not np.isfinite(xy).all():
        raise ValueError("a place is no number")
    return Map(
        ids=ids,
        xy=xy,
        labels=labels,
        clusters=[Cluster(**one) for one in about["clusters"]],
        hashes=hashes,
        late=late,
        centres={kind: arrays[f"centre{n}"] for n, kind in enumerate(about["kinds"])},
        **{name: about[name] for name in _ABOUT},
    )
