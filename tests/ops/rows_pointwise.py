"""Pointwise functions."""

from __future__ import annotations

from typing import Any

from rows import FLOATS, INTEGERS, Input, Row, apart, mask, pos, real, row, unit

NO = {"grad": False, "gradgrad": False}


def _unary() -> list[Row]:
    anywhere = [
        "exp",
        "exp2",
        "expm1",
        "square",
        "neg",
        "sin",
        "cos",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "atan",
        "sigmoid",
        "deg2rad",
        "rad2deg",
        "positive",
    ]
    domains: dict[str, Input] = {
        **{n: pos(3, 4) for n in ["log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"]},
        **{n: unit(3, 4) for n in ["tan", "asin", "acos", "atanh"]},
        "acosh": real(3, 4, low=1.3, high=4.0),
        **{n: apart(3, 4) for n in ["abs", "relu", "sgn"]},
        "logit": real(3, 4, low=0.1, high=0.9),
    }
    rows = [row(n, real(3, 4), pointwise=True) for n in anywhere]
    rows += [row(n, d, pointwise=True) for n, d in domains.items()]
    # Flat functions: the gradient is zero, and finite differences would cross a step.
    rows += [row(n, real(3, 4), pointwise=True, gradgrad=False) for n in ["floor", "ceil", "trunc", "frac", "sign", "round"]]
    tests = ["isnan", "isinf", "isfinite", "signbit", "logical_not", "bitwise_not"]
    rows += [row(n, real(3, 4), pointwise=True, **NO) for n in tests]
    rows += [row(n, real(3, 4), **NO) for n in ("isposinf", "isneginf")]
    return rows


def _binary() -> list[Row]:
    rows = [
        row("add", real(3, 4), real(3, 4), pointwise=True),
        row("sub", real(3, 4), real(3, 4), pointwise=True),
        row("mul", real(3, 4), real(3, 4), pointwise=True),
        row("div", real(3, 4), pos(3, 4), pointwise=True),
        row("pow", pos(3, 4), real(3, 4, low=0.3), pointwise=True),
        row("float_power", pos(3, 4), real(3, 4, low=0.3), pointwise=True),
        row("rsub", real(3, 4), real(3, 4), pointwise=True),
        row("remainder", apart(3, 4), pos(3, 4), pointwise=True, gradgrad=False, special=False),
        row("fmod", apart(3, 4), pos(3, 4), pointwise=True, gradgrad=False, special=False),
        row("floor_divide", apart(3, 4), pos(3, 4), pointwise=True, **NO),
        row("atan2", pos(3, 4), pos(3, 4), pointwise=True),
        row("hypot", pos(3, 4), pos(3, 4), pointwise=True),
        row("copysign", apart(3, 4), apart(3, 4), pointwise=True, gradgrad=False),
        row("xlogy", pos(3, 4), pos(3, 4), pointwise=True),
        row("logaddexp", real(3, 4), real(3, 4), pointwise=True, dtypes=FLOATS),
        row("logaddexp2", real(3, 4), real(3, 4), pointwise=True),
    ]
    rows += [row(n, apart(3, 4), apart(4, low=-2.0), pointwise=True) for n in ["maximum", "minimum", "fmax", "fmin"]]
    compare = [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "logical_and",
        "logical_or",
        "logical_xor",
        "heaviside",
        "nextafter",
        "isclose",
    ]
    rows += [row(n, real(3, 4), real(3, 4), pointwise=True, **NO) for n in compare]
    bits = ["bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"]
    rows += [row(n, real(3, 4), real(3, 4), pointwise=True, **NO) for n in bits]
    shifts = ["bitwise_left_shift", "bitwise_right_shift"]
    rows += [row(n, pos(3, 4), pos(3, 4, high=1.0), pointwise=True, dtypes=INTEGERS, **NO) for n in shifts]
    return rows


def _operators() -> list[Row]:
    import operator as o

    rows: list[Row] = []

    def add(name: str, call: Any, *inputs: Input, **options: Any) -> None:
        rows.append(row(name, *inputs, call=call, pointwise=True, **options))

    for symbol in ["add", "sub", "mul", "truediv"]:
        f = getattr(o, symbol)
        add(f"__{symbol}__[number]", lambda m, x, f=f: f(x, 2), real(3, 4))
        add(f"__{symbol}__[float]", lambda m, x, f=f: f(x, 2.5), real(3, 4))
        add(f"__r{symbol}__[number]", lambda m, x, f=f: f(2, x), pos(3, 4))
        add(f"__{symbol}__[broadcast]", lambda m, x, y, f=f: f(x, y), real(3, 1), pos(4))
        add(f"__{symbol}__[0-d]", lambda m, x, y, f=f: f(x, y), real(3, 4), pos())
    add("__pow__[2]", lambda m, x: x**2, real(3, 4))
    add("__pow__[3]", lambda m, x: x**3, real(3, 4))
    add("__pow__[0.5]", lambda m, x: x**0.5, pos(3, 4))
    add("__pow__[-1]", lambda m, x: x**-1, pos(3, 4))
    add("__pow__[0]", lambda m, x: x**0, pos(3, 4))
    add("__rpow__", lambda m, x: 2**x, pos(3, 4))
    add("__mod__", lambda m, x: x % 3, apart(3, 4), gradgrad=False)
    add("__floordiv__", lambda m, x: x // 2, apart(3, 4), **NO)
    add("__neg__", lambda m, x: -x, real(3, 4))
    add("__abs__", lambda m, x: abs(x), apart(3, 4))
    add("__invert__", lambda m, x: ~x, real(3, 4), **NO)
    add("__and__", lambda m, x: x & (x > 0), real(3, 4), **NO)
    add("__eq__[number]", lambda m, x: x == 1, real(3, 4), **NO)
    add("__lt__[float]", lambda m, x: x < 0.5, real(3, 4), **NO)
    return rows


def _static() -> list[Row]:
    return [
        row("add[alpha]", real(3, 4), real(3, 4), call=lambda m, x, y: m.add(x, y, alpha=2), pointwise=True),
        row("sub[alpha]", real(3, 4), real(3, 4), call=lambda m, x, y: m.sub(x, y, alpha=2), pointwise=True),
        row("rsub[number]", real(3, 4), call=lambda m, x: m.rsub(x, 3), pointwise=True),
        row(
            "div[floor]",
            apart(3, 4),
            pos(3, 4),
            call=lambda m, x, y: m.div(x, y, rounding_mode="floor"),
            pointwise=True,
            gradgrad=False,
        ),
        row(
            "div[trunc]",
            apart(3, 4),
            pos(3, 4),
            call=lambda m, x, y: m.div(x, y, rounding_mode="trunc"),
            pointwise=True,
            gradgrad=False,
        ),
        row("true_divide", real(3, 4), pos(3, 4), pointwise=True),
        row("pow[number base]", real(3, 4), call=lambda m, x: m.pow(2.0, x), pointwise=True),
        row("pow[zero base]", real(3, 4, low=1.2, high=2.0), call=lambda m, y: m.pow(m.zeros_like(y), y), dtypes=("float64",)),
        row(
            "round[decimals]",
            real(3, 4),
            call=lambda m, x: m.round(x, decimals=1),
            pointwise=True,
            gradgrad=False,
            dtypes=("float32", "float64"),
        ),
        row("clamp", apart(3, 4), call=lambda m, x: m.clamp(x, -0.5, 0.7), pointwise=True),
        row("clamp[min]", apart(3, 4), call=lambda m, x: m.clamp(x, min=0), pointwise=True),
        row("clamp[max]", apart(3, 4), call=lambda m, x: x.clamp(max=0.3), pointwise=True),
        row("clamp[tensors]", apart(3, 4), real(3, 4, low=-1.5, high=-0.5), real(3, 4, low=0.5, high=1.5), pointwise=True),
        row("clamp_min", apart(3, 4), call=lambda m, x: m.clamp_min(x, 0.1), pointwise=True),
        row("clamp_max", apart(3, 4), call=lambda m, x: m.clamp_max(x, 0.1), pointwise=True),
        row("where", mask(3, 4), real(3, 4), real(3, 4), pointwise=True),
        row("where[number]", mask(3, 4), real(3, 4), call=lambda m, c, x: m.where(c, x, 0), pointwise=True),
        row("where[numbers]", mask(3, 4), call=lambda m, c: m.where(c, 1.5, 0), pointwise=True, **NO),
        row("where[method]", real(3, 4), real(4), call=lambda m, x, y: x.where(x > 0, y), pointwise=True),
        row("where[condition]", mask(3, 4), call=lambda m, c: m.where(c), **NO),
        row("lerp[number]", real(3, 4), real(3, 4), call=lambda m, x, y: m.lerp(x, y, 0.3), pointwise=True),
        row("lerp", real(3, 4), real(3, 4), real(3, 4, low=0.6, high=0.9), pointwise=True),
        row("addcmul", real(3, 4), real(3, 4), real(3, 4), pointwise=True),
        row(
            "addcmul[value]",
            real(3, 4),
            real(3, 4),
            real(4),
            call=lambda m, x, y, z: m.addcmul(x, y, z, value=2),
            pointwise=True,
        ),
        row("addcdiv", real(3, 4), real(3, 4), pos(3, 4), pointwise=True),
        row(
            "addcdiv[value]",
            real(3, 4),
            real(3, 4),
            pos(3, 4),
            call=lambda m, x, y, z: m.addcdiv(x, y, z, value=0.5),
            pointwise=True,
            dtypes=FLOATS,
        ),
        row("nan_to_num", real(3, 4), pointwise=True),
        row("nan_to_num[values]", real(3, 4), call=lambda m, x: m.nan_to_num(x, 1.0, 2.0, 3.0), pointwise=True),
        row("logit[eps]", real(3, 4, low=0.1, high=0.9), call=lambda m, x: m.logit(x, 0.2), dtypes=FLOATS, gradgrad=False),
        row("softmax", real(3, 4), call=lambda m, x: m.softmax(x, 1)),
        row("softmax[dim 0, dtype]", real(3, 4), call=lambda m, x: x.softmax(dim=0, dtype=m.float64)),
        row("softmax[0-d]", real(), call=lambda m, x: m.softmax(x, 0)),
        row("softmax[empty]", real(3, 0), call=lambda m, x: m.softmax(x, -1), gradgrad=False, dtypes=FLOATS),
        row("log_softmax", real(3, 4), call=lambda m, x: m.log_softmax(x, -1)),
        row(
            "log_softmax[large]",
            real(3, 4, low=500, high=1000),
            call=lambda m, x: m.log_softmax(x, 1),
            dtypes=("float32", "float64"),
            gradgrad=False,
        ),
    ]


def _complex() -> list[Row]:
    return [
        row("real", real(3, 4), call=lambda m, x: m.real(x)),
        row("imag", real(3, 4), call=lambda m, x: m.imag(x), dtypes=("complex64", "complex128"), grad=False, gradgrad=False),
        row("conj", real(3, 4), call=lambda m, x: m.conj(x)),
        row("conj_physical", real(3, 4), pointwise=True),
        row("resolve_conj", real(3, 4), call=lambda m, x: m.resolve_conj(m.conj(x))),
        row("resolve_neg", real(3, 4)),
        row("isreal", real(3, 4), **NO),
        row("angle", apart(3, 4), pointwise=True, gradgrad=False),
        row("complex", real(3, 4), real(3, 4), dtypes=("float32", "float64")),
        row("polar", pos(3, 4), real(3, 4), call=lambda m, r, a: m.polar(r, a), dtypes=("float32", "float64")),
    ]


ROWS = [*_unary(), *_binary(), *_operators(), *_static(), *_complex()]
