"""Vectors: float32 [n, dim] with its Space. Checked once, here, and never again downstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np

from cospace.arguments import check_instance
from cospace.errors import BadArgument, BadVector, SpaceMismatch
from cospace.space import Space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


__all__ = ["Vectors", "similarity"]

# Outside these norms a float32 dot product of two rows can overflow, or vanish.
_NORM_MIN, _NORM_MAX = 1e-18, 1e18
# So far from 1 a norm may be for its row to count as unit.
_UNIT = 1e-6


class Vectors:
    """Vectors of one space: `array` is float32 [n, dim], C-contiguous and read-only.

    float16 and float64 are converted once, here; other dtypes are refused.

    Raises `BadVector` for NaN, Inf, a zero row, a norm that float32 cannot square, a wrong
    number of axes or a dtype that is not floating; `SpaceMismatch` for a wrong dimension.

    `vectors[0]` is a row, float32 [dim]; a slice or a list of rows gives `Vectors` again, without
    the report. numpy takes them as an array.

    `report` says what a reader should know of how the rows came about; `truncated` holds the
    positions of the rows whose input was cut short.

    >>> from cospace import Space, Vectors
    >>> Vectors([[3.0, 4.0]], Space.of("demo", 2)).normalized
    array([[0.6, 0.8]], dtype=float32)
    >>> np.asarray(Vectors([[3.0, 4.0]], Space.of("demo", 2)))
    array([[3., 4.]], dtype=float32)
    """

    __slots__ = ("_normalized", "_norms", "array", "report", "space", "truncated")

    def __init__(
        self,
        array: Any,
        space: Space,
        *,
        report: Sequence[str] = (),
        truncated: Sequence[int] = (),
    ) -> None:
        check_instance("space", space, Space, "as model.space or Space.of(name, dim) gives it")
        try:
            raw = np.asarray(array)
        except ValueError as error:
            raise BadVector(f"vectors are rows of one length; these are not ({error})") from None
        if raw.dtype.kind != "f":
            raise BadVector(f"vectors are floating-point numbers, not {raw.dtype}")
        if raw.ndim != 2:
            raise BadVector(f"vectors have shape [n, dim]; this array has shape {list(raw.shape)}")
        if raw.shape[1] != space.dim:
            raise SpaceMismatch(
                f"these vectors have {raw.shape[1]} dimensions; {space} has {space.dim}"
            )
        self.array: NDArray[np.float32]
        self.array, self._norms, unit = _checked(raw)
        self.space = space
        self.report = tuple(report)
        self.truncated = tuple(truncated)
        # Rows that are unit already keep their exact bits, so that stored equals given.
        self._normalized: NDArray[np.float32] | None = self.array if unit else None

    @property
    def normalized(self) -> NDArray[np.float32]:
        """The rows divided by their L2 norms: float32 [n, dim]."""
        if self._normalized is None:
            off = np.abs(self._norms - 1) > _UNIT
            norms = np.where(off, self._norms, 1.0).astype(np.float32)
            self._normalized = self.array / norms[:, None]
        return self._normalized

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows, and how many numbers in each."""
        return len(self.array), self.space.dim

    @overload
    def __getitem__(  # type: ignore[overload-overlap]  # an array of one number has an index too
        self, rows: SupportsIndex
    ) -> NDArray[np.float32]: ...

    @overload
    def __getitem__(
        self, rows: slice | Sequence[int] | NDArray[np.integer | np.bool_]
    ) -> Vectors: ...

    def __getitem__(self, rows: Any) -> NDArray[np.float32] | Vectors:
        if isinstance(rows, (bool, np.bool_, tuple)):
            raise BadArgument(
                f"vectors are indexed by rows: a number, a slice or a list, not {rows!r};"
                " for their columns take .array"
            )
        if hasattr(rows, "__index__") and not isinstance(rows, np.ndarray):
            row: NDArray[np.float32] = self.array[rows]
            return row
        return Vectors(self.array[rows], self.space)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return iter(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """For `np.asarray(vectors)`: the rows themselves, read-only; a copy where it must be one.

        Raises ValueError where `copy` is False and `dtype` needs one.
        """
        same = dtype is None or np.dtype(dtype) == np.float32
        if copy is False and not same:
            raise ValueError(f"vectors are float32; as {np.dtype(dtype)} they have to be copied")
        return self.array if same and not copy else self.array.astype(dtype or np.float32)

    def __repr__(self) -> str:
        return f"Vectors([{len(self.array)}, {self.space.dim}], {self.space})"


def _checked(raw: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float64], bool]:
    """`raw` as read-only float32, its rows' norms, and whether all are 1; or what is wrong.

    One row is the usual case, a query: the fewer calls to numpy, the better.
    """
    if raw.dtype == np.float32:
        array = np.array(raw, order="C")
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            array = np.array(raw, dtype=np.float32, order="C")
    norms = np.sqrt(np.einsum("ij,ij->i", array, array, dtype=np.float64))
    low, high = (norms.min(), norms.max()) if len(norms) else (1.0, 1.0)
    if not (low > _NORM_MIN and high < _NORM_MAX):  # NaN, too
        row = int(np.argmin((norms > _NORM_MIN) & (norms < _NORM_MAX)))
        bad = ~np.isfinite(raw[row])
        if bad.any():
            column = int(np.argmax(bad))
            raise BadVector(
                f"row {row}, column {column} is {raw[row, column]}; every number must be finite",
                row=row,
                column=column,
            )
        what = "is a zero vector" if norms[row] == 0 else f"has norm {norms[row]:.3g}"
        raise BadVector(f"row {row} {what}; cosine needs a direction", row=row)
    array.flags.writeable = False
    return array, norms, bool(low >= 1 - _UNIT and high <= 1 + _UNIT)


def similarity(a: Vectors, b: Vectors) -> NDArray[np.float32]:
    """The cosine of every row of `a` with every row of `b`: float32 [len(a), len(b)].

    Raises `SpaceMismatch` when the two are not of one space.
    """
    for given in (a, b):
        if not isinstance(given, Vectors):
            raise BadVector(
                f"similarity compares Vectors, not {type(given).__name__}; a list of one input"
                ' gives them: encode_query(["a chair"])'
            )
    a.space.check(b.space, what="similarity")
    cosines: NDArray[np.float32] = np.clip(a.normalized @ b.normalized.T, -1.0, 1.0)
    return cosines
