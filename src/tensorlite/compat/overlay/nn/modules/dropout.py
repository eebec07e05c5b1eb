"""``torch.nn.modules.dropout``: base classes by the names that programs test with isinstance."""

from .....nn.modules.dropout import DropoutNd as _DropoutNd

__all__ = ["_DropoutNd"]
