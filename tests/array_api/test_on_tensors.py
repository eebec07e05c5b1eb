"""The namespace as tensors use it: gradients, the strict device, promotion, and what a tensor itself offers of the standard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from array_api_rows import ROWS, D, Named, Row

import tensorlite as tl
from tensorlite import array_api as xp
from tensorlite.autograd import gradcheck


def numbers(*shape: int, seed: int = 0) -> Any:
    tl.manual_seed(seed)
    return tl.rand(*shape, dtype=tl.float64) + 0.5


GRADIENTS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "add": (lambda x, y: xp.add(x, y), [(2, 3), (3,)]),
    "pow": (lambda x, y: xp.pow(x, y), [(2, 3), ()]),
    "divide a number": (lambda x: xp.divide(1, x), [(3,)]),
    "sign": (lambda x: xp.sign(x) * x, [(3,)]),
    "clip": (lambda x, y: xp.clip(x, 0.7, y), [(4,), ()]),
    "where": (lambda x, y: xp.where(x > 1, x, y), [(4,), ()]),
    "asarray of a list": (lambda x, y: xp.asarray([x, [y][0]]) ** 2, [(), ()]),
    "asarray copy": (lambda x: xp.asarray(x, copy=True) ** 2, [(3,)]),
    "astype": (lambda x: xp.astype(x, xp.complex128) * (1 + 2j), [(3,)]),
    "full": (lambda x: xp.full((2, 2), x) * 3, [()]),
    "concat": (lambda x, y: xp.concat([x, y], axis=None), [(2, 2), (3,)]),
    "stack": (lambda x, y: xp.stack([x, y], axis=-1), [(3,), (3,)]),
    "unstack": (lambda x: xp.unstack(x, axis=1)[1], [(2, 3)]),
    "tile": (lambda x: xp.tile(x, (2, 2)), [(3,)]),
    "repeat": (lambda x: xp.repeat(x, xp.asarray([2, 0, 1])), [(3,)]),
    "roll": (lambda x: xp.roll(x, 1) * x, [(4,)]),
    "take": (lambda x: xp.take(x, xp.asarray([2, 0, 2]), axis=1), [(2, 3)]),
    "take_along_axis": (lambda x: xp.take_along_axis(x, xp.argsort(x)), [(2, 3)]),
    "sort": (lambda x: xp.sort(x, descending=True), [(5,)]),
    "unique_values": (lambda x: xp.unique_values(x), [(4,)]),
    "sum": (lambda x: xp.sum(x, axis=(0, 2)), [(2, 3, 2)]),
    "sum of no axis": (lambda x: xp.sum(x, axis=()), [(2, 3)]),
    "prod": (lambda x: xp.prod(x, axis=(0, -1), keepdims=True), [(2, 3, 2)]),
    "max": (lambda x: xp.max(x, axis=(0, 1)), [(2, 3, 2)]),
    "mean": (lambda x: xp.mean(x, axis=-1), [(2, 3)]),
    "var": (lambda x: xp.var(x, axis=(0, 1), correction=1), [(2, 3, 2)]),
    "std": (lambda x: xp.std(x), [(4,)]),
    "cumulative_sum": (lambda x: xp.cumulative_sum(x, include_initial=True) ** 2, [(4,)]),
    "cumulative_prod": (lambda x: xp.cumulative_prod(x, axis=0, include_initial=True), [(3, 2)]),
    "diff": (lambda x, y: xp.diff(x, n=2, prepend=y) ** 2, [(4,), (1,)]),
    "vecdot": (lambda x, y: xp.vecdot(x, y, axis=-2), [(3, 2), (3, 1)]),
    "tensordot": (lambda x, y: xp.tensordot(x, y, axes=((1,), (0,))), [(2, 3), (3, 2)]),
    "linalg.solve": (lambda x, y: xp.linalg.solve(x + 3 * xp.eye(3, dtype=xp.float64), y), [(3, 3), (3,)]),
    "linalg.cholesky": (lambda x: xp.linalg.cholesky(x @ x.mT + 2 * xp.eye(2, dtype=xp.float64)), [(2, 2)]),
    "linalg.svdvals": (lambda x: xp.linalg.svd(x)[1], [(3, 2)]),
    "linalg.trace": (lambda x: xp.linalg.trace(x, offset=1), [(2, 3, 3)]),
    "linalg.cross": (lambda x, y: xp.linalg.cross(x, y), [(2, 3), (3,)]),
    "linalg.outer": (lambda x, y: xp.linalg.outer(x, y), [(2,), (3,)]),
    "fft.rfft": (lambda x: xp.fft.rfft(x, n=6), [(5,)]),
    "fft.fftn": (lambda x: xp.real(xp.fft.fftn(xp.astype(x, xp.complex128))), [(2, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name: str) -> None:
    function, shapes = GRADIENTS[name]
    inputs = [numbers(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes)]
    assert gradcheck(function, tuple(inputs))


WRITTEN: dict[str, Callable[..., Any]] = {
    name: getattr(xp, name) for name in ("exp", "sqrt", "tanh", "reciprocal", "max", "min", "std", "prod", "cumulative_prod")
} | {name: getattr(xp.linalg, name) for name in ("inv", "cholesky", "det", "eigvalsh", "svdvals", "vector_norm")}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_results_may_be_written_into(name: str) -> None:
    """Programs for the standard do so; the gradient is that of what was not overwritten."""
    x = (3 * tl.eye(3, dtype=tl.float64) + 0.1 * numbers(3, 3)).requires_grad_()
    options = {"axis": 0} if name in ("max", "cumulative_prod") else {}

    def half(x: Any) -> Any:
        made = WRITTEN[name](x @ x.mT, **options) * 1
        return made.reshape(-1)[: -1 if made.ndim else None].sum()

    def overwritten(x: Any) -> Any:
        made = WRITTEN[name](x @ x.mT, **options)
        if made.ndim:
            made[(-1,) * made.ndim] = 0.0
        else:
            made = made.clone() + made.mul_(2) / 2 - made / 2
        return made.sum()

    (wanted,), (found,) = (tl.autograd.grad(f(x), x) for f in (half, overwritten))
    assert tl.allclose(found, wanted)


def given(value: Any, dtype: str, device: str) -> Any:
    """An argument of a row on a device."""
    if isinstance(value, type) and value is D:
        return getattr(xp, dtype)
    if isinstance(value, Named):
        return getattr(xp, value.name)
    if hasattr(value, "make"):
        return xp.asarray(value.make(dtype)).to(device)
    return type(value)(given(v, dtype, device) for v in value) if isinstance(value, (list, tuple)) else value


def flat(out: Any) -> list[Any]:
    if isinstance(out, tuple):
        return [x for part in out for x in flat(part)]
    return [out]


# The first row of every kind of call.
ON_DEVICE = {
    f"{r.name} {len(r.args)} {sorted(r.options)}": r for r in reversed(ROWS) if any(hasattr(a, "make") for a in flat(tuple(r.args)))
}


@pytest.mark.parametrize("device", ["strict", "emulated"])  # the latter is the CUDA backend over NumPy
@pytest.mark.parametrize("name", ON_DEVICE)
def test_runs_on_other_devices(name: str, device: str) -> None:
    row: Row = ON_DEVICE[name]
    function: Any = xp
    for part in row.name.split("."):
        function = getattr(function, part)
    dtype = row.dtypes[-1]
    results = [
        flat(function(*(given(a, dtype, where) for a in row.args), **{k: given(v, dtype, where) for k, v in row.options.items()}))
        for where in ("cpu", device)
    ]
    for here, there in zip(*results, strict=True):
        if isinstance(here, tl.Tensor):
            assert there.device.type == device and there.dtype is here.dtype and there.shape == here.shape
            if not row.only_shape:
                assert_close(there.cpu(), here)
        else:
            assert there == here or here != here


def assert_close(x: Any, y: Any) -> None:
    single = y.dtype in (tl.float32, tl.complex64)
    assert tl.allclose(x.to(tl.complex128), y.to(tl.complex128), rtol=1e-4 if single else 1e-9, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", ["zeros", "ones", "full", "arange", "linspace", "eye", "asarray"])
def test_makes_on_a_device(name: str) -> None:
    args = {"full": (2, 1.0), "linspace": (0, 1, 3), "asarray": ([1, 2],)}.get(name, (3,))
    made = getattr(xp, name)(*args, device="strict")
    assert made.device == tl.device("strict")
    assert tl.equal(made.cpu(), getattr(xp, name)(*args))
    assert xp.asarray(made).device == made.device and xp.zeros_like(made).device == made.device
    assert xp.astype(made, xp.float64, device="cpu").device == tl.device("cpu")


def test_0d_tensors_promote_in_functions_and_not_in_operators() -> None:
    x, y = tl.ones(2), tl.ones((), dtype=tl.float64)
    assert xp.add(x, y).dtype is xp.float64 and (x + y).dtype is tl.float32
    assert xp.where(x > 0, x, y).dtype is xp.float64
    assert xp.add(tl.ones(2, dtype=tl.uint16), tl.ones(2, dtype=tl.int8)).dtype is xp.int32


def test_the_default_dtype_is_tensorlites() -> None:
    assert xp.ones(2).dtype is xp.asarray(1.5).dtype is xp.linspace(0, 1, 3).dtype is xp.float32
    assert xp.asarray(1j).dtype is xp.complex64 and xp.arange(3).dtype is xp.int64


@pytest.mark.parametrize("bound", [(-5, None), (None, 300), (-5, 300)])
def test_clip_leaves_out_bounds_that_no_element_reaches(bound: tuple[Any, Any]) -> None:
    x = tl.tensor([0, 100, 255], dtype=tl.uint8)
    assert tl.equal(xp.clip(x, *bound), x)


def test_clip_refuses_bounds_beyond_the_dtype() -> None:
    with pytest.raises(ValueError, match="beyond all numbers of torch.uint8"):
        xp.clip(tl.tensor([0, 100], dtype=tl.uint8), 300)


def test_what_a_tensor_offers() -> None:
    x = tl.ones(2, 3)
    assert x.__array_namespace__() is x.__array_namespace__(api_version="2021.12") is xp is tl.array_api
    with pytest.raises(ValueError, match="2099.12 is not supported"):
        x.__array_namespace__(api_version="2099.12")
    assert x.to_device("strict").device == tl.device("strict") and x.to_device("cpu") is x
    with pytest.raises(ValueError, match="stream must be None"):
        x.to_device("cpu", stream=1)
    assert x.mT.shape == x.T.shape == (3, 2) and x.ndim == 2 and x.shape == (2, 3) and x.device == tl.device("cpu")
