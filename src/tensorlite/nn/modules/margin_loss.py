"""Losses of margins and embeddings, and likelihoods. ``reduction`` is ``'mean'``, ``'sum'`` or ``'none'`` throughout."""

from __future__ import annotations

from collections.abc import Callable

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from .distance import PairwiseDistance
from .loss import Loss, WeightedLoss

__all__ = [
    "CosineEmbeddingLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "PoissonNLLLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class MarginLoss(Loss):
    """A loss with a margin."""

    margin = 0.0

    def __init__(
        self,
        margin: float | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin is not None:
            self.margin = margin


class HingeEmbeddingLoss(MarginLoss):
    """``x`` for targets 1, ``max(0, margin - x)`` for targets -1; any shape.

    >>> import tensorlite as tl
    >>> tl.nn.HingeEmbeddingLoss()(tl.tensor([0.5, 0.5]), tl.tensor([1.0, -1.0]))
    tensor(0.5000)
    """

    margin = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(MarginLoss):
    """``max(0, -target (x1 - x2) + margin)``: a target of 1 wants ``x1`` the larger, -1 ``x2``.

    >>> import tensorlite as tl
    >>> tl.nn.MarginRankingLoss()(tl.tensor([1.0]), tl.tensor([2.0]), tl.tensor([1.0]))
    tensor(1.)
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compare ``input1`` with ``input2``."""
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(MarginLoss):
    """``1 - cos`` for targets 1, ``max(0, cos - margin)`` for targets -1: two ``(N, D)`` and ``(N)``, or ``(D)`` and ``()``.

    >>> import tensorlite as tl
    >>> tl.nn.CosineEmbeddingLoss()(tl.tensor([[1.0, 0.0]]), tl.tensor([[0.0, 1.0]]), tl.tensor([1.0]))
    tensor(1.)
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compare ``input1`` with ``input2``."""
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target x))`` for targets 1 and -1; any shape.

    >>> import tensorlite as tl
    >>> tl.nn.SoftMarginLoss()(tl.tensor([0.0]), tl.tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean over classes of binary cross-entropies of logits: two ``(N, C)``.

    >>> import tensorlite as tl
    >>> tl.nn.MultiLabelSoftMarginLoss()(tl.zeros(1, 2), tl.ones(1, 2))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """How far other classes come within a margin of 1 of the right ones: two ``(N, C)``; -1 ends the list of the right ones.

    Raises:
        RuntimeError: shapes differ, or a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.MultiLabelMarginLoss()(tl.tensor([[0.1, 0.2, 0.4, 0.8]]), tl.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """How far other classes come within a margin of the right one: ``(N, C)`` and class numbers ``(N)``.

    Raises:
        ValueError: ``p`` is not 1 or 2, or ``margin`` or ``weight`` has a wrong shape.
        RuntimeError: shapes do not fit, or a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.MultiMarginLoss()(tl.tensor([[0.1, 0.2, 0.4, 0.8]]), tl.tensor([3]))
    tensor(0.3250)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class TripletMarginLoss(Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` for the p-norm: three ``(N, D)``.

    With ``swap``, the negative's distance is that from the positive, where it is smaller (Balntas et al., 2016).

    Raises:
        ValueError: ``margin`` is not positive.

    >>> import tensorlite as tl
    >>> tl.nn.TripletMarginLoss()(tl.zeros(1, 2), tl.zeros(1, 2), tl.zeros(1, 2))
    tensor(1.)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compare the distances of ``positive`` and ``negative`` from ``anchor``."""
        return F.triplet_margin_loss(
            *(anchor, positive, negative, self.margin, self.p, self.eps, self.swap), reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(Module):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` for any distance.

    Raises:
        ValueError: ``margin`` is not positive.

    >>> import tensorlite as tl
    >>> loss = tl.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
    >>> loss(tl.zeros(1, 2), tl.ones(1, 2), tl.zeros(1, 2))
    tensor(3.)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap
        self.reduction = reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compare the distances of ``positive`` and ``negative`` from ``anchor``."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class PoissonNLLLoss(Loss):
    """Minus the log-likelihood of counts under Poisson's distribution, for log rates (or rates); any shape.

    >>> import tensorlite as tl
    >>> tl.nn.PoissonNLLLoss()(tl.tensor([0.0]), tl.tensor([3.0]))
    tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Compare the rates with ``target``."""
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """Minus the log-likelihood of targets under Gaussians of given means and variances (Nix and Weigend, 1994).

    Raises:
        ValueError: a negative variance, or variances of another shape.

    >>> import tensorlite as tl
    >>> tl.nn.GaussianNLLLoss()(tl.tensor([0.0]), tl.tensor([2.0]), tl.tensor([1.0]))
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Compare ``target`` with the mean ``input`` and the variance ``var``."""
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
