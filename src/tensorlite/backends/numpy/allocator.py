"""Keeps freed memory in the process, where the C library would give it back to the system and ask for it again.

A fresh megabyte costs more than most functions that fill it: the system clears its pages one by one. glibc hands every larger
block back at once unless it is told not to (``man mallopt``). The memory a program keeps is that of its largest moment;
``TENSORLITE_KEEP_MEMORY=0`` in the environment leaves the C library as it is, and `release` gives back what is free.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["keep_memory", "release"]

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGEST = 1 << 30
"""Bytes: blocks above are still mapped and given back one by one."""
AHEAD = 64 << 20
"""Bytes that are asked for at a time."""


def _glibc() -> Any:
    """The C library, if it is the one with these settings."""
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return None
    except (AttributeError, ValueError, OSError):  # no Unix, or another C library
        return None
    import ctypes

    return ctypes.CDLL(None)


def keep_memory() -> bool:
    """Tell the C library to keep freed memory; whether it could be told."""
    if os.environ.get("TENSORLITE_KEEP_MEMORY", "1") == "0":
        return False
    library = _glibc()
    if library is None:
        return False
    settings = ((M_MMAP_THRESHOLD, LARGEST), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, AHEAD))
    return all([library.mallopt(name, value) for name, value in settings])


def release() -> None:
    """Give free memory back to the system."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
