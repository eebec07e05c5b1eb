"""What every distribution is: shapes, checked parameters, `expand`, and what follows from `log_prob` and `sample`."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from ..autograd import grad, no_grad
from ..autograd.base import TensorBase
from ..tensor import Size, Tensor
from . import constraints
from ._tl import tl
from .utils import lazy_property

__all__ = ["Distribution", "ExponentialFamily"]


class Distribution:
    """A batch of distributions: samples have the shape (sample, batch, event).

    A subclass names its parameters in `_params`, with the number of dimensions that belong to one event of each; `expand`
    works with that. `arg_constraints` says what values they may have, `support` what samples are.

    Raises:
        ValueError: a parameter is not where its constraint wants it (with `validate_args`, which is the default).
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: Any = __debug__
    _params: ClassVar[dict[str, int]] = {}
    _plain: ClassVar[tuple[str, ...]] = ()
    """Attributes that `expand` copies as they are."""

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Check parameters and samples (the default), or not.

        Raises:
            ValueError: neither True nor False.
        """
        if value not in [True, False]:
            raise ValueError(f"set_default_validate_args expects True or False, not {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()
        super().__init__()

    def _check_parameters(self) -> None:
        try:
            bounds = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        for name, constraint in bounds.items():
            lazy = name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(constraint) or lazy:
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution {self!r} "
                    f"to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with its batch expanded to a shape; parameters are views.

        Raises:
            NotImplementedError: a subclass has an `__init__` of its own and no `expand`.
        """
        if not self._params:
            raise NotImplementedError(f"{type(self).__name__} has no expand()")
        new = self._get_checked_instance(self._owner(), _instance)
        shape = self._expand_parameters(new, batch_shape)
        Distribution.__init__(new, shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _owner(self) -> type:
        """The class whose `__init__` and parameters are those of this distribution."""
        return next(c for c in type(self).__mro__ if "_params" in c.__dict__)

    def _expand_parameters(self, new: Any, batch_shape: Any) -> Any:
        shape = Size(batch_shape)
        for name, dims in self._params.items():
            if name in self.__dict__:
                value = self.__dict__[name]
                new.__dict__[name] = value.expand(shape + value.shape[value.ndim - dims :])
        for name in self._plain:
            new.__dict__[name] = self.__dict__[name]
        return shape

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also define a "
                "custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one event."""
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """The constraint of each parameter."""
        raise NotImplementedError(f"{type(self).__name__} has no arg_constraints")

    @property
    def support(self) -> Any:
        """The constraint that samples satisfy."""
        raise NotImplementedError(f"{type(self).__name__} has no support")

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def mode(self) -> Tensor:
        """The mode."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of the shape (sample, batch, event), without gradients."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples that have gradients with respect to the parameters, where there are such.

        Raises:
            NotImplementedError: samples of this distribution have no gradients.
        """
        raise NotImplementedError(f"{type(self).__name__} has no rsample(); use sample()")

    def sample_n(self, n: int) -> Tensor:
        """The old spelling of ``sample((n,))``."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead.", FutureWarning, stacklevel=2)
        return self.sample(Size((n,)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density (or probability) at a value: shape (sample, batch, event) to (sample, batch)."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob()")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of what is not above a value."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf()")

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of `cdf`."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf()")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, in a new first dimension; expanded over the batch if `expand`."""
        raise NotImplementedError(f"{type(self).__name__} has no enumerate_support()")

    def entropy(self) -> Tensor:
        """The entropy in nats: shape (batch)."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy()")

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return tl.exp(self.entropy())

    def _enumerated(self, values: Tensor, expand: bool) -> Tensor:
        values = values.reshape((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise ValueError("The value argument to log_prob must be a Tensor")
        shape = tuple(value.shape)
        event_start = len(shape) - len(self._event_shape)
        if shape[max(event_start, 0) :] != tuple(self._event_shape):
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}; see log_prob()"
            )
        whole = tuple(self._batch_shape) + tuple(self._event_shape)
        if any(a != 1 and b != 1 and a != b for a, b in zip(reversed(shape), reversed(whole), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {Size(whole)}.")
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the distribution with "
                "`validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {shape}) to be within the support ({support!r}) of the "
                f"distribution {self!r}, but found invalid values:\n{value}"
            )

    def _checked(self, value: Tensor) -> None:
        if self._validate_args:
            self._validate_sample(value)

    def __repr__(self) -> str:
        shown = [(name, self.__dict__[name]) for name in self.arg_constraints if name in self.__dict__]
        inner = ", ".join(f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in shown)
        return f"{type(self).__name__}({inner})"


class ExponentialFamily(Distribution):
    """A distribution with density exp(<t(x), theta> - F(theta) + k(x)).

    Where a subclass gives F (`_log_normalizer`) and theta, the entropy follows from the Bregman divergence of F (Nielsen and
    Nock, 2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError(f"{type(self).__name__} has no natural parameters")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no log normalizer")

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no mean of its carrier measure")

    def entropy(self) -> Tensor:
        result = -self._mean_carrier_measure
        parameters = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*parameters)
        slopes = grad(normalizer.sum(), parameters, create_graph=True)
        result = result + normalizer
        for p, slope in zip(parameters, slopes, strict=True):
            result = result - (p * slope).reshape(*self._batch_shape, -1).sum(-1)
        return result
