"""Clipping of gradients."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

from ...autograd.modes import no_grad
from ...tensor import Tensor
from ...tensor.creation import tensor
from ...tensor.joining import stack

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def _as_list(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: list[Tensor]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _norm(vector: Tensor, order: float) -> Tensor:
    size = vector.abs()
    if vector.numel() == 0:
        return size.sum()
    if math.isinf(order):
        return size.max() if order > 0 else size.min()
    if order == 0:
        return (size != 0).to(size.dtype).sum()
    return size.square().sum().sqrt() if order == 2 else size.pow(order).sum().pow(1 / order)


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all ``tensors`` taken as one long vector.

    Raises:
        RuntimeError: ``error_if_nonfinite`` and the norm is NaN or infinite.

    >>> import tensorlite as tl
    >>> tl.nn.utils.get_total_norm([tl.tensor([3.0]), tl.tensor([4.0])])
    tensor(5.)
    """
    norm_type = float(norm_type)
    tensors = _as_list(tensors)
    if not tensors:
        return tensor(0.0)
    device = tensors[0].device
    norms = [_norm(t, norm_type).to(device) for t in tensors]
    total = _norm(stack(norms), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"the total norm of order {norm_type} of the gradients is {total.item()}, so that they cannot be clipped; "
            "error_if_nonfinite=False scales them nevertheless"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients in place by ``max_norm / total_norm``, but never up.

    >>> import tensorlite as tl
    >>> p = tl.ones(2, requires_grad=True)
    >>> p.grad = tl.tensor([3.0, 4.0])
    >>> tl.nn.utils.clip_grads_with_norm_(p, 1.0, tl.tensor(5.0))
    >>> p.grad
    tensor([0.6000, 0.8000])
    """
    # The small constant keeps a norm of zero from dividing; the clamp is a multiplication by one instead of a branch,
    # which on a GPU would wait for the norm.
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _gradients(_as_list(parameters)):
        grad.mul_(factor.to(grad.device))


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm, all taken as one vector, is at most ``max_norm``.

    Returns the norm before. ``norm_type`` may be ``inf``.

    Raises:
        RuntimeError: ``error_if_nonfinite`` and the norm is NaN or infinite.

    >>> import tensorlite as tl
    >>> p = tl.ones(2, requires_grad=True)
    >>> p.grad = tl.tensor([3.0, 4.0])
    >>> tl.nn.utils.clip_grad_norm_([p], max_norm=1.0)
    tensor(5.)
    """
    empty = isinstance(parameters, Iterator)
    parameters = _as_list(parameters)
    if empty and not parameters:
        warnings.warn("clip_grad_norm_ got an empty iterator: was it used up before?", stacklevel=2)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The older name of `clip_grad_norm_`; deprecated.

    >>> import tensorlite as tl, warnings
    >>> p = tl.ones(2, requires_grad=True)
    >>> p.grad = tl.tensor([3.0, 4.0])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     tl.nn.utils.clip_grad_norm([p], max_norm=1.0)
    tensor(5.)
    """
    warnings.warn("`nn.utils.clip_grad_norm` is deprecated: use `nn.utils.clip_grad_norm_`", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Cut every gradient value off at ``-clip_value`` and ``clip_value``, in place.

    >>> import tensorlite as tl
    >>> p = tl.ones(2, requires_grad=True)
    >>> p.grad = tl.tensor([3.0, -0.5])
    >>> tl.nn.utils.clip_grad_value_(p, 1.0)
    >>> p.grad
    tensor([ 1.0000, -0.5000])
    """
    clip_value = float(clip_value)
    for grad in _gradients(_as_list(parameters)):
        grad.clamp_(min=-clip_value, max=clip_value)
