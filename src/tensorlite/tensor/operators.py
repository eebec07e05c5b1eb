"""Python's operators on tensors. They are the ops themselves: nothing stands between ``x + y`` and `ops.add`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..autograd.base import TensorBase
from ..ops import pointwise
from . import arithmetic
from .inplace import check_inplace
from .linalg import matmul
from .shaping import squeeze, t, transpose, unsqueeze
from .spelling import methods, require_tensors

__all__ = ["Declared", "operators"]

if TYPE_CHECKING:
    from .tensor import Tensor

Method = Callable[..., Any]


class Declared:
    """What `Tensor` is given when it is put together: nothing here at run time, the operators and all else for type checkers."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def _unary(self) -> Tensor: ...
        def _binary(self, other: Any) -> Tensor: ...

        __neg__ = __pos__ = __abs__ = __invert__ = _unary
        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = __matmul__ = _binary
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = __rmatmul__ = _binary
        __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __rand__ = __ror__ = __rxor__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = _binary
        __eq__ = __ne__ = _binary  # type: ignore[assignment]



_BINARY: dict[str, Method] = {
    "add": pointwise.add,
    "sub": pointwise.subtract,
    "mul": pointwise.multiply,
    "truediv": pointwise.divide,
    "floordiv": pointwise.floor_divide,
    "mod": pointwise.remainder,
    "pow": arithmetic.pow,
    "matmul": matmul,
    "and": pointwise.bitwise_and,
    "or": pointwise.bitwise_or,
    "xor": pointwise.bitwise_xor,
    "lshift": pointwise.bitwise_left_shift,
    "rshift": pointwise.bitwise_right_shift,
}
_INPLACE = {
    "add": "add_", "sub": "sub_", "mul": "mul_", "truediv": "div_", "floordiv": "floor_divide_", "mod": "remainder_", "pow": "pow_",
    "and": "bitwise_and_", "or": "bitwise_or_", "xor": "bitwise_xor_", "lshift": "bitwise_left_shift_",
    "rshift": "bitwise_right_shift_",
}  # fmt: skip
_RESHAPING: dict[str, Method] = {"t": t, "transpose": transpose, "squeeze": squeeze, "unsqueeze": unsqueeze}
_ORDER: dict[str, Method] = {
    "lt": pointwise.less, "le": pointwise.less_equal, "gt": pointwise.greater, "ge": pointwise.greater_equal,
}  # fmt: skip
_EQUALITY: dict[str, Method] = {"eq": pointwise.equal, "ne": pointwise.not_equal}
_UNARY = {"__neg__": "neg", "__abs__": "abs", "__invert__": "bitwise_not", "__pos__": "positive"}


def _reflected(op: Method) -> Method:
    return lambda self, other: op(other, self) if isinstance(self, TensorBase) else require_tensors("reflected operator", self)


def _lenient(op: Method) -> Method:
    """Comparing with something that is no number (``x == None``) is False, not an error."""

    def method(self: Any, other: Any) -> Any:
        try:
            return op(self, other)
        except TypeError:
            return NotImplemented

    return method


def _in_another_shape(body: Method, name: str) -> Method:
    """The in-place form of a view: the tensor itself becomes the view."""

    def method(self: Any, *args: Any) -> Any:
        check_inplace(self)
        view = body(self, *args)
        self._array, self._node = view._array, view._node
        if self._view is not None:
            self._view = view._view
        return self

    method.__name__ = name
    method.__doc__ = f"In-place version of `{body.__name__}`; returns the tensor."
    return method


def operators() -> dict[str, Method]:
    """The special methods by name."""
    found: dict[str, Method] = {name + "_": _in_another_shape(f, name + "_") for name, f in _RESHAPING.items()}
    for name, op in _BINARY.items():
        found[f"__{name}__"] = op
        found[f"__r{name}__"] = _reflected(op)
    for name, method in _INPLACE.items():
        found[f"__i{name}__"] = methods[method]
    found["__rdiv__"] = lambda self, other: self.reciprocal() * other
    for name, op in _ORDER.items():
        found[f"__{name}__"] = op
    for name, op in _EQUALITY.items():
        found[f"__{name}__"] = _lenient(op)
    for name, method in _UNARY.items():
        found[name] = methods[method]
    return found
