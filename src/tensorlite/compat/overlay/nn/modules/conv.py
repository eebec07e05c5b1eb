"""``torch.nn.modules.conv``: base classes by the names that programs test with isinstance."""

from .....nn.modules.conv import ConvNd as _ConvNd

__all__ = ["_ConvNd"]
