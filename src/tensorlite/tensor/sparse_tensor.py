"""`SparseTensor`: a tensor in the layout torch.sparse_coo, which is what gradients of look-up tables can be."""

from __future__ import annotations

from typing import Any, NoReturn

from ..autograd.base import Accumulator, Node, TensorBase, bump, register_sparse_type, wrap
from ..autograd.modes import INFERENCE, modes
from ..backends.base import Backend
from ..backends.sparse import SparseArray
from ..dtypes import dtype as DType
from ..dtypes import promote_types
from .size import Size
from .tensor import Tensor

__all__ = ["SparseTensor"]


class _Hidden:
    """In the place of the array: whatever asks for it would compute with a dense one, and is told that there is none."""

    def __get__(self, tensor: Any, owner: Any = None) -> NoReturn:
        raise NotImplementedError(
            "this function does not take tensors in the layout torch.sparse_coo; call .to_dense() first, or compute with "
            "._indices() and ._values()"
        )

    def __set__(self, tensor: Any, value: Any) -> NoReturn:
        self.__get__(tensor)


class SparseTensor(Tensor):
    """Values at positions, all else zero. Made by `sparse_coo_tensor`, `Tensor.to_sparse` and ``nn.Embedding(sparse=True)``.

    It has what gradients need: arithmetic with other sparse tensors and with numbers, `coalesce`, and `to_dense`. Everything else
    refuses it. No gradients flow through it.

    Raises:
        NotImplementedError: a function is called that needs a dense tensor.

    >>> import tensorlite as tl
    >>> x = tl.sparse_coo_tensor([[2, 0, 2]], [1., 2., 3.], (4,))
    >>> x.coalesce()
    tensor(indices=tensor([[0, 2]]),
           values=tensor([2., 4.]),
           size=(4,), nnz=2, layout=torch.sparse_coo)
    >>> (x * 2).to_dense()
    tensor([4., 0., 8., 0.])
    """

    __slots__ = ("_coo",)
    _coo: SparseArray
    _array: Any = _Hidden()
    __hash__ = object.__hash__
    is_sparse = True
    layout = "torch.sparse_coo"

    # What it is

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._coo.shape)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._xp.dtype_of[self._coo.dtype]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._coo.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._coo.ndim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """The number of elements, zeros included."""
        return self._coo.size

    ndimension, nelement = dim, numel

    @property
    def nbytes(self) -> int:
        """Not defined, as in PyTorch.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("nbytes is not defined for sparse tensors: add those of _indices() and _values()")

    def __len__(self) -> int:
        if not self._coo.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._coo.shape[0]

    def sparse_dim(self) -> int:
        """How many of the first dimensions have positions."""
        return self._coo.sparse_dim

    def dense_dim(self) -> int:
        """How many dimensions each value has."""
        return self._coo.ndim - self._coo.sparse_dim

    def _nnz(self) -> int:
        return self._coo.nnz

    # What it is made of

    def _indices(self) -> Tensor:
        return wrap(self._coo.indices, self._xp)

    def _values(self) -> Tensor:
        return wrap(self._coo.values, self._xp)

    def indices(self) -> Tensor:
        """The positions (sparse_dim, nnz).

        Raises:
            RuntimeError: it is not coalesced.
        """
        self._require_coalesced("indices")
        return self._indices()

    def values(self) -> Tensor:
        """The values (nnz, *dense).

        Raises:
            RuntimeError: it is not coalesced.
        """
        self._require_coalesced("values")
        return self._values()

    def _require_coalesced(self, name: str) -> None:
        if not self._coo.coalesced:
            raise RuntimeError(f"{name}() of a tensor that is not coalesced may name a position twice; call coalesce() first")

    def is_coalesced(self) -> bool:
        """Whether positions are sorted, each of them once."""
        return self._coo.coalesced

    def coalesce(self) -> Tensor:
        """The same with sorted positions, each of them once."""
        return self if self._coo.coalesced else wrap(self._coo.coalesce(), self._xp)

    # Other tensors of the same value

    def to_dense(self, dtype: DType | None = None, *, masked_grad: bool | None = None) -> Tensor:
        """The same in the layout torch.strided."""
        dense = wrap(self._coo.to_dense(), self._xp)
        return dense if dtype is None else dense.to(dtype)

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None) -> Tensor:
        """Itself.

        Raises:
            NotImplementedError: with another layout, or other sparse dimensions.
        """
        if layout not in (None, self.layout) or sparse_dim not in (None, self.sparse_dim()):
            raise NotImplementedError("to_sparse(): the tensor is sparse in another way already; call to_dense() first")
        return self

    def to(self, *args: Any, copy: bool = False, **options: Any) -> Any:
        """The same in another dtype or on another device; itself if nothing changes."""
        values = self._values().to(*args, **options)
        if values._xp is self._xp and values._array is self._coo.values:
            return self.clone() if copy else self
        indices = self._indices().to(values.device)
        return wrap(SparseArray(values._xp, indices._array, values._array, self._coo.shape, self._coo.coalesced), values._xp)

    def detach(self) -> Tensor:
        """The same values outside any graph."""
        return wrap(self._coo, self._xp)

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy."""
        return wrap(self._coo.copy(), self._xp)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return memo.setdefault(id(self), self.clone())

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild, (self._indices(), self._values(), self._coo.shape, self._coo.coalesced)

    def numpy(self, *, force: bool = False) -> NoReturn:
        """NumPy has no such arrays.

        Raises:
            TypeError: always.
        """
        raise TypeError("can't convert a tensor in the layout torch.sparse_coo to numpy; use Tensor.to_dense() first")

    # Arithmetic

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """``self + alpha * other`` of two sparse tensors.

        Raises:
            RuntimeError: the other one is dense (a dense tensor may come first: ``dense + sparse``), or shapes differ.
        """
        other = self._same_layout(other, "add")
        dtype = promote_types(self.dtype, other.dtype)
        ours, theirs = self.to(dtype), (other if alpha == 1 else other * alpha).to(dtype)
        return wrap(ours._coo + theirs._coo, self._xp)

    def _same_layout(self, other: Any, name: str) -> Any:
        if not isinstance(other, SparseTensor):
            raise RuntimeError(
                f"{name}(sparse, dense) is not supported: write dense + sparse for a dense result, or call to_dense() first"
            )
        if other._coo.shape != self._coo.shape or other._coo.sparse_dim != self._coo.sparse_dim or other._xp is not self._xp:
            raise RuntimeError(
                f"{name}() of sparse tensors expects equal sizes, sparse dimensions and devices, but got {list(self.shape)}, "
                f"{self.sparse_dim()}, {self.device} and {list(other.shape)}, {other.sparse_dim()}, {other.device}"
            )
        return other

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """``self - alpha * other`` of two sparse tensors."""
        return self.add(self._same_layout(other, "sub"), alpha=-alpha)

    def mul(self, other: Any) -> Tensor:
        """All values times a number, or a tensor of one element."""
        return self._with_values(self._values() * self._number(other, "mul"))

    def div(self, other: Any) -> Tensor:
        """All values divided by a number, or a tensor of one element."""
        return self._with_values(self._values() / self._number(other, "div"))

    def neg(self) -> Tensor:
        """All values with the other sign."""
        return self._with_values(-self._values())

    def _number(self, other: Any, name: str) -> Any:
        if not isinstance(other, TensorBase):
            return other
        if other.is_sparse or other.numel() != 1:
            raise NotImplementedError(f"{name}(): a sparse tensor takes a number or a tensor of one element, not another tensor")
        if modes.grad and other.requires_grad:
            raise NotImplementedError(f"{name}(): no gradients flow through sparse tensors; detach() the number")
        return other.reshape(())

    def _with_values(self, values: Tensor) -> Tensor:
        return wrap(self._coo.with_values(values._array), self._xp)

    def __radd__(self, other: Any) -> Tensor:
        if not isinstance(other, TensorBase):
            raise RuntimeError("a number and a sparse tensor cannot be added: the sum is not sparse; call to_dense() first")
        return self.added_to(other)

    def added_to(self, input: Any) -> Tensor:
        """The sum with a tensor that may be dense, and then is dense too."""
        return input.add(self) if input.is_sparse else input + self.to_dense()

    def __rsub__(self, other: Any) -> Tensor:
        return self.neg().__radd__(other)

    __add__, __sub__, __mul__, __rmul__, __truediv__, __neg__ = add, sub, mul, mul, div, neg
    multiply, divide, subtract, negative = mul, div, sub, neg

    # In place

    def add_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Add ``alpha`` times another sparse tensor; returns the tensor."""
        return self._become(self.add(other, alpha=alpha))

    def sub_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Subtract ``alpha`` times another sparse tensor; returns the tensor."""
        return self._become(self.sub(other, alpha=alpha))

    def mul_(self, other: Any) -> Tensor:
        """Multiply all values by a number; returns the tensor."""
        return self._become(self.mul(other))

    def div_(self, other: Any) -> Tensor:
        """Divide all values by a number; returns the tensor."""
        return self._become(self.div(other))

    def neg_(self) -> Tensor:
        """Turn the sign of all values; returns the tensor."""
        return self._become(self.neg())

    def zero_(self) -> Tensor:
        """Forget all values; returns the tensor."""
        return self._become(wrap(SparseArray.empty(self._xp, self._coo.shape, self._coo.sparse_dim, self._coo.dtype), self._xp))

    __iadd__, __isub__, __imul__, __itruediv__ = add_, sub_, mul_, div_

    def _become(self, other: Any) -> Tensor:
        if other.dtype is not self.dtype:
            raise RuntimeError(f"result type {other.dtype} can't be cast to the desired output type {self.dtype}")
        bump(self)
        self._coo = other._coo
        return self

    def __eq__(self, other: object) -> Any:
        return super().__eq__(other) if isinstance(other, TensorBase) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return super().__ne__(other) if isinstance(other, TensorBase) else NotImplemented

    # As text

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def _make(array: SparseArray, xp: Backend, node: Node | Accumulator | None) -> SparseTensor:
    tensor = object.__new__(SparseTensor)
    tensor._coo, tensor._xp, tensor._node, tensor._view = array, xp, node, None
    tensor._version = [0] if not modes.inference else INFERENCE
    return tensor


def _rebuild(indices: Tensor, values: Tensor, shape: tuple[int, ...], coalesced: bool) -> Any:
    return wrap(SparseArray(values._xp, indices._array, values._array, shape, coalesced), values._xp)


register_sparse_type(_make)
