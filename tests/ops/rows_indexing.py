"""Reading and writing by position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import FLOATS, Input, Row, apart, index, mask, real, row

NO = {"grad": False, "gradgrad": False}
X = real(4, 3, 5)


def _read(name: str, key: Any, x: Input = X, *others: Input, **options: Any) -> Row:
    """``x[key]``; a function makes the key from torch or tensorlite and the other tensors."""

    def call(m: Any, x: Any, *rest: Any) -> Any:
        return x[key(m, *rest) if callable(key) else key]

    return row(f"__getitem__[{name}]", x, *others, call=call, **options)


def _reads() -> list[Row]:
    all_ = slice(None)
    return [
        _read("int", 1),
        _read("negative", -1),
        _read("ints", (1, 2, 3)),
        _read("slice", slice(1, 3)),
        _read("step", slice(None, None, 2)),
        _read("slices", (slice(1, None), all_, slice(0, 4, 3))),
        _read("none", (None, 1, None)),
        _read("ellipsis", (..., 2)),
        _read("ellipsis in the middle", (0, ..., slice(1, 2))),
        _read("nothing", ()),
        _read("empty slice", slice(2, 2)),
        _read("negative slice", slice(-3, -1)),
        _read("0-d", (), real()),
        _read("0-d none", (None, ...), real()),
        _read("list", [0, 2, 2]),
        _read("list and slice", (all_, [2, 0])),
        _read("lists", ([0, 1], [1, 2])),
        _read("list of lists", ([[0, 1], [2, 3]],)),
        _read("tensor", lambda m, i: i, X, index(4, 2, 3)),
        _read("negative tensor", lambda m, i: -i - 1, X, index(4, 5)),
        _read("tensors", lambda m, i, j: (i, j), X, index(4, 3), index(3, 3)),
        _read("tensors broadcast", lambda m, i, j: (i, j), X, index(4, 3, 1), index(3, 2)),
        _read("tensors apart", lambda m, i, j: (i, all_, j), X, index(4, 3), index(5, 3)),
        _read("tensor last", lambda m, i: (..., i), X, index(5, 2)),
        _read("tensor and int", lambda m, i: (1, all_, i), X, index(5, 2)),
        _read("int between", lambda m, i: (i, 1), X, index(4, 2)),
        _read("tensor and none", lambda m, i: (None, i), X, index(4, 2)),
        _read("0-d tensor", lambda m, i: i, X, index(4)),
        _read("mask", lambda m, b: b, X, mask(4, 3, 5)),
        _read("row mask", lambda m, b: b, X, mask(4)),
        _read("mask in the middle", lambda m, b: (all_, b), X, mask(3)),
        _read("mask and tensor", lambda m, b, i: (b, i), X, mask(4), index(3)),
        _read("matrix mask", lambda m, b: (b, slice(1, 3)), X, mask(4, 3)),
        _read("true", True),
        _read("false", False),
        _read("bool list", [True, False, True, False]),
        _read("empty tensor", lambda m, i: i, X, index(4, 0)),
        _read("mask of a comparison", lambda m, b: b, real(4), mask(4)),
    ]


def _writes() -> list[Row]:
    def case(name: str, key: Callable[..., Any], *inputs: Input, **options: Any) -> Row:
        """The second input is the value, the others make the key."""

        def call(m: Any, x: Any, v: Any, *rest: Any) -> Any:
            out = x * 1
            out[key(*rest)] = v
            return out * 2

        return row(
            f"__setitem__[{name}]", *inputs, call=call, **{"dtypes": ("float32", "float64", "int64", "complex128"), **options}
        )

    def number(m: Any, x: Any, b: Any) -> Any:
        out = x * 1
        out[b] = 0
        return out

    return [
        case("int", lambda: 1, X, real(3, 5)),
        case("slice", lambda: slice(1, 3), X, real(2, 3, 5)),
        case("broadcast", lambda: (..., 0), X, real(3)),
        case("leading ones", lambda: 0, X, real(1, 1, 5)),
        case("0-d", lambda: ..., X, real()),
        case("mask", lambda b: b, X, real(), mask(4, 3, 5)),
        case("row mask", lambda b: b, X, real(3, 5), mask(4)),
        case("tensor", lambda: [3, 0], X, real(2, 3, 5)),
        case("tensors", lambda: ([0, 1, 3], slice(None), [0, 2, 4]), X, real(3, 3)),
        row("__setitem__[mask, number]", X, mask(4, 3, 5), call=number),
    ]


def _functions() -> list[Row]:
    square = real(4, 5)

    def duplicate(name: str, **options: Any) -> Callable[..., Any]:
        return lambda m, x, s: getattr(m, name)(x, 0, m.tensor([1, 1, 3], device=x.device), s, **options)

    return [
        row("gather", square, index(4, 3, 5), call=lambda m, x, i: m.gather(x, 0, i)),
        row("gather[smaller]", square, index(5, 2, 3), call=lambda m, x, i: m.gather(x, 1, i)),
        row("gather[0-d]", real(), index(1), call=lambda m, x, i: m.gather(x, 0, i)),
        row(
            "scatter",
            square,
            real(2, 5),
            call=lambda m, x, s: m.scatter(x, 0, m.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 0, 1]], device=x.device), s),
        ),
        row("scatter[number]", square, index(4, 2, 5), call=lambda m, x, i: m.scatter(x, 0, i, 3)),
        row(
            "scatter[reduce]",
            square,
            index(4, 2, 5),
            real(2, 5),
            call=lambda m, x, i, s: m.scatter(x, 0, i, s, reduce="add"),
            **NO,
        ),
        row("scatter_add", square, index(4, 6, 5), real(6, 5), call=lambda m, x, i, s: m.scatter_add(x, 0, i, s)),
        row("scatter_add[smaller]", square, index(5, 2, 3), real(3, 4), call=lambda m, x, i, s: m.scatter_add(x, 1, i, s)),
        row("index_select", square, index(4, 6), call=lambda m, x, i: m.index_select(x, 0, i)),
        row("index_select[dim]", X, index(3, 2), call=lambda m, x, i: x.index_select(-2, i)),
        row("index_add", square, real(3, 5), call=duplicate("index_add")),
        row("index_add[alpha]", square, real(3, 5), call=duplicate("index_add", alpha=2)),
        row("index_copy", square, real(2, 5), call=lambda m, x, s: m.index_copy(x, 0, m.tensor([3, 1], device=x.device), s)),
        row("index_fill", square, index(5, 2), call=lambda m, x, i: m.index_fill(x, 1, i, 2)),
        row("index_put", square, index(4, 3), real(3, 5), call=lambda m, x, i, v: m.index_put(x, (i,), v, accumulate=True)),
        row(
            "index_put[no accumulate]",
            square,
            real(2),
            call=lambda m, x, v: m.index_put(x, (m.tensor([0, 2], device=x.device), m.tensor([1, 1], device=x.device)), v),
        ),
        row("take", square, index(20, 3, 2), call=lambda m, x, i: m.take(x, i)),
        row("take_along_dim", square, index(5, 4, 2), call=lambda m, x, i: m.take_along_dim(x, i, 1)),
        row("take_along_dim[broadcast]", square, index(5, 1, 2), call=lambda m, x, i: m.take_along_dim(x, i, 1)),
        row("take_along_dim[flat]", square, index(20, 3), call=lambda m, x, i: m.take_along_dim(x, i)),
        row("masked_fill", square, mask(4, 5), call=lambda m, x, b: m.masked_fill(x, b, 2)),
        row("masked_fill[broadcast]", square, mask(5), call=lambda m, x, b: x.masked_fill(b, 0)),
        row("masked_fill[0-d]", square, mask(4, 5), real(), call=lambda m, x, b, v: m.masked_fill(x, b, v)),
        row("masked_select", square, mask(4, 5)),
        row("masked_select[broadcast]", square, mask(5), call=lambda m, x, b: x.masked_select(b)),
        row("masked_scatter", square, mask(4, 5), real(20)),
        row("nonzero", mask(4, 5), **NO),
        row("nonzero[tuple]", mask(4, 5), call=lambda m, x: m.nonzero(x, as_tuple=True), **NO),
        row("nonzero[0-d]", real(), **NO),
        row("argwhere", mask(4, 5), **NO),
        row("unique", real(12), dtypes=("int64", "uint8", "bool"), **NO),
        row(
            "unique[all]",
            real(3, 4),
            call=lambda m, x: m.unique(x, return_inverse=True, return_counts=True),
            dtypes=("int64",),
            **NO,
        ),
        row(
            "unique[dim]",
            mask(6, 2),
            call=lambda m, x: m.unique(x, dim=0, return_inverse=True, return_counts=True),
            dtypes=("int64",),
            **NO,
        ),
        row("bincount", index(6, 9), **NO),
        row("bincount[weights]", index(6, 9), real(9), call=lambda m, i, w: m.bincount(i, w, 8), dtypes=("float64",), **NO),
        row("bucketize", real(2, 3), apart(6), call=lambda m, v, x: m.bucketize(v, x.sort().values), dtypes=FLOATS, **NO),
        row("searchsorted", apart(6), real(2, 3), call=lambda m, x, v: m.searchsorted(x.sort().values, v), dtypes=FLOATS, **NO),
        row(
            "searchsorted[right]",
            index(4, 6),
            index(4, 5),
            call=lambda m, x, v: m.searchsorted(x.sort().values, v, right=True, out_int32=True),
            **NO,
        ),
    ]


ROWS = [*_reads(), *_writes(), *_functions()]
