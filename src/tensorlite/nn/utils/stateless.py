"""The older name of `tensorlite.func.functional_call`."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from ..functional_call import functional_call as _functional_call
from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters. Deprecated: `tensorlite.func.functional_call` is the same.

    >>> import tensorlite as tl, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     tl.nn.utils.stateless.functional_call(tl.nn.Linear(1, 1), {"bias": tl.zeros(1)}, tl.zeros(1)).item()
    0.0
    """
    warnings.warn(
        "`nn.utils.stateless.functional_call` is deprecated: use `func.functional_call`, which is the same",
        FutureWarning, stacklevel=2,
    )
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
