"""The CUDA backend's Python with NumPy in the place of CuPy, for machines without a GPU.

Kernels, cuBLAS and atomic additions are NumPy's here; everything else (which function is called how, for which dtype) is the code
that runs on CUDA.
"""

from __future__ import annotations

import functools
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np

from tensorlite.backends import register_backend
from tensorlite.backends.arrays import ArrayBackend
from tensorlite.backends.cupy.backend import CupyBackend
from tensorlite.backends.numpy import NumpyBackend
from tensorlite.devices import device

__all__ = ["EmulatedCuda", "register"]


class _Module:
    """CuPy's names; what is not here is NumPy's of the same name."""

    def __init__(self) -> None:
        runtime = SimpleNamespace(getDevice=lambda: 0, setDevice=lambda index: None, getDeviceCount=lambda: 1)
        self.cuda = SimpleNamespace(runtime=runtime)

    def asnumpy(self, x: Any) -> Any:
        return np.array(x)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if not callable(found) or isinstance(found, type):
            return found

        @functools.wraps(found)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with np.errstate(all="ignore"):
                out = found(*args, **kwargs)
            return np.asarray(out) if isinstance(out, np.generic) else out

        return quiet


class EmulatedCuda(CupyBackend):
    """Device type ``emulated``."""

    def __init__(self) -> None:
        super().__init__(_Module(), 0, several=False)
        self.device = device("emulated")
        self.array_type = np.ndarray

    def kernel(self, name: str) -> Any:
        inherited = getattr(ArrayBackend, name, None)
        return functools.partial(inherited, self) if inherited is not None else NumpyBackend().kernel(name)

    def _strided_view(self, x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        return np.lib.stride_tricks.as_strided(x, shape, strides)

    def _atomic_add(self, x: Any, where: Any, value: Any) -> None:
        np.add.at(x, where, value)

    def matmul(self, x: Any, y: Any) -> Any:
        return ArrayBackend.matmul(self, x, y)

    def _scipy(self, what: str) -> Any:
        return ArrayBackend._scipy(self, what)

    def _complaints(self) -> Any:
        return nullcontext()

    def generator(self) -> Any:
        return NumpyBackend().generator()

    def address(self, x: Any) -> int:
        return x.__array_interface__["data"][0]

    def synchronize(self) -> None:
        """Nothing runs ahead here."""


@functools.cache
def register() -> None:
    """Make ``device="emulated"`` known, once."""
    register_backend("emulated", lambda index: EmulatedCuda())
