"""Layouts: making sparse tensors, and what every tensor says of its own. `sparse_tensor.py` has the class of sparse ones."""

from __future__ import annotations

from typing import Any, NoReturn

from .. import dtypes
from ..autograd.base import TensorBase, raw, wrap
from ..autograd.modes import modes
from ..backends.sparse import SparseArray
from ..dtypes import dtype as DType
from .creation import _public, _sizes, tensor
from .inplace import check_inplace

__all__ = ["Layout", "add_sparse_", "masked_values", "sparse_coo_tensor", "sparse_rows", "with_values"]

Tensor = Any
Device = Any


class Layout:
    """The methods of `Tensor` that deal with layouts, as they are for a dense one."""

    __slots__ = ()
    _array: Any
    _xp: Any
    dtype: Any
    device: Any
    is_sparse = is_sparse_csr = False
    layout = "torch.strided"

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None) -> Tensor:
        """The same in the layout torch.sparse_coo: only what is not zero along the first `sparse_dim` dimensions (default: all).

        Raises:
            RuntimeError: there are not so many dimensions.
            NotImplementedError: another layout, or a tensor whose gradients are recorded.

        >>> import tensorlite as tl
        >>> tl.tensor([0., 2., 0.]).to_sparse()
        tensor(indices=tensor([[1]]),
               values=tensor([2.]),
               size=(3,), nnz=1, layout=torch.sparse_coo)
        """
        if layout not in (None, "torch.sparse_coo"):
            raise NotImplementedError(f"to_sparse(): there are only the layouts torch.strided and torch.sparse_coo, not {layout}")
        _refuse_graph("to_sparse", self)
        xp, array = self._xp, raw(self)
        known = array.ndim if sparse_dim is None else sparse_dim
        if not 0 <= known <= array.ndim:
            raise RuntimeError(f"to_sparse(): sparse_dim must be in the range [0, {array.ndim}], but is {sparse_dim}")
        kept = array != 0
        if not known:  # the whole is one value
            one = xp.reshape(array, shape=(1, *array.shape))
            return wrap(SparseArray(xp, xp.zeros((0, 1), dtype=dtypes.int64), xp.copy(one), array.shape, True), xp)
        if known < array.ndim:
            kept = xp.any(kept, axis=tuple(range(known, array.ndim)))
        where = xp.nonzero(kept)
        indices = xp.astype(xp.stack(*where, axis=0), dtypes.int64)
        values = xp.advanced_index(array, *where, key=("_",) * known)
        return wrap(SparseArray(xp, indices, values, array.shape, True), xp)

    def to_dense(self, dtype: DType | None = None, *, masked_grad: bool | None = None) -> Tensor:
        """The same in the layout torch.strided: a dense tensor is that already."""
        return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]

    def sparse_dim(self) -> int:
        """How many of the first dimensions are sparse: none."""
        return 0

    def dense_dim(self) -> int:
        """How many dimensions are dense: all."""
        return len(self._array.shape)

    def indices(self) -> Tensor:
        """The positions of what a sparse tensor stores.

        Raises:
            RuntimeError: the tensor is dense.
        """
        _no_sparse_layout("indices")

    def values(self) -> Tensor:
        """What a sparse tensor stores.

        Raises:
            RuntimeError: the tensor is dense.
        """
        _no_sparse_layout("values")

    def coalesce(self) -> Tensor:
        """A sparse tensor with each position once.

        Raises:
            RuntimeError: the tensor is dense.
        """
        _no_sparse_layout("coalesce")

    def is_coalesced(self) -> bool:
        """Whether a sparse tensor has each position once.

        Raises:
            RuntimeError: the tensor is dense.
        """
        _no_sparse_layout("is_coalesced")

    def _nnz(self) -> int:
        _no_sparse_layout("_nnz")


def _no_sparse_layout(name: str) -> NoReturn:
    raise RuntimeError(f"{name}() expected a tensor in the layout torch.sparse_coo, but this one is torch.strided; use to_sparse()")


def _refuse_graph(name: str, *tensors: Any) -> None:
    if modes.grad and any(t.requires_grad for t in tensors):
        raise NotImplementedError(f"{name}(): no gradients flow through sparse tensors; detach() the argument first")


@_public
def sparse_coo_tensor(
    indices: Any = None, values: Any = None, size: Any = None, *, dtype: DType | None = None, device: Device = None,
    pin_memory: bool = False, requires_grad: bool = False, check_invariants: bool | None = None, is_coalesced: bool | None = None,
) -> Tensor:  # fmt: skip
    """A sparse tensor with `values` (nnz, *dense) at `indices` (sparse_dim, nnz), and zeros elsewhere.

    Without a `size` it is as small as the positions allow; with nothing but a size it is empty. What is given for a position
    twice counts as the sum. Positions are always checked.

    Raises:
        RuntimeError: the shapes do not go together, or a position is outside.
        NotImplementedError: gradients are wanted: none flow through sparse tensors.

    >>> import tensorlite as tl
    >>> tl.sparse_coo_tensor([[0, 2]], [1., 5.], (4,)).to_dense()
    tensor([1., 0., 5., 0.])
    """
    if values is None and indices is not None and size is None:  # only a size, in the first place
        indices, size = None, indices
    if indices is None and values is None:
        if size is None:
            raise TypeError("sparse_coo_tensor() needs indices and values, or a size")
        shape = _sizes((size,))
        indices, values = tensor([[]] * len(shape)).reshape(len(shape), 0), tensor([], dtype=dtype, device=device)
    elif indices is None or values is None:
        raise TypeError("sparse_coo_tensor() needs both indices and values")
    if requires_grad:
        raise NotImplementedError("sparse_coo_tensor(): no gradients flow through sparse tensors; use requires_grad=False")
    values = _plain(values, dtype, device)
    values = values if values.ndim else values.reshape(1)
    indices = _plain(indices, None, values.device)
    if indices.dtype.is_complex or indices.dtype is dtypes.bool:
        raise RuntimeError(f"indices must be an int64 tensor, but are {indices.dtype}")
    indices = indices.to(dtypes.int64)
    _check_shapes(indices, values)
    shape = _sizes((size,)) if size is not None else _smallest(indices, values)
    _check_size(indices, values, shape)
    _refuse_graph("sparse_coo_tensor", values)
    made = SparseArray(values._xp, indices._array, values._array, shape, bool(is_coalesced) or values.shape[0] < 2)
    if is_coalesced and check_invariants and not _is_sorted(made):
        raise RuntimeError("is_coalesced=True, but the indices are not sorted, or a position occurs twice")
    return wrap(made, values._xp)


def _plain(data: Any, dtype: DType | None, device: Device) -> Tensor:
    if not isinstance(data, TensorBase):
        return tensor(data, dtype=dtype, device=device)
    if data.is_sparse:
        raise TypeError("sparse_coo_tensor(): indices and values must be dense tensors")
    return data.to(device=device, dtype=dtype)


def _check_shapes(indices: Tensor, values: Tensor) -> None:
    if indices.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but have the shape {list(indices.shape)}")
    if indices.shape[1] != values.shape[0]:
        raise RuntimeError(f"indices and values must have the same nnz, but have {indices.shape[1]} and {values.shape[0]}")


def _smallest(indices: Tensor, values: Tensor) -> tuple[int, ...]:
    """The size that the positions ask for."""
    if not indices.shape[1]:
        return (*([0] * indices.shape[0]), *values.shape[1:])
    return (*(int(n) + 1 for n in indices.max(1).values), *values.shape[1:])


def _check_size(indices: Tensor, values: Tensor, shape: tuple[int, ...]) -> None:
    sparse_dim = indices.shape[0]
    if len(shape) != sparse_dim + values.ndim - 1 or tuple(values.shape[1:]) != shape[sparse_dim:]:
        raise RuntimeError(
            f"size {list(shape)} does not go with indices of shape {list(indices.shape)} and values of shape {list(values.shape)}: "
            "it needs a number for each row of indices, and then the sizes of values after the first"
        )
    if not indices.numel():
        return
    for i, n in enumerate(shape[:sparse_dim]):
        low, high = int(indices[i].min()), int(indices[i].max())
        if low < 0:
            raise RuntimeError(f"found negative index {low} for dim {i}")
        if high >= n:
            raise RuntimeError(f"size is inconsistent with indices: for dim {i}, size is {n} but found index {high}")


def _is_sorted(array: SparseArray) -> bool:
    """Whether positions are sorted, and none occurs twice."""
    place: Any = 0
    for size, row in zip(array.shape, array.rows(), strict=False):
        place = place * size + row
    return array.xp.bool(array.xp.all(place[1:] > place[:-1])) if array.sparse_dim else array.nnz < 2


def sparse_rows(index: Tensor, values: Tensor, size: tuple[int, ...]) -> Tensor:
    """The sparse tensor with `values` (nnz, *dense) in the rows `index` (nnz), which are known to be inside."""
    xp = values._xp
    return wrap(SparseArray(xp, xp.astype(index._array[None], dtypes.int64), values._array, size), xp)


def add_sparse_(input: Tensor, other: Tensor, alpha: float = 1) -> Tensor:
    """``input += alpha * other`` for a dense tensor outside of any graph and a sparse one, at the positions of `other` only."""
    check_inplace(input)
    _refuse_graph("add_", input)
    coo = raw(other)
    if coo.shape != input._array.shape or coo.xp is not input._xp:
        raise RuntimeError(
            f"a sparse tensor of shape {list(coo.shape)} on {other.device} cannot be added to one of shape {list(input.shape)} on "
            f"{input.device}"
        )
    added = coo if alpha == 1 else coo * alpha
    added.add_into(input._array)
    input._version[0] += 1
    return input


def masked_values(input: Tensor, mask: Tensor) -> Tensor:
    """What a dense tensor has at the positions of a coalesced sparse one: (nnz, *dense)."""
    return wrap(raw(mask).taken_from(input._array), input._xp)


def with_values(mask: Tensor, values: Tensor) -> Tensor:
    """A sparse tensor with other values at the positions of `mask`."""
    return wrap(raw(mask).with_values(values._array), values._xp)
