"""Attention against PyTorch: the function with its masks and dropout, the layers in evaluation, and what they warn of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import cases_attention
import pytest
from twins import check_construction, check_error, check_values, close, given, made, to_torch

import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck
from tensorlite.ops import attention as ops

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

CASES = cases_attention.CASES


def each(rows: list[Any]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[str(i) for i in range(len(rows))])


@each(CASES)
def test_construction(row: Any) -> None:
    check_construction(torch, row)


@each(CASES)
@pytest.mark.parametrize("training", [True, False])
def test_values(row: Any, training: bool) -> None:
    check_values(torch, row, training)


@each(cases_attention.FAULTS)
def test_errors(row: Any) -> None:
    check_error(torch, row)


NESTED_PROTOTYPE = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")


@each(CASES)
@NESTED_PROTOTYPE
def test_without_gradients(row: Any) -> None:
    """In evaluation without gradients PyTorch goes another way; where a query sees anything, the numbers are the same."""
    results = []
    for lib in (tl, torch):
        layer, inputs = made(lib, row).eval(), given(lib, row)
        with lib.no_grad():
            results.append(layer(*inputs))
    close_where_known(*(r[0] if isinstance(r, tuple) else r for r in results))


def close_where_known(ours: Any, theirs: Any) -> None:
    """Without gradients PyTorch gives nan for queries that see nothing, else zeros, as we always do."""
    known = ~torch.isnan(theirs)
    assert known.any()
    torch.testing.assert_close(to_torch(torch, ours)[known], theirs.detach()[known], rtol=1e-4, atol=1e-5)


PADDINGS = {"end": ((2, 5, 1), True), "start": ((2, 5, 1), False), "all": ((0, 5, 1), True)}
WAYS = [(which, {}) for which in PADDINGS] + [(which, {"enable_nested_tensor": False}) for which in PADDINGS]
WAYS += [("end", {"mask_check": False}), ("all", {"mask_check": False})]


@pytest.mark.parametrize("which, options", WAYS, ids=str)
@NESTED_PROTOTYPE
def test_padding_of_an_encoder_in_evaluation(which: str, options: dict[str, Any]) -> None:
    """Padding at the end comes out as zeros, before the last norm; elsewhere, and with gradients, as it is."""
    lengths, at_the_end = PADDINGS[which]

    def result(lib: Any, grad: bool) -> Any:
        lib.manual_seed(0)
        layer = lib.nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)
        model = lib.nn.TransformerEncoder(layer, 2, lib.nn.LayerNorm(4), **options).eval()
        lib.nn.init.constant_(model.norm.bias, 0.25)
        mask = cases_attention.padding(lib, 5, *lengths)
        x = lib.randn(3, 5, 4)
        with lib.set_grad_enabled(grad):
            return model(x, src_key_padding_mask=mask if at_the_end else mask.flip(1))

    for grad in (True, False):
        close_where_known(result(tl, grad), result(torch, grad))


def test_generated_mask() -> None:
    ours, theirs = (lib.nn.Transformer.generate_square_subsequent_mask(3) for lib in (tl, torch))
    assert ours.tolist() == theirs.tolist() and str(ours.dtype) == str(theirs.dtype)


OBSTACLES: list[Callable[[Any], Any]] = [
    lambda nn: nn.TransformerEncoderLayer(4, 2, 6),
    lambda nn: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, norm_first=True),
    lambda nn: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, bias=False),
    lambda nn: nn.TransformerEncoderLayer(4, 1, 6, batch_first=True),
    lambda nn: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, activation=nn.functional.silu),
    lambda nn: nn.Linear(2, 2),
]


@each(OBSTACLES)
def test_encoder_says_why_it_keeps_padding(row: Any) -> None:
    messages = []
    for lib in (tl, torch):
        with pytest.warns(UserWarning) as caught:
            model = lib.nn.TransformerEncoder(row(lib.nn), 1)
        assert not model.use_nested_tensor
        messages.append(str(caught[0].message))
    assert messages[0] == messages[1]


def test_mismatched_masks_warn() -> None:
    for lib in (tl, torch):
        x = lib.zeros(3, 2, 4)
        with pytest.warns(UserWarning, match="mismatched"):
            lib.nn.MultiheadAttention(4, 2)(x, x, x, cases_attention.padding(lib, 3, 1, 2), attn_mask=lib.zeros(3, 3))


# scaled_dot_product_attention

SHAPES = [
    ((3, 4), (5, 4), (5, 2)),
    ((2, 3, 4), (2, 5, 4), (2, 5, 4)),
    ((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4)),
    ((6, 1, 2, 3), (1, 5, 4, 3), (6, 1, 4, 5)),
    ((2, 1, 2, 3), (2, 1, 0, 3), (2, 1, 0, 3)),
    ((2, 2, 0), (2, 3, 0), (2, 3, 2)),
]


def numbers(*shapes: tuple[int, ...]) -> tuple[list[Any], list[Any]]:
    tl.manual_seed(0)
    ours = [tl.randn(*s).requires_grad_() for s in shapes]
    return ours, [to_torch(torch, x).requires_grad_() for x in ours]


def agree(ours: list[Any], theirs: list[Any], **options: Any) -> None:
    """The same values and gradients; masks among the options are made by functions of the library."""
    results = []
    for lib, inputs in ((tl, ours), (torch, theirs)):
        lib.manual_seed(5)
        ready = {k: v(lib) if callable(v) else v for k, v in options.items()}
        out = lib.nn.functional.scaled_dot_product_attention(*inputs, **ready)
        lib.manual_seed(6)
        (out * lib.randn(out.shape)).sum().backward()
        results.append(out)
    close(torch, *results, "output")
    for a, b in zip(ours, theirs, strict=True):
        close(torch, a.grad, b.grad, "gradient")


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}, {"dropout_p": 0.4}, {"dropout_p": 1.0}], ids=str)
def test_function(shapes: Any, options: dict[str, Any]) -> None:
    agree(*numbers(*shapes), **options)


MASKS: dict[str, Callable[[Any], Any]] = {
    "closed row": lambda lib: lib.tensor([[True, False, True], [False, False, False]]),
    "one query": lambda lib: lib.tensor([[True, False, True]]),
    "per query": lambda lib: lib.tensor([[True], [False]]),
    "per head": lambda lib: lib.tensor([[[True, False, True]], [[False, True, True]]]),
    "added": lambda lib: lib.tensor([[0.5, -math.inf, 1.0], [-math.inf, -math.inf, -math.inf]]),
    "double": lambda lib: lib.zeros(2, 3),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("dropout_p", [0.0, 0.3])
def test_masks(mask: str, dropout_p: float) -> None:
    agree(*numbers((4, 2, 2, 4), (4, 2, 3, 4), (4, 2, 3, 5)), attn_mask=MASKS[mask], dropout_p=dropout_p)


def test_masks_of_few_dimensions() -> None:
    """PyTorch takes them where nothing requires a gradient."""
    ours, theirs = ([x.detach() for x in xs] for xs in numbers((2, 4), (3, 4), (3, 5)))
    for mask in ([True, False, True], True, [0.5, 1.0, -math.inf]):
        a = tl.nn.functional.scaled_dot_product_attention(*ours, tl.tensor(mask))
        b = torch.nn.functional.scaled_dot_product_attention(*theirs, torch.tensor(mask))
        close(torch, a, b, str(mask))


def test_gradient_of_an_added_mask() -> None:
    ours, theirs = numbers((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), (2, 1, 3, 5))
    agree(ours, theirs)


@pytest.mark.parametrize("heads", [(4, 2, 2), (4, 1, 1), (4, 2, 4), (4, 4, 4)])
def test_grouped_queries(heads: tuple[int, int, int]) -> None:
    q, k, v = heads
    agree(*numbers((2, q, 3, 4), (2, k, 5, 4), (2, v, 5, 6)), enable_gqa=True)


def _sdpa(lib: Any, *shapes: tuple[int, ...], **options: Any) -> Any:
    inputs = [lib.zeros(*s) for s in shapes]
    return lib.nn.functional.scaled_dot_product_attention(*inputs, **options)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: _sdpa(lib, (3,), (3,), (3,)),
    lambda lib: _sdpa(lib, (2, 3), (4, 2), (4, 2)),
    lambda lib: _sdpa(lib, (2, 3), (4, 3), (5, 3)),
    lambda lib: _sdpa(lib, (2, 2, 2, 3), (2, 3, 4, 3), (2, 3, 4, 3)),
    lambda lib: _sdpa(lib, (2, 3), (4, 3), (4, 3), dropout_p=1.5),
    lambda lib: _sdpa(lib, (2, 3), (4, 3), (4, 3), attn_mask=lib.zeros(3, 4)),
    lambda lib: _sdpa(lib, (1, 2, 3), (1, 4, 3), (1, 4, 3), attn_mask=lib.zeros(6, 2, 4)),
    lambda lib: _sdpa(lib, (2, 3), (4, 3), (4, 3), attn_mask=lib.zeros(2, 4).long()),
    lambda lib: _sdpa(lib, (2, 3), (4, 3), (4, 3), attn_mask=lib.zeros(2, 4), is_causal=True),
    lambda lib: _sdpa(lib, (2, 4, 3, 3), (2, 3, 3, 3), (2, 3, 3, 3), enable_gqa=True),
    lambda lib: _sdpa(lib, (3, 3), (3, 3), (3, 3), enable_gqa=True),
    lambda lib: lib.nn.functional.scaled_dot_product_attention(lib.zeros(2, 2), lib.zeros(2, 2).double(), lib.zeros(2, 2)),
    lambda lib: lib.nn.functional.scaled_dot_product_attention(*[lib.zeros(2, 2, dtype=lib.complex64)] * 3),
    lambda lib: lib.nn.functional.scaled_dot_product_attention(*[lib.zeros(2, 2).long()] * 3),
]


@each(FAULTS)
def test_errors_of_the_function(row: Any) -> None:
    check_error(torch, row)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype: str) -> None:
    """Values and gradients as near to float32's as the dtype allows: nothing is rounded in between."""
    tl.manual_seed(0)
    wide = [tl.randn(2, 5, 4).requires_grad_() for _ in range(3)]
    half = [x.detach().to(getattr(tl, dtype)).requires_grad_() for x in wide]
    exact = [x.detach().float().requires_grad_() for x in half]
    results = [tl.nn.functional.scaled_dot_product_attention(*xs) for xs in (half, exact)]
    for r in results:
        r.sum().backward()
    for a, b in [results, *zip([x.grad for x in half], [x.grad for x in exact], strict=True)]:
        assert a.dtype is getattr(tl, dtype)
        assert tl.equal(a.float(), b.to(a.dtype).float()) or float((a.float() - b).abs().max()) < 0.01 * float(b.abs().max() + 1)


# The fused op


def composite(q: Any, k: Any, v: Any, mask: Any = None, kept: Any = None, *, scale: float, causal: bool) -> Any:
    """What the op is, in functions that have gradients of their own."""
    scores = q @ k.transpose(-1, -2) * scale
    if mask is not None:
        scores = scores + mask
    if causal:
        scores = scores.masked_fill(tl.ones(*scores.shape[-2:]).triu(1) > 0, -math.inf)
    weights = scores.softmax(-1)
    return (weights if kept is None else weights * kept) @ v


CALLS = list(itertools.product([False, True], [False, True], [False, True]))


@pytest.mark.parametrize("with_mask, with_kept, causal", CALLS)
def test_op_is_its_composite(with_mask: bool, with_kept: bool, causal: bool) -> None:
    tl.manual_seed(3)
    leaves = [tl.randn(*s, dtype=tl.float64).requires_grad_() for s in ((2, 3, 4), (1, 3, 4), (2, 3, 2))]
    if with_mask:
        leaves.append(tl.randn(2, 1, 3, dtype=tl.float64).requires_grad_())
    kept = (tl.rand(2, 3, 3) > 0.5).double() * 2 if with_kept else None

    def call(function: Any) -> Any:
        return lambda q, k, v, mask=None: function(q, k, v, mask, kept, scale=0.7, causal=causal)

    fused, reference = call(ops.attention), call(composite)
    assert tl.allclose(fused(*leaves), reference(*leaves))
    for grads in zip(*(tl.autograd.grad(f(*leaves).square().sum(), leaves) for f in (fused, reference)), strict=True):
        assert tl.allclose(*grads)
    assert gradcheck(fused, leaves) and gradgradcheck(fused, leaves)


def test_second_derivative_with_a_closed_row() -> None:
    tl.manual_seed(3)
    leaves = [tl.randn(3, 4, dtype=tl.float64).requires_grad_() for _ in range(3)]
    mask = tl.tensor([[0, -math.inf, 0], [-math.inf] * 3, [0, 0, 0]], dtype=tl.float64)
    function = lambda *xs: ops.attention(*xs, mask, scale=0.5, causal=False)
    assert gradcheck(function, leaves) and gradgradcheck(function, leaves)
