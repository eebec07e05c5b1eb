"""Making tensors."""

from __future__ import annotations

import math
from operator import index
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..backends import get_backend
from ..devices import get_default_device
from ..dtypes import dtype as DType
from .spelling import functions, methods

Tensor = Any
Device = Any


def _public(function: Any) -> Any:
    functions[function.__name__] = function
    return function


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    if len(size) == 1 and not isinstance(size[0], int) and not isinstance(size[0], TensorBase):
        size = tuple(size[0])
    out = tuple(index(n) for n in size)
    for n in out:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(out)}")
    return out


def _backend(device: Device) -> Any:
    return get_backend(get_default_device() if device is None else device)


def finished(tensor: Tensor, requires_grad: bool, out: Tensor | None = None) -> Tensor:
    """Set `requires_grad`, or write the result into `out`."""
    if out is not None:
        from .spelling import write_out

        return write_out(out, tensor, "factory")
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def infer_dtype(data: Any) -> DType:
    """The dtype that PyTorch gives nested Python numbers."""
    kinds = set()
    stack = [data]
    while stack:
        x = stack.pop()
        if isinstance(x, (list, tuple)):
            stack.extend(x)
        elif isinstance(x, TensorBase):
            kinds.add(x.dtype)
        elif isinstance(x, bool):
            kinds.add(dtypes.bool)
        elif isinstance(x, int):
            kinds.add(dtypes.int64)
        elif isinstance(x, float):
            kinds.add(dtypes.get_default_dtype())
        elif isinstance(x, complex):
            kinds.add(dtypes.get_default_dtype().to_complex())
        else:
            raise TypeError(f"new(): data must be nested lists of numbers; got {type(x).__name__}")
    if not kinds:
        return dtypes.get_default_dtype()
    first, *rest = kinds
    for d in rest:
        first = dtypes.promote_types(first, d)
    return first


def _plain(data: Any) -> Any:
    """Nested lists with 0-d tensors and arrays replaced by what they hold."""
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    return data.tolist() if isinstance(data, TensorBase) or hasattr(data, "tolist") else data


def _check_nesting(data: Any) -> tuple[int, ...]:
    """The shape of nested lists, or PyTorch's complaint."""
    shape: list[int] = []
    level = [data]
    while level and isinstance(level[0], list):
        n = len(level[0])
        for x in level:
            if not isinstance(x, list) or len(x) != n:
                got = len(x) if isinstance(x, list) else 0
                raise ValueError(f"expected sequence of length {n} at dim {len(shape)} (got {got})")
        shape.append(n)
        level = [y for x in level for y in x]
    if any(isinstance(x, list) for x in level):
        raise TypeError("not a sequence: the nesting is uneven")
    return tuple(shape)


def _from_data(data: Any, dtype: DType | None, device: Device, copy: bool) -> Tensor:
    if isinstance(data, TensorBase):
        same = data.detach().to(device=device, dtype=dtype)
        return same.clone() if copy and same._version is data._version else same
    if hasattr(data, "__array_interface__") or hasattr(data, "__cuda_array_interface__"):
        return _from_array(data, dtype, device, copy)
    xp = _backend(device)
    if isinstance(data, (bool, int, float, complex)):
        d = dtype or infer_dtype(data)
        if isinstance(data, complex) and not d.is_complex:
            raise TypeError(f"value of type complex cannot be converted to {d}")
        return wrap(xp.full((), data, dtype=d), xp)
    if not isinstance(data, (list, tuple)):
        data = (
            list(data) if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, (str, bytes)) else data
        )
    if isinstance(data, (str, bytes)) or data is None:
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    wanted = dtype or infer_dtype(data if not _has_arrays(data) else _plain(data))
    plain = _plain(data)
    shape = _check_nesting(plain)
    array = xp.array(plain, dtype=wanted) if math.prod(shape) else xp.zeros(shape, dtype=wanted)
    return wrap(array, xp)


def _has_arrays(data: Any) -> bool:
    return any(
        _has_arrays(x) if isinstance(x, (list, tuple)) else hasattr(x, "tolist") and not isinstance(x, TensorBase) for x in data
    )


def _from_array(data: Any, dtype: DType | None, device: Device, copy: bool) -> Tensor:
    home = get_backend("cuda" if hasattr(data, "__cuda_array_interface__") else "cpu")
    array = home.asarray(data)
    home.dtype_of[array.dtype]  # refuses strings and objects
    tensor = wrap(home.copy(array) if copy else array, home)
    return tensor.to(device=get_default_device() if device is None else device, dtype=dtype)


@_public
def tensor(
    data: Any, *, dtype: DType | None = None, device: Device = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor from numbers, nested lists, an array or a tensor; the data are copied.

    Raises:
        ValueError: the nesting is uneven.
        TypeError: there is something that is no number.

    >>> import tensorlite as tl
    >>> tl.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    return finished(_from_data(data, dtype, device, True), requires_grad)


@_public
def as_tensor(data: Any, dtype: DType | None = None, device: Device = None) -> Tensor:
    """A tensor of the data, without a copy where possible.

    >>> import tensorlite as tl
    >>> tl.as_tensor([1., 2.])
    tensor([1., 2.])
    """
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)
    return _from_data(data, dtype, device, False)


@_public
def asarray(
    obj: Any, *, dtype: DType | None = None, device: Device = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of anything, copied only if necessary (or if `copy`).

    >>> import tensorlite as tl
    >>> tl.asarray([1])
    tensor([1])
    """
    return finished(_from_data(obj, dtype, device, True) if copy else as_tensor(obj, dtype, device), requires_grad)


functions["scalar_tensor"] = lambda s, *, dtype=None, device=None, requires_grad=False: tensor(
    s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad
)


@_public
def from_numpy(ndarray: Any) -> Tensor:
    """A CPU tensor in the memory of a NumPy array.

    Raises:
        TypeError: it is no array, or of a dtype that tensors do not have.

    >>> import numpy, tensorlite as tl
    >>> tl.from_numpy(numpy.ones(2))
    tensor([1., 1.], dtype=torch.float64)
    """
    xp = get_backend("cpu")
    if not isinstance(ndarray, xp.array_type):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    xp.dtype_of[ndarray.dtype]
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array  with array.copy().)"
        )
    return wrap(ndarray, xp)


@_public
def frombuffer(buffer: Any, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d CPU tensor in the memory of a buffer.

    >>> import tensorlite as tl
    >>> tl.frombuffer(bytearray(b"ab"), dtype=tl.uint8)
    tensor([97, 98], dtype=torch.uint8)
    """
    size = len(memoryview(buffer).cast("B")) - offset
    if count < 0:
        if size % dtype.itemsize:
            raise ValueError(f"buffer size ({size} bytes) must be a multiple of element size ({dtype.itemsize})")
        count = size // dtype.itemsize
    if offset < 0 or count * dtype.itemsize > size:
        raise ValueError(
            f"requested buffer length ({count} * {dtype.itemsize} bytes) after offset ({offset} bytes) must not be greater "
            "than actual buffer length"
        )
    xp = get_backend("cpu")
    return finished(wrap(xp.from_buffer(buffer, dtype, count, offset), xp), requires_grad)


@_public
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor in the memory of another library's array.

    >>> import numpy, tensorlite as tl
    >>> tl.from_dlpack(numpy.ones(2, "float32"))
    tensor([1., 1.])
    """
    kind, index = ext_tensor.__dlpack_device__()
    xp = get_backend("cpu" if kind in (1, 3) else f"cuda:{index}")
    return wrap(xp.from_dlpack(ext_tensor), xp)


def _sparse(name: str, size: tuple[int, ...], dtype: DType | None, device: Device, requires_grad: bool) -> Tensor:
    """What `zeros` and `empty` give with ``layout=tl.sparse_coo``: nothing is stored.

    Raises:
        NotImplementedError: another function.
    """
    if name not in ("zeros", "empty"):
        raise NotImplementedError(f"{name}() makes dense tensors only; use layout=tl.strided, or sparse_coo_tensor()")
    return functions["sparse_coo_tensor"](size=size, dtype=dtype, device=device, requires_grad=requires_grad)


def _filled(name: str, doc: str) -> Any:
    def factory(
        *size: Any,
        out: Tensor | None = None,
        dtype: DType | None = None,
        layout: Any = None,
        device: Device = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
        **named: Any,
    ) -> Tensor:
        if "size" in named:
            size = (named.pop("size"),)
        if named:
            raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
        if layout == "torch.sparse_coo":
            return _sparse(name, _sizes(size), dtype, device, requires_grad)
        xp = _backend(device)
        array = getattr(xp, name)(_sizes(size), dtype=dtype or (out.dtype if out is not None else dtypes.get_default_dtype()))
        return finished(wrap(array, xp), requires_grad, out)

    factory.__name__ = name
    factory.__doc__ = f"""{doc}

    >>> import tensorlite as tl
    >>> tl.{name}(2, 3).shape
    torch.Size([2, 3])
    """
    return _public(factory)


zeros = _filled("zeros", "A tensor of zeros.")
ones = _filled("ones", "A tensor of ones.")
empty = _filled("empty", "A tensor of whatever lies in memory.")


@_public
def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one number.

    >>> import tensorlite as tl
    >>> tl.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(size, int):
        raise TypeError("full(): argument 'size' must be tuple of ints, not int")
    if layout == "torch.sparse_coo":
        _sparse("full", (), dtype, device, requires_grad)
    xp = _backend(device)
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    array = xp.full(_sizes((size,)), value, dtype=dtype or infer_dtype(value))
    return finished(wrap(array, xp), requires_grad, out)


def _like(name: str) -> Any:
    def factory(
        input: Tensor,
        *args: Any,
        dtype: DType | None = None,
        layout: Any = None,
        device: Device = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        make = functions[name]
        return make(
            tuple(input.shape), *args, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad,
            layout=layout or input.layout,
        )  # fmt: skip

    factory.__name__ = f"{name}_like"
    factory.__doc__ = f"`{name}` with the shape, dtype and device of another tensor."
    return _public(factory)


zeros_like, ones_like, empty_like, full_like = (_like(n) for n in ("zeros", "ones", "empty", "full"))


def _new(name: str) -> Any:
    def method(
        self: Tensor,
        *args: Any,
        dtype: DType | None = None,
        device: Device = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
        **size: Any,
    ) -> Tensor:
        return functions[name](*args, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad, **size)

    method.__name__ = f"new_{name}"
    method.__doc__ = f"`{name}` with this tensor's dtype and device."
    return method


for _name in ("zeros", "ones", "empty", "full", "tensor"):
    methods[f"new_{_name}"] = _new(_name)


@_public
def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere.

    >>> import tensorlite as tl
    >>> tl.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    if n < 0 or m is not None and m < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n if n < 0 else m}")
    xp = _backend(device)
    return finished(wrap(xp.eye(n, n if m is None else m, dtype=dtype or dtypes.get_default_dtype()), xp), requires_grad, out)


def _triangle(lower: bool) -> Any:
    def factory(
        row: int, col: int, offset: int = 0, *, dtype: DType = dtypes.int64, device: Device = None, layout: Any = None
    ) -> Tensor:
        mask = functions["tril" if lower else "triu"](ones(row, col, device=device), offset)
        return functions["stack"](mask.nonzero(as_tuple=True)).to(dtype)

    factory.__name__ = "tril_indices" if lower else "triu_indices"
    factory.__doc__ = f"The positions of the {'lower' if lower else 'upper'} triangle, (2, n)."
    return _public(factory)


tril_indices, triu_indices = _triangle(True), _triangle(False)


functions["clone"] = lambda input, *, memory_format=None: input.clone()
functions["detach"] = lambda input: input.detach()
