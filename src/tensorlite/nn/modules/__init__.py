"""The layers, one file per family."""

from . import module as module
from .activation import *  # noqa: F403
from .activation import __all__ as _activation
from .adaptive import AdaptiveLogSoftmaxWithLoss
from .attention import MultiheadAttention
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .container import ModuleDict, ModuleList, Sequential
from .conv import Conv1d, Conv2d, Conv3d
from .conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .cross_map_norm import CrossMapLRN2d
from .ctc import CTCLoss
from .deprecated import Container, NLLLoss2d
from .distance import Bilinear, CosineSimilarity, PairwiseDistance
from .dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from .flatten import Flatten, Unflatten
from .fractional import FractionalMaxPool2d, FractionalMaxPool3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .lazy_layers import *  # noqa: F403
from .lazy_layers import __all__ as _lazy
from .linear import Identity, Linear
from .linear_cross_entropy import LinearCrossEntropyLoss, LinearCrossEntropyOptions
from .loss import *  # noqa: F403
from .loss import __all__ as _loss
from .margin_loss import *  # noqa: F403
from .margin_loss import __all__ as _margin_loss
from .normalization import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from .padding import *  # noqa: F403
from .padding import __all__ as _padding
from .parallel import DataParallel, SyncBatchNorm
from .parameter_container import ParameterDict, ParameterList
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .rnn import GRU, LSTM, RNN, RNNBase
from .rnn_cell import GRUCell, LSTMCell, RNNCell, RNNCellBase
from .rrelu import RReLU
from .shuffle import ChannelShuffle, Fold, PixelShuffle, PixelUnshuffle, Unfold
from .softmax import LogSoftmax, Softmax, Softmax2d, Softmin
from .sparse import Embedding, EmbeddingBag
from .transformer import *  # noqa: F403
from .transformer import __all__ as _transformer
from .unpooling import *  # noqa: F403
from .unpooling import __all__ as _unpooling
from .upsampling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d

__all__ = [
    *_activation,
    *_lazy,
    *_loss,
    *_margin_loss,
    *_padding,
    *_pooling,
    *_transformer,
    *_unpooling,
    "AdaptiveLogSoftmaxWithLoss",
    "AlphaDropout",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "CTCLoss",
    "ChannelShuffle",
    "Container",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineSimilarity",
    "CrossMapLRN2d",
    "DataParallel",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Fold",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "GRU",
    "GRUCell",
    "GroupNorm",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "Linear",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "LocalResponseNorm",
    "LogSoftmax",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss2d",
    "PairwiseDistance",
    "ParameterDict",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "RMSNorm",
    "RNN",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "RReLU",
    "Sequential",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "SyncBatchNorm",
    "Unflatten",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]
