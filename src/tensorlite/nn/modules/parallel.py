"""Layers that PyTorch spreads over several devices, for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tensor import Tensor
from ..module import Module
from .batchnorm import BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d

__all__ = ["DataParallel", "SyncBatchNorm"]


class SyncBatchNorm(BatchNorm):
    """Batch normalisation ``(N, C, *)`` over all processes of a group (Ioffe and Szegedy, 2015); here there is one process.

    Raises:
        NotImplementedError: a ``process_group`` is given.
        ValueError: fewer than 2 dimensions, or a single value per channel in training.

    >>> import tensorlite as tl
    >>> tl.nn.SyncBatchNorm(3)(tl.randn(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if process_group is not None:
            raise NotImplementedError("SyncBatchNorm: there are no process groups here; leave process_group=None")
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = None

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Replace every BatchNorm in ``module`` by a SyncBatchNorm with the same parameters; returns the module.

        >>> import tensorlite as tl
        >>> net = tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.BatchNorm1d(3))
        >>> type(tl.nn.SyncBatchNorm.convert_sync_batchnorm(net)[1]).__name__
        'SyncBatchNorm'
        """
        out = module
        if isinstance(module, (BatchNorm1d, BatchNorm2d, BatchNorm3d)):
            options = (module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats)
            out = cls(*options, process_group, bias=module.bias is not None)
            out._parameters.update(module._parameters)
            out._buffers.update(module._buffers)
            out.training = module.training
        for name, child in module.named_children():
            out.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return out


class DataParallel(Module):
    """Call ``module``, which PyTorch would copy to several devices; here it runs on the one it is on.

    Raises:
        NotImplementedError: more than one device is asked for.

    >>> import tensorlite as tl
    >>> net = tl.nn.DataParallel(tl.nn.Linear(2, 3))
    >>> net(tl.ones(1, 2)).shape, list(net.state_dict())
    (torch.Size([1, 3]), ['module.weight', 'module.bias'])
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        if device_ids is not None and len(device_ids) > 1:
            raise NotImplementedError(
                f"DataParallel: a module runs on one device here, but device_ids={list(device_ids)}; move the module to a device"
            )
        self.module = module
        self.device_ids = list(device_ids or [])
        self.output_device = output_device
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call the module."""
        return self.module(*inputs, **kwargs)
