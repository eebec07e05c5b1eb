"""Random words that depend only on (seed, position): Philox4x32-10 (Salmon et al., 2011), and the kernels that use it.

Nothing is kept on the device. Element i of a call takes the four words at position ``offset + i``; the generator then moves its
offset on. So the numbers do not depend on how many threads make them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["kernel"]

_PREAMBLE = """
struct Words { unsigned int x, y, z, w; };

__device__ Words philox(unsigned long long seed, unsigned long long position, unsigned int round) {
    unsigned int k0 = (unsigned int)seed, k1 = (unsigned int)(seed >> 32);
    Words c = {(unsigned int)position, (unsigned int)(position >> 32), round, 0u};
    for (int i = 0; i < 10; ++i) {
        unsigned int high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
        unsigned int high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
        c = {high1 ^ c.y ^ k0, low1, high0 ^ c.w ^ k1, low0};
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}
__device__ unsigned long long first64(Words c) { return ((unsigned long long)c.x << 32) | c.y; }
__device__ unsigned long long second64(Words c) { return ((unsigned long long)c.z << 32) | c.w; }
// [0, 1), with 53 bits and with 24
__device__ double unit(unsigned long long word) { return (double)(word >> 11) * 1.1102230246251565e-16; }
__device__ float unit24(unsigned int word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

__device__ double poisson_small(double rate, unsigned long long seed, unsigned long long position) {
    double end = exp(-rate), product = 1.0;
    for (unsigned int count = 0;; ++count) {
        product *= unit(first64(philox(seed, position, count)));
        if (product <= end) return count;
    }
}
// Transformed rejection with squeeze (Hoermann 1993, PTRS), for rates from 10 on.
__device__ double poisson_large(double rate, unsigned long long seed, unsigned long long position) {
    double log_rate = log(rate), b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), bound = 0.9277 - 3.6224 / (b - 2);
    for (unsigned int count = 0;; ++count) {
        Words c = philox(seed, position, count);
        double u = unit(first64(c)) - 0.5, v = unit(second64(c)), us = 0.5 - fabs(u);
        if (us == 0) continue;
        double k = floor((2 * a / us + b) * u + rate + 0.43);
        if (us >= 0.07 && v <= bound) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <= k * log_rate - rate - lgamma(k + 1)) return k;
    }
}
// Marsaglia and Tsang (2000), with the boost for concentrations below 1.
__device__ double gamma_number(double a, unsigned long long seed, unsigned long long position) {
    if (!(a > 0)) return a == 0 ? 0 : nan("");
    unsigned int count = 0;
    double scale = 1;
    if (a < 1) {
        scale = pow(1 - unit(first64(philox(seed, position, count++))), 1 / a);
        a += 1;
    }
    double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        Words w = philox(seed, position, count++);
        double x = sqrt(-2.0 * log1p(-unit(second64(w)))) * cospi(2.0 * unit(first64(w))), y = 1 + c * x;
        if (y <= 0) continue;
        double v = y * y * y, u = 1 - unit(first64(philox(seed, position, count++)));
        if (log(u) < 0.5 * x * x + d * (1 - v + log(v))) return scale * d * v;
    }
}
// Sums of geometric waiting times for few successes, else transformed rejection with squeeze (Hoermann 1993, BTRS).
__device__ double binomial_number(double n, double p, unsigned long long seed, unsigned long long position) {
    if (isnan(n) || isnan(p)) return nan("");
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    double q = p <= 0.5 ? p : 1 - p, found = -1;
    if (n * q < 10) {
        double trials = 0;
        for (unsigned int count = 0;; ++count, ++found) {
            trials += ceil(log1p(-unit(first64(philox(seed, position, count)))) / log1p(-q));
            if (trials > n) { ++found; break; }
        }
    } else {
        double spread = sqrt(n * q * (1 - q)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * q;
        double alpha = (2.83 + 5.1 / b) * spread, m = floor((n + 1) * q), log_odds = log(q / (1 - q));
        for (unsigned int count = 0;; ++count) {
            Words c = philox(seed, position, count);
            double u = unit(first64(c)) - 0.5, v = unit(second64(c)), us = 0.5 - fabs(u);
            if (us == 0) continue;
            double k = floor((2 * a / us + b) * u + n * q + 0.5);
            if (k < 0 || k > n) continue;
            double top = lgamma(m + 1) + lgamma(n - m + 1) - lgamma(k + 1) - lgamma(n - k + 1) + (k - m) * log_odds;
            if ((us >= 0.07 && v <= 0.92 - 4.2 / b) || log(v * alpha / (a / (us * us) + b)) <= top) { found = k; break; }
        }
    }
    return p <= 0.5 ? found : n - found;
}
"""

_WORDS = "Words c = philox(seed, offset + i, 0u);"
_NORMAL = "double z = sqrt(-2.0 * log1p(-unit(second64(c)))) * cospi(2.0 * unit(first64(c)));"

_KERNELS = {
    # name: (parameters after seed and offset, output, code)
    "uniform32": ("float32 low, float32 width", "float32 y", f"{_WORDS} y = low + width * unit24(c.x);"),
    "uniform64": ("float64 low, float64 width", "float64 y", f"{_WORDS} y = low + width * unit(first64(c));"),
    "normal32": (
        "float32 mean, float32 std", "float32 y",
        f"{_WORDS} y = mean + std * (sqrtf(-2.0f * logf(1.0f - unit24(c.y))) * cospif(2.0f * unit24(c.x)));",
    ),
    "normal64": ("float64 mean, float64 std", "float64 y", f"{_WORDS} {_NORMAL} y = mean + std * z;"),
    "exponential": ("float64 rate", "float64 y", f"{_WORDS} y = -log1p(-unit(first64(c))) / rate;"),
    "cauchy": (
        "float64 median, float64 sigma", "float64 y",
        f"{_WORDS} y = median + sigma * tan(3.141592653589793 * (unit(first64(c)) - 0.5));",
    ),
    "geometric": ("float64 log_q", "float64 y", f"{_WORDS} y = ceil(log1p(-unit(first64(c))) / log_q); y = y < 1 ? 1 : y;"),
    "bernoulli": ("float64 p", "bool y", f"{_WORDS} y = unit(first64(c)) < p;"),
    "integers": (
        "int64 low, uint64 count", "int64 y",
        f"{_WORDS} unsigned long long word = first64(c); y = low + (long long)(count ? word % count : word);",
    ),
    "gamma": ("float64 a", "float64 y", "y = gamma_number(a, seed, offset + i);"),
    "binomial": ("float64 n, float64 p", "float64 y", "y = binomial_number(n, p, seed, offset + i);"),
    "poisson": (
        "float64 rate", "float64 y",
        "y = rate == 0 ? 0 : rate < 10 ? poisson_small(rate, seed, offset + i) : poisson_large(rate, seed, offset + i);",
    ),
}


@cache
def kernel(cupy: Any, name: str) -> Any:
    """The kernel ``(seed, offset, *parameters, out)``."""
    parameters, output, code = _KERNELS[name]
    return cupy.ElementwiseKernel(
        f"uint64 seed, uint64 offset, {parameters}", output, code, f"tensorlite_{name}", preamble=_PREAMBLE, no_return=True
    )
