"""Initialisation of parameters: the distributions, and the draws, of ``torch.nn.init``.

Every function fills its tensor in place, outside the graph, and returns it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from ..autograd.modes import no_grad
from ..dtypes import float64
from ..tensor import Generator, Tensor
from ..tensor.arithmetic import where
from ..tensor.creation import empty_like
from ..tensor.random import randperm

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_UNIT_GAIN = {
    "linear",
    "sigmoid",
    *(f"conv{n}d" for n in (1, 2, 3)),
    *(f"conv_transpose{n}d" for n in (1, 2, 3)),
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor that keeps the variance of activations through ``nonlinearity``.

    Raises:
        ValueError: an unknown nonlinearity, or a slope that is not a number.

    >>> import tensorlite as tl
    >>> round(tl.nn.init.calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity in _UNIT_GAIN:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with values drawn uniformly from ``[a, b)``.

    >>> import tensorlite as tl
    >>> bool((tl.nn.init.uniform_(tl.empty(3, 5)) < 1).all())
    True
    """
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with values drawn from the normal distribution.

    >>> import tensorlite as tl
    >>> tl.nn.init.normal_(tl.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``.

    >>> import tensorlite as tl
    >>> tl.nn.init.constant_(tl.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    >>> import tensorlite as tl
    >>> tl.nn.init.ones_(tl.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.

    >>> import tensorlite as tl
    >>> tl.nn.init.zeros_(tl.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity.

    Raises:
        ValueError: not two dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.init.eye_(tl.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    tensor.zero_()
    for i in range(min(tensor.shape)):
        tensor[i, i] = 1
    return tensor


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight so that the convolution returns its input.

    Raises:
        ValueError: not 3, 4 or 5 dimensions, or the first is not divisible by ``groups``.

    >>> import tensorlite as tl
    >>> tl.nn.init.dirac_(tl.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    out_channels = tensor.shape[0] // groups
    centre = tuple(size // 2 for size in tensor.shape[2:])
    tensor.zero_()
    for group in range(groups):
        for channel in range(min(out_channels, tensor.shape[1])):
            tensor[(group * out_channels + channel, channel, *centre)] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    receptive_field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive_field, tensor.shape[0] * receptive_field


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill by Glorot's uniform rule: bound ``gain * sqrt(6 / (fan_in + fan_out))``.

    Raises:
        ValueError: fewer than two dimensions.

    >>> import tensorlite as tl
    >>> bool((tl.nn.init.xavier_uniform_(tl.empty(3, 3)).abs() <= 1).all())
    True
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill by Glorot's normal rule: standard deviation ``gain * sqrt(2 / (fan_in + fan_out))``.

    Raises:
        ValueError: fewer than two dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.init.xavier_normal_(tl.empty(3, 3)).shape
    torch.Size([3, 3])
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fans = {"fan_in": 0, "fan_out": 1}
    mode = mode.lower()
    if mode not in fans:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(fans)}")
    fan = _calculate_fan_in_and_fan_out(tensor)[fans[mode]]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _is_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill by He's uniform rule: bound ``gain * sqrt(3 / fan)``; ``a`` is the slope of a leaky ReLU.

    Raises:
        ValueError: fewer than two dimensions, an unknown mode or nonlinearity.

    >>> import tensorlite as tl
    >>> tl.nn.init.kaiming_uniform_(tl.empty(3, 5), nonlinearity="relu").shape
    torch.Size([3, 5])
    """
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill by He's normal rule: standard deviation ``gain / sqrt(fan)``; ``a`` is the slope of a leaky ReLU.

    Raises:
        ValueError: fewer than two dimensions, an unknown mode or nonlinearity.

    >>> import tensorlite as tl
    >>> tl.nn.init.kaiming_normal_(tl.empty(3, 5), mode="fan_out").shape
    torch.Size([3, 5])
    """
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from the normal distribution that lie in ``[a, b]``.

    >>> import tensorlite as tl
    >>> bool((tl.nn.init.trunc_normal_(tl.empty(3, 5)).abs() <= 2).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "trunc_normal_: mean is more than 2 std away from [a, b]; the values may not follow the distribution",
            stacklevel=2,
        )

    def cdf(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    # Redrawing what falls outside is cheap while enough falls inside; in the tails, uniform proposals are.
    redraw = _redraw_normal if cdf(b) - cdf(a) > 0.3 else _reject_uniform
    return redraw(tensor, mean, std, a, b, generator)


def _redraw_normal(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Tensor:
    low, high = (tensor.new_tensor(bound).item() for bound in (a, b))
    tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (tensor < low) | (tensor > high)
        if not outside.any():
            return tensor
        tensor.copy_(where(outside, empty_like(tensor).normal_(mean, std, generator=generator), tensor))


def _reject_uniform(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Tensor:
    mode = max(a, min(mean, b))
    log_peak = -0.5 * ((mode - mean) / std) ** 2

    def rejected(values: Tensor) -> Tensor:
        log_ratio = values.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return empty_like(tensor).uniform_(generator=generator).log_() > log_ratio

    pending = rejected(tensor.uniform_(a, b, generator=generator))
    while pending.any():
        proposal = empty_like(tensor).uniform_(a, b, generator=generator)
        tensor.copy_(where(pending, proposal, tensor))
        pending = pending & rejected(proposal)
    return tensor


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a (semi-)orthogonal matrix; trailing dimensions count as one.

    Raises:
        ValueError: fewer than two dimensions.

    >>> import tensorlite as tl
    >>> w = tl.nn.init.orthogonal_(tl.empty(2, 4))
    >>> tl.allclose(w @ w.T, tl.eye(2), atol=1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    gaussian = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
    wide = rows < columns
    q = _orthonormal_columns(gaussian.t() if wide else gaussian)
    return tensor.copy_((q.t() if wide else q).reshape(tensor.shape)).mul_(gain)


def _orthonormal_columns(matrix: Tensor) -> Tensor:
    """The Q of the QR decomposition whose R has a positive diagonal, by the method of Gram and Schmidt."""
    columns = matrix.to(float64).t().clone()
    for i in range(len(columns)):
        column, before = columns[i], columns[:i]
        for _ in range(2):  # once leaves what rounding left; twice is enough
            column = column - (before @ column) @ before
        columns[i] = column / column.square().sum().sqrt()
    return columns.t()


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal draws, a fraction ``sparsity`` of every column being zero.

    Raises:
        ValueError: not two dimensions.

    >>> import tensorlite as tl
    >>> int((tl.nn.init.sparse_(tl.empty(4, 3), sparsity=0.5) == 0).sum())
    6
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    n_zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        tensor[randperm(rows)[:n_zeros], column] = 0
    return tensor


def _renamed(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The name without the underscore, from before in-place functions were marked by one."""
    new = function.__name__
    old = new[:-1]

    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"nn.init.{old} is deprecated: use nn.init.{new}", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"Deprecated: use :func:`{new}`."
    return renamed


uniform = _renamed(uniform_)
normal = _renamed(normal_)
constant = _renamed(constant_)
eye = _renamed(eye_)
dirac = _renamed(dirac_)
xavier_uniform = _renamed(xavier_uniform_)
xavier_normal = _renamed(xavier_normal_)
kaiming_uniform = _renamed(kaiming_uniform_)
kaiming_normal = _renamed(kaiming_normal_)
orthogonal = _renamed(orthogonal_)
sparse = _renamed(sparse_)
