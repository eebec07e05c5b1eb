"""The models that are exported to ONNX: how each is made, its inputs, and the dynamic axes of each input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorlite as tl
from tensorlite import nn
from tensorlite.nn import functional as F


class Fn(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args: Any) -> Any:
        return self.function(self, *args)


def floats(*shape: int) -> tl.Tensor:
    return tl.randn(*shape, generator=tl.Generator().manual_seed(1))


def ids(*shape: int, below: int = 10) -> tl.Tensor:
    return tl.randint(0, below, shape, generator=tl.Generator().manual_seed(1))


class Residual(nn.Module):
    """A block as in a ResNet, with its in-place habits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.norm2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        out = self.relu(self.norm1(self.conv1(x)))
        out = self.norm2(self.conv2(out))
        out += x
        return self.relu(out)


class Tagger(nn.Module):
    """Embeddings of words and positions, a Transformer, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(10, 8), nn.Embedding(16, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, numbers: tl.Tensor, padding: tl.Tensor) -> tl.Tensor:
        x = self.words(numbers) + self.positions(tl.arange(numbers.shape[1]))
        return F.log_softmax(self.head(self.encoder(x, src_key_padding_mask=padding)), dim=-1)


def padding_of(*lengths: int) -> tl.Tensor:
    return tl.arange(max(lengths)).unsqueeze(0) >= tl.tensor(lengths).unsqueeze(1)


BATCH = {0: "batch"}
SEQUENCE = {0: "batch", 1: "time"}

# name: (module, inputs, dynamic axes of each input)
MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]], list[dict[int, str]]]] = {
    "linear": (lambda: nn.Linear(3, 2), lambda: (floats(4, 3),), [BATCH]),
    "linear on three axes": (lambda: nn.Linear(3, 2), lambda: (floats(2, 4, 3),), [SEQUENCE]),
    "mlp": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.GELU(), nn.Dropout(0.5), nn.Linear(8, 3)),
            lambda: (floats(2, 3, 4),), [BATCH]),
    "conv1d": (lambda: nn.Conv1d(3, 4, 3, stride=2, padding=1), lambda: (floats(2, 3, 9),), [BATCH]),
    "conv1d same": (lambda: nn.Conv1d(4, 4, 4, padding="same", groups=2), lambda: (floats(2, 4, 9),), [{0: "batch", 2: "time"}]),
    "conv2d": (lambda: nn.Conv2d(3, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=3),
               lambda: (floats(2, 3, 8, 9),), [BATCH]),
    "conv2d of any picture": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
                              lambda: (floats(2, 3, 8, 9),), [BATCH]),
    "conv padded by reflection": (lambda: nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), lambda: (floats(1, 2, 5, 6),), [{}]),
    "conv transpose 1d": (lambda: nn.ConvTranspose1d(3, 4, 3, stride=2, padding=1, output_padding=1), lambda: (floats(2, 3, 5),), [BATCH]),
    "conv transpose 2d": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, groups=2), lambda: (floats(2, 4, 5, 6),), [BATCH]),
    "batch norm": (lambda: nn.BatchNorm2d(3), lambda: (floats(2, 3, 4, 5),), [BATCH]),
    "batch norm without weights": (lambda: nn.BatchNorm1d(3, affine=False), lambda: (floats(2, 3),), [BATCH]),
    "layer norm": (lambda: nn.LayerNorm(5), lambda: (floats(2, 3, 5),), [SEQUENCE]),
    "layer norm over two": (lambda: nn.LayerNorm((3, 5), elementwise_affine=False), lambda: (floats(2, 3, 5),), [BATCH]),
    "group norm": (lambda: nn.GroupNorm(2, 6), lambda: (floats(2, 6, 4),), [BATCH]),
    "instance norm": (lambda: nn.InstanceNorm2d(3, affine=True), lambda: (floats(2, 3, 4, 4),), [BATCH]),
    "rms norm": (lambda: nn.RMSNorm(5), lambda: (floats(2, 3, 5),), [BATCH]),
    "max pool": (lambda: nn.MaxPool2d(3, stride=2, padding=1), lambda: (floats(2, 3, 8, 7),), [BATCH]),
    "max pool ceil": (lambda: nn.MaxPool1d(3, stride=2, ceil_mode=True), lambda: (floats(2, 3, 8),), [BATCH]),
    "avg pool": (lambda: nn.AvgPool2d(3, stride=2, padding=1), lambda: (floats(2, 3, 8, 7),), [BATCH]),
    "avg pool uncounted": (lambda: nn.AvgPool2d(3, padding=1, count_include_pad=False), lambda: (floats(2, 3, 8, 7),), [BATCH]),
    "avg pool without a batch": (lambda: nn.AvgPool1d(3, stride=2), lambda: (floats(3, 8),), [{}]),
    "adaptive": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.AdaptiveMaxPool2d(1)), lambda: (floats(2, 3, 8, 6),), [BATCH]),
    "residual block": (Residual, lambda: (floats(2, 4, 6, 6),), [BATCH]),
    "embedding": (lambda: nn.Embedding(10, 4, padding_idx=0), lambda: (ids(2, 5),), [SEQUENCE]),
    "rnn": (lambda: nn.RNN(3, 4, nonlinearity="relu"), lambda: (floats(5, 2, 3),), [{0: "time", 1: "batch"}]),
    "lstm": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), lambda: (floats(2, 5, 3),), [BATCH]),
    "lstm of any length": (lambda: nn.LSTM(3, 4), lambda: (floats(5, 2, 3),), [{0: "time", 1: "batch"}]),
    "lstm with a state": (lambda: nn.LSTM(3, 4, bias=False), lambda: (floats(5, 2, 3), (floats(1, 2, 4), floats(1, 2, 4))),
                          [{1: "batch"}, {1: "batch"}, {1: "batch"}]),
    "gru": (lambda: nn.GRU(3, 4, bidirectional=True, batch_first=True), lambda: (floats(2, 5, 3),), [SEQUENCE]),
    "attention": (lambda: nn.MultiheadAttention(8, 2, batch_first=True), lambda: (floats(2, 5, 8), floats(2, 6, 8), floats(2, 6, 8)),
                  [{0: "batch"}] * 3),
    "causal": (lambda: Fn(lambda m, q: F.scaled_dot_product_attention(q, q, q, is_causal=True)), lambda: (floats(2, 2, 5, 4),), [BATCH]),
    "transformer": (Tagger, lambda: (ids(3, 6), padding_of(6, 2, 4)), [SEQUENCE, SEQUENCE]),
    "encoder, norm first": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True), lambda: (floats(2, 5, 8),), [SEQUENCE]),
    "decoder": (lambda: nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), lambda: (floats(2, 5, 8), floats(2, 4, 8)), [BATCH] * 2),
    "activations": (lambda: Fn(lambda m, x: tuple(layer(x) for layer in m.layers), layers=nn.ModuleList([
        nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.CELU(1.3), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(),
        nn.Sigmoid(), nn.Tanh(), nn.Softplus(2.0), nn.Softsign(), nn.Hardtanh(), nn.Hardswish(), nn.Hardsigmoid(), nn.ReLU6(),
        nn.LogSigmoid(), nn.PReLU(), nn.Softmax(1), nn.LogSoftmax(-1), nn.Softmin(1), nn.Tanhshrink(), nn.Threshold(0.1, 2.0), nn.GLU(1),
    ])), lambda: (floats(3, 6),), [BATCH]),
    "arithmetic": (lambda: Fn(lambda m, x, y: (
        (x + 2) * y - x / (y.abs() + 1), x**2 + x.abs() ** 0.5, tl.exp(-x), tl.log1p(x.abs()), x.clamp(-0.5, 0.5), x.clamp(min=0),
        tl.maximum(x, y), tl.minimum(x, y), x % 1.5, x // 0.5, -x, 1 / (1 + x * x), tl.sin(x) + tl.cos(y), x.floor() + y.ceil(),
        tl.erf(x), x.sign(), x.round(), x.abs().rsqrt(), tl.atan(x), tl.tanh(y), x.sqrt().isnan())),
        lambda: (floats(3, 4), floats(3, 4) + 0.5), [BATCH] * 2),
    "comparisons": (lambda: Fn(lambda m, x, y: (
        tl.where(x > y, x, y * 2), tl.where(x <= 0.0, 1.0, x), x == y, x != y, (x > 0) & (y < 1) | ~(x >= y), tl.logical_not(x > 0),
        x.masked_fill(y > 0, -1.0), (x > 0).float(), x.to(tl.int64), (x > 0).any(1), (x > -5).all())),
        lambda: (floats(3, 4), floats(3, 4).flip(0)), [BATCH] * 2),
    "reductions": (lambda: Fn(lambda m, x: (
        x.sum(), x.sum(1), x.mean((1, 2), keepdim=True), x.amax(1), x.amin((0, 1)), x.prod(2), x.argmax(1), x.argmin(), x.var(1), x.std(2),
        tl.logsumexp(x, 1), x.norm(dim=1), x.cumsum(1), F.normalize(x, dim=2), x.softmax(1), x.max(1).values)),
        lambda: (floats(3, 4, 5),), [BATCH]),
    "shapes": (lambda: Fn(lambda m, x, y: (
        x.reshape(x.shape[0], -1), x.flatten(1), x.permute(2, 0, 1), x.transpose(1, 2), x.unsqueeze(1).squeeze(1), x[:, 1], x[:, 1:3, ::2],
        x[..., -1], x[:, None, :, 0], tl.cat([x, y], 1), tl.stack([x, y], 2), tl.cat(x.split([1, 3], 1)[::-1], 1), x.chunk(2, 1)[1],
        x.expand(2, *x.shape), x.repeat(1, 2, 1), x.flip(1), F.pad(x, (1, 2), value=3.0), x.tril(1), x[:, [2, 0]], x.roll(1, 1),
        x.view(x.size(0), 2, 2, 5), x.narrow(1, 1, 2), x.unbind(1)[0], x.contiguous() + y, x.mT)),
        lambda: (floats(3, 4, 5), floats(3, 4, 5)), [BATCH] * 2),
    "products": (lambda: Fn(lambda m, x, y: (
        x @ y, tl.bmm(x, y), tl.einsum("bij,bjk->bik", x, y), x[0] @ y[1], tl.matmul(x, y[0]), x[0, 0] @ y[0], (x * x).sum(-1))),
        lambda: (floats(3, 4, 5), floats(3, 5, 2)), [{}, {}]),
    "gather": (lambda: Fn(lambda m, x, i: (x[:3].gather(1, i), x[0].index_select(0, i[0]), x[:3].take_along_dim(i[:, :2], 1))),
               lambda: (floats(4, 4), ids(3, 4, below=4)), [{}, {}]),
    "scatter": (lambda: Fn(lambda m, x, i: (x.scatter(1, i[:, :1], x[:, :1] * 2), x.scatter_add(1, i, x * 3))),
                lambda: (floats(3, 4), ids(3, 4, below=4)), [{}, {}]),
    "small integers": (lambda: Fn(lambda m, i: (i.sum(), i.prod(1), i.cumsum(0), (i > 2).sum(1), (i > 2).cumsum(1), i.max(), i + 1)),
                       lambda: (ids(3, 4).int(),), [BATCH]),
    "integers": (lambda: Fn(lambda m, i: (i // 3, i % 3, -i + 7, i.float() / 2, i * i, (i > 2).sum(), i.sum(1), -i // 3, -i % 3)),
                 lambda: (ids(3, 4),), [BATCH]),
    "float64": (lambda: nn.Linear(3, 2).double(), lambda: (floats(2, 3).double(),), [BATCH]),
    "sizes in proportion": (lambda: Fn(lambda m, x: x + tl.arange(x.shape[1]) - tl.arange(x.shape[0]).unsqueeze(1)), lambda: (floats(4, 12),), [SEQUENCE]),
    "a sum of sizes": (lambda: Fn(lambda m, x, y: tl.cat([x, y], 1) + tl.arange(x.shape[1] + 2)), lambda: (floats(3, 6), floats(3, 2)), [SEQUENCE, BATCH]),
    "a mask made inside": (lambda: Fn(lambda m, x: x + tl.full((4, 4), -1e3).triu(1)), lambda: (floats(2, 4, 4),), [BATCH]),
    "upsampling": (lambda: nn.Upsample(scale_factor=2), lambda: (floats(2, 3, 4, 4),), [BATCH]),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), lambda: (floats(2, 8, 3, 3),), [BATCH]),
}  # fmt: skip
