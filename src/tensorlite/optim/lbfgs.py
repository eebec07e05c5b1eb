"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.modes import enable_grad, no_grad
from ..tensor import Tensor
from ..tensor.creation import zeros
from ..tensor.joining import cat, stack
from .arguments import check_lr, number
from .line_search import Trial, strong_wolfe
from .optimizer import Group, Optimizer, State

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """The quasi-Newton method that remembers the last ``history_size`` steps and changes of the gradient.

    One ``step`` makes up to ``max_iter`` iterations and ``max_eval`` evaluations of the loss, so it needs a closure that clears the
    gradients, computes the loss, calls ``backward`` and returns the loss. ``line_search_fn`` is None, which moves by ``lr``, or
    ``"strong_wolfe"``. There is one group of parameters. (Nocedal and Wright 2006, "Numerical Optimization", algorithm 7.4; the
    history takes in only steps along which the gradient rises.)

    Raises:
        ValueError: a negative rate, or more than one group.
        RuntimeError: in ``step``, an unknown ``line_search_fn``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(17., grad_fn=<SumBackward0>)
    >>> bool(((w - 3).abs() < 0.02).all())
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:
        """Minimize for ``max_iter`` iterations; returns the loss before them."""
        (group,) = self.param_groups
        closure = enable_grad()(closure)
        # There is one state for all parameters. It is the first one's, so that it is loaded in that one's dtype.
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        state["func_evals"] += 1
        loss, grad = float(first_loss), self._flat_grad()
        if not _is_small(grad, group["tolerance_grad"]):
            self._iterate(closure, group, state, loss, grad)
        return first_loss

    def _iterate(self, closure: Callable[[], Any], group: Group, state: State, loss: float, grad: Tensor) -> None:
        evaluations, lr = 1, number(group["lr"])
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = state["d"] = _direction(state, grad, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad.clone(), loss
            state["t"] = min(1.0, 1.0 / grad.abs().sum()) * lr if state["n_iter"] == 1 else lr
            here = Trial(0, loss, grad, grad.dot(direction))
            if here.slope > -group["tolerance_change"]:
                return
            is_last = iteration == group["max_iter"]
            loss, grad, spent = self._move(closure, group, state, here, group["max_eval"] - evaluations, is_last)
            evaluations += spent
            state["func_evals"] += spent
            if is_last or evaluations >= group["max_eval"] or _is_small(grad, group["tolerance_grad"]):
                return
            tolerance = group["tolerance_change"]
            if _is_small(direction * state["t"], tolerance) or abs(loss - state["prev_loss"]) < tolerance:
                return

    def _move(
        self, closure: Callable[[], Any], group: Group, state: State, here: Trial, limit: int, is_last: bool
    ) -> tuple[float, Tensor, int]:
        """Go along the direction; returns loss and gradient there, and how often they were computed."""
        direction = state["d"]
        if group["line_search_fn"] is None:
            self._add(direction, state["t"])
            if is_last:  # nobody would look at them
                return here.loss, here.grad, 0
            return float(closure()), self._flat_grad(), 1
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError(f"only 'strong_wolfe' is supported as line_search_fn, not {group['line_search_fn']!r}")
        origin = [param.clone() for param in group["params"]]

        def evaluate(step: Any) -> Trial:
            self._add(direction, step)
            loss = float(closure())
            grad = self._flat_grad()
            for param, value in zip(group["params"], origin, strict=True):
                param.copy_(value)
            return Trial(step, loss, grad, grad.dot(direction))

        found, evaluations = strong_wolfe(evaluate, here, state["t"], direction.abs().max(), limit)
        state["t"] = found.step
        self._add(direction, found.step)
        return found.loss, found.grad, evaluations

    def _flat_grad(self) -> Tensor:
        """All gradients as one new vector, in which a complex number is two values."""
        flat = []
        for param in self.param_groups[0]["params"]:
            grad = param.grad
            if grad is None:
                n = param.numel() * (2 if param.is_complex() else 1)
                flat.append(zeros(n, dtype=param.real.dtype, device=param.device))
                continue
            grad = grad.to_dense()
            if grad.is_complex():
                flat.append(stack([grad.real, grad.imag], dim=-1).reshape(-1))
            else:
                flat.append(grad.reshape(-1))
        return cat(flat)

    def _add(self, direction: Tensor, step: Any) -> None:
        """Move all parameters by ``step`` times their part of a vector."""
        start, step = 0, float(step)
        for param in self.param_groups[0]["params"]:
            values = [param.real, param.imag] if param.is_complex() else [param]
            end = start + len(values) * param.numel()
            for i, value in enumerate(values):
                value.add_(direction[start + i : end : len(values)].reshape(value.shape), alpha=step)
            start = end


def _is_small(x: Tensor, tolerance: float) -> bool:
    return bool(x.abs().max() <= tolerance)


def _direction(state: State, grad: Tensor, history_size: int) -> Tensor:
    """The direction of descent, after taking the last step into the history (algorithm 7.4)."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return -grad
    _remember(state, grad - state["prev_flat_grad"], state["d"] * state["t"], history_size)
    changes, steps, inverse = state["old_dirs"], state["old_stps"], state["ro"]
    weights = state.setdefault("al", [None] * history_size)
    q = -grad
    for i in reversed(range(len(changes))):
        weights[i] = steps[i].dot(q) * inverse[i]
        q.add_(changes[i], alpha=-weights[i].item())
    direction = q * state["H_diag"]
    for i in range(len(changes)):
        back = changes[i].dot(direction) * inverse[i]
        direction.add_(steps[i], alpha=(weights[i] - back).item())
    return direction


def _remember(state: State, change: Tensor, step: Tensor, history_size: int) -> None:
    """Add a step and the gradient's change along it to the history, if the curvature there was positive."""
    curvature = change.dot(step)
    if not curvature > 1e-10:
        return
    for name, value in (("old_dirs", change), ("old_stps", step), ("ro", 1.0 / curvature)):
        if len(state[name]) == history_size:
            state[name].pop(0)
        state[name].append(value)
    state["H_diag"] = curvature / change.dot(change)
