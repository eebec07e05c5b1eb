"""The functions behind the layers, in PyTorch's spelling."""

from .activation import *  # noqa: F403
from .activation import __all__ as _activation
from .conv import conv1d, conv2d, conv3d
from .dropout import dropout, dropout1d, dropout2d, dropout3d
from .linear import embedding, linear, one_hot
from .loss import *  # noqa: F403
from .loss import __all__ as _loss
from .norm import batch_norm, group_norm, instance_norm, layer_norm, normalize
from .padding import pad
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling

__all__ = [
    "batch_norm", "conv1d", "conv2d", "conv3d", "dropout", "dropout1d", "dropout2d", "dropout3d", "embedding", "group_norm",
    "instance_norm", "layer_norm", "linear", "normalize", "one_hot", "pad", *_activation, *_loss, *_pooling,
]
