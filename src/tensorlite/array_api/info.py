"""What the namespace says about itself."""

from __future__ import annotations

from typing import Any

from .. import cuda
from ..devices import device as Device
from ..devices import get_default_device
from ..dtypes import dtype as DType
from ..dtypes import get_default_dtype, int64
from .data_types import KINDS


class __array_namespace_info__:
    """Capabilities, devices and dtypes, as the standard's inspection functions give them.

    >>> from tensorlite import array_api as xp
    >>> xp.__array_namespace_info__().default_dtypes()["real floating"]
    torch.float32
    """

    def capabilities(self) -> dict[str, Any]:
        """What the standard leaves open: masks as indices, shapes that depend on values, the number of dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> Device:
        """Where tensors are made if no device is given."""
        return get_default_device()

    def devices(self) -> tuple[Device, ...]:
        """The CPU and the CUDA devices."""
        return (Device("cpu"), *(Device("cuda", i) for i in range(cuda.device_count())))

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """The dtypes of what is made from Python numbers."""
        real = get_default_dtype()
        return {"real floating": real, "complex floating": real.to_complex(), "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, DType]:
        """The standard's dtypes by name: all, those of a kind, or those of several kinds.

        Raises:
            ValueError: there is no such kind.
        """
        if isinstance(kind, tuple):
            return {name: found for k in kind for name, found in self.dtypes(kind=k).items()}
        if kind not in KINDS:
            raise ValueError(f"dtypes(): unknown kind {kind!r}; the kinds are {', '.join(str(k) for k in KINDS if k)}")
        return dict(KINDS[kind])
