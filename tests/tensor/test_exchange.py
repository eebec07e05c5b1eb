"""Tensors in NumPy, Pillow, PyTorch and JAX, and theirs here, in the same memory where the other library allows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensorlite as tl

DTYPES = ["float32", "float16", "float64", "complex64", "int64", "int32", "int8", "uint8", "bool"]
X64 = {"float64", "int64"}  # JAX has them only if asked


def tensor(dtype: str) -> tl.Tensor:
    return tl.arange(6).reshape(2, 3).to(getattr(tl, dtype))


def library(name: str) -> Any:
    return pytest.importorskip({"numpy": "numpy", "torch": "torch", "jax": "jax.numpy"}[name])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_dlpack(name: str, dtype: str) -> None:
    lib, x = library(name), tensor(dtype)
    if name == "jax" and dtype in X64:
        pytest.skip("JAX narrows it")
    there = lib.from_dlpack(x)
    assert tuple(there.shape) == (2, 3) and str(there.dtype).rpartition(".")[2] == dtype and there.tolist() == x.tolist()
    back = tl.from_dlpack(there)
    assert back.dtype == x.dtype and tl.equal(back, x)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_memory_is_shared(name: str) -> None:
    lib, x = library(name), tl.zeros(3)
    lib.from_dlpack(x)[0] = 5
    assert x[0] == 5
    theirs = lib.zeros(3)
    tl.from_dlpack(theirs)[1] = 7
    assert theirs.tolist() == [0, 7, 0]


def test_memory_of_jax_is_not_written_to() -> None:
    jnp = library("jax")
    theirs = jnp.zeros(3)
    with pytest.raises(RuntimeError, match="clone"):
        tl.from_dlpack(theirs)[0] = 1
    assert theirs.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_strides(name: str) -> None:
    there = library(name).from_dlpack(tensor("float32").T)
    assert there.tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_a_tensor_with_a_gradient_is_refused(name: str) -> None:
    lib, x = library(name), tl.ones(2, requires_grad=True)
    with pytest.raises(BufferError, match="detach"):
        lib.from_dlpack(x)
    if name != "torch":
        with pytest.raises(RuntimeError, match="detach"):
            lib.asarray(x)


def test_numpy_takes_tensors_as_arrays() -> None:
    x = tl.arange(3.0)
    assert np.shares_memory(np.asarray(x), x.numpy()) and np.add(x.numpy(), 1).tolist() == [1, 2, 3]
    assert np.asarray(x, dtype=np.int64).dtype == np.int64 and not np.shares_memory(np.array(x), x.numpy())


def test_pillow_takes_arrays() -> None:
    image = pytest.importorskip("PIL.Image")
    picture = image.fromarray((tl.eye(2) * 255).to(tl.uint8).numpy())
    assert picture.getpixel((0, 0)) == 255 and picture.getpixel((1, 0)) == 0
    assert tl.from_numpy(np.array(picture)).tolist() == [[255, 0], [0, 255]]


class Described:
    """What a library sees that knows the description alone."""

    def __init__(self, x: tl.Tensor) -> None:
        self.__array_interface__ = x.__array_interface__


@pytest.mark.parametrize("dtype", DTYPES)
def test_array_interface(dtype: str) -> None:
    x = tensor(dtype).T
    there = np.asarray(Described(x))
    assert there.tolist() == x.tolist() and there.ctypes.data == x.data_ptr() and there.strides == x.numpy().strides


def test_no_array_interface() -> None:
    """What it cannot describe has none; NumPy then asks ``__array__``, which says what to do."""
    assert not hasattr(tl.ones(2, requires_grad=True), "__array_interface__")
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(tl.ones(2, requires_grad=True))
