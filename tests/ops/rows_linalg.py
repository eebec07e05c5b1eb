"""Products of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import COMPLEX, FLOATS, INTEGERS, Row, real, row

NUMBERS = (*FLOATS, *INTEGERS, *COMPLEX)


def _einsum(equation: str, *shapes: tuple[int, ...], **options: Any) -> Row:
    return row(
        f"einsum[{equation}]", *(real(*s) for s in shapes), call=lambda m, *xs: m.einsum(equation, *xs), rtol=4, **options
    )


def _products() -> list[Row]:
    shapes = {
        "matrices": ((3, 4), (4, 5)),
        "vectors": ((4,), (4,)),
        "matrix, vector": ((3, 4), (4,)),
        "vector, matrix": ((4,), (4, 5)),
        "batch, matrix": ((2, 3, 4), (4, 5)),
        "matrix, batch": ((3, 4), (2, 4, 5)),
        "batches": ((2, 3, 4), (2, 4, 5)),
        "broadcast": ((2, 1, 3, 4), (5, 4, 2)),
        "batch, vector": ((2, 3, 4), (4,)),
        "vector, batch": ((3,), (2, 3, 4)),
        "empty": ((3, 0), (0, 5)),
        "no rows": ((0, 4), (4, 5)),
    }
    rows = [
        row(f"matmul[{n}]", real(*a), real(*b), call=lambda m, x, y: x @ y, rtol=4, dtypes=NUMBERS)
        for n, (a, b) in shapes.items()
    ]

    def scaled(name: str) -> Callable[..., Any]:
        return lambda m, *xs: getattr(m, name)(*xs, beta=2, alpha=3)

    plain: dict[str, tuple[tuple[int, ...], ...]] = {
        "mm": ((3, 4), (4, 5)),
        "bmm": ((2, 3, 4), (2, 4, 5)),
        "mv": ((3, 4), (4,)),
        "dot": ((4,), (4,)),
        "vdot": ((4,), (4,)),
        "inner": ((3, 4), (5, 4)),
        "outer": ((3,), (4,)),
        "addmm": ((3, 5), (3, 4), (4, 5)),
        "addmv": ((3,), (3, 4), (4,)),
        "addr": ((3, 4), (3,), (4,)),
        "baddbmm": ((2, 3, 5), (2, 3, 4), (2, 4, 5)),
        "addbmm": ((3, 5), (2, 3, 4), (2, 4, 5)),
    }
    for name, sizes in plain.items():
        rows.append(row(name, *(real(*s) for s in sizes), rtol=4))
        if name.startswith(("add", "baddbmm")):
            rows.append(row(f"{name}[beta, alpha]", *(real(*s) for s in sizes), call=scaled(name), rtol=4))
    rows.append(row("addmm[broadcast]", real(5), real(3, 4), real(4, 5), call=lambda m, *xs: m.addmm(*xs), rtol=4))
    rows.append(
        row(
            "chain_matmul",
            real(2, 3),
            real(3, 4),
            real(4, 2),
            call=lambda m, x, y, z: m.chain_matmul(x, y, z),
            rtol=8,
            tags=frozenset({"deprecated"}),
        )
    )
    rows.append(row("tensordot", real(2, 3, 4), real(3, 4, 5), rtol=4))
    rows.append(
        row("tensordot[dims]", real(2, 3, 4), real(4, 2, 5), call=lambda m, x, y: m.tensordot(x, y, ([0, 2], [1, 0])), rtol=4)
    )
    return rows


ROWS = [
    *_products(),
    _einsum("ij,jk->ik", (3, 4), (4, 5)),
    _einsum("ij,jk", (3, 4), (4, 5)),
    _einsum("ii", (3, 3)),
    _einsum("ii->i", (3, 3)),
    _einsum("ij->ji", (3, 4)),
    _einsum("ij->", (3, 4)),
    _einsum("i,j->ij", (3,), (4,)),
    _einsum("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    _einsum("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
    _einsum("ij,kj,k->i", (3, 4), (2, 4), (2,)),
    _einsum("ijk,k->ji", (2, 3, 4), (4,)),
    _einsum("ij,ij->i", (3, 4), (3, 4)),
    _einsum("i,i->", (3,), (3,)),
    _einsum("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    _einsum("iij,jk->ik", (3, 3, 2), (2, 4)),
]
