"""What is known not to hold, by table: ``{entry: {column: reason}}``. A test fails when one of these begins to hold."""

from __future__ import annotations

__all__ = ["MODULES", "OPERATORS"]

Misses = dict[str, dict[str, str]]

MODULES: Misses = {}

_COMPLEX_HALVES = "complex32, which NumPy does not have"
_BYTES = "PyTorch interpolates bytes with weights of 16 bits; here that is an error that says to convert them"
_NO_SECOND = "PyTorch gives None for the second derivative; here it is computed"
_ILL = "second derivatives of singular vectors that lie close together agree to 1e-6 only"

OPERATORS: Misses = {
    "as_strided_scatter": {"gradients": "PyTorch's gradient for the input fails PyTorch's own gradcheck"},
    "complex": {"dtypes": _COMPLEX_HALVES},
    "index_fill": {"gradients": "PyTorch counts the value's gradient once for each repetition of an index; it is written once"},
    "linalg.norm.subgradients_at_zero": {"second order": "PyTorch's second derivative at zero is nan; here it is 0"},
    "masked.logaddexp": {"second order": "PyTorch's second derivative is nan where only one operand counts; here it is 0"},
    "matrix_exp": {"dtypes": "PyTorch overflows to nan in half precision on the way to finite numbers"},
    "nn.functional.interpolate.bicubic": {"dtypes": _BYTES},
    "nn.functional.interpolate.bilinear": {"dtypes": _BYTES},
    "nn.functional.linear_cross_entropy.chunked": {"second order": _NO_SECOND},
    "nn.functional.linear_cross_entropy.chunked_none": {"second order": _NO_SECOND},
    "nn.functional.upsample_bilinear": {"dtypes": _BYTES},
    "pca_lowrank": {"second order": _ILL},
    "svd_lowrank": {"second order": _ILL},
    "view_as_complex": {"dtypes": _COMPLEX_HALVES},
}
