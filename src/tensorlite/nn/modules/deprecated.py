"""Old names, which warn."""

from __future__ import annotations

import warnings
from typing import Any

from ..module import Module
from .loss import NLLLoss

__all__ = ["Container", "NLLLoss2d"]


class Container(Module):
    """A module with the given children; :class:`Module` does all that it did.

    >>> import tensorlite as tl, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     print(tl.nn.Container(first=tl.nn.ReLU()))
    Container(
      (first): ReLU()
    )
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        warnings.warn("nn.Container is deprecated: make a subclass of nn.Module instead", FutureWarning, stacklevel=2)
        for name, module in kwargs.items():
            self.add_module(name, module)


class NLLLoss2d(NLLLoss):
    """The old name of :class:`NLLLoss`, which takes images as well.

    >>> import tensorlite as tl, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tl.nn.NLLLoss2d()(tl.ones(1, 2, 1, 1), tl.zeros(1, 1, 1).long())
    tensor(-1.)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn("nn.NLLLoss2d is deprecated: nn.NLLLoss takes the same arguments", FutureWarning, stacklevel=2)
        super().__init__(*args, **kwargs)
