"""Complex numbers: parts, conjugates, angles."""

from __future__ import annotations

from typing import Any

from ..ops import pointwise
from .spelling import public

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


public(name="conj_physical")(conj)
public(name="angle")(pointwise.angle)
public(name="complex", method=False)(pointwise.complex)


@public()
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """The complex number with this absolute value and angle (radians).

    >>> import tensorlite as tl
    >>> tl.polar(tl.tensor([2.]), tl.tensor([0.]))
    tensor([2.+0.j])
    """
    return pointwise.complex(abs * pointwise.cos(angle), abs * pointwise.sin(angle))


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
