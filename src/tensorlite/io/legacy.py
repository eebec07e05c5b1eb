"""PyTorch's format before 1.6: pickles one after the other in one file, then the bytes of each storage.

The pickles are a magic number, a version, a description of the machine, the object, and the keys of the storages in the order in
which these follow, each as its number of elements (8 bytes) and its numbers. Everything is little-endian.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from ..dtypes import dtype as DType
from ..tensor import Tensor
from .decoder import decode
from .encoder import Encoder
from .files import BoundedReader
from .memory import flat_from_bytes, turned
from .values import LoadedStorage, StorageKind

__all__ = ["read_legacy", "write_legacy"]

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
SYSTEM = {
    "protocol_version": VERSION,
    "little_endian": sys.byteorder == "little",
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}


def write_legacy(encoder: Encoder, data: bytes, file: BinaryIO) -> None:
    """Write what an `Encoder` with ``legacy=True`` has encoded."""
    storages = {str(number): storage for number, storage in encoder.storages.values()}
    for part in (MAGIC, VERSION, SYSTEM):
        file.write(pickle.dumps(part, 2))
    file.write(data)
    file.write(pickle.dumps(list(storages), 2))
    for storage in storages.values():
        numbers = storage.to_bytes()
        file.write(struct.pack("<q", storage.numel))
        file.write(turned(numbers, storage.dtype) if sys.byteorder == "big" else numbers)


def read_legacy(file: BoundedReader, name: str, place: Callable[[Tensor, str], Tensor]) -> Any:
    """Read one object; ``place`` moves a vector to where a storage of that location belongs.

    Raises:
        RuntimeError: not such a file, or an incomplete one.
        pickle.UnpicklingError: a name or an instruction that is not allowed.
    """
    if _decoded(file, name, _no_storage) != MAGIC:
        raise RuntimeError(f"{name} is a plain pickle, not a checkpoint: load it where it was written, and save it with torch.save")
    if _decoded(file, name, _no_storage) != VERSION:
        raise RuntimeError(f"{name} is in a version of the format that is not known")
    _decoded(file, name, _no_storage)
    storages = _Storages(file, place)
    value = _decoded(file, name, storages)
    storages.fill(_decoded(file, name, _no_storage), name)
    return value


def _decoded(file: BoundedReader, name: str, load_storage: Callable[[tuple[Any, ...]], Any]) -> Any:
    return decode(file, file.size - file.tell(), load_storage, name)


def _no_storage(reference: tuple[Any, ...]) -> Any:
    raise pickle.UnpicklingError("its pickle is damaged (a storage where none can be)")


class _Storages:
    """Makes storages when the object refers to them, and fills them later: their bytes come last."""

    def __init__(self, file: BoundedReader, place: Callable[[Tensor, str], Tensor]) -> None:
        self._file = file
        self._place = place
        self._left = file.size
        self._filled: dict[str, LegacyStorage] = {}

    def __call__(self, reference: tuple[Any, ...]) -> LoadedStorage:
        if len(reference) != 6 or reference[0] != "storage" or not isinstance(reference[1], StorageKind):
            raise pickle.UnpicklingError("its pickle is damaged (a reference is not to a storage)")
        _, kind, key, location, numel, view = reference
        if type(key) is not str or type(location) is not str or type(numel) is not int or numel < 0:
            raise pickle.UnpicklingError("its pickle is damaged (a reference is not to a storage)")
        if view is not None:
            raise pickle.UnpicklingError("it holds a view of a storage, as PyTorch before 0.4 wrote: save it again in PyTorch")
        if key not in self._filled:
            nbytes = numel if kind.dtype is None else numel * kind.dtype.itemsize
            self._left -= nbytes + 8
            if self._left < 0:
                raise pickle.UnpicklingError("its storages are larger than the file: it is truncated or damaged")
            self._filled[key] = LegacyStorage(kind.dtype, nbytes, lambda flat: self._place(flat, location))
        storage = self._filled[key]
        if storage.kind != kind.dtype:
            raise pickle.UnpicklingError("one of its storages has two dtypes")
        return storage

    def fill(self, keys: Any, name: str) -> None:
        """Read the storages from the rest of the file."""
        if not isinstance(keys, list) or not all(type(key) is str for key in keys) or set(keys) != set(self._filled):
            raise pickle.UnpicklingError(f"cannot load {name}: its list of storages is damaged")
        for key in keys:
            storage = self._filled[key]
            head = self._file.read(8)
            width = 1 if storage.kind is None else storage.kind.itemsize
            if len(head) < 8 or struct.unpack("<q", head)[0] * width != len(storage.memory):
                raise RuntimeError(f"{name} is truncated or damaged: the storage {key:.40} has another size than was announced")
            if self._file.readinto(storage.memory) != len(storage.memory):
                raise RuntimeError(f"{name} is truncated: the end of the storage {key:.40} is missing")
            storage.arrived()


class LegacyStorage(LoadedStorage):
    """Zeros, until the bytes have been read into ``memory`` and have ``arrived``."""

    def __init__(self, kind: DType | None, nbytes: int, place: Callable[[Tensor], Tensor]) -> None:
        super().__init__(self._make, kind)
        self.kind = kind
        self.memory = bytearray(nbytes)
        self._to = place
        self._placed: list[tuple[Tensor, Tensor]] = []

    def _make(self, dtype: DType) -> Tensor:
        here = flat_from_bytes(self.memory, dtype)
        there = self._to(here)
        self._placed.append((here, there))
        return there

    def arrived(self) -> None:
        """Bring the bytes to where the storage was placed."""
        for here, there in self._placed:
            if sys.byteorder == "big":
                here.copy_(flat_from_bytes(turned(self.memory, here.dtype), here.dtype))
            if there is not here:
                there.copy_(here)
