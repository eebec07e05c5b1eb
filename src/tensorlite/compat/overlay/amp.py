"""``torch.amp``: automatic mixed precision.

`autocast` is accepted and computes in the dtypes that the tensors have: its purpose is speed, which half precision does not have
here, and float32 is the more precise result. `GradScaler` scales and unscales as PyTorch's does.
"""

from __future__ import annotations

from ._autocast import (
    autocast,
    custom_bwd,
    custom_fwd,
    get_autocast_dtype,
    is_autocast_available,
    is_autocast_cache_enabled,
    is_autocast_enabled,
    set_autocast_enabled,
)
from ._grad_scaler import GradScaler

__all__ = [
    "GradScaler", "autocast", "custom_bwd", "custom_fwd", "get_autocast_dtype", "is_autocast_available",
    "is_autocast_cache_enabled", "is_autocast_enabled", "set_autocast_enabled",
]  # fmt: skip
