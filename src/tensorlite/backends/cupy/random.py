"""The distributions on CUDA: the same methods as the CPU's generator. The same seed gives the same numbers, on every GPU; they are
other numbers than the CPU's, as in PyTorch."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy

from .philox import kernel

__all__ = ["CUDAGenerator"]

Array = Any
Shape = tuple[int, ...]
DEFAULT_SEED = 67280421310721
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


class CUDAGenerator:
    """A source of random arrays on one device. Its state is a seed and how far it has come: 16 bytes, as PyTorch's."""

    def __init__(self, cupy: Any, index: int) -> None:
        self.np = cupy
        self.index = index
        self.manual_seed(DEFAULT_SEED)

    # State

    def manual_seed(self, seed: int) -> None:
        """Start again from a seed."""
        self._seed, self._offset = seed & (2**64 - 1), 0

    def seed(self) -> int:
        """Start from a seed that the operating system gives; returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 11)
        return self._seed

    def initial_seed(self) -> int:
        """The seed that it was started from."""
        return self._seed

    def get_state(self) -> Any:
        """Seed and offset as bytes in host memory."""
        return numpy.array([self._seed, self._offset], "<u8").view(numpy.uint8)

    def set_state(self, state: Any) -> None:
        """Continue from what `get_state` returned.

        Raises:
            RuntimeError: it is not such a state.
        """
        raw = numpy.ascontiguousarray(state, dtype=numpy.uint8)
        if raw.size != 16:
            raise RuntimeError("RNG state is wrong size: a CUDA generator has 16 bytes")
        self._seed, self._offset = (int(n) for n in raw.view("<u8"))

    def clone(self) -> CUDAGenerator:
        """An independent generator in the same state."""
        other = CUDAGenerator(self.np, self.index)
        other.set_state(self.get_state())
        return other

    def _draw(self, name: str, shape: Shape, dtype: Any, *parameters: Any) -> Array:
        """Run a kernel over a new array; `dtype` is what the kernel writes."""
        with self.np.cuda.Device(self.index):
            out = self.np.empty(shape, dtype)
            if out.size:
                kernel(self.np, name)(numpy.uint64(self._seed), numpy.uint64(self._offset), *parameters, out)
                self._offset = (self._offset + out.size) & (2**64 - 1)
            return out

    def _parts(self, shape: Shape, dtype: Any) -> tuple[Shape, str]:
        """The shape of the real numbers of a result, and which precision they are made in."""
        raw = numpy.dtype(dtype)
        wide = raw.name in ("float64", "complex128")
        return ((*shape, 2) if raw.kind == "c" else shape), "float64" if wide else "float32"

    def _finished(self, values: Array, shape: Shape, dtype: Any) -> Array:
        raw = numpy.dtype(dtype)
        if raw.kind == "c":
            return values.view("complex64" if values.dtype.itemsize == 4 else "complex128").reshape(shape)
        return values.astype(raw, copy=False)

    # Continuous

    def uniform(self, shape: Shape, dtype: Any, low: float = 0.0, high: float = 1.0) -> Array:
        """Numbers of [low, high); complex ones have two such parts."""
        _check(low <= high, f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
        parts, wide = self._parts(shape, dtype)
        values = self._draw("uniform64" if wide == "float64" else "uniform32", parts, wide, low, high - low)
        out = self._finished(values, shape, dtype)
        if out.dtype.kind != "c":
            # Rounding may reach the end that is not part of the range.
            out = self.np.where(out == out.dtype.type(high), out.dtype.type(low), out) if low < high else out
        return out

    def normal(self, shape: Shape, dtype: Any, mean: float = 0.0, std: float = 1.0, *, dense: bool = True) -> Array:
        """Normal numbers."""
        _check(std >= 0, f"normal expects std >= 0.0, but found std {std:g}")
        if numpy.dtype(dtype).kind == "c":
            std /= math.sqrt(2)
        parts, wide = self._parts(shape, dtype)
        return self._finished(self._draw("normal64" if wide == "float64" else "normal32", parts, wide, mean, std), shape, dtype)

    def exponential(self, shape: Shape, dtype: Any, rate: float = 1.0) -> Array:
        """Waiting times of mean ``1 / rate``."""
        _check(rate > 0, f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        return self._draw("exponential", shape, "float64", rate).astype(dtype)

    def cauchy(self, shape: Shape, dtype: Any, median: float = 0.0, sigma: float = 1.0) -> Array:
        """Cauchy numbers."""
        _check(sigma > 0, f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        return self._draw("cauchy", shape, "float64", median, sigma).astype(dtype)

    def log_normal(self, shape: Shape, dtype: Any, mean: float = 1.0, std: float = 2.0) -> Array:
        """Exponentials of normal numbers."""
        _check(std > 0, f"log_normal_ expects std > 0.0, but found std={std:g}")
        return self.np.exp(self._draw("normal64", shape, "float64", mean, std)).astype(dtype)

    # Discrete

    def bernoulli(self, p: Any, shape: Shape, dtype: Any) -> Array:
        """Ones with probability `p` (a number, or an array) and zeros."""
        if not isinstance(p, self.np.ndarray):
            _check(0 <= p <= 1, f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
            return self._draw("bernoulli", shape, "bool", p).astype(dtype)
        chances = self.np.broadcast_to(p, shape).astype("float64")
        return self._draw("bernoulli", shape, "bool", chances).astype(dtype)

    def geometric(self, shape: Shape, dtype: Any, p: float) -> Array:
        """Numbers of trials up to the first success."""
        _check(0 < p < 1, f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        return self._draw("geometric", shape, "float64", math.log1p(-p)).astype(dtype)

    def randint(self, low: int, high: int | None, shape: Shape, dtype: Any = "int64") -> Array:
        """Integers of [low, high); `high` None: up to what the dtype holds."""
        if high is None:
            high = _largest(numpy.dtype(dtype)) + 1
        _check(low < high, f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        count = (high - low) % 2**64  # 0 stands for all of them
        return self._draw("integers", shape, "int64", numpy.int64(low), numpy.uint64(count)).astype(dtype)

    def random(self, shape: Shape, dtype: Any) -> Array:
        """Integers of all that the dtype can hold from 0 on."""
        return self.randint(0, None, shape, dtype)

    def randperm(self, n: int, dtype: Any = "int64") -> Array:
        """The numbers below `n` in random order."""
        _check(n >= 0, f"Trying to create tensor with negative dimension {n}: [{n}]")
        keys = self._draw("integers", (n,), "int64", numpy.int64(0), numpy.uint64(0))
        return self.np.argsort(keys).astype(dtype)

    def poisson(self, rates: Array) -> Array:
        """Numbers of events at these mean rates, in their dtype."""
        _check(not bool((rates < 0).any()), "invalid Poisson rate, expected rate to be non-negative")
        return self._draw("poisson", rates.shape, "float64", rates.astype("float64")).astype(rates.dtype)

    def standard_gamma(self, concentration: Array) -> Array:
        """Gamma numbers of rate 1, in the dtype of the concentrations; never below the smallest normal number."""
        return self.np.maximum(self._gammas(concentration), _tiny(concentration.dtype)).astype(concentration.dtype)

    def _gammas(self, concentration: Array) -> Array:
        return self._draw("gamma", concentration.shape, "float64", concentration.astype("float64"))

    def dirichlet(self, concentration: Array) -> Array:
        """Points of the simplex in the last dimension."""
        gammas = self.np.maximum(self._gammas(concentration), 2.0**-1022)
        shares = gammas / gammas.sum(-1, keepdims=True)
        digits = _DIGITS[concentration.dtype.name]
        return self.np.clip(shares, _tiny(concentration.dtype), 1 - 2.0**-digits).astype(concentration.dtype)

    def binomial(self, count: Array, chance: Array) -> Array:
        """Numbers of successes, in the dtype of the counts."""
        count64, chance64 = count.astype("float64"), chance.astype("float64")
        return self._draw("binomial", count.shape, "float64", count64, chance64).astype(count.dtype)

    def multinomial(self, weights: Array, n: int, replacement: bool = False) -> Array:
        """`n` indices into the last dimension of `weights`, drawn with these chances."""
        _check(n > 0, "cannot sample n_sample <= 0 samples")
        _check(weights.ndim in (1, 2), "prob_dist must be 1 or 2 dim")
        enough = replacement or n <= weights.shape[-1]
        _check(enough, "cannot sample n_sample > prob_dist.size(-1) samples without replacement")
        finite = bool((self.np.isfinite(weights) & (weights >= 0)).all())
        _check(finite, "probability tensor contains either `inf`, `nan` or element < 0")
        weights = weights.astype("float64")
        _check(bool((weights.sum(-1) > 0).all()), "invalid multinomial distribution (sum of probabilities <= 0)")
        if not replacement or n == 1:
            # The smallest of exponential waiting times with these rates is first with these chances.
            keys = weights / self.exponential(weights.shape, "float64")
            return self.np.argsort(-keys, axis=-1)[..., :n].astype("int64")
        reach = self.np.cumsum(weights, axis=-1)
        u = self.uniform((*weights.shape[:-1], n), "float64") * reach[..., -1:]
        found = (reach[..., None, :] <= u[..., :, None]).sum(-1)
        return self.np.minimum(found, weights.shape[-1] - 1).astype("int64")


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise RuntimeError(message)


def _tiny(dtype: Any) -> float:
    """The smallest normal number of a dtype."""
    return 2.0 ** {"float16": -14, "float64": -1022}.get(dtype.name, -126)


def _largest(dtype: Any) -> int:
    """The end of the integers that the dtype holds without a gap."""
    if dtype.name in _DIGITS:
        return 1 << _DIGITS[dtype.name]
    return 1 if dtype.kind == "b" else min(int(numpy.iinfo(dtype).max), 2**63 - 1)
