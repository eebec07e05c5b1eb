"""Attention with several heads."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from ...tensor.creation import empty
from .. import functional as F
from .. import init
from ..functional.attention import canonical_mask
from ..module import Module
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention in ``num_heads`` projections of width ``embed_dim / num_heads`` each (Vaswani et al., 2017).

    ``(L, N, embed_dim)``, ``(S, N, kdim)`` and ``(S, N, vdim)`` to ``(L, N, embed_dim)``; batches come first with
    ``batch_first``, and may be missing. ``add_bias_kv`` appends a learned key and value, ``add_zero_attn`` zeros.

    Raises:
        ValueError: a size is not positive.
        AssertionError: ``num_heads`` does not divide ``embed_dim``.

    >>> import tensorlite as tl
    >>> attention = tl.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = tl.randn(4, 5, 8)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    (torch.Size([4, 5, 8]), torch.Size([4, 5, 5]))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads}")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        assert self.head_dim * num_heads == embed_dim, "embed_dim must be divisible by num_heads"

        def parameter(name: str, wanted: bool, *shape: int) -> None:
            value = Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)

        apart = not self._qkv_same_embed_dim
        if apart:
            self._declare_separate(parameter, True)
        parameter("in_proj_weight", not apart, 3 * embed_dim, embed_dim)
        if not apart:
            self._declare_separate(parameter, False)
        parameter("in_proj_bias", bias, 3 * embed_dim)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        parameter("bias_k", add_bias_kv, 1, 1, embed_dim)
        parameter("bias_v", add_bias_kv, 1, 1, embed_dim)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _declare_separate(self, parameter: Any, wanted: bool) -> None:
        for name, width in (("q", self.embed_dim), ("k", self.kdim), ("v", self.vdim)):
            parameter(f"{name}_proj_weight", wanted, self.embed_dim, width)

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            weight = getattr(self, name)
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
        attn_mask: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, and with ``need_weights`` the weights ``(N, L, S)`` (``(N, heads, L, S)`` when they are not averaged).

        Masks are True where a key is not seen, or are added: ``key_padding_mask`` ``(N, S)``, ``attn_mask`` ``(L, S)`` or
        ``(N * heads, L, S)``. ``is_causal`` is a hint that ``attn_mask`` is causal. Without ``need_weights`` the heads are one
        fused operation, which is faster, and a query that may see nothing gets zeros instead of nan.
        """
        key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask)
        attn_mask = canonical_mask(attn_mask, "attn_mask", query.dtype)
        turned = self.batch_first and query.ndim == 3
        if turned:  # one tensor stays one: its three projections are then one product
            given = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = given[id(query)], given[id(key)], given[id(value)]
        output, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, training=self.training,
            key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim, q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight, v_proj_weight=self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(0, 1) if turned else output), weights
