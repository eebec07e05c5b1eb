"""CUDA: CuPy arrays. Importing this module imports nothing; `create` imports CuPy."""

from __future__ import annotations

from typing import Any

__all__ = ["create", "load"]

INSTALL = 'pip install "tensorlite[cuda12]" (or "tensorlite[cuda13]", for CUDA 13)'
_backends: dict[int, Any] = {}


def load() -> Any:
    """The module `cupy`, with at least one device.

    Raises:
        RuntimeError: CuPy is not installed, or there is no driver or no device.
    """
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError(f"device 'cuda' needs CuPy, which could not be imported ({error}): {INSTALL}") from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise RuntimeError(f"CuPy is installed, but there is no working NVIDIA driver: {error}") from error
    if not count:
        raise RuntimeError("CuPy is installed, but there is no CUDA device")
    return cupy


def create(index: int | None) -> Any:
    """The backend of ``device("cuda", index)``; without an index that of the current device.

    Raises:
        RuntimeError: CuPy, the driver or the device is missing.
    """
    if index in _backends:
        return _backends[index]
    cupy = load()
    runtime = cupy.cuda.runtime
    number = runtime.getDevice() if index is None else index
    if number not in _backends:
        count = runtime.getDeviceCount()
        if number >= count:
            there_are = "there is 1 device" if count == 1 else f"there are {count} devices"
            raise RuntimeError(f"device 'cuda:{number}' does not exist: {there_are}")
        from .backend import CupyBackend

        _backends[number] = CupyBackend(cupy, number, several=count > 1)
    return _backends[number]
