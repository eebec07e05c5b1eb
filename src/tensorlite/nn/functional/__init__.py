"""The functions behind the layers, in PyTorch's spelling."""

from .activation import *  # noqa: F403
from .activation import __all__ as _activation
from .bilinear import bilinear
from .conv import conv1d, conv2d, conv3d
from .conv_transpose import conv_transpose1d, conv_transpose2d, conv_transpose3d
from .ctc import ctc_loss
from .dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from .embedding import embedding, embedding_bag
from .grid import affine_grid, grid_sample
from .interpolation import interpolate
from .linear import linear, one_hot
from .loss import *  # noqa: F403
from .loss import __all__ as _loss
from .margin_loss import *  # noqa: F403
from .margin_loss import __all__ as _margin_loss
from .norm import batch_norm, group_norm, instance_norm, layer_norm, normalize
from .padding import pad
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .response_norm import local_response_norm, rms_norm
from .shuffle import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from .unpooling import *  # noqa: F403
from .unpooling import __all__ as _unpooling

__all__ = [
    "affine_grid", "alpha_dropout", "batch_norm", "bilinear", "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "ctc_loss", "dropout", "dropout1d", "dropout2d", "dropout3d", "embedding",
    "embedding_bag", "feature_alpha_dropout", "fold", "grid_sample", "group_norm", "instance_norm", "interpolate", "layer_norm",
    "linear", "local_response_norm", "normalize", "one_hot", "pad", "pixel_shuffle", "pixel_unshuffle", "rms_norm", "unfold",
    *_activation, *_loss, *_margin_loss, *_pooling, *_unpooling,
]
