"""The error function and GELU in single precision, in blocks that stay in the cache.

erf(x) = x P(x^2) / Q(x^2) up to 3.92, where it is 1 in single precision; P and Q are of degree 5, with a relative error below
2e-8 (a minimax fit by Lawson's algorithm; `tests/data/make_erf.py` makes it). `erf` evaluates them in double precision and is
correct to the last place; in GELU, whose result is a product, single precision is enough.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["erf", "gelu", "gelu_back"]

Array = np.ndarray
BLOCK = 1 << 16
"""Numbers in a block: with fewer, the threads wait for Python's lock between calls; more leave the cache."""
LIMIT = 3.92
NUMERATOR = (
    1.1283791461574697, 0.19040573964283, 0.05274863939141724, 0.0037655898937664824, 0.0002848828009651651, 2.0501011589791504e-06,
)  # fmt: skip
DENOMINATOR = (1.0, 0.5020754342249437, 0.11410882261739659, 0.014969160932206748, 0.0011625302886960826, 3.8091864528728484e-05)


class _Constants:
    """Numbers as arrays of no dimension: a Python number would be converted at each call."""

    def __init__(self, dtype: Any) -> None:
        self.scale, self.half, self.one, self.limit = (np.array(c, dtype) for c in (math.sqrt(0.5), 0.5, 1, LIMIT))
        self.minus_one, self.minus_limit = np.array(-1, dtype), np.array(-LIMIT, dtype)
        self.density = np.array(1 / math.sqrt(2 * math.pi), dtype)
        self.numerator = [np.array(c, dtype) for c in reversed(NUMERATOR)]
        self.denominator = [np.array(c, dtype) for c in reversed(DENOMINATOR)]


_constants = functools.cache(_Constants)


class _Erf(threading.local):
    """Erf of blocks of one dtype, with buffers for each thread."""

    def __init__(self, size: int, dtype: Any) -> None:
        self.z, self.bottom = np.empty(size, dtype), np.empty(size, dtype)
        self.constants = _constants(dtype)

    def __call__(self, x: Array, out: Array) -> Array:
        """Into `out`, which must not be `x`."""
        c, z, bottom = self.constants, self.z[: x.size], self.bottom[: x.size]
        x = np.minimum(x, c.limit, out=bottom)
        np.maximum(x, c.minus_limit, out=x)
        np.multiply(x, x, z)
        np.multiply(self._polynomial(c.numerator, z, out), x, out)
        np.divide(out, self._polynomial(c.denominator, z, bottom), out)
        np.minimum(out, c.one, out=out)
        return np.maximum(out, c.minus_one, out=out)

    @staticmethod
    def _polynomial(coefficients: list[Array], z: Array, out: Array) -> Array:
        np.multiply(z, coefficients[0], out)
        for c in coefficients[1:-1]:
            np.add(out, c, out)
            np.multiply(out, z, out)
        return np.add(out, coefficients[-1], out)


def _in_blocks(work: Callable[..., None], *arrays: Array) -> None:
    """Call `work` with blocks of the arrays, which are contiguous and of one size, on all threads."""
    flat = [a.reshape(-1) for a in arrays]
    in_parallel(lambda start: work(*[a[start : start + BLOCK] for a in flat]), range(0, flat[0].size, BLOCK))


def _suits(*arrays: Array) -> bool:
    return all(type(a) is np.ndarray and a.dtype.char == "f" and a.flags.c_contiguous for a in arrays)


def erf(x: Array) -> Array:
    """The error function of an array of float32."""
    x = x if x.flags.c_contiguous else x.copy()
    out, compute = np.empty(x.shape, x.dtype), _Erf(min(x.size, BLOCK), np.float64)

    def work(part: Array, target: Array) -> None:
        target[...] = compute(part.astype(np.float64), np.empty(part.size))

    _in_blocks(work, x, out)
    return out


@may_decline
def gelu(x: Array) -> Array:
    """x times the normal distribution function (Hendrycks and Gimpel, 2016)."""
    if not _suits(x):
        return NotImplemented
    out, compute, c = np.empty(x.shape, x.dtype), _Erf(min(x.size, BLOCK), x.dtype), _constants(x.dtype)

    def work(part: Array, target: Array) -> None:
        compute(part * c.scale, target)
        np.add(target, c.one, target)
        np.multiply(target, c.half, target)
        np.multiply(target, part, target)

    _in_blocks(work, x, out)
    return out


@may_decline
def gelu_back(g: Array, x: Array) -> Array:
    """g times the normal distribution function plus x times its density."""
    if not _suits(g, x) or g.shape != x.shape:
        return NotImplemented
    out, compute, c = np.empty(x.shape, x.dtype), _Erf(min(x.size, BLOCK), x.dtype), _constants(x.dtype)

    def work(slope: Array, part: Array, target: Array) -> None:
        scaled = part * c.scale
        compute(scaled, target)
        np.add(target, c.one, target)
        np.multiply(target, c.half, target)
        np.multiply(scaled, scaled, scaled)
        density = np.exp(np.negative(scaled, scaled), scaled)
        np.multiply(density, c.density, density)
        np.multiply(density, part, density)
        np.add(target, density, target)
        np.multiply(target, slope, target)

    _in_blocks(work, g, x, out)
    return out
