"""A linear layer and its cross entropy in one module."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...dtypes import bfloat16, float16, float32, float64
from ...dtypes import dtype as DType
from ...tensor import Tensor
from .. import functional as F
from .linear import Linear
from .loss import WeightedLoss

__all__ = ["LinearCrossEntropyLoss", "LinearCrossEntropyOptions"]


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How :class:`LinearCrossEntropyLoss` may cut the batch into pieces to save memory.

    The arguments are checked as PyTorch checks them. The logits are made in one piece here, so none of them changes a number,
    and a second backward needs ``retain_graph=True`` alone.

    Raises:
        ValueError: an unknown policy, method or dtype, or a chunk that is no positive number of rows.

    >>> import tensorlite as tl
    >>> tl.nn.LinearCrossEntropyOptions(batch_chunk_size=2).batch_chunk_size
    2
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: DType | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}; it is 'auto', 'accurate', 'balanced' or 'compact'")
        if self.chunking_method not in (None, "auto"):
            self._divisor()
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and self.acc_dtype not in (float16, bfloat16, float32, float64):
            raise ValueError(f"acc_dtype must be None or a floating point dtype of 2, 4 or 8 bytes, got {self.acc_dtype!r}")

    def _divisor(self) -> int:
        """N of the method ``'aspect_ratio:N'``."""
        name, colon, number = str(self.chunking_method).partition(":")
        if name != "aspect_ratio" or (colon and not (number.isdigit() and int(number) > 0)):
            raise ValueError(f"invalid chunking_method: {self.chunking_method!r}; it is 'auto', 'aspect_ratio' or 'aspect_ratio:N'")
        return int(number) if colon else 1

    def rows_per_chunk(self, rows: int, in_features: int, num_classes: int) -> int | None:
        """The size of the pieces that are asked for; None if that is left open.

        Raises:
            ValueError: ``batch_chunk_size`` and ``chunking_method`` contradict each other.
        """
        if self.chunking_method in (None, "auto"):
            return self.batch_chunk_size
        target = -(-rows // -(-num_classes // in_features))
        size = min((1 << (target - 1).bit_length()) // self._divisor(), rows)
        if self.batch_chunk_size not in (None, size):
            raise ValueError(
                f"batch_chunk_size (={self.batch_chunk_size}) and chunking_method ('{self.chunking_method}', {size} rows) "
                "contradict each other: pass only one"
            )
        return max(1, size)


class LinearCrossEntropyLoss(WeightedLoss):
    """The cross entropy of a linear map of the input: ``(N, in_features)`` or ``(in_features,)``, and class numbers or
    probabilities as for :class:`CrossEntropyLoss`.

    ``out_features`` are further dimensions of the target, ``(N, *out_features)``.

    Raises:
        RuntimeError: ``weight`` does not have ``num_classes`` elements, ``label_smoothing`` is outside of [0, 1], or the
            shapes do not fit.

    >>> import tensorlite as tl
    >>> loss = tl.nn.LinearCrossEntropyLoss(5, 10, out_features=(4, 3))
    >>> loss(tl.randn(2, 5), tl.randint(0, 10, (2, 4, 3))).shape
    torch.Size([])
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, num_classes * math.prod(out_features), bias, device, dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare the logits of ``input`` with ``target``."""
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            *(input, self.linear.weight.reshape(*shape, self.linear.in_features), target),
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
