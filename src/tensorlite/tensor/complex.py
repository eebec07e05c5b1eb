"""Complex numbers: parts, conjugates, angles."""

from __future__ import annotations

from typing import Any

from ..dtypes import float32, float64
from ..ops import pointwise
from .spelling import public, require_tensors, write_out

Tensor = Any


@public(out=False)
def real(input: Tensor) -> Tensor:
    """The real part: a view of a complex tensor, a real tensor itself.

    >>> import tensorlite as tl
    >>> tl.real(tl.tensor([1 + 2j]))
    tensor([1.])
    """
    return pointwise.real(input) if input.dtype.is_complex else input


@public(out=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view.

    Raises:
        RuntimeError: the tensor is real.

    >>> import tensorlite as tl
    >>> tl.imag(tl.tensor([1 + 2j]))
    tensor([2.])
    """
    if not input.dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return pointwise.imag(input)


@public(out=False)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate.

    >>> import tensorlite as tl
    >>> tl.conj(tl.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return pointwise.conj(input) if input.dtype.is_complex else input


public(name="conj_physical", inplace=True)(conj)
public(name="angle")(pointwise.angle)


def _check_parts(name: str, first: Tensor, second: Tensor, out: Tensor | None) -> None:
    require_tensors(name, first, second)
    kinds = first.dtype, second.dtype
    if not all(kind.is_floating_point for kind in kinds):
        names = " and ".join(kind.scalar_name for kind in kinds)
        raise RuntimeError(f"Expected both inputs to be Float or Double tensors but got {names}; convert them with .float()")
    if kinds[0] is not kinds[1]:
        raise RuntimeError(
            f"Expected object of scalar type {kinds[0].scalar_name} but got scalar type {kinds[1].scalar_name} for second argument"
        )
    if kinds[0] not in (float32, float64):
        raise NotImplementedError(f"there are no complex numbers of two {kinds[0].scalar_name}s here; convert them with .float()")
    wanted = kinds[0].to_complex()
    if out is not None and out.dtype is not wanted:
        raise RuntimeError(
            f"Expected object of scalar type {wanted.scalar_name} but got scalar type {out.dtype.scalar_name} for argument 'out'"
        )


@public(method=False, out=False)
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex numbers with these parts; shapes broadcast.

    Raises:
        RuntimeError: the parts are not both float32 or both float64, or `out` has another dtype than the result.

    >>> import tensorlite as tl
    >>> tl.complex(tl.tensor([1.]), tl.tensor([2.]))
    tensor([1.+2.j])
    """
    _check_parts("complex", real, imag, out)
    result = pointwise.complex(real, imag)
    return result if out is None else write_out(out, result, "complex")


@public(method=False, out=False)
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex number with this absolute value and angle (radians).

    Raises:
        RuntimeError: as for `complex`.

    >>> import tensorlite as tl
    >>> tl.polar(tl.tensor([2.]), tl.tensor([0.]))
    tensor([2.+0.j])
    """
    _check_parts("polar", abs, angle, out)
    result = pointwise.complex(abs * pointwise.cos(angle), abs * pointwise.sin(angle))
    return result if out is None else write_out(out, result, "polar")


@public(method=False, out=False)
def view_as_real(input: Tensor) -> Tensor:
    """A view of complex numbers as pairs of real ones: (*) to (*, 2).

    Raises:
        RuntimeError: the tensor is real.

    >>> import tensorlite as tl
    >>> tl.view_as_real(tl.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if not input.dtype.is_complex:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return pointwise.view_as_real(input)


@public(method=False, out=False)
def view_as_complex(input: Tensor) -> Tensor:
    """A view of pairs of real numbers as complex ones: (*, 2) to (*).

    Raises:
        RuntimeError: the tensor is not of float32 or float64, or the two numbers of a pair do not lie side by side.

    >>> import tensorlite as tl
    >>> tl.view_as_complex(tl.tensor([[1., 2.]]))
    tensor([1.+2.j])
    """
    if input.dtype not in (float32, float64):
        raise RuntimeError(f"view_as_complex is only supported for float and double tensors, but got {input.dtype}")
    if not input.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise RuntimeError(f"Tensor must have a last dimension of size 2, but it has {input.shape[-1]}")
    *others, last = input.stride()
    if last != 1 or any(s % 2 for s in others):
        raise RuntimeError("Tensor must have a last dimension with stride 1, and even strides elsewhere; use contiguous()")
    return pointwise.view_as_complex(input)


@public("resolve_neg", out=False)
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates and negatives are computed at once here.

    >>> import tensorlite as tl
    >>> tl.resolve_conj(tl.tensor([1j]).conj())
    tensor([0.-1.j])
    """
    return input


@public(out=False)
def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is zero.

    >>> import tensorlite as tl
    >>> tl.isreal(tl.tensor([1 + 0j, 1j]))
    tensor([ True, False])
    """
    return imag(input) == 0 if input.dtype.is_complex else pointwise.equal(input, input) | True
