"""Making tensors: ranges of numbers, and tensors with strides of one's choice."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..dtypes import dtype as DType
from .creation import Device, Tensor, _backend, _public, empty, finished
from .spelling import functions, methods


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, TensorBase) else x


@_public
def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from start (included) to end (excluded).

    Raises:
        RuntimeError: the step is zero or leads away from the end.

    >>> import tensorlite as tl
    >>> tl.arange(3)
    tensor([0, 1, 2])
    """
    start, end, step = _number(start), _number(end), _number(step)
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(x) for x in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None and out is not None:
        dtype = out.dtype
    if dtype is None:
        dtype = dtypes.int64 if all(isinstance(x, int) for x in (start, end, step)) else dtypes.get_default_dtype()
    xp = _backend(device)
    if dtype.is_floating_point:
        n = math.ceil((end - start) / step)
        steps = xp.arange(0, n, 1, dtype=dtypes.float64)
        array = xp.astype(steps * step + start, dtype)
    else:
        ends = (int(start), int(end), int(step))
        if not ends[2]:
            raise ValueError(f"step must be nonzero, but {step} is zero as {dtype}")
        n = -((ends[0] - ends[1]) // ends[2]) if dtype is dtypes.int64 else math.ceil((end - start) / step)
        array = xp.astype(xp.arange(0, n, 1, dtype=dtypes.int64) * ends[2] + ends[0], dtype)
    return finished(wrap(array, xp), requires_grad, out)


@_public
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from start to end, both included.

    >>> import tensorlite as tl
    >>> tl.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    start, end = _number(start), _number(end)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    d = dtype or (dtypes.get_default_dtype().to_complex() if complex in (type(start), type(end)) else dtypes.get_default_dtype())
    xp = _backend(device)
    if not (d.is_floating_point or d.is_complex):
        start, end = int(start), int(end)
    if steps < 2:
        return finished(wrap(xp.full((steps,), start, dtype=d), xp), requires_grad, out)
    # As PyTorch: from the nearer end, so that the result is symmetric.
    wide = dtypes.float32 if d.is_floating_point else dtypes.float64
    compute = d if d in (dtypes.float32, dtypes.float64) or d.is_complex else wide
    one = xp.full((), 1, dtype=compute)
    step = (one * end - one * start) / (steps - 1) if d.is_floating_point or d.is_complex else one * ((end - start) / (steps - 1))
    index = xp.astype(xp.arange(0, steps, dtype=dtypes.int64), compute)
    low, high = step * index + start, end - step * (steps - 1 - index)
    array = xp.where(index < steps // 2, low, high)
    return finished(wrap(xp.astype(array, d), xp), requires_grad, out)


@_public
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base ** linspace(start, end, steps)``.

    >>> import tensorlite as tl
    >>> tl.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    start, end = _number(start), _number(end)
    d = dtype or (dtypes.get_default_dtype().to_complex() if complex in (type(start), type(end)) else dtypes.get_default_dtype())
    if not (d.is_floating_point or d.is_complex):
        start, end = int(start), int(end)
    wide = d if d.is_floating_point or d.is_complex else dtypes.float64
    exponents = linspace(start, end, steps, dtype=wide, device=device)
    return finished(functions["pow"](float(base), exponents).to(d), requires_grad, out)


@_public
def empty_strided(
    size: Any, stride: Any, *, dtype: DType | None = None, device: Device = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """An uninitialised tensor with the given strides (in elements).

    >>> import tensorlite as tl
    >>> tl.empty_strided((2, 2), (1, 2)).stride()
    (1, 2)
    """
    room = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if math.prod(size) else 0
    flat = empty(room, dtype=dtype, device=device)
    return finished(flat.as_strided(size, stride).detach(), requires_grad)


@_public
def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: DType | None = None, device: Device = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """An uninitialised tensor whose dimensions lie in memory in the order `physical_layout`.

    >>> import tensorlite as tl
    >>> tl.empty_permuted((2, 3, 4), (2, 0, 1)).stride()
    (3, 1, 6)
    """
    order = tuple(physical_layout)
    if len(order) != len(size):
        raise RuntimeError(f"physical_layout must name each of the {len(size)} dimensions of size, but got {order}")
    if sorted(order) != list(range(len(order))):
        wrong = next(d for i, d in enumerate(order) if not 0 <= d < len(order) or d in order[:i])
        if not 0 <= wrong < len(order):
            raise RuntimeError(f"Dimension out of range (expected to be between 0 and {len(order) - 1}, but got {wrong})")
        raise RuntimeError(f"Duplicate dim not allowed: {wrong} in physical_layout={order}")
    dense = empty([size[d] for d in order], dtype=dtype, device=device)
    return finished(dense.permute([order.index(i) for i in range(len(order))]).detach(), requires_grad)


def _new_empty_strided(
    self: Tensor, size: Any, stride: Any, *, dtype: DType | None = None, device: Device = None, requires_grad: bool = False,
    **_: Any,
) -> Tensor:
    """`empty_strided` with this tensor's dtype and device."""
    return empty_strided(
        size, stride, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
    )


methods["new_empty_strided"] = _new_empty_strided
