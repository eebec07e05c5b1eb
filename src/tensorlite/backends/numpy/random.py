"""The distributions of PyTorch's CPU generator: one seed, the same numbers, in every dtype, size and order of calls.

All are equal to the last bit, but for float64 numbers that went through a logarithm or a trigonometric function: NumPy
and PyTorch may round these differently, by an ulp or two.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .box_muller import box_muller, fma
from .gamma import binomial, dirichlet, standard_gamma
from .mt19937 import DEFAULT_SEED, Stream
from .poisson import poisson
from .workers import in_parallel

__all__ = ["CPUGenerator"]

Array = NDArray[Any]
Shape = tuple[int, ...]
BLOCK = 1 << 15  # numbers made at a time, so that what is between them and the result stays in the cache

# Mantissa bits including the hidden one: integers up to 2**bits are exact.
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long",
    "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long", "float16": "c10::Half",
    "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
}  # fmt: skip


class CPUGenerator(Stream):
    """A source of random arrays that equals `torch.Generator("cpu")`.

    The samplers take raw dtypes and return raw arrays, in the order of their memory.

    >>> g = CPUGenerator(0)
    >>> g.randperm(5, np.int64).tolist()
    [4, 0, 1, 3, 2]
    """

    __slots__ = ()

    def clone(self) -> CPUGenerator:
        """An independent generator in the same state.

        >>> g = CPUGenerator(0)
        >>> bool((g.clone().raw32(3) == g.raw32(3)).all())
        True
        """
        other = CPUGenerator(DEFAULT_SEED)
        other.set_state(self.get_state())
        return other

    # --- continuous ---------------------------------------------------------------------------------------------

    def uniform(self, shape: Shape, dtype: DTypeLike, low: float = 0.0, high: float = 1.0) -> Array:
        """Numbers of [low, high), as ``rand`` and ``uniform_``; complex ones have two such parts.

        >>> CPUGenerator(0).uniform((2,), np.float32).tolist()
        [0.49625658988952637, 0.7682217955589294]
        """
        _check(low <= high, f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
        out, flat = _empty(shape, dtype)
        if self.filled("uniform", flat, low, high):
            return out
        wide = flat.dtype == np.float64
        kind = np.float64 if wide else np.float32
        start, stop = kind(low), kind(high)
        for part, n in _blocks(flat.size):
            u = self.unit64(n) if wide else self.unit32(n)
            flat[part] = u if (low, high) == (0.0, 1.0) else fma(u, stop - start, start)
        if flat.dtype.name in ("float16", "bfloat16") or (low, high) != (0.0, 1.0):
            # Rounding may reach the end that is not part of the range.
            np.copyto(flat, start.astype(flat.dtype), where=flat == stop.astype(flat.dtype))
        return out

    def normal(
        self, shape: Shape, dtype: DTypeLike, mean: float = 0.0, std: float = 1.0, *, dense: bool = True
    ) -> Array:
        """Normal numbers, as ``randn`` and ``normal_``.

        Args:
            dense: whether the tensor that they are for is contiguous; PyTorch makes other numbers for one that is not.

        >>> CPUGenerator(0).normal((2,), np.float32).tolist()
        [1.5409960746765137, -0.293428897857666]
        """
        _check(std >= 0, f"normal expects std >= 0.0, but found std {std:g}")
        out, flat = _empty(shape, dtype)
        if out.dtype.kind == "c":
            std /= math.sqrt(2)
        if flat.size < 16 or not dense:
            for part, n in _blocks(flat.size):
                flat[part] = _narrow(_scaled(self._normals(n), mean, std), flat.dtype)
            return out
        halves = flat.dtype.itemsize == 2
        numbers = np.empty(flat.size, np.float32) if halves else flat
        if not self.filled("normal", numbers, mean, std, halves):
            self._box_muller(numbers, mean, std, halves)
        if halves:
            flat[:] = numbers
        return out

    def _box_muller(self, out: Array, mean: float, std: float, skips: bool) -> None:
        """16 or more normal numbers, in wholes of 16; where the end is none, the last 16 are made anew.

        Args:
            skips: draw nothing for numbers that nobody sees, as PyTorch does for dtypes of two bytes.
        """
        draw = self.unit64 if out.dtype == np.float64 else self.unit32
        rest = out.size % 16
        whole = out.size - rest
        numbers = np.empty(whole + 16, out.dtype) if rest else out
        for part, n in _blocks(whole):
            numbers[part] = draw(n)
        if rest:
            if not skips:
                draw(rest)
            numbers[whole:] = draw(16)

        def make(part: slice) -> None:
            numbers[part] = box_muller(numbers[part], mean, std)

        parts = [part for part, _ in _blocks(numbers.size)]
        if out.dtype == np.float64:
            in_parallel(make, parts)
        else:  # by many short calls of NumPy, which would wait for Python's lock
            for part in parts:
                make(part)
        if rest:
            out[:whole], out[-16:] = numbers[:whole], numbers[whole:]

    def _normals(self, n: int) -> NDArray[np.float64]:
        """The next `n` of PyTorch's one-by-one normals: they come in pairs, and the second waits for the next call."""
        waiting = self._next_normal
        missing = n - (waiting is not None)
        if missing <= 0:
            if n == 1:
                self._next_normal = None
            return np.full(n, waiting, np.float64)
        u = self.unit64(missing + missing % 2).reshape(-1, 2)
        pairs = np.empty_like(u)
        if len(u) <= 8:  # fewer than numpy's calls pay for
            for i, (turn, rest) in enumerate(u.tolist()):
                length, angle = math.sqrt(-2.0 * math.log1p(-rest)), 2.0 * math.pi * turn
                pairs[i] = length * math.cos(angle), length * math.sin(angle)
        else:
            radius, angles = np.sqrt(-2.0 * np.log1p(-u[:, 1])), 2.0 * math.pi * u[:, 0]
            pairs[:, 0], pairs[:, 1] = radius * np.cos(angles), radius * np.sin(angles)
        self._next_normal = float(pairs[-1, 1]) if missing % 2 else None
        found = pairs.reshape(-1)[:missing]
        return found if waiting is None else np.concatenate(([waiting], found))

    def exponential(self, shape: Shape, dtype: DTypeLike, rate: float = 1.0) -> Array:
        """Waiting times of mean ``1 / rate``, as ``exponential_``.

        >>> CPUGenerator(0).exponential((2,), np.float32).tolist()
        [3.508326292037964, 1.2303847074508667]
        """
        _check(rate > 0, f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        out, flat = _empty(shape, dtype)
        for part, n in _blocks(flat.size):
            flat[part] = _narrow(-1.0 / rate * np.log1p(-self.unit64(n)), flat.dtype)
        return out

    def cauchy(self, shape: Shape, dtype: DTypeLike, median: float = 0.0, sigma: float = 1.0) -> Array:
        """Cauchy numbers, as ``cauchy_``.

        >>> CPUGenerator(0).cauchy((1,), np.float32).tolist()
        [10.597729682922363]
        """
        _check(sigma > 0, f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        out, flat = _empty(shape, dtype)
        for part, n in _blocks(flat.size):
            flat[part] = _narrow(_scaled(np.tan(math.pi * (self.unit64(n) - 0.5)), median, sigma), flat.dtype)
        return out

    def log_normal(self, shape: Shape, dtype: DTypeLike, mean: float = 1.0, std: float = 2.0) -> Array:
        """Exponentials of normal numbers, as ``log_normal_``.

        >>> CPUGenerator(0).log_normal((1,), np.float32).tolist()
        [59.2634162902832]
        """
        _check(std > 0, f"log_normal_ expects std > 0.0, but found std={std:g}")
        out, flat = _empty(shape, dtype)
        for part, n in _blocks(flat.size):
            flat[part] = _narrow(np.exp(_scaled(self._normals(n), mean, std)), flat.dtype)
        return out

    # --- discrete -----------------------------------------------------------------------------------------------

    def bernoulli(self, p: float | Array, shape: Shape, dtype: DTypeLike) -> Array:
        """Ones with probability `p` and zeros; `p` is a number (``bernoulli_(0.5)``, dropout) or an array.

        >>> CPUGenerator(0).bernoulli(0.5, (4,), np.int64).tolist()
        [0, 0, 1, 0]
        """
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        if not isinstance(p, np.ndarray):
            _check(0 <= p <= 1, f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
            bound = np.uint64(math.ceil(p * 2.0**53))  # k / 2**53 < p, in integers
            if self.filled("bernoulli", flat, bound):
                return out
            for part, n in _blocks(flat.size):
                flat[part] = self.raw53(n) < bound
            return out
        _check(bool(((p >= 0) & (p <= 1)).all()), "Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
        wide = p.dtype == np.float64
        chances = np.broadcast_to(p, shape).reshape(-1)
        for part, n in _blocks(flat.size):
            flat[part] = (self.unit64(n) if wide else self.unit32(n)) < chances[part].astype("f8" if wide else "f4")
        return out

    def geometric(self, shape: Shape, dtype: DTypeLike, p: float) -> Array:
        """Numbers of trials up to the first success, as ``geometric_``.

        >>> CPUGenerator(0).geometric((4,), np.int64, 0.3).tolist()
        [1, 1, 3, 1]
        """
        _check(0 < p < 1, f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        for part, n in _blocks(flat.size):
            with np.errstate(divide="ignore"):
                flat[part] = _narrow(np.ceil(np.log(self.unit64(n)) / math.log1p(-p)), flat.dtype)
        return out

    def randint(self, low: int, high: int | None, shape: Shape, dtype: DTypeLike = np.int64) -> Array:
        """Integers of [low, high), as ``randint`` and ``random_(low, high)``; `high` None: up to what the dtype holds.

        >>> CPUGenerator(0).randint(0, 10, (5,)).tolist()
        [4, 9, 3, 0, 3]
        """
        out = np.empty(shape, dtype)
        name, least, limit = _limits(out.dtype)
        if high is None:
            high = limit + 1
        _check(low < high, f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        _check(low >= least, f"from is out of bounds for {name}")
        _check(high - 1 <= limit or name in ("float", "double"), f"to - 1 is out of bounds for {name}")
        self._integers(out.reshape(-1), low, high - low, wide=high - low >= 2**28)
        return out

    def random(self, shape: Shape, dtype: DTypeLike) -> Array:
        """Integers of all that the dtype can hold from 0 on, as ``random_()``.

        >>> CPUGenerator(0).random((2,), np.uint8).tolist()
        [172, 47]
        """
        out = np.empty(shape, dtype)
        name, _, limit = _limits(out.dtype)
        self._integers(out.reshape(-1), 0, limit + 1, wide=name in ("long", "unsigned long", "double"))
        return out

    def _integers(self, flat: Array, low: int, count: int, *, wide: bool) -> None:
        """Fill with raw words modulo `count`, plus `low`."""
        if not wide and self.filled("integers", flat, low, count):
            return
        for part, n in _blocks(flat.size):
            if wide:
                words = self.raw64(n)
                values = (words if count == 2**64 else _modulo(words, np.uint64(count))).view(np.int64)
            else:
                values = _modulo(self.raw32(n), np.uint32(count)).view(np.int32)
            if low:
                values = values.astype(np.int64, copy=False)
                values += np.int64(low)
            flat[part] = values

    def randperm(self, n: int, dtype: DTypeLike = np.int64) -> Array:
        """The numbers below `n` in random order, as ``randperm`` (up to 214,748,364 of them, PyTorch's own order).

        >>> CPUGenerator(0).randperm(4).tolist()
        [0, 1, 3, 2]
        """
        _check(n >= 0, f"Trying to create tensor with negative dimension {n}: [{n}]")
        if n < 2:
            return np.arange(n, dtype=dtype)
        out = np.empty(n, np.int64)
        if self.filled("permutation", out):
            return out.astype(dtype, copy=False)
        left = np.arange(n, 1, -1)
        targets = np.arange(n, dtype=np.int64)
        targets[:-1] += (self.raw32(n - 1) % left.astype(np.uint32)).astype(np.int64)
        return _swapped(targets).astype(dtype, copy=False)

    def poisson(self, rates: Array) -> Array:
        """Numbers of events at these mean rates, in their dtype, as ``poisson``.

        >>> CPUGenerator(0).poisson(np.array([3.0, 20.0])).tolist()
        [6.0, 18.0]
        """
        return poisson(self, rates)

    def standard_gamma(self, concentration: Array) -> Array:
        """Gamma numbers of rate 1, in the dtype of the concentrations.

        >>> CPUGenerator(0).standard_gamma(np.ones(2)).shape
        (2,)
        """
        return standard_gamma(self, concentration)

    def dirichlet(self, concentration: Array) -> Array:
        """Points of the simplex in the last dimension.

        >>> CPUGenerator(0).dirichlet(np.ones((2, 3))).shape
        (2, 3)
        """
        return dirichlet(self, concentration)

    def binomial(self, count: Array, chance: Array) -> Array:
        """Numbers of successes, in the dtype of the counts.

        >>> CPUGenerator(0).binomial(np.array([7.0]), np.array([1.0])).tolist()
        [7.0]
        """
        return binomial(self, count, chance)

    def multinomial(self, weights: Array, n: int, replacement: bool = False) -> NDArray[np.int64]:
        """`n` indices into the last dimension of `weights`, drawn with these chances, as ``multinomial``.

        >>> CPUGenerator(0).multinomial(np.array([0.1, 0.2, 0.7], np.float32), 2).tolist()
        [2, 1]
        """
        _check(n > 0, "cannot sample n_sample <= 0 samples")
        _check(weights.ndim in (1, 2), "prob_dist must be 1 or 2 dim")
        _check(
            replacement or n <= weights.shape[-1],
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
        )
        _check_weights(weights, one_by_one=replacement and n > 1)
        _check(bool((weights.sum(-1) > 0).all()), "invalid multinomial distribution (sum of probabilities <= 0)")
        if not replacement or n == 1:
            # The smallest of exponential waiting times with these rates is first with these chances.
            with np.errstate(divide="ignore", invalid="ignore"):
                keys = weights / self.exponential(weights.shape, weights.dtype)
            return np.argsort(-keys, axis=-1, kind="stable")[..., :n]
        return self._with_replacement(weights.reshape(-1, weights.shape[-1]), n).reshape(*weights.shape[:-1], n)

    def _with_replacement(self, weights: Array, n: int) -> NDArray[np.int64]:
        reach: Array = np.cumsum(weights, axis=-1, dtype=np.float64 if weights.dtype == np.float64 else np.float32)
        reach = reach / reach[:, -1:]
        u = self.unit64(len(weights) * n).reshape(len(weights), n)
        found = [np.searchsorted(row, x) for row, x in zip(reach.astype(np.float64), u, strict=True)]
        return np.stack(found).clip(max=weights.shape[-1] - 1)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise RuntimeError(message)


def _check_weights(weights: Array, *, one_by_one: bool) -> None:
    """PyTorch's words for bad weights depend on the way that it samples."""
    finite, positive = bool(np.isfinite(weights).all()), not bool((weights < 0).any())
    if one_by_one:
        start = "invalid multinomial distribution (encountering probability entry"
        _check(positive, f"{start} < 0)")
        _check(finite, f"{start} = infinity or NaN)")
    _check(finite and positive, "probability tensor contains either `inf`, `nan` or element < 0")


def _empty(shape: Shape, dtype: DTypeLike) -> tuple[Array, Array]:
    """An array, and its memory as one dimension of real numbers."""
    out = np.empty(shape, dtype)
    flat = out.reshape(-1)
    return out, flat.view(flat.real.dtype) if out.dtype.kind == "c" else flat


def _blocks(n: int) -> Iterator[tuple[slice, int]]:
    """Slices that cover `n` elements, with their lengths."""
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        yield slice(start, start + size), size


def _scaled(z: NDArray[np.float64], mean: float, std: float) -> NDArray[np.float64]:
    """``z * std + mean``, rounded once."""
    return z if (mean, std) == (0.0, 1.0) else np.asarray(fma(z, float(std), float(mean)))


def _narrow(values: NDArray[np.float64], dtype: np.dtype[Any]) -> Array:
    """float64 to two-byte dtypes goes by way of float32, as in PyTorch."""
    return values.astype(np.float32) if dtype.itemsize == 2 and dtype.kind not in "iu" else values


def _modulo(words: Array, count: Any) -> Array:
    """``words % count``; NumPy's division by one number is several times faster than its remainder."""
    quotient = words // count
    quotient *= count
    words -= quotient
    return words


@functools.cache
def _limits(dtype: np.dtype[Any]) -> tuple[str, float, int]:
    """PyTorch's name of the dtype, its smallest number, and the end of the integers that it holds without a gap."""
    name = _C_NAMES[dtype.name]
    if dtype.name in _DIGITS:
        return name, -math.inf, 1 << _DIGITS[dtype.name]
    return (name, 0, 1) if dtype.kind == "b" else (name, int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


def _swapped(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, ... after swapping place i with place ``targets[i] >= i``, for i = 0, 1, 2, ... in this order.

    Step i takes what place t = targets[i] holds, and puts there what place i held. So place t holds what place k held
    at step k, where k is the last step before i with the same target, or t itself if there is none. What place k holds
    at step k follows in the same way from the last step before k whose target is k. These links are followed all at
    once, by doubling.
    """
    n = len(targets)
    steps = np.arange(n)
    bits = n.bit_length()
    pairs = (targets << bits) + steps  # sorted, these are the steps grouped by target
    pairs.sort()
    order, ordered = pairs & ((1 << bits) - 1), pairs >> bits
    same = ordered[1:] == ordered[:-1]
    previous = np.full(n, -1)  # the last earlier step with the same target
    previous[order[1:][same]] = order[:-1][same]
    ends = np.append(np.flatnonzero(~same), n - 1)
    last = np.full(n, -1)  # the last step with this target
    last[ordered[ends]] = order[ends]
    held = np.where(last == steps, previous, last)  # a step that swaps a place with itself changes nothing
    held = np.where(held < 0, steps, held)
    while True:
        further = held[held]
        if np.array_equal(further, held):
            return np.where(previous < 0, targets, held[previous])
        held = further
