"""Modules that learn the shapes of their parameters from the first batch of data."""

from __future__ import annotations

from typing import Any

from ...autograd import no_grad
from ..module import Module
from ..parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin(Module):
    """What lazy modules share: the first call gives the uninitialized parameters their shapes, then runs.

    A subclass names it first, makes ``UninitializedParameter`` s, and defines ``initialize_parameters(*inputs)``, which
    materializes them. If it says a class ``cls_to_become``, the module is of that class from its first call on. Before that
    it can be moved, cast, saved, and loaded from a state of either kind.

    Raises:
        RuntimeError: ``initialize_parameters`` has left a parameter uninitialized.

    >>> import tensorlite as tl
    >>> layer = tl.nn.LazyLinear(3)
    >>> layer.has_uninitialized_params(), layer(tl.ones(2, 5)).shape, layer
    (True, torch.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become: type[Module] | None = None
    _inferred = False

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters from the inputs of the first call; for subclasses to define."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module (not of its children) has no shape yet."""
        return any(is_lazy(value) for table in (self._parameters, self._buffers) for value in table.values())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._inferred:
            self._infer_parameters(self, args, kwargs)
        # The class may be another one now, and with it what a call means.
        return super().__call__(*args, **kwargs) if isinstance(self, LazyModuleMixin) else self(*args, **kwargs)

    def _infer_parameters(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
        else:
            module._inferred = True

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        for name, own in (*self._parameters.items(), *self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(own) and given is not None and not is_lazy(given):
                with no_grad():
                    own.materialize(given.shape)  # type: ignore[union-attr]
        super()._load_from_state_dict(state_dict, prefix, *args)
