"""What comes from `scipy.special`, or from `cupyx.scipy.special`, which has the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["BINARY", "SPECIAL", "TERNARY", "UNARY", "in_double"]

Array = Any

UNARY = {
    "digamma": "psi", "lgamma": "gammaln", "erfc": "erfc", "erfcx": "erfcx", "erfinv": "erfinv", "ndtr": "ndtr", "ndtri": "ndtri",
    "log_ndtr": "log_ndtr", "i0e": "i0e", "i1": "i1", "i1e": "i1e", "k0": "k0", "k0e": "k0e", "k1": "k1", "k1e": "k1e", "j0": "j0",
    "j1": "j1", "y0": "y0", "y1": "y1",
}
BINARY = {"igamma": "gammainc", "igammac": "gammaincc", "zeta": "zeta"}
TERNARY = {"betainc": "betainc", "betaincc": "betaincc"}
"""Our name, and theirs."""
SPECIAL = (*UNARY, *BINARY, *TERNARY, "polygamma", "airy_ai")
"""All that the module `special` of a backend has."""


def in_double(function: Callable[..., Array], *arrays: Array) -> Array:
    """A function of real numbers in float64, whatever the inputs' dtype is, which the result has again.

    The loops for single precision are less accurate than PyTorch's.

    Raises:
        TypeError: an input is complex.
    """
    dtype = arrays[0].dtype
    if dtype.kind == "c":
        raise TypeError("there is no such function of complex numbers")
    return function(*[a.astype("float64") if hasattr(a, "astype") else a for a in arrays]).astype(dtype)
