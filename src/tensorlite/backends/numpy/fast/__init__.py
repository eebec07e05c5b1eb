"""The fast tier of the CPU: kernels compiled by numba (extra `fast`), under the names of the kernels and bodies they stand for.

Each is a plain function that looks at its inputs, returns NotImplemented for those that it leaves to the kernel or body below
it (half precision, complex numbers, sizes at which a call costs more than it saves), and hands blocks of the work to compiled
functions. Without numba, or with ``TENSORLITE_FAST=0``, none of this is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .compiler import available

__all__ = ["FAMILIES", "available", "kernel"]

FAMILIES = {
    **dict.fromkeys(("conv", "conv_input", "conv_weight"), "conv"),
}
"""Kernels and the module of this package that has them, imported when first used."""


def kernel(name: str) -> Callable[..., Any] | None:
    """The compiled kernel called `name`, if there is one and numba is installed."""
    module = FAMILIES.get(name)
    return getattr(import_module(f"{__name__}.{module}"), name) if module and available() else None
