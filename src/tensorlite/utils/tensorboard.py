"""Curves, histograms and pictures for TensorBoard, written by the package tensorboardX.

Install it with ``pip install "tensorlite[tensorboard]"``; the files are looked at with the program ``tensorboard``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..dtypes import bfloat16
from ..tensor import Tensor
from ..tensor.joining import stack

try:
    import tensorboardX
except ImportError as error:
    # Without a name in it: it passes through `from torch.utils.tensorboard import SummaryWriter` as it is.
    raise ModuleNotFoundError(f'SummaryWriter needs tensorboardX ({error}): pip install "tensorlite[tensorboard]"') from error

__all__ = ["SummaryWriter"]


class SummaryWriter(tensorboardX.SummaryWriter):
    """tensorboardX's writer, whose methods take tensors of every device, with or without a graph: see its documentation.

    Raises:
        NotImplementedError: from ``add_graph``, which needs PyTorch's own tracer.

    >>> import tempfile, tensorlite as tl
    >>> with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
    ...     for step in range(3):
    ...         writer.add_scalar("loss", tl.tensor(1.0 / (step + 1), requires_grad=True), step)
    ...     writer.add_histogram("weights", tl.nn.Linear(3, 2).weight, 3)
    ...     writer.add_image("picture", tl.rand(3, 8, 8), 3)
    """

    def add_images(
        self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None, dataformats: str = "NCHW"
    ) -> None:
        """Several pictures: a tensor or an array (N, C, H, W), or a list of tensors with ``dataformats`` CHW or HWC."""
        if isinstance(img_tensor, list) and all(isinstance(picture, Tensor) for picture in img_tensor):
            img_tensor, dataformats = stack(img_tensor), f"N{dataformats}"
        super().add_images(tag, _plain(img_tensor), global_step, walltime, dataformats)

    def add_graph(self, *args: Any, **kwargs: Any) -> None:
        """Not here: see ``Raises``."""
        raise NotImplementedError("add_graph needs PyTorch's tracer; tl.graph draws the graph of a result")


def _plain(value: Any) -> Any:
    """Tensors, also those in lists and dicts, as arrays and numbers."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == bfloat16 else value
        return value.numpy() if value.ndim else value.item()
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


def _taking_tensors(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: SummaryWriter, *args: Any, **kwargs: Any) -> Any:
        return method(self, *map(_plain, args), **_plain(kwargs))

    return call


for _name, _method in vars(tensorboardX.SummaryWriter).items():
    if _name.startswith("add_") and _name not in vars(SummaryWriter):
        setattr(SummaryWriter, _name, _taking_tensors(_method))
