"""Gamma, Dirichlet and binomial numbers: rejection samplers, the numbers of which are those of PyTorch's CPU generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mt19937 import Stream
from .one_by_one import OneByOne, one_by_one

__all__ = ["binomial", "dirichlet", "standard_gamma"]

Array = NDArray[Any]
_THIRD = float(np.float32(1) / np.float32(3))  # PyTorch's constant is of single precision


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The smallest normal number of the dtype, and the last one below 1."""
    if dtype.name == "bfloat16":
        return 2.0**-126, 1 - 2.0**-8
    info = np.finfo(dtype)
    return float(info.tiny), 1 - float(info.epsneg)


def standard_gamma(stream: Stream, concentration: Array) -> Array:
    """One gamma number of rate 1 per concentration, as ``torch._standard_gamma``; never below the smallest normal number.

    >>> standard_gamma(Stream(0), np.array([0.5, 3.0], np.float32)).shape
    (2,)
    """
    wide = concentration.dtype == np.float64
    out = _gammas(stream, concentration if wide else concentration.astype(np.float32))
    return np.fmax(out, _limits(concentration.dtype)[0]).astype(concentration.dtype)


def dirichlet(stream: Stream, concentration: Array) -> Array:
    """Gamma numbers, divided by their sum over the last dimension, as ``torch._sample_dirichlet``.

    >>> bool(abs(dirichlet(Stream(0), np.ones((2, 3))).sum() - 2) < 1e-12)
    True
    """
    gammas = np.fmax(_gammas(stream, concentration.astype(np.float64)), _limits(np.dtype(np.float64))[0])
    shares = gammas / gammas.sum(-1, keepdims=True)
    return np.clip(shares, *_limits(concentration.dtype)).astype(concentration.dtype)


def _gammas(stream: Stream, concentration: Array) -> NDArray[np.float64]:
    """PyTorch rounds what it derives from a concentration to the dtype of the concentration."""
    kind, flat = concentration.dtype.type, concentration.reshape(-1)
    with np.errstate(divide="ignore"):
        boosts = np.where(flat < 1, kind(1) / flat, 0)
    shifted = np.where(flat < 1, flat + kind(1), flat) - kind(_THIRD)
    with one_by_one(stream) as numbers:
        rows = zip(flat.tolist(), boosts.tolist(), shifted.tolist(), strict=True)
        found = [_gamma(d, boost, numbers) if a > 0 else 0.0 for a, boost, d in rows]
    return np.array(found, np.float64).reshape(concentration.shape)


def _gamma(d: float, boost: float, numbers: OneByOne) -> float:
    """Marsaglia and Tsang (2000) for d + 1/3; a concentration below 1 was raised by 1, and has a boost."""
    draw = numbers.draw
    scale = (1 - draw()) ** boost if boost else 1.0
    c = 1 / math.sqrt(9 * d)
    while True:
        y = 0.0
        while y <= 0:
            x = numbers.normal()
            y = 1 + c * x
        v, u, square = y * y * y, 1 - draw(), x * x
        if u < 1 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def binomial(stream: Stream, count: Array, chance: Array) -> Array:
    """One binomial number per (count, chance), as ``torch.binomial``.

    >>> binomial(Stream(0), np.array([10.0, 5.0]), np.array([0.0, 1.0])).tolist()
    [0.0, 5.0]
    """
    with one_by_one(stream) as numbers:
        draw = numbers.draw
        pairs = zip(count.reshape(-1).tolist(), chance.reshape(-1).tolist(), strict=True)
        found = [_binomial(float(n), float(p), draw) for n, p in pairs]
    return np.array(found, np.float64).reshape(count.shape).astype(count.dtype)


def _binomial(n: float, p: float, draw: Callable[[], float]) -> float:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if n != n or p != p:
        return math.nan
    q = min(p, 1 - p)
    k = _rejected(n, q, draw) if n * q >= 10 else _waited(n, q, draw)
    return k if p <= 0.5 else n - k


def _waited(n: float, p: float, draw: Callable[[], float]) -> float:
    """How many geometric waiting times fit into n trials."""
    log_q, trials, successes = math.log1p(-p), 0.0, 0
    while True:
        u = draw()
        trials += math.ceil(math.log(u) / log_q) if u else math.inf
        if trials > n:
            return successes
        successes += 1


def _rejected(n: float, p: float, draw: Callable[[], float]) -> float:
    """Transformed rejection with squeeze (Hoermann 1993, algorithm BTRS)."""
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c, bound, odds = n * p + 0.5, 0.92 - 4.2 / b, p / (1 - p)
    alpha, m = (2.83 + 5.1 / b) * spread, math.floor((n + 1) * p)
    while True:
        u = draw() - 0.5
        v = draw()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = math.floor((2 * a / us + b) * u + c)
        if us >= 0.07 and v <= bound:
            return k
        if k < 0 or k > n:
            continue
        v = math.log(v * alpha / (a / (us * us) + b)) if v else -math.inf
        top = (m + 0.5) * math.log((m + 1) / (odds * (n - m + 1)))
        top += (n + 1) * math.log((n - m + 1) / (n - k + 1)) + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
        if v <= top + _tail(m) + _tail(n - m) - _tail(k) - _tail(n - k):
            return k


def _tail(k: float) -> float:
    """What Stirling's formula lacks: log(k!) - (log(2 pi) / 2 + (k + 1/2) log(k + 1) - (k + 1))."""
    if k < 10:
        return math.lgamma(k + 1) - (0.5 * math.log(2 * math.pi) + (k + 0.5) * math.log(k + 1) - (k + 1))
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
