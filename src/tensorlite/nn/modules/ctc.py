"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .loss import Loss

__all__ = ["CTCLoss"]


class CTCLoss(Loss):
    """Minus the log-probability of all alignments of a sequence with its labels (Graves et al., 2006).

    Log-probabilities ``(T, N, C)`` or ``(T, C)``, labels ``(N, S)`` or in one row, and both lengths ``(N)``. ``'mean'`` divides
    by the lengths of the targets first; ``zero_infinity`` makes the infinite losses of targets that are too long zero.

    Raises:
        RuntimeError: lengths or labels do not fit.

    >>> import tensorlite as tl
    >>> log_probs = tl.randn(50, 16, 20).log_softmax(2)
    >>> targets, lengths = tl.randint(1, 20, (16, 30)), tl.randint(10, 30, (16,))
    >>> tl.nn.CTCLoss(reduction="none")(log_probs, targets, tl.full((16,), 50), lengths).shape
    torch.Size([16])
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        """Compare ``log_probs`` with ``targets``."""
        return F.ctc_loss(
            *(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity)
        )
