"""Transformers (Vaswani et al., 2017)."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

from ...autograd import is_grad_enabled
from ...tensor import Tensor, full, triu
from .. import functional as F
from .. import init
from ..functional.attention import canonical_mask
from ..module import Module
from .activation import GELU, ReLU
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .normalization import LayerNorm

__all__ = ["Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer"]

Activation = str | Callable[[Tensor], Tensor]


def _activation(given: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(given, str):
        return given
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {given}; for another, pass a function")
    return F.relu if given == "relu" else F.gelu


def _copies(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


def _causal(size: int, device: Any = None, dtype: Any = None) -> Tensor:
    return triu(full((size, size), -math.inf, device=device, dtype=dtype), 1)


def _is_causal(mask: Tensor | None, given: bool | None, x: Tensor, layers: ModuleList) -> bool:
    """Whether the mask hides exactly what comes later; unknown (None) is found out."""
    if given is not None or mask is None:
        return given is True
    batch_first = layers[0].self_attn.batch_first
    size = x.shape[0] if x.ndim == 2 else x.shape[1 if batch_first else 0]
    expected = _causal(size, mask.device, mask.dtype)
    return mask.shape == expected.shape and bool((mask == expected).all())


class _Layer(Module):
    """What both kinds of layers share: the feed-forward part, norms and dropouts."""

    self_attn: MultiheadAttention
    norm_first: bool

    def _complete(
        self, d_model: int, dim_feedforward: int, dropout: float, activation: Activation, layer_norm_eps: float, norm_first: bool,
        bias: bool, blocks: int, device: Any, dtype: Any,
    ) -> None:
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **where)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **where)
        self.norm_first = norm_first
        for i in range(blocks):
            setattr(self, f"norm{i + 1}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **where))
        for i in range(blocks):
            setattr(self, f"dropout{i + 1}", Dropout(dropout))
        self.activation = _activation(activation)

    def _around(self, number: int, x: Tensor, block: Callable[[Tensor], Tensor]) -> Tensor:
        """A residual connection around a block, with the norm before or after it."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        if self.norm_first:
            return x + dropout(block(norm(x)))
        return norm(x + dropout(block(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and two linear layers, each with a residual connection and a norm: ``(S, N, d_model)`` to the same.

    Batches come first with ``batch_first``, and may be missing. ``norm_first`` puts the norms before the blocks (Xiong et al.,
    2020). ``activation`` is "relu", "gelu" or a function.

    Raises:
        RuntimeError: the name of the activation is another.
        AssertionError: ``nhead`` does not divide ``d_model``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.TransformerEncoderLayer(8, 2, 16)
    >>> layer(tl.randn(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, device=device, dtype=dtype
        )
        self._complete(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 2, device, dtype)

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool = False
    ) -> Tensor:
        """Apply the layer; masks are as for `MultiheadAttention`, and ``is_causal`` says that ``src_mask`` is causal."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, src_mask, "src_mask")
        mask = canonical_mask(src_mask, "src_mask", src.dtype)

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(
                x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
            )[0]

        return self._around(2, self._around(1, src, attend), self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to an encoder's output and two linear layers: ``(T, N, d_model)`` to the same.

    The arguments are those of `TransformerEncoderLayer`.

    Raises:
        RuntimeError: the name of the activation is unknown.
        AssertionError: ``nhead`` does not divide ``d_model``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.TransformerDecoderLayer(8, 2, 16)
    >>> layer(tl.randn(4, 3, 8), tl.randn(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shared: dict[str, Any] = {"dropout": dropout, "bias": bias, "batch_first": batch_first, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, **shared)
        self.multihead_attn = MultiheadAttention(d_model, nhead, **shared)
        self._complete(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 3, device, dtype)

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None, tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Apply the layer to ``tgt`` with an encoder's output ``memory``; masks are as for `MultiheadAttention`."""

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(
                x, x, x, attn_mask=tgt_mask, key_padding_mask=tgt_key_padding_mask, is_causal=tgt_is_causal, need_weights=False
            )[0]

        def remember(x: Tensor) -> Tensor:
            return self.multihead_attn(
                x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask, is_causal=memory_is_causal,
                need_weights=False,
            )[0]

        return self._around(3, self._around(2, self._around(1, tgt, attend), remember), self._feed_forward)


class TransformerEncoder(Module):
    """``num_layers`` copies of a layer, one after the other, and a norm: ``(S, N, d_model)`` to the same.

    In evaluation, where nothing requires a gradient, positions that ``src_key_padding_mask`` hides at the ends of sequences come
    out of the layers as zeros, as they do in PyTorch, if ``enable_nested_tensor`` is left on and the layers allow it. A sequence
    that is hidden entirely never gives nan.

    >>> import tensorlite as tl
    >>> encoder = tl.nn.TransformerEncoder(tl.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    >>> encoder(tl.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self, encoder_layer: Any, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        obstacle = _obstacle(encoder_layer)
        self.use_nested_tensor = enable_nested_tensor and not obstacle
        if enable_nested_tensor and obstacle:
            warnings.warn(
                f"enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer{obstacle}", UserWarning,
                stacklevel=2,
            )

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool | None = None
    ) -> Tensor:
        """Apply all layers; masks are as for `MultiheadAttention`. ``is_causal`` None finds out whether ``mask`` is causal."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask, "mask")
        mask = canonical_mask(mask, "mask", src.dtype)
        causal = _is_causal(mask, is_causal, src, self.layers)
        hidden = None if padding is None or mask is not None else self._hidden(src, padding)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        if hidden is not None:
            output = output.masked_fill(hidden.unsqueeze(-1), 0)
        return output if self.norm is None else self.norm(output)

    def _hidden(self, src: Tensor, padding: Tensor) -> Tensor | None:
        """The positions that come out as zeros, or None where they come out as they are."""
        if not self.use_nested_tensor or self.layers[0].training or src.ndim != 3:
            return None
        if is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in self.layers[0].parameters())):
            return None
        hidden = padding != 0
        at_the_end = not self.mask_check or bool((hidden[:, 1:] | ~hidden[:, :-1]).all())
        return hidden if at_the_end else None


def _obstacle(layer: Any) -> str:
    """Why PyTorch would not leave out the padding that an encoder of this layer is given; "" if it would."""
    if not isinstance(layer, TransformerEncoderLayer):
        return " was not TransformerEncoderLayer"
    attention = layer.self_attn
    reasons = {
        ".norm_first was True": layer.norm_first,
        ".self_attn.batch_first was not True(use batch_first for better inference performance)": not attention.batch_first,
        ".self_attn._qkv_same_embed_dim was not True": not attention._qkv_same_embed_dim,
        ".self_attn was passed bias=False": attention.in_proj_bias is None,
        ".activation_relu_or_gelu was not True":
            layer.activation not in (F.relu, F.gelu) and not isinstance(layer.activation, (ReLU, GELU)),
        ".norm1.eps was not equal to encoder_layer.norm2.eps": layer.norm1.eps != layer.norm2.eps,
        ".self_attn.num_heads is odd": attention.num_heads % 2 == 1,
    }  # fmt: skip
    return next((reason for reason, holds in reasons.items() if holds), "")


class TransformerDecoder(Module):
    """``num_layers`` copies of a layer, one after the other, and a norm: ``(T, N, d_model)`` to the same.

    >>> import tensorlite as tl
    >>> decoder = tl.nn.TransformerDecoder(tl.nn.TransformerDecoderLayer(8, 2, 16), 2)
    >>> decoder(tl.randn(4, 3, 8), tl.randn(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:
        """Apply all layers to ``tgt`` with an encoder's output ``memory``; ``tgt_is_causal`` None finds out about ``tgt_mask``."""
        causal = _is_causal(tgt_mask, tgt_is_causal, tgt, self.layers)
        output = tgt
        for layer in self.layers:
            output = layer(
                output, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=causal, memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder and a decoder: ``(S, N, d_model)`` and ``(T, N, d_model)`` to ``(T, N, d_model)`` (Vaswani et al., 2017).

    Batches come first with ``batch_first``, and may be missing. ``custom_encoder`` and ``custom_decoder`` replace the parts.

    Raises:
        RuntimeError: batch sizes differ, or the number of features is not ``d_model``.

    >>> import tensorlite as tl
    >>> model = tl.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    >>> model(tl.randn(3, 5, 8), tl.randn(3, 4, 8), tgt_mask=model.generate_square_subsequent_mask(4)).shape
    torch.Size([3, 4, 8])
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu, custom_encoder: Any | None = None,
        custom_decoder: Any | None = None, layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = (d_model, nhead, dim_feedforward)
        shared = (*sizes, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            self.encoder = TransformerEncoder(TransformerEncoderLayer(*shared), num_encoder_layers, norm())
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            self.decoder = TransformerDecoder(TransformerDecoderLayer(*shared), num_decoder_layers, norm())
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None, src_is_causal: bool | None = None, tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode ``src``, and decode ``tgt`` with what comes out; masks are as for `MultiheadAttention`."""
        where = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[where] != tgt.shape[where]:
            raise RuntimeError(f"the batch number of src and tgt must be equal, got {src.shape[where]} and {tgt.shape[where]}")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model={self.d_model}, got {src.shape[-1]} and "
                f"{tgt.shape[-1]}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask ``(sz, sz)``: minus infinity above the diagonal, 0 elsewhere."""
        return _causal(sz, device, dtype)
