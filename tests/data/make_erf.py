"""Print the fit of the error function in `backends/numpy/gelu.py`: erf(x) = x P(x^2) / Q(x^2) for 0 <= x <= 3.92.

Rational least squares, made linear by the last denominator (Sanathanan and Koerner, 1963), with weights that grow where the error
is large (Lawson, 1961), so that the largest relative error becomes the smallest possible.
"""

from __future__ import annotations

import math

import numpy as np

LIMIT, DEGREE, ROUNDS = 3.92, 5, 400


def main() -> None:
    x = np.cos((2 * np.arange(4000) + 1) / 8000 * np.pi) * LIMIT / 2 + LIMIT / 2
    values = np.array([math.erf(v) / v for v in x])
    z = (x / LIMIT) ** 2
    top, bottom = np.arange(DEGREE + 1), np.arange(1, DEGREE + 1)
    below, weights = np.ones_like(z), np.ones_like(z)
    for _ in range(ROUNDS):
        matrix = np.concatenate([z[:, None] ** top, -(values[:, None] * z[:, None] ** bottom)], axis=1)
        scale = np.sqrt(weights) / (values * below)
        solved = np.linalg.lstsq(matrix * scale[:, None], values * scale, rcond=None)[0]
        p, q = solved[: DEGREE + 1], np.r_[1, solved[DEGREE + 1 :]]
        below = np.polynomial.polynomial.polyval(z, q)
        error = np.abs(np.polynomial.polynomial.polyval(z, p) / below / values - 1)
        weights *= np.sqrt(error / error.max() + 1e-3)
        weights /= weights.sum()
    powers = LIMIT ** (2 * np.arange(DEGREE + 1))
    print("NUMERATOR", *(float(c) for c in p / powers))
    print("DENOMINATOR", *(float(c) for c in q / powers))
    print("largest relative error", error.max())


if __name__ == "__main__":
    main()
