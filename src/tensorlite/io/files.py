"""Files that are written completely or not at all, and files that are never read beyond their end."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["BoundedReader", "FileLike", "opened_for_writing", "replacing"]

FileLike = str | os.PathLike[str] | BinaryIO


class BoundedReader:
    """A binary file whose ``read(n)`` asks for no more than there is: Python makes room for n bytes before it looks."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        here = file.tell()
        self.size = file.seek(0, os.SEEK_END)
        self.tell, self.readline, self.close = file.tell, file.readline, file.close
        file.seek(here)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file."""
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; all that is left without a size."""
        left = max(self.size - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill a buffer; less than its size at the end of the file."""
        filled, view = 0, memoryview(buffer)
        while filled < len(view):
            data = self.read(min(len(view) - filled, 1 << 24))
            if not data:
                break
            view[filled : filled + len(data)] = data
            filled += len(data)
        return filled

    def seekable(self) -> bool:
        """Always."""
        return True


@contextlib.contextmanager
def opened_for_writing(f: FileLike) -> Iterator[BinaryIO]:
    """An open file as it is, or a new one that takes the place of what is at a path."""
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
    with replacing(path) as temporary, open(temporary, "wb") as file:
        yield file


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[str]:
    """The name of a new file that takes the place of ``path`` when the block ends without an error, and is then on the disk.

    It has the permissions of the file before it, or those that new files have.

    Raises:
        RuntimeError: there is no such folder.
    """
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist: create it before saving {name}")
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb"):
            mode = os.stat(path if os.path.exists(path) else temporary).st_mode
        yield temporary
        os.chmod(temporary, stat.S_IMODE(mode))
        _flush(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the new name is in the folder, which is to be on the disk too
        _flush(folder)


def _flush(path: str) -> None:
    """Wait until a file is on the disk."""
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
