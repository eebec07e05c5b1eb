"""Attention (Vaswani et al., 2017)."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

from ... import dtypes
from ...ops import attention as ops
from ...tensor import Tensor, cat
from ...tensor.shaping import broadcast_shapes
from .activation import softmax
from .dropout import dropout
from .linear import linear
from .padding import pad

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale query key^T + mask) value: (*, L, E), (*, S, E) and (*, S, V) to (*, L, V).

    The leading dimensions broadcast. A boolean mask (*, L, S) is True where a query may see a key; a floating one is added. A
    query that may see nothing gets zeros. With `is_causal` a query sees the keys up to its own position. `scale` is
    1 / sqrt(E) by default. `dropout_p` always applies: pass 0 in evaluation. With `enable_gqa` each head of key and value
    (the dimension before L and S) serves a group of heads of the query (Ainslie et al., 2023).

    Raises:
        RuntimeError: shapes or dtypes do not fit, or there are both a mask and `is_causal`.

    >>> import tensorlite as tl
    >>> keys = tl.tensor([[0., 9.], [9., 0.]])
    >>> tl.nn.functional.scaled_dot_product_attention(keys, keys, tl.tensor([[1.], [2.]]))
    tensor([[1.],
            [2.]])
    """
    _check(query, key, value, attn_mask, dropout_p, is_causal)
    if enable_gqa:
        key, value = _for_each_head(query, key, "key"), _for_each_head(query, value, "value")
    shape = (*broadcast_shapes(query.shape[:-2], key.shape[:-2]), query.shape[-2], key.shape[-2])
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else math.inf
    mask = None if attn_mask is None else _added(attn_mask, query, shape)
    kept = None
    if dropout_p > 0 and math.prod(shape):
        kept = query.detach().new_empty(shape)
        kept = kept.bernoulli_(1 - dropout_p).div_(1 - dropout_p) if dropout_p < 1 else kept.zero_()
    return ops.attention(query, key, value, mask, kept, scale=scale, causal=is_causal)


def _check(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool
) -> None:
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            f"Expected query, key, and value to all be at least 2 dimensional, but got query.dim: {query.ndim} key.dim: {key.ndim} "
            f"and value.dim: {value.ndim} instead."
        )
    if not query.dtype is key.dtype is value.dtype:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype} key.dtype: {key.dtype} and "
            f"value.dtype: {value.dtype} instead."
        )
    if not query.dtype.is_floating_point:
        raise NotImplementedError(
            f"scaled_dot_product_attention() is not implemented for {query.dtype}; convert to a real floating dtype"
        )
    if key.shape[-1] != query.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            "scaled_dot_product_attention(): query (*, L, E), key (*, S, E) and value (*, S, V) do not fit together: "
            f"{list(query.shape)}, {list(key.shape)} and {list(value.shape)}"
        )
    if mask is not None and mask.dtype not in (dtypes.bool, dtypes.float32, query.dtype):
        raise RuntimeError(
            f"Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: {mask.dtype} and "
            f"query.dtype: {query.dtype} instead."
        )
    if mask is not None and is_causal:
        raise RuntimeError("scaled_dot_product_attention(): attn_mask should not be set when is_causal=True; pass one of them")
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")


def _for_each_head(query: Tensor, x: Tensor, name: str) -> Tensor:
    """Repeat the heads of x until there are as many as the query has."""
    if query.ndim < 3 or x.ndim < 3:
        raise IndexError(f"enable_gqa needs a dimension of heads: query (*, heads, L, E), but {name} has shape {list(x.shape)}")
    heads, wanted = x.shape[-3], query.shape[-3]
    if heads == wanted:
        return x
    if not heads or wanted % heads:
        raise RuntimeError(f"Number of heads in {name} ({heads}) must divide the number of heads in query ({wanted})")
    return x.repeat_interleave(wanted // heads, -3)


def _added(mask: Tensor, query: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The mask as numbers that are added, in two dimensions or more."""
    if mask.ndim < 2:
        mask = mask.reshape(*(1,) * (2 - mask.ndim), *mask.shape)
    given = (1,) * (len(shape) - mask.ndim) + tuple(mask.shape)
    if len(given) > len(shape) or any(m not in (1, n) for m, n in zip(given, shape, strict=True)):
        raise RuntimeError(f"attn_mask of shape {list(mask.shape)} does not broadcast to the attention weights' {list(shape)}")
    if mask.dtype is dtypes.bool:
        return query.detach().new_zeros(mask.shape).masked_fill_(~mask, -math.inf)
    return mask.to(query.dtype)


def canonical_mask(
    mask: Tensor | None, name: str, dtype: Any, other: Tensor | None = None, other_name: str = "attn_mask"
) -> Tensor | None:
    """A mask of layers, True where nothing is seen, as numbers that are added.

    Raises:
        AssertionError: the mask is neither boolean nor floating.
    """
    if mask is None:
        return None
    is_float = mask.dtype.is_floating_point
    if mask.dtype is not dtypes.bool and not is_float:
        raise AssertionError(f"only bool and floating types of {name} are supported, not {mask.dtype}")
    if other is not None and mask.dtype is not other.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            UserWarning, stacklevel=3,
        )  # fmt: skip
    if is_float:
        return mask
    return mask.new_zeros(mask.shape, dtype=dtype).masked_fill_(mask, -math.inf)


class _Heads(NamedTuple):
    """Queries, keys and values of all heads (N * heads, *, head_dim), and the masks that are still to be applied."""

    query: Tensor
    key: Tensor
    value: Tensor
    attn_mask: Tensor | None
    padding: Tensor | None


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
    need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """What `MultiheadAttention` computes: (L, N, E), (S, N, *) and (S, N, *) to (L, N, E) and the weights (N, L, S) or None.

    Without a batch N is missing everywhere. `key_padding_mask` (N, S) and `attn_mask` (L, S) or (N * heads, L, S) are True where
    a key is not seen, or are added to the scores. Weights are the mean over the heads, or (N, heads, L, S) without
    `average_attn_weights`. `bias_k` and `bias_v` (1, 1, E) are one more key and value, zeros with `add_zero_attn`. `static_k`
    and `static_v` (N * heads, S, E / heads) replace key and value. `is_causal` is a hint that `attn_mask` is causal: then the
    mask need not be read.

    Raises:
        AssertionError: sizes do not fit together.
        RuntimeError: `attn_mask` has the wrong shape, or there is none for `is_causal`.

    >>> import tensorlite as tl
    >>> x, eye = tl.ones(3, 1, 2), tl.eye(2)
    >>> out, weights = tl.nn.functional.multi_head_attention_forward(
    ...     x, x, x, 2, 1, tl.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None)
    >>> out.shape, weights
    (torch.Size([3, 1, 2]), tensor([[[0.3333, 0.3333, 0.3333],
             [0.3333, 0.3333, 0.3333],
             [0.3333, 0.3333, 0.3333]]]))
    """
    batched = _check_batch(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = _batch_of_one(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = canonical_mask(attn_mask, "attn_mask", query.dtype)
        is_causal = False
    length, batch, width = query.shape
    assert width == embed_dim_to_check, f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}"
    assert width % num_heads == 0, f"embed_dim {width} not divisible by num_heads {num_heads}"
    if attn_mask is not None:
        attn_mask = _checked_mask(attn_mask, (length, key.shape[0]), batch * num_heads)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias, weights)
    if bias_k is not None and bias_v is not None:
        assert static_k is None and static_v is None, "bias cannot be added to static key and value"
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        attn_mask, key_padding_mask = _one_more(attn_mask), _one_more(key_padding_mask)
    else:
        assert bias_k is None and bias_v is None, "bias_k and bias_v must be given together"
    split = _split(q, k, v, attn_mask, key_padding_mask, num_heads, static_k, static_v, add_zero_attn)
    p = dropout_p if training else 0.0
    out, shown = _attended(split, batch, p, need_weights, is_causal)
    joined = out.reshape(batch, num_heads, length, width // num_heads).permute(2, 0, 1, 3).reshape(length, batch, width)
    out = linear(joined, out_proj_weight, out_proj_bias)
    if shown is not None:
        shown = shown.reshape(batch, num_heads, length, shown.shape[-1])
        shown = shown.mean(1) if average_attn_weights else shown
        return (out, shown) if batched else (out.squeeze(1), shown.squeeze(0))
    return out if batched else out.squeeze(1), None


def _check_batch(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, num_heads: int
) -> bool:
    """Whether there is a batch dimension; all inputs must agree on it."""
    assert query.ndim in (2, 3), f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
    batched = query.ndim == 3
    kind = "batched (3-D)" if batched else "unbatched (2-D)"
    assert key.ndim == value.ndim == query.ndim, (
        f"For {kind} query, expected key and value to be {query.ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors"
    )
    if padding is not None:
        assert padding.ndim == query.ndim - 1, (
            f"For {kind} query, expected key_padding_mask to be None or {query.ndim - 1}-D but found {padding.ndim}-D tensor"
        )
    if mask is not None:
        assert mask.ndim in (2, 3), f"For {kind} query, expected attn_mask to be None, 2-D or 3-D but found {mask.ndim}-D tensor"
        wanted = (num_heads, query.shape[0], key.shape[0])
        assert batched or mask.ndim == 2 or tuple(mask.shape) == wanted, (
            f"Expected attn_mask shape to be {wanted} but got {tuple(mask.shape)}"
        )
    return batched


def _batch_of_one(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Tensors that are one stay one: their projections can then be one product."""
    q = query.unsqueeze(1)
    k = q if key is query else key.unsqueeze(1)
    return q, k, k if value is key else value.unsqueeze(1)


def _checked_mask(mask: Tensor, pair: tuple[int, int], count: int) -> Tensor:
    wanted = pair if mask.ndim == 2 else (count, *pair)
    if tuple(mask.shape) != wanted:
        raise RuntimeError(f"The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def _projected(
    query: Tensor, key: Tensor, value: Tensor, packed: Tensor | None, bias: Tensor | None,
    separate: tuple[Tensor | None, ...] | None,
) -> tuple[Tensor, ...]:
    """The inputs' projections, all of the width of the query."""
    width = query.shape[-1]
    if separate is None:
        assert key.shape == value.shape, f"key shape {key.shape} does not match value shape {value.shape}"
        assert packed is not None, "use_separate_proj_weight is False but in_proj_weight is None"
        if query is key is value:
            return linear(query, packed, bias).chunk(3, -1)
        separate = packed.chunk(3)
    assert key.shape[:2] == value.shape[:2], f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
    found = []
    biases = (None, None, None) if bias is None else bias.chunk(3)
    for x, weight, b, name in zip((query, key, value), separate, biases, "qkv", strict=True):
        assert weight is not None, f"use_separate_proj_weight is True but {name}_proj_weight is None"
        assert tuple(weight.shape) == (width, x.shape[-1]), (
            f"expected {name} weights shape of {(width, x.shape[-1])}, but got {tuple(weight.shape)}"
        )
        found.append(linear(x, weight, b))
    return tuple(found)


def _one_more(mask: Tensor | None) -> Tensor | None:
    """The mask with one more key, which every query sees."""
    return None if mask is None else pad(mask, (0, 1))


def _split(
    q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None, padding: Tensor | None, num_heads: int, static_k: Tensor | None,
    static_v: Tensor | None, add_zero: bool,
) -> _Heads:
    batch, width = q.shape[1], q.shape[2] // num_heads
    count = batch * num_heads

    def heads(x: Tensor, given: Tensor | None, name: str) -> Tensor:
        if given is None:
            return x.reshape(x.shape[0], count, width).transpose(0, 1)
        assert given.shape[0] == count, f"expecting static_{name}.size(0) of {count}, but got {given.shape[0]}"
        assert given.shape[2] == width, f"expecting static_{name}.size(2) of {width}, but got {given.shape[2]}"
        return given

    query, key, value = heads(q, None, "q"), heads(k, static_k, "k"), heads(v, static_v, "v")
    if add_zero:
        zeros = key.detach().new_zeros(count, 1, width)
        key, value = cat([key, zeros], 1), cat([value, zeros], 1)
        attn_mask, padding = _one_more(attn_mask), _one_more(padding)
    if padding is not None:
        wanted = (batch, key.shape[1])
        assert tuple(padding.shape) == wanted, f"expecting key_padding_mask shape of {wanted}, but got {tuple(padding.shape)}"
    return _Heads(query, key, value, attn_mask, padding)


def _attended(heads: _Heads, batch: int, p: float, need_weights: bool, causal: bool) -> tuple[Tensor, Tensor | None]:
    """The heads' outputs (N * heads, L, head_dim), and their weights if they are needed."""
    q, k, v, mask, padding = heads
    count, length, _ = q.shape
    keys = k.shape[1]
    per_batch = count // batch if batch else 1
    if not need_weights:
        # The padding is the same for all heads and queries: only it and a mask of one's own are ever as large as the weights.
        q, k, v = (x.reshape(batch, per_batch, x.shape[1], x.shape[2]) for x in (q, k, v))
        if mask is not None:
            mask = mask.unsqueeze(0) if mask.shape[0] == 1 else mask.reshape(batch, per_batch, length, keys)
        if padding is not None:
            padding = padding.reshape(batch, 1, 1, keys)
            mask = padding if mask is None else mask + padding
        return scaled_dot_product_attention(q, k, v, mask, p, causal).reshape(count, length, v.shape[-1]), None
    if padding is not None:
        spread = padding.reshape(batch, 1, 1, keys).expand(batch, per_batch, 1, keys).reshape(count, 1, keys)
        mask = spread if mask is None else mask + spread
    scores = (q * math.sqrt(1 / q.shape[-1])) @ k.transpose(1, 2)
    weights = dropout(softmax(scores if mask is None else scores + mask, -1), p)
    return weights @ v, weights
