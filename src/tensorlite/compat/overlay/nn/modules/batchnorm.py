"""``torch.nn.modules.batchnorm``: the base class by the name that programs test with isinstance."""

from __future__ import annotations

from .....nn.modules.batchnorm import BatchNorm
from .....nn.modules.instancenorm import InstanceNorm

__all__ = ["_BatchNorm"]


class _Kind(type):
    """Instance normalisation is derived from batch normalisation here, but not in PyTorch."""

    def __instancecheck__(cls, instance: object) -> bool:
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, subclass: type) -> bool:
        if cls is not _BatchNorm:
            return super().__subclasscheck__(subclass)
        return issubclass(subclass, BatchNorm) and not issubclass(subclass, InstanceNorm)


class _BatchNorm(BatchNorm, metaclass=_Kind):
    """What all batch normalisations are instances of.

    >>> import tensorlite as tl
    >>> isinstance(tl.nn.BatchNorm2d(3), _BatchNorm), isinstance(tl.nn.InstanceNorm2d(3), _BatchNorm)
    (True, False)
    """
