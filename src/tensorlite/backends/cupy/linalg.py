"""Products of matrices on CuPy: half precision by cuBLAS, accumulated in float32."""

from __future__ import annotations

from typing import Any

__all__ = ["CupyLinalg"]

Array = Any

# Numbers of cuBLAS's enumerations.
_R_16F, _R_16BF, _COMPUTE_32F, _DEFAULT_ALGORITHM = 2, 14, 68, -1


class CupyLinalg:
    """CuPy's own matmul upcasts batches of float16, and has none of bfloat16."""

    np: Any
    halves: Any
    float32: Any

    def matmul(self, x: Array, y: Array) -> Array:
        if x.dtype in self.halves and x.dtype == y.dtype and x.ndim >= 2 and y.ndim >= 2:
            return _gemm(self.np, x, y)
        if x.dtype in self.halves:  # a vector
            return self.np.matmul(x.astype(self.float32), y.astype(self.float32)).astype(x.dtype)
        return self.np.matmul(x, y)


def _gemm(cupy: Any, x: Array, y: Array) -> Array:
    """x @ y for matrices, or batches of them, of float16 or bfloat16."""
    batch = cupy.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    n, k, m = x.shape[-2], x.shape[-1], y.shape[-1]
    out = cupy.empty((*batch, n, m), x.dtype)
    if not k or not out.size:
        out[...] = 0
        return out
    x, x_flag, x_step, x_stride = _operand(cupy, x, batch)
    y, y_flag, y_step, y_stride = _operand(cupy, y, batch)
    from cupy_backends.cuda.libs import cublas

    kind = _R_16F if x.dtype.kind == "f" else _R_16BF
    one, zero = _numbers()
    # cuBLAS counts columns first: to it, a row-major product is y.T @ x.T.
    cublas.gemmStridedBatchedEx(
        cupy.cuda.Device().cublas_handle, y_flag, x_flag, m, n, k, one, y.data.ptr, kind, y_step, y_stride,
        x.data.ptr, kind, x_step, x_stride, zero, out.data.ptr, kind, m, n * m, out.size // (n * m),
        _COMPUTE_32F, _DEFAULT_ALGORITHM,
    )
    return out


def _operand(cupy: Any, x: Array, batch: tuple[int, ...]) -> tuple[Array, int, int, int]:
    """For cuBLAS: the array, whether it is transposed, the steps between rows and between matrices (0: one for all)."""
    rows, columns = x.shape[-2:]
    if x.ndim == 2 or not any(n > 1 for n in x.shape[:-2]):
        x = x.reshape(rows, columns) if x.ndim > 2 else x
        row, column = (s // x.itemsize for s in x.strides)
        if (column == 1 or columns == 1) and row >= columns:
            return x, 0, max(row, 1), 0
        if (row == 1 or rows == 1) and column >= rows:
            return x, 1, max(column, 1), 0
        return cupy.ascontiguousarray(x), 0, columns, 0
    full = cupy.broadcast_to(x, (*batch, rows, columns))
    swapped = full.swapaxes(-1, -2)
    if swapped.flags.c_contiguous:
        return full, 1, rows, rows * columns
    return cupy.ascontiguousarray(full), 0, columns, rows * columns


_constants: list[Any] = []


def _numbers() -> tuple[int, int]:
    """The addresses of 1 and 0 in host memory."""
    if not _constants:
        import ctypes

        _constants.extend([ctypes.c_float(1), ctypes.c_float(0)])
        _constants.extend(ctypes.addressof(c) for c in _constants[:2])
    return _constants[2], _constants[3]
