"""Functions and modules in the form that transforms want."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..nn.module import Module

__all__ = ["functionalize", "replace_all_batch_norm_modules_"]


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """``func`` itself: what PyTorch's gives is the same function without in-place operations for a compiler, with the same results.

    Raises:
        RuntimeError: `remove` is neither ``mutations`` nor ``mutations_and_views``.

    >>> import tensorlite as tl
    >>> tl.func.functionalize(lambda x: x.clone().add_(1))(tl.zeros(2))
    tensor([1., 1.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are "
            "'mutations' and 'mutations_and_views'"
        )

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Take the running statistics from every batch norm in a module, so that it can be mapped with `vmap`; returns the module.

    >>> import tensorlite as tl
    >>> net = tl.func.replace_all_batch_norm_modules_(tl.nn.Sequential(tl.nn.BatchNorm1d(3)))
    >>> net[0].running_mean is None
    True
    """
    for module in root.modules():
        if hasattr(module, "running_mean") and hasattr(module, "num_batches_tracked"):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
