"""Runs a row on one library and compares what comes out."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from rows import Row

import tensorlite as tl
from tensorlite.autograd.base import TensorBase, wrap
from tensorlite.backends import get_backend

__all__ = [
    "CPU",
    "EMULATED",
    "STRICT",
    "Library",
    "Torch",
    "compare",
    "compare_arrays",
    "flat",
    "gradients",
    "needs",
    "quiet",
    "run",
    "special_arrays",
]

# Relative and absolute tolerance of a comparison of two libraries.
TOLERANCES = {
    "float64": (1e-11, 1e-12),
    "complex128": (1e-11, 1e-12),
    "float32": (3e-5, 2e-6),
    "complex64": (1e-4, 1e-5),
    "float16": (4e-3, 2e-3),
    "bfloat16": (2e-2, 1.6e-2),
}


class Library:
    """tensorlite on one device."""

    module: Any = tl

    def __init__(self, device: str) -> None:
        self.device = device

    def tensor(self, array: np.ndarray[Any, Any], dtype: str, requires_grad: bool = False) -> Any:
        cpu, xp = get_backend("cpu"), get_backend(self.device)
        made = wrap(cpu.from_numpy(np.array(array)), cpu)
        if dtype == "bfloat16" and array.dtype.name == "float32":
            made = made.to(tl.bfloat16)
        if xp is not cpu:
            made = wrap(xp.from_numpy(made._array), xp)
        return made.requires_grad_() if requires_grad else made

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, TensorBase)

    def numpy(self, x: Any) -> np.ndarray[Any, Any]:
        array = get_backend(self.device).to_numpy(x._array) if x._xp is get_backend(self.device) else _elsewhere(x, self.device)
        return array.astype("float32") if array.dtype.name == "bfloat16" else array

    def dtype_name(self, x: Any) -> str:
        return str(x.dtype).removeprefix("torch.")

    def gradients(self, outputs: list[Any], inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        return list(self.module.autograd.grad(outputs, inputs, cotangents, allow_unused=True))


def _elsewhere(x: Any, device: str) -> Any:
    raise AssertionError(f"expected a tensor on {device}, but it is on {x.device}")


class Torch(Library):
    """PyTorch, the oracle."""

    def __init__(self) -> None:
        import torch

        self.module = torch

    def tensor(self, array: np.ndarray[Any, Any], dtype: str, requires_grad: bool = False) -> Any:
        made = self.module.from_numpy(np.array(array))
        if dtype == "bfloat16" and array.dtype.name == "float32":
            made = made.to(self.module.bfloat16)
        return made.requires_grad_() if requires_grad else made

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, self.module.Tensor)

    def numpy(self, x: Any) -> np.ndarray[Any, Any]:
        return (x.float() if x.dtype is self.module.bfloat16 else x).numpy(force=True)


CPU, STRICT, EMULATED = Library("cpu"), Library("strict"), Library("emulated")


def run(
    library: Library, row: Row, dtype: str, *, arrays: Any = None, requires_grad: bool = False, strided: bool = False
) -> Any:
    """The result of a row's call, and the inputs that may have gradients."""
    if not hasattr(library.module, row.function) and row.plain:
        pytest.skip(f"{library.module.__name__} has no {row.function}")
    needs(row)
    arrays = row.arrays(dtype) if arrays is None else arrays
    tensors = []
    for maker, array in zip(row.inputs, arrays, strict=True):
        wanted = requires_grad and maker.differentiable and array.dtype.kind in "fc"
        tensors.append(library.tensor(array, dtype if maker.differentiable else array.dtype.name, wanted))
    leaves = [t for t in tensors if t.requires_grad]
    given = [_strided(t) for t in tensors] if strided else tensors
    with quiet():
        if row.tags & {"deprecated"}:
            warnings.simplefilter("ignore")
        if not given and not isinstance(library, Torch):
            with tl.device(library.device):
                return row.call(library.module), leaves
        return row.call(library.module, *given), leaves


def needs(row: Row) -> None:
    """Skip the test where an optional package is missing."""
    if "scipy" in row.tags:
        pytest.importorskip("scipy", reason="special functions come from SciPy")


@contextmanager
def quiet() -> Iterator[None]:
    """The filter that tensorlite installs when it is imported; pytest resets the filters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tensorlite\.")
        yield


def _strided(t: Any) -> Any:
    """The same numbers with other strides."""
    if t.ndim == 0:
        return t
    if t.ndim == 1:
        return t.unsqueeze(1).repeat(1, 2)[:, 0]
    return t.transpose(0, -1).clone().contiguous().transpose(0, -1)


def flat(library: Library, result: Any) -> list[Any]:
    """The tensors in a result."""
    if library.is_tensor(result):
        return [result]
    return [t for part in result for t in flat(library, part)] if isinstance(result, (tuple, list)) else []


def gradients(library: Library, row: Row, dtype: str, **options: Any) -> list[np.ndarray[Any, Any] | None]:
    """Gradients of all inputs for a random cotangent of every output."""
    result, leaves = run(library, row, dtype, requires_grad=True, **options)
    outputs = [t for t in flat(library, result) if t.requires_grad]
    rng = np.random.default_rng(zlib.crc32(row.name.encode()) + 1)
    cotangents = []
    for t in outputs:
        name = library.dtype_name(t)
        values = rng.standard_normal(tuple(t.shape))
        if name.startswith("complex"):
            values = values + 1j * rng.standard_normal(tuple(t.shape))
        cotangents.append(library.tensor(np.asarray(values).astype("float32" if name == "bfloat16" else name), name))
    if not outputs:
        return [None for _ in leaves]
    with quiet():
        found = library.gradients(outputs, leaves, cotangents)
    for g, leaf in zip(found, leaves, strict=True):
        if g is not None:
            assert library.dtype_name(g) == library.dtype_name(leaf), f"gradient of dtype {g.dtype} for {leaf.dtype}"
            assert tuple(g.shape) == tuple(leaf.shape), f"gradient of shape {g.shape} for {leaf.shape}"
    return [None if g is None else library.numpy(g.detach()) for g in found]


def compare(ours: Any, theirs: Any, first: Library, second: Library, scale: float = 1.0, exact: bool = False) -> None:
    """Structure, dtype, shape and values of two results."""
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), f"{len(ours)} results instead of {len(theirs)}"
        fields = getattr(theirs, "_fields", None) or [f for f in dir(type(theirs)) if f in ("values", "indices")]
        for name in fields if type(theirs).__name__ != "tuple" else ():
            assert hasattr(ours, name), f"the result has no field {name}"
        for a, b in zip(ours, theirs, strict=True):
            compare(a, b, first, second, scale, exact)
        return
    if not second.is_tensor(theirs):
        assert ours == theirs and type(ours) is type(theirs), f"{ours!r} instead of {theirs!r}"
        return
    assert first.is_tensor(ours), f"a {type(ours).__name__} instead of a tensor"
    dtype = second.dtype_name(theirs)
    assert first.dtype_name(ours) == dtype, f"dtype {first.dtype_name(ours)} instead of {dtype}"
    assert tuple(ours.shape) == tuple(theirs.shape), f"shape {tuple(ours.shape)} instead of {tuple(theirs.shape)}"
    compare_arrays(first.numpy(ours.detach()), second.numpy(theirs), dtype, scale, exact)


def compare_arrays(ours: Any, theirs: Any, dtype: str, scale: float = 1.0, exact: bool = False) -> None:
    if exact or dtype not in TOLERANCES:
        np.testing.assert_array_equal(ours, theirs)
    else:
        rtol, atol = TOLERANCES[dtype]
        np.testing.assert_allclose(ours, theirs, rtol=rtol * scale, atol=atol * scale, equal_nan=True)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e300, -1e-300, np.inf, -np.inf, np.nan]


def special_arrays(row: Row, dtype: str) -> list[np.ndarray[Any, Any]] | None:
    """All combinations of nan, infinities, zeros and some ordinary numbers, for one or two inputs."""
    if not all(i.kind in ("real", "apart") for i in row.inputs) or len(row.inputs) > 2:
        return None
    with np.errstate(over="ignore", under="ignore"):
        values = np.array(SPECIAL).astype(dtype)
    return [values] if len(row.inputs) == 1 else [values[:, None], values]
