"""exp, expm1, tanh, sigmoid and erf of one number, for compiled loops: without branches or calls, so that a loop is vectorised.

An argument is brought near zero, x = n log 2 + r, with n by adding a number so large that what lies after the point is rounded
away; then e^r - 1 is a polynomial, and 2^n is written into the bits of an exponent. erf is near zero x P(x^2), or
x P(x^2) / Q(x^2) in double precision, and from about 1 on 1 - exp(-x P(x)), or 1 - exp(-x^2) P(x) / Q(x). The coefficients are
minimax fits (`tests/data/make_functions.py`).

Sums must not be put into another order here, as they may be elsewhere: the two parts of log 2 would become one. Results are within
three units of the last place, erf in double precision within five; nan and infinities come out as in NumPy.

`exp_or_zero` is exp of numbers up to 80, and zero where exp has no normal number, since those take the processor a hundred times as
long. `normal` is the normal distribution function to 2e-7, which is enough for GELU in single precision, in half of erf's time.
`highest` is the largest number of a row (nan where there is one, unless all have a sign), found among the bits read as integers in
the same order: the comparison of floats with nan is not vectorised.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..gelu import DENOMINATOR, LIMIT, NUMERATOR
from .compiler import Compiled

__all__ = ["Inlined", "erf", "exp", "exp_or_zero", "expm1", "highest", "inlined", "normal", "sigmoid", "tanh"]


class Inlined(Compiled):
    """Compiled without changing the order of sums, and always into its caller, which may be a loop."""

    options = {"fastmath": {"contract", "nsz"}, "forceinline": True}


def inlined(function: Any) -> Any:
    """`compiled`, but into the caller and as it is written."""
    return Inlined(function)


class _ByType(Compiled):
    """Two functions under one name, for float32 and for float64; which is called is known while the caller is compiled."""

    def __init__(self, narrow: Any, wide: Any) -> None:
        self.narrow, self.wide = narrow, wide

    def __call__(self, x: Any) -> Any:
        return (self.narrow if x.dtype == np.float32 else self.wide)(x)

    @functools.cached_property
    def dispatcher(self) -> Any:
        from numba import float32
        from numba.extending import overload

        narrow, wide = self.narrow.dispatcher, self.wide.dispatcher

        def call(x: Any) -> Any:
            raise NotImplementedError  # the name that callers see; never run

        @overload(call, strict=False, jit_options={"forceinline": True})
        def choose(x: Any) -> Any:
            return (lambda x: narrow(x)) if getattr(x, "dtype", x) == float32 else (lambda x: wide(x))

        return call


def _narrow(*numbers: float) -> Any:
    return tuple(np.float32(c) for c in numbers)


# Single precision.

ROUND32, LOG2E32, HIGH32, LOW32 = _narrow(12582912.0, 1.4426950408889634, 0.693145751953125, 1.428606765330187e-06)
EXP32 = _narrow(0.499999930501914461, 0.166665147861979729, 0.0416684568923161562, 0.0083694193098134422, 0.00138131395904839301)
LEAST32, SMALL32, MOST32, FLAT32 = _narrow(-104.0, -87.0, 89.0, 20.0)
ZERO32, HALF32, ONE32, TWO32 = _narrow(0, 0.5, 1, 2)
LIMIT32, NEAR32, SQRT_HALF32, ROUGH32 = _narrow(3.95, 0.92, 0.5**0.5, LIMIT)
ERF_NEAR32 = _narrow(
    0.128379166421190177, -0.376126317279668826, 0.112836656519182302, -0.026857791564423295, 0.00519715469733898723,
    -0.000809987576414427354, 8.19377328197301608e-05,
)
ERF_FAR32 = _narrow(
    0.12864850859506004, 0.635151238935276929, 0.106237010489764737, -0.0237621811399036782, 0.00364251657160733082,
    -0.000322818373882736506, 1.12327887267335607e-05,
)

ROUGH_TOP32, ROUGH_BOTTOM32 = _narrow(*[c / 2 for c in NUMERATOR]), _narrow(*DENOMINATOR)


@inlined
def split32(x):
    """n and e^r - 1, for x = n log 2 + r."""
    a, b, c, d, e = EXP32
    shifted = x * LOG2E32 + ROUND32
    n = shifted - ROUND32
    r = (x - n * HIGH32) - n * LOW32
    p = r + r * r * (a + r * (b + r * (c + r * (d + r * e))))
    return np.int32(np.float32(shifted).view(np.int32) - np.int32(0x4B400000)), p


@inlined
def power32(n):
    """2^n for n from -126 to 127."""
    return np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


@inlined
def either32(first, a, b):
    """a or b, both of them computed: a condition would be a branch around the longer one."""
    a, b = np.float32(a).view(np.int32), np.float32(b).view(np.int32)
    return np.int32(b ^ ((a ^ b) & -np.int32(first))).view(np.float32)


@inlined
def exp32(x):
    inside = MOST32 if x > MOST32 else x
    inside = LEAST32 if inside < LEAST32 else inside
    n, p = split32(inside)
    half = np.int32(n >> np.int32(1))  # 2^n may be too large or too small for a number; its two parts are not
    return (ONE32 + p) * power32(half) * power32(np.int32(n - half))


@inlined
def exp_or_zero32(x):
    inside = SMALL32 if x < SMALL32 else x
    n, p = split32(inside)
    power = power32(n)
    return ZERO32 if x < SMALL32 else power + p * power


@inlined
def expm1_32(x):
    inside = MOST32 if x > MOST32 else x
    inside = -FLAT32 if inside < -FLAT32 else inside
    n, p = split32(inside)
    half = power32(np.int32(n - np.int32(1)))
    return ((half - HALF32) + p * half) * TWO32


@inlined
def tanh32(x):
    size = abs(x)
    n, p = split32(FLAT32 if size > FLAT32 else size + size)
    power = power32(n)
    less = (power - ONE32) + p * power
    return np.copysign(less / (less + TWO32), x)


@inlined
def sigmoid32(x):
    e = exp32(-abs(x))
    return (e if x < ZERO32 else ONE32) / (ONE32 + e)


@inlined
def erf32(x):
    size = abs(x)
    y = LIMIT32 if size > LIMIT32 else size
    z = y * y
    a, b, c, d, e, f, g = ERF_NEAR32
    near = y + y * (a + z * (b + z * (c + z * (d + z * (e + z * (f + z * g))))))
    a, b, c, d, e, f, g = ERF_FAR32
    n, p = split32(-(y + y * (a + y * (b + y * (c + y * (d + y * (e + y * (f + y * g))))))))
    power = power32(n)
    return np.copysign(either32(y > NEAR32, (ONE32 - power) - p * power, near), x)


@inlined
def normal32(x):
    y = x * SQRT_HALF32
    y = ROUGH32 if y > ROUGH32 else y
    y = -ROUGH32 if y < -ROUGH32 else y
    z = y * y
    a, b, c, d, e, f = ROUGH_TOP32
    k, l, m, n, o, p = ROUGH_BOTTOM32
    top = y * (a + z * (b + z * (c + z * (d + z * (e + z * f)))))
    return HALF32 + top / (k + z * (l + z * (m + z * (n + z * (o + z * p)))))


@inlined
def highest32(row):
    top = np.int32(-0x80000000)
    for j in range(row.size):
        bits = np.float32(row[j]).view(np.int32)
        top = max(top, np.int32(bits ^ np.int32(np.int32(bits >> np.int32(31)) & np.int32(0x7FFFFFFF))))
    return np.int32(top ^ np.int32(np.int32(top >> np.int32(31)) & np.int32(0x7FFFFFFF))).view(np.float32)


# Double precision.

ROUND, LOG2E, HIGH, LOW = 6755399441055744.0, 1.4426950408889634, 0.6931471803691238, 1.9082149292705877e-10
EXP = (
    0.50000000000000117, 0.166666666666663863, 0.0416666666665191401, 0.00833333333350764599, 0.00138888889469229814,
    0.000198412694862181046, 2.48014893494868673e-05, 2.7557597125437496e-06, 2.76316882372243856e-07, 2.49990136705286319e-08,
)  # fmt: skip
TOP_NEAR = (
    1.12837916709551257, 0.143506646827011951, 0.0454836111539843933, 0.00187741062270810136, 0.000196884715970412002,
    7.77168443643980276e-08,
)  # fmt: skip
BOTTOM_NEAR = (
    1.0, 0.460512787732871105, 0.0938130634491005125, 0.0106930780300362612, 0.000692498088367907165, 2.08102516598960346e-05,
)  # fmt: skip
TOP_FAR = (
    0.999999886914988053, 1.39061024320806589, 0.949560942747990697, 0.373622936087827409, 0.0843563113819079381,
    0.00893140498586780887,
)  # fmt: skip
BOTTOM_FAR = (
    1.0, 2.51898821903539606, 2.79194075552787157, 1.75723612324043939, 0.670204165891369321, 0.149513764919319064,
    0.015830625577473908,
)  # fmt: skip


@inlined
def split64(x):
    """n and e^r - 1, for x = n log 2 + r."""
    a, b, c, d, e, f, g, h, i, j = EXP
    shifted = x * LOG2E + ROUND
    n = shifted - ROUND
    r = (x - n * HIGH) - n * LOW
    p = a + r * (b + r * (c + r * (d + r * (e + r * (f + r * (g + r * (h + r * (i + r * j))))))))
    return np.float64(shifted).view(np.int64) - np.int64(0x4338000000000000), r + r * r * p


@inlined
def power64(n):
    """2^n for n from -1022 to 1023."""
    return np.int64((n + np.int64(1023)) << np.int64(52)).view(np.float64)


@inlined
def either64(first, a, b):
    a, b = np.float64(a).view(np.int64), np.float64(b).view(np.int64)
    return np.int64(b ^ ((a ^ b) & -np.int64(first))).view(np.float64)


@inlined
def exp64(x):
    inside = 710.0 if x > 710.0 else x
    inside = -746.0 if inside < -746.0 else inside
    n, p = split64(inside)
    half = n >> np.int64(1)
    return (1.0 + p) * power64(half) * power64(n - half)


@inlined
def exp_or_zero64(x):
    inside = -708.0 if x < -708.0 else x
    n, p = split64(inside)
    power = power64(n)
    return 0.0 if x < -708.0 else power + p * power


@inlined
def expm1_64(x):
    inside = 710.0 if x > 710.0 else x
    inside = -40.0 if inside < -40.0 else inside
    n, p = split64(inside)
    half = power64(n - np.int64(1))
    return ((half - 0.5) + p * half) * 2.0


@inlined
def tanh64(x):
    size = abs(x)
    n, p = split64(40.0 if size > 40.0 else size + size)
    power = power64(n)
    less = (power - 1.0) + p * power
    return np.copysign(less / (less + 2.0), x)


@inlined
def sigmoid64(x):
    e = exp64(-abs(x))
    return (e if x < 0.0 else 1.0) / (1.0 + e)


@inlined
def erf64(x):
    size = abs(x)
    inside = 6.0 if size > 6.0 else size
    z = inside * inside
    a, b, c, d, e, f = TOP_NEAR
    k, l, m, n, o, p = BOTTOM_NEAR
    near = inside * (a + z * (b + z * (c + z * (d + z * (e + z * f))))) / (k + z * (l + z * (m + z * (n + z * (o + z * p)))))
    a, b, c, d, e, f = TOP_FAR
    k, l, m, n, o, p, q = BOTTOM_FAR
    y = inside
    top = a + y * (b + y * (c + y * (d + y * (e + y * f))))
    i, r = split64(-z)
    far = 1.0 - (1.0 + r) * power64(i) * top / (k + y * (l + y * (m + y * (n + y * (o + y * (p + y * q))))))
    return np.copysign(either64(size > 1.0, far, near), x)


@inlined
def normal64(x):
    return 0.5 + 0.5 * erf64(x * 0.7071067811865476)


@inlined
def highest64(row):
    top = np.int64(-0x8000000000000000)
    for j in range(row.size):
        bits = np.float64(row[j]).view(np.int64)
        top = max(top, bits ^ ((bits >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF)))
    return np.int64(top ^ ((top >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))).view(np.float64)


exp, exp_or_zero, expm1 = _ByType(exp32, exp64), _ByType(exp_or_zero32, exp_or_zero64), _ByType(expm1_32, expm1_64)
tanh, sigmoid, erf = _ByType(tanh32, tanh64), _ByType(sigmoid32, sigmoid64), _ByType(erf32, erf64)
normal, highest = _ByType(normal32, normal64), _ByType(highest32, highest64)
