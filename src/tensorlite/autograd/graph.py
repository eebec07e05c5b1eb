"""Looking into graphs, and choosing what they keep: `torch.autograd.graph`.

`allow_mutation_on_saved_tensors` and the hooks of single saved tensors are not there: ops would have to copy what they save, or
keep handles to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .base import Node, RemovableHandle, TensorBase, add_hook, bump, current_node, hooks_of, output_op
from .functions import GradientEdge
from .modes import after_backward, modes
from .op import set_shared

__all__ = [
    "GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version", "register_multi_grad_hook",
    "save_on_cpu", "saved_tensors_hooks",
]

Tensor = Any


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge that stands for a tensor's gradient.

    Raises:
        RuntimeError: the tensor does not require grad.

    >>> import tensorlite as tl
    >>> x = tl.tensor(2., requires_grad=True)
    >>> edge = tl.autograd.graph.get_gradient_edge(x)
    >>> tl.autograd.grad(x * x, edge)
    (tensor(4.),)
    """
    node = tensor._node if tensor._view is None else current_node(tensor)
    if node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    nr = node.versions[0] if type(node) is Node and node.op is output_op else 0
    # A leaf owns its accumulator, so the edge keeps the leaf.
    return GradientEdge(node, nr, None if type(node) is Node else tensor)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that the memory of a tensor (or of several) was changed by other means than in-place operations.

    >>> import tensorlite as tl
    >>> x = tl.ones(2)
    >>> tl.autograd.graph.increment_version(x)
    >>> x._version[0]
    1
    """
    for each in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        bump(each)


class saved_tensors_hooks:
    """What nodes save for the backward goes through `pack_hook` first, and what that returned through `unpack_hook` before it is
    used.

    `pack_hook` gets a tensor and may return anything; `unpack_hook` gets that and must return a tensor of the same shape, dtype
    and device. The innermost block counts. What has been packed is not checked for in-place changes.

    Raises:
        RuntimeError: (on entering) `disable_saved_tensors_hooks` is in force.

    >>> import tensorlite as tl
    >>> x = tl.tensor([1., 2.], requires_grad=True)
    >>> with tl.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda values: tl.tensor(values)):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if modes.saved_hooks_fault is not None:
            raise RuntimeError(modes.saved_hooks_fault)
        set_shared("WATCHED", True)  # from now on ops ask this thread's modes
        modes.saved_hooks = (*modes.saved_hooks, (self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc: object) -> None:
        modes.saved_hooks = modes.saved_hooks[:-1]


class save_on_cpu(saved_tensors_hooks):
    """What nodes save is kept in the CPU's memory, and copied back to its device for the backward; `pin_memory` is accepted.

    >>> import tensorlite as tl
    >>> x = tl.tensor([1., 2.], requires_grad=True)
    >>> with tl.autograd.graph.save_on_cpu():
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> Any:
            return tensor.device, tensor.detach().clone() if tensor.device.type == "cpu" else tensor.detach().cpu()

        def unpack(packed: Any) -> Tensor:
            device, tensor = packed
            return tensor.to(device)

        super().__init__(pack, unpack)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """In this block `saved_tensors_hooks` cannot be entered.

    Raises:
        RuntimeError: (with `error_message`) a block of `saved_tensors_hooks` is around this one.

    >>> import tensorlite as tl
    >>> with tl.autograd.graph.disable_saved_tensors_hooks("not here"):
    ...     pass
    """
    if modes.saved_hooks:
        raise RuntimeError(error_message)
    before, modes.saved_hooks_fault = modes.saved_hooks_fault, error_message
    try:
        yield
    finally:
        modes.saved_hooks_fault = before


class _MultiHandle(RemovableHandle):
    """Removes the hooks of several tensors."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        super().__init__({})
        self._handles = tuple(handles)

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all"
) -> RemovableHandle:
    """Call ``fn(gradients)`` at the end of each backward that reaches some of the tensors, with None for those it did not reach;
    with ``mode="any"``, ``fn(gradient)`` once in each backward, with the first gradient that is known.

    Raises:
        ValueError: `mode` is neither ``all`` nor ``any``.
        AssertionError: a tensor does not require grad.

    >>> import tensorlite as tl
    >>> x, y = tl.tensor(2., requires_grad=True), tl.tensor(3., requires_grad=True)
    >>> handle = tl.autograd.graph.register_multi_grad_hook([x, y], print)
    >>> (x * y).backward()
    [tensor(3.), tensor(2.)]
    >>> handle.remove()
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    state = threading.local()  # backwards of several threads do not mix

    def finish() -> None:
        found, state.found = state.found, None
        if mode == "all":
            fn([found.get(i) for i in range(len(tensors))])

    def hook_of(i: int) -> Callable[[Any], None]:
        def hook(gradient: Tensor) -> None:
            queue = after_backward.setdefault(threading.get_ident(), [])
            if finish not in queue:
                queue.append(finish)
                state.found = {}
                if mode == "any":
                    fn(gradient)
            state.found[i] = gradient

        return hook

    handles = []
    for i, tensor in enumerate(tensors):
        if not tensor.requires_grad:
            raise AssertionError(f"Expected gradient function to be set: tensor {i} does not require grad")
        edge = get_gradient_edge(tensor)
        handles.append(add_hook(hooks_of(edge.node).tensor, hook_of(i)))
    return _MultiHandle(handles)
