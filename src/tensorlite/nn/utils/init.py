"""Making modules whose parameters are not drawn."""

from __future__ import annotations

import inspect
from typing import Any

from ...backends import get_backend
from ...tensor.random import default_generator_of, fork_rng
from ..module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """Make ``module_cls(*args, **kwargs)`` without drawing from the random generator; its parameters may have any values.

    For modules whose parameters are set at once by something else.

    Raises:
        RuntimeError: not a subclass of ``Module``, or one that takes no ``device``.

    >>> import tensorlite as tl
    >>> before = tl.get_rng_state()
    >>> tl.nn.utils.skip_init(tl.nn.Linear, 3, 4)
    Linear(in_features=3, out_features=4, bias=True)
    >>> tl.equal(before, tl.get_rng_state())
    True
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    kwargs["device"] = "cpu" if kwargs.get("device") is None else kwargs["device"]
    default_generator_of(get_backend(kwargs["device"]))  # it must be there to be restored
    with fork_rng():
        return module_cls(*args, **kwargs)
