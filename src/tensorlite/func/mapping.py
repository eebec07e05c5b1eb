"""`vmap`: a function of one example, for all examples of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.base import TensorBase
from ..tensor.joining import stack
from ..tensor.random import fork_rng
from .guards import Draws, Writes, check_randomness, guarded
from .trees import Spec, flatten, spread, unflatten

__all__ = ["vmap"]

Tensor = Any


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """A function that runs ``func`` for each example along a dimension of its arguments, and stacks what it returns.

    It runs ``func`` once for each example, one after another, and so it is right for whatever ``func`` does, also where control
    flow depends on values; it is no faster than a loop. Gradients flow through it, and it can be nested.

    Args:
        in_dims: the mapped dimension of the positional arguments: one for all, or a tuple in the form of the arguments; None for
            what all
            examples share. Keyword arguments are shared.
        out_dims: where the mapped dimension is in the outputs; None for an output that is the same for all examples.
        randomness: whether random functions fail (``error``), draw for each example as PyTorch does (``different``), or draw the
            same
            numbers for all (``same``).
        chunk_size: random numbers are drawn for so many examples at once.

    Raises:
        ValueError: `in_dims` or `out_dims` do not fit, sizes differ, or ``func`` returns something else than tensors.
        RuntimeError: random numbers are drawn in ``error`` mode, or examples write into memory that they share.

    >>> import tensorlite as tl
    >>> x = tl.tensor([[1., 2.], [3., 4.]])
    >>> tl.vmap(tl.dot)(x, x)
    tensor([ 5., 25.])
    >>> tl.vmap(tl.func.grad(lambda w, x: (w * x).sum() ** 2), in_dims=(None, 0))(tl.ones(2), x)
    tensor([[ 6., 12.],
            [42., 56.]])
    """
    check_randomness(randomness)
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    mapped = _Mapped(func, in_dims, out_dims, randomness, chunk_size)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return mapped(args, kwargs)

    return wrapper


class _Mapped:
    """A function and the dimensions that it is mapped along."""

    def __init__(self, func: Callable[..., Any], in_dims: Any, out_dims: Any, randomness: str, chunk_size: int | None) -> None:
        self.func, self.in_dims, self.out_dims, self.randomness, self.chunk_size = func, in_dims, out_dims, randomness, chunk_size
        self.name = getattr(func, "__name__", repr(func))

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves, spec = flatten(args)
        dims = self._dims(args, leaves, spec)
        sizes = [x.shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
        if not sizes:
            raise ValueError("vmap: Expected at least one Tensor to vmap over")
        if len(set(sizes)) > 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                f"{sizes} for the mapped dimension"
            )
        if not sizes[0]:
            return self._of_nothing(leaves, dims, spec, kwargs)
        parts = [[x] * sizes[0] if d is None else x.unbind(d) for x, d in zip(leaves, dims, strict=True)]
        mapped = [x for x, d in zip(leaves, dims, strict=True) if d is not None]
        examples = [unflatten(example, spec) for example in zip(*parts, strict=True)]
        return self._stacked(self._results(examples, kwargs, mapped))

    def _results(self, examples: Sequence[Any], kwargs: dict[str, Any], mapped: list[Any]) -> list[Any]:
        """What the function returns for each example."""
        size = self.chunk_size or len(examples)
        writes = Writes(mapped)
        draws = Draws(self.randomness, min(size, len(examples)))
        results = []
        with guarded(draws=draws, writes=writes):
            for i, example in enumerate(examples):
                if i and i % size == 0 and self.randomness == "different":
                    draws.calls, draws.size = [], min(size, len(examples) - i)
                draws.start(i % size if self.randomness == "different" else i)
                writes.example = i
                results.append(self.func(*example, **kwargs))
        return results

    def _where(self) -> str:
        return f"vmap({self.name}, in_dims={self.in_dims}, ...)(<inputs>)"

    def _dims(self, args: tuple[Any, ...], leaves: list[Any], spec: Spec | None) -> list[int | None]:
        """The mapped dimension of each leaf, counted from the front."""
        if not isinstance(self.in_dims, (int, tuple)):
            raise ValueError(
                f"{self._where()}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
                f"got: {type(self.in_dims)}."
            )
        if not args:
            raise ValueError(f"vmap({self.name})(<inputs>): got no inputs; pass what is mapped over as positional arguments")
        dims = spread(self.in_dims, spec)
        if dims is None:
            raise ValueError(f"{self._where()}: in_dims is not compatible with the structure of `inputs`: {spec}")
        return [self._dim(x, dim) for x, dim in zip(leaves, dims, strict=True)]

    def _dim(self, x: Any, dim: Any) -> int | None:
        if dim is None:
            return None
        if not isinstance(dim, int):
            raise ValueError(f"{self._where()}: Got in_dim={dim} for an input, but it must be either an integer or None.")
        if not isinstance(x, TensorBase):
            raise ValueError(
                f"{self._where()}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        n = x._array.ndim
        if not -n <= dim < n:
            raise ValueError(
                f"{self._where()}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {n} so expected "
                f"in_dim to satisfy -{n} <= in_dim < {n}."
            )
        return dim % n

    def _stacked(self, results: list[Any]) -> Any:
        """The results of all examples as one, stacked along `out_dims`."""
        flat, specs = zip(*(flatten(result) for result in results), strict=True)
        if any(spec != specs[0] for spec in specs):
            raise RuntimeError(f"vmap({self.name}, ...): the examples return different structures")
        dims = self._out_dims(specs[0])
        return unflatten([self._joined(values, dim) for values, dim in zip(zip(*flat, strict=True), dims, strict=True)], specs[0])

    def _out_dims(self, spec: Spec | None) -> list[int | None]:
        dims = spread(self.out_dims, spec)
        if dims is None and spec is None and isinstance(self.out_dims, (tuple, list)) and len(self.out_dims) == 1:
            dims = list(self.out_dims)
        where = f"vmap({self.name}, ..., out_dims={self.out_dims})(<inputs>)"
        if any(dim is not None and not isinstance(dim, int) for dim in flatten(self.out_dims)[0]):
            raise ValueError(f"{where}: `out_dims` must be an int, None or a python collection of ints in the form of the outputs")
        if dims is None:
            raise ValueError(f"{where}: out_dims is not compatible with the structure of `outputs`: {spec or '*'}")
        return dims

    def _joined(self, values: tuple[Any, ...], dim: int | None) -> Any:
        if dim is None:
            if all(_same(values[0], value) for value in values[1:]):
                return values[0]
            raise ValueError(f"vmap({self.name}, ...): `{self.name}` can not return a BatchedTensor when out_dim is None")
        for value in values:
            if not isinstance(value, TensorBase):
                raise ValueError(
                    f"vmap({self.name}, ...): `{self.name}` must only return Tensors, got type {type(value)}. Did you mean to set "
                    "out_dims= to None for output?"
                )
        return stack(list(values), dim)

    def _of_nothing(self, leaves: list[Any], dims: list[int | None], spec: Spec | None, kwargs: dict[str, Any]) -> Any:
        """No example: the function runs once on zeros, to see what it returns."""
        example = [
            x if d is None else x.new_zeros((*x.shape[:d], *x.shape[d + 1 :])) for x, d in zip(leaves, dims, strict=True)
        ]
        with fork_rng(devices=[]):
            result = self._results([unflatten(example, spec)], kwargs, [])[0]
        values, out_spec = flatten(result)
        out = []
        for value, dim in zip(values, self._out_dims(out_spec), strict=True):
            one = self._joined((value,), dim)
            out.append(one if dim is None else one.narrow(dim, 0, 0))
        return unflatten(out, out_spec)


def _same(first: Any, second: Any) -> bool:
    """Whether two outputs are one and the same, bit for bit but for nan."""
    if first is second or not isinstance(first, TensorBase):
        return first is second or bool(first == second)
    x: Any = first
    if not isinstance(second, TensorBase) or x.shape != second.shape or x.dtype is not second.dtype:
        return False
    return bool(((x == second) | ((x != x) & (second != second))).all())
