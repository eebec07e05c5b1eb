"""Pointwise ops of one and two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autograd.op import composite, define, op

_LN2, _LN10 = 0.6931471805599453, 2.302585092994046
Array = Any

if TYPE_CHECKING:  # for type checkers: some ops are made in loops

    def __getattr__(name: str) -> Any: ...


def _is(value: Any, number: float) -> bool:
    """Whether a saved operand is a Python number with this value."""
    return type(value) in (int, float) and value == number


# Arithmetic

add = op("add(x, y)", promotes="common", x=lambda g: g, y=lambda g: g)
subtract = op("subtract(x, y)", promotes="common", node_name="Sub", x=lambda g: g, y=lambda xp, g: xp.negative(g))
multiply = op("multiply(x, y)", promotes="common", node_name="Mul", x=lambda g, y: g * y, y=lambda g, x: g * x)
divide = op(
    "divide(x, y)", promotes="float", node_name="Div",
    x=lambda g, y: g / y, y=lambda xp, g, x, y: xp.negative(g) * ((x / y) / y),
)
negative = op("negative(x)", node_name="Neg", x=lambda xp, g: xp.negative(g))
positive = op("positive(x)", x=lambda g: g)


def _pow_x(xp: Any, g: Array, x: Array, y: Array) -> Array:
    if _is(y, 2):
        return g * (x * 2)
    if type(y) in (int, float):
        return g * (xp.pow(x, y - 1) * y) if y else g * 0
    return g * xp.where(y == 0, 0, y * xp.pow(x, y - 1))


def _pow_y(xp: Any, g: Array, x: Array, y: Array, out: Array) -> Array:
    zero = (x == 0) & (xp.real(y) >= 0)
    # The logarithm must not see the zero either: its own derivative there would be 0 times inf.
    return g * xp.where(zero, 0, out * xp.log(xp.where(zero, 1, x)))


pow = op("pow(x, y)", promotes="common", keeps_numbers=True, x=_pow_x, y=_pow_y)


def _zeros(xp: Any, g: Array) -> Array:
    return xp.zeros(g.shape, dtype=g.dtype)


overwrite = op("overwrite(x, value)", node_name="Copys", x=_zeros, value=lambda g: g)
"""What is left of x when a value takes its place: nothing."""
floor_divide = op("floor_divide(x, y)", promotes="common")
trunc_divide = op("trunc_divide(x, y)", promotes="common", x=_zeros, y=_zeros, node_name="Div")
remainder = op(
    "remainder(x, y)", promotes="common", x=lambda g: g, y=lambda xp, g, x, y: xp.negative(g) * xp.floor(x / y),
)
fmod = op("fmod(x, y)", promotes="common", x=lambda g: g, y=lambda xp, g, x, y: xp.negative(g) * xp.trunc(x / y))

# Extremes: gradients are shared where both operands are equal.


def _wins(xp: Any, g: Array, mine: Array, other: Array, greater: bool) -> Array:
    wins = mine > other if greater else mine < other
    return xp.where(mine == other, g / 2, xp.where(wins, g, 0))


maximum = op(
    "maximum(x, y)", promotes="common",
    x=lambda xp, g, x, y: _wins(xp, g, x, y, True), y=lambda xp, g, x, y: _wins(xp, g, y, x, True),
)
minimum = op(
    "minimum(x, y)", promotes="common",
    x=lambda xp, g, x, y: _wins(xp, g, x, y, False), y=lambda xp, g, x, y: _wins(xp, g, y, x, False),
)
fmax = op(
    "fmax(x, y)", promotes="common", x=lambda xp, g, x, y: xp.where((x >= y) | xp.isnan(y), g, 0),
    y=lambda xp, g, x, y: xp.where((x >= y) | xp.isnan(y), 0, g),
)
fmin = op(
    "fmin(x, y)", promotes="common", x=lambda xp, g, x, y: xp.where((x <= y) | xp.isnan(y), g, 0),
    y=lambda xp, g, x, y: xp.where((x <= y) | xp.isnan(y), 0, g),
)
clip = op(
    "clip(x, low, high)", promotes="common", node_name="Clamp",
    x=lambda xp, g, x, low, high: xp.where((x >= low) & (x <= high), g, 0),
    low=lambda xp, g, x, low, high: xp.where((x < low) & (low < high), g, 0),
    high=lambda xp, g, x, low, high: xp.where((x > high) | (low > high), g, 0),
)
where = op(
    "where(mask, x, y)", promotes="common: x y", keeps_numbers=True,
    x=lambda xp, g, mask: xp.where(mask, g, 0), y=lambda xp, g, mask: xp.where(mask, 0, g),
)

# Comparisons and logic have no gradient.

for _name in (
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor bitwise_and bitwise_or "
    "bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm"
).split():
    globals()[_name] = op(f"{_name}(x, y)", promotes="common")
for _name in "isnan isinf isfinite logical_not bitwise_invert signbit".split():
    globals()[_name] = op(f"{_name}(x)")

# Rounding: flat almost everywhere.

for _name in "floor ceil trunc rint sign".split():
    globals()[_name] = op(f"{_name}(x)", x=_zeros)
round = op("round(x, *, decimals=0)", x=_zeros)

# Exponentials and logarithms

exp = op("exp(x)", promotes="float", x=lambda g, out: g * out)
exp2 = op("exp2(x)", promotes="float", x=lambda g, out: g * out * _LN2)
expm1 = op("expm1(x)", promotes="float", x=lambda g, out: g * (out + 1))
log = op("log(x)", promotes="float", x=lambda g, x: g / x)
log2 = op("log2(x)", promotes="float", x=lambda g, x: g / (x * _LN2))
log10 = op("log10(x)", promotes="float", x=lambda g, x: g / (x * _LN10))
log1p = op("log1p(x)", promotes="float", x=lambda g, x: g / (x + 1))
sqrt = op("sqrt(x)", promotes="float", x=lambda g, out: g / (out * 2))
square = op("square(x)", promotes="common", node_name="Pow", x=lambda g, x: g * (x * 2))
reciprocal = op("reciprocal(x)", promotes="float", x=lambda xp, g, out: xp.negative(g) * out * out)


@define("rsqrt(x)", promotes="float", x=lambda g, out: g * out * out * out * -0.5)
def rsqrt(xp: Any, x: Array) -> Array:
    return xp.reciprocal(xp.sqrt(x))


logaddexp = op(
    "logaddexp(x, y)", promotes="float",
    x=lambda xp, g, x, y: g * xp.sigmoid(x - y), y=lambda xp, g, x, y: g * xp.sigmoid(y - x),
)
logaddexp2 = op(
    "logaddexp2(x, y)", promotes="float",
    x=lambda xp, g, x, y: g * xp.sigmoid((x - y) * _LN2), y=lambda xp, g, x, y: g * xp.sigmoid((y - x) * _LN2),
)


def _xlogy_x(xp: Any, g: Array, x: Array, y: Array) -> Array:
    return g * xp.where((x == 0) & (y <= 0), 0, xp.log(y))


@define("xlogy(x, y)", promotes="float", x=_xlogy_x, y=lambda g, x, y: g * x / y)
def xlogy(xp: Any, x: Array, y: Array) -> Array:
    return xp.where(xp.isnan(y), y, xp.where(x == 0, 0, x * xp.log(y)))


# Trigonometric and hyperbolic functions

sin = op("sin(x)", promotes="float", x=lambda xp, g, x: g * xp.cos(x))
cos = op("cos(x)", promotes="float", x=lambda xp, g, x: xp.negative(g) * xp.sin(x))
tan = op("tan(x)", promotes="float", x=lambda g, out: g * (out * out + 1))
asin = op("asin(x)", promotes="float", x=lambda xp, g, x: g / xp.sqrt(1 - x * x))
acos = op("acos(x)", promotes="float", x=lambda xp, g, x: xp.negative(g) / xp.sqrt(1 - x * x))
atan = op("atan(x)", promotes="float", x=lambda g, x: g / (x * x + 1))
sinh = op("sinh(x)", promotes="float", x=lambda xp, g, x: g * xp.cosh(x))
cosh = op("cosh(x)", promotes="float", x=lambda xp, g, x: g * xp.sinh(x))


@composite
def tanh_back(xp: Any, g: Array, out: Array) -> Array:
    """The gradient of `tanh`."""
    return g - g * out * out  # of arrays only: a number among the operands makes a tiny NumPy call half as slow again


tanh = op("tanh(x)", promotes="float", x=tanh_back)
asinh = op("asinh(x)", promotes="float", x=lambda xp, g, x: g / xp.sqrt(x * x + 1))
acosh = op("acosh(x)", promotes="float", x=lambda xp, g, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1)))
atanh = op("atanh(x)", promotes="float", x=lambda g, x: g / (1 - x * x))
deg2rad = op("deg2rad(x)", promotes="float", x=lambda g: g * 0.017453292519943295)
rad2deg = op("rad2deg(x)", promotes="float", x=lambda g: g * 57.29577951308232)
atan2 = op(
    "atan2(x, y)", promotes="float",
    x=lambda g, x, y: g * y / (x * x + y * y), y=lambda g, x, y: g * -x / (x * x + y * y),
)
hypot = op("hypot(x, y)", promotes="float", x=lambda g, x, out: g * (x / out), y=lambda g, y, out: g * (y / out))
copysign = op(
    "copysign(x, y)", promotes="float",
    x=lambda xp, g, x, out: g * xp.where(x == 0, 0, out / x), y=_zeros,
)
frexp = op(
    "frexp(x) -> mantissa, exponent",
    x=lambda xp, g_mantissa, exponent: g_mantissa / xp.exp2(xp.astype(exponent, dtype=g_mantissa.dtype)),
)
heaviside = op("heaviside(x, y)", promotes="common")
nextafter = op("nextafter(x, y)", promotes="common", x=lambda xp, g, x, y: xp.where(x == y, 0, g), y=_zeros)

# Complex numbers. These are not holomorphic: their rules follow the conjugate Wirtinger convention.


def _abs(xp: Any, g: Array, x: Array) -> Array:
    return g * xp.sgn(x)


abs = op("abs(x)", holomorphic=False, x=_abs)
conj = op("conj(x)", holomorphic=False, x=lambda xp, g: xp.conj(g))
real = op("real(x)", holomorphic=False, view=True, x=lambda g: g)
imag = op("imag(x)", holomorphic=False, view=True, x=lambda xp, g: xp.complex(_zeros(xp, g), g))
complex = op("complex(x, y)", holomorphic=False, x=lambda xp, g: xp.real(g), y=lambda xp, g: xp.imag(g))


def _pairs(xp: Any, g: Array) -> Array:
    return xp.stack(xp.real(g), xp.imag(g), axis=g.ndim)


def _from_pairs(xp: Any, g: Array) -> Array:
    return xp.complex(xp.basic_index(g, key=(Ellipsis, 0)), xp.basic_index(g, key=(Ellipsis, 1)))


view_as_real = op("view_as_real(x)", holomorphic=False, view=True, x=_from_pairs)
view_as_complex = op("view_as_complex(x)", holomorphic=False, view=True, x=_pairs)


def _angle(xp: Any, g: Array, x: Array) -> Array:
    if not _is_complex(xp, x):
        return _zeros(xp, g)
    size = xp.real(x) * xp.real(x) + xp.imag(x) * xp.imag(x)
    size = xp.where(size == 0, 1, size)
    return xp.complex(xp.negative(g) * (xp.imag(x) / size), g * (xp.real(x) / size))


def _is_complex(xp: Any, x: Array) -> bool:
    return x.dtype in xp.complexes


angle = op("angle(x)", holomorphic=False, promotes="float", x=_angle)


@composite
def sgn(xp: Any, x: Array) -> Array:
    """The sign, for complex numbers the unit number in their direction."""
    if not _is_complex(xp, x):
        return xp.sign(x)
    size = xp.abs(x)
    return xp.where(size == 0, 0, x / xp.where(size == 0, 1, size))


# dtype and memory

astype = op("astype(x, *, dtype)", node_name="ToCopy", holomorphic=False, x=lambda xp, g, x_dtype: xp.astype(g, dtype=x_dtype))
copy = op("copy(x)", node_name="Clone", x=lambda g: g)
ascontiguous = op("ascontiguous(x)", node_name="Clone", x=lambda g: g)
