"""Weight normalisation by a hook, the older of two ways; the newer one is `parametrizations.weight_norm`."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter, is_lazy
from . import _pre_hooks
from ._norms import norm_except, rescaled

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: before each forward, the weight is made of ``<name>_g`` and ``<name>_v``."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight: the direction of ``<name>_v`` with the length ``<name>_g``."""
        return rescaled(getattr(module, self.name + "_g"), getattr(module, self.name + "_v"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Split the parameter in two and register the hook."""
        if any(hook.name == name for hook in _pre_hooks.find(module, WeightNorm)):
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight: Tensor = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                f"weight_norm needs the values of '{name}', which a lazy module does not have yet: call the module with a batch "
                "of data first"
            )
        length = Parameter(norm_except(weight, hook.dim).data)
        del module._parameters[name]
        module.register_parameter(name + "_g", length)
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        _pre_hooks.add(module, hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make the weight one parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into its length and its direction, ``w = g * v / |v|`` (arXiv:1602.07868); returns the module.

    The parameter becomes two, ``<name>_g`` and ``<name>_v``. There is a length for each index of ``dim``, or one for all
    (None). Deprecated: `parametrizations.weight_norm` does the same for modules that can be copied.

    Raises:
        RuntimeError: the weight is normalised already.
        ValueError: the module is lazy and has not been called yet.

    >>> import tensorlite as tl, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     layer = tl.nn.utils.weight_norm(tl.nn.Linear(20, 40))
    >>> layer.weight_g.shape, layer.weight_v.shape
    (torch.Size([40, 1]), torch.Size([40, 20]))
    """
    warnings.warn(
        "`nn.utils.weight_norm` is deprecated: use `nn.utils.parametrizations.weight_norm`", FutureWarning, stacklevel=2
    )
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo `weight_norm`: the weight that there is becomes a parameter again; returns the module.

    Raises:
        ValueError: the weight is not normalised.

    >>> import tensorlite as tl, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     layer = tl.nn.utils.weight_norm(tl.nn.Linear(20, 40))
    >>> list(tl.nn.utils.remove_weight_norm(layer).state_dict())
    ['bias', 'weight']
    """
    for hook in _pre_hooks.find(module, WeightNorm):
        if hook.name == name:
            hook.remove(module)
            _pre_hooks.take(module, hook)
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
