"""Sparse tensors: PyTorch's numbers and printed forms, what refuses them, gradients of tables, and the strict device."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from tensorlite.autograd.base import raw
from tensorlite.backends.sparse import SparseArray

Scene = Callable[[Any], Any]


@pytest.fixture
def torch() -> Any:
    found = pytest.importorskip("torch")
    with found.sparse.check_sparse_tensor_invariants():
        yield found


def described(value: Any) -> Any:
    """What can be compared across libraries: printed forms, and for errors whether there was one."""
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    return value if isinstance(value, (bool, int, str)) else repr(value)


def played(lib: Any, scene: Scene) -> Any:
    try:
        return described(scene(lib))
    except (RuntimeError, TypeError, ValueError) as error:
        return next(cls for cls in (RuntimeError, TypeError, ValueError) if isinstance(error, cls))


def a(lib: Any, **options: Any) -> Any:
    return lib.sparse_coo_tensor([[2, 0, 2]], [1.0, 2.0, 3.0], (4,), **options)


def b(lib: Any) -> Any:
    """Two sparse dimensions and a dense one."""
    return lib.sparse_coo_tensor([[1, 0, 1, 0], [2, 1, 2, 0]], lib.arange(8.0).reshape(4, 2), (2, 3, 2))


def changed(lib: Any, weight: Any) -> Any:
    """What programs do that have an optimizer of their own."""
    with lib.no_grad():
        weight.add_(a(lib), alpha=-0.5)
        weight += a(lib)
        weight.sub_(a(lib), alpha=2)
        weight -= a(lib)
        return weight.clone()


def inplace(name: str) -> Scene:
    def scene(lib: Any) -> Any:
        x = a(lib)
        same = getattr(x, name)(*([] if name in ("zero_", "neg_") else [2] if name in ("mul_", "div_") else [a(lib)]))
        return same is x, x.coalesce(), x.to_dense()

    return scene


SCENES: dict[str, Scene] = {
    "print": lambda lib: (a(lib), b(lib), a(lib, dtype=lib.float64), lib.sparse_coo_tensor([[0]], [1], (3,))),
    "print long": lambda lib: lib.arange(2000.0).to_sparse(),
    "print empty": lambda lib: (lib.sparse_coo_tensor(size=(2, 3)), lib.sparse_coo_tensor((2, 3)), lib.zeros(2, 3).to_sparse(1)),
    "smallest size": lambda lib: lib.sparse_coo_tensor([[0, 2], [4, 1]], [1.0, 2.0]).shape,
    "coalesce": lambda lib: (a(lib).coalesce(), b(lib).coalesce(), b(lib).coalesce().indices(), b(lib).coalesce().values()),
    "coalesce halves": lambda lib: (b(lib).half().coalesce(), b(lib).bfloat16().to_dense(), b(lib).half().to_dense()),
    "coalesce integers": lambda lib: (b(lib).int().coalesce(), b(lib).long().to_dense()),
    "coalesced": lambda lib: [x.is_coalesced() for x in (a(lib), b(lib).coalesce(), lib.ones(3).to_sparse(), -a(lib).coalesce())],
    "to_dense": lambda lib: (a(lib).to_dense(), b(lib).to_dense(), lib.ones(2).to_dense()),
    "to_sparse": lambda lib: [lib.tensor([[0.0, 1, 0], [0, 0, 0], [3, 0, 2]]).to_sparse(n) for n in (1, 2)],
    "to_sparse integers": lambda lib: lib.tensor([[0, 1], [2, 0]]).to_sparse(),
    "no dimensions": lambda lib: (lib.tensor(2.0).to_sparse(), lib.tensor(2.0).to_sparse().to_dense()),
    "what it is": lambda lib: [
        b(lib).shape, b(lib).dtype, b(lib).dim(), b(lib).ndim, b(lib).numel(), b(lib).size(-1), len(b(lib)), b(lib).sparse_dim(),
        b(lib).dense_dim(), b(lib)._nnz(), b(lib).is_sparse, str(b(lib).layout), b(lib).is_floating_point(), b(lib).requires_grad,
        lib.ones(2).is_sparse, str(lib.ones(2).layout), lib.ones(2, 3).sparse_dim(), lib.ones(2, 3).dense_dim(),
        str(lib.sparse_coo),
    ],
    "sums": lambda lib: ((b(lib) + b(lib)).coalesce(), a(lib).add(a(lib), alpha=2).to_dense(), (a(lib) - a(lib)).to_dense()),
    "sums of coalesced": lambda lib: a(lib).coalesce() + a(lib).coalesce() * 3,
    "sums of dtypes": lambda lib: (a(lib) + a(lib).double()).dtype,
    "sum with dense": lambda lib: (lib.ones(4) + a(lib), lib.ones(4) - a(lib), lib.add(lib.ones(4), a(lib), alpha=2)),
    "sum into dense": lambda lib: (lib.ones(4).add_(a(lib), alpha=-0.5), lib.ones(4).double().add_(a(lib).double())),
    "functions": lambda lib: (lib.add(a(lib), a(lib)).to_dense(), lib.sub(a(lib), a(lib), alpha=2).to_dense()),
    "parameters": lambda lib: changed(lib, lib.nn.Parameter(lib.ones(4))),
    "zeros": lambda lib: [
        lib.zeros(2, 3, layout=lib.sparse_coo), lib.empty(2, dtype=lib.float64, layout=lib.sparse_coo), lib.zeros_like(a(lib)),
        lib.zeros(2, layout=lib.strided), lib.zeros_like(lib.ones(2), layout=lib.sparse_coo), lib.ones_like(lib.ones(1)).is_sparse,
    ],
    "products": lambda lib: (a(lib) * 2, 2 * a(lib), a(lib) / 2, -a(lib), a(lib) * lib.tensor(2.0), a(lib).coalesce() * 2),
    "None": lambda lib: (a(lib) == None, a(lib) != None),  # noqa: E711
    "same object": lambda lib: (a(lib).coalesce() is None, (x := a(lib).coalesce()).coalesce() is x, x.to_sparse() is x),
    "conversions": lambda lib: (a(lib).double(), a(lib).to(lib.int32), (x := a(lib)).to(lib.float32) is x, x.cpu() is x),
    "clone": lambda lib: ((x := a(lib)).clone().zero_().to_dense(), x.detach().to_dense(), f"{x}", str(x.data)),
    **{name: inplace(name) for name in ("add_", "sub_", "mul_", "div_", "neg_", "zero_")},
}


@pytest.mark.parametrize("name", SCENES)
def test_it_is_pytorch_s(torch: Any, name: str) -> None:
    found = played(tl, SCENES[name])
    assert not isinstance(found, type), "it failed"
    assert found == played(torch, SCENES[name])


FAULTS: list[Scene] = [
    lambda lib: a(lib).values(),
    lambda lib: a(lib).indices(),
    lambda lib: a(lib).nbytes,
    lambda lib: a(lib) + lib.ones(4),
    lambda lib: a(lib) + 1,
    lambda lib: a(lib) + lib.sparse_coo_tensor([[0]], [1.0], (5,)),
    lambda lib: a(lib).add_(lib.ones(4)),
    lambda lib: a(lib).add_(a(lib).double() * 1j),
    lambda lib: a(lib).int().mul_(1.5),
    lambda lib: a(lib).numpy(),
    lambda lib: a(lib).item(),
    lambda lib: lib.ones(2, 2).matmul(a(lib)),
    lambda lib: lib.exp(a(lib)),
    lambda lib: a(lib) == a(lib),
    lambda lib: a(lib).reshape(2, 2),
    lambda lib: lib.ones(2).indices(),
    lambda lib: lib.ones(2).values(),
    lambda lib: lib.ones(2).coalesce(),
    lambda lib: lib.ones(2).is_coalesced(),
    lambda lib: lib.ones(2)._nnz(),
    lambda lib: lib.ones(2).to_sparse(2),
    lambda lib: lib.ones(2).to_sparse(-1),
    lambda lib: lib.ones(4, requires_grad=True).add_(a(lib)),
    lambda lib: lib.sparse_coo_tensor(),
    lambda lib: lib.sparse_coo_tensor([[0, 1]], [1.0]),
    lambda lib: lib.sparse_coo_tensor([0, 1], [1.0, 2.0]),
    lambda lib: lib.sparse_coo_tensor([[0, 5]], [1.0, 2.0], (4,)),
    lambda lib: lib.sparse_coo_tensor([[0, -1]], [1.0, 2.0]),
    lambda lib: lib.sparse_coo_tensor([[0, 1]], [1.0, 2.0], (4, 2)),
    lambda lib: lib.sparse_coo_tensor([[0, 1]], [[1.0], [2.0]], (4, 2)),
    lambda lib: lib.sparse_coo_tensor([[1, 1]], [1.0, 2.0], (4,), is_coalesced=True, check_invariants=True),
]


@pytest.mark.parametrize("index", range(len(FAULTS)))
def test_errors_are_pytorch_s(torch: Any, index: int) -> None:
    expected = played(torch, FAULTS[index])
    assert isinstance(expected, type)
    assert played(tl, FAULTS[index]) is expected


REFUSED: list[Callable[[Any], Any]] = [
    tl.ones_like, lambda x: tl.full_like(x, 2.0), lambda x: tl.ones(2, layout=x.layout), lambda x: tl.nn.Parameter(tl.ones(4)) + x,
    tl.exp, tl.sum, tl.relu, tl.stack, bool, float, list, tl.nn.functional.relu, tl.isnan,
    lambda x: tl.cat([x, x]), lambda x: x[0], lambda x: x.tolist(), lambda x: x.T, lambda x: x @ x, lambda x: x * tl.ones(4),
    lambda x: x.copy_(tl.ones(4)), lambda x: tl.ones(4).copy_(x), lambda x: tl.where(tl.ones(4) > 0, x, x), lambda x: x.clamp_(0),
    lambda x: tl.sub(x, 1), lambda x: tl.add(x, tl.ones(4)),
    lambda x: tl.ones(4) * x, lambda x: tl.add(x, 1), lambda x: x.requires_grad_(), tl.nn.Parameter, lambda x: x.fill_(1),
    lambda x: x.storage_offset(), lambda x: x.data_ptr(), lambda x: tl.nn.utils.get_total_norm([x]), lambda x: x.is_contiguous(),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_everything_else_refuses(index: int) -> None:
    with pytest.raises((NotImplementedError, RuntimeError, TypeError), match=r"dense|sparse|to_dense|0-d|Tensor"):
        REFUSED[index](a(tl))


def test_no_gradients_flow_through() -> None:
    x = tl.ones(3, requires_grad=True)
    for call in (x.to_sparse, lambda: tl.sparse_coo_tensor([[0, 1, 2]], x), lambda: a(tl) * x.sum()):
        with pytest.raises(NotImplementedError, match="no gradients flow through sparse tensors"):
            call()
    with pytest.raises(NotImplementedError, match="requires_grad=False"):
        a(tl, requires_grad=True)
    with tl.no_grad():
        assert x.to_sparse()._nnz() == 3
    y = tl.ones(4, requires_grad=True)
    (y + a(tl)).sum().backward()
    assert y.grad is not None and y.grad.tolist() == [1, 1, 1, 1]


def test_raw_arrays_are_not_converted() -> None:
    array = raw(a(tl))
    for misuse in (np.asarray, np.exp, np.sum, lambda x: np.add(np.ones(4), x), lambda x: np.where(True, x, 0), lambda x: x[0]):
        with pytest.raises((TypeError, NotImplementedError)):
            misuse(array)
    for misuse in (lambda x: x * np.ones(4), lambda x: np.ones(4) * x, lambda x: x + 1, lambda x: x.reshape(-1), np.transpose):
        with pytest.raises((TypeError, NotImplementedError)):
            misuse(array)
    assert repr(array) == "SparseArray(shape=(4,), nnz=3, dtype=float32)"
    assert array.ndim == 1 and array.size == 4


def test_copies_and_pickles() -> None:
    x = b(tl)
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert repr(twin) == repr(x) and twin is not x
    assert copy.deepcopy([x, x])[0] is not x


def test_sums_stay_smaller_than_a_dense_array() -> None:
    x = total = a(tl)
    for _ in range(10):
        total = total + x
    assert total._nnz() <= 4
    assert total.to_dense().tolist() == [22, 0, 44, 0]


@pytest.mark.parametrize("device", ["strict", "emulated"])
def test_on_other_devices(device: str) -> None:
    for make in (a, b):
        x, here = make(tl).to(device), make(tl)
        assert x.device == tl.device(device)
        for scene in (lambda x: x.coalesce(), lambda x: x + x, lambda x: x * 2, lambda x: -x, lambda x: x.half().coalesce()):
            assert repr(scene(x).cpu()) == repr(scene(here))
        for scene in (lambda x: x.to_dense(), lambda x: tl.ones(x.shape, device=x.device) + x, lambda x: x.bfloat16().to_dense()):
            assert tl.equal(scene(x).cpu(), scene(here))
        assert repr(here.to_dense().to(device).to_sparse(1).cpu()) == repr(here.to_dense().to_sparse(1))
    assert f"device='{device}', size=(4,)" in repr(a(tl).to(device))


# Gradients of tables -------------------------------------------------------------------------------------------------

INDEX = [[1, 2], [1, 0]]


def table(lib: Any, dtype: str = "float32") -> Any:
    return lib.arange(12.0, dtype=getattr(lib, dtype)).reshape(4, 3).requires_grad_()


def looked_up(lib: Any, weight: Any, sparse: bool = True, **options: Any) -> Any:
    return lib.nn.functional.embedding(lib.tensor(INDEX), weight, sparse=sparse, **options)


def after(lib: Any, loss: Callable[[Any], Any], **options: Any) -> Any:
    weight = table(lib, **options)
    loss(weight).backward()
    return weight.grad


def bags(lib: Any, weight: Any, **options: Any) -> Any:
    return lib.nn.functional.embedding_bag(lib.tensor(INDEX), weight, sparse=True, **options)


GRADIENTS: dict[str, Scene] = {
    "embedding": lambda lib: after(lib, lambda w: (looked_up(lib, w) ** 2).sum()),
    "float64": lambda lib: after(lib, lambda w: (looked_up(lib, w) ** 2).sum(), dtype="float64"),
    "bfloat16": lambda lib: after(lib, lambda w: (looked_up(lib, w) ** 2).sum(), dtype="bfloat16"),
    "padding": lambda lib: after(lib, lambda w: looked_up(lib, w, padding_idx=-3).sum()),
    "max norm": lambda lib: after(lib, lambda w: looked_up(lib, w, max_norm=2.0).sum()),
    "int32": lambda lib: after(lib, lambda w: lib.nn.functional.embedding(lib.tensor(INDEX).int(), w, sparse=True).sum()),
    "nothing": lambda lib: after(lib, lambda w: lib.nn.functional.embedding(lib.tensor([[]]).long(), w, sparse=True).sum()),
    "bag": lambda lib: after(lib, lambda w: (bags(lib, w) ** 2).sum()),
    "bag sum": lambda lib: after(lib, lambda w: (bags(lib, w, mode="sum", padding_idx=1) ** 2).sum()),
    "bag padding": lambda lib: after(lib, lambda w: (bags(lib, w, padding_idx=1) ** 2).sum()),
    "bag weights": lambda lib: after(
        lib, lambda w: bags(lib, w, mode="sum", per_sample_weights=lib.tensor([[1.0, 2.0], [3.0, 4.0]])).sum()
    ),
    "bag offsets": lambda lib: after(
        lib, lambda w: lib.nn.functional.embedding_bag(lib.tensor([0, 1, 1]), w, lib.tensor([0, 2]), sparse=True).sum()
    ),
    "grad": lambda lib: lib.autograd.grad(looked_up(lib, w := table(lib)).sum(), w),
    "sparse twice": lambda lib: after(lib, lambda w: looked_up(lib, w).sum() + (2 * looked_up(lib, w)).sum()).to_dense(),
    "sparse and dense": lambda lib: after(lib, lambda w: looked_up(lib, w).sum() + (w * w).sum()),
    "dense and sparse": lambda lib: after(lib, lambda w: (w * w).sum() + looked_up(lib, w).sum()),
    "many": lambda lib: after(lib, lambda w: (w * w).sum() + looked_up(lib, w).sum() + w.sum() + (3 * looked_up(lib, w)).sum()),
    "through ops": lambda lib: after(lib, lambda w: looked_up(lib, w * 2.0 + 1).sum()),
    "hook": lambda lib: after(lib, lambda w: (w.register_hook(lambda g: g * 3), looked_up(lib, w).sum())[1]),
    "looking hook": lambda lib: after(lib, lambda w: (w.register_hook(lambda g: None), looked_up(lib, w).sum())[1]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_pytorch_s(torch: Any, name: str) -> None:
    found = played(tl, GRADIENTS[name])
    assert not isinstance(found, type), "it failed"
    assert found == played(torch, GRADIENTS[name])


def test_gradients_of_complex_tables() -> None:
    sparse, dense = (
        after(tl, lambda w, s=s: (looked_up(tl, w, s) * (1 + 2j)).abs().sum(), dtype="complex64") for s in (True, False)
    )
    assert sparse.is_sparse and tl.allclose(sparse.to_dense(), dense)


@pytest.mark.parametrize("order", [(True, True), (True, False), (False, True), (True, True, False, True)])
def test_accumulation(torch: Any, order: tuple[bool, ...]) -> None:
    def scene(lib: Any) -> Any:
        weight, seen = table(lib), []
        for sparse in order:
            looked_up(lib, weight, sparse).sum().backward()
            seen.append((weight.grad.is_sparse, weight.grad.to_dense()))
        return seen

    found = played(tl, scene)
    assert not isinstance(found, type) and found == played(torch, scene)


def test_accumulation_keeps_the_object() -> None:
    for sparse in (True, False):
        weight = table(tl)
        looked_up(tl, weight, sparse).sum().backward()
        first = weight.grad
        version = first._version[0]
        looked_up(tl, weight).sum().backward()
        assert weight.grad is first and first._version[0] == version + 1


def test_a_gradient_is_not_shared() -> None:
    x, y = table(tl), table(tl)
    looked_up(tl, x + y).sum().backward()
    x.grad._values().mul_(0)
    assert not x.grad.to_dense().any() and y.grad.to_dense().any()


GRADIENT_FAULTS: list[Scene] = [
    lambda lib: after(lib, lambda w: looked_up(lib, w, scale_grad_by_freq=True).sum()),
    lambda lib: after(lib, lambda w: bags(lib, w, mode="sum", scale_grad_by_freq=True).sum()),
    lambda lib: bags(lib, table(lib), mode="max"),
    lambda lib: looked_up(lib, lib.zeros(4)),
]


@pytest.mark.parametrize("index", range(len(GRADIENT_FAULTS)))
def test_errors_of_gradients_are_pytorch_s(torch: Any, index: int) -> None:
    expected = played(torch, GRADIENT_FAULTS[index])
    assert isinstance(expected, type)
    assert played(tl, GRADIENT_FAULTS[index]) is expected


def test_what_has_no_sparse_gradient_says_so() -> None:
    weight = table(tl)
    with pytest.raises(RuntimeError, match="sparse=False"):
        tl.autograd.grad(looked_up(tl, weight).sum(), weight, create_graph=True)
    for through in (lambda w: w.exp(), lambda w: w.T.clone().T, lambda w: w * tl.ones(4, 3), lambda w: w.reshape(4, 3)[:]):
        with pytest.raises((NotImplementedError, TypeError), match="sparse"):
            looked_up(tl, through(weight)).sum().backward()
        assert weight.grad is None


def test_anomalies_are_found() -> None:
    weight = table(tl)
    with tl.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="nan"):
        (looked_up(tl, weight) * float("nan")).sum().backward()
    with tl.autograd.detect_anomaly():
        looked_up(tl, weight).sum().backward()
    assert weight.grad.is_sparse


def test_assigned_gradients() -> None:
    weight = table(tl)
    gradient = tl.sparse_coo_tensor([[0]], tl.ones(1, 3), (4, 3))
    weight.grad = gradient
    assert weight.grad is gradient
    for wrong in (gradient.double(), tl.sparse_coo_tensor([[0]], tl.ones(1, 2), (4, 2))):
        with pytest.raises(RuntimeError, match="assigned grad has data of a different"):
            weight.grad = wrong


@pytest.mark.parametrize("other", ["strict", "emulated"])
def test_gradients_on_other_devices(other: str) -> None:
    def grads(device: str) -> Any:
        weight = table(tl).detach().to(device).requires_grad_()
        index = tl.tensor(INDEX, device=device)
        (tl.nn.functional.embedding(index, weight, sparse=True, padding_idx=2) ** 2).sum().backward()
        assert type(raw(weight.grad)) is SparseArray
        first = weight.grad.cpu().coalesce()
        (tl.nn.functional.embedding_bag(index, weight, sparse=True) ** 2).sum().backward()
        second = weight.grad.cpu().to_dense()
        (weight * weight).sum().backward()
        return [repr(first), repr(second), repr(weight.grad.cpu())]

    assert grads(other) == grads("cpu")
