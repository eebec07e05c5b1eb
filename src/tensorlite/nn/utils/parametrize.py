"""Parametrizations: a parameter or buffer that is computed, at each use, from tensors without constraints.

`register_parametrization` gives the module a class of its own in which the tensor's name is a property. The tensors it is
computed from live in `module.parametrizations.<name>`, a `ParametrizationList`, as `original`, or as `original0`, `original1`
... where the parametrization has several inputs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from ...autograd.modes import no_grad
from ...tensor import Tensor
from ..module import Module
from ..modules.container import ModuleDict, ModuleList
from ..parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]

_UNSAFE = "; pass unsafe=True if that is meant"
_cache_depth = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within the context, compute each parametrized tensor once and keep it; contexts may be nested.

    For weights that are used several times in one forward pass. Assigning to a tensor within the context does not renew it.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    >>> with tl.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    >>> layer.weight is layer.weight
    False
    """
    global _cache_depth
    _cache_depth += 1
    try:
        yield
    finally:
        _cache_depth -= 1
        if not _cache_depth:
            _cache.clear()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_same(what: str, found: Any, wanted: Tensor, hint: str) -> None:
    """That ``found`` is a tensor of the dtype and the shape of ``wanted``."""
    if not isinstance(found, Tensor):
        raise ValueError(f"{what} must be a tensor. Got: {type(found).__name__}")
    for attribute in ("dtype", "shape"):
        if getattr(found, attribute) != getattr(wanted, attribute):
            raise ValueError(
                f"{what} may not have another {attribute} than the tensor itself{hint}\n"
                f"tensor: {getattr(wanted, attribute)}\nfound: {getattr(found, attribute)}"
            )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied in their order, and the tensors that they are applied to.

    Made by `register_parametrization`. `original` (or `original0`, `original1` ...) is what an optimizer trains.

    Raises:
        ValueError: there is no parametrization, or one gives something else than a tensor like the original.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 3))
    >>> [name for name, _ in layer.parametrizations.weight.named_parameters()]
    ['original0', 'original1']
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not len(modules):
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        like = original.detach()
        with no_grad():
            inputs = self._inverted(original, lenient=True)
        self.is_tensor = isinstance(inputs, Tensor)
        if not isinstance(inputs, (Tensor, Sequence)):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type(inputs).__name__}"
            )
        self.ntensors = 1 if isinstance(inputs, Tensor) else len(inputs)
        if isinstance(inputs, Tensor):
            self._keep_one(original, inputs)
        else:
            self._keep_several(original, inputs)
        if not unsafe:
            try:
                _check_same("the tensor that a parametrization returns", self(), like, _UNSAFE)
            except Exception:
                original.data = like
                raise

    def _inverted(self, value: Any, lenient: bool) -> Any:
        """What the parametrizations make ``value`` of. If ``lenient``, one without an inverse takes it as it is."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                if lenient:
                    continue
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse, so that no value can be assigned"
                )
            try:
                value = module.right_inverse(value)
            except NotImplementedError:
                if not lenient:
                    raise
        return value

    def _keep_one(self, original: Tensor, value: Tensor) -> None:
        for attribute in ("dtype", "device"):
            if getattr(original, attribute) != getattr(value, attribute):
                raise ValueError(
                    f"a 'right_inverse' that returns one tensor may not change its {attribute}\n"
                    f"tensor: {getattr(original, attribute)}\nreturned: {getattr(value, attribute)}"
                )
        # The object stays, so that an optimizer that has it goes on training it.
        original.data = value.data
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, values: Sequence[Any]) -> None:
        for i, value in enumerate(values):
            if not isinstance(value, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                    f"{i} of the sequence with type {type(value).__name__}."
                )
            if isinstance(original, Parameter):
                value = Parameter(value, original.requires_grad)
            _register(self, f"original{i}", value.requires_grad_(original.requires_grad))

    def _originals(self) -> list[Tensor]:
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    @no_grad()
    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor becomes ``value``, as far as that is possible.

        Raises:
            RuntimeError: a parametrization has no ``right_inverse``.
            ValueError: a ``right_inverse`` does not return tensors like the originals.
        """
        inverted = self._inverted(value, lenient=False)
        if not self.is_tensor and not isinstance(inverted, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(inverted).__name__}.")
        found = [inverted] if self.is_tensor else list(inverted)
        if len(found) != self.ntensors:
            raise ValueError(f"'right_inverse' must return a sequence of length {self.ntensors}. Got {len(found)}.")
        for original, new in zip(self._originals(), found, strict=True):
            if not isinstance(new, Tensor):
                raise ValueError(f"'right_inverse' must return tensors. Got {type(new).__name__}")
            if new.dtype != original.dtype:
                raise ValueError(f"'right_inverse' returned a tensor of {new.dtype} for an original of {original.dtype}")
            original.data = new.data

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        modules = iter(self)
        value = next(modules)(*self._originals())
        for module in modules:
            value = module(value)
        return value


def _refuse_pickling(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save that, make the module and its "
        "parametrizations anew, and load it"
    )


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    replica = memo[id(self)] = self.__class__.__new__(self.__class__)
    replica.__dict__ = copy.deepcopy(self.__dict__, memo)
    # A class of its own: what is registered or removed on one of the two is no business of the other.
    replica.__class__ = type(self).__bases__[0]
    _become_parametrized(replica)
    for name in replica.parametrizations:
        _add_property(replica, name)
    return replica


def _become_parametrized(module: Module) -> None:
    """Give the module a class of its own, below the one it has."""
    cls: Any = type(module)
    members: dict[str, Any] = {"__getstate__": _refuse_pickling}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{type(module).__name__}", (cls,), members)


def _add_property(module: Module, name: str) -> None:
    def get(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _cache_depth:
            return parametrization()
        key = id(self), name
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def set(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let the parameter or buffer ``module.<tensor_name>`` be ``parametrization(original)`` from now on; returns the module.

    A second parametrization of the same tensor is applied to the result of the first. If the parametrization has a method
    ``right_inverse``, the original is set by it, and ``module.<tensor_name> = value`` works; it may return several tensors,
    which are then the inputs of the parametrization. ``unsafe=True`` permits a result of another dtype or shape.

    Raises:
        ValueError: the module has no such tensor, or the result has another dtype or shape.

    >>> import tensorlite as tl
    >>> class Symmetric(tl.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = tl.nn.utils.parametrize.register_parametrization(tl.nn.Linear(2, 2), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all()), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])
    >>> layer
    ParametrizedLinear(
      in_features=2, out_features=2, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): Symmetric()
        )
      )
    )
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_added(module, tensor_name, parametrization)
        known = cast(ParametrizationList, _of(module)[tensor_name])
        known.append(parametrization)
        known.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    # Before the module is changed: an unfit parametrization leaves it as it is.
    made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _become_parametrized(module)
        module.parametrizations = ModuleDict()
    _add_property(module, tensor_name)
    _of(module)[tensor_name] = made
    return module


def _check_added(module: Module, name: str, parametrization: Any) -> None:
    """That a further parametrization takes and gives tensors like the one there is."""
    before = getattr(module, name)
    after = parametrization(before)
    _check_same("the tensor that a parametrization returns", after, before, _UNSAFE)
    if hasattr(parametrization, "right_inverse"):
        try:
            back = parametrization.right_inverse(after)
        except NotImplementedError:
            return
        _check_same("what parametrization.right_inverse returns", back, before, _UNSAFE)


def _of(module: Any) -> ModuleDict:
    return module.parametrizations


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the module has parametrizations, or has one for ``tensor_name``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    >>> [tl.nn.utils.parametrize.is_parametrized(layer, name) for name in (None, "weight", "bias")]
    [True, True, False]
    """
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make ``module.<tensor_name>`` an ordinary tensor again; returns the module.

    It keeps the value it has, or with ``leave_parametrized=False`` gets that of the original. Where there is one original,
    it is the same Parameter object as before the registration.

    Raises:
        ValueError: it is not parametrized, or there are several originals and ``leave_parametrized=False``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    >>> tl.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    chain = cast(ParametrizationList, _of(module)[tensor_name])
    if not chain.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of "
            "tensors."
        )
    if chain.is_tensor:
        original = chain.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).data
    else:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    delattr(type(module), tensor_name)
    del _of(module)[tensor_name]
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    _register(module, tensor_name, original)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had before its first parametrization.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    >>> type(layer).__name__, tl.nn.utils.parametrize.type_before_parametrizations(layer).__name__
    ('ParametrizedLinear', 'Linear')
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Let ``to_module`` share the parametrizations and the originals of ``from_module``; returns ``to_module``.

    Those of one tensor, or of all. A tensor that ``to_module`` lacks is made.

    >>> import tensorlite as tl
    >>> first = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    >>> second = tl.nn.utils.parametrize.transfer_parametrizations_and_params(first, tl.nn.Linear(2, 2))
    >>> second.parametrizations.weight.original0 is first.parametrizations.weight.original0
    True
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(_of(from_module)) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        given = cast(ParametrizationList, _of(from_module)[name])
        for parametrization in given:
            register_parametrization(to_module, name, parametrization, unsafe=given.unsafe)
        taken = _of(to_module)[name]
        for key in (*given._parameters, *given._buffers):
            setattr(taken, key, getattr(given, key))
    return to_module
