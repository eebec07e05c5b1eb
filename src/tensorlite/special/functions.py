"""Functions of one and two numbers. Those without a derivative say so in the backward, as PyTorch's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops import special as ops
from ..tensor.spelling import binary, functions, require_tensors, with_out

Tensor = Any

# PyTorch's other names of functions that the package has at its top

psi = digamma = functions["digamma"]
gammaln = functions["lgamma"]
multigammaln = functions["mvlgamma"]
gammainc, gammaincc = functions["igamma"], functions["igammac"]
expit = functions["sigmoid"]
erf, erfc, erfinv = functions["erf"], functions["erfc"], functions["erfinv"]
exp2, expm1, log1p, logit = functions["exp2"], functions["expm1"], functions["log1p"], functions["logit"]
i0, sinc, xlogy, polygamma = functions["i0"], functions["sinc"], functions["xlogy"], functions["polygamma"]
logsumexp, softmax, log_softmax, round = (functions[n] for n in ("logsumexp", "softmax", "log_softmax", "round"))


def _unary(name: str, op: Callable[[Tensor], Tensor], doc: str) -> Any:
    def function(input: Tensor) -> Tensor:
        require_tensors(name, input)
        return op(input)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{doc}; shape (*) to (*)."
    return with_out(function, name)


def _binary(name: str, op: Callable[[Tensor, Tensor], Tensor], doc: str) -> Any:
    function = binary(name, op, "input other")
    function.__doc__ = f"{doc}; shapes broadcast, and one of the two may be a number."
    return with_out(function, name)


airy_ai = _unary("airy_ai", ops.airy_ai, "Airy's function Ai")
bessel_j0 = _unary("bessel_j0", ops.j0, "The Bessel function of the first kind of order 0")
bessel_j1 = _unary("bessel_j1", ops.j1, "The Bessel function of the first kind of order 1")
bessel_y0 = _unary("bessel_y0", ops.y0, "The Bessel function of the second kind of order 0")
bessel_y1 = _unary("bessel_y1", ops.y1, "The Bessel function of the second kind of order 1")
entr = _unary("entr", ops.entr, "``-x log(x)``, 0 at zero and -inf below")
erfcx = _unary("erfcx", ops.erfcx, "``exp(x^2) erfc(x)``")
i0e = _unary("i0e", ops.i0e, "``exp(-|x|) i0(x)``")
i1 = _unary("i1", ops.i1, "The modified Bessel function of the first kind of order 1")
i1e = _unary("i1e", ops.i1e, "``exp(-|x|) i1(x)``")
log_ndtr = _unary("log_ndtr", ops.log_ndtr, "The logarithm of the normal distribution function")
modified_bessel_i0 = _unary("modified_bessel_i0", ops.modified_i0, "The modified Bessel function of the first kind of order 0")
modified_bessel_i1 = _unary("modified_bessel_i1", ops.modified_i1, "The modified Bessel function of the first kind of order 1")
modified_bessel_k0 = _unary("modified_bessel_k0", ops.k0, "The modified Bessel function of the second kind of order 0")
modified_bessel_k1 = _unary("modified_bessel_k1", ops.k1, "The modified Bessel function of the second kind of order 1")
ndtr = _unary("ndtr", ops.ndtr, "The normal distribution function")
ndtri = _unary("ndtri", ops.ndtri, "The inverse of the normal distribution function")
scaled_modified_bessel_k0 = _unary("scaled_modified_bessel_k0", ops.k0e, "``exp(x)`` times `modified_bessel_k0`")
scaled_modified_bessel_k1 = _unary("scaled_modified_bessel_k1", ops.k1e, "``exp(x)`` times `modified_bessel_k1`")
spherical_bessel_j0 = _unary("spherical_bessel_j0", ops.spherical_bessel_j0, "``sin(x) / x``, and 1 at zero")
xlog1py = _binary("xlog1py", ops.xlog1py, "``input log(1 + other)``, and 0 where `input` is zero")
zeta = _binary("zeta", ops.zeta, "Hurwitz's zeta function: the sum of ``(k + other)^-input`` for k = 0, 1, ...")
