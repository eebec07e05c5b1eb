"""tensorlite: PyTorch's programming model on NumPy (CPU) and CuPy (CUDA).

>>> import tensorlite as tl
>>> x = tl.tensor([1., 2., 3.], requires_grad=True)
>>> (x ** 2).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from . import autograd, devices, dtypes
from .autograd import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .backends import register_backend
from .cpu import get_num_interop_threads, get_num_threads, set_num_interop_threads, set_num_threads
from .devices import device, get_default_device, set_default_device
from .dtypes import *  # noqa: F403
from .dtypes import dtype, finfo, get_default_dtype, iinfo, set_default_dtype
from .tensor import *  # noqa: F403
from .tensor import Generator, Size, Tensor
from .tensor import random as random
from .tensor.creation import tensor as tensor
from .tensor.metadata import can_cast, is_complex, is_floating_point, is_nonzero, is_tensor, numel, promote_types, result_type
from .tensor.printing import set_printoptions
from .tensor.spelling import functions as _functions

__version__ = "0.1.0"

globals().update(_functions)  # `tensor` the function takes the place of `tensor` the package

strided, sparse_coo = "torch.strided", "torch.sparse_coo"
contiguous_format = "torch.contiguous_format"
preserve_format = "torch.preserve_format"
channels_last = "torch.channels_last"
channels_last_3d = "torch.channels_last_3d"
inf, nan, pi, e = math.inf, math.nan, math.pi, math.e
newaxis = None

_LAZY = {name: f".{name}" for name in (
    "array_api compat cpu cuda distributions fft func io linalg masked nn onnx optim profiler seeing signal special utils"
).split()}
"""Rooms that are imported when first used, so that `import tensorlite` stays quick."""


_NATIVE = frozenset([
    "constant_pad_nd", "grid_sampler_2d", "grid_sampler_3d", "native_batch_norm", "native_group_norm", "native_layer_norm",
])
"""Functions of `nn.functional.native`, imported when first used."""


def __getattr__(name: str) -> Any:
    if name in _NATIVE:
        return getattr(import_module(".nn.functional.native", __name__), name)
    if name in _LAZY:
        return import_module(_LAZY[name], __name__)
    if name in ("save", "load"):
        return getattr(import_module(".io", __name__), name)
    if name in ("graph", "summary"):
        return getattr(import_module(".seeing", __name__), name)
    if name == "vmap":
        return import_module(".func", __name__).vmap
    raise AttributeError(f"module 'tensorlite' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_NATIVE, "graph", "load", "save", "summary", "vmap"})


__all__ = [
    "Generator", "Size", "Tensor", "autograd", "can_cast", "device", "devices", "dtype", "dtypes", "enable_grad", "finfo",
    "get_default_device", "get_default_dtype", "iinfo", "inference_mode", "is_complex", "is_floating_point", "is_grad_enabled",
    "is_inference_mode_enabled", "is_nonzero", "is_tensor", "no_grad", "numel", "promote_types", "random", "register_backend",
    "get_num_interop_threads", "get_num_threads", "result_type", "set_default_device", "set_default_dtype", "set_grad_enabled",
    "set_num_interop_threads", "set_num_threads", "set_printoptions", *_functions,
]

from . import _interop  # noqa: E402, F401  (last: a library that is told now may ask for names from above)
