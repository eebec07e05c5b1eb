"""Pointwise functions in PyTorch's spelling."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.base import TensorBase
from ..autograd.promote import result_type_of
from ..dtypes import complex128, dtype, float64, get_default_dtype, int64
from ..ops import activations, pointwise, reductions
from .reducing import one_axis
from .spelling import binary, inplace_of, methods, public, require_tensors

Tensor = Any
Number = bool | int | float | complex

# name here: (op, aliases)
_UNARY: dict[str, tuple[Any, tuple[str, ...]]] = {
    "abs": (pointwise.abs, ("absolute",)),
    "exp": (pointwise.exp, ()),
    "exp2": (pointwise.exp2, ()),
    "expm1": (pointwise.expm1, ()),
    "log": (pointwise.log, ()),
    "log2": (pointwise.log2, ()),
    "log10": (pointwise.log10, ()),
    "log1p": (pointwise.log1p, ()),
    "sqrt": (pointwise.sqrt, ()),
    "rsqrt": (pointwise.rsqrt, ()),
    "reciprocal": (pointwise.reciprocal, ()),
    "neg": (pointwise.negative, ("negative",)),
    "sin": (pointwise.sin, ()),
    "cos": (pointwise.cos, ()),
    "tan": (pointwise.tan, ()),
    "asin": (pointwise.asin, ("arcsin",)),
    "acos": (pointwise.acos, ("arccos",)),
    "atan": (pointwise.atan, ("arctan",)),
    "sinh": (pointwise.sinh, ()),
    "cosh": (pointwise.cosh, ()),
    "tanh": (pointwise.tanh, ()),
    "asinh": (pointwise.asinh, ("arcsinh",)),
    "acosh": (pointwise.acosh, ("arccosh",)),
    "atanh": (pointwise.atanh, ("arctanh",)),
    "sigmoid": (activations.sigmoid, ()),
    "relu": (activations.relu, ()),
    "floor": (pointwise.floor, ()),
    "ceil": (pointwise.ceil, ()),
    "trunc": (pointwise.trunc, ("fix",)),
    "sign": (pointwise.sign, ()),
    "sgn": (pointwise.sgn, ()),
    "deg2rad": (pointwise.deg2rad, ()),
    "rad2deg": (pointwise.rad2deg, ()),
    "logical_not": (pointwise.logical_not, ()),
}
_TESTS = {"isnan": pointwise.isnan, "isinf": pointwise.isinf, "isfinite": pointwise.isfinite, "signbit": pointwise.signbit}

for _name, (_op, _aliases) in _UNARY.items():
    _op.__doc__ = _op.__doc__ or f"`{_name}` of every element; shape (*) to (*)."
    public(*_aliases, name=_name, inplace=True)(_op)
for _name, _op in _TESTS.items():
    public(name=_name)(_op)

sigmoid, exp, log, sqrt = activations.sigmoid, pointwise.exp, pointwise.log, pointwise.sqrt


@public(inplace=True)
def square(input: Tensor) -> Tensor:
    """``input ** 2``.

    >>> import tensorlite as tl
    >>> tl.square(tl.tensor([3.]))
    tensor([9.])
    """
    return pointwise.square(input if input.dtype.name != "bool" else pointwise.astype(input, dtype=int64))


@public("multiply", inplace=True)
def mul(input: Tensor, other: Tensor | Number) -> Tensor:
    """The product, element by element; shapes broadcast.

    >>> import tensorlite as tl
    >>> tl.mul(tl.tensor([1, 2]), 3)
    tensor([3, 6])
    """
    return pointwise.multiply(input, other)


@public(inplace=True)
def add(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``input + alpha * other``; shapes broadcast.

    >>> import tensorlite as tl
    >>> tl.add(tl.tensor([1, 2]), tl.tensor([10, 20]), alpha=2)
    tensor([21, 42])
    """
    try:
        return pointwise.add(input, other if alpha == 1 else _scaled(input, other, alpha))
    except NotImplementedError:
        if not getattr(other, "is_sparse", False):
            raise
        return _sparse_sum(input, other, alpha)


def _sparse_sum(input: Tensor, other: Any, alpha: Number) -> Tensor:
    """``input + alpha * other`` for a sparse second operand."""
    return other.mul(alpha).added_to(input)


@public("subtract", inplace=True)
def sub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``input - alpha * other``; shapes broadcast.

    >>> import tensorlite as tl
    >>> tl.sub(tl.tensor([1, 2]), 1)
    tensor([0, 1])
    """
    try:
        return pointwise.subtract(input, other if alpha == 1 else _scaled(input, other, alpha))
    except NotImplementedError:
        if not getattr(other, "is_sparse", False):
            raise
        return _sparse_sum(input, other, -alpha)


@public()
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``other - alpha * input``.

    >>> import tensorlite as tl
    >>> tl.rsub(tl.tensor([1, 2]), 3)
    tensor([2, 1])
    """
    require_tensors("rsub", input)
    return pointwise.subtract(other, input if alpha == 1 else pointwise.multiply(input, alpha))


def _scaled(input: Tensor, other: Any, alpha: Number) -> Any:
    if isinstance(alpha, float) and not _inexact(result_type_of("add", [input, other])):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if not isinstance(other, TensorBase):
        return other * alpha
    scaled = pointwise.multiply(other, alpha)
    return scaled if scaled.dtype is other.dtype else pointwise.astype(scaled, dtype=other.dtype)


def _inexact(d: dtype) -> bool:
    return d.is_floating_point or d.is_complex


@public("divide", inplace=True)
def div(input: Tensor, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient; `rounding_mode` None for true division, "trunc" or "floor" for integer division.

    >>> import tensorlite as tl
    >>> tl.div(tl.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return pointwise.divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return pointwise.trunc_divide(input, other)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


public(name="true_divide", inplace=True)(div)


@public(inplace=True)
def floor_divide(input: Tensor, other: Tensor | Number) -> Tensor:
    """The quotient rounded down.

    >>> import tensorlite as tl
    >>> tl.floor_divide(tl.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return pointwise.floor_divide(input, other)


@public(inplace=True)
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """``input ** exponent``.

    >>> import tensorlite as tl
    >>> tl.pow(tl.tensor([1., 2.]), 3)
    tensor([1., 8.])
    """
    square = isinstance(exponent, (int, float)) and exponent == 2
    if square and isinstance(input, TensorBase) and (_inexact(input.dtype) or type(exponent) is int and input.dtype.name != "bool"):
        return pointwise.square(input)
    if type(exponent) is int and exponent < 0 and isinstance(input, TensorBase) and not _inexact(input.dtype):
        raise RuntimeError("Integers to negative integer powers are not allowed. Convert the base to a floating dtype.")
    return pointwise.pow(input, exponent)


@public()
def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """``input ** exponent`` in float64 (complex128 for complex operands).

    >>> import tensorlite as tl
    >>> tl.float_power(tl.tensor([2]), 2)
    tensor([4.], dtype=torch.float64)
    """
    if not isinstance(input, TensorBase):
        require_tensors("float_power", exponent)
    kind = _wide(input, exponent)
    return pointwise.pow(*[x.to(kind) if isinstance(x, TensorBase) else x for x in (input, exponent)])


def _wide(*operands: Any) -> dtype:
    imaginary = [x.dtype.is_complex if isinstance(x, TensorBase) else isinstance(x, complex) for x in operands]
    return complex128 if True in imaginary else float64


def _float_power_(self: Tensor, exponent: Tensor | Number) -> Tensor:
    """`float_power` into the tensor itself, which must have the result's dtype."""
    kind = _wide(self, exponent)
    if self.dtype is not kind:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.scalar_name} but the operation's result requires dtype "
            f"{kind.scalar_name}"
        )
    return inplace_of(float_power, "float_power_")(self, exponent)


methods["float_power_"] = _float_power_

# name here: (op, which operand may be a number, other names)
_BINARY: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    **{name: (getattr(pointwise, name), "input other", ()) for name in ("remainder", "xlogy")},
    **{name: (getattr(pointwise, name), "other", ()) for name in ("fmod", "copysign")},
    **{name: (getattr(pointwise, name), "", ()) for name in ("hypot", "gcd", "lcm", "heaviside", "nextafter")},
    **{f"logical_{name}": (getattr(pointwise, f"logical_{name}"), "", ()) for name in ("and", "or", "xor")},
    **{f"bitwise_{name}": (getattr(pointwise, f"bitwise_{name}"), "input other", ()) for name in ("and", "or", "xor")},
    **{f"bitwise_{s}_shift": (getattr(pointwise, f"bitwise_{s}_shift"), "input other", ()) for s in ("left", "right")},
    "atan2": (pointwise.atan2, "", ("arctan2",)),
    "eq": (pointwise.equal, "other", ()),
    "ne": (pointwise.not_equal, "other", ("not_equal",)),
    "lt": (pointwise.less, "other", ("less",)),
    "le": (pointwise.less_equal, "other", ("less_equal",)),
    "gt": (pointwise.greater, "other", ("greater",)),
    "ge": (pointwise.greater_equal, "other", ("greater_equal",)),
}
for _name, (_op, _numbers, _aliases) in _BINARY.items():
    public(*_aliases, name=_name, inplace=True)(binary(_name, _op, _numbers))
for _name in ("maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2"):
    public(name=_name)(binary(_name, getattr(pointwise, _name), ""))


@public(inplace=True)
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit inverted; logical not for bool.

    >>> import tensorlite as tl
    >>> tl.bitwise_not(tl.tensor([0, 1]))
    tensor([-1, -2])
    """
    if _inexact(input.dtype):
        raise RuntimeError("bitwise_not is only implemented for integer and bool tensors; compare or convert first")
    return pointwise.bitwise_invert(input)


@public(out=False)
def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    >>> import tensorlite as tl
    >>> tl.positive(tl.tensor([1]))
    tensor([1])
    """
    if input.dtype.name == "bool":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@public(inplace=True)
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest integer (or decimal), halves to even.

    >>> import tensorlite as tl
    >>> tl.round(tl.tensor([0.5, 1.5]))
    tensor([0., 2.])
    """
    return pointwise.round(input, decimals=decimals)


@public(inplace=True)
def frac(input: Tensor) -> Tensor:
    """What truncation takes away.

    >>> import tensorlite as tl
    >>> tl.frac(tl.tensor([1.5, -1.5]))
    tensor([ 0.5000, -0.5000])
    """
    return input - pointwise.trunc(input)


@public("clip", inplace=True)
def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """Bring every element into [min, max].

    Raises:
        ValueError: neither bound is given.

    >>> import tensorlite as tl
    >>> tl.clamp(tl.tensor([1, 5]), max=3)
    tensor([1, 3])
    """
    if min is None and max is None:
        raise ValueError("torch.clamp: At least one of 'min' or 'max' must not be None")
    bounds = [b for b in (min, max) if b is not None]
    common = result_type_of("clamp", [input, *bounds])
    if input.dtype is not common:
        input = pointwise.astype(input, dtype=common)
    if min is None:
        return pointwise.where(_or_nan(input <= max, input), input, max)
    if max is None:
        return pointwise.where(_or_nan(input >= min, input), input, min)
    return pointwise.clip(input, min, max)


def _or_nan(mask: Tensor, input: Tensor) -> Tensor:
    return mask | pointwise.isnan(input) if _inexact(input.dtype) else mask


@public(inplace=True)
def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """Raise every element to at least `min`.

    >>> import tensorlite as tl
    >>> tl.clamp_min(tl.tensor([1, 5]), 3)
    tensor([3, 5])
    """
    require_tensors("clamp_min", input)
    return clamp(input, min=min)


@public(inplace=True)
def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """Lower every element to at most `max`.

    >>> import tensorlite as tl
    >>> tl.clamp_max(tl.tensor([1, 5]), 3)
    tensor([1, 3])
    """
    require_tensors("clamp_max", input)
    return clamp(input, max=max)


@public(method=False)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition is true, else `other`; with the condition alone, the positions as a tuple of indices.

    >>> import tensorlite as tl
    >>> tl.where(tl.tensor([True, False]), 1, 0)
    tensor([1, 0])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype.name not in ("bool", "uint8"):
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype}")
    mask = condition.bool()
    if not isinstance(input, TensorBase) and not isinstance(other, TensorBase):
        d = result_type_of("where", [input, other])
        input = ops.wrap(condition._xp.full((), input, dtype=d), condition._xp)
    return pointwise.where(mask, input, other)


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    return where(condition, self, other)


public(function=False, name="where")(_where_method)


@public(inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """``input + weight * (end - input)``.

    >>> import tensorlite as tl
    >>> tl.lerp(tl.tensor([0.]), tl.tensor([10.]), 0.3)
    tensor([3.])
    """
    if input.dtype is not end.dtype:
        raise RuntimeError(f"expected dtype {input.dtype} for `end` but got dtype {end.dtype}")
    small = abs(weight) < 0.5
    if isinstance(small, bool):
        return input + weight * (end - input) if small else end - (end - input) * (1 - weight)
    return pointwise.where(small, input + weight * (end - input), end - (end - input) * (1 - weight))


@public(inplace=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``.

    >>> import tensorlite as tl
    >>> tl.addcmul(tl.tensor([1.]), tl.tensor([2.]), tl.tensor([3.]), value=2)
    tensor([13.])
    """
    product = tensor1 * tensor2
    return input + (product if value == 1 else product * value)


@public(inplace=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``.

    >>> import tensorlite as tl
    >>> tl.addcdiv(tl.tensor([1.]), tl.tensor([6.]), tl.tensor([3.]))
    tensor([3.])
    """
    if not _inexact(tensor1.dtype) and not _inexact(tensor2.dtype):
        raise RuntimeError("Integer division with addcdiv is no longer supported; use addcmul or true division explicitly")
    quotient = tensor1 / tensor2
    return input + (quotient if value == 1 else quotient * value)


@public(inplace=True)
def nan_to_num(input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Replace nan, inf and -inf (by 0 and the largest finite numbers).

    >>> import tensorlite as tl
    >>> tl.nan_to_num(tl.tensor([float("nan"), 1.]))
    tensor([0., 1.])
    """
    if not _inexact(input.dtype):
        return input.clone()
    from ..dtypes import finfo

    limits = finfo(input.dtype)
    out = pointwise.where(pointwise.isnan(input), nan or 0.0, input)
    out = pointwise.where(input == float("inf"), limits.max if posinf is None else posinf, out)
    return pointwise.where(input == float("-inf"), limits.min if neginf is None else neginf, out)


@public(inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)).

    >>> import tensorlite as tl
    >>> tl.logit(tl.tensor([0.5]))
    tensor([0.])
    """
    if not _inexact(input.dtype):
        input = pointwise.astype(input, dtype=get_default_dtype())
    if eps is not None:
        input = clamp(input, eps, 1 - eps)
    return pointwise.log(input / (1 - input))


# Softmax


def _floating(input: Tensor, dtype: dtype | None) -> Tensor:
    return input if dtype is None else pointwise.astype(input, dtype=dtype)


@public()
def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension.

    >>> import tensorlite as tl
    >>> tl.softmax(tl.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along(reductions.softmax, _floating(input, dtype), dim)


@public()
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """log(softmax(x)), computed without overflow.

    >>> import tensorlite as tl
    >>> tl.log_softmax(tl.zeros(2), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return _along(reductions.log_softmax, _floating(input, dtype), dim)


def _along(op: Any, input: Tensor, dim: int) -> Tensor:
    if not _inexact(input.dtype):
        raise RuntimeError(f'"softmax_kernel_impl" not implemented for {input.dtype}; convert to a floating dtype')
    if not input._array.ndim:
        one_axis(input, dim)
        return op(input.reshape(1), axis=0).reshape(())
    return op(input, axis=one_axis(input, dim))
