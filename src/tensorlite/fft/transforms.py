"""Transforms of one, two and n dimensions. Each is written once; the n-dimensional ones do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes
from ..ops import fourier, pointwise, shaping
from ..tensor.reducing import one_axis
from ..tensor.spelling import require_tensors, with_out

__all__ = [
    "fft", "fft2", "fftn", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2",
    "irfftn", "rfft", "rfft2", "rfftn",
]

Tensor = Any
Sizes = Sequence[int] | None
Dims = Sequence[int] | int | None
LAST_TWO = (-2, -1)


def _scale(norm: str | None, forward: bool) -> str:
    """The factor that a normalisation means in one direction."""
    scales = {"backward": "none" if forward else "n", "forward": "n" if forward else "none", "ortho": "ortho"}
    if norm not in (None, *scales):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"; use "backward", "forward" or "ortho"')
    return scales[norm or "backward"]


def _prepared(name: str, input: Tensor, wants: str) -> Tensor:
    """The input as floating numbers, complex ones if the transform wants them."""
    require_tensors(name, input)
    kind = input.dtype
    if kind.is_complex and wants == "real":
        raise RuntimeError(f"{name} expects a real input tensor, but got {kind.scalar_name}; take .real")
    if not (kind.is_floating_point or kind.is_complex):
        kind = dtypes.get_default_dtype()
    if kind not in (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128):
        raise RuntimeError(f"Unsupported dtype {kind.scalar_name}: {name} needs float32 or float64; convert with .float()")
    if wants == "complex":
        kind = kind.to_complex()
    return input if input.dtype is kind else pointwise.astype(input, dtype=kind)


def _axes(input: Tensor, s: Sizes, dim: Dims) -> tuple[int, ...]:
    """The transformed dimensions, in the order in which they are given."""
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if dim is not None:
        for d in dim:
            if not input.ndim:
                raise IndexError(f"Dimension specified as {d} but tensor has no dimensions")
            if not isinstance(d, int):
                raise TypeError(f"dim must be int, not {type(d).__name__}")
        axes = tuple(one_axis(input, d) for d in dim)
        if len(set(axes)) != len(axes):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(axes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        return axes
    if s is None:
        return tuple(range(input.ndim))
    if len(s) > input.ndim:
        raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {input.ndim} dimensions.")
    return tuple(range(input.ndim - len(s), input.ndim))


def _sizes(input: Tensor, s: Sizes, axes: tuple[int, ...], half: bool = False) -> list[int]:
    """The length of the signal on every axis; `half`: the last has half of its frequencies."""
    natural = [input.shape[a] for a in axes]
    if half:
        natural[-1] = (natural[-1] - 1) * 2
    given = natural if s is None else [s] if isinstance(s, int) else s
    sizes = [own if n in (None, -1) else n for n, own in zip(given, natural, strict=True)]
    for n in sizes:
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return sizes


def _resized(input: Tensor, axes: tuple[int, ...], sizes: list[int]) -> Tensor:
    """Cut off what is too long, fill with zeros what is too short."""
    widths = [(0, 0)] * input.ndim
    for axis, n in zip(axes, sizes, strict=True):
        if n < input.shape[axis]:
            input = input.narrow(axis, 0, n)
        widths[axis] = (0, n - input.shape[axis])
    return shaping.pad_constant(input, widths=tuple(widths), value=0) if any(after for _, after in widths) else input


def _complex(name: str, input: Tensor, s: Sizes, dim: Dims, norm: str | None, forward: bool) -> Tensor:
    scale = _scale(norm, forward)
    input = _prepared(name, input, "complex")
    axes = _axes(input, s, dim)
    input = _resized(input, axes, _sizes(input, s, axes))
    return fourier.fft_c2c(input, axes=axes, scale=scale, forward=forward) if axes else input.clone()


def _from_real(name: str, input: Tensor, s: Sizes, dim: Dims, norm: str | None, hermitian: bool) -> Tensor:
    scale = _scale(norm, not hermitian)
    input = _prepared(name, input, "real")
    axes = _axes(input, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    out = fourier.fft_r2c(_resized(input, axes, _sizes(input, s, axes)), axes=axes, scale=scale)
    return pointwise.conj(out) if hermitian else out


def _to_real(name: str, input: Tensor, s: Sizes, dim: Dims, norm: str | None, hermitian: bool) -> Tensor:
    scale = _scale(norm, hermitian)
    input = _prepared(name, input, "complex")
    axes = _axes(input, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    sizes = _sizes(input, s, axes, half=True)
    input = _resized(input, axes, [*sizes[:-1], sizes[-1] // 2 + 1])
    return fourier.fft_c2r(pointwise.conj(input) if hermitian else input, axes=axes, scale=scale, size=sizes[-1])


_KINDS: dict[str, tuple[Callable[..., Tensor], bool, str, str]] = {
    "fft": (_complex, True, "The discrete Fourier transform", "as the input"),
    "ifft": (_complex, False, "The inverse discrete Fourier transform", "as the input"),
    "rfft": (_from_real, False, "The transform of real numbers, without the conjugates of other frequencies", "n // 2 + 1"),
    "irfft": (_to_real, False, "The inverse of `rfft`, of real numbers", "n"),
    "hfft": (_to_real, True, "The transform of a signal of which one half is given, the other being its conjugate; real", "n"),
    "ihfft": (_from_real, True, "The inverse of `hfft`: one half of a signal, from its real transform", "n // 2 + 1"),
}
"""By name: the function, what it is told, what it does, and how many numbers its last transformed dimension has."""


def _one(kind: str) -> Any:
    transform, told, doc, size = _KINDS[kind]

    def function(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
        if not isinstance(dim, int):
            raise TypeError(f"{kind}(): argument 'dim' must be int, not {type(dim).__name__}")
        return transform(kind, input, None if n is None else (n,), (dim,), norm, told)

    function.__doc__ = f"""{doc}, along one dimension; its size becomes {size}.

    Args:
        n: the length of the signal, which is cut or filled with zeros.
        norm: "backward", "forward" or "ortho".

    Raises:
        RuntimeError: the dtype is of half precision (or complex where numbers must be real), n < 1, or an unknown `norm`.
        IndexError: there is no such dimension.
    """
    return _named(function, kind)


def _two(kind: str) -> Any:
    transform, told, doc, size = _KINDS[kind]

    def function(input: Tensor, s: Sizes = None, dim: Dims = LAST_TWO, norm: str | None = None) -> Tensor:
        return transform(f"{kind}2", input, s, dim, norm, told)

    function.__doc__ = f"{doc}, along two dimensions; the size of the last becomes {size}. See `{kind}n`."
    return _named(function, f"{kind}2")


def _many(kind: str) -> Any:
    transform, told, doc, size = _KINDS[kind]

    def function(input: Tensor, s: Sizes = None, dim: Dims = None, norm: str | None = None) -> Tensor:
        return transform(f"{kind}n", input, s, dim, norm, told)

    function.__doc__ = f"""{doc}, along several dimensions (all of them by default); the size of the last becomes {size}.

    Args:
        s: the lengths of the signal; -1 leaves a dimension as it is. Without `dim` they are those of the last dimensions.
        norm: "backward", "forward" or "ortho".

    Raises:
        RuntimeError: the dtype is of half precision (or complex where numbers must be real), or `s` and `dim` do not fit.
        IndexError: there is no such dimension.
    """
    return _named(function, f"{kind}n")


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return with_out(function, name)


fft, ifft, rfft, irfft, hfft, ihfft = (_one(kind) for kind in _KINDS)
fft2, ifft2, rfft2, irfft2, hfft2, ihfft2 = (_two(kind) for kind in _KINDS)
fftn, ifftn, rfftn, irfftn, hfftn, ihfftn = (_many(kind) for kind in _KINDS)
