"""Calls of every function of the array API standard, as data: a name, the dtypes to try, arguments and options.

In the arguments, `X` is an array of the dtype that is tried, `At` one of positions, `V` given values, `P` positive definite
matrices, and `D` the dtype itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
REAL = INTEGERS + FLOATS
INEXACT = FLOATS + COMPLEX
NUMERIC = REAL + COMPLEX
ALL = BOOL + NUMERIC
NONE = ("float64",)

M23, M33, EMPTY, ZERO = (2, 3), (3, 3), (0, 3), ()


@dataclass(frozen=True)
class X:
    """Random numbers of the dtype that is tried, or of `dtype`."""

    shape: tuple[int, ...] = M23
    low: float = -3.0
    high: float = 4.0
    dtype: str | None = None
    seed: int = 0
    special: bool = False
    """With nan, infinities and zeros of both signs in front, if there is room and the dtype has them."""

    def make(self, dtype: str) -> np.ndarray[Any, Any]:
        dtype = self.dtype or dtype
        draw = np.random.default_rng([self.seed, *self.shape])
        if dtype == "bool":
            return np.asarray(draw.integers(0, 2, self.shape), "bool")
        if dtype.startswith("uint"):
            return np.asarray(draw.integers(max(int(self.low), 0), int(self.high) + 1, self.shape), dtype)
        if dtype.startswith("int"):
            return np.asarray(draw.integers(int(self.low), int(self.high) + 1, self.shape), dtype)
        made = draw.uniform(self.low, self.high, self.shape)
        if dtype.startswith("complex"):
            made = made + 1j * draw.uniform(self.low, self.high, self.shape)
        elif self.special and made.size >= 5:
            made = made.copy()
            made.flat[:5] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
        return np.asarray(made, dtype)


@dataclass(frozen=True)
class At:
    """Positions."""

    values: Any
    dtype: str = "int64"

    def make(self, dtype: str) -> np.ndarray[Any, Any]:
        return np.asarray(self.values, self.dtype)


@dataclass(frozen=True)
class V:
    """These values in the dtype that is tried."""

    values: Any

    def make(self, dtype: str) -> np.ndarray[Any, Any]:
        return np.asarray(self.values).astype(dtype)


@dataclass(frozen=True)
class P:
    """Hermitian positive definite matrices."""

    shape: tuple[int, ...] = M33

    def make(self, dtype: str) -> np.ndarray[Any, Any]:
        x = X(self.shape, -1, 1).make(dtype)
        return np.asarray(x @ np.conj(np.swapaxes(x, -1, -2)) + 2 * np.eye(self.shape[-1]), dtype)


class D:
    """The dtype that is tried, as the namespace has it."""


@dataclass(frozen=True)
class Named:
    """An attribute of the namespace."""

    name: str


@dataclass
class Row:
    """One call for each dtype."""

    name: str
    dtypes: tuple[str, ...]
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    only_shape: bool = False

    def __str__(self) -> str:
        return self.name


def row(name: str, dtypes: tuple[str, ...], *args: Any, only_shape: bool = False, **options: Any) -> Row:
    return Row(name, dtypes, args, options, only_shape)


def _elementwise() -> list[Row]:
    rows = []
    kinds = {
        "abs positive square": NUMERIC, "negative sign": SIGNED + INEXACT, "bitwise_invert": BOOL + INTEGERS,
        "ceil floor trunc round": NUMERIC, "isfinite isinf isnan": NUMERIC,
        "logical_not": BOOL, "signbit": FLOATS, "conj": NUMERIC, "imag": COMPLEX, "real": NUMERIC,
        "acos asin atanh": INEXACT, "acosh": INEXACT, "log log10 log1p log2 sqrt": INEXACT, "reciprocal": INEXACT,
        "asinh atan cos cosh exp expm1 sin sinh tan tanh": INEXACT,
    }  # fmt: skip
    ends = {"acos": (-1, 1), "asin": (-1, 1), "atanh": (-0.9, 0.9), "acosh": (1, 4), "log": (0.1, 4), "log10": (0.1, 4),
            "log1p": (-0.9, 4), "log2": (0.1, 4), "sqrt": (0, 4)}  # fmt: skip
    for names, dtypes in kinds.items():
        for name in names.split():
            if name in ("ceil", "floor", "trunc"):
                dtypes = REAL
            low, high = ends.get(name, (-3, 4))
            rows += [row(name, dtypes, X(shape, low, high)) for shape in (M23, EMPTY, ZERO)]
            rows.append(row(name, tuple(d for d in dtypes if d in FLOATS), X(M23, low, high, special=True)))
    two = {
        "add subtract multiply": NUMERIC, "divide": INEXACT, "equal not_equal": ALL,
        "less less_equal greater greater_equal maximum minimum": REAL, "floor_divide remainder": REAL, "pow": INEXACT,
        "atan2 copysign hypot logaddexp nextafter": FLOATS, "logical_and logical_or logical_xor": BOOL,
        "bitwise_and bitwise_or bitwise_xor": BOOL + INTEGERS, "bitwise_left_shift bitwise_right_shift": INTEGERS,
    }  # fmt: skip
    for names, dtypes in two.items():
        for name in names.split():
            low = 1 if name in ("floor_divide", "remainder", "pow") or "shift" in name else -3
            first = X(M23, 0.5) if name == "pow" else X(M23)
            rows += [
                row(name, dtypes, first, X((3,), low, seed=1)), row(name, dtypes, first, X(ZERO, low, seed=2)),
                row(name, dtypes, X(EMPTY), X((3,), low)), row(name, dtypes, X(ZERO, low), X(ZERO, low, seed=3)),
            ]  # fmt: skip
            scalar = {"bool": True, "int": 2, "uint": 2, "float": 1.5, "complex": 1.5}
            for dtype in dtypes:
                number = next(v for k, v in scalar.items() if dtype.startswith(k))
                rows += [row(name, (dtype,), first, number), row(name, (dtype,), number, X(M23, low, seed=1))]
            if name in ("maximum", "minimum", "equal", "less", "add", "hypot", "atan2"):
                rows.append(row(name, FLOATS, X(M23, special=True), X(M23, seed=4)))
    rows += [
        row("clip", REAL, X(), 1, 2), row("clip", REAL, X(), min=1), row("clip", REAL, X(), max=2),
        row("clip", REAL, X(), X((3,), 0, 1, seed=1), X((2, 1), 2, 3, seed=2)), row("clip", REAL, X()),
        row("clip", REAL, X(EMPTY), 0, 1), row("clip", REAL, X(ZERO), 0, 1), row("clip", FLOATS, X(), -0.5, 1.5),
        row("pow", INTEGERS, X(M23, 0, 3), X((3,), 0, 3, seed=1)), row("pow", REAL, X(M23, 0.5), 2),
    ]  # fmt: skip
    return rows


CREATION = [
    row("arange", NONE, 5), row("arange", NONE, 2, 8, 3), row("arange", NONE, 1.5, 4), row("arange", NONE, 5, 1, -2),
    row("arange", NONE, 5, 1), row("arange", REAL, 0, 5, 2, dtype=D), row("arange", NONE, 0, 1, 0.25),
    row("asarray", NONE, [[1, 2], [3, 4]]), row("asarray", NONE, 1.5), row("asarray", NONE, [True, False]), row("asarray", NONE, []),
    row("asarray", ALL, [[0, 1], [2, 3]], dtype=D), row("asarray", ALL, X()), row("asarray", ALL, X(), copy=True),
    row("asarray", NONE, [1, 2.5]), row("asarray", NONE, [1, 2j]), row("asarray", REAL, X(M23, 0), dtype=Named("float32")),
    *(row(name, ALL, shape, dtype=D, only_shape=name == "empty") for name in ("zeros", "ones", "empty") for shape in (3, M23, ())),
    *(row(name, NONE, M23, only_shape=name == "empty") for name in ("zeros", "ones", "empty")),
    *(row(f"{name}_like", ALL, X(shape), only_shape=name == "empty") for name in ("zeros", "ones", "empty") for shape in (M23, ())),
    *(row(f"{name}_like", ALL, X(), dtype=Named("int16"), only_shape=name == "empty") for name in ("zeros", "ones", "empty")),
    row("full", NONE, M23, 3), row("full", NONE, 2, 1.5), row("full", NONE, (), True), row("full", NONE, 2, 1j),
    row("full", ALL, M23, 1, dtype=D), row("full_like", NUMERIC, X(), 3), row("full_like", NONE, X(), 3, dtype=Named("int8")),
    row("eye", ALL, 3, dtype=D), row("eye", NONE, 2, 3), row("eye", NONE, 3, 2, k=1), row("eye", NONE, 3, k=-2), row("eye", NONE, 0),
    row("linspace", NONE, 0, 1, 5), row("linspace", NONE, 2.0, -1.0, 4), row("linspace", FLOATS, 0, 1, 5, dtype=D),
    row("linspace", NONE, 0, 1, 4, endpoint=False), row("linspace", NONE, 0, 1, 1), row("linspace", NONE, 0, 1, 0),
    row("linspace", COMPLEX, 0, 1j, 3, dtype=D), row("linspace", NONE, 3, 4, 1, endpoint=False),
    row("meshgrid", REAL, X((2,)), X((3,), seed=1)), row("meshgrid", NONE, X((2,)), X((3,)), X((4,)), indexing="ij"),
    row("meshgrid", NONE, X((2,))), row("meshgrid", NONE, X((2,)), X((3,)), X((4,))),
    *(row(name, ALL, X(shape), k=k) for name in ("tril", "triu") for shape in (M33, (2, 2, 3), (0, 3)) for k in (0, 1, -1)),
]  # fmt: skip

DTYPES = [
    *(row("astype", REAL, X(M23, 0), Named(to)) for to in ALL), *(row("astype", COMPLEX, X(), Named(to)) for to in COMPLEX),
    row("astype", ALL, X(ZERO, 0), D), row("astype", ALL, X(EMPTY, 0), D, copy=False),
    *(row("can_cast", ALL, D, Named(to)) for to in ALL), row("can_cast", ALL, X(), Named("float64")),
    row("finfo", INEXACT, D), row("finfo", INEXACT, X()), row("iinfo", INTEGERS, D), row("iinfo", INTEGERS, X()),
    *(row("isdtype", ALL, D, kind) for kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating",
                                                "complex floating", "numeric", ("bool", "integral"))),
    *(row("isdtype", ALL, D, Named(to)) for to in ALL), row("isdtype", ALL, D, (Named("int8"), "complex floating")),
    *(row("result_type", (a,), D, Named(b)) for kind in (SIGNED, INTEGERS, INEXACT) for a in kind for b in kind
      if not (a == "uint64" and b in SIGNED or b == "uint64" and a in SIGNED)),
    *(row("result_type", INEXACT, D, number) for number in (1, 1.5, 1j)), row("result_type", INTEGERS, D, 2),
    row("result_type", FLOATS, X((2,)), X(ZERO, dtype="float64")), row("result_type", ("int8",), X(), X(ZERO, dtype="int64"), 3),
]  # fmt: skip

MANIPULATION = [
    row("broadcast_arrays", ALL, X((3,)), X((2, 1))), row("broadcast_arrays", NONE, X(ZERO), X(EMPTY)),
    row("broadcast_shapes", NONE, (2, 1), (3,)), row("broadcast_shapes", NONE, (), (0, 1), (3,)), row("broadcast_shapes", NONE),
    row("broadcast_to", ALL, X((3,)), (2, 3)), row("broadcast_to", NONE, X(ZERO), (2, 0)), row("broadcast_to", NONE, X((1, 3)), (2, 3)),
    row("concat", ALL, [X(), X((4, 3), seed=1)]), row("concat", ALL, [X(), X((2, 1))], axis=-1), row("concat", ALL, [X(), X((2,))], axis=None),
    row("concat", NONE, [X(EMPTY), X()]), row("concat", ("int8",), [X(), X(dtype="int32")]),
    row("concat", ("uint8",), [X((2,)), X((2,), dtype="int8")]), row("concat", ("float32",), [X(), X(dtype="float64")]),
    row("expand_dims", ALL, X(), 0), row("expand_dims", NONE, X(), 1), row("expand_dims", NONE, X(), -1), row("expand_dims", NONE, X(ZERO), 0),
    row("expand_dims", NONE, X(), -3), row("expand_dims", NONE, X(EMPTY), axis=2), row("expand_dims", NONE, X(), (0, -1)),
    *(row("flip", ALL, X(shape)) for shape in (M23, EMPTY, ZERO)), row("flip", NONE, X(), axis=0), row("flip", NONE, X(), axis=(-1, 0)),
    row("moveaxis", ALL, X((2, 3, 4)), 0, -1), row("moveaxis", NONE, X((2, 3, 4)), (0, 1), (2, 0)),
    row("permute_dims", ALL, X((2, 3, 4)), (2, 0, 1)), row("permute_dims", NONE, X(), axes=(-1, 0)), row("permute_dims", NONE, X(ZERO), ()),
    row("repeat", ALL, X(), 2), row("repeat", ALL, X(), 3, axis=1), row("repeat", NONE, X(), At([1, 2, 0]), axis=-1),
    row("repeat", NONE, X(), At([2]), axis=0), row("repeat", NONE, X(ZERO), 3), row("repeat", NONE, X(EMPTY), 2, axis=0),
    row("repeat", NONE, X((3,)), At([1, 2, 3], "int32")), row("repeat", NONE, X(), 0),
    row("reshape", ALL, X(), (3, 2)), row("reshape", NONE, X(), (-1,)), row("reshape", NONE, X(), (1, -1, 2)), row("reshape", NONE, X(ZERO), (1, 1)),
    row("reshape", NONE, X(EMPTY), (3, 0)), row("reshape", NONE, X(), (6,), copy=True), row("reshape", NONE, X(), (6,), copy=False),
    row("reshape", NONE, X((1,)), ()),
    row("roll", ALL, X(), 1), row("roll", NONE, X(), -2, axis=1), row("roll", NONE, X(), (1, 2), axis=(0, 1)), row("roll", NONE, X(), 1, axis=(0, 1)),
    row("roll", NONE, X(ZERO), 1), row("roll", NONE, X(EMPTY), 1, axis=0),
    row("squeeze", ALL, X((1, 3, 1)), 0), row("squeeze", NONE, X((1, 3, 1)), (0, 2)), row("squeeze", NONE, X((1, 3, 1)), -1), row("squeeze", NONE, X((1, 0)), axis=0),
    row("stack", ALL, [X(), X(seed=1)]), row("stack", NONE, [X(), X()], axis=-1), row("stack", NONE, [X(ZERO), X(ZERO)]), row("stack", NONE, [X(EMPTY)], axis=1),
    row("stack", ("int8",), [X(), X(dtype="uint8")]),
    row("tile", ALL, X(), (2,)), row("tile", NONE, X(), (2, 1, 3)), row("tile", NONE, X(ZERO), (2, 2)), row("tile", NONE, X(), ()), row("tile", NONE, X(EMPTY), (2, 2)),
    row("unstack", ALL, X()), row("unstack", NONE, X(), axis=-1), row("unstack", NONE, X(EMPTY)),
]  # fmt: skip

SEARCHING = [
    *(row(name, REAL, X(high=2), axis=axis, keepdims=keep) for name in ("argmax", "argmin") for axis in (None, 0, -1) for keep in (False, True)),
    *(row(name, REAL, X(ZERO)) for name in ("argmax", "argmin")), *(row(name, FLOATS, X((6,), special=True)) for name in ("argmax", "argmin")),
    *(row("count_nonzero", ALL, X(shape, -1, 1), axis=axis, keepdims=keep)
      for shape in (M23, EMPTY) for axis in (None, 0, (0, 1), ()) for keep in (False, True)),
    row("count_nonzero", ALL, X(ZERO)),
    row("nonzero", ALL, X((3, 4), -1, 1)), row("nonzero", ALL, X((5,), -1, 1)), row("nonzero", NONE, X(EMPTY)),
    row("searchsorted", REAL, V([0, 1, 1, 3]), V([1, 2, 9])), row("searchsorted", REAL, V([0, 1, 1, 3]), V([[1, 2], [3, 9]]), side="right"),
    row("searchsorted", REAL, V([3, 0, 1, 1]), V([1, 2]), sorter=At([1, 2, 3, 0])), row("searchsorted", REAL, V([0, 1, 1, 3]), 1),
    row("searchsorted", REAL, V([0, 1, 1, 3]), V(1)), row("searchsorted", NONE, V([0.0, 1.0]), X((0,))), row("searchsorted", NONE, X((0,)), V([0.0])),
    row("where", ALL, X(dtype="bool"), X(), X(seed=1)), row("where", ALL, X((3,), dtype="bool"), X((2, 1)), X(ZERO)), row("where", BOOL, X(dtype="bool"), X(), True),
    row("where", NUMERIC, X(dtype="bool"), 2, X()), row("where", INEXACT, X(dtype="bool"), X(), 1.5), row("where", ("float32",), X(dtype="bool"), X(), X(ZERO, dtype="float64")),
    row("where", ("int8",), X(EMPTY, dtype="bool"), X(EMPTY), X((3,), dtype="uint8")),
    row("take", ALL, X(), At([1, 0, 1]), axis=0), row("take", ALL, X(), At([2, -1], "int32"), axis=-1), row("take", NONE, X((4,)), At([3, 0])),
    row("take", NONE, X(), At([0], "uint8"), axis=1), row("take", NONE, X(), At([]), axis=0), row("take", NONE, X((2, 3, 4)), At([0, 2]), axis=1),
    row("take_along_axis", ALL, X(), At([[2, 0], [1, 1]])), row("take_along_axis", NONE, X(), At([[1, 0, -1]]), axis=0), row("take_along_axis", NONE, X((4,)), At([3, 0, 3])),
    row("take_along_axis", NONE, X(), At([[1], [2]], "int32"), axis=1),
    *(row(name, REAL, X((4, 5)), axis=axis, descending=down) for name in ("sort", "argsort") for axis in (-1, 0) for down in (False, True)),
    *(row(name, REAL, X((7,), special=True), descending=down, stable=True) for name in ("sort", "argsort") for down in (False, True)),
    *(row(name, REAL, X(EMPTY)) for name in ("sort", "argsort")),
    *(row(name, ALL, X(shape)) for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values") for shape in ((3, 4), (9,), EMPTY, ZERO)),
    *(row(name, FLOATS, At([1.0, np.nan, 0.0, np.nan, -0.0], d)) for d in FLOATS for name in ("unique_counts", "unique_inverse", "unique_values")),
    row("isin", INTEGERS, X(), X((2,), seed=1)), row("isin", INTEGERS, X(), X((2, 2), seed=1)), row("isin", INTEGERS, X(), 2), row("isin", INTEGERS, 2, X()),
    row("isin", INTEGERS, X(EMPTY), X()), row("isin", INTEGERS, X(), X(EMPTY)), row("isin", INTEGERS, X(ZERO), X()),
]  # fmt: skip

AXES = (None, 0, -1, (0, 1), (-1,))
STATISTICAL = [
    *(row(name, NUMERIC, X(shape, 0.5, 2), axis=axis, keepdims=keep) for name in ("sum", "prod") for shape in (M23, EMPTY) for axis in AXES for keep in (False, True)),
    *(row(name, NUMERIC, X(ZERO)) for name in ("sum", "prod")), *(row(name, NUMERIC, X(), dtype=Named("complex128")) for name in ("sum", "prod")),
    *(row(name, INTEGERS, X(), dtype=Named(to)) for name in ("sum", "prod") for to in ("int8", "uint64", "int32", "float32")),
    *(row(name, INEXACT, X((2, 3, 2)), axis=()) for name in ("sum", "prod")),
    *(row(name, REAL, X(), axis=axis, keepdims=keep) for name in ("max", "min") for axis in AXES for keep in (False, True)),
    *(row(name, REAL, X(shape)) for name in ("max", "min") for shape in (ZERO, (1, 1))), *(row(name, REAL, X(EMPTY), axis=1) for name in ("max", "min")),
    *(row(name, FLOATS, X((6,), special=True)) for name in ("max", "min")),
    *(row("mean", INEXACT, X(), axis=axis, keepdims=keep) for axis in AXES for keep in (False, True)), row("mean", INEXACT, X(ZERO)), row("mean", INEXACT, X(EMPTY), axis=1),
    *(row(name, FLOATS, X((4, 3)), axis=axis, keepdims=keep, correction=c) for name in ("std", "var") for axis in AXES for keep in (False, True) for c in (0, 1, 0.5)),
    *(row(name, FLOATS, X(ZERO)) for name in ("std", "var")), *(row(name, FLOATS, X(EMPTY), axis=1) for name in ("std", "var")),
    *(row(name, NUMERIC, X(), axis=axis, include_initial=first) for name in ("cumulative_sum", "cumulative_prod") for axis in (0, -1) for first in (False, True)),
    *(row(name, NUMERIC, X((4,))) for name in ("cumulative_sum", "cumulative_prod")), *(row(name, NUMERIC, X(EMPTY), axis=1) for name in ("cumulative_sum", "cumulative_prod")),
    *(row(name, NUMERIC, X(EMPTY), axis=0, include_initial=True) for name in ("cumulative_sum", "cumulative_prod")),
    *(row(name, INTEGERS, X((4,)), dtype=Named(to)) for name in ("cumulative_sum", "cumulative_prod") for to in ("int8", "uint64", "float64")),
    *(row(name, ALL, X(shape, -1, 1), axis=axis, keepdims=keep) for name in ("all", "any") for shape in (M23, EMPTY) for axis in (*AXES, ()) for keep in (False, True)),
    *(row(name, ALL, X(ZERO)) for name in ("all", "any")),
    *(row("diff", NUMERIC, X((3, 4)), axis=axis, n=n) for axis in (0, -1) for n in (0, 1, 2)),
    row("diff", NUMERIC, X((3, 4)), prepend=X((3, 1), seed=1), append=X((3, 2), seed=2)), row("diff", NUMERIC, X((2,)), append=X((1,))), row("diff", NONE, X((1,))),
    row("diff", ("int8",), X((2,)), prepend=X((1,), dtype="int16")),
]  # fmt: skip

_PRODUCTS = [
    *(row("matmul", NUMERIC, X(a), X(b, seed=1)) for a, b in (((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 2)))),
    row("matmul", ("float32",), X(), X((3, 2), dtype="float64")), row("matmul", ("int8",), X(), X((3, 2), dtype="uint8")),
    *(row("matrix_transpose", ALL, X(shape)) for shape in (M23, (2, 3, 4), EMPTY)),
    row("tensordot", NUMERIC, X(), X((2, 3), seed=1)), row("tensordot", NUMERIC, X(), X((3, 2), seed=1), axes=1), row("tensordot", NUMERIC, X(), X((2,)), axes=0),
    row("tensordot", INEXACT, X((2, 3, 4)), X((4, 3, 5), seed=1), axes=((1, 2), (1, 0))), row("tensordot", INEXACT, X((2, 3, 4)), X((4, 3)), axes=((-1,), (0,))),
    row("tensordot", NONE, X(EMPTY), X(M33), axes=1), row("tensordot", ("float32",), X(), X((3, 2), dtype="float64"), axes=1),
    row("vecdot", NUMERIC, X(), X((3,), seed=1)), row("vecdot", NUMERIC, X((3, 2)), X((3, 1), seed=1), axis=-2), row("vecdot", NUMERIC, X((2, 0)), X((2, 0))),
    row("vecdot", ("complex64",), X(), X(dtype="complex128")), row("vecdot", ("int8",), X(), X(dtype="int16")),
]  # fmt: skip

LINALG = [
    *(Row(f"linalg.{r.name}", r.dtypes, r.args, r.options) for r in _PRODUCTS),
    *(row("linalg.cholesky", INEXACT, P(shape), upper=upper) for shape in (M33, (2, 3, 3), (0, 3, 3)) for upper in (False, True)),
    row("linalg.cross", NUMERIC, X(), X(seed=1)), row("linalg.cross", NUMERIC, X((3, 4)), X((3, 1), seed=1), axis=-2), row("linalg.cross", ("float32",), X(), X((3,), dtype="float64")),
    *(row(f"linalg.{name}", INEXACT, P(shape)) for name in ("det", "inv", "slogdet", "eigh", "eigvalsh", "svdvals", "pinv", "matrix_rank") for shape in (M33, (2, 3, 3), (0, 3, 3))),
    *(row(f"linalg.{name}", INEXACT, X(shape)) for name in ("svdvals", "pinv", "matrix_rank") for shape in ((4, 2), (2, 4))),
    *(row(f"linalg.{name}", INEXACT, X((4, 2)), rtol=0.3) for name in ("pinv", "matrix_rank")), row("linalg.matrix_rank", INEXACT, X((2, 4, 2)), rtol=At([0.1, 0.9], "float64")),
    *(row(f"linalg.{name}", INEXACT, X(M33)) for name in ("eig", "eigvals")), row("linalg.eig", INEXACT, P((2, 2, 2))), row("linalg.eigvals", INEXACT, P((2, 2, 2))),
    *(row("linalg.diagonal", ALL, X(shape), offset=k) for shape in (M23, (2, 3, 3), EMPTY) for k in (0, 1, -1)),
    *(row("linalg.matrix_norm", INEXACT, X((2, 3, 4)), ord=ord, keepdims=keep) for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf) for keep in (False, True)),
    row("linalg.matrix_norm", INEXACT, X()), row("linalg.matrix_norm", INEXACT, X((0, 3))),
    *(row("linalg.matrix_power", INEXACT, P(), n) for n in (0, 1, 3, -1, -2)), row("linalg.outer", NUMERIC, X((2,)), X((3,), seed=1)), row("linalg.outer", NONE, X((0,)), X((3,))),
    *(row("linalg.qr", INEXACT, X(shape), mode=mode) for shape in ((4, 2), (2, 4), (2, 3, 3)) for mode in ("reduced", "complete")),
    *(row("linalg.solve", INEXACT, P(a), X(b)) for a, b in ((M33, (3,)), (M33, (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)), ((3, 3, 3), (3, 3)), ((2, 3, 3), (2, 3, 1)), (M33, (4, 3, 2)), ((0, 3, 3), (3,)))),
    row("linalg.solve", ("float32",), P(), X((3,), dtype="float64")),
    *(row("linalg.svd", INEXACT, X(shape), full_matrices=full) for shape in ((4, 2), (2, 4), (2, 3, 3)) for full in (True, False)),
    *(row("linalg.trace", NUMERIC, X(shape), offset=k) for shape in (M33, (2, 3, 4), (2, 0, 3)) for k in (0, 1, -1)), row("linalg.trace", INTEGERS, X(), dtype=Named("float64")),
    *(row("linalg.vector_norm", INEXACT, X(), axis=axis, keepdims=keep, ord=ord) for axis in (None, 0, -1, (0, 1)) for keep in (False, True) for ord in (0, 1, 2, 3, 0.5, np.inf, -np.inf, -1)),
    row("linalg.vector_norm", INEXACT, X(ZERO)), row("linalg.vector_norm", INEXACT, X(EMPTY), axis=1),
]  # fmt: skip

FFT = [
    *(row(f"fft.{name}", COMPLEX, X((3, 6)), n=n, axis=axis, norm=norm) for name in ("fft", "ifft", "irfft", "hfft") for n in (None, 4, 9) for axis in (0, -1) for norm in ("backward", "ortho", "forward")),
    *(row(f"fft.{name}", FLOATS, X((3, 6)), n=n, axis=axis, norm=norm) for name in ("rfft", "ihfft") for n in (None, 4, 9) for axis in (0, -1) for norm in ("backward", "ortho", "forward")),
    *(row(f"fft.{name}", COMPLEX, X((2, 3, 4)), s=s, axes=axes, norm=norm) for name in ("fftn", "ifftn", "irfftn") for s, axes in ((None, None), ((2, 5), (0, 2)), (None, (1,))) for norm in ("backward", "ortho")),
    *(row("fft.rfftn", FLOATS, X((2, 3, 4)), s=s, axes=axes) for s, axes in ((None, None), ((2, 5), (0, 2)), (None, (1,)))),
    *(row(f"fft.{name}", INEXACT, X((3, 4)), axes=axes) for name in ("fftshift", "ifftshift") for axes in (None, 0, (0, 1))),
    *(row(f"fft.{name}", NONE, n) for name in ("fftfreq", "rfftfreq") for n in (1, 4, 5)), *(row(f"fft.{name}", FLOATS, 4, d=0.5, dtype=D) for name in ("fftfreq", "rfftfreq")),
]  # fmt: skip

FAMILIES = (_elementwise(), CREATION, DTYPES, MANIPULATION, SEARCHING, STATISTICAL, _PRODUCTS, LINALG, FFT)
ROWS = [r for family in FAMILIES for r in family if r.dtypes]
