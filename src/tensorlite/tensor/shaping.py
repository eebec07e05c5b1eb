"""Shapes, views and joins in PyTorch's spelling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops import shaping as ops
from .reducing import one_axis
from .size import Size
from .spelling import methods, public

Tensor = Any


def _shape_args(args: tuple[Any, ...]) -> tuple[int, ...]:
    """``f(2, 3)`` and ``f((2, 3))`` mean the same."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple([int(a) for a in args])


def named_shape(name: str, keyword: str, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The sizes of ``f(2, 3)``, or those of ``f(keyword=(2, 3))``."""
    if not given and len(named) == 1 and keyword in named:
        return (tuple(named[keyword]),)
    raise TypeError(f"{name}() received an invalid combination of arguments: {', '.join(named)}; give {keyword} once")


def resolved_shape(count: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with its -1 worked out for `count` elements.

    Raises:
        RuntimeError: the shape does not fit.
    """
    unknown = shape.count(-1)
    if unknown > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(n < -1 for n in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    known = math.prod(n for n in shape if n != -1)
    if unknown:
        if not known:
            if count:
                raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can be "
                "any value and is ambiguous"
            )
        if count % known == 0:
            return tuple(count // known if n == -1 else n for n in shape)
    elif known == count:
        return shape
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")


@public(out=False)
def reshape(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same elements in another shape; a view where possible. One size may be -1.

    >>> import tensorlite as tl
    >>> tl.arange(4).reshape(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    if named:
        shape = named_shape("reshape", "shape", shape, named)
    return ops.reshape(input, shape=resolved_shape(input._array.size, _shape_args(shape)))


@public(function=False, out=False)
def view(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same memory in another shape, or (given a dtype) with its bytes read as another dtype.

    Raises:
        RuntimeError: the strides do not allow it; use reshape.

    >>> import tensorlite as tl
    >>> tl.arange(4).view(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    if named:
        shape = (named["dtype"],) if not shape and named.keys() == {"dtype"} else named_shape("view", "size", shape, named)
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)) and hasattr(shape[0], "is_floating_point"):
        return input._view_as_dtype(shape[0])
    wanted = resolved_shape(input._array.size, _shape_args(shape))
    out = ops.reshape(input, shape=wanted)
    if out._version is not input._version and input._array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous "
            "subspaces). Use .reshape(...) instead."
        )
    return out


@public(function=False, out=False)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of another tensor."""
    return view(input, *other.shape)


@public(function=False, out=False)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` in the shape of another tensor."""
    return reshape(input, *other.shape)


@public(out=False)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join a range of dimensions into one.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    start, end = one_axis(input, start_dim), one_axis(input, end_dim)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not input._array.ndim:
        return input.reshape(1)
    if start == end:
        return input
    shape = input._array.shape
    return ops.reshape(input, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@public(out=False)
def ravel(input: Tensor) -> Tensor:
    """One dimension.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3).ravel().shape
    torch.Size([6])
    """
    return reshape(input, -1)


@public(out=False)
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dimension into several.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    axis, shape = one_axis(input, dim), input._array.shape
    return ops.reshape(input, shape=(*shape[:axis], *resolved_shape(shape[axis], tuple(sizes)), *shape[axis + 1 :]))


@public(out=False)
def permute(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Dimensions in another order, a view.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    if named:
        dims = named_shape("permute", "dims", dims, named)
    given = _shape_args(dims)
    if len(given) != input._array.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {input._array.ndim} is not equal to len(dims) = {len(given)}"
        )
    axes = tuple(one_axis(input, d) for d in given)
    if len(set(axes)) != len(axes):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute_dims(input, axes=axes)


@public("swapaxes", "swapdims", out=False)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged, a view.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    first, second = one_axis(input, dim0), one_axis(input, dim1)
    axes = list(range(input._array.ndim))
    if axes:
        axes[first], axes[second] = axes[second], axes[first]
    return ops.permute_dims(input, axes=tuple(axes))


@public(out=False)
def t(input: Tensor) -> Tensor:
    """The transposed matrix, a view.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3).t().shape
    torch.Size([3, 2])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return ops.matrix_transpose(input) if input._array.ndim == 2 else input.view(input.shape)


@public("moveaxis", out=False)
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """
    sources = [one_axis(input, d) for d in ([source] if isinstance(source, int) else source)]
    places = [one_axis(input, d) for d in ([destination] if isinstance(destination, int) else destination)]
    if len(sources) != len(places):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of dims as "
            f"destination ({destination} dims)"
        )
    for what, axes in (("source", sources), ("destination", places)):
        if len(set(axes)) != len(axes):
            raise RuntimeError(f"movedim: repeated dim in `{what}` ({source if what == 'source' else destination})")
    order = [i for i in range(input._array.ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return ops.permute_dims(input, axes=tuple(order))


@public(out=False)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1.

    >>> import tensorlite as tl
    >>> tl.zeros(2).unsqueeze(0).shape
    torch.Size([1, 2])
    """
    n = input._array.ndim + 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return ops.expand_dims(input, axis=dim % n)


@public(out=False)
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1 (all, or those named).

    >>> import tensorlite as tl
    >>> tl.zeros(1, 2, 1).squeeze().shape
    torch.Size([2])
    """
    shape = input._array.shape
    chosen = range(len(shape)) if dim is None else [one_axis(input, d) for d in ([dim] if isinstance(dim, int) else dim)]
    return ops.squeeze(input, axis=tuple(i for i in chosen if i < len(shape) and shape[i] == 1))


@public(function=False, out=False)
def expand(input: Tensor, *sizes: Any, **named: Any) -> Tensor:
    """Repeat dimensions of size 1 without copying; -1 keeps a size. A view that cannot be written.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 1).expand(-1, 3).shape
    torch.Size([2, 3])
    """
    if named:
        sizes = named_shape("expand", "size", sizes, named)
    wanted, shape = _shape_args(sizes), input._array.shape
    extra = len(wanted) - len(shape)
    if extra < 0:
        raise RuntimeError(
            f"expand(torch.Tensor{{{list(shape)}}}, size={list(wanted)}): the number of sizes provided ({len(wanted)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    final = []
    for i, n in enumerate(wanted):
        mine = shape[i - extra] if i >= extra else None
        if n == -1:
            if mine is None:
                raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}")
            n = mine
        elif mine not in (None, 1, n):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({mine}) at non-singleton dimension {i}.  "
                f"Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
        final.append(n)
    return ops.broadcast_to(input, shape=tuple(final))


@public(function=False, out=False)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of another tensor."""
    return expand(input, *other.shape)


@public(out=False)
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to a shape.

    >>> import tensorlite as tl
    >>> tl.broadcast_to(tl.zeros(3), (2, 3)).shape
    torch.Size([2, 3])
    """
    return expand(input, *size)


@public(method=False, out=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape.

    >>> import tensorlite as tl
    >>> [t.shape for t in tl.broadcast_tensors(tl.zeros(2, 1), tl.zeros(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shapes(*[x.shape for x in given])
    return tuple(expand(x, *shape) for x in given)


@public(method=False, out=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that these shapes broadcast to.

    Raises:
        RuntimeError: they do not.

    >>> import tensorlite as tl
    >>> tl.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    sizes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    out = [1] * max((len(s) for s in sizes), default=0)
    for s in sizes:
        for i, n in enumerate(reversed(s), 1):
            if n != 1 and out[-i] not in (1, n):
                raise RuntimeError(
                    f"Shape mismatch: objects cannot be broadcast to a single shape: {', '.join(str(list(x)) for x in sizes)}"
                )
            out[-i] = n if n != 1 else out[-i]
    return Size(out)


@public(out=False)
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Any view of the memory: sizes and strides in elements.

    >>> import tensorlite as tl
    >>> tl.arange(4).as_strided((3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    last = (storage_offset or 0) + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if math.prod(size) else 0
    room = input._storage_elements() if storage_offset is not None else input._storage_elements() - input.storage_offset()
    if last >= room and math.prod(size):
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset or 0} require a storage of "
            f"{last + 1} elements, but this one has {room}"
        )
    return ops.as_strided(input, shape=tuple(size), strides=tuple(stride), offset=storage_offset)


@public(function=False, out=False)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All slices of `size` along a dimension, `step` apart, as a view with a new last dimension.

    >>> import tensorlite as tl
    >>> tl.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    axis = one_axis(input, dimension)
    if size > (input.shape[axis] if input._array.ndim else 1):
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {input.shape[axis]} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not input._array.ndim:
        return input.reshape(1).unfold(0, size, step)[0]
    moved = movedim(input, axis, -1)
    windows = ops.sliding_windows(moved, window=(size,), steps=(step,), dilation=(1,))
    return movedim(windows, -2, axis)


methods["contiguous"] = lambda self, memory_format=None: self if self.is_contiguous() else _contiguous(self)


def _contiguous(self: Tensor) -> Tensor:
    from ..ops import pointwise

    return pointwise.ascontiguous(self)
