"""``torch.types``: names for annotations."""

from __future__ import annotations

from collections.abc import Sequence

from ...devices import device
from ...dtypes import dtype
from ...tensor import Tensor

__all__ = ["Device", "Number", "TensorOrTensors", "_bool", "_device", "_dtype", "_float", "_int", "_size"]

_int, _float, _bool, _device, _dtype = int, float, bool, device, dtype
Number = int | float | bool
Device = device | str | int | None
TensorOrTensors = Tensor | tuple[Tensor, ...]
_size = Sequence[int]
