"""The dtypes, what they can represent, and the rules by which two of them become one.

The names ``bool``, ``int`` and ``float`` are dtypes here, as in PyTorch; Python's own are spelled ``builtins.int``.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any, NoReturn

__all__ = [
    "bfloat16", "bool", "can_cast", "cdouble", "cfloat", "chalf", "complex128", "complex32", "complex64", "double",
    "dtype", "finfo", "float", "float16", "float32", "float64", "get_default_dtype", "half", "iinfo", "int", "int16",
    "int32", "int64", "int8", "long", "number_dtype", "promote_types", "result_dtype", "set_default_dtype", "short",
    "uint16", "uint32", "uint64", "uint8",
]  # fmt: skip


class dtype:
    """The type of a tensor's elements. There is one object for each, so ``is`` compares them.

    Attributes:
        name: ``"float32"``.
        itemsize: bytes per element.
        is_floating_point, is_complex, is_signed: what kind of number it is.
        scalar_name: the name that error messages use, ``"Float"``.

    >>> import tensorlite as tl
    >>> tl.float32
    torch.float32
    >>> tl.float32.itemsize, tl.float32.is_floating_point
    (4, True)
    """

    __slots__ = ("name", "itemsize", "is_floating_point", "is_complex", "is_signed", "scalar_name", "_repr")
    name: str
    itemsize: builtins.int
    is_floating_point: builtins.bool
    is_complex: builtins.bool
    is_signed: builtins.bool
    scalar_name: str
    _repr: str

    def __new__(cls, *args: object, **kwargs: object) -> dtype:
        raise TypeError("cannot create 'torch.dtype' instances")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"'torch.dtype' object attribute '{name}' is read-only")

    def to_real(self) -> dtype:
        """The dtype of this dtype's real part.

        >>> import tensorlite as tl
        >>> tl.complex64.to_real()
        torch.float32
        """
        return _real[self] if self.is_complex else self

    def to_complex(self) -> dtype:
        """The complex dtype whose parts hold this dtype.

        Raises:
            RuntimeError: it is neither a floating point nor a complex dtype.

        >>> import tensorlite as tl
        >>> tl.float64.to_complex()
        torch.complex128
        """
        if self.is_complex:
            return self
        if not self.is_floating_point:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.scalar_name}")
        return _complex[self]

    def __repr__(self) -> str:
        return self._repr

    def __reduce__(self) -> str:
        return self.name  # pickle and copy then look the name up in this module and find this very object

    __module__ = "tensorlite.dtypes"


def _make(name: str, itemsize: builtins.int, kind: str, scalar_name: str) -> dtype:
    self: dtype = object.__new__(dtype)
    values = (name, itemsize, kind == "f", kind == "c", kind not in "bu", scalar_name, f"torch.{name}")
    for slot, value in zip(dtype.__slots__, values, strict=True):
        object.__setattr__(self, slot, value)
    return self


bool = _make("bool", 1, "b", "Bool")
uint8 = _make("uint8", 1, "u", "Byte")
uint16 = _make("uint16", 2, "u", "UInt16")
uint32 = _make("uint32", 4, "u", "UInt32")
uint64 = _make("uint64", 8, "u", "UInt64")
int8 = _make("int8", 1, "i", "Char")
int16 = _make("int16", 2, "i", "Short")
int32 = _make("int32", 4, "i", "Int")
int64 = _make("int64", 8, "i", "Long")
float16 = _make("float16", 2, "f", "Half")
bfloat16 = _make("bfloat16", 2, "f", "BFloat16")
float32 = _make("float32", 4, "f", "Float")
float64 = _make("float64", 8, "f", "Double")
complex32 = _make("complex32", 4, "c", "ComplexHalf")
complex64 = _make("complex64", 8, "c", "ComplexFloat")
complex128 = _make("complex128", 16, "c", "ComplexDouble")

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
chalf, cfloat, cdouble = complex32, complex64, complex128

_ints = (uint8, int8, int16, int32, int64)
_wide_uints = (uint16, uint32, uint64)
_all = (bool, *_ints, *_wide_uints, float16, bfloat16, float32, float64, complex32, complex64, complex128)
_real = {complex32: float16, complex64: float32, complex128: float64}
# bfloat16 has no complex dtype of its own; the next that holds it is complex64.
_complex = {float16: complex32, bfloat16: complex64, float32: complex64, float64: complex128}


# --- what a dtype can represent -------------------------------------------------------------------------------------

# mantissa bits, largest exponent, decimal digits
_float_layout = {float16: (10, 15, 3), bfloat16: (7, 127, 2), float32: (23, 127, 6), float64: (52, 1023, 15)}


class finfo:
    """The limits of a floating point dtype (of its parts, for a complex one; of the default dtype, for none).

    Attributes:
        bits, max, min, eps, tiny, smallest_normal, resolution, dtype: as in PyTorch; ``dtype`` is a string.

    Raises:
        TypeError: it is not a floating point or complex dtype.

    >>> import tensorlite as tl
    >>> tl.finfo(tl.float32).eps
    1.1920928955078125e-07
    """

    __slots__ = ("bits", "max", "min", "eps", "tiny", "smallest_normal", "resolution", "dtype")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: dtype | None = None) -> None:
        chosen = _default.dtype if type is None else _check_dtype("finfo", "type", 1, type)
        real = chosen.to_real()
        if real not in _float_layout:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        mantissa, exponent, digits = _float_layout[real]
        self.bits = real.itemsize * 8
        self.max = (2.0 - 2.0**-mantissa) * 2.0**exponent
        self.min = -self.max
        self.eps = 2.0**-mantissa
        self.tiny = self.smallest_normal = 2.0 ** (1 - exponent)
        self.resolution = builtins.float(f"1e-{digits}")
        self.dtype = real.name

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype.

    Attributes:
        bits, max, min, dtype: as in PyTorch; ``dtype`` is a string.

    Raises:
        TypeError: it is not an integer dtype.

    >>> import tensorlite as tl
    >>> tl.iinfo(tl.int8).max
    127
    """

    __slots__ = ("bits", "max", "min", "dtype")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: dtype) -> None:
        _check_dtype("iinfo", "type", 1, type)
        if type is bool:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.is_floating_point or type.is_complex:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        self.bits = type.itemsize * 8
        self.min = -(1 << (self.bits - 1)) if type.is_signed else 0
        self.max = (1 << (self.bits - type.is_signed)) - 1
        self.dtype = type.name

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _check_dtype(function: str, argument: str, position: builtins.int, value: Any) -> dtype:
    if not isinstance(value, dtype):
        given = type(value).__name__
        raise TypeError(f"{function}(): argument '{argument}' (position {position}) must be torch.dtype, not {given}")
    found: dtype = value
    return found


# --- the default dtype ----------------------------------------------------------------------------------------------


class _Default:
    dtype: dtype = float32


_default = _Default()


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats.

    >>> import tensorlite as tl
    >>> tl.get_default_dtype()
    torch.float32
    """
    return _default.dtype


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of tensors made from Python floats; complex numbers and promotion follow it.

    Raises:
        TypeError: it is not a floating point dtype.

    >>> import tensorlite as tl
    >>> tl.set_default_dtype(tl.float64)
    >>> tl.tensor(1.5).dtype
    torch.float64
    >>> tl.set_default_dtype(tl.float32)
    """
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default.dtype = d
    _results.clear()
    _of_number.update({builtins.float: d, builtins.complex: d.to_complex()})


# --- promotion ------------------------------------------------------------------------------------------------------


def _level(d: dtype) -> builtins.int:
    """The category that decides first: bool, integer, floating point, complex."""
    return 3 if d.is_complex else 2 if d.is_floating_point else 0 if d is bool else 1


def _promote_pair(a: dtype, b: dtype) -> dtype | None:
    """The smallest dtype that PyTorch lets hold both, or None where it refuses. `a` has the lower or the same level."""
    if a is b:
        return a
    low, high = _level(a), _level(b)
    if high == 3 and low >= 2:
        parts = _promote_pair(*sorted((a.to_real(), b.to_real()), key=_level))
        return parts.to_complex() if parts else None
    if (a in _wide_uints or b in _wide_uints) and high != 2:
        return None
    if low < high and low < 2:
        return b
    if a.itemsize != b.itemsize:
        return max(a, b, key=lambda d: d.itemsize)
    return int16 if high == 1 else float32  # int8 with uint8, float16 with bfloat16


_pairs: dict[tuple[dtype, dtype], dtype | None] = {
    (a, b): _promote_pair(*sorted((a, b), key=_level)) for a in _all for b in _all
}
_of_number: dict[type, dtype] = {
    builtins.bool: bool,
    builtins.int: int64,
    builtins.float: float32,
    builtins.complex: complex64,
}
_results: dict[tuple[tuple[Any, ...], ...], dtype] = {}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The dtype that holds the values of both.

    Raises:
        RuntimeError: one is uint16, uint32 or uint64 and the other is another integer (or bool): PyTorch has no rule.

    >>> import tensorlite as tl
    >>> tl.promote_types(tl.int64, tl.float16)
    torch.float16
    """
    found = _pairs.get((type1, type2))
    if found is None:
        _check_dtype("promote_types", "type1", 1, type1)
        _check_dtype("promote_types", "type2", 2, type2)
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, "
            f"attempted to promote {type1.scalar_name} and {type2.scalar_name}"
        )
    return found


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether a result of dtype `from_` may be written into a tensor of dtype `to`: not complex into real, not
    floating point into integer, not a number into bool.

    >>> import tensorlite as tl
    >>> tl.can_cast(tl.float64, tl.float16), tl.can_cast(tl.float16, tl.int64)
    (True, False)
    """
    _check_dtype("can_cast", "from_", 1, from_)
    _check_dtype("can_cast", "to", 2, to)
    return _level(from_) <= _level(to)


def number_dtype(kind: type) -> dtype:
    """The dtype that a Python number of type `kind` has where no tensor decides.

    Raises:
        TypeError: `kind` is not a type of numbers.

    >>> import tensorlite as tl
    >>> tl.dtypes.number_dtype(type(1.5))
    torch.float32
    """
    found = _of_number.get(kind)
    if found is not None:
        return found
    for base in (builtins.bool, builtins.int, builtins.float, builtins.complex):
        if issubclass(kind, base):
            return _of_number[base]
    raise TypeError(f"expected a type of Python numbers, but got {kind.__name__}")


def result_dtype(
    dimensioned: tuple[dtype, ...] = (), zero_dim: tuple[dtype, ...] = (), numbers: tuple[type, ...] = ()
) -> dtype:
    """The dtype of an op's result: a lower class of operands changes it only by a higher category of numbers.

    Args:
        dimensioned: dtypes of the operands with one dimension or more.
        zero_dim: dtypes of the 0-d operands.
        numbers: the types of the operands that are Python numbers, such as ``float``.

    Raises:
        RuntimeError: PyTorch has no rule for two of the dtypes.

    >>> import tensorlite as tl
    >>> tl.dtypes.result_dtype((tl.int64,), (), (type(1.5),))
    torch.float32
    >>> tl.dtypes.result_dtype((tl.float16,), (tl.float64,))
    torch.float16
    """
    key = (dimensioned, zero_dim, numbers)
    found = _results.get(key)
    if found is None:
        lower = _combine(_fold(zero_dim), _fold(map(number_dtype, numbers)))
        found = _combine(_fold(dimensioned), lower)
        if found is None:
            raise ValueError("result_dtype() needs at least one operand")
        _results[key] = found
    return found


def _fold(dtypes: Iterable[dtype]) -> dtype | None:
    """All operands of one class promoted together."""
    found = None
    for each in dtypes:
        found = each if found is None else promote_types(found, each)
    return found


def _combine(first: dtype | None, second: dtype | None) -> dtype | None:
    """The classes together: `second` counts only where it is of a higher category than `first`."""
    if first is None or second is None:
        return second if first is None else first
    low, high = _level(first), _level(second)
    if high <= low:
        return first
    # A complex operand makes floats complex without making them wider.
    return first.to_complex() if low == 2 else promote_types(first, second) if low == 0 else second
