"""The CPU: NumPy arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ...devices import device
from ..arrays import ArrayBackend

__all__ = ["NumpyBackend", "create"]

# PyTorch computes inf and nan silently. Only tensorlite's own modules are silenced: a user's NumPy code still warns.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tensorlite\.")

_KERNELS = {"sgd_step": "optim", "sgd_steps": "optim", "adam_step": "optim", "linear_back": "linear"}
"""Fused functions and the module of this package that has them, imported when first used."""


class NumpyBackend(ArrayBackend):
    """The CPU. `from_numpy` and `to_numpy` share memory."""

    def __init__(self) -> None:
        super().__init__(np, device("cpu"))

    def kernel(self, name: str) -> Callable[..., Any] | None:
        module = _KERNELS.get(name)
        return getattr(import_module(f"{__name__}.{module}"), name) if module else None

    def broadcast_to(self, x: Any, *, shape: tuple[int, ...]) -> Any:
        """A read-only view. For a single number the view is made directly, at a fifth of `np.broadcast_to`'s cost."""
        if x.ndim:
            return np.broadcast_to(x, shape)
        view = np.ndarray(shape, x.dtype, x if type(x) is np.ndarray else np.asarray(x), 0, (0,) * len(shape))
        view.flags.writeable = False
        return view

    def to_numpy(self, x: Any) -> Any:
        return x

    def from_numpy(self, x: Any) -> Any:
        return x

    def generator(self) -> Any:
        """A new random generator."""
        from .random import CPUGenerator

        return CPUGenerator()

    def address(self, x: Any) -> int:
        """Where the first element lies in memory."""
        return x.__array_interface__["data"][0]

    def synchronize(self) -> None:
        """Wait for the device; the CPU never runs ahead."""

    def empty_cache(self) -> None:
        """Give back cached memory; NumPy keeps none."""


def create(index: int | None) -> NumpyBackend:
    """The backend of ``device("cpu")``."""
    if index:
        raise RuntimeError(f"there is one CPU device; device('cpu:{index}') does not exist")
    return NumpyBackend()
