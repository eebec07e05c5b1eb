"""What only programs written for PyTorch need, one file for each of PyTorch's modules: this one is ``torch`` itself.

A file's ``__all__`` is what is seen of it; everything else of a module comes from tensorlite's module of the same path.
"""

from __future__ import annotations

from ._functional import FROM_FUNCTIONAL, batch_norm, dropout, embedding, group_norm, layer_norm
from ._legacy import LEGACY_TENSORS
from ._settings import (
    are_deterministic_algorithms_enabled,
    get_deterministic_debug_mode,
    get_float32_matmul_precision,
    is_deterministic_algorithms_warn_only_enabled,
    is_warn_always_enabled,
    layout,
    memory_format,
    set_default_tensor_type,
    set_deterministic_debug_mode,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_warn_always,
    use_deterministic_algorithms,
)
from ._storage import UntypedStorage
from ._trivia import (
    TYPE_CHECKING,
    OutOfMemoryError,
    default_generator,
    get_device,
    is_conj,
    is_distributed,
    is_inference,
    is_neg,
    is_same_size,
    is_signed,
    is_storage,
    is_vulkan_available,
    typename,
)
from .amp import GradScaler, autocast, get_autocast_dtype, is_autocast_cache_enabled, is_autocast_enabled, set_autocast_enabled
from .compiler import compile
from .version import __version__

globals().update(LEGACY_TENSORS)
globals().update(FROM_FUNCTIONAL)

__all__ = [
    "GradScaler", "OutOfMemoryError", "TYPE_CHECKING", "UntypedStorage", "__version__",
    "are_deterministic_algorithms_enabled", "autocast",
    "batch_norm", "compile", "default_generator", "dropout", "embedding", "get_autocast_dtype", "get_deterministic_debug_mode",
    "get_device", "get_float32_matmul_precision", "group_norm", "is_autocast_cache_enabled", "is_autocast_enabled", "is_conj",
    "is_deterministic_algorithms_warn_only_enabled", "is_distributed", "is_inference", "is_neg", "is_same_size", "is_signed",
    "is_storage", "is_vulkan_available", "is_warn_always_enabled", "layer_norm", "layout", "memory_format",
    "set_autocast_enabled", "set_default_tensor_type", "set_deterministic_debug_mode", "set_float32_matmul_precision",
    "set_flush_denormal", "set_warn_always", "typename", "use_deterministic_algorithms", *LEGACY_TENSORS, *FROM_FUNCTIONAL,
]  # fmt: skip
