"""PyTorch's checkpoint format: the names in it, and the zip archive around it.

An archive holds ``data.pkl`` (a pickle whose tensors refer to storages by number), one record ``data/<number>`` for the
memory of each storage, ``byteorder`` and ``version``, all in one folder and uncompressed.
"""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from typing import Any, BinaryIO, cast

from .. import dtypes
from .files import BoundedReader

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
ENCRYPTED = 1
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
    """Reads the records of a checkpoint. Records are not compressed, so each is a stretch of the file.

    Raises:
        RuntimeError: the file is not such an archive, or is incomplete or damaged.
    """

    def __init__(self, file: BoundedReader, name: str) -> None:
        self.name = name
        self._file = file
        try:
            self._zip = zipfile.ZipFile(cast(BinaryIO, file))
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, OverflowError, EOFError, struct.error) as error:
            raise RuntimeError(
                f"{name} is truncated or damaged ({error}): the end of the archive is missing. Copy it again, or go "
                "back to an earlier checkpoint"
            ) from error
        folders = {entry.split("/", 1)[0] for entry in self._zip.namelist() if "/" in entry}
        self._folder = next((folder for folder in sorted(folders) if f"{folder}/data.pkl" in self._zip.NameToInfo), "")
        if not self._folder:
            raise RuntimeError(f"{name} is a zip file but not a checkpoint: it holds no data.pkl")
        if self.has("constants.pkl"):
            raise RuntimeError(
                f"{name} is a TorchScript archive, which holds code: in PyTorch, load it with torch.jit.load and save "
                "model.state_dict()"
            )

    def has(self, record: str) -> bool:
        """Whether there is such a record."""
        return f"{self._folder}/{record}" in self._zip.NameToInfo

    def locate(self, record: str) -> tuple[int, int]:
        """Where a record lies in the file: its first byte, and how many there are."""
        try:
            return self._locate(self._zip.NameToInfo[f"{self._folder}/{record}"])
        except (KeyError, ValueError, OverflowError, OSError, struct.error) as error:
            raise self._damaged(record, error) from error

    def _locate(self, info: zipfile.ZipInfo) -> tuple[int, int]:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError("it is compressed, which torch.save never does: unpack the archive and zip it with -0")
        self._file.seek(info.header_offset)
        signature, flags, name_length, extra_length = struct.unpack("<4s2xH18xHH", self._file.read(LOCAL_HEADER))
        if signature != b"PK\x03\x04" or flags & ENCRYPTED:
            raise ValueError("it has no header, or is encrypted")
        start = info.header_offset + LOCAL_HEADER + name_length + extra_length
        if start + info.file_size > self._file.size:
            raise ValueError("it reaches beyond the end of the file")
        return start, info.file_size

    def read(self, record: str) -> bytearray:
        """The bytes of one record."""
        start, size = self.locate(record)
        self._file.seek(start)
        data = bytearray(size)
        filled = self._file.readinto(data)
        checksum = self._zip.NameToInfo[f"{self._folder}/{record}"].CRC
        if filled != size:
            raise self._damaged(record, "its end is missing")
        # PyTorch writes 0 if it was told to compute no checksums.
        if checksum and zlib.crc32(data) != checksum:
            raise self._damaged(record, "its checksum is wrong")
        return data

    def _damaged(self, record: str, why: object) -> RuntimeError:
        what = "it is missing" if isinstance(why, KeyError) else why
        return RuntimeError(
            f"{self.name} is damaged: its record {record:.80} cannot be read ({what}). Copy it again, or go back to an "
            "earlier checkpoint"
        )

    def swapped(self) -> bool:
        """Whether the numbers in it have the bytes in the other order than this machine's."""
        order = self.read("byteorder").decode("ascii", "replace").strip() if self.has("byteorder") else "little"
        if order not in ("little", "big"):
            raise RuntimeError(f"{self.name} is damaged: its byte order is {order[:20]!r}, neither little nor big")
        return order != sys.byteorder
