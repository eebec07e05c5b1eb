"""The elementwise functions: a table of tensorlite's own, with operands brought to the standard's common dtype."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from ..autograd.base import TensorBase
from ..tensor.spelling import functions, require_tensors
from .data_types import common_dtype, iinfo, is_integer, lasting, plain, together

Tensor = Any
Function = Callable[..., Any]


def _one(name: str, body: Function | None = None) -> Function:
    """A function of one tensor."""
    compute = body or functions[name]

    def function(x: Tensor, /) -> Tensor:
        require_tensors(name, x)
        return lasting(compute(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{name}` of every element, in PyTorch's result dtype."
    return function


def _two(name: str, other_name: str | None = None) -> Function:
    """A function of two tensors, or of a tensor and a number."""
    compute = functions[other_name or name]

    def function(x1: Tensor, x2: Tensor, /) -> Tensor:
        return lasting(compute(*together(name, x1, x2)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{name}`, element by element, of two tensors or of a tensor and a number; shapes broadcast."
    return function


def _by_parts(name: str) -> Function:
    """A function that takes the real and the imaginary part of complex numbers one by one."""
    real_function, real, imag, join = (functions[n] for n in (name, "real", "imag", "complex"))

    def compute(x: Tensor) -> Tensor:
        return join(real_function(real(x)), real_function(imag(x))) if x.dtype.is_complex else real_function(x)

    return _one(name, compute)


def _sign(x: Tensor) -> Tensor:
    """The standard keeps nan, for which PyTorch's `sign` is 0."""
    if x.dtype.is_complex:
        return functions["sgn"](x)
    return functions["where"](x != x, x, functions["sign"](x))


abs = _one("abs")
acos = _one("acos")
acosh = _one("acosh")
add = _two("add")
asin = _one("asin")
asinh = _one("asinh")
atan = _one("atan")
atan2 = _two("atan2")
atanh = _one("atanh")
bitwise_and = _two("bitwise_and")
bitwise_invert = _one("bitwise_invert", functions["bitwise_not"])
bitwise_left_shift = _two("bitwise_left_shift")
bitwise_or = _two("bitwise_or")
bitwise_right_shift = _two("bitwise_right_shift")
bitwise_xor = _two("bitwise_xor")
ceil = _one("ceil")
conj = _one("conj")
copysign = _two("copysign")
cos = _one("cos")
cosh = _one("cosh")
divide = _two("divide")
equal = _two("equal", "eq")
exp = _one("exp")
expm1 = _one("expm1")
floor = _one("floor")
floor_divide = _two("floor_divide")
greater = _two("greater")
greater_equal = _two("greater_equal")
hypot = _two("hypot")
imag = _one("imag")
isfinite = _one("isfinite")
isinf = _one("isinf")
isnan = _one("isnan")
less = _two("less")
less_equal = _two("less_equal")
log = _one("log")
log10 = _one("log10")
log1p = _one("log1p")
log2 = _one("log2")
logaddexp = _two("logaddexp")
logical_and = _two("logical_and")
logical_not = _one("logical_not")
logical_or = _two("logical_or")
logical_xor = _two("logical_xor")
maximum = _two("maximum")
minimum = _two("minimum")
multiply = _two("multiply")
negative = _one("negative")
nextafter = _two("nextafter")
not_equal = _two("not_equal")
positive = _one("positive")
pow = _two("pow")
real = _one("real")
reciprocal = _one("reciprocal")
remainder = _two("remainder")
round = _by_parts("round")
sign = _one("sign", _sign)
signbit = _one("signbit")
sin = _one("sin")
sinh = _one("sinh")
sqrt = _one("sqrt")
square = _one("square")
subtract = _two("subtract")
tan = _one("tan")
tanh = _one("tanh")
trunc = _one("trunc")

__all__ = [name for name, value in globals().items() if getattr(value, "__module__", "") == __name__ and name[0] != "_"] + ["clip"]


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """Every element moved to the nearest between `min` and `max`, tensors or numbers that broadcast; in the dtype of `x`.

    Raises:
        TypeError: a bound is of a higher kind than `x`, such as a float for integers.
        ValueError: a bound is a number beyond all numbers of x's dtype.

    >>> from tensorlite import array_api as xp
    >>> xp.clip(xp.asarray([1, 5, 9]), 2, 6)
    tensor([2, 5, 6])
    """
    for bound in (min, max):
        if bound is not None and _kind_order(common_dtype((x, bound))) > _kind_order(x.dtype):
            raise TypeError(f"clip(): bounds of a higher kind than {x.dtype}; convert x or the bounds with astype")
    low, high = _bound(x, min, False), _bound(x, max, True)
    if low is None and high is None:
        return x.clone()
    given = together("clip", x, *(b for b in (low, high) if b is not None))
    if high is None or low is None:
        return functions["maximum" if high is None else "minimum"](*given).to(dtype=x.dtype)
    return functions["minimum"](functions["maximum"](*given[:2]), given[2]).to(dtype=x.dtype)


def _kind_order(dtype: Any) -> int:
    return 2 * dtype.is_complex or dtype.is_floating_point


def _bound(x: Tensor, bound: Any, upper: bool) -> Any:
    """A bound that x's dtype can hold; None for one that no element reaches."""
    if bound is None or isinstance(bound, TensorBase) or not is_integer(x.dtype):
        return bound
    bound, limits = plain(bound), iinfo(x.dtype)
    if limits.min <= bound <= limits.max:
        return bound
    if builtins.bool(bound > limits.max) is upper:
        return None
    raise ValueError(f"clip(): the bound {bound} is beyond all numbers of {x.dtype}")
