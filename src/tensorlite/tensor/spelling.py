"""How a function becomes PyTorch's: as function, as method, in place, with ``out=`` and under its aliases, from one definition.

    @public("absolute", inplace=True)
    def abs(input): ...

makes ``tl.abs``, ``tl.absolute`` (both with ``out=``), ``Tensor.abs``, ``Tensor.absolute``, ``Tensor.abs_``, ``Tensor.absolute_``.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import CodeType
from typing import Any

from ..autograd.base import TensorBase, current_node, wrap
from ..autograd.modes import modes
from ..autograd.promote import promoted
from .inplace import check_inplace, write

__all__ = ["functions", "inplace_of", "methods", "binary", "public", "require_tensors"]

functions: dict[str, Callable[..., Any]] = {}
"""The public functions of the package."""
methods: dict[str, Callable[..., Any]] = {}
"""What `Tensor` gets as methods."""


def public(
    *aliases: str, function: bool = True, method: bool = True, inplace: bool = False, out: bool = True, name: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function whose first parameter is a tensor; returns it unchanged, so that code here calls it directly."""

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        for each in (name or body.__name__, *aliases):
            if function:
                functions[each] = with_out(body, each) if out else numpy_spelling(body)
            if method:
                methods[each] = numpy_spelling(body)
            if inplace:
                changed = inplace_of(body, each + "_")
                methods[each + "_"] = changed
                if function and each in _INPLACE_FUNCTIONS:
                    functions[each + "_"] = changed
        return body

    return register


_INPLACE_FUNCTIONS = frozenset(
    (
        "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil clamp clamp_max "
        "clamp_min clip conj_physical cos cosh deg2rad erf erfc exp exp2 expm1 fix floor frac gcd i0 lcm ldexp log log10 "
        "log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu round rsqrt sigmoid sin sinc sinh sqrt square tan "
        "tanh trunc xlogy"
    ).split()
)
"""Whose in-place forms are functions, too, as in PyTorch."""


NUMPY_NAMES = {
    "axis": "dim", "axis0": "dim0", "axis1": "dim1", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input",
    "x2": "other", "values": "other",
}
"""NumPy's names of parameters, which PyTorch's functions take, too (`values` is that of `heaviside`)."""


@functools.cache
def _parameters(code: CodeType) -> frozenset[str]:
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def _torch_names(body: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments under PyTorch's names; what does not fit stays as it is, and is refused by the function itself."""
    own = _parameters(body.__code__)
    if own.issuperset(given):
        return given
    if "input" in given and hasattr(body, "op"):  # an op itself, whose only input has a name of its own
        return {(body.op.inputs[0] if name == "input" else name): value for name, value in given.items()}
    names = {name: NUMPY_NAMES.get(name, name) for name in given if name not in own}
    names = {name: to for name, to in names.items() if to in own and to not in given}
    return {names.get(name, name): value for name, value in given.items()}


def numpy_spelling(body: Callable[..., Any]) -> Callable[..., Any]:
    """`body`, also with NumPy's names for its parameters; without any that NumPy calls otherwise, it stays what it is."""
    if _parameters(body.__code__).isdisjoint(("dim", "dim0", "keepdim", "other")):
        return body

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = _torch_names(body, kwargs)
        return body(*args, **kwargs)

    return call


def require_tensors(name: str, *values: Any) -> None:
    """Refuse what is no tensor.

    Raises:
        TypeError: one of the values is a number or anything else.
    """
    for value in values:
        if not isinstance(value, TensorBase):
            raise TypeError(f"{name}(): expected a Tensor, not {type(value).__name__}; convert it with tensor(...)")


def binary(name: str, op: Callable[..., Any], numbers: str) -> Callable[..., Any]:
    """An op of two operands with PyTorch's argument names; numbers may stand only for those that `numbers` names."""
    first, second, spreads = "input" not in numbers, "other" not in numbers, bool(op.op.rules)  # type: ignore[attr-defined]

    def function(input: Any, other: Any) -> Any:
        if first:
            require_tensors(name, input)
        if second:
            require_tensors(name, other)
        if spreads and not isinstance(other, TensorBase):  # the rules compute with both operands as arrays
            return promoted(op.op, (input, other), {})  # type: ignore[attr-defined]
        return op(input, other)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = op.__doc__ or (
        f"`{name}` of two tensors{' (or a tensor and a number)' * bool(numbers)}, element by element; shapes broadcast."
    )
    return function


_EXACT = frozenset(["aminmax", "gather"])
"""Functions that write into tensors of the results' dtypes only."""


def with_out(body: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`body` with PyTorch's ``out=``: the result is written there."""

    @functools.wraps(body)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = _torch_names(body, kwargs)
        result = body(*args, **kwargs)
        if out is None:
            return result
        if isinstance(out, (tuple, list)):
            for target, value in zip(out, result, strict=True):
                write_out(target, value, name)
            return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
        return write_out(out, result, name)

    call.__name__ = name
    return call


def write_out(out: Any, result: Any, name: str) -> Any:
    """Write a result into a user's tensor, resizing it if it is empty or has another shape (PyTorch warns then too).

    Raises:
        RuntimeError: gradients would be lost, the devices differ, or the dtype cannot hold the result.
    """
    if name in _EXACT and out.dtype is not result.dtype:
        raise RuntimeError(f"Expected out tensor to have dtype {result.dtype}, but got {out.dtype} instead")
    if result.requires_grad or out.requires_grad:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
            "requires grad. Use no_grad(), or detach the arguments."
        )
    if out.shape != result.shape:
        if out.numel():
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not match the "
                f"required output shape {list(result.shape)}.",
                UserWarning,
                stacklevel=4,
            )
        out._array = out._xp.empty(result.shape, dtype=out._array.dtype)
    write(out, result)
    return out


def needs_grad(values: tuple[Any, ...]) -> bool:
    """Whether one of these is a tensor that requires grad."""
    return any(isinstance(v, TensorBase) and v.requires_grad for v in values)


def inplace_of(body: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place method of an out-of-place function: compute, then write into the first argument's memory."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_inplace(self)
        if kwargs:
            kwargs = _torch_names(body, kwargs)
        if not modes.grad or not (self.requires_grad or needs_grad(args) or needs_grad(tuple(kwargs.values()))):
            return write(self, body(self, *args, **kwargs))
        # What the graph saves of this tensor must outlive the change.
        old = wrap(self._xp.copy(self._array), self._xp, self._node if self._view is None else current_node(self))
        args = tuple(old if a is self else a for a in args)
        return write(self, body(old, *args, **kwargs))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"In-place version of `{body.__name__}`: writes the result into this tensor and returns it."
    return call
