"""Nested tuples, lists and dicts of tensors: taken apart into leaves and put together again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Spec", "flatten", "map_leaves", "spread", "unflatten"]


class Spec:
    """The form of a tree without its leaves: the kind of each node, what rebuilds it, and its children (None for a leaf)."""

    __slots__ = ("children", "keys", "kind", "rebuild")

    def __init__(self, kind: Any, keys: Any, rebuild: Callable[[list[Any]], Any], children: list[Spec | None]) -> None:
        self.kind, self.keys, self.rebuild, self.children = kind, keys, rebuild, children

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return (self.kind, self.keys, self.children) == (other.kind, other.keys, other.children)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        inner = ", ".join("*" if child is None else repr(child) for child in self.children)
        return f"{self.kind.__name__}({inner})" if self.keys is None else f"{self.kind.__name__}({list(self.keys)}: {inner})"


def _parts(tree: Any) -> tuple[Any, list[Any], Callable[[list[Any]], Any]] | None:
    """Keys (None for sequences), children, and how to build such a node from others; None for a leaf."""
    kind = type(tree)
    if kind in (tuple, list):
        return None, list(tree), kind
    if kind is deque:
        return None, list(tree), lambda children: deque(children, maxlen=tree.maxlen)
    if kind in (dict, OrderedDict):
        keys = tuple(tree)
        return keys, list(tree.values()), lambda children: kind(zip(keys, children, strict=True))
    if kind is defaultdict:
        keys = tuple(tree)
        return keys, list(tree.values()), lambda children: defaultdict(tree.default_factory, zip(keys, children, strict=True))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return None, list(tree), lambda children: kind(*children)
    if isinstance(tree, tuple) and hasattr(kind, "n_fields"):  # a structure of results, such as that of max
        return None, list(tree), kind
    return None


def flatten(tree: Any) -> tuple[list[Any], Spec | None]:
    """The leaves from left to right, and the form; None as form is a tree that is one leaf.

    >>> flatten({"a": 1, "b": (2, [3])})[0]
    [1, 2, 3]
    """
    parts = _parts(tree)
    if parts is None:
        return [tree], None
    keys, children, rebuild = parts
    leaves: list[Any] = []
    specs = []
    for child in children:
        inner, spec = flatten(child)
        leaves += inner
        specs.append(spec)
    return leaves, Spec(type(tree), keys, rebuild, specs)


def unflatten(leaves: Sequence[Any], spec: Spec | None) -> Any:
    """The tree of this form with these leaves.

    >>> leaves, spec = flatten({"a": 1, "b": (2, [3])})
    >>> unflatten([x * 10 for x in leaves], spec)
    {'a': 10, 'b': (20, [30])}
    """
    remaining = iter(leaves)

    def build(spec: Spec | None) -> Any:
        return next(remaining) if spec is None else spec.rebuild([build(child) for child in spec.children])

    return build(spec)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with `function` of each leaf.

    >>> map_leaves(abs, [-1, (-2,)])
    [1, (2,)]
    """
    leaves, spec = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], spec)


def spread(prefix: Any, spec: Spec | None) -> list[Any] | None:
    """One value for each leaf of `spec`, from a tree of values that may end early: its leaves stand for all that is below them.

    Returns None where the two do not fit together.

    >>> spread((0, None), flatten([1, 2])[1]) is None
    True
    >>> spread((0, None), flatten(((1, 2), 3))[1])
    [0, 0, None]
    """
    parts = _parts(prefix)
    if parts is None:
        return [prefix] * _count(spec)
    if spec is None:
        return None
    keys, children, _ = parts
    if type(prefix) is not spec.kind or len(children) != len(spec.children):
        return None
    if keys is not None:
        if set(keys) != set(spec.keys):
            return None
        children = [prefix[key] for key in spec.keys]
    values: list[Any] = []
    for child, below in zip(children, spec.children, strict=True):
        inner = spread(child, below)
        if inner is None:
            return None
        values += inner
    return values


def _count(spec: Spec | None) -> int:
    return 1 if spec is None else sum(_count(child) for child in spec.children)
