"""einops' layers as modules: the names of ``einops.layers.torch``."""

from __future__ import annotations

from typing import Any

from einops.layers import RearrangeMixin, ReduceMixin
from einops.layers._einmix import _EinmixMixin

from ... import nn
from ...tensor import Tensor
from ...tensor.creation import empty
from ...tensor.einsum import einsum

__all__ = ["EinMix", "Rearrange", "Reduce"]


class Rearrange(RearrangeMixin, nn.Module):
    """`einops.rearrange` as a layer.

    Raises:
        einops.EinopsError: the pattern is wrong, or does not fit the shape of the input.

    >>> import tensorlite as tl
    >>> layer = Rearrange("n c h w -> n (c h w)")
    >>> layer
    Rearrange('n c h w -> n (c h w)')
    >>> layer(tl.ones(2, 3, 4, 5)).shape
    torch.Size([2, 60])
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._apply_recipe(input)


class Reduce(ReduceMixin, nn.Module):
    """`einops.reduce` as a layer.

    Raises:
        einops.EinopsError: the pattern is wrong, or does not fit the shape of the input.

    >>> import tensorlite as tl
    >>> Reduce("n c (h 2) (w 2) -> n c h w", "max")(tl.ones(2, 3, 4, 6)).shape
    torch.Size([2, 3, 2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._apply_recipe(input)


class EinMix(_EinmixMixin, nn.Module):
    """A linear layer over the axes that its pattern names: einsum with a weight, and a bias.

    Raises:
        einops.EinopsError: the pattern or the shape of a weight is wrong.

    >>> import tensorlite as tl
    >>> layer = EinMix("n time c -> n time d", "c d", "d", c=8, d=2)
    >>> layer(tl.ones(4, 5, 8)).shape, layer.weight.shape, layer.bias.shape
    (torch.Size([4, 5, 2]), torch.Size([8, 2]), torch.Size([1, 1, 2]))
    """

    bias: nn.Parameter | None

    def _create_parameters(
        self, weight_shape: list[int], weight_bound: float, bias_shape: list[int] | None, bias_bound: float
    ) -> None:
        self.weight = nn.Parameter(empty(weight_shape).uniform_(-weight_bound, weight_bound))
        self.bias = None if bias_shape is None else nn.Parameter(empty(bias_shape).uniform_(-bias_bound, bias_bound))

    def _create_rearrange_layers(
        self, before: str | None, lengths_before: dict[str, Any] | None, after: str | None, lengths_after: dict[str, Any] | None
    ) -> None:
        self.pre_rearrange = None if before is None else Rearrange(before, **(lengths_before or {}))
        self.post_rearrange = None if after is None else Rearrange(after, **(lengths_after or {}))

    def forward(self, input: Tensor) -> Tensor:
        if self.pre_rearrange is not None:
            input = self.pre_rearrange(input)
        result = einsum(self.einsum_pattern, input, self.weight)
        if self.bias is not None:
            result = result + self.bias
        return result if self.post_rearrange is None else self.post_rearrange(result)
