"""Look-up tables."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from ...tensor.creation import empty
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """What the look-up tables share: the weight and its arguments."""

    weight: Parameter

    def _complete(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, max_norm: float | None, norm_type: float,
        scale_grad_by_freq: bool, sparse: bool,
    ) -> None:
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            assert -num_embeddings <= padding_idx < num_embeddings, "Padding_idx must be within num_embeddings"
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse

    def _set_weight(self, weight: Tensor | None, freeze: bool, device: Any, dtype: Any) -> None:
        shape = (self.num_embeddings, self.embedding_dim)
        if weight is None:
            self.weight = Parameter(empty(shape, device=device, dtype=dtype), requires_grad=not freeze)
            self.reset_parameters()
        else:
            assert tuple(weight.shape) == shape, "Shape of weight does not match num_embeddings and embedding_dim"
            self.weight = Parameter(weight, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draw the rows from the standard normal distribution; the padding row is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.detach()[self.padding_idx].zero_()


class Embedding(_Table):
    """A table of ``num_embeddings`` rows: integers ``(*)`` to ``(*, embedding_dim)``.

    The row ``padding_idx`` starts at zero and gets no gradient. Rows longer than ``max_norm`` are shrunk when they are
    looked up. ``scale_grad_by_freq`` divides a row's gradient by how often it was looked up. With ``sparse`` the gradient is
    a sparse tensor of the rows that were looked up.

    Raises:
        AssertionError: ``padding_idx`` is outside.
        IndexError: an input is outside.

    >>> import tensorlite as tl
    >>> tl.nn.Embedding(10, 3)(tl.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    torch.Size([2, 4, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._complete(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        self._set_weight(_weight, _freeze, device, dtype)

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
    ) -> Embedding:
        """A table of the given rows ``(n, d)``; with ``freeze`` they are not trained.

        Raises:
            AssertionError: not 2 dimensions.

        >>> import tensorlite as tl
        >>> tl.nn.Embedding.from_pretrained(tl.tensor([[1.0, 2.0], [3.0, 4.0]]))(tl.tensor(1))
        tensor([3., 4.])
        """
        assert embeddings.ndim == 2, "Embeddings parameter is expected to be 2-dimensional"
        n, d = embeddings.shape
        return cls(n, d, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        """Look ``input`` up."""
        return F.embedding(
            *(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        )

    def extra_repr(self) -> str:
        """Sizes, and the arguments that differ from their defaults."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        if self.sparse:
            parts.append("sparse=True")
        return ", ".join(parts)


class EmbeddingBag(_Table):
    """Sums, means or maxima of bags of rows: integers ``(B, L)``, or ``(L)`` with ``offsets (B)``, to ``(B, embedding_dim)``.

    Rows ``padding_idx`` do not count. With ``include_last_offset`` the last offset is the end of the last bag. With
    ``sparse`` the gradient is a sparse tensor of the rows in the bags.

    Raises:
        ValueError: input and offsets do not go together, or an unknown ``mode``.
        IndexError: an input is outside.

    >>> import tensorlite as tl
    >>> layer = tl.nn.EmbeddingBag.from_pretrained(tl.tensor([[1.0, 2.0], [3.0, 4.0]]), mode="sum")
    >>> layer(tl.tensor([0, 1, 1]), tl.tensor([0, 2]))
    tensor([[4., 6.],
            [3., 4.]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._complete(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        self.mode = mode
        self.include_last_offset = include_last_offset
        self._set_weight(_weight, False, device, dtype)

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A table of the given rows ``(n, d)``; with ``freeze`` they are not trained.

        Raises:
            AssertionError: not 2 dimensions.

        >>> import tensorlite as tl
        >>> tl.nn.EmbeddingBag.from_pretrained(tl.tensor([[1.0, 2.0], [3.0, 4.0]]))(tl.tensor([[0, 1]]))
        tensor([[2., 3.]])
        """
        assert embeddings.ndim == 2, "Embeddings parameter is expected to be 2-dimensional"
        n, d = embeddings.shape
        table = cls(
            *(n, d, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset, padding_idx)
        )
        table.weight.requires_grad = not freeze
        return table

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Look the bags up."""
        return F.embedding_bag(
            *(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse),
            *(per_sample_weights, self.include_last_offset, self.padding_idx),
        )

    def extra_repr(self) -> str:
        """Sizes, and the arguments that differ from their defaults."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        parts.append(f"mode={self.mode!r}")
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        return ", ".join(parts)
