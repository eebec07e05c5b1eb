"""Saving and loading the state of a module: ``state_dict`` and ``load_state_dict``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..autograd.modes import no_grad
from ..tensor import Tensor
from ..utils.hooks import RemovableHandle
from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

__all__ = ["IncompatibleKeys", "StateDictMixin"]

EXTRA_STATE = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the keys that the module has and the state lacks, and the reverse."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"

    def __str__(self) -> str:
        return repr(self)


class StateDictMixin:
    """The state methods of :class:`Module`."""

    _version: int = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]
    # Made when the first hook is registered; most modules never have one.
    _state_hooks: dict[str, OrderedDict[int, Callable[..., Any]]] | None = None

    def get_extra_state(self) -> Any:
        """Return extra state for ``state_dict``; define it together with ``set_extra_state`` in a subclass."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: define get_extra_state() and set_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` returned; called by ``load_state_dict``."""
        raise RuntimeError(f"{type(self).__name__} cannot load extra state: define set_extra_state(state)")

    def _state_hook_table(self, kind: str) -> OrderedDict[int, Callable[..., Any]]:
        if self._state_hooks is None:
            self.__dict__["_state_hooks"] = {}
        assert self._state_hooks is not None
        return self._state_hooks.setdefault(kind, OrderedDict())

    def _run_state_hooks(self, kind: str, *args: Any) -> None:
        if self._state_hooks is None:
            return
        for hook in list(self._state_hooks.get(kind, {}).values()):
            if hook(*args) is not None and kind.endswith("post"):
                raise RuntimeError(f"a {kind} hook must change the state in place and return None")

    def _add_state_hook(self, kind: str, hook: Callable[..., Any]) -> RemovableHandle:
        table = self._state_hook_table(kind)
        handle = RemovableHandle(table)
        table[handle.id] = hook
        return handle

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` collects."""
        return self._add_state_hook("state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after ``state_dict`` has collected."""
        return self._add_state_hook("state_dict_post", hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, metadata, strict, missing, unexpected, errors)`` before loading."""
        return self._add_state_hook("load_state_dict_pre", hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., None], with_module: bool = False
    ) -> RemovableHandle:
        return self._add_state_hook("load_state_dict_pre", hook if with_module else lambda module, *args: hook(*args))

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the two lists in place."""
        return self._add_state_hook("load_state_dict_post", hook)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        persistent = {k: b for k, b in self._buffers.items() if k not in self._non_persistent_buffers_set}
        for name, tensor in (*self._parameters.items(), *persistent.items()):
            if tensor is not None:
                destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not StateDictMixin.get_extra_state:
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Return all parameters and persistent buffers by dotted name; the tensors share the module's memory.

        >>> import tensorlite as tl
        >>> list(tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        local_metadata: dict[str, Any] = {"version": self._version}
        metadata = getattr(destination, "_metadata", None)
        if metadata is not None:
            metadata[prefix[:-1]] = local_metadata
        self._run_state_hooks("state_dict_pre", self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
        self._run_state_hooks("state_dict_post", self, destination, prefix, local_metadata)
        return destination

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        self._run_state_hooks(
            "load_state_dict_pre",
            *(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs),
        )
        assign = local_metadata.get("assign_to_params_buffers", False)
        persistent = {k: b for k, b in self._buffers.items() if k not in self._non_persistent_buffers_set}
        for name, tensor in (*self._parameters.items(), *persistent.items()):
            if tensor is None:
                continue
            if prefix + name in state_dict:
                error = self._load_tensor(prefix, name, state_dict[prefix + name], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(prefix + name)
        self._load_extra_state(state_dict, prefix, strict, missing_keys, unexpected_keys)
        if strict:
            self._find_unexpected(state_dict, prefix, unexpected_keys)

    def _load_tensor(self, prefix: str, name: str, value: Any, assign: bool) -> str | None:
        """Load one value; return what is wrong with it, or None."""
        key, tensor = prefix + name, getattr(self, name)
        if not isinstance(value, Tensor):
            return f'While loading "{key}": expected a Tensor in the state_dict, but received {type(value)}'
        if is_lazy(tensor) and is_lazy(value):
            return None  # neither has values
        if tensor.ndim == 0 and value.ndim == 1 and value.shape[0] == 1:
            value = value[0]  # checkpoints from before 0-d tensors existed
        if value.shape != tensor.shape:
            return (
                f"size mismatch for {key}: the state_dict has a tensor of shape {value.shape}, "
                f"but the current module needs {tensor.shape}."
            )
        try:
            if not assign:
                with no_grad():
                    tensor.copy_(value)
            elif isinstance(tensor, Parameter) and not isinstance(value, Parameter):
                setattr(self, name, Parameter(value, requires_grad=tensor.requires_grad))
            else:
                setattr(self, name, value.requires_grad_(tensor.requires_grad))
        except Exception as error:
            return f"While copying {key} of shape {tuple(value.shape)}: {type(error).__name__}: {error}"
        return None

    def _load_extra_state(
        self, state_dict: dict[str, Any], prefix: str, strict: bool, missing: list[str], unexpected: list[str]
    ) -> None:
        key = prefix + EXTRA_STATE
        if type(self).set_extra_state is not StateDictMixin.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing.append(key)
        elif strict and key in state_dict:
            unexpected.append(key)

    def _find_unexpected(self, state_dict: dict[str, Any], prefix: str, unexpected_keys: list[str]) -> None:
        for key in state_dict:
            if not key.startswith(prefix) or key == prefix + EXTRA_STATE:
                continue
            head, _, tail = key[len(prefix) :].partition(".")
            if not (head in self._modules if tail else self._has_state(head)):
                unexpected_keys.append(key)

    def _has_state(self, name: str) -> bool:
        if self._parameters.get(name) is not None:
            return True
        return self._buffers.get(name) is not None and name not in self._non_persistent_buffers_set

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy parameters and buffers from ``state_dict``; ``assign=True`` takes its tensors instead of copying.

        Raises:
            TypeError: ``state_dict`` is not a mapping.
            RuntimeError: a shape differs, or (``strict=True``) a key is missing or unexpected. All of them are listed.

        >>> import tensorlite as tl
        >>> first, second = tl.nn.Linear(2, 3), tl.nn.Linear(2, 3)
        >>> second.load_state_dict(first.state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state = OrderedDict(state_dict)  # hooks may change it
        if metadata is not None:
            state._metadata = metadata  # type: ignore[attr-defined]
        _load(cast("Module", self), state, metadata, "", assign, (missing, unexpected, errors))
        if strict:
            if unexpected:
                names = ", ".join(f'"{key}"' for key in unexpected)
                errors.insert(0, f"Unexpected key(s) in state_dict: {names}. ")
            if missing:
                names = ", ".join(f'"{key}"' for key in missing)
                errors.insert(0, f"Missing key(s) in state_dict: {names}. ")
        if errors:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(type(self).__name__, "\n\t".join(errors))
            )
        return IncompatibleKeys(missing, unexpected)


def _load(
    module: Module,
    state: dict[str, Any],
    metadata: Mapping[str, Any] | None,
    prefix: str,
    assign: bool,
    found: tuple[list[str], list[str], list[str]],
) -> None:
    missing, unexpected, errors = found
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata = {**local_metadata, "assign_to_params_buffers": True}
    # The lists are always collected; strictness only decides whether they are an error.
    module._load_from_state_dict(state, prefix, local_metadata, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            child_prefix = prefix + name + "."
            # A child sees its own part only: loading a deep model would otherwise be quadratic in its keys.
            part = {key: value for key, value in state.items() if key.startswith(child_prefix)}
            _load(child, part, metadata, child_prefix, assign, found)
    module._run_state_hooks("load_state_dict_post", module, IncompatibleKeys(missing, unexpected))
