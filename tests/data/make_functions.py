"""Print the coefficients in `backends/numpy/fast/functions.py`: polynomials and quotients P(x) / Q(x) of the smallest error.

Least squares, made linear by the last denominator (Sanathanan and Koerner, 1963), with weights that grow where the error is large
(Lawson, 1961), so that the largest error becomes the smallest possible; in 50 digits, by mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp

POINTS, ROUNDS = 140, 40
Function = Callable[[Any], Any]


def fit(f: Function, weight: Function, low: float, high: float, top: int, bottom: int) -> tuple[Any, list[Any], list[Any]]:
    """The largest weighted error, and the coefficients of P and Q, of degrees `top` and `bottom`."""
    centre, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
    xs = [centre + half * mp.cos((2 * i + 1) * mp.pi / (2 * POINTS)) for i in range(POINTS)]
    values, weights = [f(x) for x in xs], [weight(x) for x in xs]
    shares, below = [mp.mpf(1)] * POINTS, [mp.mpf(1)] * POINTS
    best: Any = None
    for _ in range(ROUNDS):
        scales = [mp.sqrt(s) * w / q for s, w, q in zip(shares, weights, below, strict=True)]
        rows = [
            [s * x**k for k in range(top + 1)] + [-s * v * x**k for k in range(1, bottom + 1)]
            for s, x, v in zip(scales, xs, values, strict=True)
        ]
        matrix, right = mp.matrix(rows), mp.matrix([s * v for s, v in zip(scales, values, strict=True)])
        solved = list(mp.lu_solve(matrix.T * matrix, matrix.T * right))
        p, q = solved[: top + 1], [mp.mpf(1), *solved[top + 1 :]]
        below = [mp.polyval(q[::-1], x) for x in xs]
        errors = [
            abs(w * (mp.polyval(p[::-1], x) / b - v)) for w, x, b, v in zip(weights, xs, below, values, strict=True)
        ]
        if best is None or max(errors) < best[0]:
            best = max(errors), p, q
        shares = [s * (e / max(errors) + mp.mpf("1e-3")) for s, e in zip(shares, errors, strict=True)]
        shares = [s / sum(shares) for s in shares]
    return best


def near(z: Any) -> Any:
    """erf(x) / x, for z = x^2."""
    return mp.erf(mp.sqrt(z)) / mp.sqrt(z)


def scaled(x: Any) -> Any:
    """(1 - erf(x)) exp(x^2)."""
    return mp.exp(x * x) * mp.erfc(x)


def main() -> None:
    mp.mp.dps = 50
    end = mp.log(2) / 2 * mp.mpf("1.01")

    def rest(r: Any) -> Any:
        return (mp.exp(r) - 1 - r) / r**2

    def by_exp(r: Any) -> Any:
        return r * r / mp.exp(r)

    fits = {
        "EXP32": (rest, by_exp, -end, end, 4, 0),
        "EXP": (rest, by_exp, -end, end, 9, 0),
        "ERF_NEAR32": (lambda z: near(z) - 1, lambda z: 1 / near(z), 1e-9, 0.9, 6, 0),
        "ERF_FAR32, plus 1": (lambda x: -mp.log(mp.erfc(x)) / x, lambda x: x * mp.erfc(x) / mp.erf(x), 0.92, 3.95, 6, 0),
        "TOP_NEAR and BOTTOM_NEAR": (near, lambda z: 1 / near(z), 1e-9, 1, 5, 5),
        "TOP_FAR and BOTTOM_FAR": (scaled, lambda x: mp.erfc(x) / scaled(x), 1, 6, 5, 6),
    }
    for name, given in fits.items():
        error, p, q = fit(*given)
        print(name, "largest error", mp.nstr(error, 3))
        print("  P", *(mp.nstr(c, 18) for c in p))
        if len(q) > 1:
            print("  Q", *(mp.nstr(c, 18) for c in q))


if __name__ == "__main__":
    main()
