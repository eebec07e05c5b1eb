"""``torch.testing``: comparing what was computed with what was expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import dtypes
from ...tensor import Tensor, creation
from ...tensor.spelling import functions

__all__ = ["assert_close"]

_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:
    """Check that ``|actual - expected| <= atol + rtol * |expected|``, element by element, for tensors, numbers, and sequences and
    mappings of them.

    Raises:
        AssertionError: they differ, also in shape, dtype or device; it says where and by how much.
        ValueError: only one of `rtol` and `atol` is given.

    >>> import tensorlite as tl
    >>> assert_close(tl.ones(2), tl.ones(2) + 1e-7)
    """
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be specified or both be unspecified")
    fault = _difference(actual, expected, rtol, atol, equal_nan, check_dtype, check_device)
    if fault is not None:
        raise AssertionError(fault if msg is None else msg(fault) if callable(msg) else msg)


def _difference(
    actual: Any, expected: Any, rtol: Any, atol: Any, nan: bool, dtype: bool, device: bool, where: str = ""
) -> str | None:
    """What is different; None for nothing."""
    options = (rtol, atol, nan, dtype, device)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"The keys of the mappings{where} do not match: {list(actual)} != {list(expected)}"
        parts = [_difference(actual[k], expected[k], *options, f"{where}[{k!r}]") for k in actual]
        return next((part for part in parts if part), None)
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            return f"The length of the sequences{where} do not match: {len(actual)} != {len(expected)}"
        parts = [_difference(a, e, *options, f"{where}[{i}]") for i, (a, e) in enumerate(zip(actual, expected, strict=True))]
        return next((part for part in parts if part), None)
    if isinstance(actual, Tensor) != isinstance(expected, Tensor):
        return f"Types{where} do not match: {type(actual).__name__} and {type(expected).__name__}"
    if not isinstance(actual, Tensor):
        wide = dtypes.complex128 if isinstance(actual, complex) or isinstance(expected, complex) else dtypes.float64
        actual, expected = creation.tensor(actual, dtype=wide), creation.tensor(expected, dtype=wide)
    if actual.shape != expected.shape:
        return f"The values for attribute 'shape'{where} do not match: {actual.shape} != {expected.shape}."
    if dtype and actual.dtype is not expected.dtype:
        return f"The values for attribute 'dtype'{where} do not match: {actual.dtype} != {expected.dtype}."
    if device and actual.device != expected.device:
        return f"The values for attribute 'device'{where} do not match: {actual.device} != {expected.device}."
    return _unequal(actual.detach(), expected.detach(), rtol, atol, nan, where)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _unequal(actual: Tensor, expected: Tensor, rtol: Any, atol: Any, nan: bool, where: str) -> str | None:
    if rtol is None:
        pairs = [_TOLERANCES.get(t.dtype, (0.0, 0.0)) for t in (actual, expected)]
        rtol, atol = max(r for r, _ in pairs), max(a for _, a in pairs)
    common = dtypes.promote_types(actual.dtype, expected.dtype)
    x, y = actual.to("cpu", common), expected.to("cpu", common)
    wrong = ~functions["isclose"](x, y, rtol=rtol, atol=atol, equal_nan=nan)
    count = int(wrong.sum())
    if not count:
        return None
    gap = (x.to(dtypes.float64) - y.to(dtypes.float64)).abs() if not common.is_complex else (x - y).abs()
    return (
        f"Tensor-likes are not close{where}!\n\nMismatched elements: {count} / {x.numel()} ({100 * count / x.numel():.1f}%)\n"
        f"Greatest absolute difference: {gap.max().item()} (up to {atol} allowed, and up to {rtol} relative)"
    )
