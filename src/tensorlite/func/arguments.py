"""What the transforms of `func` share: which arguments are differentiated, and what functions may return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.base import TensorBase
from .levels import Level, recording
from .trees import Spec, flatten, map_leaves, unflatten

__all__ = ["Call", "chosen_arguments", "require_tensor_outputs", "run"]


def chosen_arguments(argnums: Any, count: int) -> tuple[int, ...]:
    """The positions that `argnums` names, counted from the front.

    Raises:
        RuntimeError: it is neither a number nor a tuple of different numbers, or there is no such argument.
    """
    if isinstance(argnums, bool) or not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not numbers:
        raise RuntimeError("argnums must be non-empty; name at least one argument")
    for number in numbers:
        if not isinstance(number, int):
            raise RuntimeError(f"argnums elements must be int, got {type(number)}")
        if not -count <= number < count:
            raise RuntimeError(f"Got argnum={number}, but only {count} positional inputs")
    places = tuple(number % count for number in numbers)
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return places


class Call:
    """A function that has run on the inputs of a level.

    Attributes:
        inputs: the inputs, flat, and `input_spec`, the form in which gradients are returned.
        outputs: the output's leaves and `output_spec`; still connected to the inputs.
        aux: what the function returned beside its output, already released.
    """

    level: Level
    inputs: list[Any]
    input_spec: Spec | None
    outputs: list[Any]
    output_spec: Spec | None
    aux: Any

    def released(self) -> Any:
        """The output as seen from outside."""
        return unflatten([self.level.release(o) for o in self.outputs], self.output_spec)

    def result(self, *values: Any, has_aux: bool) -> Any:
        """`values` (one, or a tuple of several), and the aux if there is one."""
        everything = (*values, self.aux) if has_aux else values
        return everything[0] if len(everything) == 1 else everything


def run(
    name: str, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], *, argnums: Any, has_aux: bool,
) -> Call:
    """Run `func` with the arguments that `argnums` names (None for all) as inputs of a new level.

    Raises:
        ValueError: a chosen argument has something other than tensors in it.
        RuntimeError: `argnums` is wrong, a tensor has no gradients, or with `has_aux` the result is no pair.
    """
    call = Call()
    level = call.level = Level()
    places = tuple(range(len(args))) if argnums is None else chosen_arguments(argnums, len(args))
    chosen = tuple(args[i] for i in places)
    leaves, spec = flatten(chosen)
    call.inputs = [level.enter(leaf) for leaf in leaves]
    inner = list(args)
    for place, value in zip(places, unflatten(call.inputs, spec), strict=True):
        inner[place] = value
    call.input_spec = spec
    if isinstance(argnums, int) and spec is not None:
        call.input_spec = spec.children[0]
    try:
        with recording():
            output = func(*inner, **kwargs)
    finally:
        level.close()
    call.aux = None
    if has_aux:
        if not (isinstance(output, tuple) and len(output) == 2):
            raise RuntimeError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
        output, aux = output
        call.aux = map_leaves(lambda leaf: _released_aux(level, leaf), aux)
    call.outputs, call.output_spec = flatten(output)
    return call


def _released_aux(level: Level, leaf: Any) -> Any:
    if not isinstance(leaf, TensorBase):
        raise RuntimeError(f"Expected tensors, got unsupported type {type(leaf)}: aux may hold nothing else")
    return level.release(leaf)


def require_tensor_outputs(name: str, outputs: Sequence[Any]) -> None:
    """Refuse outputs that are no tensors.

    Raises:
        RuntimeError: the function returned something else, or nothing.
    """
    if not outputs:
        raise RuntimeError(f"{name}: expected f to return at least one Tensor, got an empty structure")
    for output in outputs:
        if not isinstance(output, TensorBase):
            raise RuntimeError(f"{name}: expected f(*primals) to return only tensors, got unsupported type {type(output)}")
