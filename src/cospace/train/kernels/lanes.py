"""Steps of gradient descent over whole rows, as vector instructions.

numba's loops over a row come out at half the width of the processor's registers, and reload what
could stay in them. These steps are written for 16 numbers at a time; LLVM splits them where the
processor has narrower registers. A row is a multiple of 16 float32, and begins at a multiple of
64 bytes (`rows.aligned`); nothing here checks that.

The dimension and the number of output rows are literals: each pair is code of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cospace.need import need

need("numba", extra="train")

from llvmlite import ir  # noqa: E402 - after the error that says what to install
from numba import types  # noqa: E402
from numba.core import cgutils as _cgutils  # noqa: E402
from numba.core.errors import RequireLiteralValue  # noqa: E402
from numba.extending import intrinsic as _intrinsic  # noqa: E402

__all__ = [
    "WIDTH",
    "add_row",
    "add_rows_apart",
    "copy_row",
    "hidden_step",
    "lane_of",
    "pair_step",
    "prefetch_row",
    "scale_row",
]

# What is written below is called by compiled code, with other arguments than its own.
intrinsic: Any = _intrinsic
cgutils: Any = _cgutils

WIDTH = 16

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_ROW = ir.VectorType(_F32, WIDTH)
_PLACES = ir.VectorType(_I32, WIDTH)


def lane_of(rows: int) -> list[int]:
    """For each output row, the place in `flags` that switches it on (1.0) or off (0.0)."""
    places = []
    for first in range(0, rows, WIDTH):
        some = min(WIDTH, rows - first)
        places += [first + lane for lane in _lanes(some)]
    return places


@intrinsic
def copy_row(typing: Any, to: Any, i: Any, source: Any, j: Any, dim: Any) -> Any:
    """to[i] = source[j]."""
    size = _literal(dim)

    def body(code: _Code, values: Sequence[Any]) -> None:
        into, out = (
            code.row(to, values[0], values[1], size),
            code.row(source, values[2], values[3], size),
        )
        code.store_all(code.load_all(out, size), into)

    return types.void(to, i, source, j, dim), _generated(body)


@intrinsic
def add_row(typing: Any, to: Any, i: Any, source: Any, j: Any, dim: Any) -> Any:
    """to[i] += source[j]."""
    size = _literal(dim)

    def body(code: _Code, values: Sequence[Any]) -> None:
        into, out = (
            code.row(to, values[0], values[1], size),
            code.row(source, values[2], values[3], size),
        )
        for at in range(0, size, WIDTH):
            total = code.builder.fadd(code.load(into, at), code.load(out, at))
            code.store(total, into, at)

    return types.void(to, i, source, j, dim), _generated(body)


@intrinsic
def add_rows_apart(typing: Any, to: Any, i: Any, new: Any, old: Any, j: Any, dim: Any) -> Any:
    """to[i] += new[j] - old[j]."""
    size = _literal(dim)

    def body(code: _Code, values: Sequence[Any]) -> None:
        into = code.row(to, values[0], values[1], size)
        after, before = (
            code.row(new, values[2], values[4], size),
            code.row(old, values[3], values[4], size),
        )
        for at in range(0, size, WIDTH):
            moved = code.builder.fsub(code.load(after, at), code.load(before, at))
            code.store(code.builder.fadd(code.load(into, at), moved), into, at)

    return types.void(to, i, new, old, j, dim), _generated(body)


@intrinsic
def scale_row(typing: Any, to: Any, i: Any, factor: Any, dim: Any) -> Any:
    """to[i] *= factor, a float32."""
    size = _literal(dim)

    def body(code: _Code, values: Sequence[Any]) -> None:
        into, by = code.row(to, values[0], values[1], size), code.splat(values[2])
        for at in range(0, size, WIDTH):
            code.store(code.builder.fmul(code.load(into, at), by), into, at)

    return types.void(to, i, types.float32, dim), _generated(body)


@intrinsic
def prefetch_row(typing: Any, source: Any, j: Any, dim: Any) -> Any:
    """Asks for source[j] ahead of its use: what is waited for otherwise is memory."""
    size = _literal(dim)

    def body(code: _Code, values: Sequence[Any]) -> None:
        out = code.row(source, values[0], values[1], size)
        for at in range(0, size, WIDTH):
            code.prefetch(out, at)

    return types.void(source, j, dim), _generated(body)


@intrinsic
def pair_step(
    typing: Any, tile: Any, inputs: Any, j: Any, flags: Any, rate: Any, dim: Any, rows: Any
) -> Any:
    """One step of skip-gram for the input row inputs[j] and the output rows tile[:rows].

    tile[0] is the word that was seen, the others are noise. Mikolov et al., Distributed
    Representations of Words and Phrases (2013), equation 4, by its gradient: with
    g_k = rate * ([k = 0] - sigmoid(h . t_k)), h += sum g_k t_k and t_k += g_k h.
    """
    size, many = _literal(dim), _literal(rows)

    def body(code: _Code, values: Sequence[Any]) -> None:
        out = code.row(tile, values[0], _index(0), size)
        own = code.row(inputs, values[1], values[2], size)
        switches = code.row(flags, values[3], _index(0), size)
        hidden = code.load_all(own, size)
        places = [(out, k * size) for k in range(many)]
        gains = code.gains(hidden, places, switches, values[4])
        for v, old in enumerate(hidden):
            new = old
            for (base, first), gain in zip(places, gains, strict=True):
                row = code.load(base, first + v * WIDTH)
                new = code.fma(gain, row, new)
                code.store(code.fma(gain, old, row), base, first + v * WIDTH)
            code.store(new, own, v * WIDTH)

    return types.void(tile, inputs, j, flags, types.float32, dim, rows), _generated(body)


@intrinsic
def hidden_step(
    typing: Any, work: Any, outputs: Any, ids: Any, flags: Any, rate: Any, dim: Any, rows: Any
) -> Any:
    """One step of CBOW for the hidden row work[0] and the output rows outputs[ids[:rows]].

    The rows are changed in place; work[1] becomes what is to be added to each context word.
    """
    size, many = _literal(dim), _literal(rows)

    def body(code: _Code, values: Sequence[Any]) -> None:
        own = code.row(work, values[0], _index(0), size)
        switches = code.row(flags, values[3], _index(0), size)
        hidden = code.load_all(own, size)
        list_ = code.data(ids, values[2])
        numbers = [code.builder.load(code.builder.gep(list_, [_index(k)])) for k in range(many)]
        places = [(code.row(outputs, values[1], number, size), 0) for number in numbers]
        gains = code.gains(hidden, places, switches, values[4])
        for v, old in enumerate(hidden):
            error = code.constant(0)
            for (base, first), gain in zip(places, gains, strict=True):
                row = code.load(base, first + v * WIDTH)
                error = code.fma(gain, row, error)
                code.store(code.fma(gain, old, row), base, first + v * WIDTH)
            code.store(error, own, size + v * WIDTH)

    return types.void(work, outputs, ids, flags, types.float32, dim, rows), _generated(body)


class _Code:
    """A builder of LLVM's code, with the few things that the steps are made of."""

    def __init__(self, context: Any, builder: Any) -> None:
        self._context, self.builder = context, builder

    def data(self, kind: Any, value: Any) -> Any:
        """The pointer to an array's first number."""
        return cgutils.create_struct_proxy(kind)(self._context, self.builder, value=value).data

    def row(self, kind: Any, value: Any, number: Any, size: int) -> Any:
        start = self.builder.mul(number, _index(size))
        return self.builder.gep(self.data(kind, value), [start])

    def load(self, base: Any, at: int) -> Any:
        found = self.builder.load(self._place(base, at))
        found.align = 64
        return found

    def load_all(self, base: Any, size: int) -> list[Any]:
        return [self.load(base, at) for at in range(0, size, WIDTH)]

    def store(self, value: Any, base: Any, at: int) -> None:
        self.builder.store(value, self._place(base, at)).align = 64

    def store_all(self, values: Sequence[Any], base: Any) -> None:
        for v, value in enumerate(values):
            self.store(value, base, v * WIDTH)

    def _place(self, base: Any, at: int) -> Any:
        place = self.builder.gep(base, [_index(at)])
        return self.builder.bitcast(place, _ROW.as_pointer())

    def prefetch(self, base: Any, at: int) -> None:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32])
        call = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        place = self.builder.bitcast(self.builder.gep(base, [_index(at)]), byte)
        self.builder.call(call, [place, *(ir.Constant(_I32, n) for n in (0, 3, 1))])

    def constant(self, value: float) -> Any:
        return ir.Constant(_ROW, [value] * WIDTH)

    def splat(self, scalar: Any) -> Any:
        first = self.builder.insert_element(
            ir.Constant(_ROW, ir.Undefined), scalar, ir.Constant(_I32, 0)
        )
        return self.shuffle(first, first, [0] * WIDTH)

    def shuffle(self, x: Any, y: Any, places: Sequence[int]) -> Any:
        mask = ir.Constant(_PLACES, [ir.Constant(_I32, place) for place in places])
        return self.builder.shuffle_vector(x, y, mask)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return self._call("llvm.fma", x, y, z)

    def _call(self, name: str, *given: Any) -> Any:
        kind = ir.FunctionType(_ROW, [_ROW] * len(given))
        called = cgutils.get_or_insert_function(self.builder.module, kind, f"{name}.v{WIDTH}f32")
        return self.builder.call(called, given)

    def gains(
        self, hidden: Sequence[Any], places: Sequence[tuple[Any, int]], flags: Any, rate: Any
    ) -> list[Any]:
        """g_k of each output row, in all lanes: rate * ([k = 0] - sigmoid(h . t_k)) * flag."""
        found = []
        for first in range(0, len(places), WIDTH):
            some = places[first : first + WIDTH]
            lanes = _lanes(len(some))
            products = self._sums([self._product(hidden, *place) for place in some])
            label = [0.0] * WIDTH
            label[lanes[0]] = 0.0 if first else 1.0
            apart = self.builder.fsub(ir.Constant(_ROW, label), self._sigmoid(products))
            gain = self.builder.fmul(apart, self.splat(rate))
            gain = self.builder.fmul(gain, self.load(flags, first))
            found += [self.shuffle(gain, gain, [lane] * WIDTH) for lane in lanes]
        return found

    def _product(self, hidden: Sequence[Any], base: Any, first: int) -> Any:
        total = self.builder.fmul(hidden[0], self.load(base, first))
        for v, part in enumerate(hidden[1:], 1):
            total = self.fma(part, self.load(base, first + v * WIDTH), total)
        return total

    def _sums(self, vectors: list[Any]) -> Any:
        """One vector whose lanes `_lanes` hold the sums of the numbers in each of `vectors`."""
        vectors = vectors + [self.constant(0)] * (_power(len(vectors)) - len(vectors))
        width = WIDTH // len(vectors)
        while len(vectors) > 1:
            half = len(vectors) // 2
            vectors = [
                self._folded(x, y) for x, y in zip(vectors[:half], vectors[half:], strict=True)
            ]
        while width > 1:
            vectors = [self._folded(vectors[0], vectors[0])]
            width //= 2
        return vectors[0]

    def _folded(self, x: Any, y: Any) -> Any:
        """Neighbours added up: those of x in the lower half, those of y in the upper."""
        even = self.shuffle(x, y, range(0, 2 * WIDTH, 2))
        odd = self.shuffle(x, y, range(1, 2 * WIDTH, 2))
        return self.builder.fadd(even, odd)

    def _sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x)) to about 1e-7, x held within 30: no table, so no index past its end."""
        held = self._call(
            "llvm.maximum", self._call("llvm.minimum", x, self.constant(30.0)), self.constant(-30.0)
        )
        power = self.builder.fmul(held, self.constant(-1.4426950408889634))  # exp(-x) = 2**power
        whole = self._call("llvm.rint", power)
        part = self.builder.fsub(power, whole)
        series = self.constant(_EXP2[0])
        for coefficient in _EXP2[1:]:
            series = self.fma(series, part, self.constant(coefficient))
        exponent = self.builder.fptosi(whole, _PLACES)
        bias, shift = (ir.Constant(_PLACES, [n] * WIDTH) for n in (127, 23))
        scale = self.builder.bitcast(
            self.builder.shl(self.builder.add(exponent, bias), shift), _ROW
        )
        one = self.constant(1.0)
        return self.builder.fdiv(one, self.builder.fadd(one, self.builder.fmul(series, scale)))


# Taylor's series of 2**x for |x| <= 1/2, the highest power first: ln(2)**n / n!.
_EXP2 = (
    1.5403530393381608e-4, 1.3333558146428443e-3, 9.618129107628477e-3, 5.550410866482158e-2,
    0.24022650695910072, 0.6931471805599453, 1.0,
)  # fmt: skip


def _generated(body: Callable[[_Code, Sequence[Any]], None]) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, values: Sequence[Any]) -> Any:
        given = [
            context.cast(builder, value, kind, types.int64)
            if isinstance(kind, types.Integer)
            else value
            for value, kind in zip(values, signature.args, strict=True)
        ]
        body(_Code(context, builder), given)
        return context.get_dummy_value()

    return generate


def _literal(kind: Any) -> int:
    if not isinstance(kind, types.IntegerLiteral):
        raise RequireLiteralValue("the dimension and the number of rows are literals")
    return int(kind.literal_value)


def _index(value: int) -> Any:
    return ir.Constant(_I64, value)


def _power(number: int) -> int:
    """The power of two from `number` on."""
    return 1 << (number - 1).bit_length()


def _lanes(rows: int) -> list[int]:
    """Where `_sums` of so many vectors puts each one's sum: its own folding, done on names."""
    many = _power(rows)
    vectors = [[k] * WIDTH for k in range(many)]
    while len(vectors) > 1:
        half = len(vectors) // 2
        vectors = [x[::2] + y[::2] for x, y in zip(vectors[:half], vectors[half:], strict=True)]
    lanes, width = vectors[0], WIDTH // many
    while width > 1:
        lanes = lanes[::2] * 2
        width //= 2
    return [lanes.index(k) for k in range(rows)]
