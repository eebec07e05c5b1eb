"""``torch.FloatTensor`` and its kind: constructors from the time before dtypes, and what they are instances of."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...tensor import Tensor, creation

__all__ = ["CUDA_LEGACY_TENSORS", "LEGACY_TENSORS"]


class _TensorType(type):
    """The class of such classes. They have no instances of their own: they make tensors, and recognise them."""

    dtype: Any
    device: str

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        where = cls.device if device is None else device
        if not data:
            return creation.empty(0, dtype=cls.dtype, device=where)
        if all(isinstance(size, int) for size in data):
            return creation.empty(*data, dtype=cls.dtype, device=where)
        if len(data) != 1:
            raise TypeError(f"{cls!r} expects sizes or one sequence of numbers, but got {len(data)} arguments")
        if isinstance(data[0], Tensor):
            if data[0].dtype is not cls.dtype:
                raise TypeError(f"expected {cls.__qualname__} (got torch.{data[0].dtype.scalar_name}Tensor); use x.to(dtype)")
            return data[0].detach()
        if type(data[0]).__name__ == "Size":
            return creation.empty(*data[0], dtype=cls.dtype, device=where)
        return creation.tensor(data[0], dtype=cls.dtype, device=where)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == cls.device

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__qualname__}'>"


def _make(dtype: Any, device: str) -> _TensorType:
    """
    >>> _make(dtypes.float64, "cpu")([1, 2])
    tensor([1., 2.], dtype=torch.float64)
    """
    module = "torch" if device == "cpu" else f"torch.{device}"
    doc = f"Makes tensors of {dtype} on the device {device}: from sizes (their elements are arbitrary), or from a sequence."
    return _TensorType(f"{dtype.scalar_name}Tensor", (), {"dtype": dtype, "device": device, "__module__": module, "__doc__": doc})


_DTYPES = [
    dtypes.bool, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.bfloat16,
    dtypes.float32, dtypes.float64,
]  # fmt: skip

LEGACY_TENSORS: dict[str, Any] = {f"{d.scalar_name}Tensor": _make(d, "cpu") for d in _DTYPES}
CUDA_LEGACY_TENSORS: dict[str, Any] = {f"{d.scalar_name}Tensor": _make(d, "cuda") for d in _DTYPES}
