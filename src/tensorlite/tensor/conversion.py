"""Tensors to other dtypes, devices, Python, NumPy and DLPack."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..backends import get_backend
from ..devices import device as Device
from ..dtypes import dtype as DType
from ..ops import pointwise
from ..ops.transfer import move

__all__ = ["Conversion", "Storage"]


class Conversion:
    """The converting methods of `Tensor`."""

    __slots__ = ()
    _array: Any
    _xp: Any
    dtype: Any
    device: Any
    requires_grad: bool

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: DType | None = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: Any = None,
        other: Any = None,
    ) -> Any:
        """This tensor in another dtype or on another device; itself if nothing changes.

        Takes a dtype, a device, a device and a dtype, or another tensor whose both it takes.

        Raises:
            RuntimeError: the device is not there; the message says what is missing.
        """
        for arg in (*args, other):
            if isinstance(arg, TensorBase):
                device, dtype = arg.device, arg.dtype
            elif isinstance(arg, DType):
                dtype = arg
            elif arg is not None and not isinstance(arg, bool):  # a bool is `non_blocking`
                device = arg
        out: Any = self
        if dtype is not None and self.dtype is not dtype:
            # Integers and booleans have no gradients: the graph ends here.
            source = out if dtype.is_floating_point or dtype.is_complex else wrap(out._array, out._xp)
            out = pointwise.astype(source, dtype=dtype)
        if device is not None:
            xp = get_backend(device)
            if xp is not self._xp:
                out = move(out, to=xp)
        return pointwise.copy(out) if copy and out is self else out

    def cpu(self, memory_format: Any = None) -> Any:
        """On the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
        """On a CUDA device (the current one without an argument)."""
        return self.to(Device("cuda") if device is None else Device(device))

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The old name of the dtype ("torch.FloatTensor"), or a conversion to one."""
        if dtype is None:
            prefix = "torch.cuda" if self.device.type == "cuda" else "torch"
            return f"{prefix}.{self.dtype.scalar_name}Tensor"
        if isinstance(dtype, type):  # torch.FloatTensor and its kind
            dtype = f"{dtype.__module__}.{dtype.__qualname__}"
        if isinstance(dtype, str):
            name, dtype = dtype, next((d for d in _old_names() if dtype.endswith(f".{d.scalar_name}Tensor")), None)
            if dtype is None:
                raise ValueError(f"invalid type: '{name}'")
            return self.to(device="cuda" if ".cuda." in name else "cpu", dtype=dtype)
        return self.to(dtype=dtype)

    def type_as(self, other: Any) -> Any:
        """In the dtype of another tensor."""
        return self.to(dtype=other.dtype)

    def item(self) -> Any:
        """The only element as a Python number.

        Raises:
            RuntimeError: there is not exactly one.
        """
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._xp.item(self._array)

    def tolist(self) -> Any:
        """Nested Python lists of numbers."""
        return self._xp.tolist(self._array)

    def numpy(self, *, force: bool = False) -> Any:
        """A NumPy array in the same memory.

        Raises:
            RuntimeError: it requires grad.
            TypeError: it is not on the CPU.
        """
        if force:
            return self.to("cpu").detach().numpy()
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.device.type != "cpu":
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
                "memory first."
            )
        return self._xp.to_numpy(self._array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        """The functions of the Python array API standard on tensors.

        Raises:
            ValueError: a version of the standard that is newer or unknown.

        >>> import tensorlite as tl
        >>> tl.ones(3).__array_namespace__().__array_api_version__
        '2025.12'
        """
        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12", "2025.12"):
            raise ValueError(f"the array API standard {api_version} is not supported; 2025.12 is")
        from .. import array_api

        return array_api

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """On a device; the array API standard's name of `to`.

        Raises:
            ValueError: a stream is given; copies run on the current one.
        """
        if stream is not None:
            raise ValueError("to_device(): stream must be None; enter the stream with `with tl.cuda.stream(...)` instead")
        return self.to(device)

    @property
    def __array_interface__(self) -> Any:
        """NumPy's description of the memory, for libraries that read it without importing NumPy.

        Raises:
            AttributeError: the tensor is not on the CPU, requires grad, or is bfloat16, which NumPy has no name for. Libraries then
                ask for ``__array__``, which says what to do.

        >>> import tensorlite as tl
        >>> tl.zeros(2, 3).__array_interface__["shape"]
        (2, 3)
        """
        if self.device.type != "cpu" or self.requires_grad or self.dtype is dtypes.bfloat16:
            raise AttributeError("__array_interface__ is that of CPU tensors without gradients; use tensor.detach().cpu()")
        return self._array.__array_interface__

    @property
    def __cuda_array_interface__(self) -> Any:
        if self.device.type != "cuda":
            raise AttributeError("Can't get __cuda_array_interface__ on a CPU tensor; use tensor.cuda() first.")
        if self.requires_grad:
            raise RuntimeError(
                "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't required, use "
                "var.detach() to get Variable that doesn't require grad."
            )
        return self._array.__cuda_array_interface__

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._xp.address(self._array)

    def storage_offset(self) -> int:
        """Where the first element lies in the storage, in elements."""
        root = self._xp.root(self._array)
        return (self._xp.address(self._array) - self._xp.address(root)) // (self._array.dtype.itemsize or 1)

    def untyped_storage(self) -> Storage:
        """The memory that this tensor is a view of."""
        return Storage(self)

    storage = untyped_storage

    def _storage_elements(self) -> int:
        return self._xp.nbytes(self._xp.root(self._array)) // (self._array.dtype.itemsize or 1)

    def _view_as_dtype(self, dtype: DType) -> Any:
        raw = self._xp.native[dtype]
        try:
            out = wrap(self._array.view(raw), self._xp)
        except (ValueError, TypeError):
            raise RuntimeError(
                f"self.size(-1) must be divisible by the ratio of element sizes, and the last dimension contiguous, to view "
                f"{self.dtype} as {dtype} (different element sizes)"
            ) from None
        out._version = self._version  # type: ignore[attr-defined]
        return out

    def is_pinned(self) -> bool:
        """Whether the memory is page-locked; CPU memory here never is."""
        return False

    def pin_memory(self, device: Any = None) -> Any:
        """The tensor itself: copies to the GPU pin what they need."""
        return self

    def share_memory_(self) -> Any:
        """The tensor itself; data-loading workers send copies."""
        return self

    def is_shared(self) -> bool:
        """Always False."""
        return False

    def __setstate__(self, state: Any) -> None:
        raise TypeError("tensors are pickled by value; this pickle was not written by tensorlite")


class Storage:
    """The memory behind a tensor."""

    def __init__(self, tensor: Any) -> None:
        self._xp = tensor._xp
        self._root = self._xp.root(tensor._array)

    def data_ptr(self) -> int:
        """The address."""
        return self._xp.address(self._root)

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._xp.nbytes(self._root)

    size = __len__ = nbytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Storage) and other.data_ptr() == self.data_ptr()

    def __hash__(self) -> int:
        return hash(self.data_ptr())


def _old_names() -> list[DType]:
    return [
        dtypes.float32,
        dtypes.float64,
        dtypes.float16,
        dtypes.bfloat16,
        dtypes.uint8,
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.bool,
        dtypes.complex64,
        dtypes.complex128,
    ]


def _dtype_method(name: str, dtype: DType) -> Any:
    def method(self: Any, memory_format: Any = None) -> Any:
        return self.to(dtype=dtype)

    method.__name__ = name
    method.__doc__ = f"In {dtype}."
    return method


for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "byte": dtypes.uint8,
    "char": dtypes.int8,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "bool": dtypes.bool,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}.items():
    setattr(Conversion, _name, _dtype_method(_name, _dtype))
