"""Kullback-Leibler divergences by the classes of the two distributions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .distribution import Distribution

__all__ = ["kl_divergence", "register_kl"]

_KL_REGISTRY: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {}
_KL_MEMOIZE: dict[tuple[type, type], Any] = {}


def register_kl(type_p: Any, type_q: Any) -> Callable[[Any], Any]:
    """Decorate a function ``kl(p, q)`` that is to be used for these classes and their subclasses.

    Raises:
        TypeError: they are not classes of distributions.

    >>> from tensorlite.distributions import Normal
    >>> class Mine(Normal): pass
    >>> @register_kl(Mine, Mine)
    ... def kl_mine(p, q): return p.loc * 0
    >>> kl_divergence(Mine(1.0, 1.0), Mine(2.0, 1.0))
    tensor(0.)
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(kind, type) or not issubclass(kind, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def enter(function: Any) -> Any:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return enter


def _nearest(matches: list[tuple[type, type]], first: int) -> tuple[type, type]:
    """The match the classes of which no other's are below, looking at one side first (stable for ties)."""
    best = matches[0]
    for match in matches[1:]:
        for side in (first, 1 - first):
            if match[side] is not best[side]:
                if issubclass(match[side], best[side]):
                    best = match
                break
    return best


def _found(type_p: type, type_q: type) -> Any:
    matches = [pair for pair in _KL_REGISTRY if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])]
    if not matches:
        return None
    left, right = _nearest(matches, 0), _nearest(matches, 1)
    if _KL_REGISTRY[left] is not _KL_REGISTRY[right]:
        names = [kind.__name__ for kind in (type_p, type_q, *left, *right)]
        warnings.warn(
            f"Ambiguous kl_divergence({names[0]}, {names[1]}). Please register_kl({names[2]}, {names[5]})", RuntimeWarning,
            stacklevel=3,
        )  # fmt: skip
    return _KL_REGISTRY[left]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The divergence KL(p || q), the mean of log p - log q under p: shape (batch).

    Raises:
        NotImplementedError: no formula is registered for the two classes.

    >>> from tensorlite.distributions import Normal
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    key = type(p), type(q)
    function = _KL_MEMOIZE.get(key)
    if function is None:
        function = _KL_MEMOIZE[key] = _found(*key)
        if function is None:
            raise NotImplementedError(
                f"No KL(p || q) is implemented for p type {key[0].__name__} and q type {key[1].__name__}; register_kl() one"
            )
    return function(p, q)
