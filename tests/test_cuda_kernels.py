"""The CUDA kernels without a GPU: what they compute, compiled for the CPU; and that NVIDIA's compiler takes them.

The second needs no GPU either, only packages:
``pip install cupy-cuda12x nvidia-cuda-nvrtc-cu12 nvidia-cuda-runtime-cu12``.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorlite
from cuda_on_host import COMPILER, Recorder, block_kernel, elementwise_kernel
from tensorlite.backends import get_backend
from tensorlite.backends.arrays.pointwise import UFUNCS
from tensorlite.backends.base import _bodies
from tensorlite.backends.cupy import elementwise, optim, philox, rowwise

CPU: Any = get_backend("cpu")
DTYPES = ("float32", "float64")
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}
NUMBERS: dict[str, dict[str, float]] = {"leaky_relu": {"slope": 0.1}, "softplus": {"beta": 2.0, "threshold": 3.0}}
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="needs the compiler g++, from version 11 on, on Linux")
needs_cupy = pytest.mark.skipif(importlib.util.find_spec("cupy") is None, reason="needs CuPy, but no device")


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", elementwise._BODIES)
def test_elementwise(name: str, dtype: str) -> None:
    x = np.linspace(0.1 if name == "rsqrt" else -4, 4, 101).astype(dtype)
    found, numbers = np.empty_like(x), NUMBERS.get(name, {})
    elementwise_kernel(elementwise._kernel(Recorder, name), dtype)(x, *numbers.values(), found)
    expected = CPU._body(_bodies[name])(x, **numbers) if name in _bodies else getattr(CPU, name)(x)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def state(dtype: str, n: int) -> list[np.ndarray]:
    """A parameter, its gradient, and `n` arrays of what an optimizer keeps, which are not negative."""
    random = np.random.default_rng(0)
    return [random.normal(size=9).astype(dtype) for _ in range(2)] + [random.random(9).astype(dtype) for _ in range(n)]


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd(dtype: str, momentum: float, maximize: bool, nesterov: bool) -> None:
    numbers = (0.1, momentum, 0.3, 0.01, nesterov, maximize)
    param, grad, buffer = state(dtype, 1)
    run = elementwise_kernel(optim._sgd(Recorder, momentum > 0), dtype)
    kept = [param.copy(), buffer.copy()] if momentum else [param.copy()]
    run(grad, *numbers, *kept)
    CPU.sgd_step(param, grad, buffer if momentum else None, *numbers)
    for found, expected in zip(kept, [param, buffer], strict=False):
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype])


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("largest", [False, True])
def test_adam(dtype: str, largest: bool, decoupled: bool) -> None:
    param, grad, mean, square, top = state(dtype, 3)
    lr, beta1, beta2, eps, decay, step = 0.1, 0.9, 0.99, 1e-8, 0.01, 3.0
    kept = [x.copy() for x in (param, mean, square, top)[: 4 if largest else 3]]
    numbers = (lr, lr / (1 - beta1**step), (1 - beta2**step) ** 0.5, beta1, beta2, eps, decay, decoupled, False)
    elementwise_kernel(optim._adam(Recorder, largest), dtype)(grad, *numbers, *kept)
    CPU.adam_step(param, grad, mean, square, top if largest else None, step, lr, beta1, beta2, eps, decay, decoupled, False)
    for found, expected in zip(kept, (param, mean, square, top), strict=False):
        np.testing.assert_allclose(found, expected, rtol=20 * TOLERANCE[dtype])


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("rows", "n", "blocks", "threads"), [(3, 5, 3, 32), (5, 70, 2, 96), (1, 33, 1, 64)])
def test_softmax(dtype: str, log: bool, rows: int, n: int, blocks: int, threads: int) -> None:
    """Rows shorter and longer than the block, and more rows than blocks."""
    x = np.random.default_rng(0).normal(size=(rows, n)).astype(dtype) * 3
    x[0, 0] = -math.inf
    found = np.empty_like(x)
    call = f"softmax<{rowwise._TYPES[dtype]}, {'true' if log else 'false'}>"
    block_kernel(rowwise._SOURCE, call, dtype)(x, found, rows, n, blocks, threads)
    expected = CPU._body(_bodies["log_softmax" if log else "softmax"])(x, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-13)


@needs_compiler
def test_philox() -> None:
    """The generator's published answers (Salmon et al., 2011, known-answer tests of Random123)."""
    code = "Words c = philox(seed, position, round); y = (which == 0 ? c.x : which == 1 ? c.y : which == 2 ? c.z : c.w);"
    parameters = "uint64 seed, uint64 position, uint64 round, uint64 which"
    run = elementwise_kernel((parameters, "uint64 y", code, philox._PREAMBLE))
    y = np.empty(1, np.uint64)
    words = []
    for which in range(4):
        run(0, 0, 0, which, y)
        words.append(int(y[0]))
    assert words == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


DISTRIBUTIONS: dict[str, list[tuple[tuple[float, ...], float, float]]] = {
    # name: (parameters, mean, variance)
    "uniform32": [((2, 3), 3.5, 0.75)],
    "uniform64": [((2, 3), 3.5, 0.75)],
    "normal32": [((1, 2), 1, 4)],
    "normal64": [((1, 2), 1, 4)],
    "exponential": [((2,), 0.5, 0.25)],
    "geometric": [((math.log1p(-0.3),), 1 / 0.3, 0.7 / 0.09)],
    "bernoulli": [((0.37,), 0.37, 0.37 * 0.63)],
    "integers": [((-1, 6), 1.5, 35 / 12)],
    "gamma": [((a,), a, a) for a in (0.3, 1, 3.3, 50)],
    "binomial": [((n, p), n * p, n * p * (1 - p)) for n, p in ((5, 0.3), (20, 0.7), (100, 0.5), (1000, 0.97))],
    "poisson": [((rate,), rate, rate) for rate in (0.3, 9.9, 10, 37.5, 1000)],
}


@needs_compiler
@pytest.mark.parametrize("name", philox._KERNELS)
def test_distributions(name: str) -> None:
    """Means and variances of a hundred thousand samples, within five standard errors; Cauchy's quartiles, for it has neither."""
    run, n = elementwise_kernel(philox.kernel(Recorder, name)), 100_000
    output = philox._KERNELS[name][1].split()[0]
    y = np.empty(n, output)
    for parameters, mean, variance in DISTRIBUTIONS.get(name, []):
        run(12345, 0, *parameters, y)
        wide = y.astype(float)
        assert abs(wide.mean() - mean) < 5 * math.sqrt(variance / n)
        fourth = ((wide - mean) ** 4).mean()
        assert abs(((wide - mean) ** 2).mean() - variance) < 5 * math.sqrt((fourth - variance**2) / n)
        again = np.empty(10, output)
        run(12345, 7, *parameters, again)  # a number depends on its place alone
        np.testing.assert_array_equal(again, y[7:17])
    if name == "cauchy":
        run(12345, 0, 1, 2, y)
        np.testing.assert_allclose(np.quantile(y, [0.25, 0.5, 0.75]), [-1, 1, 3], atol=0.05)
    else:
        assert name in DISTRIBUTIONS


@needs_cupy
@pytest.mark.parametrize("arch", ["75", "90", "120"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_nvidias_compiler_takes_them(arch: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import cupy
    from cupy._core import _carray, _kernel, core
    from cupy.cuda import compiler

    monkeypatch.setattr(compiler, "_get_arch_for_options_for_nvrtc", lambda arch: (f"-arch=compute_{arch}", "ptx"))
    head = "".join(f"#include <{name}>\n" for name in core._cupy_header_list)

    def compiled(source: str, names: Any = None) -> None:
        options = core.assemble_cupy_compiler_options(())
        assert compiler.compile_using_nvrtc(source, options=options, arch=arch, name_expressions=names)[0]

    kernels = [elementwise._kernel(cupy, name) for name in elementwise._BODIES]
    kernels += [make(cupy, more) for make in (optim._sgd, optim._adam) for more in (False, True)]
    kernels += [philox.kernel(cupy, name) for name in philox._KERNELS]
    for kernel in kernels:
        native = [CPU.native[getattr(tensorlite, dtype)] if p.ctype == "T" else p.dtype for p in kernel.params[: kernel.nargs]]
        given = tuple(native[: kernel.nin]), tuple(native[kernel.nin :])
        *dtypes, types = _kernel._decide_params_type(kernel.in_params, kernel.out_params, *given)
        arguments = [_kernel._ArgInfo(1, cupy.ndarray, np.dtype(d), 1, True, True) for part in dtypes for d in part]
        arguments.append(_kernel._ArgInfo(2, _carray.Indexer, None, 1, False, True))
        parts = (kernel.params, kernel.operation, kernel.name, kernel.preamble)
        compiled(head + _kernel._get_elementwise_kernel_code(tuple(arguments), types, *parts))
    compiled(rowwise._SOURCE, [f"softmax<{rowwise._TYPES[dtype]}, {log}>" for log in ("true", "false")])


def _chain(node: ast.expr) -> list[str]:
    """a.b.c as its names."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else ["?"]), *reversed(names)]


def _of_cupy(node: ast.expr) -> list[str] | None:
    names = _chain(node)
    if names[:2] == ["self", "np"]:
        return names[2:]
    return names[1:] if names[0] == "cupy" else None


@needs_cupy
def test_cupy_has_what_is_called() -> None:
    """Every function of the backend's code, with the keywords that it is given."""
    import cupy

    folder = Path(tensorlite.__file__).parent / "backends"
    missing = [name for name in UFUNCS.values() if not hasattr(cupy, name)]
    for path in [*(folder / "arrays").glob("*.py"), *(folder / "cupy").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, (ast.Call, ast.Attribute)):
                continue
            names = _of_cupy(node.func if isinstance(node, ast.Call) else node)
            found: Any = cupy
            for name in names or []:
                found = getattr(found, name, None)
            if found is None:
                missing.append(f"{path.name}:{node.lineno} {names}")
            elif names and isinstance(node, ast.Call):
                missing += [f"{path.name}:{node.lineno} {names}({k})" for k in _unknown(found, node)]
    assert not missing, "\n".join(missing)


def _unknown(function: Any, call: ast.Call) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # it is compiled, and does not say
        return []
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return []
    return [k.arg for k in call.keywords if k.arg and k.arg not in parameters]
