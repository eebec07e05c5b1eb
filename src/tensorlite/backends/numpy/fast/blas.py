"""Products of matrices inside compiled functions: they call the OpenBLAS that comes with NumPy, without Python and its lock."""

from __future__ import annotations

from typing import Any

from ..workers import blas_library
from .compiler import compiled, written

__all__ = ["add_product", "available"]

NAMES = {"float32": "scipy_cblas_sgemm64_", "float64": "scipy_cblas_dgemm64_"}


def available() -> bool:
    """Whether NumPy's library of products is one whose functions we know."""
    return all(hasattr(blas_library(), name) for name in NAMES.values())


@written
def gemm() -> Any:
    """cblas_?gemm by rows: sizes are integers of 64 bits, arrays are given by their addresses."""
    import ctypes

    from llvmlite import binding, ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    for name in NAMES.values():
        binding.add_symbol(f"tensorlite_{name}", ctypes.cast(getattr(blas_library(), name), ctypes.c_void_p).value)

    @intrinsic
    def gemm(context, across_a, across_b, m, n, k, alpha, a, step_a, b, step_b, beta, c, step_c):
        def write(context, builder, signature, args):
            number = context.get_value_type(alpha)
            small, size, pointer = ir.IntType(32), ir.IntType(64), number.as_pointer()
            sorts = [small] * 3 + [size] * 3 + [number, pointer, size, pointer, size, number, pointer, size]
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), sorts), f"tensorlite_{NAMES[str(alpha)]}"
            )
            given = [small(101)]  # by rows
            for sort, value in zip(sorts[1:], args, strict=True):
                if sort is small:
                    value = builder.trunc(value, small)
                elif sort is pointer:
                    value = builder.inttoptr(value, pointer)
                given.append(value)
            builder.call(function, given)
            return context.get_dummy_value()

        i = types.int64
        return types.void(i, i, i, i, i, alpha, i, i, i, i, alpha, i, i), write

    return gemm


@compiled
def _step(x, axis):
    """How far rows (or columns, for axis 1) are apart; of a single one this says nothing, but BLAS wants it to fit."""
    return max(x.strides[axis] // x.itemsize, x.shape[1 - axis], 1)


@compiled
def add_product(c, a, b, alpha, beta):
    """c = alpha a b + beta c, for matrices whose elements lie one after the other along rows, or of a and b also along columns."""
    across_a, across_b = int(a.strides[1] != a.itemsize), int(b.strides[1] != b.itemsize)
    gemm(
        111 + across_a, 111 + across_b, c.shape[0], c.shape[1], a.shape[1], alpha, a.ctypes.data, _step(a, across_a),
        b.ctypes.data, _step(b, across_b), beta, c.ctypes.data, _step(c, 0),
    )  # fmt: skip
