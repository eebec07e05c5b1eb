"""einops on tensors: this module tells it about them, and is imported by itself as soon as both libraries are.

The layers are in `tensorlite.compat.einops.layers`. Install einops with ``pip install "tensorlite[einops]"``.

>>> import tensorlite as tl
>>> from einops import rearrange
>>> x = tl.arange(6.).reshape(2, 3).requires_grad_()
>>> rearrange(x, "row column -> (column row)")
tensor([0., 3., 1., 4., 2., 5.], grad_fn=<ViewBackward0>)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

try:
    from einops._backends import TorchBackend
except ImportError as error:
    raise ImportError(f'tensorlite.compat.einops needs einops ({error}): pip install "tensorlite[einops]"') from error

__all__ = ["TensorliteBackend"]


class TensorliteBackend(TorchBackend):
    """What einops does on PyTorch's tensors, on ours. einops finds the class by itself, among the subclasses of its own."""

    framework_name = "tensorlite"

    def __init__(self) -> None:
        self.torch = import_module("tensorlite")

    def layers(self) -> Any:
        """The module of the layers."""
        return import_module(f"{__name__}.layers")
