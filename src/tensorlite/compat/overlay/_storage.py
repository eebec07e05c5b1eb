"""``torch.UntypedStorage``, as far as packages use it to read files (``safetensors.torch`` does)."""

from __future__ import annotations

import mmap
import os
from typing import Any

from ...dtypes import uint8
from ...tensor.creation import empty, frombuffer
from ..facade import missing

__all__ = ["UntypedStorage"]


class UntypedStorage:
    """The bytes of a file.

    Raises:
        NotImplementedError: a storage is made otherwise than by `from_file`.
    """

    _bytes: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(missing("torch.UntypedStorage(...)"))

    @classmethod
    def from_file(cls, filename: str | os.PathLike[str], shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """Map the first ``nbytes`` of a file: it is read where it is looked at, and changes reach it only if it is ``shared``.

        Raises:
            RuntimeError: the file is smaller.
        """
        size = os.path.getsize(filename)
        if nbytes > size:
            raise RuntimeError(f"{os.fspath(filename)} has {size} bytes, not {nbytes}")
        storage = cls.__new__(cls)
        storage._bytes = empty(0, dtype=uint8)
        if nbytes:
            with open(filename, "r+b" if shared else "rb") as file:
                mapped = mmap.mmap(file.fileno(), nbytes, access=mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY)
            storage._bytes = frombuffer(mapped, dtype=uint8)
        return storage

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._bytes.numel()

    size = __len__ = nbytes

    def __getitem__(self, place: Any) -> Any:
        """One byte, or a vector of bytes in the same memory."""
        part = self._bytes[place]
        return part if isinstance(place, slice) else part.item()
