"""Orthogonal polynomials. They have no derivatives, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..autograd.base import TensorBase
from ..ops.polynomials import orthogonal_polynomial
from ..tensor.spelling import with_out

Tensor = Any


def _polynomial(name: str, family: str, shifted: bool = False) -> Any:
    def function(input: Tensor | float, n: Tensor | int) -> Tensor:
        if not isinstance(input, TensorBase) and not isinstance(n, TensorBase):
            raise TypeError(f"{name}(): at least one argument must be a Tensor; convert one with tensor(...)")
        return orthogonal_polynomial(input, n, family=family, shifted=shifted)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The polynomial ``{name}`` of degree n{", at 2 x - 1" if shifted else ""}; shapes broadcast.

    It is 0 for a negative degree. It has no derivative, and a backward through it raises NotImplementedError.
    """
    return with_out(function, name)


chebyshev_polynomial_t = _polynomial("chebyshev_polynomial_t", "chebyshev_t")
chebyshev_polynomial_u = _polynomial("chebyshev_polynomial_u", "chebyshev_u")
chebyshev_polynomial_v = _polynomial("chebyshev_polynomial_v", "chebyshev_v")
chebyshev_polynomial_w = _polynomial("chebyshev_polynomial_w", "chebyshev_w")
hermite_polynomial_h = _polynomial("hermite_polynomial_h", "hermite_h")
hermite_polynomial_he = _polynomial("hermite_polynomial_he", "hermite_he")
laguerre_polynomial_l = _polynomial("laguerre_polynomial_l", "laguerre_l")
legendre_polynomial_p = _polynomial("legendre_polynomial_p", "legendre_p")
shifted_chebyshev_polynomial_t = _polynomial("shifted_chebyshev_polynomial_t", "chebyshev_t", True)
shifted_chebyshev_polynomial_u = _polynomial("shifted_chebyshev_polynomial_u", "chebyshev_u", True)
shifted_chebyshev_polynomial_v = _polynomial("shifted_chebyshev_polynomial_v", "chebyshev_v", True)
shifted_chebyshev_polynomial_w = _polynomial("shifted_chebyshev_polynomial_w", "chebyshev_w", True)
