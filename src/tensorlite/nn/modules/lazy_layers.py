"""Layers whose number of input features or channels is read off the first batch of data."""

from __future__ import annotations

from typing import Any, cast

from ...autograd import no_grad
from ...dtypes import int64
from ...tensor import Tensor
from ...tensor.creation import tensor
from ..parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy
from . import batchnorm, conv, conv_transpose, instancenorm
from .lazy import LazyModuleMixin
from .linear import Linear

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


def _materialize(value: Tensor | None, *shape: int) -> None:
    if value is not None:
        cast(UninitializedParameter, value).materialize(shape)


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` that reads ``in_features`` off its first input: ``(*, in_features)`` to ``(*, out_features)``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.LazyLinear(4)
    >>> layer(tl.randn(3, 5)).shape, layer
    (torch.Size([3, 4]), Linear(in_features=5, out_features=4, bias=True))
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw new parameters, if there are any yet."""
        if self.in_features != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from ``input``."""
        features = input.shape[-1]
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = features
                _materialize(self.weight, self.out_features, features)
                _materialize(self.bias, self.out_features)
                self.reset_parameters()
        elif self.in_features == 0:  # a state was loaded
            if features != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {features} is not equal to in_features from self.weight: "
                    f"{self.weight.shape[-1]}"
                )
            self.in_features = features


class LazyConvNd(LazyModuleMixin, conv.ConvNd):
    """What lazy convolutions share."""

    def reset_parameters(self) -> None:
        """Draw new parameters, if there are any yet."""
        if self.in_channels != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def _postpone(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take ``in_channels`` from ``input``.

        Raises:
            RuntimeError: the input has another number of dimensions.
            ValueError: the channels do not fall into ``groups``.
        """
        if not self.has_uninitialized_params():
            if self.in_channels == 0:  # a state was loaded
                self.in_channels = self.weight.shape[0] if self.transposed else self.weight.shape[1] * self.groups
            return
        if input.ndim not in (self.ndim + 1, self.ndim + 2):
            raise RuntimeError(
                f"Expected {self.ndim + 1}D (unbatched) or {self.ndim + 2}D (batched) input to {type(self).__name__}, but got "
                f"input of size: {input.shape}"
            )
        self.in_channels = input.shape[-self.ndim - 1]
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        with no_grad():
            _materialize(self.weight, *self._weight_shape())
            _materialize(self.bias, self.out_channels)
            self.reset_parameters()


class LazyConv(LazyConvNd):
    """The constructor of lazy convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._postpone(out_channels, bias, device, dtype)


class LazyConvTranspose(LazyConvNd):
    """The constructor of lazy transposed convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._postpone(out_channels, bias, device, dtype)


class LazyConv1d(LazyConv, conv.Conv1d):
    """A :class:`Conv1d` that reads ``in_channels`` off its first input: ``(N, C_in, L)`` to ``(N, C_out, L_out)``.

    >>> import tensorlite as tl
    >>> tl.nn.LazyConv1d(8, 3)(tl.randn(1, 2, 5)).shape
    torch.Size([1, 8, 3])
    """

    cls_to_become = conv.Conv1d


class LazyConv2d(LazyConv, conv.Conv2d):
    """A :class:`Conv2d` that reads ``in_channels`` off its first input: ``(N, C_in, H, W)`` to ``(N, C_out, H_out, W_out)``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.LazyConv2d(8, 3)
    >>> layer(tl.randn(1, 2, 5, 5)).shape, layer.in_channels
    (torch.Size([1, 8, 3, 3]), 2)
    """

    cls_to_become = conv.Conv2d


class LazyConv3d(LazyConv, conv.Conv3d):
    """A :class:`Conv3d` that reads ``in_channels`` off its first input: ``(N, C_in, D, H, W)`` to ``(N, C_out, *)``.

    >>> import tensorlite as tl
    >>> tl.nn.LazyConv3d(8, 1)(tl.randn(1, 2, 3, 3, 3)).shape
    torch.Size([1, 8, 3, 3, 3])
    """

    cls_to_become = conv.Conv3d


class LazyConvTranspose1d(LazyConvTranspose, conv_transpose.ConvTranspose1d):
    """A :class:`ConvTranspose1d` that reads ``in_channels`` off its first input: ``(N, C_in, L)`` to ``(N, C_out, L_out)``.

    >>> import tensorlite as tl
    >>> tl.nn.LazyConvTranspose1d(8, 3)(tl.randn(1, 2, 5)).shape
    torch.Size([1, 8, 7])
    """

    cls_to_become = conv_transpose.ConvTranspose1d


class LazyConvTranspose2d(LazyConvTranspose, conv_transpose.ConvTranspose2d):
    """A :class:`ConvTranspose2d` that reads ``in_channels`` off its first input: ``(N, C_in, H, W)`` to ``(N, C_out, *)``.

    >>> import tensorlite as tl
    >>> tl.nn.LazyConvTranspose2d(8, 3)(tl.randn(1, 2, 5, 5)).shape
    torch.Size([1, 8, 7, 7])
    """

    cls_to_become = conv_transpose.ConvTranspose2d


class LazyConvTranspose3d(LazyConvTranspose, conv_transpose.ConvTranspose3d):
    """A :class:`ConvTranspose3d` that reads ``in_channels`` off its first input: ``(N, C_in, D, H, W)`` to ``(N, C_out, *)``.

    >>> import tensorlite as tl
    >>> tl.nn.LazyConvTranspose3d(8, 2)(tl.randn(1, 2, 3, 3, 3)).shape
    torch.Size([1, 8, 4, 4, 4])
    """

    cls_to_become = conv_transpose.ConvTranspose3d


class LazyNorm(LazyModuleMixin, batchnorm.BatchNorm):
    """What lazy normalisations over channels share."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if self.affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if self.track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=int64, device=device)

    def reset_parameters(self) -> None:
        """Set the running statistics, and weight 1 and bias 0, if there are any yet."""
        if self.num_features != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``num_features`` from ``input``."""
        if not self.has_uninitialized_params():
            if self.num_features == 0:  # a state was loaded, or there is nothing to initialize
                known: Parameter | Tensor | None = self.weight if self.weight is not None else self.running_mean
                self.num_features = input.shape[1] if known is None else known.shape[0]
            return
        self._check_input_dim(input)
        self.num_features = input.shape[1]
        for value in (self.weight, self.bias, self.running_mean, self.running_var):
            if is_lazy(value):
                _materialize(value, self.num_features)
        self.reset_parameters()

class LazyBatchNorm1d(LazyNorm, batchnorm.BatchNorm1d):
    """A :class:`BatchNorm1d` that reads ``num_features`` off its first input: ``(N, C)`` or ``(N, C, L)`` to the same shape.

    >>> import tensorlite as tl
    >>> layer = tl.nn.LazyBatchNorm1d()
    >>> layer(tl.randn(4, 3)).shape, layer.running_mean.shape
    (torch.Size([4, 3]), torch.Size([3]))
    """

    cls_to_become = batchnorm.BatchNorm1d


class LazyBatchNorm2d(LazyNorm, batchnorm.BatchNorm2d):
    """A :class:`BatchNorm2d` that reads ``num_features`` off its first input: ``(N, C, H, W)`` to the same shape.

    >>> import tensorlite as tl
    >>> tl.nn.LazyBatchNorm2d()(tl.randn(4, 3, 2, 2)).shape
    torch.Size([4, 3, 2, 2])
    """

    cls_to_become = batchnorm.BatchNorm2d


class LazyBatchNorm3d(LazyNorm, batchnorm.BatchNorm3d):
    """A :class:`BatchNorm3d` that reads ``num_features`` off its first input: ``(N, C, D, H, W)`` to the same shape.

    >>> import tensorlite as tl
    >>> tl.nn.LazyBatchNorm3d()(tl.randn(4, 3, 2, 2, 2)).shape
    torch.Size([4, 3, 2, 2, 2])
    """

    cls_to_become = batchnorm.BatchNorm3d


class LazyInstanceNorm1d(LazyNorm, instancenorm.InstanceNorm1d):
    """An :class:`InstanceNorm1d` that reads ``num_features`` off its first input: ``(N, C, L)`` to the same shape.

    >>> import tensorlite as tl
    >>> tl.nn.LazyInstanceNorm1d()(tl.randn(4, 3, 2)).shape
    torch.Size([4, 3, 2])
    """

    cls_to_become = instancenorm.InstanceNorm1d


class LazyInstanceNorm2d(LazyNorm, instancenorm.InstanceNorm2d):
    """An :class:`InstanceNorm2d` that reads ``num_features`` off its first input: ``(N, C, H, W)`` to the same shape.

    >>> import tensorlite as tl
    >>> tl.nn.LazyInstanceNorm2d()(tl.randn(4, 3, 2, 2)).shape
    torch.Size([4, 3, 2, 2])
    """

    cls_to_become = instancenorm.InstanceNorm2d


class LazyInstanceNorm3d(LazyNorm, instancenorm.InstanceNorm3d):
    """An :class:`InstanceNorm3d` that reads ``num_features`` off its first input: ``(N, C, D, H, W)`` to the same shape.

    >>> import tensorlite as tl
    >>> tl.nn.LazyInstanceNorm3d()(tl.randn(4, 3, 2, 2, 2)).shape
    torch.Size([4, 3, 2, 2, 2])
    """

    cls_to_become = instancenorm.InstanceNorm3d
