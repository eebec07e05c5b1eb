"""What a backend must provide: every function that ops, tensors and the engine call on raw arrays, with its signature.

`register_backend` takes any object with these functions; a subclass of `Backend` gets the bodies of all other ops. Rules for all:

* arrays in, arrays out: a result is an array of `array_type`, 0-d where it is one number (except from ``item`` and the like);
* Python numbers are weak: they do not change the dtype of the array they meet, and may stand for the second operand;
* a view function returns a view where the library can, and `shares_memory` knows it;
* shapes and axes come normalised: axes count from the front, and are None (all), an int or a tuple;
* dtypes are the library's own where `native` made them; `dtype` arguments may also be tensorlite's.

`tests/test_protocol.py` keeps this list honest.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "FAMILIES", "OPTIONAL", "required"]

ATTRIBUTES = {
    "device": "the device, with an index where the type has several",
    "array_type": "the class of its raw arrays",
    "native": "mapping from tensorlite's dtypes to raw ones; raw ones map to themselves",
    "dtype_of": "mapping from raw dtypes to tensorlite's",
    "floats": "set of raw dtypes that meet Python floats on the fast path: float16, float32, float64",
    "reals": "set of the real floating raw dtypes, with bfloat16 once it is known",
    "complexes": "set of the complex raw dtypes",
    "inexacts": "set of the real floating and complex raw dtypes",
    "halves": "set of the raw dtypes of two bytes, which are computed in float32",
    "float32": "the raw dtype",
    "tensors": "the namespace of the same names on Tensors; `ops` sets it",
}
"""Attributes, and what they are."""

_UNARY = (
    "abs positive negative sign exp exp2 expm1 log log2 log10 log1p sqrt square reciprocal sin cos tan asin acos atan "
    "sinh cosh tanh asinh acosh atanh erf deg2rad rad2deg floor ceil trunc rint sigmoid relu isnan isinf isfinite signbit "
    "logical_not bitwise_invert conj real imag angle"
)
_BINARY = (
    "add subtract multiply divide floor_divide trunc_divide remainder fmod pow maximum minimum fmax fmin atan2 hypot "
    "logaddexp logaddexp2 copysign heaviside nextafter equal not_equal less less_equal greater greater_equal "
    "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm"
)
_REDUCTIONS = "sum prod mean max min any all argmax argmin"

_SPECIAL = (
    "lgamma digamma erfc erfcx erfinv ndtr ndtri log_ndtr i0e i1 i1e j0 j1 y0 y1 k0 k0e k1 k1e airy_ai"
)

FAMILIES: dict[str, tuple[str, ...]] = {
    "creation": (
        "asarray(data, *, dtype=None)",
        "array(data, *, dtype=None)",
        "empty(shape, *, dtype)",
        "zeros(shape, *, dtype)",
        "ones(shape, *, dtype)",
        "full(shape, value, *, dtype)",
        "arange(start, stop, step=1, *, dtype)",
        "eye(n, m, *, dtype)",
        "lowest(dtype)",
        "number(value, dtype)",
    ),
    "conversion": (
        "astype(x, dtype)",
        "copy(x)",
        "ascontiguous(x)",
        "item(x)",
        "tolist(x)",
        "bool(x)",
        "to_bytes(x)",
        "from_bytes(buffer, dtype, shape)",
        "from_buffer(buffer, dtype, count, offset)",
        "from_dlpack(x)",
        "to_numpy(x)",
        "from_numpy(x)",
    ),
    "memory": (
        "is_contiguous(x)",
        "is_writable(x)",
        "owns(x)",
        "shares_memory(view, x)",
        "strides(x)",
        "root(x)",
        "nbytes(x)",
        "address(x)",
        "write(x, value)",
        "add_(x, y)",
        "synchronize()",
        "empty_cache()",
        "generator()",
        "on_new_dtype()",
    ),
    "pointwise": (
        *(f"{name}(x)" for name in _UNARY.split()),
        *(f"{name}(x, y)" for name in _BINARY.split()),
        "round(x, *, decimals=0)",
        "clip(x, low, high)",
        "where(mask, x, y)",
        "complex(real, imag)",
        "view_as_real(x)",
        "view_as_complex(x)",
        "frexp(x)",
        "any_nan(x)",
    ),
    "reductions": (
        *(f"{name}(x, *, axis=None, keepdims=False)" for name in _REDUCTIONS.split()),
        "count_nonzero(x, *, axis=None)",
        "sum_to(g, *, shape)",
        "cumulative_sum(x, *, axis)",
        "cumulative_prod(x, *, axis)",
        "running_argmax(x, *, axis)",
        "running_argmin(x, *, axis)",
        "logcumsumexp(x, *, axis)",
        "scatter_fold(x, index, source, *, axis, by)",
        "argsort(x, *, axis=-1, descending=False)",
        "argtop(x, *, k, axis, largest)",
        "searchsorted(x, values, *, side='left')",
        "bincount(x, *, minlength=0)",
        "hash_tensor(x, *, axis, keepdims=False)",
    ),
    "shaping": (
        "reshape(x, *, shape)",
        "permute_dims(x, *, axes)",
        "matrix_transpose(x)",
        "broadcast_to(x, *, shape)",
        "expand_dims(x, *, axis)",
        "squeeze(x, *, axis)",
        "flip(x, *, axis)",
        "roll(x, *, shift, axis)",
        "concat(*xs, axis)",
        "stack(*xs, axis)",
        "tile(x, *, repetitions)",
        "pad_constant(x, *, widths, value)",
        "tril(x, *, k=0)",
        "triu(x, *, k=0)",
        "diagonal(x, *, offset=0, axis1=0, axis2=1)",
        "diagonal_spread(x, *, shape, offset, axis1, axis2)",
        "as_strided(x, *, shape, strides, offset=None)",
        "as_strided_spread(x, *, shape, view_shape, strides, offset)",
        "sliding_windows(x, *, window, steps, dilation)",
        "overlap_add(x, *, shape, window, steps, dilation)",
        "view_mask(*, shape, view)",
        "view_read(x, *, view)",
        "view_write(x, value, *, view)",
    ),
    "indexing": (
        "basic_index(x, *, key)",
        "advanced_index(x, *indices, key)",
        "index_put(x, value, *indices, key, accumulate=False)",
        "index_put_(x, value, *indices, key, accumulate=False)",
        "index_spread(g, *indices, key, shape)",
        "add_piece_(x, g, *, key)",
        "take(x, index, *, axis)",
        "take_along_axis(x, index, *, axis)",
        "scatter(x, index, source, *, axis)",
        "scatter_add(x, index, source, *, axis)",
        "nonzero(x)",
        "within(index, n)",
        "unique(x, *, axis=None)",
    ),
    "linalg": ("matmul(x, y)", "linear(x, weight, bias=None)", "einsum(*xs, equation)"),
    "decompositions": (
        "cholesky_ex(x, *, upper)",
        "qr(x, *, mode)",
        "geqrf(x)",
        "lu_factor(x)",
        "row_order(pivots, *, size, inverse=False)",
        "ldl_factor(x, *, hermitian)",
        "ldl_solve(ldl, pivots, b, *, hermitian)",
        "eigh(x, *, upper)",
        "eig(x)",
        "eigvalsh(x, *, upper)",
        "eigvals(x)",
        "svd(x, *, full_matrices)",
        "svdvals(x)",
        "inv_ex(x)",
        "solve_ex(a, b)",
        "triangular_solve(a, b, *, upper, unit)",
        "lstsq(a, b, *, rcond)",
        "det(x)",
        "slogdet(x)",
        "matrix_exp(x)",
    ),
    "special": (
        "i0(x)",
        *(f"{name}(x)" for name in _SPECIAL.split()),
        "igamma(x, y)",
        "igammac(x, y)",
        "zeta(x, y)",
        "betainc(x, a, b)",
        "betaincc(x, a, b)",
        "polygamma(x, *, order)",
    ),
    "fourier": (
        "fft_c2c(x, *, axes, scale, forward)",
        "fft_r2c(x, *, axes, scale)",
        "fft_c2r(x, *, axes, scale, size)",
    ),
    "optimizers": (
        "sgd_step(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize)",
        "adam_step(param, grad, mean, square, largest, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)",
    ),
}
"""The functions by family, as one would write their signatures."""

OPTIONAL: dict[str, str] = {
    "sgd_steps": "sgd_steps(params, grads, lr): plain SGD on many parameters at once",
    "from_device": "from_device(x, source): a direct copy of another backend's array, or None",
    "make_current": "make_current(): let operators of raw arrays run on this device",
    "get_num_threads": "get_num_threads(): of the CPU",
    "set_num_threads": "set_num_threads(threads): of the CPU",
    "blas": "blas(): name and version of the CPU's library of matrix products",
    "device_count": "device_count()",
    "properties": "properties()",
    "memory_info": "memory_info()",
    "memory_allocated": "memory_allocated()",
    "memory_reserved": "memory_reserved()",
    "max_memory_allocated": "max_memory_allocated()",
    "reset_peak_memory_stats": "reset_peak_memory_stats()",
    "index": "the index of a CUDA device",
    "new_stream": "new_stream(priority=0)",
    "current_stream": "current_stream()",
    "new_event": "new_event(timing, blocking)",
    "elapsed_time": "elapsed_time(start, end)",
}
"""What CUDA has beside these, for `tensorlite.cuda`; others may do without."""


def required() -> dict[str, str]:
    """Every required function: its name and its signature."""
    return {s.partition("(")[0]: s for family in FAMILIES.values() for s in family}
