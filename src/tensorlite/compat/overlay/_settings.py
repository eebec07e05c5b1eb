"""Settings of PyTorch that choose between its algorithms. Here there is one algorithm, so most of them are only remembered."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...dtypes import set_default_dtype

__all__ = [
    "are_deterministic_algorithms_enabled", "get_deterministic_debug_mode", "get_float32_matmul_precision",
    "is_deterministic_algorithms_warn_only_enabled", "is_warn_always_enabled", "layout", "memory_format",
    "set_default_tensor_type", "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal",
    "set_warn_always", "use_deterministic_algorithms",
]  # fmt: skip

memory_format = layout = str
"""The types of ``torch.channels_last`` and ``torch.strided``, for annotations."""


class _Settings:
    precision = "highest"
    deterministic = 0  # 1: warn, 2: error, as PyTorch's debug mode counts
    warn_always = False


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remembered. On the CPU the same program gives the same bits anyway.

    >>> use_deterministic_algorithms(True)
    >>> are_deterministic_algorithms_enabled()
    True
    >>> use_deterministic_algorithms(False)
    """
    _Settings.deterministic = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return _Settings.deterministic > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return _Settings.deterministic == 1


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by a number (0, 1, 2) or a word (default, warn, error)."""
    modes: list[Any] = ["default", "warn", "error"]
    if debug_mode not in (*modes, 0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, 2 or one of {modes}, but got {debug_mode}")
    _Settings.deterministic = modes.index(debug_mode) if isinstance(debug_mode, str) else debug_mode


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2."""
    return _Settings.deterministic


def set_float32_matmul_precision(precision: str) -> None:
    """Remembered: products of float32 are always computed in float32.

    >>> set_float32_matmul_precision("high")
    >>> get_float32_matmul_precision()
    'high'
    >>> set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"expected precision 'highest', 'high' or 'medium', but got {precision!r}")
    _Settings.precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return _Settings.precision


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept, and it cannot be changed."""
    return False


def set_warn_always(b: bool) -> None:
    """Remembered; Python's own warning filters decide."""
    _Settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told."""
    return _Settings.warn_always


def set_default_tensor_type(t: Any) -> None:
    """The default dtype by its old name.

    Raises:
        TypeError: it is no floating point type.
        NotImplementedError: a type on CUDA; set the default device.

    >>> set_default_tensor_type("torch.FloatTensor")
    """
    name = t if isinstance(t, str) else f"{t.__module__}.{t.__qualname__}"
    if name.startswith("torch.cuda."):
        raise NotImplementedError(f'set_default_tensor_type({name}): use torch.set_default_device("cuda") and set_default_dtype')
    floats = {f"torch.{d.scalar_name}Tensor": d for d in (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)}
    if name not in floats:
        raise TypeError("only floating-point types are supported as the default type")
    set_default_dtype(floats[name])
