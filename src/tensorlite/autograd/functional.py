"""Jacobians, Hessians and their products with vectors: `torch.autograd.functional`. `tensorlite.func` has the same as
transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import TensorBase
from .functions import grad
from .modes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensor = Any
Tensors = tuple[Any, ...]


class _Task:
    """One call of a function here: its inputs as variables, and what it returned.

    Attributes:
        inputs, outputs: tuples; `one_input` and `one_output` say whether they were single tensors.
    """

    def __init__(self, name: str, func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool) -> None:
        self.name, self.create_graph, self.strict = name, create_graph, strict
        self.inputs, self.one_input = _tensors(inputs, "inputs", name)
        self.inputs = tuple(_variable(x, create_graph) for x in self.inputs)
        outputs = func(*self.inputs)
        self.outputs, self.one_output = _tensors(outputs, "outputs of the user-provided function", name)
        if strict:
            for i, output in enumerate(self.outputs):
                if not output.requires_grad:
                    raise RuntimeError(
                        f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
                        "differentiable manner from the input when running in strict mode."
                    )

    def scalar(self) -> Tensor:
        """The output, which must have one element."""
        if not self.one_output:
            raise RuntimeError(f"The function given to {self.name} should return a single Tensor")
        (output,) = self.outputs
        if output.numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {self.name} should contain a single element")
        return output.reshape(())

    def gradients(self, outputs: Tensors, cotangents: Tensors | None, *, create_graph: bool) -> list[Any]:
        """With respect to the inputs; None where nothing depends on them."""
        return _gradients(outputs, self.inputs, cotangents, create_graph)

    def vector(self, v: Any, like: Tensors, one: bool, what: str) -> Tensors:
        """The vector of a product, which must look like the inputs or outputs.

        Raises:
            RuntimeError: it does not, or is missing and they are not one number.
        """
        if v is None:
            if len(like) != 1 or like[0].numel() != 1:
                raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")
            return (like[0].detach().new_ones(like[0].shape),)
        vectors = _tensors(v, "v", self.name)[0]
        vectors = tuple(_variable(x, self.create_graph, needs=False) for x in vectors)
        if len(vectors) != len(like):
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
        for i, (x, y) in enumerate(zip(vectors, like, strict=True)):
            if x.shape != y.shape:
                which = "v" if one else f"Entry {i} in v"
                raise RuntimeError(f"{which} has invalid size: should be {y.shape} but got {x.shape}.")
        return vectors

    def filled(self, gradients: list[Any], like: Tensors, what: str) -> Tensors:
        """Zeros where there is no gradient; in strict mode an error, and one where the gradient has no graph but should have.

        Raises:
            RuntimeError: (strict) nothing depends on an input.
        """
        filled = []
        for i, (g, x) in enumerate(zip(gradients, like, strict=True)):
            if self.strict and (g is None or (self.create_graph and not g.requires_grad)):
                self._independent(what, i, g is None)
            filled.append(x.detach().new_zeros(x.shape) if g is None else g)
        return tuple(filled)

    def _independent(self, what: str, i: int, unused: bool) -> None:
        if what == "hessian":
            raise RuntimeError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                f"{i} is independent of the input. This is not allowed in strict mode: the function must be twice differentiable "
                "and its jacobian depend on the input."
            )
        if unused:
            raise RuntimeError(f"The user-provided function is independent of input {i}. This is not allowed in strict mode.")
        raise RuntimeError(
            f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in strict mode when "
            "create_graph=True."
        )

    def finished(self, tensors: Tensors, one: bool) -> Any:
        """In the form that is returned, without a graph unless one was asked for."""
        out = tensors if self.create_graph else tuple(t.detach() for t in tensors)
        return out[0] if one else out


def _tensors(x: Any, what: str, name: str) -> tuple[Tensors, bool]:
    """A tuple, and whether it was a single tensor.

    Raises:
        TypeError: it is neither a tensor nor a tuple of tensors.
    """
    must = f"The {what} given to {name} must be either a Tensor or a tuple of Tensors"
    if isinstance(x, TensorBase):
        return (x,), True
    if not isinstance(x, tuple):
        raise TypeError(f"{must} but the given {what} has type {type(x)}.")
    for i, each in enumerate(x):
        if not isinstance(each, TensorBase):
            raise TypeError(f"{must} but the value at index {i} has type {type(each)}.")
    return x, False


def _variable(x: Tensor, create_graph: bool, needs: bool = True) -> Tensor:
    """The tensor as a variable of its own; with `create_graph` still connected to what it was made from."""
    if create_graph and x.requires_grad:
        return x.view_as(x)
    return x.detach().requires_grad_(needs)


def _gradients(outputs: Tensors, inputs: Tensors, cotangents: Tensors | None, create_graph: bool) -> list[Any]:
    vectors = cotangents if cotangents is not None else (None,) * len(outputs)
    rooted = [(o, v) for o, v in zip(outputs, vectors, strict=True) if o.requires_grad]
    if not rooted:
        return [None] * len(inputs)
    return list(grad(
        [o for o, _ in rooted], inputs, [v for _, v in rooted], allow_unused=True, create_graph=create_graph, retain_graph=True
    ))  # fmt: skip


def _stacked(tensors: list[Tensor]) -> Tensor:
    return tensors[0]._xp.tensors.stack(*tensors, axis=0)


def _check_strategy(strategy: str, name: str, vectorize: bool, strict: bool, create_graph: bool) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    if strategy == "forward-mode" and create_graph and name == "jacobian":
        raise NotImplementedError(
            'autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together. Please '
            'either set `create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict and vectorize:
        raise RuntimeError(
            f"autograd.functional.{name}: `strict=True` and `vectorize=True` are not supported together. Please either set "
            "`strict=False` or `vectorize=False`."
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError("Forward-mode is only implemented for `vectorize=True`.")


@enable_grad()
def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func` at `inputs` (a tensor, or a tuple of them).

    For an output of shape ``(*out)`` and an input of shape ``(*in)`` it has the shape ``(*out, *in)``; with tuples it is a tuple
    for each output, or of tuples. There is one backward for each element of the output; `vectorize` and `strategy` change nothing
    in that.

    Args:
        create_graph: the Jacobian can be differentiated.
        strict: it is an error if an output does not depend on an input; else the Jacobian is zero.

    Raises:
        TypeError: inputs or outputs are neither tensors nor tuples of tensors.
        RuntimeError: `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.jacobian(lambda x: x * x, tl.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check_strategy(strategy, "jacobian", vectorize, strict, create_graph)
    return _jacobian(func, inputs, create_graph, strict)


def _jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool) -> Any:
    task = _Task("jacobian", func, inputs, create_graph, strict)
    of_outputs = tuple(_rows(task, number, output) for number, output in enumerate(task.outputs))
    results = tuple(task.finished(each, task.one_input) for each in of_outputs)
    return results[0] if task.one_output else results


def _rows(task: _Task, number: int, output: Tensor) -> Tensors:
    """The Jacobian of one output with respect to each input."""
    columns: list[list[Any]] = [[] for _ in task.inputs]
    flat = output.reshape(-1)
    for k in range(output.numel()):
        gradients = task.gradients((flat[k],), None, create_graph=task.create_graph)
        for i, (g, x) in enumerate(zip(gradients, task.inputs, strict=True)):
            if task.strict and g is None:
                raise RuntimeError(
                    f"Output {number} of the user-provided function is independent of input {i}. This is not allowed in strict "
                    "mode."
                )
            if task.strict and task.create_graph and not g.requires_grad:
                task._independent("jacobian", i, False)
            columns[i].append(x.detach().new_zeros(x.shape) if g is None else g)
    return tuple(
        _stacked(c).reshape((*output.shape, *x.shape)) if c else x.detach().new_zeros((*output.shape, *x.shape))
        for c, x in zip(columns, task.inputs, strict=True)
    )


@enable_grad()
def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function that returns one number: ``(*in, *in)``, or a tuple of tuples if `inputs` is a tuple.

    Arguments and errors are those of `jacobian`.

    Raises:
        RuntimeError: the function returns something else than one number, or `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.hessian(lambda x: (x ** 3).sum(), tl.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _check_strategy(outer_jacobian_strategy, "hessian", vectorize, strict, create_graph)
    given, one = _tensors(inputs, "inputs", "hessian")

    def gradient(*variables: Tensor) -> Tensors:
        task = _Task("hessian", func, variables, True, strict)
        found = task.gradients((task.scalar(),), None, create_graph=True)
        return task.filled(found, task.inputs, "hessian") if strict else tuple(
            x * 0 if g is None else g for g, x in zip(found, task.inputs, strict=True)
        )  # fmt: skip

    result = _jacobian(gradient, given, create_graph, strict)
    return result[0][0] if one else result


@enable_grad()
def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output, and the product of the vector `v` (in the form of the output) with the Jacobian.

    Raises:
        RuntimeError: `v` has another form, or is missing and the output is not one number; or `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.vjp(lambda x: x * x, tl.tensor([1., 2.]), tl.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    task = _Task("vjp", func, inputs, create_graph, strict)
    vectors = task.vector(v, task.outputs, task.one_output, "the user-provided function returns")
    product = task.filled(task.gradients(task.outputs, vectors, create_graph=create_graph), task.inputs, "back")
    return task.finished(task.outputs, task.one_output), task.finished(product, task.one_input)


@enable_grad()
def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output, and the product of the Jacobian with the vector `v` (in the form of the inputs), by two backwards.

    Raises:
        RuntimeError: `v` has another form, or is missing and the input is not one number; or `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.jvp(lambda x: x * x, tl.tensor([1., 2.]), tl.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    task = _Task("jvp", func, inputs, create_graph, strict)
    vectors = task.vector(v, task.inputs, task.one_input, "the input to the user-provided function is")
    dual = tuple(o.detach().new_zeros(o.shape).requires_grad_(o.requires_grad) for o in task.outputs)
    back = task.gradients(task.outputs, dual, create_graph=True)
    used = [(g, t) for g, t in zip(back, vectors, strict=True) if g is not None and g.requires_grad]
    if strict and len(used) < len(back):
        task._independent("back", next(i for i, g in enumerate(back) if g is None or not g.requires_grad), True)
    found = _gradients(tuple(g for g, _ in used), dual, tuple(t for _, t in used), create_graph) if used else [None] * len(dual)
    product = task.filled(found, task.outputs, "back")
    return task.finished(task.outputs, task.one_output), task.finished(product, task.one_output)


@enable_grad()
def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output (one number), and the product of the vector `v` (in the form of the inputs) with the Hessian.

    Raises:
        RuntimeError: `v` has another form; the function returns something else than one number; or `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.vhp(lambda x: (x ** 3).sum(), tl.tensor([1., 2.]), tl.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


@enable_grad()
def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output (one number), and the product of the Hessian with the vector `v`: that of `vhp`, the Hessian being symmetric.

    Raises:
        RuntimeError: `v` has another form; the function returns something else than one number; or `strict` finds something.

    >>> import tensorlite as tl
    >>> tl.autograd.functional.hvp(lambda x: (x ** 3).sum(), tl.tensor([1., 2.]), tl.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    task = _Task(name, func, inputs, create_graph, strict)
    vectors = task.vector(v, task.inputs, task.one_input, "the input to the user-provided function is")
    first = task.gradients((task.scalar(),), None, create_graph=True)
    used = [(g, t) for g, t in zip(first, vectors, strict=True) if g is not None and g.requires_grad]
    found = (
        task.gradients(tuple(g for g, _ in used), tuple(t for _, t in used), create_graph=create_graph)
        if used else [None] * len(task.inputs)
    )
    if strict and not used:
        task._independent("hessian", 0, True)
    product = task.filled(found, task.inputs, "hessian")
    return task.finished(task.outputs, task.one_output), task.finished(product, task.one_input)
