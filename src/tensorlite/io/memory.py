"""Between tensors and bytes: which memory a tensor lies in, and tensors over the memory of a file."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..devices import device
from ..dtypes import dtype as DType
from ..dtypes import uint8
from ..tensor import Tensor
from ..tensor.creation import empty, frombuffer

__all__ = ["Storage", "flat_from_bytes", "storage_of", "strided_view"]


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


def flat_from_bytes(data: bytes, dtype: DType, swapped: bool) -> Tensor:
    """A vector over a copy of ``data``; ``swapped`` turns the bytes of each number round."""
    if not data:
        return empty(0, dtype=dtype, device="cpu")
    buffer = bytearray(data)
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    if swapped and width > 1:
        for i in range(width):
            buffer[i::width] = data[width - 1 - i :: width]
    return frombuffer(buffer, dtype=dtype)


def strided_view(flat: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """The tensor that lies so in ``flat``.

    Raises:
        ValueError: it would reach outside. Nothing below checks that, and the numbers come from a file.
    """
    if len(size) != len(stride) or min((offset, *size, *stride)) < 0:
        raise ValueError(f"offset {offset}, size {size} and stride {stride} do not describe a tensor")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 not in size and last >= flat.numel():
        raise ValueError(f"size {size} reaches beyond a storage of {flat.numel()} elements")
    if 0 in size:
        offset = 0
    return flat.as_strided(size, stride, offset)
