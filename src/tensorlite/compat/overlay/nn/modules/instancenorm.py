"""``torch.nn.modules.instancenorm``: base classes by the names that programs test with isinstance."""

from .....nn.modules.instancenorm import InstanceNorm as _InstanceNorm

__all__ = ["_InstanceNorm"]
