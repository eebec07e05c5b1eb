"""``torch.nn.modules.loss``: base classes by the names that programs test with isinstance."""

from .....nn.modules.loss import Loss as _Loss
from .....nn.modules.loss import WeightedLoss as _WeightedLoss

__all__ = ["_Loss", "_WeightedLoss"]
