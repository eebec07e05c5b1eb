"""Running extremes, differences, integrals, quantiles, modes and histograms."""

from __future__ import annotations

from rows import FLOATS, Row, apart, index, mask, pos, real, row

NO = {"grad": False, "gradgrad": False}
WIDE = ("float32", "float64")
NUMBERS = (*FLOATS, "int64", "int32", "uint8")


def _scans() -> list[Row]:
    rows = []
    for name in ("cummax", "cummin"):
        rows += [
            row(f"{name}", apart(3, 5), call=lambda m, x, n=name: getattr(m, n)(x, 1), dtypes=NUMBERS),
            row(f"{name}[ties]", real(3, 5), call=lambda m, x, n=name: getattr(m, n)(m.floor(x), 0), dtypes=FLOATS, **NO),
            row(f"{name}[0-d]", real(), call=lambda m, x, n=name: getattr(m, n)(x, 0), dtypes=NUMBERS),
            row(f"{name}[empty]", real(0, 2), call=lambda m, x, n=name: getattr(m, n)(x, 0), dtypes=NUMBERS, **NO),
        ]
    return rows + [
        row("logcumsumexp[complex]", real(3, 5), call=lambda m, x: m.logcumsumexp(x, 1), dtypes=("complex64", "complex128")),
        row("logcumsumexp[first]", real(5, 2), call=lambda m, x: m.logcumsumexp(x * 50, 0), dtypes=WIDE),
        row("diff", real(3, 5)),
        row("diff[n, dim]", real(4, 5), call=lambda m, x: m.diff(x, 2, 0)),
        row("diff[prepend, append]", real(3, 4), real(3, 1), real(3, 2), call=lambda m, x, a, b: m.diff(x, prepend=a, append=b)),
        row("diff[too often]", real(3), call=lambda m, x: m.diff(x, 5), **NO),
        row("gradient", real(4, 5), dtypes=("float32", "float64", "complex128")),
        row("gradient[dim, edge_order]", real(4, 5), call=lambda m, x: m.gradient(x, dim=1, edge_order=2), dtypes=WIDE),
        row("gradient[spacing]", real(4, 5), call=lambda m, x: m.gradient(x, spacing=[0.5, 2.0]), dtypes=WIDE),
        row(
            "gradient[coordinates]",
            real(4, 5),
            apart(5),
            call=lambda m, x, t: m.gradient(x, spacing=(t.sort().values,), dim=1, edge_order=2),
            dtypes=("float64",),
        ),
        row("trapezoid", real(3, 5), dtypes=("float32", "float64", "complex128")),
        row("trapezoid[x]", real(3, 5), real(5), call=lambda m, y, x: m.trapezoid(y, x), dtypes=WIDE),
        row("trapz", real(3, 5), call=lambda m, y: m.trapz(y, dx=0.5, dim=0), dtypes=WIDE),
        row("cumulative_trapezoid", real(3, 5), dtypes=WIDE),
        row("cumulative_trapezoid[x]", real(3, 5), real(3, 5), dtypes=WIDE),
        row("nanmean", real(3, 4), dtypes=FLOATS),
        row("nanmean[nan]", apart(3, 4), call=lambda m, x: m.nanmean(m.log(m.abs(x) - 0.5) + 0 * x, 1), dtypes=WIDE, gradgrad=False),
    ]


def _order() -> list[Row]:
    def nans(m: object, x: object) -> object:
        return m.where(x > 1, float("nan"), x)  # type: ignore[attr-defined, operator]

    rows = []
    for name in ("quantile", "nanquantile"):
        for way in ("linear", "lower", "higher", "midpoint", "nearest"):
            rows.append(
                row(
                    f"{name}[{way}]",
                    apart(3, 6),
                    call=lambda m, x, n=name, w=way: getattr(m, n)(x, 0.3, 1, interpolation=w),
                    dtypes=WIDE,
                )
            )
        rows += [
            row(f"{name}[several]", apart(3, 5), pos(4, low=0.05, high=0.95), call=lambda m, x, q, n=name: getattr(m, n)(x, q, dim=0),
                dtypes=WIDE),
            row(f"{name}[keepdim]", apart(3, 5), call=lambda m, x, n=name: getattr(m, n)(x, 0.5, keepdim=True), dtypes=WIDE),
            row(f"{name}[nan]", apart(3, 5), call=lambda m, x, n=name: getattr(m, n)(nans(m, x), 0.4, 1), dtypes=WIDE, **NO),
        ]
    return rows + [
        row("quantile", apart(7), call=lambda m, x: m.quantile(x, 0.25), dtypes=WIDE),
        row("nanquantile", apart(7), call=lambda m, x: m.nanquantile(x, 0.25), dtypes=WIDE),
        row("nanmedian", apart(7), dtypes=NUMBERS),
        row("nanmedian[nan]", apart(3, 6), call=lambda m, x: m.nanmedian(nans(m, x), 1), dtypes=WIDE),
        row("mode", index(3, 4, 9), call=lambda m, x: m.mode(x).values, **NO),
        row("mode[dim]", apart(3, 5), call=lambda m, x: m.mode(m.floor(x / 2) + x * 0, 0, keepdim=True)[0], dtypes=WIDE, gradgrad=False),
        row("histc", real(20), call=lambda m, x: m.histc(x, 5, -1, 1), dtypes=WIDE, **NO),
        row("histc[range of the data]", real(20), call=lambda m, x: m.histc(x, 5), dtypes=WIDE, **NO),
        row("histogram", real(20), call=lambda m, x: m.histogram(x, 5, range=(-1.0, 1.0)), dtypes=WIDE, **NO),
        row(
            "histogram[edges, weight, density]",
            real(20),
            apart(5),
            pos(20),
            call=lambda m, x, e, w: m.histogram(x, e.sort().values, weight=w, density=True),
            dtypes=WIDE,
            **NO,
        ),
        row("histogramdd", real(20, 2), call=lambda m, x: m.histogramdd(x, [3, 4]), dtypes=WIDE, **NO),
    ]


def _sets() -> list[Row]:
    return [
        row("unique_consecutive", index(3, 12), **NO),
        row(
            "unique_consecutive[all]",
            mask(3, 6),
            call=lambda m, x: m.unique_consecutive(x, return_inverse=True, return_counts=True),
            **NO,
        ),
        row(
            "unique_consecutive[dim]",
            mask(6, 1),
            call=lambda m, x: m.unique_consecutive(x, return_inverse=True, return_counts=True, dim=0),
            **NO,
        ),
        row("isin", index(9, 4, 5), index(9, 3), **NO),
        row("isin[invert]", index(9, 4, 5), index(9, 3), call=lambda m, x, y: m.isin(x, y, invert=True), **NO),
        row("isin[number]", index(9, 4, 5), call=lambda m, x: m.isin(x, 3), **NO),
        row("combinations", real(5)),
        row("combinations[with replacement]", real(4), call=lambda m, x: m.combinations(x, 3, with_replacement=True)),
        row("cartesian_prod", real(3), real(2)),
        row("cartesian_prod[one]", real(3)),
    ]


ROWS = [*_scans(), *_order(), *_sets()]
