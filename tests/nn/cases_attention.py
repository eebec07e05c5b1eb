"""Attention and Transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

NESTED = ("nested",)
"""Options of cases whose parameters lie in layers within, where `check_differences` does not reach them."""


def later(lib: Any, n: int) -> Any:
    """True where a key comes after the query."""
    return lib.triu(lib.ones(n, n), 1) > 0


def padding(lib: Any, n: int, *lengths: int) -> Any:
    """True after the end of each sequence."""
    return lib.tensor([[i >= length for i in range(n)] for length in lengths])


def attention(inputs: Callable[[Any], tuple[Any, ...]], *args: Any, **options: Any) -> Case:
    return Case(lambda nn: nn.MultiheadAttention(*args, **options), inputs, NESTED)


def own(lib: Any, *shape: int) -> tuple[Any, Any, Any]:
    """One tensor that is query, key and value."""
    x = lib.randn(*shape)
    return x, x, x


def others(lib: Any, *lead: int, kdim: int = 4, vdim: int = 4) -> tuple[Any, Any, Any]:
    return lib.randn(3, *lead, 4), lib.randn(5, *lead, kdim), lib.randn(5, *lead, vdim)


ATTENTION = [
    attention(lambda lib: own(lib, 5, 3, 4), 4, 2),
    attention(lambda lib: own(lib, 5, 4), 4, 2, bias=False),
    attention(lambda lib: others(lib, 2), 4, 4),
    attention(lambda lib: others(lib), 4, 1, batch_first=True),
    attention(lambda lib: own(lib, 3, 5, 4), 4, 2, dropout=0.4, batch_first=True),
    attention(lambda lib: (*own(lib, 3, 5, 4), None, False), 4, 2, dropout=0.4, batch_first=True),
    attention(lambda lib: others(lib, 2, kdim=3, vdim=6), 4, 2, kdim=3, vdim=6),
    attention(lambda lib: (*others(lib, 2, kdim=3), None, False), 4, 2, kdim=3, bias=False),
    attention(lambda lib: (*others(lib, 2), padding(lib, 5, 2, 4)), 4, 2, add_bias_kv=True),
    attention(lambda lib: (*others(lib, 2), padding(lib, 5, 2, 4), False), 4, 2, add_zero_attn=True),
    attention(lambda lib: (*others(lib, 2, vdim=2), None, False, lib.randn(4, 3, 5)), 4, 2, vdim=2, add_bias_kv=True,
              add_zero_attn=True),
    attention(lambda lib: (*own(lib, 5, 3, 4), padding(lib, 5, 1, 5, 3), True, later(lib, 5)), 4, 2),
    attention(lambda lib: (*own(lib, 5, 3, 4), padding(lib, 5, 1, 0, 3), False, later(lib, 5)), 4, 2),
    attention(lambda lib: (*own(lib, 5, 3, 4), None, False, later(lib, 5), True, True), 4, 2),
    attention(lambda lib: (*own(lib, 5, 3, 4), None, True, later(lib, 5), True, True), 4, 2),
    attention(lambda lib: (*own(lib, 5, 3, 4), lib.randn(3, 5), True, lib.randn(5, 5), False), 4, 2),
    attention(lambda lib: (*own(lib, 5, 4), padding(lib, 5, 4)[0], True, lib.randn(2, 5, 5) > 2, False), 4, 2),
    attention(lambda lib: (*own(lib, 5, 3, 4), None, False, lib.randn(6, 5, 5)), 4, 2),
]  # fmt: skip


def encoder(nn: Any, layers: int = 2, **options: Any) -> Any:
    layer = nn.TransformerEncoderLayer(4, 2, 6, **{"batch_first": True, **options})
    return nn.TransformerEncoder(layer, layers, nn.LayerNorm(4))


def decoder(nn: Any, layers: int = 2, **options: Any) -> Any:
    return nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, **options), layers, nn.LayerNorm(4))


def case(make: Callable[[Any], Any], inputs: Callable[[Any], tuple[Any, ...]]) -> Case:
    return Case(make, inputs, NESTED)


LAYERS = [
    case(lambda nn: nn.TransformerEncoderLayer(4, 2, 6), lambda lib: (lib.randn(5, 3, 4),)),
    case(lambda nn: nn.TransformerEncoderLayer(4, 1, 6, 0.4, "gelu", batch_first=True, norm_first=True),
         lambda lib: (lib.randn(3, 5, 4), later(lib, 5), padding(lib, 5, 2, 5, 1))),
    case(lambda nn: nn.TransformerEncoderLayer(4, 2, 6, 0.0, nn.functional.silu, 0.1, bias=False),
         lambda lib: (lib.randn(5, 4), later(lib, 5), None, True)),
    case(lambda nn: nn.TransformerEncoderLayer(4, 2, 6, activation=nn.GELU()), lambda lib: (lib.randn(5, 3, 4), lib.randn(5, 5))),
    case(lambda nn: nn.TransformerDecoderLayer(4, 2, 6), lambda lib: (lib.randn(3, 2, 4), lib.randn(5, 2, 4))),
    case(lambda nn: nn.TransformerDecoderLayer(4, 2, 6, 0.3, "gelu", norm_first=True, bias=False),
         lambda lib: (lib.randn(3, 4), lib.randn(5, 4), later(lib, 3), lib.randn(3, 5), None, None, True)),
    case(lambda nn: nn.TransformerDecoderLayer(4, 2, 6, batch_first=True),
         lambda lib: (lib.randn(2, 3, 4), lib.randn(2, 5, 4), None, None, padding(lib, 3, 2, 3), padding(lib, 5, 1, 4))),
    case(encoder, lambda lib: (lib.randn(3, 5, 4), None, padding(lib, 5, 2, 5, 1))),
    case(lambda nn: encoder(nn, 1, dropout=0.0, activation="gelu"), lambda lib: (lib.randn(3, 5, 4), later(lib, 5))),
    case(decoder, lambda lib: (lib.randn(3, 2, 4), lib.randn(5, 2, 4), later(lib, 3))),
    case(lambda nn: decoder(nn, batch_first=True), lambda lib: (lib.randn(2, 3, 4), lib.randn(2, 5, 4), later(lib, 3), None,
                                                                 padding(lib, 3, 1, 3))),
    case(lambda nn: nn.Transformer(4, 2, 2, 1, 6, batch_first=True), lambda lib: (lib.randn(2, 5, 4), lib.randn(2, 3, 4))),
    case(lambda nn: nn.Transformer(4, 2, 1, 2, 6, 0.0, "gelu", batch_first=True, bias=True),
         lambda lib: (lib.randn(2, 5, 4), lib.randn(2, 3, 4), None, later(lib, 3), None, padding(lib, 5, 3, 4), None,
                      padding(lib, 5, 3, 4))),
]  # fmt: skip

CASES = [*ATTENTION, *LAYERS]


def _mha(lib: Any, *args: Any, **options: Any) -> Any:
    return lib.nn.MultiheadAttention(4, 2)(*args, **options)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.MultiheadAttention(4, 3),
    lambda lib: lib.nn.MultiheadAttention(0, 3),
    lambda lib: _mha(lib, *own(lib, 4)),
    lambda lib: _mha(lib, lib.zeros(3, 4), lib.zeros(3, 1, 4), lib.zeros(3, 1, 4)),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), key_padding_mask=padding(lib, 3, 1)[0]),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), key_padding_mask=padding(lib, 4, 1, 2)),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), key_padding_mask=lib.ones(2, 3).long()),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), attn_mask=later(lib, 4)),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), attn_mask=lib.zeros(2, 3, 3)),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), attn_mask=lib.zeros(3)),
    lambda lib: _mha(lib, *own(lib, 3, 4), attn_mask=lib.zeros(1, 3, 3)),
    lambda lib: _mha(lib, *own(lib, 3, 2, 4), is_causal=True),
    lambda lib: _mha(lib, *own(lib, 3, 2, 6)),
    lambda lib: _mha(lib, lib.zeros(3, 2, 4), lib.zeros(3, 2, 4), lib.zeros(5, 2, 4)),
    lambda lib: lib.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    lambda lib: lib.nn.Transformer(4, 2, 1, 1, 4, batch_first=True)(lib.zeros(3, 2, 4), lib.zeros(2, 2, 4)),
    lambda lib: lib.nn.Transformer(4, 2, 1, 1, 4, batch_first=True)(lib.zeros(3, 2, 4), lib.zeros(3, 2, 5)),
]
