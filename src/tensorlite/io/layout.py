"""PyTorch's checkpoint format: the names in it, and the zip archive around it.

An archive holds ``data.pkl`` (a pickle whose tensors refer to storages by number), one record ``data/<number>`` for the
memory of each storage, ``byteorder`` and ``version``, all in one folder and uncompressed.
"""

from __future__ import annotations

import os
import struct
import sys
import zipfile
from typing import Any, BinaryIO

from .. import dtypes

__all__ = ["DTYPES", "DTYPE_OF_STORAGE", "STORAGE_OF_DTYPE", "ArchiveReader", "ArchiveWriter"]

STORAGE_OF_DTYPE = {
    dtypes.float32: "FloatStorage",
    dtypes.float64: "DoubleStorage",
    dtypes.float16: "HalfStorage",
    dtypes.bfloat16: "BFloat16Storage",
    dtypes.int64: "LongStorage",
    dtypes.int32: "IntStorage",
    dtypes.int16: "ShortStorage",
    dtypes.int8: "CharStorage",
    dtypes.uint8: "ByteStorage",
    dtypes.bool: "BoolStorage",
    dtypes.complex64: "ComplexFloatStorage",
    dtypes.complex128: "ComplexDoubleStorage",
}
DTYPE_OF_STORAGE = {name: dtype for dtype, name in STORAGE_OF_DTYPE.items()}
# These have no storage class of their own: PyTorch keeps them as bytes, and the dtype beside.
UNTYPED = (dtypes.uint16, dtypes.uint32, dtypes.uint64)
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (*STORAGE_OF_DTYPE, *UNTYPED)}

ALIGNMENT = 64
LOCAL_HEADER = 30
EXTRA_ID = 0xD935  # the extra field that zip tools use for alignment


class ArchiveWriter:
    """Writes the records of a checkpoint, each one's data at a multiple of 64 bytes so that it can be mapped."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)

    def write(self, name: str, data: Any) -> None:
        """Add one record."""
        info = zipfile.ZipInfo("archive/" + name)
        data_start = self._zip.start_dir + LOCAL_HEADER + len(info.filename) + 6
        info.extra = struct.pack("<HHH", EXTRA_ID, -data_start % ALIGNMENT + 2, ALIGNMENT) + bytes(
            -data_start % ALIGNMENT
        )
        self._zip.writestr(info, data)

    def finish(self) -> None:
        """Add what says how to read the rest, and the directory."""
        self.write("byteorder", sys.byteorder.encode())
        self.write("version", b"3\n")
        self._zip.close()


class ArchiveReader:
    """Reads the records of a checkpoint.

    Raises:
        RuntimeError: the file is not such an archive, or is incomplete or damaged.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self._check_start(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
            raise RuntimeError(
                f"{name} is truncated or damaged ({error}): the end of the archive is missing. Copy it again, or go "
                "back to an earlier checkpoint"
            ) from error
        folders = {entry.split("/", 1)[0] for entry in self._zip.namelist() if "/" in entry}
        self._folder = next((folder for folder in sorted(folders) if self._has(f"{folder}/data.pkl")), "")
        if not self._folder:
            raise RuntimeError(f"{name} is a zip file but not a checkpoint: it holds no data.pkl")
        if self._has(f"{self._folder}/constants.pkl"):
            raise RuntimeError(
                f"{name} is a TorchScript archive, which holds code: in PyTorch, load it with torch.jit.load and save "
                "model.state_dict()"
            )

    def _check_start(self, file: BinaryIO) -> None:
        start = file.read(4)
        file.seek(-len(start), os.SEEK_CUR)
        if start == b"PK\x03\x04":
            return
        if not start:
            what = "is empty: nothing was saved in it"
        elif start[:1] == b"\x80" or b"ustar" in start:
            what = (
                "is in the format of PyTorch before 1.6, or a plain pickle: load it in PyTorch and save it again with "
                "torch.save(...)"
            )
        else:
            what = f"is not a checkpoint: it begins with {start!r} where a zip archive begins with b'PK\\x03\\x04'"
        raise RuntimeError(f"{self.name} {what}")

    def _has(self, entry: str) -> bool:
        return entry in self._zip.NameToInfo

    def read(self, record: str) -> bytes:
        """The bytes of one record."""
        try:
            return self._zip.read(f"{self._folder}/{record}")
        except (KeyError, zipfile.BadZipFile, EOFError, NotImplementedError, struct.error, OSError) as error:
            raise RuntimeError(
                f"{self.name} is damaged: its record {record} cannot be read ({error}). Copy it again, or go back to "
                "an earlier checkpoint"
            ) from error

    def swapped(self) -> bool:
        """Whether the numbers in it have the bytes in the other order than this machine's."""
        if not self._has(f"{self._folder}/byteorder"):
            return sys.byteorder != "little"
        return self.read("byteorder").decode("ascii", "replace").strip() != sys.byteorder
