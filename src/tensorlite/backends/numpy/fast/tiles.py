"""Small loops over vector registers, written in LLVM's language, because a loop in Python does not say which values to keep in
registers. All sums of a tile are kept there, and each number that is read serves several of them.

`products` is a tile of a product of matrices whose factors are read at offsets; `dots` a tile of dot products. `line` and
`line_of_seconds` copy a row into a longer one.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from .compiler import written

__all__ = ["Tile", "dot_tile", "dots", "line", "line_of_seconds", "product_tile", "products"]


class Tile(NamedTuple):
    """Sizes of a tile: so many rows, times so many vectors of so many numbers (`lanes`)."""

    lanes: int
    rows: int
    vectors: int

    @property
    def width(self) -> int:
        return self.lanes * self.vectors


@functools.cache
def _registers() -> tuple[int, bool]:
    """How many bytes a vector register has, and whether there are 32 of them, not 16."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, True
    return (32, False) if features.get("avx2") else (16, True)


@functools.cache
def product_tile(itemsize: int) -> Tile:
    """The tile of `products` for numbers of so many bytes."""
    size, many = _registers()
    return Tile(size // itemsize, 4, 4 if many else 3)


@functools.cache
def dot_tile(itemsize: int) -> Tile:
    """The tile of `dots`: a multiple of three vectors, for the taps of a kernel's row."""
    size, many = _registers()
    return Tile(size // itemsize, 4, 6 if many else 3)


class _Writer:
    """Writes loads, stores and sums of vectors."""

    def __init__(self, context: Any, builder: Any, number: Any, lanes: int) -> None:
        from llvmlite import ir

        self.context, self.builder, self.lanes = context, builder, lanes
        self.number = context.get_value_type(number)
        self.vector = ir.VectorType(self.number, lanes)
        self.bytes = number.bitwidth // 8
        self.index, self.lane = ir.IntType(64), ir.IntType(32)

    def arguments(self, signature: Any, args: Any) -> list[Any]:
        """The arguments; for an array, where its numbers begin."""
        return [
            self.context.make_array(t)(self.context, self.builder, a).data if hasattr(t, "layout") else a
            for t, a in zip(signature.args, args, strict=True)
        ]

    def at(self, pointer: Any, *steps: Any) -> Any:
        total = steps[0]
        for step in steps[1:]:
            total = self.builder.add(total, step)
        return self.builder.gep(pointer, [total])

    def zeros(self) -> Any:
        return self.vector([0.0] * self.lanes)

    def variable(self, value: Any) -> Any:
        """A variable in a register."""
        from numba.core import cgutils

        variable = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(value, variable)
        return variable

    def load(self, pointer: Any) -> Any:
        return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.bytes)

    def load_between(self, pointer: Any, first: Any, last: Any) -> Any:
        """The lanes from first to last, and zeros: no other memory is read."""
        from llvmlite import ir
        from numba.core import cgutils

        b, whole = self.builder, ir.VectorType(self.lane, self.lanes)
        lanes = ir.Constant(whole, list(range(self.lanes)))
        begin, end = (self.everywhere(b.trunc(i, self.lane)) for i in (first, last))
        wanted = b.and_(b.icmp_signed(">=", lanes, begin), b.icmp_signed("<", lanes, end))
        place = self.vector.as_pointer()
        kind = ir.FunctionType(self.vector, [place, self.lane, wanted.type, self.vector])
        name = f"llvm.masked.load.v{self.lanes}f{self.bytes * 8}.p0"
        load = cgutils.get_or_insert_function(b.module, kind, name)
        return b.call(load, [b.bitcast(pointer, place), self.lane(self.bytes), wanted, self.zeros()])

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.bytes)

    def spread(self, pointer: Any) -> Any:
        """A number in all lanes."""
        return self.everywhere(self.builder.load(pointer))

    def everywhere(self, value: Any) -> Any:
        from llvmlite import ir

        b, lanes = self.builder, ir.Constant(ir.VectorType(self.lane, self.lanes), [0] * self.lanes)
        one = b.insert_element(ir.Constant(ir.VectorType(value.type, self.lanes), ir.Undefined), value, self.lane(0))
        return b.shuffle_vector(one, one, lanes)

    def add_product(self, variable: Any, x: Any, y: Any) -> None:
        b = self.builder
        b.store(b.fadd(b.load(variable), b.fmul(x, y, flags=("contract",)), flags=("contract",)), variable)

    def sum(self, value: Any) -> Any:
        """The sum of a vector's lanes, halves first."""
        from llvmlite import ir

        b, n = self.builder, self.lanes
        while n > 1:
            n //= 2
            order = ir.Constant(ir.VectorType(self.lane, self.lanes), [*range(n, 2 * n), *([0] * (self.lanes - n))])
            value = b.fadd(value, b.shuffle_vector(value, value, order))
        return b.extract_element(value, self.lane(0))


@written
def products() -> Any:
    """products(x, x_start, offsets, first, w, w_start, w_step, factors, count, bias, bias_start, out, out_start, out_step), for a
    tile of rows r and places p:

    out[r, p] = bias[r] + sum over k < count of w[r * w_step + factors[k]] * x[offsets[first + k] + p].

    Where something begins is given as a number: to slice an array that threads share makes them wait for each other.
    """
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def products(typing, x, start, offsets, first, w, w_start, w_step, factors, count, bias, b, out, out_start, step):
        number = x.dtype
        tile = product_tile(number.bitwidth // 8)

        def write(context, builder, signature, args):
            to = _Writer(context, builder, number, tile.lanes)
            x, start, offsets, first, w, w_start, w_step, factors, n, bias, b, out, out_start, step = to.arguments(signature, args)
            begin = [to.spread(to.at(bias, b, to.index(r))) for r in range(tile.rows)]
            sums = [[to.variable(value) for _ in range(tile.vectors)] for value in begin]
            rows = [builder.add(w_start, builder.mul(w_step, to.index(r))) for r in range(tile.rows)]
            with cgutils.for_range(builder, n) as loop:
                place = builder.add(start, builder.load(to.at(offsets, first, loop.index)))
                vectors = [to.load(to.at(x, place, to.index(v * tile.lanes))) for v in range(tile.vectors)]
                factor_at = builder.load(to.at(factors, loop.index))
                for r in range(tile.rows):
                    factor = to.spread(to.at(w, rows[r], factor_at))
                    for v in range(tile.vectors):
                        to.add_product(sums[r][v], factor, vectors[v])
            for r in range(tile.rows):
                line = builder.add(out_start, builder.mul(step, to.index(r)))
                for v in range(tile.vectors):
                    to.store(builder.load(sums[r][v]), to.at(out, line, to.index(v * tile.lanes)))
            return context.get_dummy_value()

        n = types.int64
        return types.void(x, n, offsets, n, w, n, n, factors, n, bias, n, out, n, n), write

    return products


@written
def dots() -> Any:
    """dots(y, y_start, y_starts, y_step, x, x_starts, offsets, first, runs, places, out, out_start, out_step), for a tile of rows r
    and as many t as vectors:

    out[r, t] += sum over i < runs and p < places of
    y[y_start + y_starts[i] + r * y_step + p] * x[x_starts[i] + offsets[first + t] + p].
    """
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def dots(typing, y, y_start, y_starts, y_step, x, x_starts, offsets, first, runs, places, out, out_start, out_step):
        number = x.dtype
        tile = dot_tile(number.bitwidth // 8)

        def write(context, builder, signature, args):
            to = _Writer(context, builder, number, tile.lanes)
            y, begin, y_starts, step, *others = to.arguments(signature, args)
            x, x_starts, offsets, first, runs, places, out, out_start, out_step = others
            sums = [[to.variable(to.zeros()) for _ in range(tile.vectors)] for _ in range(tile.rows)]
            taps = [builder.load(to.at(offsets, first, to.index(t))) for t in range(tile.vectors)]
            whole, rest = builder.sdiv(places, to.index(tile.lanes)), builder.srem(places, to.index(tile.lanes))

            def add_all(p, rows, columns, load):
                vectors = [load(to.at(x, p, column)) for column in columns]
                for r in range(tile.rows):
                    row = load(to.at(y, p, rows[r]))
                    for t in range(tile.vectors):
                        to.add_product(sums[r][t], row, vectors[t])

            with cgutils.for_range(builder, runs) as run:
                y_start, x_start = (builder.load(to.at(starts, run.index)) for starts in (y_starts, x_starts))
                y_start = builder.add(begin, y_start)
                rows = [builder.add(y_start, builder.mul(step, to.index(r))) for r in range(tile.rows)]
                columns = [builder.add(x_start, tap) for tap in taps]
                with cgutils.for_range(builder, whole) as loop:
                    add_all(builder.mul(loop.index, to.index(tile.lanes)), rows, columns, to.load)
                with builder.if_then(builder.icmp_signed(">", rest, to.index(0))):
                    add_all(builder.sub(places, rest), rows, columns, lambda place: to.load_between(place, to.index(0), rest))
            for r in range(tile.rows):
                row = builder.add(out_start, builder.mul(out_step, to.index(r)))
                for t in range(tile.vectors):
                    place = to.at(out, row, to.index(t))
                    builder.store(builder.fadd(builder.load(place), to.sum(builder.load(sums[r][t]))), place)
            return context.get_dummy_value()

        n = types.int64
        return types.void(y, n, y_starts, n, x, x_starts, offsets, n, n, n, out, n, n), write

    return dots


def _line(step: int) -> Any:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def line(typing, x, x_start, first, last, out, out_start, count):
        number = x.dtype
        lanes = product_tile(number.bitwidth // 8).lanes

        def write(context, builder, signature, args):
            to = _Writer(context, builder, number, lanes)
            x, x_start, first, last, out, out_start, count = to.arguments(signature, args)
            many = to.index(step)
            begin, end = builder.mul(first, many), builder.sub(builder.mul(last, many), to.index(step - 1))
            with cgutils.for_range_slice(builder, to.index(0), count, to.index(lanes), to.index) as (place, _):
                parts = []
                for part in range(step):
                    at = builder.add(builder.mul(place, many), to.index(part * lanes))
                    parts.append(to.load_between(to.at(x, x_start, at), builder.sub(begin, at), builder.sub(end, at)))
                order = ir.Constant(ir.VectorType(to.lane, lanes), [i * step for i in range(lanes)])
                to.store(builder.shuffle_vector(parts[0], parts[-1], order), to.at(out, out_start, place))
            return context.get_dummy_value()

        n = types.int64
        return types.void(x, n, n, n, out, n, n), write

    return line


@written
def line() -> Any:
    """line(x, x_start, first, last, out, out_start, count): out[w] = x[w] for first <= w < last, and 0 for other w < count.

    It may write zeros up to a whole vector.
    """
    return _line(1)


@written
def line_of_seconds() -> Any:
    """`line` with x[2 * w]."""
    return _line(2)
