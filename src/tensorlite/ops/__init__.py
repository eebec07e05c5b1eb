"""The differentiable ops, in Array API spelling, one room per family.

This package is also the namespace that gradient rules see when they run on Tensors: for every backend there is a
`TensorNamespace` of the same names.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.base import wrap
from ..autograd.op import composites
from ..backends.base import Backend
from ..backends.registry import on_backend_created
from . import (
    activations,
    attention,
    conv,
    decompositions,
    fourier,
    indexing,
    linalg,
    losses,
    norm,
    pointwise,
    polynomials,
    pool,
    recurrent,
    reductions,
    sampling,
    scans,
    shaping,
    solvers,
    special,
)

FAMILIES = (
    pointwise, activations, reductions, shaping, indexing, linalg, conv, pool, norm, losses, attention,
    recurrent, fourier, decompositions, solvers, special, polynomials, scans, sampling,
)

ops: dict[str, Any] = {
    name: value for family in FAMILIES for name, value in vars(family).items()
    if callable(value) and getattr(value, "__name__", None) == name and not name.startswith("_")
    and name not in {"op", "define", "composite", "Any", "Callable"}
}
"""Every op by its name."""


class TensorNamespace:
    """The functions of a backend, on Tensors of its device, recorded."""

    tensors = None

    def __init__(self, xp: Backend) -> None:
        self._xp = xp
        self.__dict__.update(ops)
        self.complexes = frozenset({dtypes.complex64, dtypes.complex128})
        self.halves = frozenset({dtypes.float16, dtypes.bfloat16})
        self.inexacts = self.complexes | self.halves | {dtypes.float32, dtypes.float64}

    def __getattr__(self, name: str) -> Any:
        """A composite that was defined elsewhere, to be somebody's rule."""
        if name not in composites:
            raise AttributeError(f"there is no op called '{name}'", name=name, obj=self)
        return composites[name]

    def astype(self, x: Any, *, dtype: Any) -> Any:
        """Convert; the dtype may also be one of the backend's."""
        return pointwise.astype(x, dtype=dtype if isinstance(dtype, dtypes.dtype) else self._xp.dtype_of[dtype])

    def zeros(self, shape: tuple[int, ...], *, dtype: Any) -> Any:
        return wrap(self._xp.zeros(shape, dtype=dtype), self._xp)

    def ones(self, shape: tuple[int, ...], *, dtype: Any) -> Any:
        return wrap(self._xp.ones(shape, dtype=dtype), self._xp)

    def eye(self, n: int, m: int, *, dtype: Any) -> Any:
        return wrap(self._xp.eye(n, m, dtype=dtype), self._xp)

    def arange(self, start: int, stop: int, step: int = 1, *, dtype: Any) -> Any:
        return wrap(self._xp.arange(start, stop, step, dtype=dtype), self._xp)

    def view_mask(self, *, shape: tuple[int, ...], view: Any) -> Any:
        return wrap(self._xp.view_mask(shape=shape, view=view), self._xp)

    def bool(self, x: Any) -> bool:
        return self._xp.bool(x._array)


def _attach(xp: Backend) -> None:
    xp.tensors = TensorNamespace(xp)


on_backend_created(_attach)
