"""Dtypes, what they can hold, and the promotion table of the array API standard, which knows no difference for 0-d arrays."""

from __future__ import annotations

import builtins
from functools import reduce
from operator import index
from typing import Any, NamedTuple

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..autograd.promote import is_number
from ..dtypes import dtype as DType

__all__ = ["astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]

Tensor = Any
Device = Any

BOOL = {d.name: d for d in (dtypes.bool,)}
SIGNED = {d.name: d for d in (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)}
UNSIGNED = {d.name: d for d in (dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64)}
REAL = {d.name: d for d in (dtypes.float32, dtypes.float64)}
COMPLEX = {d.name: d for d in (dtypes.complex64, dtypes.complex128)}
KINDS: dict[str | None, dict[str, DType]] = {
    "bool": BOOL,
    "signed integer": SIGNED,
    "unsigned integer": UNSIGNED,
    "integral": SIGNED | UNSIGNED,
    "real floating": REAL,
    "complex floating": COMPLEX,
    "numeric": SIGNED | UNSIGNED | REAL | COMPLEX,
    None: BOOL | SIGNED | UNSIGNED | REAL | COMPLEX,
}
"""The standard's kinds, and their dtypes by name."""


class FloatInfo(NamedTuple):
    """The limits of a floating dtype (of its parts, for a complex one)."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


class IntInfo(NamedTuple):
    """The limits of an integer dtype."""

    bits: int
    max: int
    min: int
    dtype: DType


def astype(x: Tensor, dtype: DType, /, *, copy: bool = True, device: Device = None) -> Tensor:
    """The tensor in another dtype (and on another device); a copy even if nothing changes, unless `copy` is False.

    Raises:
        TypeError: complex numbers would lose their imaginary parts, or the dtype is another library's.

    >>> from tensorlite import array_api as xp
    >>> xp.astype(xp.asarray([1, 2]), xp.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    if not isinstance(dtype, DType):
        raise TypeError(f"astype(): expected a dtype of tensorlite, not {dtype!r}")
    if x.dtype.is_complex and not dtype.is_complex:
        raise TypeError(f"astype(): {x.dtype} does not become {dtype}; take real(x), imag(x) or abs(x) first")
    return x.to(device=device, dtype=dtype, copy=copy)


def is_integer(dtype: DType) -> bool:
    """Whether it is an integer dtype; bool is none."""
    return not (dtype is dtypes.bool or dtype.is_floating_point or dtype.is_complex)


def _promoted(a: DType, b: DType) -> DType:
    """The standard's dtype for two operands. Kinds that it does not mix are mixed as in PyTorch."""
    if dtypes.bool in (a, b):
        return b if a is dtypes.bool else a
    if not (is_integer(a) and is_integer(b)):
        return b if is_integer(a) else a if is_integer(b) else dtypes.promote_types(a, b)
    if a.is_signed is b.is_signed:
        return max(a, b, key=lambda d: d.itemsize)
    signed, unsigned = (a, b) if a.is_signed else (b, a)
    bits = 8 * max(signed.itemsize, 2 * unsigned.itemsize)
    if bits > 64:
        raise TypeError(f"no integer dtype holds the values of both {a} and {b}; convert one with astype")
    return SIGNED[f"int{bits}"]


def common_dtype(values: tuple[Any, ...]) -> DType:
    """The dtype of tensors, dtypes and Python numbers together; numbers only change the kind."""
    kinds = [v if isinstance(v, DType) else v.dtype for v in values if isinstance(v, (DType, TensorBase))]
    numbers = tuple(type(plain(v)) for v in values if not isinstance(v, (DType, TensorBase)))
    return dtypes.result_dtype((reduce(_promoted, kinds),) if kinds else (), (), numbers)


def plain(x: Any) -> Any:
    """A number as Python's own.

    Raises:
        TypeError: it is no number.
    """
    if not is_number(x):
        raise TypeError(f"expected a tensor or a number, not {type(x).__name__}; convert it with asarray")
    return x.item() if hasattr(x, "item") else x


def together(name: str, *values: Any, like: Tensor = None) -> list[Tensor]:
    """Tensors and numbers as tensors of their common dtype, on one device: that of the first tensor, or of `like`.

    Raises:
        TypeError: all are numbers, or one is neither.
    """
    first = next((v for v in values if isinstance(v, TensorBase)), like)
    if first is None:
        raise TypeError(f"{name}(): at least one argument must be a tensor; convert a number with asarray")
    common, xp = common_dtype(values), first._xp
    return [
        v.to(dtype=common) if isinstance(v, TensorBase) else wrap(xp.full((), plain(v), dtype=common), xp) for v in values
    ]


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype that an operation on these tensors, dtypes and numbers gives.

    Raises:
        ValueError: there is neither a tensor nor a dtype.
        TypeError: no dtype holds the values of all.

    >>> from tensorlite import array_api as xp
    >>> xp.result_type(xp.uint16, xp.int8), xp.result_type(xp.zeros(2, dtype=xp.float32), xp.zeros((), dtype=xp.float64))
    (torch.int32, torch.float64)
    """
    if not any(isinstance(v, (DType, TensorBase)) for v in arrays_and_dtypes):
        raise ValueError("result_type(): give at least one tensor or dtype")
    return common_dtype(arrays_and_dtypes)


def can_cast(from_: Any, to: DType, /) -> bool:
    """Whether `from_`, a dtype or a tensor, becomes `to` by promotion alone; kinds do not mix.

    >>> from tensorlite import array_api as xp
    >>> xp.can_cast(xp.int8, xp.int16), xp.can_cast(xp.int8, xp.float32)
    (True, False)
    """
    own = from_.dtype if isinstance(from_, TensorBase) else from_
    if _kind(own) != _kind(to) and not (own.is_floating_point and to.is_complex):
        return False
    try:
        return _promoted(own, to) is to
    except TypeError:
        return False


def _kind(dtype: DType) -> str:
    """The first letter of bool, integer, floating and complex."""
    return "c" if dtype.is_complex else "f" if dtype.is_floating_point else "b" if dtype is dtypes.bool else "i"


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a floating dtype, or of a tensor's dtype.

    >>> from tensorlite import array_api as xp
    >>> xp.finfo(xp.complex64).dtype
    torch.float32
    """
    own = type.dtype if isinstance(type, TensorBase) else type
    found = dtypes.finfo(own)
    return FloatInfo(found.bits, found.eps, found.max, found.min, found.smallest_normal, own.to_real())


def iinfo(type: Any, /) -> IntInfo:
    """The limits of an integer dtype, or of a tensor's dtype.

    >>> from tensorlite import array_api as xp
    >>> xp.iinfo(xp.uint8).max
    255
    """
    own = type.dtype if isinstance(type, TensorBase) else type
    found = dtypes.iinfo(own)
    return IntInfo(found.bits, found.max, found.min, own)


def isdtype(dtype: DType, kind: Any) -> bool:
    """Whether a dtype is of a kind: another dtype, "bool", "integral", "real floating", ..., or a tuple of these.

    Raises:
        ValueError: there is no such kind.
        TypeError: `kind` is none of these things.

    >>> from tensorlite import array_api as xp
    >>> xp.isdtype(xp.int8, "integral"), xp.isdtype(xp.int8, (xp.bool, "real floating"))
    (True, False)
    """
    if isinstance(kind, tuple):
        return builtins.any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, DType):
        return dtype is kind
    if not isinstance(kind, str):
        raise TypeError(f"isdtype(): kind must be a dtype, a string or a tuple of these, not {type(kind).__name__}")
    if kind not in KINDS:
        raise ValueError(f"isdtype(): unknown kind {kind!r}; the kinds are {', '.join(str(k) for k in KINDS if k)}")
    letters = {"real floating": "f", "complex floating": "c", "numeric": "ifc"}.get(kind)
    return _kind(dtype) in letters if letters else dtype in KINDS[kind].values()


def lasting(out: Tensor) -> Tensor:
    """A result that may be written into, as programs for the standard do; a copy if the graph keeps it for its gradient."""
    node = out.grad_fn
    if node is None:
        return out
    kept = getattr(node.op, "kept", None)  # None: one output of an op with several, which may all be kept
    return out.clone() if kept is None or "out" in kept else out


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape given as one int or as a tuple."""
    return tuple(index(n) for n in shape) if isinstance(shape, (tuple, list)) else (index(shape),)
