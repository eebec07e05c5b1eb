"""Every row of the table: values, dtypes and gradients equal PyTorch's; derivatives are those of finite differences; every device
gives the same."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from harness import CPU, EMULATED, STRICT, Library, Torch, compare, compare_arrays, gradients, needs, quiet, run, special_arrays
from rows import Row
from table import ROWS

import tensorlite as tl
from tensorlite.tensor import random, spelling

pytestmark = pytest.mark.filterwarnings("error")

GRADIENT_DTYPES = ("float64", "float32", "complex128")


def each(rows: list[Row]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=str)


@pytest.fixture(scope="session")
def torch() -> Torch:
    """The oracle; tests that need it are skipped where it is not installed."""
    pytest.importorskip("torch")
    return Torch()


def oracle(torch: Library, row: Row, dtype: str, **options: Any) -> Any:
    """PyTorch's result, or None where it refuses or warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return run(torch, row, dtype, **options)[0]
        except (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError, UserWarning, AttributeError):
            return None


def check_forward(torch: Library, row: Row, dtype: str, **options: Any) -> bool:
    expected = oracle(torch, row, dtype, **options)
    if expected is None:
        return False
    compare(run(CPU, row, dtype, **options)[0], expected, CPU, torch, row.rtol)
    return True


@each(ROWS)
def test_forward(torch: Library, row: Row) -> None:
    """Every dtype that PyTorch takes."""
    tried = failed = 0
    reasons = []
    for dtype in row.dtypes:
        try:
            tried += check_forward(torch, row, dtype)
        except Exception as error:  # noqa: BLE001 - all dtypes are reported together
            failed += 1
            reasons.append(f"{dtype}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
    assert tried or failed, "PyTorch takes none of the dtypes: the row is wrong"
    assert not failed, "\n".join(reasons)


@each([r for r in ROWS if r.pointwise])
def test_shapes(torch: Library, row: Row) -> None:
    """0-d and empty tensors."""
    for shape in ((), (0,), (2, 0, 3)):
        for dtype in ("float32", "int64"):
            if dtype in row.dtypes:
                check_forward(torch, row.reshaped(shape), dtype)


@each([r for r in ROWS if r.pointwise and r.special])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_special_values(torch: Library, row: Row, dtype: str) -> None:
    """nan, infinities and signed zeros."""
    arrays = special_arrays(row, dtype)
    if arrays is not None and dtype in row.dtypes:
        check_forward(torch, row, dtype, arrays=arrays)


NEED_DENSE = (
    "view", "as_strided", "view_as", "in place[view]", "view_copy", "as_strided_copy", "as_strided_scatter", "view_as_complex_copy",
)


@each([r for r in ROWS if any(i.shape for i in r.inputs) and not {r.function, r.name} & set(NEED_DENSE)])
def test_strided(torch: Library, row: Row) -> None:
    """Inputs whose elements do not lie one after the other: values and gradients."""
    for dtype in dict.fromkeys(("float64", *row.dtypes)):
        try:
            expected = run(CPU, row, dtype)[0] if dtype in row.dtypes else None
        except (RuntimeError, TypeError):
            continue  # not a dtype of this function
        if expected is not None:
            break
    compare(run(CPU, row, dtype, strided=True)[0], expected, CPU, CPU)
    if row.grad and dtype == "float64":
        check_gradients(CPU, row, dtype, {"strided": True}, {})


def check_gradients(other: Library, row: Row, dtype: str, ours_options: Any, options: Any) -> None:
    expected = gradients(other, row, dtype, **options)
    ours = gradients(CPU, row, dtype, **ours_options)
    for a, b in zip(ours, expected, strict=True):
        if a is None or b is None:
            assert a is None or not np.any(a), "a gradient where there should be none"
            assert b is None or not np.any(b), "no gradient"
        else:
            compare_arrays(a, b, dtype, row.rtol * 4)


@each([r for r in ROWS if r.grad])
@pytest.mark.parametrize("dtype", GRADIENT_DTYPES)
def test_gradient(torch: Library, row: Row, dtype: str) -> None:
    """Gradients of a random cotangent equal PyTorch's."""
    if dtype not in row.dtypes or dtype.startswith("complex") and not row.complex_grad:
        return
    if oracle(torch, row, dtype) is None:
        return
    try:
        gradients(torch, row, dtype)
    except (RuntimeError, NotImplementedError):
        return
    check_gradients(torch, row, dtype, {}, {})


@each([r for r in ROWS if r.grad and "float64" in r.dtypes and "no finite differences" not in r.tags])
def test_gradcheck(row: Row) -> None:
    """Gradients equal finite differences."""
    from tensorlite.autograd import gradcheck

    with quiet():
        assert gradcheck(*_function(row))


@each([r for r in ROWS if r.gradgrad and r.grad and "float64" in r.dtypes and "no finite differences" not in r.tags])
def test_gradgradcheck(row: Row) -> None:
    """Second derivatives equal finite differences of the first."""
    from tensorlite.autograd import gradgradcheck

    with quiet():
        assert gradgradcheck(*_function(row))


def _function(row: Row) -> tuple[Any, tuple[Any, ...]]:
    """The call as a function of its differentiable inputs that returns its differentiable results."""
    needs(row)
    tensors = [
        CPU.tensor(a, "float64" if i.differentiable else a.dtype.name, i.differentiable)
        for i, a in zip(row.inputs, row.arrays("float64"), strict=True)
    ]
    where = [n for n, i in enumerate(row.inputs) if i.differentiable]

    def function(*xs: Any) -> Any:
        given = list(tensors)
        for n, x in zip(where, xs, strict=True):
            given[n] = x
        result = row.call(tl, *given)
        return tuple(t for t in result if t.requires_grad) if isinstance(result, (tuple, list)) else result

    return function, tuple(tensors[n] for n in where)


@each(ROWS)
def test_strict_device(row: Row) -> None:
    """The device that refuses NumPy gives the same values and gradients. It runs the bodies, the CPU the kernels."""
    dtypes = [d for d in ("float32", "int64", "complex64") if d in row.dtypes] or list(row.dtypes[:1])
    for dtype in dtypes:
        try:
            expected = run(CPU, row, dtype)[0]
        except (RuntimeError, TypeError, IndexError, ValueError):
            continue
        compare(run(STRICT, row, dtype)[0], expected, STRICT, CPU, row.rtol)
        if row.grad and dtype != "int64":
            check_gradients(STRICT, row, dtype, {}, {})


def check_device(device: Library, row: Row) -> None:
    """Values and gradients equal the CPU's, in every dtype."""
    for dtype in row.dtypes:
        try:
            expected = run(CPU, row, dtype)[0]
        except (RuntimeError, TypeError, IndexError, ValueError):
            continue
        compare(run(device, row, dtype)[0], expected, device, CPU, row.rtol)
        if row.grad and dtype in ("float32", "complex64"):
            check_gradients(device, row, dtype, {}, {})


@each(ROWS)
def test_emulated_cuda(row: Row) -> None:
    """The CUDA backend's code, as far as it runs without a GPU."""
    check_device(EMULATED, row)


@pytest.mark.cuda
@each(ROWS if tl.cuda.is_available() else [])
def test_cuda(row: Row) -> None:
    """The GPU itself."""
    check_device(Library("cuda"), row)


@each([r for r in ROWS if r.plain and hasattr(tl.Tensor, r.function) and r.function != "where"])
def test_method(row: Row) -> None:
    """``x.name(...)`` is ``tl.name(x, ...)``."""
    method = replace(row, call=lambda m, x, *rest: getattr(x, row.function)(*rest))
    for dtype in ("float32", "int64"):
        if dtype in row.dtypes:
            try:
                expected = run(CPU, row, dtype)[0]
            except (RuntimeError, TypeError):
                continue
            compare(run(CPU, method, dtype)[0], expected, CPU, CPU, exact=True)


@each([r for r in ROWS if r.plain and hasattr(tl.Tensor, r.function + "_")])
def test_inplace(torch: Library, row: Row) -> None:
    """``x.name_(...)``: PyTorch's values, dtypes and refusals, and gradients through the old and the new value."""

    def call(m: Any, x: Any, *rest: Any) -> Any:
        copy = x * 1 if x.dtype is not m.bool else x.clone()
        returned = getattr(copy, row.function + "_")(*rest)
        assert returned is copy
        return copy

    inplace = replace(row, call=call)
    for dtype in row.dtypes:
        expected = oracle(torch, inplace, dtype)
        if expected is not None:
            compare(run(CPU, inplace, dtype)[0], expected, CPU, torch, row.rtol)
    if row.grad and oracle(torch, inplace, "float64") is not None:
        try:
            gradients(torch, inplace, "float64")
        except NotImplementedError:
            return
        check_gradients(torch, inplace, "float64", {}, {})


@each([r for r in ROWS if r.plain and hasattr(tl, r.function)])
def test_out(torch: Library, row: Row) -> None:
    """``out=``: where PyTorch has it, the result is written there."""

    def call(m: Any, *tensors: Any) -> Any:
        result = getattr(m, row.function)(*tensors)
        if not isinstance(result, (m.Tensor,)):
            return result
        out = m.empty(result.shape, dtype=result.dtype)
        returned = getattr(m, row.function)(*tensors, out=out)
        assert returned is out
        return out

    with_out = replace(row, call=call)
    dtype = "float32" if "float32" in row.dtypes else row.dtypes[0]
    expected = oracle(torch, with_out, dtype)
    if expected is not None:
        compare(run(CPU, with_out, dtype)[0], expected, CPU, torch, row.rtol)


# Functions that the table does not call, and why.
ELSEWHERE = {
    "give whatever lies in memory": "empty empty_strided empty_permuted new_empty_strided",
    "share memory with other libraries": "from_numpy from_dlpack frombuffer",
    "have no tensors": "broadcast_shapes",
}
# Random functions have tests of their own: their numbers come from generators.
SAMPLERS = (random.__name__, "tensorlite.tensor.sampling")
RANDOM = {n for n, f in {**spelling.functions, **spelling.methods}.items() if getattr(f, "__module__", "") in SAMPLERS}


def covered() -> set[str]:
    names = {r.function for r in ROWS}
    bodies = {id(getattr(f, "__wrapped__", f)) for n, f in spelling.functions.items() if n in names}
    bodies |= {id(f) for n, f in spelling.methods.items() if n in names}
    found = {n for n, f in {**spelling.functions, **spelling.methods}.items() if id(getattr(f, "__wrapped__", f)) in bodies}
    return names | found | {n for names in ELSEWHERE.values() for n in names.split()} | RANDOM


def test_every_function_has_a_row() -> None:
    """A new public function needs a row."""
    public = {n for n in {**spelling.functions, **spelling.methods} if not n.endswith("_")}
    missing = sorted(public - covered())
    assert not missing, f"functions without a row in the table: {' '.join(missing)}"


def test_every_nn_function_has_a_row() -> None:
    """The same for ``nn.functional``; random ones and their in-place forms are tested with the layers."""
    names = {r.function.removeprefix("F.") for r in ROWS if r.name.startswith("F.")}
    missing = sorted(
        n for n in tl.nn.functional.__all__ if n not in names and not n.endswith("_") and not n.startswith("dropout")
    )
    assert not missing, f"functions without a row in the table: {' '.join(missing)}"
