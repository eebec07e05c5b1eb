"""Two small loops over vector registers, written in LLVM's language, because a loop in Python does not say which values to keep in
registers. All sums of a tile are kept there, and each number that is read serves several of them.

`products` is a tile of a product of matrices whose second factor is read at offsets; `dots` a tile of dot products.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from .compiler import written

__all__ = ["Tile", "dot_tile", "dots", "product_tile", "products"]


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
        """A variable in a register, at first zeros."""
        from numba.core import cgutils

        variable = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(self.vector([0.0] * self.lanes), variable)
        return variable

    def load(self, pointer: Any) -> Any:
        return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.bytes)

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.bytes)

    def spread(self, pointer: Any) -> Any:
        """A number in all lanes."""
        from llvmlite import ir

        b = self.builder
        one = b.insert_element(ir.Constant(self.vector, ir.Undefined), b.load(pointer), self.lane(0))
        return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(self.lane, self.lanes), [0] * self.lanes))

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
    """products(x, x_start, offsets, count, w, w_start, out, out_start, out_step), for a tile of rows r and places p:

    out[r, p] = sum over k < count of w[k, r] * x[offsets[k] + p].
    """
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def products(typing, x, x_start, offsets, count, w, w_start, out, out_start, out_step):
        number = x.dtype
        tile = product_tile(number.bitwidth // 8)

        def write(context, builder, signature, args):
            to = _Writer(context, builder, number, tile.lanes)
            x, start, offsets, n, w, w_start, out, out_start, step = to.arguments(signature, args)
            sums = [[to.zeros() for _ in range(tile.vectors)] for _ in range(tile.rows)]
            with cgutils.for_range(builder, n) as loop:
                first = builder.add(start, builder.load(to.at(offsets, loop.index)))
                vectors = [to.load(to.at(x, first, to.index(v * tile.lanes))) for v in range(tile.vectors)]
                row = builder.add(w_start, builder.mul(loop.index, to.index(tile.rows)))
                for r in range(tile.rows):
                    factor = to.spread(to.at(w, row, to.index(r)))
                    for v in range(tile.vectors):
                        to.add_product(sums[r][v], factor, vectors[v])
            for r in range(tile.rows):
                line = builder.add(out_start, builder.mul(step, to.index(r)))
                for v in range(tile.vectors):
                    to.store(builder.load(sums[r][v]), to.at(out, line, to.index(v * tile.lanes)))
            return context.get_dummy_value()

        n = types.int64
        return types.void(x, n, offsets, n, w, n, out, n, n), write

    return products


@written
def dots() -> Any:
    """dots(y, y_starts, y_step, x, x_starts, offsets, first, runs, count, out), for a tile of rows r and as many t as vectors:

    out[r, t] = sum over i < runs and p < count * lanes of y[y_starts[i] + r * y_step + p] * x[x_starts[i] + offsets[first + t] + p]
    """
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def dots(typing, y, y_starts, y_step, x, x_starts, offsets, first, runs, count, out):
        number = x.dtype
        tile = dot_tile(number.bitwidth // 8)

        def write(context, builder, signature, args):
            to = _Writer(context, builder, number, tile.lanes)
            y, y_starts, step, x, x_starts, offsets, first, runs, n, out = to.arguments(signature, args)
            sums = [[to.zeros() for _ in range(tile.vectors)] for _ in range(tile.rows)]
            taps = [builder.load(to.at(offsets, first, to.index(t))) for t in range(tile.vectors)]
            with cgutils.for_range(builder, runs) as run:
                y_start, x_start = (builder.load(to.at(starts, run.index)) for starts in (y_starts, x_starts))
                rows = [builder.add(y_start, builder.mul(step, to.index(r))) for r in range(tile.rows)]
                columns = [builder.add(x_start, tap) for tap in taps]
                with cgutils.for_range(builder, n) as loop:
                    p = builder.mul(loop.index, to.index(tile.lanes))
                    vectors = [to.load(to.at(x, p, column)) for column in columns]
                    for r in range(tile.rows):
                        row = to.load(to.at(y, p, rows[r]))
                        for t in range(tile.vectors):
                            to.add_product(sums[r][t], row, vectors[t])
            for r in range(tile.rows):
                for t in range(tile.vectors):
                    builder.store(to.sum(builder.load(sums[r][t])), to.at(out, to.index(r * tile.vectors + t)))
            return context.get_dummy_value()

        n = types.int64
        return types.void(y, y_starts, n, x, x_starts, offsets, n, n, n, out), write

    return dots
