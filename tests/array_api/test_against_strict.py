"""Every function of the array API standard against array-api-strict: values, dtypes, shapes, and how it may be called."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from array_api_rows import ROWS, D, Named, Row

import tensorlite as tl
from tensorlite import array_api as xp

strict = pytest.importorskip("array_api_strict")
if strict.__array_api_version__ != xp.__array_api_version__:
    pytest.skip("this array-api-strict implements another version of the standard", allow_module_level=True)


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """array-api-strict makes float64 of Python's floats."""
    tl.set_default_dtype(tl.float64)
    yield
    tl.set_default_dtype(tl.float32)


def lookup(namespace: Any, name: str) -> Any:
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def given(namespace: Any, value: Any, dtype: str) -> Any:
    """An argument of a row as the namespace has it."""
    if isinstance(value, type) and value is D:
        return getattr(namespace, dtype)
    if isinstance(value, Named):
        return getattr(namespace, value.name)
    if hasattr(value, "make"):
        return namespace.asarray(value.make(dtype))
    if isinstance(value, (list, tuple)):
        return type(value)(given(namespace, v, dtype) for v in value)
    return value


def call(namespace: Any, row: Row, dtype: str) -> Any:
    args = [given(namespace, a, dtype) for a in row.args]
    return lookup(namespace, row.name)(*args, **{k: given(namespace, v, dtype) for k, v in row.options.items()})


def parts(out: Any) -> list[Any]:
    """The things in a result that can be compared, with the names that they have."""
    if hasattr(out, "_fields") or dataclasses.is_dataclass(out):
        fields = getattr(out, "_fields", None) or [f.name for f in dataclasses.fields(out)]
        return [(name, parts(getattr(out, name))) for name in fields]
    if isinstance(out, tuple):
        return [parts(v) for v in out]
    if hasattr(out, "shape"):
        shape = tuple(out.shape)
        values = np.asarray(out.tolist() if isinstance(out, tl.Tensor) else np.from_dlpack(out))
        return [str(out.dtype).rpartition(".")[2], shape, values.reshape(shape)]
    return [out if isinstance(out, (bool, int, float)) else str(out).rpartition(".")[2]]


def assert_same(ours: Any, theirs: Any, only_shape: bool) -> None:
    assert type(ours) is type(theirs)
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        if len(theirs) == 3 and isinstance(theirs[2], np.ndarray):
            assert ours[:2] == theirs[:2]
            if not only_shape:
                single = theirs[0] in ("float32", "complex64")
                exact = theirs[2].dtype.kind in "biu"
                scale = 1 if exact or not theirs[2].size else np.nanmax(np.abs(theirs[2][np.isfinite(theirs[2])]), initial=0)
                rtol, atol = (0, 0) if exact else (1e-5, 1e-6 * scale) if single else (1e-12, 1e-13 * scale)
                np.testing.assert_allclose(ours[2], theirs[2], rtol=rtol, atol=atol)
            return
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, only_shape)
    else:
        assert ours == pytest.approx(theirs, rel=1e-6) if isinstance(theirs, float) else ours == theirs


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.name}-{i}" for i, r in enumerate(ROWS)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_equals_array_api_strict(row: Row) -> None:
    for dtype in row.dtypes:
        assert_same(parts(call(xp, row, dtype)), parts(call(strict, row, dtype)), row.only_shape)


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 0.5, 3.0, -3.0, 1e300, -1e-310]
PAIRS = np.meshgrid(SPECIAL, SPECIAL)
OF_FLOATS = [row for row in ROWS if "float64" in row.dtypes and row.name in set(xp.elementwise.__all__) - {"clip"}]
OF_SPECIAL = sorted({(row.name, len(row.args)) for row in OF_FLOATS})


@pytest.mark.parametrize(("name", "count"), OF_SPECIAL)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values(name: str, count: int) -> None:
    """nan, infinities, zeros of both signs and numbers at the ends of the range, all with all."""
    for dtype in ("float32", "float64"):
        arrays = [np.asarray(a).astype(dtype) for a in (PAIRS if count == 2 else [SPECIAL])]
        ours = getattr(xp, name)(*(xp.asarray(a) for a in arrays)).numpy()
        theirs = np.from_dlpack(getattr(strict, name)(*(strict.asarray(a) for a in arrays)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5 if dtype == "float32" else 1e-12, atol=0)
        if theirs.dtype.kind == "f":
            zeros = theirs == 0
            assert (np.signbit(ours[zeros]) == np.signbit(theirs[zeros])).all()


OWN = {"Device", "ArrayAPIStrictFlags", "set_array_api_strict_flags", "get_array_api_strict_flags", "reset_array_api_strict_flags",
       "__version__"}  # fmt: skip
NAMES = sorted(set(strict.__all__) - OWN)
NAMES += [f"linalg.{n}" for n in [*strict.linalg.__all__, "eig", "eigvals"]] + [f"fft.{n}" for n in strict.fft.__all__]
FUNCTIONS = [n for n in NAMES if inspect.isfunction(lookup(strict, n)) and n[0] != "_"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_exists(name: str) -> None:
    assert lookup(xp, name) is not None or name == "newaxis"
    namespace, _, last = name.rpartition(".")
    assert last in (lookup(xp, namespace) if namespace else xp).__all__


def test_every_function_is_compared() -> None:
    missing = set(FUNCTIONS) - {row.name for row in ROWS}
    assert missing == {"from_dlpack"}  # below: it takes arrays of other libraries


def test_nothing_else_is_public() -> None:
    assert set(xp.__all__) == set(strict.__all__) - OWN
    assert set(xp.linalg.__all__) == {*strict.linalg.__all__, "eig", "eigvals"} and set(xp.fft.__all__) == set(strict.fft.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_is_called_alike(name: str) -> None:
    def shape(function: Any) -> list[tuple[str, Any, Any]]:
        """Names, kinds and defaults; array-api-strict marks a missing argument of older versions by an object of its own."""
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, None if type(p.default).__name__ == "Undef" else p.default) for p in found]

    assert shape(lookup(xp, name)) == shape(lookup(strict, name))


@pytest.mark.parametrize("name", ["e", "pi", "inf", "nan", "newaxis", "__array_api_version__"])
def test_constants(name: str) -> None:
    ours, theirs = getattr(xp, name), getattr(strict, name)
    assert ours == theirs or ours != ours and theirs != theirs


def test_inspection() -> None:
    ours, theirs = xp.__array_namespace_info__(), strict.__array_namespace_info__()
    assert ours.capabilities() == theirs.capabilities()
    for kind in (None, "bool", "integral", "numeric", "signed integer", "unsigned integer", "real floating", "complex floating",
                 ("bool", "real floating")):  # fmt: skip
        assert set(ours.dtypes(kind=kind)) == set(theirs.dtypes(kind=kind))
        assert all(getattr(xp, name) is dtype for name, dtype in ours.dtypes(kind=kind).items())
    assert {k: v.name for k, v in ours.default_dtypes().items()} == {
        k: str(v).rpartition(".")[2] for k, v in theirs.default_dtypes().items()
    }
    assert ours.default_device() in ours.devices()
    with pytest.raises(ValueError, match="unknown kind"):
        ours.dtypes(kind="float")


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32", "complex64"])
@pytest.mark.parametrize("invert", [False, True])
def test_isin_of_every_dtype(dtype: str, invert: bool) -> None:
    """array-api-strict 2.6 takes integers only, and leaves `invert` unread."""
    x, tests = (np.array(v).astype(dtype) for v in ([[0, 1, 2], [3, 1, 0]], [1, 3]))
    found = xp.isin(xp.asarray(x), xp.asarray(tests), invert=invert)
    assert found.tolist() == np.isin(x, tests, invert=invert).tolist()


def test_from_dlpack() -> None:
    source = strict.asarray([1.0, 2.0])
    assert xp.from_dlpack(source).tolist() == [1.0, 2.0]
    memory = np.zeros(3)
    xp.from_dlpack(memory)[0] = 7
    xp.from_dlpack(memory, copy=True)[1] = 7
    assert memory.tolist() == [7, 0, 0]
    assert strict.from_dlpack(xp.asarray([1, 2])).dtype == strict.int64


REFUSED: dict[str, tuple[Any, Any]] = {
    "asarray": (ValueError, lambda xp: xp.asarray([1, 2], copy=False)),
    "asarray dtype": (ValueError, lambda xp: xp.asarray(xp.ones(2), dtype=xp.int8, copy=False)),
    "astype": (TypeError, lambda xp: xp.astype(xp.asarray([1j]), xp.float64)),
    "add scalars": (TypeError, lambda xp: xp.add(1, 2)),
    "add uint64": (TypeError, lambda xp: xp.add(xp.ones(1, dtype=xp.uint64), xp.ones(1, dtype=xp.int8))),
    "broadcast_to": (ValueError, lambda xp: xp.broadcast_to(xp.ones(3), (2,))),
    "broadcast_shapes": (ValueError, lambda xp: xp.broadcast_shapes((2,), (3,))),
    "clip": (TypeError, lambda xp: xp.clip(xp.asarray([1, 2]), 0.5)),
    "concat": (ValueError, lambda xp: xp.concat([xp.ones(()), xp.ones(())])),
    "cumulative_sum": (ValueError, lambda xp: xp.cumulative_sum(xp.ones((2, 2)))),
    "cumulative_prod": (ValueError, lambda xp: xp.cumulative_prod(xp.ones((2, 2)))),
    "expand_dims": ((IndexError, ValueError), lambda xp: xp.expand_dims(xp.ones(2), 3)),
    "expand_dims twice": (ValueError, lambda xp: xp.expand_dims(xp.ones(2), (0, 0))),
    "isdtype kind": (ValueError, lambda xp: xp.isdtype(xp.int8, "float")),
    "isdtype": (TypeError, lambda xp: xp.isdtype(xp.int8, 1)),
    "mean": (TypeError, lambda xp: xp.mean(xp.asarray([1, 2]))),
    "var": (TypeError, lambda xp: xp.var(xp.asarray([1, 2]))),
    "std": (TypeError, lambda xp: xp.std(xp.asarray([1, 2]))),
    "nonzero": (ValueError, lambda xp: xp.nonzero(xp.asarray(1))),
    "reshape": (ValueError, lambda xp: xp.reshape(xp.ones(4), (3,))),
    "result_type": (ValueError, lambda xp: xp.result_type(1)),
    "result_type uint64": (TypeError, lambda xp: xp.result_type(xp.uint64, xp.int64)),
    "squeeze": (ValueError, lambda xp: xp.squeeze(xp.ones((2, 1)), 0)),
    "sum axis": ((IndexError, ValueError), lambda xp: xp.sum(xp.ones(2), axis=1)),
    "sum twice": (ValueError, lambda xp: xp.sum(xp.ones((2, 2)), axis=(0, 0))),
    "take": (ValueError, lambda xp: xp.take(xp.ones((2, 2)), xp.asarray([0]))),
    "where": (TypeError, lambda xp: xp.where(xp.asarray([1]), xp.ones(1), xp.ones(1))),
    "tensordot": (ValueError, lambda xp: xp.tensordot(xp.ones((2, 1)), xp.ones((3, 2)), axes=1)),
    "vecdot": (ValueError, lambda xp: xp.vecdot(xp.ones(3), xp.ones(1))),
    "cross": (ValueError, lambda xp: xp.linalg.cross(xp.ones(2), xp.ones(2))),
    "outer": (ValueError, lambda xp: xp.linalg.outer(xp.ones((1, 2)), xp.ones(2))),
    "matrix_transpose": (ValueError, lambda xp: xp.matrix_transpose(xp.ones(2))),
    "qr": (ValueError, lambda xp: xp.linalg.qr(xp.ones((2, 2)), mode="rq")),
    "searchsorted": (ValueError, lambda xp: xp.searchsorted(xp.ones(2), xp.ones(2), side="middle")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_array_api_strict_refuses(case: str) -> None:
    errors, attempt = REFUSED[case]
    for namespace in (strict, xp):
        with pytest.raises(errors):
            attempt(namespace)
