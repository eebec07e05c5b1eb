"""``save`` and ``load``."""

from __future__ import annotations

import contextlib
import mmap as memory_map
import os
import pickle
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from ..devices import device as Device
from ..dtypes import dtype as DType
from ..tensor import Tensor
from .decoder import decode
from .encoder import Encoder
from .files import BoundedReader, FileLike, opened_for_writing
from .layout import ArchiveReader, ArchiveWriter
from .legacy import read_legacy, write_legacy
from .memory import flat_from_bytes, turned
from .values import LoadedStorage, StorageKind

__all__ = ["load", "save"]

MapLocation = str | Device | Mapping[str, str] | Callable[..., Any] | None


def save(
    obj: Any,
    f: FileLike,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Save tensors, parameters, numbers, strings, lists, tuples, dicts and sets of these to a path or a binary file.

    A path is written completely or not at all: a crash leaves what was there before. ``torch.load`` reads the file, also with
    ``weights_only=True``. ``pickle_module`` and ``pickle_protocol`` are accepted and not used: the pickle is always one of protocol
    2 that PyTorch's safe loader reads. ``_use_new_zipfile_serialization=False`` writes PyTorch's format before 1.6.

    Raises:
        pickle.PicklingError: an object of another class (for a model, save its ``state_dict()``).

    >>> import io
    >>> import tensorlite as tl
    >>> file = io.BytesIO()
    >>> tl.save({"weight": tl.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> tl.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    # Everything is encoded before the file is touched, so that an object that cannot be saved costs nothing.
    encoder = Encoder(legacy=not _use_new_zipfile_serialization)
    data = encoder.encode(obj)
    with opened_for_writing(f) as file:
        if not _use_new_zipfile_serialization:
            write_legacy(encoder, data, file)
            return
        archive = ArchiveWriter(file)
        archive.write("data.pkl", data)
        for number, storage in encoder.storages.values():
            archive.write(f"data/{number}", storage.to_bytes())
        archive.finish()


def load(
    f: FileLike,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what ``save`` or ``torch.save`` wrote, from a path or a binary file. No code from the file is ever run.

    ``map_location`` says where tensors go: a device, a dict from saved to wanted device, or a function of
    ``(storage, location)`` that returns the storage (it stays on the CPU) or one moved elsewhere; a storage is a vector here.
    ``mmap=True`` maps a file instead of reading it: memory is used where tensors are looked at, and changes never reach the file.
    ``weights_only=False``, ``pickle_module`` and ``pickle_load_args`` are accepted and allow nothing more. A path that ends in
    ``.safetensors`` is read by `tensorlite.io.safetensors.load_file`.

    Raises:
        RuntimeError: not a checkpoint, or a truncated or damaged one, or one from a device that is not here, or ``mmap=True`` for
            a file that cannot be mapped.
        ValueError: ``mmap=True`` for something that is not a path.
        pickle.UnpicklingError: a name that is not allowed, or a damaged pickle.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(f, (str, os.PathLike)):
            name = os.fsdecode(f)
            if name.endswith(".safetensors"):
                return _load_safetensors(name, map_location)
            file: BinaryIO = stack.enter_context(open(f, "rb"))
        elif mmap:
            raise ValueError("f must be a file path in order to use the mmap argument")
        elif hasattr(f, "read") and hasattr(f, "seek"):
            name, file = str(getattr(f, "name", "the file")), f
        else:
            raise AttributeError(f"expected a path or an open binary file that can seek, but got {type(f).__name__}")
        reader = BoundedReader(file)
        if _is_zip(reader, name):
            archive = ArchiveReader(reader, name)
            data = bytes(archive.read("data.pkl"))
            mapped = memory_map.mmap(file.fileno(), 0, access=memory_map.ACCESS_COPY) if mmap else None
            return decode(data, len(data), _StorageLoader(archive, reader.size, map_location, mapped), name)
        if mmap:
            raise RuntimeError(f"{name} is in PyTorch's format before 1.6, which cannot be mapped: load it and save it again")
        return read_legacy(reader, name, lambda flat, location: _place(flat, location, map_location))


def _is_zip(file: BoundedReader, name: str) -> bool:
    """Whether it is an archive; if not, it is in the old format.

    Raises:
        RuntimeError: it is neither.
    """
    here = file.tell()
    start = file.read(512)
    file.seek(here)
    if start.startswith(b"PK\x03\x04"):
        return True
    if not start:
        what = "is empty: nothing was saved in it"
    elif start[257:262] == b"ustar":
        what = "is a tar archive of PyTorch before 0.2: load it in PyTorch and save it again with torch.save(...)"
    elif not start.startswith(b"\x80"):
        what = f"is not a checkpoint: it begins with {start[:4]!r} where a zip archive begins with b'PK\\x03\\x04'"
    else:
        return False
    raise RuntimeError(f"{name} {what}")


def _load_safetensors(name: str, map_location: MapLocation) -> dict[str, Tensor]:
    from .safetensors import load_file

    if not isinstance(map_location, (str, Device, type(None))):
        raise RuntimeError(f"for {name}, map_location can only be a device: a .safetensors file does not say where tensors were")
    return load_file(name, device=map_location or "cpu")


class _StorageLoader:
    """Turns references into storages, each record being read once."""

    def __init__(
        self, archive: ArchiveReader, file_size: int, map_location: MapLocation, mapped: memory_map.mmap | None
    ) -> None:
        self._archive = archive
        self._left = file_size
        self._map_location = map_location
        self._mapped = mapped
        self._swapped = archive.swapped()
        if self._swapped and mapped is not None:
            raise RuntimeError(f"{archive.name} was written on a machine with another byte order: load it without mmap")
        self._loaded: dict[str, LoadedStorage] = {}

    def __call__(self, reference: tuple[Any, ...]) -> LoadedStorage:
        if len(reference) != 5 or reference[0] != "storage" or not isinstance(reference[1], StorageKind):
            raise pickle.UnpicklingError("its pickle is damaged (a reference is not to a storage)")
        _, kind, key, location, numel = reference
        if type(key) is not str or type(location) is not str or type(numel) is not int:
            raise pickle.UnpicklingError("its pickle is damaged (a reference is not to a storage)")
        if key not in self._loaded:
            self._loaded[key] = self._load(kind, key, location, numel)
        return self._loaded[key]

    def _load(self, kind: StorageKind, key: str, location: str, numel: int) -> LoadedStorage:
        start, size = self._archive.locate(f"data/{key}")
        expected = numel if kind.dtype is None else numel * kind.dtype.itemsize
        if size != expected:
            raise pickle.UnpicklingError(f"its record data/{key:.40} has {size} bytes instead of {expected}: the file is damaged")
        self._left -= size
        if self._left < 0:
            raise pickle.UnpicklingError("its records overlap, which makes them larger than the file: the file is damaged")
        memory: Any
        if self._mapped is None:
            memory = self._archive.read(f"data/{key}")
        else:
            memory = memoryview(self._mapped)[start : start + size]

        def typed(dtype: DType) -> Tensor:
            return _place(flat_from_bytes(turned(memory, dtype) if self._swapped else memory, dtype), location, self._map_location)

        return LoadedStorage(typed, kind.dtype)


def _place(flat: Tensor, location: str, map_location: MapLocation) -> Tensor:
    """Move a storage to where it belongs."""
    if isinstance(map_location, (str, Device)):
        return flat.to(Device(map_location))
    if isinstance(map_location, Mapping):
        location = str(map_location.get(location, location))
    elif map_location is not None:
        moved = map_location(flat, location)
        if isinstance(moved, Tensor):
            return moved
    kind = location.partition(":")[0]
    if kind == "cpu":
        return flat
    if kind != "cuda":
        raise RuntimeError(
            f"don't know how to restore data location of a storage tagged with {location}: give map_location='cpu'"
        )
    try:
        return flat.to(location)
    except (RuntimeError, ImportError) as error:
        raise RuntimeError(
            f"the checkpoint was saved on {location}, which is not here ({error}): load it with map_location='cpu'"
        ) from error
