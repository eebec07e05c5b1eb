"""The Tensor object: views, conversion, protocols, in-place, subclasses."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest

import tensorlite as tl


def test_numpy_shares_memory_both_ways() -> None:
    array = np.zeros((2, 3), np.float32)
    t = tl.from_numpy(array)
    t[0, 0] = 5
    assert array[0, 0] == 5 and t.numpy() is array
    array[1, 1] = 7
    assert t[1, 1].item() == 7
    assert t.__array__() is array and np.shares_memory(np.asarray(t), array)


def test_array_protocol_refuses_to_lose_a_gradient() -> None:
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(tl.ones(2, requires_grad=True))


def test_dlpack_both_ways() -> None:
    t = tl.arange(4.0)
    assert np.from_dlpack(t).tolist() == [0.0, 1.0, 2.0, 3.0]
    array = np.arange(3.0)
    u = tl.from_dlpack(array)
    array[0] = 9
    assert u.tolist() == [9.0, 1.0, 2.0]
    with pytest.raises(BufferError):
        tl.ones(1, requires_grad=True).__dlpack__()
    torch = pytest.importorskip("torch", reason="DLPack with PyTorch needs PyTorch")
    assert torch.from_dlpack(t).tolist() == t.tolist()
    assert tl.from_dlpack(torch.ones(2)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "complex64"])
def test_pickle_and_deepcopy(dtype: str) -> None:
    t = tl.ones(2, 3, dtype=getattr(tl, dtype))
    for clone in (pickle.loads(pickle.dumps(t)), copy.deepcopy(t), copy.copy(t)):
        assert clone.tolist() == t.tolist() and clone.dtype is t.dtype and clone.shape == t.shape
    if t.dtype.is_floating_point:
        t.requires_grad_()
        t.sum().backward()
        clone = copy.deepcopy(t)
        assert clone.requires_grad and clone.is_leaf and clone.grad.tolist() == t.grad.tolist()
        with pytest.raises(RuntimeError, match="leaves"):
            copy.deepcopy(t * 2)


def test_views_share_memory_version_and_gradient() -> None:
    x = tl.arange(6.0).reshape(2, 3)
    views = {
        "view": x.view(3, 2), "reshape": x.reshape(6), "t": x.t(), "transpose": x.transpose(0, 1), "permute": x.permute(1, 0),
        "expand": x.unsqueeze(0).expand(4, 2, 3), "slice": x[:, 1:], "select": x.select(0, 1), "narrow": x.narrow(1, 0, 2),
        "as_strided": x.as_strided((2, 2), (1, 2)), "unbind": x.unbind(0)[1], "data": x.data, "detach": x.detach(),
        "diagonal": x.diagonal(), "flatten": x.flatten(), "squeeze": x.unsqueeze(1).squeeze(1), "unfold": x.unfold(1, 2, 1),
        "chunk": x.chunk(2)[0], "view_as_dtype": x.view(tl.int32),
    }
    for name, v in views.items():
        assert v._version is x._version, name
    before = views["flatten"].tolist()
    x.add_(1)
    assert views["flatten"].tolist() == [b + 1 for b in before]
    assert views["t"].tolist() == x.t().tolist()


def test_strides_contiguity_and_errors_of_view() -> None:
    x = tl.zeros(2, 3)
    assert x.stride() == (3, 1) and x.t().stride() == (1, 3)
    assert x.is_contiguous() and not x.t().is_contiguous() and x.t().contiguous().stride() == (2, 1)
    assert x.contiguous() is x
    with pytest.raises(RuntimeError, match="reshape"):
        x.t().view(6)
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        x.view(4)
    assert x[:, 1:].storage_offset() == 1


def test_item_tolist_and_conversions() -> None:
    assert tl.tensor(2.5).item() == 2.5 and tl.tensor([True]).item() is True
    assert (int(tl.tensor(3)), float(tl.tensor(3)), bool(tl.tensor(0)), operator.index(tl.tensor(2))) == (3, 3.0, False, 2)
    assert [10, 20, 30][tl.tensor(1)] == 20
    with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
        tl.ones(2).item()
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(tl.ones(2))
    with pytest.raises(TypeError):
        operator.index(tl.tensor(1.0))
    with pytest.raises(TypeError, match="0-d"):
        len(tl.tensor(1))


def test_to_returns_itself_or_converts() -> None:
    x = tl.ones(2)
    assert x.to("cpu") is x and x.to(tl.float32) is x and x.float() is x
    assert x.to(tl.float64).dtype is tl.float64 and x.to(tl.ones(1, dtype=tl.int64)).dtype is tl.int64
    assert x.to("cpu", copy=True) is not x
    assert x.type() == "torch.FloatTensor" and x.type("torch.LongTensor").dtype is tl.int64


def test_cuda_that_is_not_there_says_what_is_missing() -> None:
    if tl.cuda.is_available():
        pytest.skip("CUDA is present")
    with pytest.raises(RuntimeError, match="cuda|CUDA|driver|tensorlite\\["):
        tl.ones(1, device="cuda")


@pytest.mark.parametrize(("op", "other"), [
    ("__iadd__", 2.0), ("__isub__", 2.0), ("__imul__", 2.0), ("__itruediv__", 2.0), ("__ipow__", 2), ("add_", 1), ("clamp_", 0),
    ("copy_", tl.tensor([7.0, 8.0])), ("fill_", 3), ("masked_fill_", None), ("sigmoid_", None), ("relu_", None), ("zero_", None),
])
def test_inplace_keeps_identity_and_memory_and_bumps_the_version(op: str, other: Any) -> None:
    x = tl.tensor([0.5, -1.5])
    address, version = x.data_ptr(), x._version[0]
    args = () if other is None else (other,)
    if op == "masked_fill_":
        args = (tl.tensor([True, False]), 9.0)
    assert getattr(x, op)(*args) is x
    assert x.data_ptr() == address and x._version[0] > version


def test_out_writes_resizes_and_refuses_gradients() -> None:
    out = tl.empty(2)
    assert tl.add(tl.ones(2), tl.ones(2), out=out) is out and out.tolist() == [2.0, 2.0]
    with pytest.warns(UserWarning, match="resized"):
        tl.add(tl.ones(3), 1, out=out)
    assert out.shape == (3,)
    with pytest.raises(RuntimeError, match="out="):
        tl.add(tl.ones(3, requires_grad=True), 1, out=out)
    with pytest.raises(RuntimeError, match="can't be cast"):
        tl.add(tl.ones(3), 1, out=tl.empty(3, dtype=tl.int64))


def test_subclasses_and_parameters_stay_what_they_are() -> None:
    class Tagged(tl.Tensor):
        pass

    t = Tagged([1.0, 2.0])
    t.note = "kept"
    assert isinstance(t, Tagged) and t.note == "kept" and type(t * 2) is tl.Tensor
    p = tl.nn.Parameter(t)
    assert isinstance(p, tl.nn.Parameter) and p.requires_grad and p.is_leaf and (p * 2).requires_grad
    p.tag = 3
    assert p.tag == 3


@pytest.mark.parametrize(("make", "error"), [
    (lambda: tl.tensor([[1, 2], [3]]), ValueError), (lambda: tl.tensor("text"), TypeError), (lambda: tl.tensor([None]), TypeError),
    (lambda: tl.zeros(-1), RuntimeError), (lambda: tl.arange(0, 1, 0), RuntimeError), (lambda: tl.arange(0, -1), RuntimeError),
    (lambda: tl.ones(2, dtype="float32"), TypeError), (lambda: tl.device("banana"), RuntimeError),
    (lambda: tl.from_numpy([1]), TypeError), (lambda: tl.from_numpy(np.array(["a"])), TypeError),
    (lambda: tl.ones(2).reshape(3), RuntimeError), (lambda: tl.cat([]), ValueError),
    (lambda: tl.stack([tl.ones(1), tl.ones(2)]), RuntimeError),
    (lambda: tl.cat([tl.ones(1, 2), tl.ones(1, 3)]), RuntimeError), (lambda: tl.ones(2) + "a", TypeError),
    (lambda: tl.ones(2) @ 3, TypeError), (lambda: tl.ones(2).sum(3), IndexError), (lambda: tl.ones(0).max(), RuntimeError),
    (lambda: tl.tensor([1]).mean(), RuntimeError), (lambda: tl.ones(2).expand(3), RuntimeError),
    (lambda: tl.ones(2) - tl.ones(3), RuntimeError),
    (lambda: tl.tensor([True]) - tl.tensor([True]), RuntimeError), (lambda: -tl.tensor([True]), RuntimeError),
    (lambda: tl.tensor([1.0]) & tl.tensor([1.0]), RuntimeError), (lambda: tl.tensor([1]) // 0, RuntimeError),
    (lambda: tl.ones(2, 3).mm(tl.ones(2, 3)), RuntimeError), (lambda: tl.ones(2, dtype=tl.float64) @ tl.ones(2), RuntimeError),
    (lambda: tl.ones(3).split(0), RuntimeError), (lambda: tl.ones(2).clamp(), ValueError),
])
def test_bad_input_raises_pytorchs_class(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value)


def test_floating_point_warnings_stay_inside() -> None:
    assert tl.tensor([1.0]).div(0).item() == float("inf")
    assert tl.tensor([0.0]).log().item() == float("-inf")
    assert tl.tensor([1e38]).mul(10).item() == float("inf")


def test_default_device_and_dtype() -> None:
    with tl.device("cpu"):
        assert tl.zeros(1).device == tl.device("cpu")
    tl.set_default_dtype(tl.float64)
    try:
        assert tl.zeros(1).dtype is tl.float64 and tl.tensor(1.0).dtype is tl.float64
    finally:
        tl.set_default_dtype(tl.float32)
    with pytest.raises(TypeError):
        tl.set_default_dtype(tl.int64)


@pytest.mark.parametrize("cast", [
    lambda x: x.int(), lambda x: x.bool(), lambda x: x.to("cpu", tl.uint8), lambda x: x.type(tl.int32),
    lambda x: x.to(tl.tensor(1)),
])
def test_integers_end_the_graph(cast: Any) -> None:
    x = tl.tensor([1.5, 2.0], requires_grad=True)
    assert not cast(x).requires_grad
    (x * cast(x)).sum().backward()
    assert x.grad.tolist() == cast(x.detach()).float().tolist()
