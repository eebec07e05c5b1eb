"""Instance normalisation."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .batchnorm import BatchNorm

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class InstanceNorm(BatchNorm):
    """What instance norms of all dimensions share. ``ndims`` is the input's dimensions without and with a batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise ``input`` by its own statistics; in evaluation by the running ones, where they are tracked."""
        self._check_input_dim(input)
        unbatched = input.ndim == self.ndims[0]
        self._check_channels(input, 0 if unbatched else 1)
        x = input.unsqueeze(0) if unbatched else input
        out = F.instance_norm(
            *(x, self.running_mean, self.running_var, self.weight, self.bias),
            use_input_stats=self.training or not self.track_running_stats,
            momentum=0.0 if self.momentum is None else self.momentum,
            eps=self.eps,
        )
        return out.squeeze(0) if unbatched else out

    def _check_channels(self, input: Tensor, dim: int) -> None:
        if input.shape[dim] == self.num_features:
            return
        text = f"input's size at dim={dim} does not match num_features"
        if self.affine:
            raise ValueError(f"expected {text} ({self.num_features}), but got: {input.shape[dim]}.".replace(" does not", " to"))
        warnings.warn(
            f"{text}. Since affine=False, num_features is not used in the normalization process. You can safely ignore it.",
            UserWarning,
            stacklevel=4,
        )


class InstanceNorm1d(InstanceNorm):
    """Normalise each channel of each sample: ``(N, C, L)`` or ``(C, L)`` to the same shape.

    Raises:
        ValueError: not 2 or 3 dimensions, other channels than ``num_features``, or a single value per channel.

    >>> import tensorlite as tl
    >>> tl.nn.InstanceNorm1d(1)(tl.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """

    ndims = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Normalise each channel of each sample (Ulyanov et al., 2016): ``(N, C, H, W)`` or ``(C, H, W)`` to the same shape.

    Raises:
        ValueError: not 3 or 4 dimensions, other channels than ``num_features``, or a single value per channel.

    >>> import tensorlite as tl
    >>> tl.nn.InstanceNorm2d(3)(tl.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    ndims = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Normalise each channel of each sample: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same shape.

    Raises:
        ValueError: not 4 or 5 dimensions, other channels than ``num_features``, or a single value per channel.

    >>> import tensorlite as tl
    >>> tl.nn.InstanceNorm3d(3)(tl.randn(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    ndims = (4, 5)
