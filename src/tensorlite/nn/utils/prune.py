"""Pruning: parameters of which some elements are held at zero by a mask.

The parameter becomes ``<name>_orig``, the mask is the buffer ``<name>_mask``, and before each forward a hook computes
``<name>``, their product. Pruning again makes the mask smaller.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from ...autograd.modes import no_grad
from ...tensor import Tensor, kthvalue, norm, ones_like, rand, rand_like, topk, zeros_like
from ..module import Module
from . import _pre_hooks
from .convert_parameters import parameters_to_vector

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer", "RandomStructured",
    "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned", "l1_unstructured", "ln_structured",
    "random_structured", "random_unstructured", "remove",
]


class BasePruningMethod(ABC):
    """A way to choose what is pruned; a subclass says ``PRUNING_TYPE`` and defines `compute_mask`.

    ``PRUNING_TYPE`` is ``"unstructured"`` (single elements), ``"structured"`` (whole slices along ``dim``) or ``"global"``: it
    says what `compute_mask` is shown when the parameter is pruned already.

    >>> import tensorlite as tl
    >>> class EverySecond(tl.nn.utils.prune.BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         mask = default_mask.clone()
    ...         mask.view(-1)[::2] = 0
    ...         return mask
    >>> EverySecond().prune(tl.ones(4))
    tensor([0., 1., 0., 1.])
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of ones and zeros for importances ``t``, below the ``default_mask`` of before; all of one shape."""

    def apply_mask(self, module: Module) -> Tensor:
        """The product of the mask and the original parameter."""
        if getattr(self, "_tensor_name", None) is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, self._tensor_name + "_orig")
        return getattr(module, self._tensor_name + "_mask").to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any) -> Any:
        """Prune the parameter ``name`` of the module by the method made of ``args`` and ``kwargs``; returns the hook."""
        before = [hook for hook in _pre_hooks.find(module, BasePruningMethod) if hook._tensor_name == name]
        if len(before) > 1:
            raise AssertionError(f"{len(before)} pruning hooks on '{name}' of {module}; only one is expected")
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        tensor = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != tensor.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}: {tensor.shape}, not "
                f"{importance_scores.shape}"
            )
        if before:
            container = PruningContainer(before[0])
            container.add_pruning_method(method)
            method = container
        mask_before = getattr(module, name + "_mask").detach().clone() if before else ones_like(tensor)
        with no_grad():  # all that may fail comes before the module is changed
            scores = tensor if importance_scores is None else importance_scores
            mask = method.compute_mask(scores, default_mask=mask_before)
        if before:
            _pre_hooks.take(module, before[0])
        else:
            original = module._parameters.pop(name)
            module.register_parameter(name + "_orig", original)
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        _pre_hooks.add(module, method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A pruned copy of a tensor, apart from any module."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise AssertionError(f"importance_scores should have the shape {t.shape} of t, not {importance_scores.shape}")
        scores = t if importance_scores is None else importance_scores
        return t * self.compute_mask(scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned values the parameter's own: original and mask go."""
        name = self._tensor_name
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original: Any = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several methods of pruning for one parameter, one after the other.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Linear(4, 4)
    >>> for _ in range(2):
    ...     _ = tl.nn.utils.prune.random_unstructured(layer, "weight", amount=4)
    >>> int(layer.weight_mask.sum())
    8
    """

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        for method in args:
            # A container given first hands its methods over.
            for each in method if isinstance(method, PruningContainer) and len(args) == 1 else (method,):
                if not self._pruning_methods:
                    self._tensor_name = each._tensor_name
                self.add_pruning_method(each)

    def add_pruning_method(self, method: Any) -> None:
        """Append a method for the same parameter.

        Raises:
            TypeError: it is no `BasePruningMethod`.
            ValueError: it is for another parameter.
        """
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of before, with what the last method prunes of the rest."""
        method = self._pruning_methods[-1]
        left = _left(method, default_mask)
        mask = default_mask.to(dtype=t.dtype).clone()
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(mask.dtype)
        return mask


def _left(method: Any, mask: Tensor) -> Any:
    """The index of what is not pruned yet, in the units of the method."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return (slice(None),) * mask.ndim
    if method.PRUNING_TYPE != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    if not hasattr(method, "dim"):
        raise AttributeError("a structured pruning method needs an attribute dim, the dimension of its slices")
    dim = method.dim % mask.ndim
    alive = mask.sum(dim=[d for d in range(mask.ndim) if d != dim]) != 0
    return tuple(alive if d == dim else slice(None) for d in range(mask.ndim))


class Identity(BasePruningMethod):
    """Prunes nothing, but sets up original and mask.

    >>> import tensorlite as tl
    >>> tl.nn.utils.prune.Identity().prune(tl.ones(2))
    tensor([1., 1.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of before."""
        return default_mask


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    # A whole number counts elements, also 1; a fraction is a share.
    most = float("inf") if isinstance(amount, numbers.Integral) else 1.0
    if not 0 <= float(amount) <= most:
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count(amount: Any, size: int) -> int:
    """How many of ``size`` are pruned."""
    count = int(amount) if isinstance(amount, numbers.Integral) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return count


def _check_structured(t: Tensor) -> None:
    if t.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{t.shape} with {t.ndim} dims"
        )


def _checked_dim(t: Tensor, dim: int) -> int:
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
    return dim % t.ndim


def _without(mask: Tensor, pruned: Tensor) -> Tensor:
    """The mask with zeros at these places, counted in the flattened mask."""
    mask = mask.clone()
    mask.view(-1)[pruned] = 0
    return mask


def _only_slices(t: Tensor, mask: Tensor, dim: int, kept: Tensor) -> Tensor:
    """The mask, and zeros outside the slices along ``dim`` that are kept (a mask or indices)."""
    slices = zeros_like(t)
    slices[tuple(kept if d == dim else slice(None) for d in range(t.ndim))] = 1
    return slices * mask.to(dtype=slices.dtype)


class RandomUnstructured(BasePruningMethod):
    """Prunes elements at random; ``amount`` is a number or a share of them.

    >>> import tensorlite as tl
    >>> int(tl.nn.utils.prune.RandomUnstructured(amount=0.5).prune(tl.ones(4)).sum())
    2
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """A mask without the elements that draw the largest numbers."""
        count = _count(self.amount, t.numel())
        return _without(default_mask, topk(rand_like(t).view(-1), k=count).indices) if count else default_mask.clone()


class L1Unstructured(BasePruningMethod):
    """Prunes the elements of smallest magnitude; ``amount`` is a number or a share of them.

    >>> import tensorlite as tl
    >>> tl.nn.utils.prune.L1Unstructured(amount=2).prune(tl.tensor([3.0, -1.0, 2.0, -4.0]))
    tensor([ 3., -0.,  0., -4.])
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """A mask without the smallest elements."""
        count = _count(self.amount, t.numel())
        return _without(default_mask, topk(t.abs().reshape(-1), k=count, largest=False).indices) if count else default_mask.clone()


class RandomStructured(BasePruningMethod):
    """Prunes whole slices along ``dim`` at random; ``amount`` is a number or a share of them.

    >>> import tensorlite as tl
    >>> tl.nn.utils.prune.RandomStructured(amount=1, dim=0).prune(tl.ones(3, 2)).sum()
    tensor(4.)
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """A mask without the slices that draw the smallest numbers."""
        _check_structured(t)
        dim = _checked_dim(t, self.dim)
        count = _count(self.amount, t.shape[dim])
        if not count:
            return default_mask
        draws = rand(t.shape[dim])
        kept = (draws > kthvalue(draws, k=count).values).to(t.device)
        return _only_slices(t, default_mask, dim, kept)


class LnStructured(BasePruningMethod):
    """Prunes the slices along ``dim`` with the smallest ``n``-norm; ``amount`` is a number or a share of them.

    >>> import tensorlite as tl
    >>> tl.nn.utils.prune.LnStructured(amount=1, n=2, dim=0).prune(tl.tensor([[3.0, 4.0], [1.0, 1.0]]))
    tensor([[3., 4.],
            [0., 0.]])
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """A mask without the smallest slices."""
        _check_structured(t)
        dim = _checked_dim(t, self.dim)
        count = _count(self.amount, t.shape[dim])
        if not count:
            return default_mask
        sizes = norm(t, p=self.n, dim=[d for d in range(t.ndim) if d != dim])
        return _only_slices(t, default_mask, dim, topk(sizes, k=t.shape[dim] - count, largest=True).indices)


class CustomFromMask(BasePruningMethod):
    """Prunes what a given mask has zeros for.

    >>> import tensorlite as tl
    >>> tl.nn.utils.prune.CustomFromMask(tl.tensor([1, 0])).prune(tl.ones(2))
    tensor([1., 0.])
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The product of the mask of before and the given one."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"the mask must have the shape {default_mask.shape} of the parameter, not {self.mask.shape}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)


def identity(module: Module, name: str) -> Module:
    """Set a parameter up as pruned, with a mask of ones; returns the module.

    >>> import tensorlite as tl
    >>> list(tl.nn.utils.prune.identity(tl.nn.Linear(2, 2), "bias").state_dict())
    ['weight', 'bias_orig', 'bias_mask']
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune ``amount`` elements (a number or a share) of a parameter at random; returns the module.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.random_unstructured(tl.nn.Linear(2, 3), "weight", amount=1)
    >>> layer.weight_mask.sum()
    tensor(5.)
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the ``amount`` elements (a number or a share) of smallest magnitude, or score; returns the module.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.l1_unstructured(tl.nn.Linear(2, 3), "weight", amount=0.5)
    >>> layer.weight_mask.sum()
    tensor(3.)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune ``amount`` slices (a number or a share) along ``dim`` at random; returns the module.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.random_structured(tl.nn.Linear(5, 3), "weight", amount=3, dim=1)
    >>> int((layer.weight.sum(dim=0) == 0).sum())
    3
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the ``amount`` slices (a number or a share) along ``dim`` of smallest ``n``-norm; returns the module.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.ln_structured(tl.nn.Conv2d(5, 3, 2), "weight", amount=0.3, dim=1, n=float("-inf"))
    >>> int((layer.weight.sum(dim=(0, 2, 3)) == 0).sum())
    2
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Any, pruning_method: type[BasePruningMethod], importance_scores: dict[Any, Tensor] | None = None, **kwargs: Any
) -> None:
    """Prune several parameters as if they were one; ``parameters`` are pairs of module and name.

    ``kwargs`` are those of the method, which must be unstructured. ``importance_scores`` has the same pairs as keys.

    Raises:
        TypeError: an argument is of another kind, or the method is not unstructured.

    >>> import tensorlite as tl
    >>> prune, net = tl.nn.utils.prune, tl.nn.Sequential(tl.nn.Linear(10, 4), tl.nn.Linear(4, 1))
    >>> prune.global_unstructured([(net[0], "weight"), (net[1], "weight")], prune.L1Unstructured, amount=10)
    >>> int(sum((layer.weight == 0).sum() for layer in net))
    10
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    if not isinstance(importance_scores, (dict, type(None))):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs, scores = list(parameters), importance_scores or {}
    tensors = [getattr(module, name) for module, name in pairs]
    relevant = parameters_to_vector(
        [scores.get(pair, tensor).reshape(-1) for pair, tensor in zip(map(tuple, pairs), tensors, strict=True)]
    )
    masks = [getattr(module, f"{name}_mask", ones_like(tensor)) for (module, name), tensor in zip(pairs, tensors, strict=True)]
    method = pruning_method(**kwargs)
    method._tensor_name = "all"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of type '
            f"{method.PRUNING_TYPE}"
        )
    with no_grad():
        mask = PruningContainer(method).compute_mask(relevant, parameters_to_vector([m.reshape(-1) for m in masks]))
    for (module, name), part, own in zip(pairs, mask.split([m.numel() for m in masks]), masks, strict=True):
        custom_from_mask(module, name, mask=part.view_as(own))


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune the elements of a parameter for which ``mask``, of the same shape, has zeros; returns the module.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.custom_from_mask(tl.nn.Linear(5, 3), "bias", tl.tensor([0, 1, 0]))
    >>> layer.bias_mask
    tensor([0., 1., 0.])
    """
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: Module, name: str) -> Module:
    """Make the pruned values the parameter's own, and end its pruning; returns the module.

    Raises:
        ValueError: the parameter is not pruned.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.prune.identity(tl.nn.Linear(2, 2), "bias")
    >>> list(tl.nn.utils.prune.remove(layer, "bias").state_dict())
    ['weight', 'bias']
    """
    for hook in _pre_hooks.find(module, BasePruningMethod):
        if hook._tensor_name == name:
            hook.remove(module)
            _pre_hooks.take(module, hook)
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether a parameter of the module or of a submodule is pruned.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Linear(2, 2)
    >>> before = tl.nn.utils.prune.is_pruned(layer)
    >>> before, tl.nn.utils.prune.is_pruned(tl.nn.utils.prune.identity(layer, "bias"))
    (False, True)
    """
    return any(_pre_hooks.find(each, BasePruningMethod) for each in module.modules())
