"""Dropout, with PyTorch's masks from the same seed."""

from __future__ import annotations

from ...tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

SELU_FLOOR = 1.7580993408473766
"""What SELU tends to for small inputs, up to its sign: its scale times its alpha (Klambauer et al., 2017)."""


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero elements with probability p and scale the rest by 1 / (1 - p) (Hinton et al., 2012).

    >>> import tensorlite as tl
    >>> tl.nn.functional.dropout(tl.ones(2), training=False)
    tensor([1., 1.])
    """
    _check(p)
    if not training or not p or not input.numel():
        return input
    if input._xp.is_contiguous(input._array):
        return _masked(input, tuple(input.shape), p, inplace)
    # PyTorch draws in the order in which the elements lie in memory.
    order = _memory_order(input)
    mask = _mask(input, tuple(input.shape[i] for i in order), p).permute([order.index(i) for i in range(input.ndim)])
    return input.mul_(mask) if inplace else input * mask


def _memory_order(x: Tensor) -> list[int]:
    """The dimensions from the largest step in memory to the smallest; as they are where elements are repeated."""
    steps = x.stride()
    if any(step == 0 and n > 1 for step, n in zip(steps, x.shape, strict=True)):
        return list(range(x.ndim))
    # A dimension of one element stays where it is: its step says nothing.
    wide = [i for i, n in enumerate(x.shape) if n != 1]
    by_step = iter(sorted(wide, key=lambda i: -steps[i]))
    return [i if n == 1 else next(by_step) for i, n in enumerate(x.shape)]


def _mask(input: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    if p == 1:
        return input.detach().new_zeros(shape)
    return input.detach().new_empty(shape).bernoulli_(1 - p).div_(1 - p)


def _masked(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    mask = _mask(input, shape, p)
    return input.mul_(mask) if inplace else input * mask


def _channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    _check(p)
    if not training or not p or not input.numel():
        return input
    lead = 2 if batched else 1
    return _masked(input, (*input.shape[:lead], *(1,) * (input.ndim - lead)), p, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, L).

    >>> import tensorlite as tl
    >>> tl.nn.functional.dropout1d(tl.ones(1, 1, 2), training=False)
    tensor([[[1., 1.]]])
    """
    return _channels(input, p, training, inplace, input.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, H, W).

    >>> import tensorlite as tl
    >>> tl.nn.functional.dropout2d(tl.ones(1, 1, 1, 1), training=False)
    tensor([[[[1.]]]])
    """
    return _channels(input, p, training, inplace, True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, D, H, W).

    >>> import tensorlite as tl
    >>> tl.nn.functional.dropout3d(tl.ones(1, 1, 1, 1, 1), training=False).shape
    torch.Size([1, 1, 1, 1, 1])
    """
    return _channels(input, p, training, inplace, input.ndim != 4)


def _alpha(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """Put the dropped elements to SELU's floor, then restore mean 0 and variance 1."""
    if p == 1:
        kept, shift = input.detach().new_zeros(shape), input.detach().new_zeros(shape)
    else:
        kept = input.detach().new_empty(shape).bernoulli_(1 - p)
        scale = 1 / ((SELU_FLOOR**2 * p + 1) * (1 - p)) ** 0.5
        shift = (kept - 1) * (SELU_FLOOR * scale) + SELU_FLOOR * scale * p
        kept = kept * scale
    return input.mul_(kept).add_(shift) if inplace else input * kept + shift


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for SELU networks, which keeps mean and variance (Klambauer et al., 2017): any shape to the same.

    Raises:
        ValueError: p is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.functional.alpha_dropout(tl.ones(2))
    tensor([1., 1.])
    """
    _check(p)
    if not training or not p or not input.numel():
        return input
    return _alpha(input, tuple(input.shape), p, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels: (N, C, *) to the same.

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: fewer than 2 dimensions, in training.

    >>> import tensorlite as tl
    >>> tl.nn.functional.feature_alpha_dropout(tl.ones(1, 1, 2))
    tensor([[[1., 1.]]])
    """
    _check(p)
    if not training or not p or not input.numel():
        return input
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _alpha(input, (*input.shape[:2], *(1,) * (input.ndim - 2)), p, inplace)
