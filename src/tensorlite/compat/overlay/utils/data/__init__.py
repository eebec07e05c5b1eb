"""``torch.utils.data``: what concerns several processes of one training."""

from .distributed import DistributedSampler

__all__ = ["DistributedSampler"]
