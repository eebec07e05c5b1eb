"""Shapes and joins. Ops marked ``view`` share the memory of their input."""

from __future__ import annotations

from typing import Any

from ..autograd.op import op

Array = Any


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


reshape = op("reshape(x, *, shape)", view=True, node_name="View", x=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
permute_dims = op(
    "permute_dims(x, *, axes)", view=True, node_name="Permute",
    x=lambda xp, g, axes: xp.permute_dims(g, axes=_inverse(axes)),
)
matrix_transpose = op("matrix_transpose(x)", view=True, node_name="T", x=lambda xp, g: xp.matrix_transpose(g))
broadcast_to = op(
    "broadcast_to(x, *, shape)", view=True, node_name="Expand", x=lambda xp, g, x_shape: xp.sum_to(g, shape=x_shape),
)
expand_dims = op(
    "expand_dims(x, *, axis)", view=True, node_name="Unsqueeze", x=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape),
)
squeeze = op("squeeze(x, *, axis)", view=True, x=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
flip = op("flip(x, *, axis)", x=lambda xp, g, axis: xp.flip(g, axis=axis))


def _unroll(xp: Any, g: Array, shift: Any, axis: Any) -> Array:
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return xp.roll(g, shift=back, axis=axis)


roll = op("roll(x, *, shift, axis)", x=_unroll)
tril = op("tril(x, *, k=0)", x=lambda xp, g, k: xp.tril(g, k=k))
triu = op("triu(x, *, k=0)", x=lambda xp, g, k: xp.triu(g, k=k))


def _split(xp: Any, g: Array, xs_shape: tuple[tuple[int, ...], ...], axis: int) -> list[Array]:
    parts, start = [], 0
    for shape in xs_shape:
        key = (*(slice(None),) * axis, slice(start, start + shape[axis]))
        parts.append(xp.basic_index(g, key=key))
        start += shape[axis]
    return parts


concat = op("concat(*xs, axis)", node_name="Cat", xs=_split)


def _unstack(xp: Any, g: Array, xs_shape: tuple[tuple[int, ...], ...], axis: int) -> list[Array]:
    return [xp.basic_index(g, key=(*(slice(None),) * axis, i)) for i in range(len(xs_shape))]


stack = op("stack(*xs, axis)", xs=_unstack)


def _unpad(xp: Any, g: Array, x_shape: tuple[int, ...], widths: tuple[tuple[int, int], ...]) -> Array:
    return xp.basic_index(g, key=tuple(slice(a, a + n) for n, (a, _) in zip(x_shape, widths, strict=True)))


pad_constant = op("pad_constant(x, *, widths, value)", node_name="ConstantPadNd", x=_unpad)


def _untile(xp: Any, g: Array, x_shape: tuple[int, ...], repetitions: tuple[int, ...]) -> Array:
    shape = (1,) * (len(repetitions) - len(x_shape)) + tuple(x_shape)
    split = tuple(n for pair in zip(repetitions, shape, strict=True) for n in pair)
    g = xp.reshape(g, shape=split)
    return xp.reshape(xp.sum(g, axis=tuple(range(0, len(split), 2))), shape=x_shape)


tile = op("tile(x, *, repetitions)", node_name="Repeat", x=_untile)


def _undiagonal(xp: Any, g: Array, x_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Array:
    return xp.diagonal_spread(g, shape=x_shape, offset=offset, axis1=axis1, axis2=axis2)


diagonal = op("diagonal(x, *, offset=0, axis1=0, axis2=1)", view=True, x=_undiagonal)
diagonal_spread = op(
    "diagonal_spread(g_, *, shape, offset, axis1, axis2)",
    g_=lambda xp, g, offset, axis1, axis2: xp.diagonal(g, offset=offset, axis1=axis1, axis2=axis2),
)
sliding_windows = op(
    "sliding_windows(x, *, window, steps, dilation)", view=True, node_name="Unfold",
    x=lambda xp, g, x_shape, window, steps, dilation: xp.overlap_add(
        g, shape=x_shape, window=window, steps=steps, dilation=dilation),
)
overlap_add = op(
    "overlap_add(x, *, shape, window, steps, dilation)",
    x=lambda xp, g, window, steps, dilation: xp.sliding_windows(g, window=window, steps=steps, dilation=dilation),
)
as_strided = op(
    "as_strided(x, *, shape, strides, offset=None)", view=True,
    x=lambda xp, g, x_shape, shape, strides, offset: xp.as_strided_spread(
        g, shape=x_shape, view_shape=shape, strides=strides, offset=offset or 0),
)
as_strided_spread = op(
    "as_strided_spread(x, *, shape, view_shape, strides, offset)",
    x=lambda xp, g, view_shape, strides, offset: xp.as_strided(
        xp.ascontiguous(g), shape=view_shape, strides=strides, offset=offset),
)


def _write_base(xp: Any, g: Array, x_shape: tuple[int, ...], view: Any) -> Array:
    if view.takes_parts:  # a mask over complex numbers cannot tell the parts apart
        return xp.view_write(g, xp.zeros(xp.view_read(g, view=view).shape, dtype=g.dtype), view=view)
    return xp.where(xp.view_mask(shape=x_shape, view=view), 0, g)


view_write = op(
    "view_write(x, value, *, view)", node_name="CopySlices", holomorphic=False, x=_write_base,
    value=lambda xp, g, view: xp.view_read(g, view=view),
)
"""x with `value` in the place that `view` cuts out."""
view_read = op(
    "view_read(x, *, view)", holomorphic=False,
    x=lambda xp, g, x_shape, x_dtype, view: xp.view_write(
        xp.zeros(x_shape, dtype=x_dtype), g if view.joins_parts else xp.astype(g, dtype=x_dtype), view=view),
)
