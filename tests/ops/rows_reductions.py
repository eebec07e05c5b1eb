"""Reductions, scans and sorting."""

from __future__ import annotations

from rows import FLOATS, Row, apart, mask, pos, real, row

NO = {"grad": False, "gradgrad": False}
ONE = ("float64",)


def _axes(name: str, maker: object, **options: object) -> list[Row]:
    """The whole tensor, one dimension with keepdim, several dimensions, 0-d."""

    def call(*args: object, **kwargs: object) -> object:
        return lambda m, x: getattr(m, name)(x, *args, **kwargs)

    make = maker  # a maker of inputs, called with a shape
    return [
        row(name, make(3, 4), **options),  # type: ignore[operator]
        row(f"{name}[dim]", make(2, 3, 4), call=call(1), **options),  # type: ignore[operator]
        row(f"{name}[keepdim]", make(2, 3, 4), call=call(-1, keepdim=True), **options),  # type: ignore[operator]
        row(f"{name}[0-d]", make(), call=call(), **options),  # type: ignore[operator]
        row(f"{name}[0-d, dim]", make(), call=call(0), **options),  # type: ignore[operator]
    ]


def _several(name: str, maker: object, **options: object) -> list[Row]:
    return [
        row(f"{name}[dims]", maker(2, 3, 4), call=lambda m, x: getattr(m, name)(x, (0, 2)), **options),  # type: ignore[operator]
        row(
            f"{name}[dims, keepdim]",
            maker(2, 3, 4),
            call=lambda m, x: getattr(m, name)(x, dim=(-1, 0), keepdim=True),  # type: ignore[operator]
            **options,
        ),
    ]


def _sums() -> list[Row]:
    rows = []
    for name in ("sum", "mean", "nansum"):
        rows += _axes(name, real) + _several(name, real)
    rows += _axes("prod", pos) + [
        row(
            "prod[zero]",
            real(3, 4),
            call=lambda m, x: m.prod(m.where(m.eye(3, 4, dtype=m.bool, device=x.device), 0, x), 1),
            dtypes=ONE,
        ),
        row(
            "prod[two zeros]",
            real(4),
            call=lambda m, x: m.prod(x * m.tensor([0, 1, 0, 1], dtype=x.dtype, device=x.device)),
            dtypes=ONE,
        ),
        row("prod[dtype]", pos(3, 4), call=lambda m, x: m.prod(x, 0, dtype=m.float64)),
        row("sum[dtype]", real(3, 4), call=lambda m, x: m.sum(x, 0, dtype=m.float64)),
        row("sum[empty]", real(0, 3), call=lambda m, x: m.sum(x, 0)),
        row("sum[empty, all]", real(0, 3), call=lambda m, x: m.sum(x)),
        row("mean[empty]", real(0, 3), call=lambda m, x: m.mean(x, 0), gradgrad=False),
        row("prod[empty]", pos(0, 3), call=lambda m, x: m.prod(x, 0)),
        row("mean[dtype]", real(3, 4), call=lambda m, x: m.mean(x, 0, dtype=m.float32), dtypes=("int64", "float16", "float32")),
    ]
    for name in ("var", "std"):
        rows += (
            _axes(name, apart)[:3]
            + _several(name, apart)
            + [
                row(f"{name}[correction]", apart(3, 4), call=lambda m, x, n=name: getattr(m, n)(x, 1, correction=0)),
                row(f"{name}[unbiased]", apart(3, 4), call=lambda m, x, n=name: getattr(m, n)(x, unbiased=False)),
                row(f"{name}_mean", apart(3, 4), call=lambda m, x, n=name: getattr(m, n + "_mean")(x, 1)),
            ]
        )
    return rows


def _extremes() -> list[Row]:
    rows = []
    for name in ("max", "min"):
        rows += _axes(name, apart) + _several("a" + name, apart) + _axes("a" + name, apart)
        rows.append(row(f"{name}[other]", apart(3, 4), apart(4, low=-2.0), call=lambda m, x, y, n=name: getattr(m, n)(x, y)))
        rows.append(
            row(
                f"a{name}[ties]",
                real(3, 4),
                call=lambda m, x, n=name: getattr(m, "a" + n)(m.floor(x) + x * 0, 1),
                dtypes=ONE,
                gradgrad=False,
            )
        )
        rows += _axes("arg" + name, apart, **NO)
    rows += [
        row("aminmax", apart(3, 4), call=lambda m, x: m.aminmax(x, dim=1)),
        row("median", apart(3, 4)),
        row("median[dim]", apart(3, 5), call=lambda m, x: m.median(x, 1)),
        row("median[even, keepdim]", apart(3, 4), call=lambda m, x: m.median(x, 1, keepdim=True)),
        row("kthvalue", apart(3, 5), call=lambda m, x: m.kthvalue(x, 2, 1), dtypes=FLOATS),
        row("topk", apart(3, 5), call=lambda m, x: m.topk(x, 2), dtypes=FLOATS),
        row("topk[few of many]", apart(2, 40), call=lambda m, x: m.topk(x, 3), dtypes=FLOATS),
        row("topk[the smallest of many]", apart(33, 2), call=lambda m, x: m.topk(x, 4, dim=0, largest=False), dtypes=FLOATS),
        row("topk[smallest, dim]", apart(3, 5), call=lambda m, x: m.topk(x, 2, dim=0, largest=False), dtypes=FLOATS),
        row("sort", apart(3, 5), dtypes=FLOATS),
        row("sort[descending]", apart(3, 5), call=lambda m, x: m.sort(x, 0, descending=True), dtypes=FLOATS),
        row("sort[stable]", real(12), call=lambda m, x: m.sort(x, stable=True), dtypes=("int8", "uint8", "int64", "bool")),
        row(
            "sort[stable, descending]",
            real(12),
            call=lambda m, x: m.sort(x, stable=True, descending=True, dim=0),
            dtypes=("int8", "uint8", "int64"),
        ),
        row("msort", apart(3, 5), dtypes=FLOATS),
        row("argsort", apart(3, 5), call=lambda m, x: m.argsort(x, dim=0), dtypes=FLOATS, **NO),
        row("argsort[0-d]", real(), call=lambda m, x: m.argsort(x), **NO),
    ]
    return rows


def _others() -> list[Row]:
    rows = _axes("any", real, **NO) + _axes("all", real, **NO) + _axes("logsumexp", real)[1:3] + _several("logsumexp", real)
    for p in (0.0, 1.0, 2.0, 3.5, float("inf"), float("-inf")):
        options = {"gradgrad": p not in (0.0,), "grad": p != 0.0}
        rows.append(row(f"norm[{p}]", apart(3, 4), call=lambda m, x, p=p: m.norm(x, p, 1), **options))
        rows.append(row(f"norm[{p}, all]", apart(3, 4), call=lambda m, x, p=p: m.norm(x, p), **options))
    return rows + [
        row("norm", apart(3, 4)),
        row("norm[zero]", real(3), call=lambda m, x: m.norm(x * 0), gradgrad=False, dtypes=ONE),
        row("norm[dims]", apart(2, 3, 4), call=lambda m, x: x.norm(dim=(0, 2), keepdim=True)),
        row("dist", real(3, 4), real(3, 4), dtypes=FLOATS),
        row(
            "dist[1]",
            apart(3, 4),
            apart(3, 4),
            call=lambda m, x, y: m.dist(x, y, 1),
            dtypes=FLOATS,
            complex_grad=False,
            gradgrad=False,
        ),
        row("cumsum", real(3, 4), call=lambda m, x: m.cumsum(x, 1)),
        row("cumsum[dtype]", real(3, 4), call=lambda m, x: x.cumsum(0, dtype=m.float64)),
        row("cumsum[0-d]", real(), call=lambda m, x: m.cumsum(x, 0)),
        row("cumprod", pos(3, 4), call=lambda m, x: m.cumprod(x, 1)),
        row("cumprod[0-d]", pos(), call=lambda m, x: m.cumprod(x, 0)),
        row(
            "cumprod[zero]",
            real(3, 4),
            call=lambda m, x: m.cumprod(m.where(m.eye(3, 4, dtype=m.bool, device=x.device), 0, x), 1),
            dtypes=ONE,
        ),
        row(
            "logsumexp[large]", real(3, 4, low=700, high=1000), call=lambda m, x: m.logsumexp(x, 0), dtypes=ONE, gradgrad=False
        ),
        row("logsumexp[-inf]", real(3, 4), call=lambda m, x: m.logsumexp(m.log(x * 0), 0), dtypes=ONE, **NO),
        row("count_nonzero", real(3, 4), **NO),
        row("count_nonzero[dim]", real(3, 4), call=lambda m, x: m.count_nonzero(x, 1), **NO),
        row("allclose", real(3, 4), call=lambda m, x: (m.allclose(x, x), m.allclose(x, x + 1)), dtypes=FLOATS, **NO),
        row("equal", real(3, 4), call=lambda m, x: (m.equal(x, x), m.equal(x, x[:2])), **NO),
        row("any[empty]", mask(0, 3), call=lambda m, x: (m.any(x), m.all(x), m.any(x, 0)), **NO),
    ]


ROWS = [*_sums(), *_extremes(), *_others()]
