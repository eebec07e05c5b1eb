"""``torch.torch_version``."""

from .version import Version as TorchVersion
from .version import __version__

__all__ = ["TorchVersion", "__version__"]
