"""Special functions, and how numbers are put together."""

from __future__ import annotations

from typing import Any

from rows import FLOATS, INTEGERS, Input, Row, apart, pos, real, row, unit

NO = {"grad": False, "gradgrad": False}
SCIPY = {"tags": frozenset({"scipy"})}
REALS = ("float32", "float64", *INTEGERS, "bool")


def _top() -> list[Row]:
    """Functions that are methods, too."""
    anywhere = real(3, 4)
    return [
        row("erf", anywhere, pointwise=True),
        row("sinc", apart(3, 4, low=-2.05), pointwise=True),
        row("i0", anywhere, pointwise=True, **SCIPY),
        row("erfc", anywhere, pointwise=True, **SCIPY),
        row("erfinv", unit(3, 4), pointwise=True, **SCIPY),
        row("lgamma", pos(3, 4), pointwise=True, **SCIPY),
        row("digamma", pos(3, 4), pointwise=True, rtol=20, **SCIPY),
        row("mvlgamma", pos(3, 4, low=2.0, high=4.0), call=lambda m, x: (m.mvlgamma(x, 1), x.mvlgamma(3)), **SCIPY),
        row("polygamma", pos(3, 4), call=lambda m, x: (m.polygamma(0, x), m.polygamma(1, x), x.polygamma(3)), rtol=100, **SCIPY),
        row("igamma", pos(3, 4), pos(3, 4), dtypes=REALS, special=False, pointwise=True, rtol=30, **NO, **SCIPY),
        row("igammac", pos(3, 4), pos(3, 4), dtypes=REALS, special=False, pointwise=True, rtol=30, **NO, **SCIPY),
        row("igamma[gradient]", pos(3, 4), call=lambda m, y: m.igamma(m.ones_like(y) * 1.5, y), dtypes=("float32", "float64"), **SCIPY),
        row("igammac[gradient]", pos(3, 4), call=lambda m, y: m.igammac(m.ones_like(y) * 1.5, y), dtypes=("float32", "float64"), **SCIPY),
    ]


def _special(name: str, *inputs: Input, scipy: bool = True, **options: Any) -> Row:
    function = name.partition("[")[0]
    options = {**(SCIPY if scipy else {}), "pointwise": True, **options}
    return row(f"special.{name}", *inputs, call=lambda m, *xs: getattr(m.special, function)(*xs), **options)


def _differentiable() -> list[Row]:
    anywhere = real(3, 4)
    return [
        _special("entr", pos(3, 4), scipy=False),
        _special("erfcx", anywhere),
        _special("i0e", apart(3, 4)),
        _special("i1", anywhere),
        _special("i1e", apart(3, 4)),
        _special("log_ndtr", anywhere),
        _special("ndtr", anywhere),
        _special("ndtri", pos(3, 4, low=0.1, high=0.9)),
        _special("xlog1py", pos(3, 4), pos(3, 4), scipy=False),
        row("special.xlog1py[number]", pos(3, 4), call=lambda m, x: (m.special.xlog1py(x, 2.0), m.special.xlog1py(3, x)), dtypes=FLOATS),
        _special("zeta", pos(3, 4, low=1.5), pos(3, 4), special=False, **NO),
        row("special.zeta[gradient]", pos(3, 4), call=lambda m, y: m.special.zeta(2.5, y), dtypes=("float32", "float64"), **SCIPY),
    ]


def _bessel() -> list[Row]:
    """Functions without a derivative. PyTorch's own values are accurate to 1e-7 here."""
    inputs = {
        **{f"bessel_{n}": real(3, 4, low=-9.0, high=9.0) for n in ("j0", "j1")},
        **{f"bessel_{n}": pos(3, 4, high=9.0) for n in ("y0", "y1")},
        **{f"modified_bessel_{n}": real(3, 4) for n in ("i0", "i1")},
        **{f"{s}modified_bessel_{n}": pos(3, 4) for n in ("k0", "k1") for s in ("", "scaled_")},
        "airy_ai": real(3, 4),
    }
    rows = [_special(name, where, special=False, rtol=3e5, dtypes=REALS, **NO) for name, where in inputs.items()]
    return [*rows, _special("spherical_bessel_j0", real(3, 4), scipy=False, dtypes=REALS, **NO)]


def _polynomials() -> list[Row]:
    names = [f"{s}chebyshev_polynomial_{k}" for s in ("", "shifted_") for k in "tuvw"]
    names += ["hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"]
    rows = []
    for name in names:
        degrees = lambda m, x, name=name: [getattr(m.special, name)(x, n) for n in (-1, 0, 1, 2, 5, 9)]  # noqa: E731
        tensors = lambda m, x, name=name: getattr(m.special, name)(x, m.arange(-1, 7, device=x.device).to(x.dtype))  # noqa: E731
        rows.append(row(f"special.{name}", real(3, 4), call=degrees, dtypes=REALS, rtol=1e3, **NO))
        rows.append(row(f"special.{name}[tensor]", real(3, 1), call=tensors, dtypes=("float32", "float64"), rtol=1e3, **NO))
        number = lambda m, n, name=name: getattr(m.special, name)(0.3, n)  # noqa: E731
        rows.append(row(f"special.{name}[number]", real(3, 4), call=number, dtypes=("float32", "float64", "int64"), rtol=1e3, **NO))
    return rows


def _aliases() -> list[Row]:
    unary = {
        **dict.fromkeys(("digamma", "psi", "gammaln"), pos(3, 4)),
        **dict.fromkeys(("erf", "erfc", "i0", "exp2", "expit", "expm1", "round", "sinc"), apart(3, 4)),
        "erfinv": unit(3, 4), "log1p": pos(3, 4), "logit": pos(3, 4, low=0.1, high=0.9),
    }  # fmt: skip
    rows = [_special(name, where, special=False, gradgrad=name != "round", rtol=20) for name, where in unary.items()]
    return [
        *rows,
        *(_special(name, pos(3, 4), pos(3, 4), special=False, dtypes=REALS, rtol=30, **NO) for name in ("gammainc", "gammaincc")),
        _special("xlogy", pos(3, 4), pos(3, 4), scipy=False, special=False),
        row("special.multigammaln", pos(3, 4, low=2.0), call=lambda m, x: m.special.multigammaln(x, 2), **SCIPY),
        row("special.polygamma", pos(3, 4), call=lambda m, x: m.special.polygamma(1, x), rtol=100, **SCIPY),
        row("special.softmax", real(3, 4), call=lambda m, x: m.special.softmax(x, 1)),
        row("special.log_softmax", real(3, 4), call=lambda m, x: m.special.log_softmax(x, 1)),
        row("special.logsumexp", real(3, 4), call=lambda m, x: m.special.logsumexp(x, 1)),
    ]


def _numeric() -> list[Row]:
    return [
        row("frexp", apart(3, 4), dtypes=FLOATS, gradgrad=False, tags=frozenset({"no finite differences"})),
        row("ldexp", real(3, 4), real(3, 4), pointwise=True),
        row("logcumsumexp", real(3, 4), call=lambda m, x: (m.logcumsumexp(x, 1), x.logcumsumexp(0)), rtol=4),
        row("logcumsumexp[far apart]", real(3, 9, low=-900, high=900), call=lambda m, x: m.logcumsumexp(x, 1), dtypes=FLOATS[:2], rtol=4),
        row("logcumsumexp[infinite]", real(9), call=_with_infinities, dtypes=FLOATS[:2], gradgrad=False, tags=frozenset({"no finite differences"})),
        row("logcumsumexp[0-d]", real(), call=lambda m, x: m.logcumsumexp(x, 0), dtypes=FLOATS),
        row("logaddexp[complex]", real(3, 4), real(3, 4), call=lambda m, x, y: m.logaddexp(x, y), dtypes=("complex64", "complex128")),
        row("logsumexp[complex]", real(3, 4), call=lambda m, x: m.logsumexp(x * 3, (0, 1)), dtypes=("complex64", "complex128")),
        row("hash_tensor", real(3, 5), call=lambda m, x: (m.hash_tensor(x), m.hash_tensor(x, 0), x.hash_tensor((0, 1), keepdim=True)), **NO),
        row("view_as_real", real(3, 4), call=lambda m, x: m.view_as_real(x), dtypes=("complex64", "complex128")),
        row("view_as_real[in place]", real(3, 4), call=_changed_parts, dtypes=("complex64", "complex128")),
        row("view_as_complex", real(3, 2), call=lambda m, x: m.view_as_complex(x.contiguous()), dtypes=("float32", "float64")),
        row("view_as_complex[in place]", real(3, 2), call=_changed_pairs, dtypes=("float32", "float64")),
        row("xlogy[number]", pos(3, 4), call=lambda m, x: (m.xlogy(x, 2.0), m.xlogy(3, x), x.xlogy(2)), dtypes=FLOATS),
        row("pow[negative integers]", apart(3, 4), pos(3, 4), call=lambda m, x, n: m.pow(x, -n), dtypes=INTEGERS[1:], **NO),
        row("float_power[complex number]", pos(3, 4), call=lambda m, x: m.float_power(x, 1 + 2j), dtypes=("float32", "complex64", "int64")),
        row("F.silu[complex]", real(3, 4), call=lambda m, x: m.nn.functional.silu(x), dtypes=("complex64", "complex128")),
    ]


def _with_infinities(m: Any, x: Any) -> Any:
    return m.logcumsumexp(m.where(m.arange(9, device=x.device) < 3, -m.inf, x), 0)


def _changed_parts(m: Any, x: Any) -> Any:
    """A change through the view changes the complex numbers, and their gradient."""
    y = x * 1
    m.view_as_real(y)[..., 0].mul_(3)
    return y


def _changed_pairs(m: Any, x: Any) -> Any:
    """The other way round."""
    y = (x * 1).contiguous()
    m.view_as_complex(y)[1:].mul_(3j)
    return y * y


ROWS = [*_top(), *_differentiable(), *_bessel(), *_polynomials(), *_aliases(), *_numeric()]
