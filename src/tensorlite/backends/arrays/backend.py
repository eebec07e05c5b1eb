"""`ArrayBackend`: a backend for a module with NumPy's API, put together from the families in this package."""

from __future__ import annotations

import sys
from typing import Any

from ... import dtypes
from ...devices import device
from ..base import Backend
from .creation import Creation
from .decompositions import Decompositions
from .fourier import Fourier
from .indexing import Indexing
from .linalg import Linalg
from .pointwise import UFUNCS, Pointwise
from .reductions import Reductions
from .scans import Scans
from .shaping import Shaping
from .special import Special

__all__ = ["ArrayBackend"]

_NATIVE_NAMES = {
    dtypes.bool: "bool", dtypes.uint8: "uint8", dtypes.uint16: "uint16", dtypes.uint32: "uint32", dtypes.uint64: "uint64",
    dtypes.int8: "int8", dtypes.int16: "int16", dtypes.int32: "int32", dtypes.int64: "int64", dtypes.float16: "float16",
    dtypes.float32: "float32", dtypes.float64: "float64", dtypes.complex64: "complex64", dtypes.complex128: "complex128",
}


class ArrayBackend(Creation, Pointwise, Special, Reductions, Scans, Shaping, Indexing, Linalg, Decompositions, Fourier, Backend):
    """A device whose arrays have NumPy's API."""

    def __init__(self, module: Any, where: device) -> None:
        self.np = module
        self.device = where
        self.array_type = module.ndarray
        self.native = _NativeDtypes(module)
        self.dtype_of = _OurDtypes({raw: ours for ours, raw in self.native.items()})
        self.native.update({raw: raw for raw in self.dtype_of})
        f = self.native
        self.float32, self.float64 = f[dtypes.float32], f[dtypes.float64]
        self.floats = frozenset([f[dtypes.float16], self.float32, self.float64])
        self.complexes = frozenset([f[dtypes.complex64], f[dtypes.complex128]])
        self.halves: frozenset[Any] = frozenset([f[dtypes.float16]])
        self.inexacts = self.floats | self.complexes
        self.reals = self.floats
        for name, theirs in UFUNCS.items():
            if not hasattr(type(self), name):
                setattr(self, name, getattr(module, theirs))
        self.on_new_dtype()

    def on_new_dtype(self) -> None:
        """Learn bfloat16 once `ml_dtypes` has been imported."""
        if "ml_dtypes" in sys.modules:  # another device, or the user, may have imported it
            bfloat16 = self.native[dtypes.bfloat16]
            self.halves = self.halves | {bfloat16}
            self.inexacts = self.inexacts | {bfloat16}
            self.reals = self.reals | {bfloat16}
            self.dtype_of[bfloat16] = dtypes.bfloat16


class _NativeDtypes(dict):
    """From our dtype to the raw one. bfloat16 imports `ml_dtypes` when first asked for; raw dtypes pass through."""

    def __init__(self, module: Any) -> None:
        super().__init__({ours: module.dtype(name) for ours, name in _NATIVE_NAMES.items()})
        self.module = module

    def __missing__(self, wanted: Any) -> Any:
        if wanted is None:
            return None
        if wanted is dtypes.bfloat16:
            try:
                import ml_dtypes
            except ImportError as error:
                raise RuntimeError('bfloat16 needs the package ml_dtypes: pip install "tensorlite[bf16]"') from error
            raw = self.module.dtype(ml_dtypes.bfloat16)
            self[wanted] = raw
            from ..registry import on_bfloat16

            on_bfloat16()
            return raw
        if isinstance(wanted, dtypes.dtype):
            raise TypeError(f"{wanted} is not supported on this device")
        if isinstance(wanted, str):
            raise TypeError(f"dtype must be a dtype such as torch.float32, not the string {wanted!r}")
        return self.module.dtype(wanted)


class _OurDtypes(dict):
    def __missing__(self, raw: Any) -> dtypes.dtype:
        native = raw.newbyteorder("=") if raw.byteorder not in "=|" else None
        if native is not None and native in self:
            return self[native]
        if raw.name == "bfloat16":
            return dtypes.bfloat16
        raise TypeError(
            f"can't convert an array of type {raw}. The supported types are: "
            + ", ".join(str(d).removeprefix("torch.") for d in self.values())
        )
