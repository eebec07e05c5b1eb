"""Rows for attention and for the cross-entropy in all of its forms."""

from __future__ import annotations

import itertools
from typing import Any

from rows import FLOATS, Row, constant, index, mask, pos, real
from rows_nn import nn

__all__ = ["ROWS"]


def _attention() -> list[Row]:
    three = real(2, 3, 4), real(2, 5, 4), real(2, 5, 3)
    heads = real(2, 4, 3, 4), real(2, 2, 5, 4), real(2, 2, 5, 3)
    square = real(2, 4, 4), real(2, 4, 4), real(2, 4, 4)

    def some(m: Any) -> Any:
        """A mask that hides a key from some queries, and everything from none."""
        return m | (m.cumsum(-1) == 0)

    return [
        nn("scaled_dot_product_attention", *three, dtypes=FLOATS),
        nn("scaled_dot_product_attention[causal]", *square, call=lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v, is_causal=True)),
        nn("scaled_dot_product_attention[scale]", *three, call=lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v, scale=-0.3)),
        nn("scaled_dot_product_attention[added]", *three, real(3, 5)),
        nn("scaled_dot_product_attention[mask]", *three, mask(2, 3, 5), call=lambda f, q, k, v, m: f.scaled_dot_product_attention(q, k, v, m)),
        nn("scaled_dot_product_attention[groups]", *heads, call=lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v, enable_gqa=True)),
        nn("multi_head_attention_forward", real(3, 2, 4), real(5, 2, 4), real(5, 2, 4), real(12, 4), real(12), real(4, 4), real(4), call=_heads),
        nn("multi_head_attention_forward[fused]", real(3, 2, 4), real(5, 2, 4), real(5, 2, 4), real(12, 4), real(12), real(4, 4), real(4), mask(2, 5),
           call=lambda f, *xs: _heads(f, *xs[:-1], key_padding_mask=~some(xs[-1]), need_weights=False)[0]),
        nn("multi_head_attention_forward[static]", real(3, 2, 4), real(5, 2, 4), real(5, 2, 4), real(12, 4), real(12), real(4, 4), real(4), real(4, 6, 2), real(4, 6, 2),
           call=lambda f, *xs: _heads(f, *xs[:-2], static_k=xs[-2], static_v=xs[-1], average_attn_weights=False)),
        nn("multi_head_attention_forward[separate]", real(3, 4), real(5, 3), real(5, 2), real(4, 4), real(4, 3), real(4, 2), real(4, 4), real(1, 1, 4), real(1, 1, 4), real(3, 5), call=_separate),
    ]  # fmt: skip


def _heads(f: Any, q: Any, k: Any, v: Any, w: Any, b: Any, out: Any, out_bias: Any, **options: Any) -> Any:
    return f.multi_head_attention_forward(q, k, v, 4, 2, w, b, None, None, False, 0.0, out, out_bias, **options)


def _separate(f: Any, q: Any, k: Any, v: Any, wq: Any, wk: Any, wv: Any, out: Any, bias_k: Any, bias_v: Any, added: Any) -> Any:
    return f.multi_head_attention_forward(
        q, k, v, 4, 2, None, None, bias_k, bias_v, True, 0.3, out, None, training=False, attn_mask=added,
        use_separate_proj_weight=True, q_proj_weight=wq, k_proj_weight=wk, v_proj_weight=wv,
    )


def _cross_entropy() -> list[Row]:
    rows = []
    shapes = {"rows": ((5, 4), (5,)), "places": ((2, 4, 3), (2, 3)), "one": ((4,), ())}
    for (name, (shape, places)), smoothing, reduction in itertools.product(shapes.items(), (0.0, 0.3), ("mean", "sum", "none")):
        # Class 3 is ignored in half of the calls: there must be other targets, or the mean is nan.
        options = {"label_smoothing": smoothing, "reduction": reduction}
        ignoring = {**options, "ignore_index": 3} if name != "one" else options
        of = f"{name} {smoothing} {reduction}"
        rows += [
            nn(f"cross_entropy[{of}]", real(*shape), index(4, *places), call=lambda f, x, t, o=options: f.cross_entropy(x, t, **o)),
            nn(f"cross_entropy[{of} weight ignored]", real(*shape), index(4, *places), constant(4),
               call=lambda f, x, t, w, o=ignoring: f.cross_entropy(x, t, w, **o)),
            nn(f"cross_entropy[{of} soft]", real(*shape), real(*shape), call=lambda f, x, t, o=options: f.cross_entropy(x, t, **o)),
            nn(f"cross_entropy[{of} soft weight]", real(*shape), real(*shape), pos(4),
               call=lambda f, x, t, w, o=options: f.cross_entropy(x, t, w, **o)),
        ]  # fmt: skip
    return [*rows, nn("cross_entropy[halves]", real(5, 4), index(4, 5), dtypes=FLOATS)]


ROWS = [*_attention(), *_cross_entropy()]
