"""Spectral normalisation by a hook, the older of two ways; the newer one is `parametrizations.spectral_norm`."""

from __future__ import annotations

from typing import Any, TypeVar

from ...autograd.modes import no_grad
from ...tensor import Tensor
from ..functional.norm import normalize
from ..module import Module
from ..parameter import Parameter, is_lazy
from . import _pre_hooks
from ._norms import as_matrix, output_dim, random_direction

__all__ = ["SpectralNorm", "SpectralNormStateDictHook", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook: before each forward, the weight is made of ``<name>_orig`` and the singular vectors ``<name>_u``, ``<name>_v``."""

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """The weight with ``dim`` as rows."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by its largest singular value, after a step of the power iteration if that is wanted."""
        weight, u, v = (getattr(module, self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    # In place: the buffers may be shared with replicas of the module.
                    v.copy_(normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(normalize(matrix.mv(v), dim=0, eps=self.eps))
                # The graph keeps these copies; the next forward changes the buffers.
                u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again, as it is now."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Move the parameter to ``<name>_orig``, draw the singular vectors, and register the hook."""
        if any(hook.name == name for hook in _pre_hooks.find(module, SpectralNorm)):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                f"spectral_norm needs the values of '{name}', which a lazy module does not have yet: call the module with a "
                "batch of data first"
            )
        with no_grad():
            rows, columns = hook.reshape_weight_to_matrix(weight).shape
            u, v = (random_direction(weight, size, eps) for size in (rows, columns))
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # As an attribute: the first forward replaces it by the result of a computation.
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        _pre_hooks.add(module, hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        return hook


class SpectralNormStateDictHook:
    """Writes into the state's metadata in which layout the buffers are."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = 1


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value (arXiv:1802.05957); returns the module.

    The value is estimated by a power iteration: in training mode, each call of the module takes ``n_power_iterations`` steps.
    The parameter becomes ``<name>_orig``, its singular vectors the buffers ``<name>_u`` and ``<name>_v``. ``dim`` is the
    dimension of the outputs: 0, or 1 for transposed convolutions. `parametrizations.spectral_norm` is the newer way.

    Raises:
        RuntimeError: the weight is normalised already.
        ValueError: ``n_power_iterations`` is not positive, or the module is lazy and has not been called yet.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.spectral_norm(tl.nn.Linear(20, 40))
    >>> layer.weight_u.shape, layer.weight_v.shape
    (torch.Size([40]), torch.Size([20]))
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo `spectral_norm`: the weight that there is becomes a parameter again; returns the module.

    Raises:
        ValueError: the weight is not normalised.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.spectral_norm(tl.nn.Linear(20, 40))
    >>> list(tl.nn.utils.remove_spectral_norm(layer).state_dict())
    ['bias', 'weight']
    """
    for hook in _pre_hooks.find(module, SpectralNorm):
        if hook.name == name:
            hook.remove(module)
            _pre_hooks.take(module, hook)
            _forget_state_hook(module, name)
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")


def _forget_state_hook(module: Module, name: str) -> None:
    table = module._state_hook_table("state_dict_post")
    for key, hook in list(table.items()):
        if isinstance(hook, SpectralNormStateDictHook) and hook.fn.name == name:
            del table[key]
