"""Refusing: what a store that was opened to be read does when it is asked to write."""

from __future__ import annotations

from cospace.errors import CollectionReadOnly

__all__ = ["Refusing"]


class Refusing:
    """Every method that writes raises `CollectionReadOnly`. It stands before the store's class."""

    @property
    def place(self) -> str:
        """What the collection is called in the refusal."""
        return str(getattr(self, "folder", "") or getattr(self, "name", ""))

    def write(self, rows: object, **_: object) -> int:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def delete(self, ids: object) -> int:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def extend(self, space: object, schema: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def compact(self) -> None:
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def remember(self, template: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def weigh(self, weights: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def weigh_parts(self, weights: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def keep_reranking(self, setting: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def judge(self, query: object, id: object, grade: object) -> None:  # noqa: ARG002
        """Raises `CollectionReadOnly`."""
        raise self._refusal()

    def _refusal(self) -> CollectionReadOnly:
        return CollectionReadOnly(
            f"{self.place}: opened with read_only=True, so nothing can be written; open it"
            " without, in one process"
        )
