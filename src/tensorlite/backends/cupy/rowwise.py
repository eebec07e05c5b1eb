"""Softmax and log-softmax: one block of threads a row, three passes over memory, no temporaries."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["log_softmax", "softmax"]

Array = Any

_SOURCE = """
#include <cuda_fp16.h>
#include <cuda_bf16.h>

template <typename W> struct Largest { __device__ static W of(W a, W b) { return a > b ? a : b; } };
template <typename W> struct Total { __device__ static W of(W a, W b) { return a + b; } };

template <template <typename> class Op, typename W> __device__ W over_block(W value, W* shared) {
    for (int o = 16; o > 0; o >>= 1) value = Op<W>::of(value, __shfl_xor_sync(0xffffffffu, value, o));
    int warps = blockDim.x >> 5;
    __syncthreads();  // the last use of shared is over
    if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = value;
    __syncthreads();
    value = shared[0];
    for (int w = 1; w < warps; ++w) value = Op<W>::of(value, shared[w]);
    return value;
}

template <typename T, typename W, bool LOG>
__global__ void softmax(const T* x, T* y, long long rows, long long n) {
    __shared__ W shared[32];
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        const T* in = x + row * n;
        T* out = y + row * n;
        W top = static_cast<W>(in[0]);
        for (long long i = threadIdx.x; i < n; i += blockDim.x) top = Largest<W>::of(top, static_cast<W>(in[i]));
        top = over_block<Largest, W>(top, shared);
        W total = 0;
        for (long long i = threadIdx.x; i < n; i += blockDim.x) total += exp(static_cast<W>(in[i]) - top);
        total = over_block<Total, W>(total, shared);
        W shift = LOG ? log(total) : 1 / total;
        for (long long i = threadIdx.x; i < n; i += blockDim.x) {
            W v = static_cast<W>(in[i]) - top;
            out[i] = static_cast<T>(LOG ? v - shift : exp(v) * shift);
        }
    }
}
"""

_TYPES = {"float32": "float, float", "float64": "double, double", "float16": "__half, float", "bfloat16": "__nv_bfloat16, float"}


@cache
def _module(cupy: Any) -> Any:
    names = [f"softmax<{t}, {log}>" for t in _TYPES.values() for log in ("true", "false")]
    return cupy.RawModule(code=_SOURCE, options=("--std=c++17",), name_expressions=names)


@cache
def _function(cupy: Any, dtype: str, log: bool) -> Any:
    return _module(cupy).get_function(f"softmax<{_TYPES[dtype]}, {'true' if log else 'false'}>")


def _run(cupy: Any, x: Array, axis: int, log: bool) -> Array:
    if not x.size:
        return x.copy()
    moved = cupy.ascontiguousarray(x.swapaxes(axis, -1))
    n = moved.shape[-1]
    rows = moved.size // n
    out = cupy.empty_like(moved)
    threads = min(1024, -(-n // 32) * 32)
    _function(cupy, x.dtype.name, log)((min(rows, 65535),), (threads,), (moved, out, _long(rows), _long(n)))
    return out.swapaxes(axis, -1) if axis not in (-1, x.ndim - 1) else out


def _long(n: int) -> Any:
    import numpy

    return numpy.int64(n)


def softmax(cupy: Any, x: Array, *, axis: int) -> Array:
    """exp(x) / sum(exp(x))."""
    if x.dtype.kind == "c":
        e = cupy.exp(x)
        return e / cupy.sum(e, axis=axis, keepdims=True)
    return _run(cupy, x, axis, False)


def log_softmax(cupy: Any, x: Array, *, axis: int) -> Array:
    """log(softmax(x)), without overflow."""
    if x.dtype.kind == "c":
        return x - cupy.log(cupy.sum(cupy.exp(x), axis=axis, keepdims=True))
    return _run(cupy, x, axis, True)
