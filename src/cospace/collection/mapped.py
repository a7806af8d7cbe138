"""A collection's map: made, kept with it, brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cospace.collection.asking import Asking
from cospace.errors import CollectionReadOnly, MapMissing
from cospace.progress import Watch, metered
from cospace.store.refusing import Refusing

if TYPE_CHECKING:
    from cospace.map import Map

__all__ = ["Mapped"]


class Mapped(Asking):
    """The part of a `Collection` that lays its items out on a plane; see docs/map.md."""

    _map: Map | None = None  # of a store without a folder

    def map(self) -> Map:
        """The map that `make_map`, or `cospace map`, has made: items as points on a plane.

        Items that are gone since are left out; `missing` counts those that are not on it. Raises
        `MapMissing` where none was made, `DataDamaged`, `FormatTooNew`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
        >>> _ = shop.make_map()
        >>> shop.map().xy.shape
        (2, 2)
        """
        from cospace.map import current

        found = self._kept_map()
        return current(found, self.store.hashes(found.ids), len(self), self.store.space)

    def make_map(self, *, seed: int = 0, progress: Watch = None) -> Map:
        """A new map of all items, kept with the collection.

        The same items and seed give the same map. Raises `BadArgument` when no item has a vector,
        `CollectionReadOnly`, `DiskFull`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
        >>> len(shop.make_map())
        2
        """
        from cospace.map import STEPS, made

        self._check_writable()
        with metered(progress, STEPS, "steps") as meter:
            return self._keep_map(made(self.store, self.name, seed=seed, meter=meter))

    def update_map(self, *, progress: Watch = None) -> Map:
        """The map with new and changed items beside their neighbours; nothing else moves.

        Raises `MapMissing`, `SpaceMismatch` for a map of another space, `CollectionReadOnly`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
        >>> before = shop.make_map()
        >>> _ = shop.add(ids="MK-3", documents="Velvet chair")
        >>> after = shop.update_map()
        >>> len(after), bool((after.xy[:2] == before.xy).all())
        (3, True)
        """
        from cospace.map import STEPS, updated

        self._check_writable()
        with metered(progress, STEPS, "steps") as meter:
            return self._keep_map(updated(self._kept_map(), self.store, self.name, meter=meter))

    def show(self, query: str = "", *, k: int = 12) -> Any:
        """A widget for a notebook: cards that are searched as you type, and the map.

        It runs in Jupyter, VS Code, Colab and marimo, and asks the kernel alone. Raises
        `MissingExtra` without the extra `notebook`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
        >>> shop.show("a place to sit").k
        12
        """
        from cospace.notebook import shown

        return shown(self, query, k)

    def _kept_map(self) -> Map:
        """The map as it was kept."""
        from cospace.map import read

        folder = getattr(self.store, "folder", None)
        found = self._map if folder is None else read(folder)
        if found is None:
            raise MapMissing(f"{self.name} has no map yet; make it: cospace map {self.name}")
        return found

    def _keep_map(self, map: Map) -> Map:
        from cospace.map import write

        folder = getattr(self.store, "folder", None)
        if folder is None:
            self._map = map
        else:
            write(folder, map)
        return map

    def _check_writable(self) -> None:
        if isinstance(self.store, Refusing) and hasattr(self.store, "folder"):
            raise CollectionReadOnly(
                f"{self.name}: opened with read_only=True, so no map can be kept; open it without"
            )
