"""The functions behind the layers, in PyTorch's spelling."""

from .activation import *  # noqa: F403
from .activation import __all__ as _activation
from .attention import multi_head_attention_forward, scaled_dot_product_attention
from .bilinear import bilinear
from .conv import conv1d, conv2d, conv3d, conv_tbc
from .conv_transpose import conv_transpose1d, conv_transpose2d, conv_transpose3d
from .ctc import ctc_loss
from .distance import pdist
from .dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from .embedding import embedding, embedding_bag
from .fractional import *  # noqa: F403
from .fractional import __all__ as _fractional
from .grid import affine_grid, grid_sample
from .gumbel import gumbel_softmax
from .interpolation import interpolate, upsample, upsample_bilinear, upsample_nearest
from .linear import linear, one_hot
from .linear_cross_entropy import linear_cross_entropy
from .loss import *  # noqa: F403
from .loss import __all__ as _loss
from .margin_loss import *  # noqa: F403
from .margin_loss import __all__ as _margin_loss
from .norm import batch_norm, group_norm, instance_norm, layer_norm, normalize
from .padding import pad
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .response_norm import local_response_norm, rms_norm
from .shuffle import channel_shuffle, fold, native_channel_shuffle, pixel_shuffle, pixel_unshuffle, unfold
from .unpooling import *  # noqa: F403
from .unpooling import __all__ as _unpooling

__all__ = [
    "affine_grid", "alpha_dropout", "batch_norm", "bilinear", "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_tbc",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "ctc_loss", "dropout", "dropout1d", "dropout2d", "dropout3d",
    "embedding", "embedding_bag", "feature_alpha_dropout", "fold", "grid_sample", "group_norm", "gumbel_softmax",
    "instance_norm", "interpolate", "layer_norm", "linear", "linear_cross_entropy", "local_response_norm",
    "multi_head_attention_forward", "native_channel_shuffle", "normalize", "one_hot", "pad", "pdist", "pixel_shuffle",
    "pixel_unshuffle", "rms_norm", "scaled_dot_product_attention", "unfold", "upsample", "upsample_bilinear",
    "upsample_nearest",
    *_activation, *_fractional, *_loss, *_margin_loss, *_pooling, *_unpooling,
]
