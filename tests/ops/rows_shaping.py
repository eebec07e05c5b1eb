"""Shapes, views, joins, and changes in place through views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import Row, real, row

NO = {"grad": False, "gradgrad": False}


def _method(name: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    return lambda m, x: getattr(x, name)(*args, **kwargs)


def _function(name: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    return lambda m, x: getattr(m, name)(x, *args, **kwargs)


def _reshapes() -> list[Row]:
    x = real(2, 3, 4)
    return [
        row("reshape", x, call=_method("reshape", 4, -1)),
        row("reshape[transposed]", x, call=lambda m, x: x.transpose(0, 2).reshape(6, 4)),
        row("reshape[tuple]", x, call=_function("reshape", (3, 8))),
        row("reshape[0-d]", real(1, 1), call=_method("reshape", ())),
        row("reshape[empty]", real(0, 3), call=_method("reshape", 3, 0, 2)),
        row("view", x, call=_method("view", -1, 4)),
        row("view_as", x, call=lambda m, x: x.view_as(m.zeros(6, 4))),
        row("reshape_as", x, call=lambda m, x: x.reshape_as(m.zeros(6, 4))),
        row("flatten", x),
        row("flatten[range]", x, call=_function("flatten", 1, 2)),
        row("flatten[0-d]", real()),
        row("ravel", x),
        row("unflatten", x, call=_function("unflatten", 2, (2, -1))),
        row("squeeze", real(1, 3, 1)),
        row("squeeze[dim]", real(1, 3, 1), call=_function("squeeze", -1)),
        row("squeeze[dims]", real(1, 3, 1), call=_function("squeeze", (0, 1))),
        row("squeeze[0-d]", real(), call=_function("squeeze", 0)),
        row("unsqueeze", x, call=_function("unsqueeze", -2)),
        row("unsqueeze[0-d]", real(), call=_function("unsqueeze", 0)),
        row("permute", x, call=_method("permute", 2, 0, -2)),
        row("permute[tuple]", x, call=_function("permute", (1, 2, 0))),
        row("transpose", x, call=_function("transpose", 0, -1)),
        row("swapaxes", x, call=_function("swapaxes", 0, 1)),
        row("t", real(3, 4)),
        row("t[1-d]", real(3)),
        row("t[0-d]", real()),
        row("T", real(3, 4), call=lambda m, x: x.T),
        row("mT", x, call=lambda m, x: x.mT),
        row("H", real(3, 4), call=lambda m, x: x.H),
        row("movedim", x, call=_function("movedim", 0, -1)),
        row("movedim[several]", x, call=_function("movedim", (0, 1), (2, 0))),
        row("expand", real(3, 1), call=_method("expand", 2, -1, 4)),
        row("expand[0-d]", real(), call=_method("expand", 2, 3)),
        row("expand_as", real(3, 1), call=lambda m, x: x.expand_as(m.zeros(2, 3, 4))),
        row("broadcast_to", real(3, 1), call=_function("broadcast_to", (2, 3, 4))),
        row("broadcast_tensors", real(3, 1), real(4)),
        row("repeat", real(2, 3), call=_method("repeat", 2, 1, 2)),
        row("tile", real(2, 3), call=_function("tile", (2,))),
        row("repeat_interleave", real(2, 3), call=_function("repeat_interleave", 2)),
        row("repeat_interleave[dim]", real(2, 3), call=_function("repeat_interleave", 3, dim=1)),
        row(
            "repeat_interleave[counts]",
            real(2, 3),
            call=lambda m, x: m.repeat_interleave(x, m.tensor([2, 0, 1], device=x.device), dim=1),
        ),
        row("contiguous", x, call=lambda m, x: x.transpose(0, 1).contiguous()),
        row("clone", x, call=lambda m, x: x.clone()),
        row("detach", x, call=lambda m, x: x.detach(), **NO),
        row("alias", x, call=lambda m, x: x[...]),
        row("unfold", real(7), call=_method("unfold", 0, 3, 2)),
        row("unfold[dim]", real(2, 7, 3), call=_method("unfold", 1, 4, 1)),
        row("as_strided", real(12), call=_function("as_strided", (3, 3), (2, 1))),
        row("as_strided[offset]", real(3, 4), call=_function("as_strided", (2, 2), (4, 1), 5)),
    ]


def _order() -> list[Row]:
    x = real(2, 3, 4)
    rows = [
        row("flip", x, call=_function("flip", (0, -1))),
        row("fliplr", x),
        row("flipud", x),
        row("flip[0-d]", real(), call=_function("flip", ())),
        row("roll", x, call=_function("roll", 2)),
        row("roll[dims]", x, call=_function("roll", (1, -2), (0, 2))),
        row("roll[dim]", x, call=_function("roll", 5, 1)),
    ]
    rows += [row(f"rot90[{k}]", x, call=_function("rot90", k, (0, 2))) for k in (-1, 0, 1, 2, 3)]
    for name in ("tril", "triu"):
        rows += [
            row(name, real(3, 4)),
            row(f"{name}[1]", x, call=_function(name, 1)),
            row(f"{name}[-1]", x, call=_function(name, -1)),
        ]
    return rows + [
        row("diagonal", real(3, 4)),
        row("diagonal[offset]", x, call=_function("diagonal", 1, 2, 1)),
        row("diag", real(4)),
        row("diag[matrix]", real(3, 4), call=_function("diag", -1)),
        row("diag[offset]", real(3), call=_function("diag", 2)),
        row("diag_embed", real(2, 3)),
        row("diag_embed[dims]", real(2, 3), call=_function("diag_embed", 1, 0, 2)),
        row("trace", real(3, 4)),
    ]


def _joins() -> list[Row]:
    def join(name: str, *args: Any) -> Callable[..., Any]:
        return lambda m, *xs: getattr(m, name)(xs, *args)

    a, b = real(2, 3), real(2, 3)
    return [
        row("cat", a, real(4, 3), call=join("cat")),
        row("cat[dim]", a, real(2, 1), call=join("cat", -1)),
        row("cat[empty]", a, real(0), call=join("cat")),
        row("cat[dtypes]", a, call=lambda m, x: m.cat([x, m.ones(1, 3, dtype=m.int32, device=x.device)])),
        row("stack", a, b, call=join("stack")),
        row("stack[dim]", a, b, call=join("stack", -1)),
        row("stack[0-d]", real(), real(), call=join("stack")),
        row("hstack", a, b, call=join("hstack")),
        row("hstack[1-d]", real(2), real(3), call=join("hstack")),
        row("vstack", real(3), b, call=join("vstack")),
        row("dstack", a, b, call=join("dstack")),
        row("column_stack", real(2), b, call=join("column_stack")),
        row("atleast_1d", real()),
        row("atleast_2d", real(3)),
        row("atleast_3d", a),
        row("atleast_3d[1-d]", real(3)),
        row("split", real(5, 3), call=_function("split", 2)),
        row("split[sizes]", real(5, 3), call=_function("split", [1, 4])),
        row("split[dim]", real(5, 3), call=_method("split", 2, dim=1)),
        row("split_with_sizes", real(5), call=_function("split_with_sizes", [2, 3])),
        row("chunk", real(5, 3), call=_function("chunk", 3)),
        row("chunk[few]", real(5), call=_function("chunk", 4)),
        row("chunk[empty]", real(0), call=_function("chunk", 2)),
        row("tensor_split", real(7), call=_function("tensor_split", 3)),
        row("tensor_split[indices]", real(7), call=_function("tensor_split", (2, 9))),
        row("unbind", a),
        row("unbind[dim]", a, call=_function("unbind", 1)),
        row("narrow", a, call=_function("narrow", 1, 1, 2)),
        row("select", a, call=_function("select", 1, -1)),
        row("meshgrid", real(2), real(3), call=lambda m, x, y: m.meshgrid(x, y, indexing="ij")),
        row("meshgrid[xy]", real(2), real(3), call=lambda m, x, y: m.meshgrid(x, y, indexing="xy")),
    ]


def _written() -> list[Row]:
    """In-place changes through views: value of the base, and gradients of base and value."""

    def case(name: str, change: Callable[..., Any], *inputs: Any, **options: Any) -> Row:
        def call(m: Any, x: Any, *rest: Any) -> Any:
            base = x * 1
            returned = change(m, base, *rest)
            return base * 2 if returned is None else (base * 2, returned * 3)

        return row(f"in place[{name}]", *inputs, call=call, **options)

    x = real(3, 4)
    floats = {"dtypes": ("float32", "float64", "complex128")}
    return [
        case("row", lambda m, x, v: x[1].mul_(v), x, real(4), **floats),
        case("setitem", lambda m, x, v: x.__setitem__((slice(None), 1), v), x, real(3), **floats),
        case("setitem broadcast", lambda m, x, v: x.__setitem__(slice(0, 2), v), x, real(), **floats),
        case("setitem number", lambda m, x: x.__setitem__((0, 0), 5), x, **floats),
        case("transposed", lambda m, x, v: x.t()[2].add_(v), x, real(3), **floats),
        case("view", lambda m, x, v: x.view(-1)[::3].copy_(v), x, real(4), **floats),
        case("diagonal", lambda m, x, v: x.diagonal().copy_(v), x, real(3), **floats),
        case("squeeze, unsqueeze", lambda m, x, v: x.unsqueeze(0)[0, 1:].squeeze().mul_(v), x, real(4), **floats),
        case("chain", lambda m, x, v: (x.add_(1), x[0].mul_(v), x.mul_(x), x[:, 1].zero_())[2], x, real(4), **floats),
        case("twice", lambda m, x, v: (x[0].mul_(v), x[0].mul_(v))[1], x, real(4), **floats),
        case("old view", lambda m, x, v: (lambda view: (x.mul_(2), view.add_(v))[1])(x[0]), x, real(4), **floats),
        case("sibling view", lambda m, x, v: (lambda a, b: (b.mul_(v), a * 1)[1])(x[0], x[:, 0]), x, real(3), **floats),
        case("masked_fill", lambda m, x: x.masked_fill_(x.detach().real > 0, 0), x, dtypes=("float64",)),
        case("fill", lambda m, x, v: x[1].fill_(v), x, real(), **floats),
        case("exp", lambda m, x: x.exp_(), x, **floats),
        case("relu", lambda m, x: x.relu_(), x, dtypes=("float64",), gradgrad=False),
    ]


ROWS = [*_reshapes(), *_order(), *_joins(), *_written()]
