"""Uniform numbers to normal ones, to the last bit as PyTorch's vectorised CPU code makes them.

PyTorch's float32 normals come from the single-precision Cephes `logf`, `sinf` and `cosf` with some products fused into
the following sum (FMA). NumPy has no FMA: a product of two float32 is exact in float64, so a sum there, rounded to
float32, is the same number (but for a double rounding about once in 2**29).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_muller", "fma"]

F32 = NDArray[np.float32]
Floats = NDArray[Any]
f32, f64, i32 = np.float32, np.float64, np.int32

# Cephes' coefficients of log(1 + x) / x**3 - ..., sin and cos near 0; highest power first, rounded to float32 below.
LOG = [7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1]
LOG += [-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1]
SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]
COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]
LOG, SIN, COS = ([float(f32(c)) for c in given] for given in (LOG, SIN, COS))
LN2_HIGH, LN2_LOW = f32(0.693359375), f32(-2.12194440e-4)
PI_4 = [f32(0.78515625), f32(2.4187564849853515625e-4), f32(3.77489497744594108e-8)]  # pi / 4 in three parts
SQRT_HALF_BITS = 0x3F3504F3
FOUR_OVER_PI = f32(1.27323954473516)


def fma(x: Floats, factor: Any, addend: Any) -> Floats:
    """``x * factor + addend`` rounded once, in the dtype of `x` (float32 or float64).

    >>> float(fma(np.array([1 + 2.0**-30]), 1 - 2.0**-30, -1.0)[0]) == -(2.0**-60)
    True
    """
    if x.dtype == f32:
        wide = x.astype(f64)
        wide *= factor
        wide += addend
        return wide.astype(f32)
    product: Floats = x * factor
    if abs(factor) > 1e290:  # the splitting below would overflow
        return product + addend
    x_high, factor_high = _high_half(x), _high_half(np.asarray(factor, f64))
    x_low, factor_low = x - x_high, factor - factor_high
    error = ((x_high * factor_high - product) + x_high * factor_low + x_low * factor_high) + x_low * factor_low
    total: Floats = product + addend
    part = total - product
    error += (product - (total - part)) + (addend - part)
    total += error
    return total


def _high_half(x: Floats) -> Floats:
    """The upper 26 bits of each number, so that products of halves are exact (Veltkamp)."""
    scaled = x * 134217729.0
    return np.asarray(scaled - (scaled - x))


def _polynomial(coefficients: list[float], x: F32) -> F32:
    """Horner's rule with one rounding to float32 per step."""
    wide = x.astype(f64)
    step = wide * coefficients[0]
    step += coefficients[1]
    for c in coefficients[2:]:
        step = step.astype(f32) * wide
        step += c
    return step.astype(f32)


def _log(x: F32) -> F32:
    """Natural logarithm of positive normal numbers."""
    bits = x.view(i32)
    exponent = (bits - SQRT_HALF_BITS) >> 23
    x = (bits - (exponent << 23)).view(f32) - f32(1)  # the mantissa, from sqrt(1/2) to sqrt(2), less 1
    e = exponent.astype(f32)
    z = x * x
    y = _polynomial(LOG, x)
    y *= x
    y = fma(y, z, e * LN2_LOW)
    y -= z * f32(0.5)
    y += x
    y += e * LN2_HIGH
    return y


def _sin_cos(x: F32) -> tuple[F32, F32]:
    """Sine and cosine of numbers from 0 to 2 pi."""
    octant = (x * FOUR_OVER_PI).astype(i32)
    octant += 1
    octant &= ~1
    y = octant.astype(f32)
    x = x - y * PI_4[0]  # these two products are exact
    x -= y * PI_4[1]
    x = fma(y, -PI_4[2], x)
    z = x * x
    cos = _polynomial(COS, z)
    cos *= z
    cos = fma(cos, z, z * f32(-0.5))
    cos += f32(1)
    sin = _polynomial(SIN, z)
    sin *= z
    sin = fma(sin, x, x)
    sin_bits, cos_bits = sin.view(i32), cos.view(i32)
    swap = (sin_bits ^ cos_bits) & -((octant >> 1) & 1)  # what differs, in the octants where the two change places
    sin_bits ^= swap
    cos_bits ^= swap
    sin_bits ^= (octant & 4) << 29  # the sign bits
    octant += 2
    cos_bits ^= (octant & 4) << 29
    return sin, cos


def box_muller(uniform: Floats, mean: float, std: float) -> Floats:
    """Normal numbers out of as many uniform ones, whose count is a multiple of 16, in float32 or float64.

    Of each 16, the first 8 give the radii and the last 8 the angles; out come 8 cosines and then 8 sines.

    >>> box_muller(np.full(16, 0.5, np.float32), 0.0, 1.0)[[0, 8]].tolist()
    [-1.1774100065231323, -1.0293245367165582e-07]
    """
    blocks = uniform.reshape(-1, 2, 8)
    dtype = blocks.dtype.type
    rest = dtype(1) - blocks[:, 0]
    angle = blocks[:, 1] * dtype(2 * math.pi)
    if dtype is f32:
        log, (sin, cos) = _log(rest), _sin_cos(angle)
    else:
        log, sin, cos = np.log(rest), np.sin(angle), np.cos(angle)
    log *= dtype(-2)
    radius = np.sqrt(log, out=log)
    out = np.empty_like(blocks)
    np.multiply(radius, cos, out=out[:, 0])
    np.multiply(radius, sin, out=out[:, 1])
    flat = out.reshape(-1)
    if std != 1.0:
        return fma(flat, dtype(std), dtype(mean))
    flat += dtype(mean)  # even when it is 0, because that makes -0 a 0
    return flat
