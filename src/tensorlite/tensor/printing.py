"""Tensors as text, letter by letter as PyTorch prints them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..dtypes import float64, get_default_dtype

__all__ = ["PrintOptions", "printoptions", "set_printoptions", "sparse_repr", "tensor_repr"]

Nested = Any  # a Python number, or a list of these
Format = Callable[[Any], str]


@dataclass
class PrintOptions:
    """What `set_printoptions` sets.

    >>> PrintOptions().edgeitems
    3
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_profiles = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed. What is not given stays, but for `sci_mode`, which then is chosen by the values.

    Args:
        precision: digits after the point.
        threshold: elements from which on only the edges are printed.
        edgeitems: elements at each edge of each dimension.
        linewidth: characters per line.
        profile: ``"default"``, ``"short"`` or ``"full"``, to start from; the others override it.
        sci_mode: whether floats are printed in scientific notation.

    >>> import tensorlite as tl
    >>> tl.set_printoptions(precision=2)
    >>> tl.tensor([1.23456])
    tensor([1.23])
    >>> tl.set_printoptions(profile="default")
    """
    if profile in _profiles:
        options.__dict__.update(_profiles[profile].__dict__)
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    options.__dict__.update({name: value for name, value in given.items() if value is not None})
    options.sci_mode = sci_mode


@contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """`set_printoptions` for the length of a block.

    >>> import tensorlite as tl
    >>> with printoptions(sci_mode=True):
    ...     tl.tensor([1.5])
    tensor([1.5000e+00])
    """
    before = replace(options)
    try:
        set_printoptions(**changes)
        yield
    finally:
        options.__dict__.update(before.__dict__)


def tensor_repr(tensor: Any, prefix: str = "tensor(") -> str:
    """The text of a tensor, through its public attributes and methods only.

    >>> import tensorlite as tl
    >>> tensor_repr(tl.tensor([1.0, 2.5]))
    'tensor([1.0000, 2.5000])'
    """
    if getattr(tensor, "is_sparse", False):
        return sparse_repr(tensor)
    suffixes = []
    indent = len(prefix)
    where, shape = tensor.device, tuple(tensor.shape)
    dtype, known = str(tensor.dtype), _unsaid_dtypes()
    if where.type != "cpu":
        suffixes.append(f"device='{where}'")
    if where.type == "meta" or 0 in shape:
        known = {str(get_default_dtype())}
        if where.type == "meta" or len(shape) != 1:
            suffixes.append(f"size={_tuple(shape)}")
        text = "..." if where.type == "meta" else "[]"
    else:
        text = _contents(tensor.detach(), shape, indent)
    if dtype not in known:
        suffixes.append(f"dtype={dtype}")
    suffixes += _gradient_suffix(tensor)
    return _with_suffixes(prefix + text, suffixes, indent)


def sparse_repr(tensor: Any) -> str:
    """The text of a sparse tensor.

    >>> import tensorlite as tl
    >>> print(sparse_repr(tl.tensor([0., 3.]).to_sparse()))
    tensor(indices=tensor([[1]]),
           values=tensor([3.]),
           size=(2,), nnz=1, layout=torch.sparse_coo)
    """
    indent = len("tensor(")
    parts = []
    for name, part in (("indices", tensor._indices()), ("values", tensor._values())):
        prefix, shape = f"{name}=tensor(", tuple(part.shape)
        inside = _contents(part, shape, indent + len(prefix)) if part.numel() else f"[], size={_tuple(shape)}"
        parts.append(f"{prefix}{inside})")
    suffixes = [f"device='{tensor.device}'"] if tensor.device.type != "cpu" else []
    suffixes += [f"size={_tuple(tensor.shape)}", f"nnz={tensor._nnz()}"]
    if str(tensor.dtype) not in _unsaid_dtypes():
        suffixes.append(f"dtype={tensor.dtype}")
    suffixes.append(f"layout={tensor.layout}")
    text = "tensor(" + (",\n" + " " * indent).join(parts)
    return _with_suffixes(text, suffixes + _gradient_suffix(tensor), indent, below=True)


def _unsaid_dtypes() -> set[str]:
    """The dtypes that one can tell from the elements."""
    default = get_default_dtype()
    return {str(default), "torch.int64", "torch.bool", "torch.complex128" if default is float64 else "torch.complex64"}


def _tuple(shape: tuple[int, ...]) -> str:
    return str(tuple(int(n) for n in shape))


def _gradient_suffix(tensor: Any) -> list[str]:
    try:
        node = tensor.grad_fn
    except RuntimeError:  # a view whose history an in-place op has made invalid
        return ["grad_fn=<Invalid>"]
    if node is not None:
        return [f"grad_fn=<{node.name()}>"]
    return ["requires_grad=True"] if tensor.requires_grad else []


def _with_suffixes(text: str, suffixes: list[str], indent: int, below: bool = False) -> str:
    """Suffixes go on the last line while there is room (or, with `below`, from the next line on), then on new ones."""
    used = len(text) - text.rfind("\n") + 1
    for i, suffix in enumerate(suffixes):
        if used + len(suffix) + 2 > options.linewidth or below and not i:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _contents(tensor: Any, shape: tuple[int, ...], indent: int) -> str:
    summarize = math.prod(shape) > options.threshold
    data = _edges(tensor, shape, 0) if summarize else tensor.tolist()
    form, width = _element_format(tensor.dtype, list(_flat(data, len(shape))))
    if not shape:
        return form(data)
    return _rows(data, shape, indent, form, width, summarize)


# --- which elements -------------------------------------------------------------------------------------------------


def _edges(tensor: Any, shape: tuple[int, ...], dim: int) -> Nested:
    """The elements at the edges of every dimension, as nested lists."""
    edge = options.edgeitems
    while dim < len(shape) and shape[dim] <= 2 * edge:
        dim += 1
    if dim == len(shape):
        return tensor.tolist()
    before, n = (slice(None),) * dim, shape[dim]
    first, last = tensor[(*before, slice(0, edge))], tensor[(*before, slice(n - edge, n))]
    return _joined(_edges(first, shape, dim + 1), _edges(last, shape, dim + 1), dim)


def _joined(first: Nested, last: Nested, dim: int) -> Nested:
    if dim == 0:
        return first + last
    return [_joined(a, b, dim - 1) for a, b in zip(first, last, strict=True)]


def _flat(data: Nested, ndim: int) -> Iterator[Any]:
    if ndim == 0:
        yield data
    elif ndim == 1:
        yield from data
    else:
        for row in data:
            yield from _flat(row, ndim - 1)


# --- one element ----------------------------------------------------------------------------------------------------


def _element_format(dtype: Any, values: list[Any]) -> tuple[Format, int]:
    """How each of these values is written, and how wide."""
    if dtype.is_complex:
        return _complex_format(values)
    if dtype.is_floating_point:
        return _float_format(values)
    width = max((len(str(v)) for v in values), default=1)
    return (lambda v: str(v).rjust(width)), width


def _float_format(values: list[float]) -> tuple[Format, int]:
    """Without a fraction if no value has one; scientific if the values are far apart, or far from 1.

    Zeros, infinities and nans have no say in this, nor in the width.
    """
    telling = [v for v in values if v != 0 and math.isfinite(v)]
    if not telling:
        return _float_writer(whole=True, scientific=False, width=1), 1
    whole = all(v == math.ceil(v) for v in telling)
    sizes = [abs(v) for v in telling]
    smallest, largest = min(sizes), max(sizes)
    scientific = largest / smallest > 1000.0 or largest > 1e8 or (not whole and smallest < 1e-4)
    if options.sci_mode is not None:
        scientific = options.sci_mode
    write = _float_writer(whole, scientific, 1)
    width = max(len(write(v)) for v in telling)
    return _float_writer(whole, scientific, width), width


def _float_writer(whole: bool, scientific: bool, width: int) -> Format:
    places = options.precision
    if scientific:
        return lambda v: f"{v:.{places}e}".rjust(width)
    if whole:
        return lambda v: (f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}").rjust(width)
    return lambda v: f"{v:.{places}f}".rjust(width)


def _complex_format(values: list[complex]) -> tuple[Format, int]:
    """Real and imaginary parts each have a format of their own; only the real parts are padded."""
    real, real_width = _float_format([v.real for v in values])
    imag, imag_width = _float_format([v.imag for v in values])

    def write(v: complex) -> str:
        second = imag(v.imag).lstrip()
        return f"{real(v.real)}{'' if second[0] in '+-' else '+'}{second}j"

    return write, real_width + imag_width + 1


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(data: Nested, shape: tuple[int, ...], indent: int, form: Format, width: int, summarize: bool) -> str:
    """Nested brackets; `data` holds only the edges of dimensions that are summarised."""
    edge = options.edgeitems
    cut = summarize and shape[0] > 2 * edge
    if len(shape) == 1:
        items = [form(v) for v in data]
        if cut:
            items[edge:edge] = [" ..."]
        per_line = max(1, (options.linewidth - indent) // (width + 2))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [_rows(row, shape[1:], indent + 1, form, width, summarize) for row in data]
    if cut:
        parts[edge:edge] = ["..."]
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(parts) + "]"
