"""``save`` and ``load``."""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from ..devices import device as Device
from ..dtypes import dtype as DType
from ..tensor import Tensor
from .decoder import decode
from .encoder import Encoder
from .layout import ArchiveReader, ArchiveWriter
from .memory import flat_from_bytes
from .values import LoadedStorage, StorageKind

__all__ = ["load", "save"]

FileLike = str | os.PathLike[str] | BinaryIO
MapLocation = str | Device | Mapping[str, str] | Callable[..., Any] | None


def save(obj: Any, f: FileLike) -> None:
    """Save tensors, parameters, numbers, strings, lists, tuples, dicts and sets of these to a path or a binary file.

    A path is written completely or not at all: a crash leaves what was there before. ``torch.load`` reads the file.

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
    encoder = Encoder()
    data = encoder.encode(obj)
    with _opened_for_writing(f) as file:
        archive = ArchiveWriter(file)
        archive.write("data.pkl", data)
        for number, storage in encoder.storages.values():
            archive.write(f"data/{number}", storage.to_bytes())
        archive.finish()


@contextlib.contextmanager
def _opened_for_writing(f: FileLike) -> Iterator[BinaryIO]:
    if not isinstance(f, (str, os.PathLike)):
        if not hasattr(f, "write"):
            raise AttributeError(f"expected a path or an open binary file, but got {type(f).__name__}")
        yield f
        return
    path = os.path.realpath(f)  # a link keeps pointing where it pointed
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        with open(path, "wb") as file:  # a device or a pipe cannot be replaced
            yield file
        return
    with _replacing(path) as file:
        yield file


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when it is complete and on the disk."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist: create it before saving {name}")
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the new name is in the folder, which is to be on the disk too
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def load(
    f: FileLike,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
) -> Any:
    """Load what ``save`` or ``torch.save`` wrote, from a path or a binary file. No code from the file is ever run.

    ``map_location`` says where tensors go: a device, a dict from saved to wanted device, or a function of
    ``(storage, location)`` that returns the storage (it stays on the CPU) or one moved elsewhere.
    ``weights_only=False`` is accepted and allows nothing more.

    Raises:
        RuntimeError: not a checkpoint, or a truncated or damaged one, or one from a device that is not here.
        pickle.UnpicklingError: a name that is not allowed.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(f, (str, os.PathLike)):
            name = os.fspath(f)
            file: BinaryIO = stack.enter_context(open(f, "rb"))
        elif hasattr(f, "read") and hasattr(f, "seek"):
            name, file = str(getattr(f, "name", "the file")), f
        else:
            raise AttributeError(f"expected a path or an open binary file that can seek, but got {type(f).__name__}")
        archive = ArchiveReader(file, name)
        return decode(archive.read("data.pkl"), _StorageLoader(archive, map_location), name)


class _StorageLoader:
    """Turns references into storages, each record being read once."""

    def __init__(self, archive: ArchiveReader, map_location: MapLocation) -> None:
        self._archive = archive
        self._map_location = map_location
        self._swapped = archive.swapped()
        self._loaded: dict[str, LoadedStorage] = {}

    def __call__(self, reference: tuple[Any, ...]) -> LoadedStorage:
        if len(reference) != 5 or reference[0] != "storage" or not isinstance(reference[1], StorageKind):
            raise pickle.UnpicklingError("its data.pkl is damaged (a reference is not to a storage)")
        _, kind, key, location, size = reference
        if key not in self._loaded:
            data = self._archive.read(f"data/{key}")
            expected = size if kind.dtype is None else size * kind.dtype.itemsize
            if len(data) != expected:
                raise pickle.UnpicklingError(
                    f"its record data/{key} has {len(data)} bytes instead of {expected}: the file is damaged"
                )

            def typed(dtype: DType) -> Tensor:
                return _place(flat_from_bytes(data, dtype, self._swapped), location, self._map_location)

            self._loaded[key] = LoadedStorage(typed, kind.dtype)
        return self._loaded[key]


def _place(flat: Tensor, location: str, map_location: MapLocation) -> Tensor:
    """Move a storage to where it belongs."""
    if isinstance(map_location, (str, Device)):
        return flat.to(Device(map_location))
    if isinstance(map_location, Mapping):
        location = map_location.get(location, location)
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
    except Exception as error:
        raise RuntimeError(
            f"the checkpoint was saved on {location}, which is not here ({error}): load it with map_location='cpu'"
        ) from error
