"""Activation functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...ops import activations as ops
from ...ops import pointwise
from ...tensor import Tensor, sigmoid, tanh
from ...tensor import log_softmax as _log_softmax
from ...tensor import softmax as _softmax
from ...tensor.spelling import inplace_of, with_out, write_out

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]


def _into(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """An activation that takes ``out=``."""
    return with_out(function, function.__name__)


def _changed(function: Callable[..., Tensor], input: Tensor, *args: Any) -> Tensor:
    """The in-place form of an activation."""
    return inplace_of(lambda x: function(x, *args), function.__name__ + "_")(input)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    >>> import tensorlite as tl
    >>> tl.nn.functional.relu(tl.tensor([-1., 1.]))
    tensor([0., 1.])
    """
    if inplace:
        return _changed(relu, input)
    return ops.relu(input)


def _negative_stays_integer(input: Tensor, name: str) -> Tensor:
    if not input.dtype.is_floating_point:
        raise RuntimeError(f'"{name}" not implemented for {input.dtype}; convert to a floating dtype')
    return input


def _dim(name: str, dim: int | None, ndim: int) -> int:
    if dim is None:
        return 0 if ndim in (0, 1, 3) else 1
    return dim


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension.

    >>> import tensorlite as tl
    >>> tl.nn.functional.softmax(tl.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax(input, _dim("softmax", dim, input.ndim), dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-x).

    >>> import tensorlite as tl
    >>> tl.nn.functional.softmin(tl.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax(-input, _dim("softmin", dim, input.ndim), dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)), without overflow.

    >>> import tensorlite as tl
    >>> tl.nn.functional.log_softmax(tl.zeros(2), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return _log_softmax(input, _dim("log_softmax", dim, input.ndim), dtype=dtype)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above zero, negative_slope * x below.

    >>> import tensorlite as tl
    >>> tl.nn.functional.leaky_relu(tl.tensor([-1., 1.]), 0.5)
    tensor([-0.5000,  1.0000])
    """
    if inplace:
        return _changed(leaky_relu, input, negative_slope)
    return ops.leaky_relu(_negative_stays_integer(input, "leaky_relu"), slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above zero, alpha (exp(x) - 1) below (Clevert et al., 2015).

    >>> import tensorlite as tl
    >>> tl.nn.functional.elu(tl.tensor([-1., 1.]))
    tensor([-0.6321,  1.0000])
    """
    if inplace:
        return _changed(elu, input, alpha)
    return ops.elu(_negative_stays_integer(input, "elu"), alpha=alpha, scale=1.0, input_scale=1.0)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled ELU with the constants of self-normalising networks (Klambauer et al., 2017).

    >>> import tensorlite as tl
    >>> tl.nn.functional.selu(tl.tensor([1.]))
    tensor([1.0507])
    """
    if inplace:
        return _changed(selu, input)
    return ops.elu(_negative_stays_integer(input, "selu"), alpha=1.6732632423543772, scale=1.0507009873554805, input_scale=1.0)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above zero, alpha (exp(x / alpha) - 1) below (Barron, 2017).

    >>> import tensorlite as tl
    >>> tl.nn.functional.celu(tl.tensor([-1.]))
    tensor([-0.6321])
    """
    if inplace:
        return _changed(celu, input, alpha)
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return ops.elu(_negative_stays_integer(input, "celu"), alpha=alpha, scale=1.0, input_scale=1.0 / alpha)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x) (Elfwing et al., 2017).

    >>> import tensorlite as tl
    >>> tl.nn.functional.silu(tl.tensor([1.]))
    tensor([0.7311])
    """
    if inplace:
        return _changed(silu, input)
    return ops.silu(input if input.dtype.is_complex else _negative_stays_integer(input, "silu"))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra, 2019).

    >>> import tensorlite as tl
    >>> tl.nn.functional.mish(tl.tensor([1.]))
    tensor([0.8651])
    """
    if inplace:
        return _changed(mish, input)
    return input * tanh(softplus(input))


def gelu(input: Tensor, approximate: str = "none", *, out: Tensor | None = None) -> Tensor:
    """x times the normal distribution function, exactly or by tanh (Hendrycks and Gimpel, 2016).

    >>> import tensorlite as tl
    >>> tl.nn.functional.gelu(tl.tensor([1.]))
    tensor([0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    _negative_stays_integer(input, "gelu")
    result = ops.gelu_tanh(input) if approximate == "tanh" else ops.gelu(input)
    return result if out is None else write_out(out, result, "gelu")


@_into
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta x)) / beta; x itself where beta x exceeds the threshold.

    >>> import tensorlite as tl
    >>> tl.nn.functional.softplus(tl.tensor([0.]))
    tensor([0.6931])
    """
    return ops.softplus(_negative_stays_integer(input, "softplus"), beta=beta, threshold=threshold)


@_into
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)).

    >>> import tensorlite as tl
    >>> tl.nn.functional.logsigmoid(tl.tensor([0.]))
    tensor([-0.6931])
    """
    return ops.log_sigmoid(_negative_stays_integer(input, "log_sigmoid"))


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x between min_val and max_val.

    >>> import tensorlite as tl
    >>> tl.nn.functional.hardtanh(tl.tensor([-3., 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if inplace:
        return _changed(hardtanh, input, min_val, max_val)
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if not input.dtype.is_floating_point:
        min_val, max_val = _whole_bounds(input, min_val, max_val)
        return input.clamp(min_val, max_val)
    return ops.hardtanh(input, low=min_val, high=max_val)


def _whole_bounds(input: Tensor, low: float, high: float) -> tuple[int, int]:
    """The bounds of `hardtanh` for integers, which stay integers."""
    if input.dtype is dtypes.bool or input.dtype.is_complex:
        raise RuntimeError(f"{input.dtype} inputs not supported for hardtanh")
    if input.dtype is dtypes.uint8 and low < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return int(low), int(high)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x between 0 and 6.

    >>> import tensorlite as tl
    >>> tl.nn.functional.relu6(tl.tensor([7.]))
    tensor([6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x above the threshold, else `value`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.threshold(tl.tensor([0., 2.]), 1, 5)
    tensor([5., 2.])
    """
    if inplace:
        return _changed(_above, input, threshold, value)
    return _above(input, threshold, value)


def _above(input: Tensor, level: float, value: float) -> Tensor:
    return input.where(input > level, input.detach() * 0 + value)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6 between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.functional.hardsigmoid(tl.tensor([0.]))
    tensor([0.5000])
    """
    if inplace:
        return _changed(hardsigmoid, input)
    return relu6(input + 3) / 6


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x) (Howard et al., 2019).

    >>> import tensorlite as tl
    >>> tl.nn.functional.hardswish(tl.tensor([3.]))
    tensor([3.])
    """
    if inplace:
        return _changed(hardswish, input)
    return ops.hardswish(input)


@_into
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards zero by lambd, zero within.

    >>> import tensorlite as tl
    >>> tl.nn.functional.softshrink(tl.tensor([1., 0.2]))
    tensor([0.5000, 0.0000])
    """
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return input - input.clamp(-lambd, lambd)


@_into
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, but zero within lambd of zero.

    >>> import tensorlite as tl
    >>> tl.nn.functional.hardshrink(tl.tensor([1., 0.2]))
    tensor([1., 0.])
    """
    return pointwise.where((input >= -lambd) & (input <= lambd), 0, input)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    >>> import tensorlite as tl
    >>> tl.nn.functional.tanhshrink(tl.tensor([0.]))
    tensor([0.])
    """
    return input - tanh(input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import tensorlite as tl
    >>> tl.nn.functional.softsign(tl.tensor([1.]))
    tensor([0.5000])
    """
    return input / (input.abs() + 1)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of a dimension times the sigmoid of the second (Dauphin et al., 2016).

    >>> import tensorlite as tl
    >>> tl.nn.functional.glu(tl.tensor([2., 0.]))
    tensor([1.])
    """
    if not input.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")
    first, second = input.chunk(2, dim)
    return first * sigmoid(second)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above zero, a learned slope times x below (He et al., 2015).

    >>> import tensorlite as tl
    >>> tl.nn.functional.prelu(tl.tensor([-2.]), tl.tensor([0.5]))
    tensor([-1.])
    """
    if weight.numel() != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.ndim != 1 or weight.numel() != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} and "
                f"channel size = {channels}."
            )
        weight = weight.reshape(1, -1, *(1,) * (input.ndim - 2))
    elif input.ndim == 0:
        weight = weight.reshape(())
    return input.where(input > 0, input * weight)


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False) -> Tensor:
    """Leaky ReLU with a random slope in training, the mean slope otherwise (Xu et al., 2015).

    >>> import tensorlite as tl
    >>> tl.nn.functional.rrelu(tl.tensor([-1.]), 0.5, 0.5)
    tensor([-0.5000])
    """
    if inplace:
        return _changed(rrelu, input, lower, upper, training)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    # Slopes are drawn for negative elements only, in double precision: then the seed gives PyTorch's.
    negative = input.detach() <= 0
    drawn = input.detach().new_empty(int(negative.sum()), dtype=dtypes.float64).uniform_(lower, upper)
    return input * input.detach().new_ones(input.shape).masked_scatter(negative, drawn.to(input.dtype))


def relu_(input: Tensor) -> Tensor:
    """`relu`, in place."""
    return relu(input, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, in place."""
    return elu(input, alpha, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, in place."""
    return leaky_relu(input, negative_slope, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, in place."""
    return hardtanh(input, min_val, max_val, True)


def selu_(input: Tensor) -> Tensor:
    """`selu`, in place."""
    return selu(input, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, in place."""
    return celu(input, alpha, True)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu`, in place."""
    return rrelu(input, lower, upper, training, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold`, in place."""
    return _changed(_above, input, threshold, value)
