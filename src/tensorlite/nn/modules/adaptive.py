"""A softmax over many classes, of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...tensor import Tensor
from ...tensor.joining import cat
from .. import functional as F
from ..module import Module
from .container import ModuleList, Sequential
from .linear import Linear

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean loss. The name is what it prints as."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """An approximate softmax for classes that are sorted by frequency (Grave et al., 2017): ``(N, in_features)``, ``(N,)``.

    ``cutoffs`` cut the ``n_classes`` into clusters. The first one has its logits in ``head``, together with one logit for each
    other cluster, whose classes cost a smaller projection, of ``in_features / div_value ** i`` features. Also takes one
    sample ``(in_features,)`` and its class ``()``. Returns ``(output, loss)``.

    Raises:
        ValueError: the cutoffs do not increase within ``[1, n_classes - 1]``, or there are none.
        RuntimeError: sizes of input and target differ, or a class is outside of ``[0, n_classes)``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0)
    >>> output, loss = layer(tl.randn(3, 8), tl.tensor([1, 5, 19]))
    >>> output.shape, loss.shape, layer.log_prob(tl.randn(3, 8)).shape
    (torch.Size([3]), torch.Size([]), torch.Size([3, 20]))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        limits = list(cutoffs)
        if not limits:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        whole = all(int(c) == c for c in limits)
        if not whole or limits != sorted(set(limits)) or limits[0] <= 0 or limits[-1] > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers in increasing order, each between 1 and n_classes-1, "
                f"but got {limits} for {n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*limits, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, hidden, False, device, dtype), Linear(hidden, size, False, device, dtype))
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for linear in cluster.children():
                linear.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> _ASMoutput:
        """The log-probability of each target and the mean of its negative."""
        single = target.ndim == 0
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if not single and input.shape[0] != target.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if single and input.ndim != 1:
            raise RuntimeError("0D target tensor expects 1D input")
        x, y = (input.unsqueeze(0), target.unsqueeze(0)) if single else (input, target)
        if y.numel() and bool(((y < 0) | (y >= self.n_classes)).any()):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{y.min().item()}, {y.max().item()}] "
                "were found. "
            )
        output = self._of_targets(x, y)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _of_targets(self, x: Tensor, y: Tensor) -> Tensor:
        chosen, parts = y.clone(), []
        for i, cluster in enumerate(self.tail):
            low, high = self.cutoffs[i : i + 2]
            rows = ((y >= low) & (y < high)).nonzero().squeeze(1)
            if rows.numel():
                chosen[rows] = self.shortlist_size + i
                inner = F.log_softmax(cluster(x.index_select(0, rows)), dim=1)
                parts.append((rows, inner.gather(1, (y[rows] - low).unsqueeze(1)).squeeze(1)))
        output = F.log_softmax(self.head(x), dim=1).gather(1, chosen.unsqueeze(1)).squeeze(1)
        for rows, part in parts:
            output = output.index_add(0, rows, part)
        return output

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: ``(N, in_features)`` to ``(N, n_classes)``."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class: ``(N, in_features)`` to ``(N,)``. Rare classes are looked at where the head says so."""
        best = self.head(input).argmax(dim=1)
        rows = (best >= self.shortlist_size).nonzero().squeeze(1)
        if rows.numel():
            best[rows] = self.log_prob(input.index_select(0, rows)).argmax(dim=1)
        return best
