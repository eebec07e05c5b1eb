"""The strict device: NumPy behind a wall, so that a machine without a GPU finds what CuPy would refuse.

Its arrays never turn into NumPy arrays or NumPy scalars on their own, and accept neither. What runs on this device without an
error and equals the CPU knows nothing of NumPy. Copies in and out are explicit: ``from_numpy`` and ``to_numpy``.

    strict_backend.register()
    x = tl.ones(3, device="strict")
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from tensorlite.backends import Backend, register_backend
from tensorlite.backends.arrays.pointwise import UFUNCS
from tensorlite.backends.base import _bodies
from tensorlite.backends.numpy import NumpyBackend
from tensorlite.devices import device

__all__ = ["StrictArray", "StrictBackend", "StrictGenerator", "register"]

_NUMBERS = (bool, int, float, complex)


def _refuse(what: Any, where: str) -> NoReturn:
    raise TypeError(f"{where}: a {type(what).__name__} does not belong on the strict device; convert it with from_numpy")


def hide(value: Any) -> Any:
    """NumPy arrays and scalars, also inside tuples and lists, as strict arrays; everything else as it is."""
    if isinstance(value, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(value))
    if type(value) in (tuple, list):
        return type(value)(hide(v) for v in value)
    return value


def reveal(value: Any, where: str) -> Any:
    """The NumPy arrays behind strict arrays, also inside tuples, lists and dicts; NumPy's own are refused."""
    if type(value) is StrictArray:
        return value._hidden
    if isinstance(value, (np.ndarray, np.generic)):
        _refuse(value, where)
    if type(value) in (tuple, list):
        return type(value)(reveal(v, where) for v in value)
    if type(value) is dict:
        return {k: reveal(v, where) for k, v in value.items()}
    return value


class StrictArray:
    """What a raw array of another device offers: shape, dtype, operators, indexing, and explicit conversion to Python."""

    __slots__ = ("_hidden",)
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        if type(array) is not np.ndarray:
            raise TypeError(f"expected an array, not {type(array).__name__}")
        self._hidden = array

    def __array__(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("implicit conversion to a NumPy array is not allowed; use to_numpy")

    @property
    def shape(self) -> tuple[int, ...]:
        return self._hidden.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._hidden.dtype

    @property
    def ndim(self) -> int:
        return self._hidden.ndim

    @property
    def size(self) -> int:
        return self._hidden.size

    @property
    def itemsize(self) -> int:
        return self._hidden.itemsize

    @property
    def nbytes(self) -> int:
        return self._hidden.nbytes

    @property
    def T(self) -> StrictArray:
        return StrictArray(self._hidden.T)

    def item(self) -> Any:
        return self._hidden.item()

    def tolist(self) -> Any:
        return self._hidden.tolist()

    def __bool__(self) -> bool:
        return bool(self._hidden)

    def __int__(self) -> int:
        return int(self._hidden)

    def __float__(self) -> float:
        return float(self._hidden)

    def __complex__(self) -> complex:
        return complex(self._hidden)

    def __index__(self) -> int:
        return operator.index(self._hidden)

    def __len__(self) -> int:
        return len(self._hidden)

    def __iter__(self) -> Iterator[StrictArray]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> StrictArray:
        return StrictArray(np.asarray(self._hidden[_key(key)]))

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, np.generic) or type(value) is not StrictArray and not isinstance(value, _NUMBERS):
            _refuse(value, "x[key] = value")
        self._hidden[_key(key)] = reveal(value, "x[key] = value")

    def __repr__(self) -> str:
        return f"StrictArray({self._hidden.tolist()}, dtype={self.dtype})"


def _key(key: Any) -> tuple[Any, ...]:
    """The key of the hidden array. The ellipsis at the end makes ``x[0]`` a 0-d view, as it is on a GPU."""
    parts = key if isinstance(key, tuple) else (key,)
    for k in parts:
        allowed = k is None or k is Ellipsis or type(k) in (int, slice, StrictArray)
        if not allowed:
            raise IndexError(f"a strict array is indexed by ints, slices, None, Ellipsis and strict arrays, not {type(k).__name__}")
    raw = tuple(k._hidden if type(k) is StrictArray else k for k in parts)
    return raw if any(k is Ellipsis for k in parts) else (*raw, Ellipsis)


def _operand(value: Any) -> Any:
    if type(value) is StrictArray:
        return value._hidden
    # A NumPy float64 is a Python float too, and would pass silently on the CPU only.
    return value if isinstance(value, _NUMBERS) and not isinstance(value, np.generic) else NotImplemented


def _define_operators() -> None:
    def binary(name: str, function: Callable[..., Any], swapped: bool) -> Callable[..., Any]:
        def method(self: StrictArray, other: Any) -> Any:
            y = _operand(other)
            if y is NotImplemented:
                return NotImplemented
            with np.errstate(all="ignore"):
                return hide(function(y, self._hidden) if swapped else function(self._hidden, y))

        method.__name__ = name
        return method

    def inplace(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: StrictArray, other: Any) -> Any:
            y = _operand(other)
            if y is NotImplemented:
                return NotImplemented
            with np.errstate(all="ignore"):
                function(self._hidden, y)
            return self

        method.__name__ = name
        return method

    def unary(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: StrictArray) -> Any:
            return hide(function(self._hidden))

        method.__name__ = name
        return method

    arithmetic = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"]
    for each in arithmetic:
        function = getattr(operator, f"__{each}__")
        setattr(StrictArray, f"__{each}__", binary(f"__{each}__", function, False))
        setattr(StrictArray, f"__r{each}__", binary(f"__r{each}__", function, True))
        name = f"__i{each}__"
        setattr(StrictArray, name, inplace(name, getattr(operator, name)))
    for each in ["eq", "ne", "lt", "le", "gt", "ge"]:
        setattr(StrictArray, f"__{each}__", binary(f"__{each}__", getattr(operator, f"__{each}__"), False))
    for each in ["neg", "pos", "abs", "invert"]:
        setattr(StrictArray, f"__{each}__", unary(f"__{each}__", getattr(operator, f"__{each}__")))


_define_operators()


def guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`function` of NumPy arrays as a function of strict arrays."""

    @functools.wraps(function, assigned=("__doc__",), updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        raw = [reveal(a, name) for a in args]
        with np.errstate(all="ignore"):  # other devices never warn
            return hide(function(*raw, **{k: reveal(v, name) for k, v in kwargs.items()}))

    call.__name__ = name
    return call


class StrictGenerator:
    """A CPU generator whose numbers are strict arrays. Its state stays on the host."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._source, name)
        return guarded(found, name) if callable(found) else found

    def get_state(self) -> Any:
        return self._source.get_state()

    def set_state(self, state: Any) -> None:
        self._source.set_state(state)

    def clone(self) -> StrictGenerator:
        return StrictGenerator(self._source.clone())


class StrictBackend(Backend):
    """Native functions are those of NumPy's backend, behind the wall; op bodies run on strict arrays with this as ``xp``."""

    def __init__(self) -> None:
        self.device = device("strict")
        self.array_type = StrictArray
        self._hidden = NumpyBackend()
        self.native = self._hidden.native
        self.dtype_of = self._hidden.dtype_of
        self.on_new_dtype()

    def on_new_dtype(self) -> None:
        self._hidden.on_new_dtype()
        for name in ("floats", "reals", "inexacts", "complexes", "halves", "float32", "float64"):
            setattr(self, name, getattr(self._hidden, name))

    def kernel(self, name: str) -> Callable[..., Any] | None:
        """NumPy's function of that name; its fused kernels only for what has no body, so that every body is tried."""
        if name.startswith("_"):
            return None
        if hasattr(type(self._hidden), name) or name in UFUNCS:
            found = getattr(self._hidden, name)
        else:
            found = None if name in _bodies else self._hidden.kernel(name)
        return found if found is None else guarded(found, name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self.find(name)

    def to_numpy(self, x: StrictArray) -> np.ndarray[Any, Any]:
        """A copy on the host."""
        if type(x) is not StrictArray:
            _refuse(x, "to_numpy")
        return x._hidden.copy()

    def from_numpy(self, x: Any) -> StrictArray:
        """A copy of a host array."""
        if not isinstance(x, np.ndarray):
            raise TypeError(f"from_numpy: expected a NumPy array, not {type(x).__name__}")
        return StrictArray(np.array(x))

    def from_bytes(self, buffer: Any, dtype: Any, shape: tuple[int, ...]) -> StrictArray:
        return StrictArray(np.asarray(self._hidden.from_bytes(buffer, dtype, shape)))

    def generator(self) -> StrictGenerator:
        return StrictGenerator(self._hidden.generator())


@functools.cache
def register() -> None:
    """Make ``device="strict"`` known, once."""
    register_backend("strict", lambda index: StrictBackend())
