"""Taking tensors apart along the dimensions that the name says, and pieces that forget where they came from."""

from __future__ import annotations

from typing import Any

from ..autograd.base import TensorBase, bump
from .joining import chunk, split, tensor_split
from .shaping import _shape_args
from .spelling import functions, methods, public
from .triangles import diag

Tensor = Any


def _split_along(name: str, input: Tensor, how: Any, axis: int, least: int) -> tuple[Tensor, ...]:
    if input._array.ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{input._array.ndim} dimensions!"
        )
    if isinstance(how, int):
        if how <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {how}")
        n = input.shape[axis]
        if n % how:
            raise RuntimeError(
                f"torch.{name} attempted to split dimension {axis}, but its size {n} is not divisible by the split_size {how}!"
            )
    elif not isinstance(how, (tuple, list, TensorBase)):
        raise TypeError(f"{name}() received an invalid combination of arguments: give an int or ints, not {type(how).__name__}")
    return tensor_split(input, how, axis)


@public(out=False)
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces side by side: along dimension 1 (0 of a 1-d tensor); views.

    >>> import tensorlite as tl
    >>> tl.hsplit(tl.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    return _split_along("hsplit", input, indices_or_sections, 0 if input._array.ndim == 1 else 1, 1)


@public(out=False)
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces on top of each other: along dimension 0; views.

    >>> import tensorlite as tl
    >>> tl.vsplit(tl.eye(2), 2)
    (tensor([[1., 0.]]), tensor([[0., 1.]]))
    """
    return _split_along("vsplit", input, indices_or_sections, 0, 2)


@public(out=False)
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces behind each other: along dimension 2; views.

    >>> import tensorlite as tl
    >>> [tuple(x.shape) for x in tl.dsplit(tl.zeros(1, 2, 4), [1])]
    [(1, 2, 1), (1, 2, 3)]
    """
    return _split_along("dsplit", input, indices_or_sections, 2, 3)


def _independent(pieces: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Pieces that may be changed in place one by one, as far as the graph knows."""
    return tuple(piece.clone() for piece in pieces)


@public(out=False)
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`, whose pieces are no views for the graph: each may be changed in place.

    >>> import tensorlite as tl
    >>> tl.unsafe_chunk(tl.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    return _independent(chunk(input, chunks, dim))


@public(out=False)
def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`, whose pieces are no views for the graph: each may be changed in place.

    >>> import tensorlite as tl
    >>> tl.unsafe_split(tl.arange(3), 2)
    (tensor([0, 1]), tensor([2]))
    """
    return _independent(split(tensor, split_size, dim))


@public(out=False)
def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, whose pieces are no views for the graph: each may be changed in place.

    >>> import tensorlite as tl
    >>> tl.unsafe_split_with_sizes(tl.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return _independent(split(input, list(split_sizes), dim))


@public(out=False, function=False)
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions along which a tensor of `size` would be broadcast to this one.

    >>> import tensorlite as tl
    >>> tl.ones(3, 2).sum_to_size(1, 2)
    tensor([[3., 3.]])
    """
    shape = _shape_args(size)
    extra = input._array.ndim - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, input.shape[extra:], strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(input.shape)}}}.")
    axes = [i for i, m in enumerate(input.shape) if i < extra or shape[i - extra] == 1 != m]
    if shape and tuple(input.shape) == shape:
        return input
    return input.sum(axes, keepdim=True).reshape(shape)


@public(out=False)
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with the flattened tensor on a diagonal, zero elsewhere.

    >>> import tensorlite as tl
    >>> tl.diagflat(tl.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag(input.reshape(-1), offset)


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Change the shape to that of another tensor; new elements, if any, are whatever lies in memory.

    >>> import tensorlite as tl
    >>> tl.zeros(0).resize_as_(tl.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return input.resize_(*the_template.shape) if the_template._array.ndim else input.resize_(())


def as_strided_(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Make this tensor show its memory with other sizes and strides (in elements); returns it.

    Raises:
        NotImplementedError: it takes part in a graph; use `as_strided`.
    """
    if input.requires_grad:
        raise NotImplementedError("as_strided_() of a tensor that requires grad is not supported; use as_strided()")
    input._array = input.detach().as_strided(size, stride, storage_offset)._array
    bump(input)
    return input


methods["as_strided_"] = functions["as_strided_"] = as_strided_
methods["resize_as_"] = functions["resize_as_"] = resize_as_
functions["zero_"] = lambda input: input.zero_()


@public(out=True)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor of this shape and dtype, every element of which is `value`.

    >>> import tensorlite as tl
    >>> tl.fill(tl.zeros(2), 3)
    tensor([3., 3.])
    """
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(f"fill only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions.")
        return value.to(dtype=input.dtype, device=input.device).expand(*input.shape).clone()
    return input.new_full(input.shape, value)
