"""Optimizers that take sparse gradients make PyTorch's steps, and the others refuse them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import tensorlite as tl

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SparseAdam", {"lr": 0.05}),
    ("SparseAdam", {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-3, "maximize": True}),
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.2}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("Adagrad", {"lr": 0.05}),
    ("Adagrad", {"lr": 0.05, "lr_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3, "maximize": True}),
]
OTHERS = [
    "Adadelta", "Adafactor", "Adam", "AdamW", "Adamax", "ASGD", "Muon", "NAdam", "RAdam", "RMSprop", "Rprop",
]  # fmt: skip
TRUE_OF = {"float32": 1e-5, "float64": 1e-12}


@pytest.fixture
def torch() -> Any:
    found = pytest.importorskip("torch")
    with found.sparse.check_sparse_tensor_invariants():
        yield found


def model(lib: Any, dtype: str) -> list[Any]:
    """Two tables of six rows."""
    values = [[0.1 * i - 0.3 * j + 0.05 for j in range(3)] for i in range(6)]
    return [lib.tensor(values, dtype=getattr(lib, dtype)).requires_grad_() for _ in range(2)]


def trained(lib: Any, name: str, options: dict[str, Any], dtype: str, steps: int = 20) -> tuple[list[Any], Any]:
    """Both tables after some steps, and the optimizer."""
    tables = model(lib, dtype)
    optimizer = getattr(lib.optim, name)(tables, **options)
    for step in range(steps):
        advance(lib, tables, optimizer, step)
    return tables, optimizer


def advance(lib: Any, tables: list[Any], optimizer: Any, step: int) -> None:
    F = lib.nn.functional
    index = lib.tensor([[step % 5, 1], [1, (3 * step) % 5]])  # the last row is never looked up
    optimizer.zero_grad()
    for _ in range(2):
        (F.embedding(index, tables[0], sparse=True) ** 2).sum().backward()
        F.embedding_bag(index, tables[1], sparse=True, padding_idx=2).cos().sum().backward()
    optimizer.step()


def close(torch: Any, ours: Any, theirs: Any, tolerance: float) -> None:
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.from_numpy(p.detach().numpy()), q.detach(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", TRUE_OF)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_twenty_steps_are_pytorch_s(torch: Any, name: str, options: dict[str, Any], dtype: str) -> None:
    ours, optimizer = trained(tl, name, options, dtype)
    theirs, expected = trained(torch, name, options, dtype)
    close(torch, ours, theirs, TRUE_OF[dtype])
    found, wanted = (o.state_dict()["state"] for o in (optimizer, expected))
    assert {k: {n: getattr(v, "is_sparse", type(v)) for n, v in s.items()} for k, s in found.items()} == {
        k: {n: getattr(v, "is_sparse", type(v)) for n, v in s.items()} for k, s in wanted.items()
    }


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_half_precision(name: str, options: dict[str, Any], dtype: str) -> None:
    tables, _ = trained(tl, name, options, dtype, 5)
    wide, _ = trained(tl, name, options, "float64", 5)
    for table, exact in zip(tables, wide, strict=True):
        assert tl.allclose(table.double(), exact, atol=0.1), "far from what float64 says"


@pytest.mark.parametrize(("name", "options"), CASES)
def test_rows_that_are_not_looked_up_stay(name: str, options: dict[str, Any]) -> None:
    tables, _ = trained(tl, name, options, "float32")
    assert tl.equal(tables[0][5], model(tl, "float32")[0][5])
    assert not tl.equal(tables[0][1], model(tl, "float32")[0][1])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_state_goes_on_where_it_was_saved(name: str, options: dict[str, Any]) -> None:
    straight, _ = trained(tl, name, options, "float64", 8)
    tables, first = trained(tl, name, options, "float64", 4)
    second = getattr(tl.optim, name)(tables, **options)
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    for step in range(4, 8):
        advance(tl, tables, second, step)
    for p, q in zip(tables, straight, strict=True):
        assert tl.allclose(p, q, rtol=1e-12)


@pytest.mark.parametrize("other", ["strict", "emulated"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_on_other_devices(name: str, options: dict[str, Any], other: str) -> None:
    def after(device: str) -> Any:
        table = model(tl, "float32")[0].detach().to(device).requires_grad_()
        optimizer = getattr(tl.optim, name)([table], **options)
        for step in range(3):
            optimizer.zero_grad()
            index = tl.tensor([[step, 1], [1, 2]], device=device)
            (tl.nn.functional.embedding(index, table, sparse=True) ** 2).sum().backward()
            optimizer.step()
        return table.detach().cpu()

    assert tl.allclose(after(other), after("cpu"))


@pytest.mark.parametrize("name", OTHERS)
def test_the_others_refuse(torch: Any, name: str) -> None:
    def text(lib: Any) -> str:
        table = model(lib, "float32")[0]
        lib.nn.functional.embedding(lib.tensor([1]), table, sparse=True).sum().backward()
        before = str(table)
        with pytest.raises(RuntimeError, match="does not support sparse gradients") as error:
            getattr(lib.optim, name)([table], lr=0.1).step()
        assert str(table) == before
        return str(error.value).partition(" ")[2]  # PyTorch's AdamW calls itself Adam here

    assert text(tl) == text(torch)


def test_lbfgs_makes_them_dense(torch: Any) -> None:
    def after(lib: Any, sparse: bool) -> Any:
        table = model(lib, "float64")[0]
        optimizer = lib.optim.LBFGS([table], lr=0.5, max_iter=5)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (lib.nn.functional.embedding(lib.tensor([[1, 3], [1, 0]]), table, sparse=sparse) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return table

    close(torch, [after(tl, True)], [after(torch, True)], 1e-9)
    assert tl.allclose(after(tl, True), after(tl, False))


def test_dense_and_sparse_gradients_in_turn(torch: Any) -> None:
    """What momentum has gathered is dense then."""

    def after(lib: Any) -> Any:
        table = model(lib, "float64")[0]
        optimizer = lib.optim.SGD([table], lr=0.1, momentum=0.9)
        for sparse in (False, True, True, False):
            optimizer.zero_grad()
            (lib.nn.functional.embedding(lib.tensor([[1, 3], [1, 0]]), table, sparse=sparse) ** 2).sum().backward()
            optimizer.step()
        return table

    close(torch, [after(tl)], [after(torch)], 1e-12)


def test_one_of_many_is_sparse(torch: Any) -> None:
    def after(lib: Any) -> list[Any]:
        table, weight = model(lib, "float64")
        optimizer = lib.optim.SGD([weight, table], lr=0.1)
        ((lib.nn.functional.embedding(lib.tensor([1, 4]), table, sparse=True) * weight[:2]).sum() * 2).backward()
        optimizer.step()
        return [table, weight]

    close(torch, after(tl), after(torch), 1e-12)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"weight_decay": 0.1}), ("SGD", {"differentiable": True}), ("Adagrad", {"weight_decay": 0.1}),
        ("Adagrad", {"differentiable": True}),
    ],
)  # fmt: skip
def test_options_that_need_dense_gradients(name: str, options: dict[str, Any]) -> None:
    table = model(tl, "float32")[0]
    tl.nn.functional.embedding(tl.tensor([1]), table, sparse=True).sum().backward()
    before = table.detach().clone()
    with pytest.raises(RuntimeError, match="sparse gradients go with neither"):
        getattr(tl.optim, name)([table], lr=0.1, **options).step()
    assert tl.equal(table, before)


def test_sparse_parameters_are_refused() -> None:
    table = tl.zeros(3).to_sparse()
    for params in ([table], [{"params": [tl.ones(1, requires_grad=True)]}, {"params": [table]}]):
        with pytest.raises(ValueError, match="requires dense parameter tensors"):
            tl.optim.SparseAdam(params)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none: bool) -> None:
    table = model(tl, "float32")[0]
    tl.nn.functional.embedding(tl.tensor([1]), table, sparse=True).sum().backward()
    optimizer = tl.optim.SparseAdam([table])
    optimizer.zero_grad(set_to_none)
    if set_to_none:
        assert table.grad is None
        return
    assert table.grad.is_sparse and table.grad._nnz() == 0
    before = table.detach().clone()
    optimizer.step()
    assert tl.equal(table, before)


def test_clipping_refuses_as_in_pytorch(torch: Any) -> None:
    for lib in (tl, torch):
        table = model(lib, "float32")[0]
        lib.nn.functional.embedding(lib.tensor([1]), table, sparse=True).sum().backward()
        with pytest.raises(NotImplementedError):
            lib.nn.utils.clip_grad_norm_([table], 1.0)
        with pytest.raises(NotImplementedError):
            lib.nn.utils.clip_grad_value_([table], 1.0)
        assert table.grad._values().sum() == 3
