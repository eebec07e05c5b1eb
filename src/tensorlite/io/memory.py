"""Between tensors and bytes: which memory a tensor lies in, and tensors over the memory of a file."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..devices import device
from ..dtypes import dtype as DType
from ..dtypes import uint8
from ..tensor import Tensor
from ..tensor.creation import empty, frombuffer

__all__ = ["Storage", "flat_from_bytes", "storage_of", "strided_view", "turned"]

MAX_DIMS = 64  # of a NumPy array


class Storage(NamedTuple):
    """The memory that one tensor or several lie in. ``key`` is the same for tensors that share it."""

    key: Any
    flat: Tensor
    dtype: DType
    device: device
    numel: int
    nbytes: int

    @property
    def location(self) -> str:
        """Where the memory is, as PyTorch writes it."""
        return f"cuda:{self.device.index or 0}" if self.device.type == "cuda" else "cpu"

    def to_bytes(self) -> bytes:
        """The bytes, brought to the CPU if they are not there."""
        return self.flat.cpu().view(uint8).numpy().tobytes() if self.numel else b""


def storage_of(tensor: Tensor) -> tuple[Storage, int, tuple[int, ...]]:
    """The memory of a tensor, and how the tensor lies in it: offset and strides, in elements."""
    tensor = tensor.detach()
    storage = tensor.untyped_storage()
    width = tensor.element_size()
    numel = storage.nbytes() // width
    offset, stride = tensor.storage_offset(), tuple(tensor.stride())
    if tensor.is_contiguous() and tensor.numel() == numel:
        flat = tensor.reshape(-1)
    else:
        flat = tensor.as_strided((numel,), (1,), 0)
        if flat.dtype != tensor.dtype:  # the memory was made for another dtype: save what is seen of it
            contiguous = tensor.clone().contiguous()
            flat, offset, stride = contiguous.reshape(-1), 0, tuple(contiguous.stride())
    # The dtype is part of the key: memory that is seen through two dtypes is saved once for each.
    key = (str(tensor.device), flat.data_ptr() if flat.numel() else id(flat), tensor.dtype)
    return Storage(key, flat, tensor.dtype, tensor.device, flat.numel(), flat.numel() * width), offset, stride


def turned(memory: Any, dtype: DType) -> bytearray:
    """A copy with the bytes of each number in the other order.

    Raises:
        ValueError: the size of ``memory`` is no multiple of the size of a number.
    """
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    if len(memory) % width:
        raise ValueError(f"{len(memory)} bytes hold no whole number of {dtype} elements")
    out = bytearray(len(memory))
    for i in range(width):
        out[i::width] = memory[width - 1 - i :: width]
    return out


def flat_from_bytes(memory: Any, dtype: DType) -> Tensor:
    """A vector in the memory of a writable buffer.

    Raises:
        ValueError: its size is no multiple of the size of an element.
    """
    return frombuffer(memory, dtype=dtype) if len(memory) else empty(0, dtype=dtype, device="cpu")


def strided_view(flat: Tensor, offset: Any, size: Any, stride: Any) -> Tensor:
    """The tensor that lies so in ``flat``.

    Raises:
        ValueError: it would reach outside, or what should be whole numbers is something else: all of it comes from a file.
    """
    offset, size, stride = _whole(offset), _sizes(size), _sizes(stride)
    if len(size) != len(stride):
        raise ValueError(f"size {size} and stride {stride} do not describe a tensor")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 not in size and last >= flat.numel():
        raise ValueError(f"size {size} reaches beyond a storage of {flat.numel()} elements")
    if 0 in size:
        offset = 0
    return flat.as_strided(size, stride, offset)


def _sizes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)) or len(value) > MAX_DIMS:
        raise ValueError(f"a size or a stride that is no tuple of at most {MAX_DIMS} numbers")
    return tuple(_whole(n) for n in value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError("a size, a stride or an offset that is no whole number, or negative, or far too large")
    return value
