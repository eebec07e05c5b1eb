"""``torch.nn.common_types``: names for annotations."""

from __future__ import annotations

_size_1_t = int | tuple[int]
_size_2_t = int | tuple[int, int]
_size_3_t = int | tuple[int, int, int]
_size_any_t = int | tuple[int, ...]
_ratio_2_t = float | tuple[float, float]
_ratio_3_t = float | tuple[float, float, float]

__all__ = ["_ratio_2_t", "_ratio_3_t", "_size_1_t", "_size_2_t", "_size_3_t", "_size_any_t"]
