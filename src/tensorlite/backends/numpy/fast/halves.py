"""Conversions between single and half precision, which NumPy does one number at a time.

float16 is converted by the processor's own instructions. bfloat16 is the upper half of a float32, rounded to the nearest, to the
even one of two.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .compiler import written
from .inputs import dense, spans
from .team import shared

__all__ = ["by_single", "convert", "examples"]

Array = np.ndarray
BLOCK = 1 << 16
"""Numbers in a block."""


@written
def half_of() -> Any:
    """half_of(x): the bits of the float16 next to a float32."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def half_of(typing, x):
        def write(context, builder, signature, args):
            return builder.bitcast(builder.fptrunc(args[0], ir.HalfType()), ir.IntType(16))

        return types.uint16(types.float32), write

    return half_of


@written
def single_of() -> Any:
    """single_of(bits): the float32 that a float16 of these bits is."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def single_of(typing, bits):
        def write(context, builder, signature, args):
            return builder.fpext(builder.bitcast(args[0], ir.HalfType()), ir.FloatType())

        return types.float32(types.uint16), write

    return single_of


@shared
def _from_half(block, blocks, bits, out):
    bits, out = bits[blocks[block, 0] : blocks[block, 1]], out[blocks[block, 0] : blocks[block, 1]]
    for i in range(bits.size):
        out[i] = single_of(bits[i])


@shared
def _to_half(block, blocks, x, out):
    x, out = x[blocks[block, 0] : blocks[block, 1]], out[blocks[block, 0] : blocks[block, 1]]
    for i in range(x.size):
        out[i] = half_of(x[i])


@shared
def _from_upper(block, blocks, upper, out):
    upper, out = upper[blocks[block, 0] : blocks[block, 1]], out[blocks[block, 0] : blocks[block, 1]]
    for i in range(upper.size):
        out[i] = np.uint32(upper[i]) << np.uint32(16)


@shared
def _to_upper(block, blocks, bits, out):
    bits, out = bits[blocks[block, 0] : blocks[block, 1]], out[blocks[block, 0] : blocks[block, 1]]
    for i in range(bits.size):
        b = bits[i]
        upper = b >> np.uint32(16)
        rounded = (b + np.uint32(0x7FFF) + (upper & np.uint32(1))) >> np.uint32(16)
        nan = (upper & np.uint32(0x8000)) | np.uint32(0x7FC0)
        out[i] = nan if b & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000) else rounded


@functools.cache
def _has_halves() -> bool:
    """Whether the processor converts float16."""
    from llvmlite import binding

    machine = binding.get_process_triple().partition("-")[0]
    return machine in ("aarch64", "arm64") or bool(binding.get_host_cpu_features().get("f16c"))


def convert(x: Array, dtype: Any) -> Array:
    """x as float32, float16 or bfloat16, if it is another one of these."""
    single = dtype == np.float32
    half, wide = (x.dtype, dtype) if single else (dtype, x.dtype)
    if wide != np.float32 or half.itemsize != 2 or half.char != "e" and half.name != "bfloat16":
        return NotImplemented
    if half.char == "e" and not _has_halves():
        return NotImplemented
    out, blocks = np.empty(x.shape, dtype), spans(x.size, 1, BLOCK)
    source, target = dense(x).reshape(-1), out.reshape(-1)
    if half.char == "e" and single:
        _from_half(blocks, source.view(np.uint16), target)
    elif half.char == "e":
        _to_half(blocks, source, target.view(np.uint16))
    elif single:
        _from_upper(blocks, source.view(np.uint16), target.view(np.uint32))
    else:
        _to_upper(blocks, source.view(np.uint32), target.view(np.uint16))
    return out


def by_single(function: Callable[..., Array], *arrays: Any, **static: Any) -> Array:
    """A function of arrays of one half precision (and numbers), computed in single precision and rounded once.

    Of sums, differences, products and quotients that is what the operation itself would give, since single precision has more
    than twice the digits (Figueroa, 1995).
    """
    dtype = arrays[0].dtype
    wide = []
    for a in arrays:
        if type(a) in (int, float) and dtype.char == "e":  # with bfloat16 NumPy gives float32
            a = np.float32(dtype.type(a))
        elif type(a) is not Array or a.dtype != dtype:
            return NotImplemented
        else:
            a = convert(a, np.dtype(np.float32)) if a.ndim else a.astype(np.float32)
        if a is NotImplemented:
            return NotImplemented
        wide.append(a)
    return convert(np.asarray(function(*wide, **static)), dtype)


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here, which is for float32 alone."""
    x, bits = np.ones(4, np.float32), np.ones(4, np.uint32)
    blocks, halves = spans(4, 1, 4), np.ones(4, np.uint16)
    calls: list[Callable[[], object]] = [lambda: _from_upper(blocks, halves, bits), lambda: _to_upper(blocks, bits, halves)]
    if _has_halves():
        calls += [lambda: _from_half(blocks, halves, x), lambda: _to_half(blocks, x, halves)]
    return calls if dtype == "float32" else []
