"""The ``*_copy`` functions: what a view shows, in memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .spelling import functions, methods, write_out

Tensor = Any

VIEWS = (
    "alias", "as_strided", "detach", "diagonal", "expand", "narrow", "permute", "select", "slice", "split", "split_with_sizes",
    "squeeze", "t", "transpose", "unbind", "unfold", "unsqueeze", "view", "view_as_complex", "view_as_real",
)  # fmt: skip
"""The views that have a copying form."""


def _alias(input: Tensor) -> Tensor:
    return input


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    from .reducing import one_axis

    return input[(*(slice(None),) * one_axis(input, dim), slice(start, end, step))]


def _view_of(name: str) -> Callable[..., Any]:
    own = {"alias": _alias, "slice": _slice}.get(name)
    return own or methods.get(name) or functions[name]


def _copying(name: str) -> Callable[..., Any]:
    def copy(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        cut = _view_of(name)(input, *args, **kwargs)
        if isinstance(cut, tuple):
            if out is None:
                return tuple(part.clone() for part in cut)
            for target, part in zip(out, cut, strict=True):
                write_out(target, part, copy.__name__)
            return None
        return cut.clone() if out is None else write_out(out, cut, copy.__name__)

    copy.__name__ = copy.__qualname__ = f"{name}_copy"
    copy.__doc__ = f"What the view `{name}` shows, in memory of its own."
    return copy


functions.update({f"{name}_copy": _copying(name) for name in VIEWS})


def _narrow_copy(input: Tensor, dim: int, start: Any, length: int, *, out: Any = None) -> Tensor:
    """`length` elements of a dimension from `start` on, in memory of their own.

    Raises:
        IndexError: the dimension lies before the first one.
        RuntimeError: it lies after the last one, or the range does not exist.
    """
    if input._array.ndim and dim >= input._array.ndim:
        raise RuntimeError(f"narrow_copy(): expected dim to be less than {input._array.ndim}, but got {dim}")
    return _copied_range(input, dim, start, length, out=out)


_copied_range = functions["narrow_copy"]
_narrow_copy.__name__ = "narrow_copy"
functions["narrow_copy"] = _narrow_copy
methods["narrow_copy"] = functions["narrow_copy"]
