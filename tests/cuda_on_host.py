"""The CUDA kernels' own C++, compiled by the host's compiler: what they compute, without a GPU.

An elementwise kernel becomes a loop. A block of threads becomes threads of the CPU, which meet at barriers.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

__all__ = ["COMPILER", "Recorder", "block_kernel", "elementwise_kernel"]


def _compiler() -> str | None:
    """g++, if it is new enough to know barriers."""
    found = shutil.which("g++") if sys.platform == "linux" else None
    if found is None:
        return None
    command = [found, "-std=c++20", "-E", "-x", "c++", "-"]
    return found if subprocess.run(command, input=b"#include <barrier>", capture_output=True).returncode == 0 else None


COMPILER = _compiler()
_C = {
    "float32": "float", "float64": "double", "bool": "bool", "int64": "long long", "uint64": "unsigned long long",
}  # fmt: skip
_CTYPES: dict[str, Any] = {
    "float32": ctypes.c_float, "float64": ctypes.c_double, "bool": ctypes.c_bool, "int64": ctypes.c_longlong,
    "uint64": ctypes.c_ulonglong,
}  # fmt: skip

_HEAD = """
#include <cmath>
#include <cstdint>
#include <cstddef>
using namespace std;
#define __device__
#define __global__
static unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((uint64_t)a * b) >> 32); }
// Some C libraries have these, too.
#define cospi host_cospi
#define cospif host_cospif
#define rsqrt host_rsqrt
static double cospi(double x) { return cos(M_PI * x); }
static float cospif(float x) { return (float)cos(M_PI * (double)x); }
template <typename T> T rsqrt(T x) { return 1 / sqrt(x); }
"""

_BLOCK = """
#include <barrier>
#include <thread>
#include <vector>
struct Dim { unsigned x; };
static thread_local Dim threadIdx, blockIdx;
static Dim blockDim, gridDim;
static barrier<>* all_threads;
static barrier<>* warps[32];
static double lanes[1024];
static void __syncthreads() { all_threads->arrive_and_wait(); }
template <typename T> T __shfl_xor_sync(unsigned, T value, int other) {
    barrier<>* warp = warps[threadIdx.x >> 5];
    lanes[threadIdx.x] = value;
    warp->arrive_and_wait();
    T found = (T)lanes[threadIdx.x ^ other];
    warp->arrive_and_wait();
    return found;
}
#define __shared__ static
struct __half; struct __nv_bfloat16;
"""

_RUN_BLOCK = """
extern "C" void run(const {c}* x, {c}* y, long long rows, long long n, unsigned blocks, unsigned threads) {{
    blockDim.x = threads; gridDim.x = blocks;
    barrier<> everybody(threads);
    all_threads = &everybody;
    vector<barrier<>*> made;
    for (unsigned w = 0; w < threads / 32; ++w) made.push_back(warps[w] = new barrier<>(32));
    for (unsigned block = 0; block < blocks; ++block) {{
        vector<thread> running;
        for (unsigned t = 0; t < threads; ++t)
            running.emplace_back([=] {{ threadIdx.x = t; blockIdx.x = block; {call}(x, y, rows, n); }});
        for (auto& one : running) one.join();
    }}
    for (auto one : made) delete one;
}}
"""


class Recorder:
    """Stands for the module `cupy` where a kernel is defined: keeps the definition."""

    @staticmethod
    def ElementwiseKernel(
        inputs: str, outputs: str, code: str, name: str, preamble: str = "", no_return: bool = False
    ) -> tuple[str, str, str, str]:
        return inputs, outputs, code, preamble


@cache
def _library(source: str) -> ctypes.CDLL:
    assert COMPILER is not None
    with TemporaryDirectory() as folder:
        (Path(folder) / "kernel.cpp").write_text(source)
        command = [COMPILER, "-O1", "-std=c++20", "-pthread", "-shared", "-fPIC", "-o", "kernel.so", "kernel.cpp"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return ctypes.CDLL(f"{folder}/kernel.so")


def _parameters(text: str) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in re.findall(r"(\w+) (\w+)", text)]


def elementwise_kernel(definition: tuple[str, str, str, str], dtype: str = "float64") -> Callable[..., None]:
    """The kernel as ``run(*inputs, *outputs)``: what is declared ``T``, and all outputs, are arrays, the others numbers."""
    inputs, outputs, code, preamble = definition
    takes, gives = _parameters(inputs), _parameters(outputs)
    declared, bound = [], []
    for kind, name in takes + gives:
        array = kind == "T" or (kind, name) in gives
        c = _C[dtype if kind == "T" else kind]
        declared.append(f"{c}{'*' if array else ''} {name}{'_' if array else ''}")
        bound += [f"{c}& {name} = {name}_[i];"] if array else []
    source = (
        f"{_HEAD}typedef {_C[dtype]} T;\n{preamble}\n"
        f'extern "C" void run({", ".join(declared)}, size_t n_) {{\n'
        f"for (size_t i = 0; i < n_; ++i) {{ {' '.join(bound)}\n{code}\n}} }}\n"
    )
    library = _library(source)

    def run(*given: Any) -> None:
        passed: list[Any] = []
        for (kind, _), value in zip(takes + gives, given, strict=True):
            is_array = isinstance(value, np.ndarray)
            passed.append(value.ctypes.data_as(ctypes.c_void_p) if is_array else _CTYPES[kind](value))
        library.run(*passed, ctypes.c_size_t(given[-1].size))

    return run


def block_kernel(source: str, call: str, dtype: str) -> Callable[..., None]:
    """The kernel `call` of a source as ``run(x, y, rows, n, blocks, threads)``."""
    plain = re.sub(r"#include <cuda_\w+\.h>", "", source)
    library = _library(_HEAD + _BLOCK + plain + _RUN_BLOCK.format(c=_C[dtype], call=call))

    def run(x: np.ndarray, y: np.ndarray, rows: int, n: int, blocks: int, threads: int) -> None:
        pointers = (a.ctypes.data_as(ctypes.c_void_p) for a in (x, y))
        library.run(*pointers, ctypes.c_longlong(rows), ctypes.c_longlong(n), ctypes.c_uint(blocks), ctypes.c_uint(threads))

    return run
