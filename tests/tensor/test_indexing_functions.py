"""What the table of ops cannot say of folding, splitting, copies, searches and native forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck


def test_as_strided_scatter_has_the_right_gradients() -> None:
    x = tl.randn(3, 4, dtype=tl.float64, requires_grad=True)
    s = tl.randn(2, 2, dtype=tl.float64, requires_grad=True)
    assert gradcheck(lambda x, s: tl.as_strided_scatter(x, s, (2, 2), (3, 1), 1), (x, s))
    assert gradgradcheck(lambda x, s: tl.as_strided_scatter(x, s, (2, 2), (3, 1), 1) ** 2, (x, s))


def test_products_with_zeros_have_their_gradients() -> None:
    x = tl.tensor([0.0, 2.0, 3.0], dtype=tl.float64, requires_grad=True)
    s = tl.tensor([0.0, 1.5, 2.0, -1.0], dtype=tl.float64, requires_grad=True)
    index = tl.tensor([1, 1, 0, 2])
    for own in (True, False):
        assert gradcheck(lambda x, s, o=own: tl.scatter_reduce(x, 0, index, s, "prod", include_self=o), (x, s))


def test_an_unsafe_piece_may_be_changed_in_place() -> None:
    x = tl.ones(4, requires_grad=True)
    first, second = tl.unsafe_split(x * 2, 2)
    first.mul_(3)
    (first.sum() + second.sum()).backward()
    assert x.grad.tolist() == [6, 6, 2, 2]
    first, _ = tl.split(x * 2, 2)
    with pytest.raises(RuntimeError, match="modified inplace"):
        first.mul_(3)


def test_copies_share_no_memory() -> None:
    x = tl.zeros(2, 3)
    for copy in (tl.t_copy(x), tl.expand_copy(x[:1], (2, 3)), tl.narrow_copy(x, 0, 0, 1), tl.unbind_copy(x)[0], tl.alias_copy(x)):
        copy.fill_(1)
    assert not x.any()
    parts = tl.empty(0), tl.empty(0)
    assert tl.unbind_copy(tl.ones(2, 3), out=parts) is None
    assert [p.tolist() for p in parts] == [[1, 1, 1]] * 2


def test_shapes_may_be_named() -> None:
    x = tl.arange(6).reshape(2, 3)
    assert tl.equal(tl.flip(x, dims=(0,)), x.flip(0))
    assert tl.equal(x.permute(dims=(1, 0)), x.T)
    assert tl.equal(x.reshape(shape=(3, 2)), x.view(size=(3, 2)))
    assert tl.equal(x.repeat(repeats=(1, 2)), tl.tile(x, dims=(1, 2)))
    with pytest.raises(TypeError, match="invalid combination of arguments: sizes"):
        x.permute(sizes=(1, 0))


def test_memory_of_ones_choice() -> None:
    x = tl.zeros(2, dtype=tl.int32)
    assert x.new_empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert x.new_empty_strided((2, 3), (1, 2)).dtype is tl.int32
    y = tl.empty_permuted((2, 3, 4), (2, 0, 1), dtype=tl.float64)
    assert y.shape == (2, 3, 4) and y.stride() == (3, 1, 6) and y.dtype is tl.float64
    z = tl.arange(6)
    assert z.as_strided_((2, 2), (3, 1), 1) is z and z.tolist() == [[1, 2], [4, 5]]
    assert tl.zeros(0).resize_as_(z).shape == z.shape
    # A view of a view still knows the whole memory.
    assert tl.arange(12).as_strided((5,), (1,), 6).as_strided((2,), (1,), 1).tolist() == [1, 2]


def test_lists_of_tensors_are_not_empty() -> None:
    for join in (tl.hstack, tl.vstack, tl.dstack, tl.column_stack):
        with pytest.raises(RuntimeError, match="non-empty"):
            join([])
    with pytest.raises(ValueError, match="non-empty"):
        tl.cat([])


ERRORS: list[tuple[str, Callable[[Any], Any], type[Exception], str]] = [
    ("reduce", lambda m: m.scatter_reduce(m.ones(2), 0, m.tensor([0]), m.ones(1), "median"), RuntimeError, "reduce argument"),
    ("index_reduce sum", lambda m: m.index_reduce(m.ones(2), 0, m.tensor([0]), m.ones(1), "sum"), RuntimeError, "Expected reduce"),
    ("put outside", lambda m: m.put(m.ones(2), m.tensor([2]), m.ones(1)), IndexError, "out"),
    ("side", lambda m: m.searchsorted(m.ones(2), m.ones(1), side="middle"), RuntimeError, "side can only be"),
    ("search rows", lambda m: m.searchsorted(m.ones(2, 3), m.ones(3, 1)), RuntimeError, "must match"),
    ("sorter", lambda m: m.searchsorted(m.ones(2), m.ones(1), sorter=m.tensor([0, 5])), RuntimeError, "sorter index out of range"),
    ("quantile of 2", lambda m: m.quantile(m.ones(2), 2.0), RuntimeError, r"\[0, 1\]"),
    ("quantile of integers", lambda m: m.quantile(m.ones(2).long(), 0.5), RuntimeError, "float or double"),
    ("histc of nan", lambda m: m.histc(m.tensor([float("nan")])), RuntimeError, "finite"),
    ("histogram bins", lambda m: m.histogram(m.ones(2), 0), RuntimeError, "must be > 0"),
    ("unravel floats", lambda m: m.unravel_index(m.ones(2), (2,)), TypeError, "integer"),
    ("hsplit", lambda m: m.hsplit(m.ones(5), 2), RuntimeError, "divisible"),
    ("vsplit", lambda m: m.vsplit(m.ones(5), 5), RuntimeError, "at least 2"),
    ("gradient", lambda m: m.gradient(m.ones(2), edge_order=3), RuntimeError, "edge_order"),
    ("cummax of complex", lambda m: m.cummax(m.ones(2) * 1j, 0), RuntimeError, "complex|Complex"),
    ("combinations", lambda m: m.combinations(m.ones(2, 2)), RuntimeError, "1D"),
    ("nonzero_static", lambda m: m.nonzero_static(m.ones(2), size=-1), RuntimeError, "non-negative"),
    ("empty_permuted", lambda m: m.empty_permuted((2, 2), (0, 0)), RuntimeError, "Duplicate|each"),
    ("masked mean", lambda m: m.masked.mean(m.ones(2).long()), ValueError, "infer output dtype"),
]


@pytest.mark.parametrize(("call", "kind", "text"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_errors(call: Callable[[Any], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call(tl)
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch.masked")
    with pytest.raises(kind, match=text):
        call(torch)


def test_native_forms_give_their_statistics() -> None:
    x = tl.randn(2, 4, 3, requires_grad=True)
    out, mean, scale = tl.native_layer_norm(x, (3,), None, None, 1e-5)
    assert tl.allclose((x - mean) * scale, out) and not mean.requires_grad
    out, mean, scale = tl.native_group_norm(x, None, None, 2, 4, 3, 2, 1e-5)
    assert mean.shape == scale.shape == (2, 2) and mean.requires_grad
    out, mean, scale = tl.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)
    assert tl.allclose((x - mean.reshape(1, 4, 1)) * scale.reshape(1, 4, 1), out, atol=1e-6)
    assert tl.native_batch_norm(x, None, None, tl.zeros(4), tl.ones(4), False, 0.1, 1e-5)[1].numel() == 0
    assert tl.equal(tl.constant_pad_nd(x, (1, 1)), tl.nn.functional.pad(x, (1, 1)))


def test_masked_reductions_of_nothing() -> None:
    x, none = tl.tensor([1.0, 2.0]), tl.tensor([False, False])
    assert tl.masked.sum(x, mask=none).item() == 0 and tl.masked.prod(x, mask=none).item() == 1
    assert tl.masked.amax(x, mask=none).item() == -tl.inf and tl.masked.amin(x, mask=none).item() == tl.inf
    assert tl.masked.mean(x, mask=none).isnan()
    with pytest.raises(RuntimeError, match="mask of booleans"):
        tl.masked.sum(x, mask=x)


def test_normalisation_on_the_strict_device() -> None:
    x = tl.randn(3, 4).to("strict")
    mask = (x > 0).to("strict")
    assert tl.allclose(tl.masked.softmax(x, 1, mask=mask).cpu(), tl.masked.softmax(x.cpu(), 1, mask=mask.cpu()), equal_nan=True)
    assert tl.allclose(tl.masked.var(x, 1, mask=mask).cpu(), tl.masked.var(x.cpu(), 1, mask=mask.cpu()), equal_nan=True)
    assert tl.allclose(tl.masked.norm(x, 3, 1, mask=mask).cpu(), tl.masked.norm(x.cpu(), 3, 1, mask=mask.cpu()))
