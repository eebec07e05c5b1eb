"""Folding values into positions, replacing parts, taking apart, and copies of what views show."""

from __future__ import annotations

from typing import Any

from rows import FLOATS, Row, apart, index, mask, real, row

NO = {"grad": False, "gradgrad": False}
WIDE = ("float32", "float64")
NUMBERS = (*FLOATS, "int64", "int32")


def _folds() -> list[Row]:
    rows = []
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for own in (True, False):
            options: dict[str, Any] = {"dtypes": NUMBERS, "rtol": 4.0}

            def scatter(m: Any, x: Any, i: Any, s: Any, r: str = reduce, o: bool = own) -> Any:
                return m.scatter_reduce(x, 0, i, s, r, include_self=o)

            rows.append(row(f"scatter_reduce[{reduce}, {own}]", apart(4, 5), index(4, 6, 5), apart(6, 5), call=scatter, **options))
            if reduce == "sum":
                continue

            def along(m: Any, x: Any, i: Any, s: Any, r: str = reduce, o: bool = own) -> Any:
                return m.index_reduce(x, 1, i, s, r, include_self=o)

            rows.append(row(f"index_reduce[{reduce}, {own}]", apart(2, 4), index(4, 7), apart(2, 7), call=along, **options))
    return rows + [
        row("scatter_reduce", apart(5), index(5, 8), apart(8), call=lambda m, x, i, s: m.scatter_reduce(x, 0, i, s, "sum"), dtypes=WIDE),
        row(
            "scatter_reduce[smaller]",
            apart(4, 5),
            index(4, 2, 3),
            apart(3, 4),
            call=lambda m, x, i, s: m.scatter_reduce(x, 0, i, s, "amax"),
            dtypes=WIDE,
        ),
        row("index_reduce", apart(5), index(5, 3), apart(3), call=lambda m, x, i, s: m.index_reduce(x, 0, i, s, "prod"), dtypes=WIDE),
        row("scatter[multiply]", apart(4, 5), index(4, 6, 5), apart(6, 5), dtypes=NUMBERS, **NO,
            call=lambda m, x, i, s: m.scatter(x, 0, i, s, reduce="multiply")),
        row("put", real(3, 4), real(2), call=lambda m, x, s: m.put(x, m.tensor([5, -1], device=x.device), s)),
        row("put[accumulate]", real(3, 4), index(12, 6), real(6), call=lambda m, x, i, s: m.put(x, i, s, accumulate=True)),
        row("take_along_dim[negative]", real(3, 4), index(4, 3, 2), call=lambda m, x, i: m.take_along_dim(x, -i - 1, 1)),
        row("masked_scatter[broadcast]", real(3, 4), mask(4), real(12)),
        row("nonzero_static", mask(4, 5), call=lambda m, x: m.nonzero_static(x, size=4), **NO),
        row("nonzero_static[more]", mask(3), call=lambda m, x: m.nonzero_static(x, size=5, fill_value=7), **NO),
        row("unravel_index", index(24, 3, 2), call=lambda m, x: m.unravel_index(x, (2, 3, 4)), **NO),
        row(
            "searchsorted[rows]",
            apart(3, 6),
            real(3, 4),
            call=lambda m, x, v: m.searchsorted(x.sort(-1).values, v, right=True),
            dtypes=FLOATS,
            **NO,
        ),
        row(
            "searchsorted[sorter]",
            apart(3, 6),
            real(3, 4),
            call=lambda m, x, v: m.searchsorted(x, v, sorter=m.argsort(x), out_int32=True),
            dtypes=FLOATS,
            **NO,
        ),
    ]


def _replaced() -> list[Row]:
    return [
        row("select_scatter", real(3, 4), real(4), call=lambda m, x, s: m.select_scatter(x, s, 0, -1)),
        row("slice_scatter", real(5, 4), real(2, 4), call=lambda m, x, s: m.slice_scatter(x, s, 0, 1, None, 2)),
        row("diagonal_scatter", real(3, 4), real(3), call=lambda m, x, s: m.diagonal_scatter(x, s, 1)),
        # Its gradients are tested in tests/tensor/test_indexing_functions.py: PyTorch's fail its own gradcheck.
        row("as_strided_scatter", real(3, 4), real(2, 2), call=lambda m, x, s: m.as_strided_scatter(x, s, (2, 2), (3, 1), 1), **NO),
        row("fill", real(3, 4), call=lambda m, x: m.fill(x, 3)),
        row("fill[tensor]", real(3, 4), real(), call=lambda m, x, v: m.fill(x, v)),
        row("diagflat", real(2, 2)),
        row("diagflat[offset]", real(3), call=lambda m, x: m.diagflat(x, -1)),
        row("sum_to_size", real(2, 3, 4), call=lambda m, x: x.sum_to_size(3, 1)),
    ]


def _apart() -> list[Row]:
    return [
        row("hsplit", real(3, 4), call=lambda m, x: m.hsplit(x, 2)),
        row("hsplit[1-d]", real(5), call=lambda m, x: m.hsplit(x, [1, 3])),
        row("vsplit", real(4, 3), call=lambda m, x: m.vsplit(x, (1, 3))),
        row("dsplit", real(2, 3, 4), call=lambda m, x: m.dsplit(x, 2)),
        row("unsafe_chunk", real(5, 3), call=lambda m, x: m.unsafe_chunk(x, 2)),
        row("unsafe_split", real(5, 3), call=lambda m, x: m.unsafe_split(x, 2)),
        row("unsafe_split_with_sizes", real(5, 3), call=lambda m, x: m.unsafe_split_with_sizes(x, [2, 3])),
    ]


_COPIES: dict[str, Any] = {
    "alias": (), "as_strided": ((2, 2), (1, 3)), "detach": (), "diagonal": (1,), "expand": ((2, 3, 4),), "narrow": (1, 1, 2),
    "permute": ((1, 0),), "select": (0, 1), "slice": (0, 1, None, 2), "split": (2,), "split_with_sizes": ([1, 2],), "squeeze": (),
    "t": (), "transpose": (0, 1), "unbind": (), "unfold": (1, 2, 1), "unsqueeze": (0,), "view": ((2, 6),),
}  # fmt: skip


def _copies() -> list[Row]:
    def copy(name: str, args: tuple[Any, ...]) -> Row:
        options = NO if name == "detach" else {}
        return row(f"{name}_copy", real(3, 4), call=lambda m, x: getattr(m, f"{name}_copy")(x, *args), **options)

    return [copy(name, args) for name, args in _COPIES.items()] + [
        row("view_as_real_copy", real(3), dtypes=("complex64", "complex128")),
        row("view_as_complex_copy", real(3, 2), dtypes=WIDE),
    ]


ROWS = [*_folds(), *_replaced(), *_apart(), *_copies()]
