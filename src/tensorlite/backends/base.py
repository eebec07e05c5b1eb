"""What a device must provide: a `Backend` is a namespace of functions on raw arrays.

A function comes from one of three places: the backend's own methods and attributes; its kernels (fused functions with the name
and signature of an op); the bodies of ops, written over ``xp`` and run with this backend as ``xp``. The last two are found when
first called, and kept on the instance. There is no ``__getattr__``: with one, Python could not remember where ``xp.add`` is,
and every look-up would take several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from ..devices import device
from ..dtypes import dtype

__all__ = ["Backend", "may_decline", "register_body"]

Array = Any
_bodies: dict[str, Callable[..., Any]] = {}
_made: WeakSet[Backend] = WeakSet()


def register_body(name: str, body: Callable[..., Any]) -> None:
    """Make `body(xp, *arrays, **static)` the fallback of every backend that has no function called `name`."""
    _bodies[name] = body
    for backend in list(_made):
        backend.promise(name)


def may_decline(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a kernel that returns NotImplemented for inputs that it leaves to the op's body."""
    kernel.declines = True  # type: ignore[attr-defined]
    return kernel


class Backend:
    """One device's functions on raw arrays; see `protocol.py` for the list that a backend must provide.

    Attributes:
        device: the device, with an index where the type has several.
        array_type: the class of its raw arrays.
        dtype_of: from a raw dtype to ours. `native` is the other way round.
        floats, reals, inexacts, complexes, halves: sets of raw dtypes; numbers may join `floats` as they are, and `reals` are the
            differentiable real ones.
    """

    device: device
    array_type: Any
    dtype_of: dict[Any, dtype]
    native: dict[dtype, Any]
    floats: frozenset[Any]
    reals: frozenset[Any]
    inexacts: frozenset[Any]
    complexes: frozenset[Any]
    halves: frozenset[Any]
    float32: Any
    tensors: Any = None
    """The namespace of the same names that works on Tensors of this device; `ops` sets it."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        for name in list(_bodies):
            self.promise(name)
        _made.add(self)
        return self

    def kernel(self, name: str) -> Callable[..., Any] | None:
        """The fused kernel called `name`, if this backend has one. One that is not called like a body has to be promised."""
        return None

    def promise(self, name: str) -> None:
        """Have a function called `name`, which is found when it is first called. What the backend has stays."""
        if name in self.__dict__ or hasattr(type(self), name):
            return

        def promised(*arrays: Array, **static: Any) -> Any:
            return self.find(name)(*arrays, **static)

        promised.__name__ = name
        setattr(self, name, promised)

    def find(self, name: str) -> Callable[..., Any]:
        """The kernel or body called `name`, which is kept under that name.

        Raises:
            AttributeError: there is none.
        """
        found = self.kernel(name)
        if found is None and name in _bodies:
            found = self._body(_bodies[name])
        elif found is not None and hasattr(found, "declines"):
            found = _either(found, self._body(_bodies[name]))
        if found is None:
            raise AttributeError(f"the {self.device.type} backend has no function '{name}'")
        setattr(self, name, found)
        return found

    def _body(self, body: Callable[..., Any]) -> Callable[..., Any]:
        """An op's body on this device's arrays. Half precision is computed in float32 and rounded once, at the end."""

        def run(*arrays: Array, **static: Any) -> Any:
            dtype = arrays[0].dtype
            if dtype not in self.halves:
                return body(self, *arrays, **static)
            wide = [self.astype(a, self.float32) if getattr(a, "dtype", None) is dtype else a for a in arrays]
            result = body(self, *wide, **static)
            if isinstance(result, tuple):
                return tuple([self._narrowed(r, dtype) for r in result])
            return self._narrowed(result, dtype)

        run.__name__, run.__doc__ = body.__name__, body.__doc__
        return run

    def _narrowed(self, x: Array | None, dtype: Any) -> Array | None:
        return self.astype(x, dtype) if x is not None and x.dtype == self.float32 else x

    def number(self, value: float, dtype: Any) -> Any:
        """A Python number as the second operand of arrays of a floating dtype."""
        return value

    def make_current(self) -> None:
        """Let operators on raw arrays run on this device; only devices of which there are several need to do something."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.device}>"

    def __reduce__(self) -> tuple:
        from .registry import get_backend

        return get_backend, (str(self.device),)


def _either(kernel: Callable[..., Any], body: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arrays: Array, **static: Any) -> Any:
        result = kernel(*arrays, **static)
        return body(*arrays, **static) if result is NotImplemented else result

    run.__name__, run.__doc__ = kernel.__name__, kernel.__doc__
    return run
