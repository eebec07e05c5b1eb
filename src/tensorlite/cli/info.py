"""``python -m tensorlite info``: what is installed, and what is used of it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from .. import __version__, cuda, get_num_threads
from ..backends import get_backend
from ..backends.numpy import fast

__all__ = ["print_info"]

EXTRAS = {
    "fast": ("compiled kernels", "numba"), "scipy": ("special functions", "scipy"), "bf16": ("bfloat16", "ml_dtypes"),
    "io": ("safetensors files", "safetensors"),
    "cuda12": ("CUDA 12", "cupy-cuda12x"), "cuda13": ("CUDA 13", "cupy-cuda13x"),
}  # fmt: skip


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def print_info() -> None:
    """Print versions, devices, threads and extras, one line each.

    >>> print_info()  # doctest: +ELLIPSIS
    tensorlite ...
    """
    print(f"tensorlite {__version__}, Python {platform.python_version()}, NumPy {_version('numpy')}, {platform.platform()}")
    tier = "NumPy, and kernels compiled by numba" if fast.available() else "NumPy alone"
    print(f"cpu: {get_num_threads()} threads, matrix products by {get_backend('cpu').blas()}, everything else by {tier}")
    if cuda.is_available():
        for index in range(cuda.device_count()):
            print(f"cuda:{index}: {cuda.get_device_name(index)}")
    else:
        print("cuda: not available (it needs an NVIDIA device and CuPy)")
    for extra, (what, package) in EXTRAS.items():
        found = _version(package)
        print(f"{what}: {package} {found}" if found else f'{what}: {package} is not installed (pip install "tensorlite[{extra}]")')
    pytorch = _version("torch")
    print(f"PyTorch: {pytorch or 'not installed'} (not needed)")
