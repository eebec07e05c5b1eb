"""The layers, one file per family."""

from .activation import *  # noqa: F403
from .activation import __all__ as _activation
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .container import ModuleDict, ModuleList, Sequential
from .conv import Conv1d, Conv2d, Conv3d
from .conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .distance import Bilinear, CosineSimilarity, PairwiseDistance
from .dropout import Dropout
from .flatten import Flatten, Unflatten
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Identity, Linear
from .loss import *  # noqa: F403
from .loss import __all__ as _loss
from .normalization import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from .padding import *  # noqa: F403
from .padding import __all__ as _padding
from .parameter_container import ParameterDict, ParameterList
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .shuffle import ChannelShuffle, Fold, PixelShuffle, PixelUnshuffle, Unfold
from .softmax import LogSoftmax, Softmax, Softmin
from .sparse import Embedding, EmbeddingBag
from .unpooling import *  # noqa: F403
from .unpooling import __all__ as _unpooling
from .upsampling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d

__all__ = [
    *_activation,
    *_loss,
    *_padding,
    *_pooling,
    *_unpooling,
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "ChannelShuffle",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineSimilarity",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "Fold",
    "GroupNorm",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "Linear",
    "LocalResponseNorm",
    "LogSoftmax",
    "ModuleDict",
    "ModuleList",
    "PairwiseDistance",
    "ParameterDict",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "RMSNorm",
    "Sequential",
    "Softmax",
    "Softmin",
    "Unflatten",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]
