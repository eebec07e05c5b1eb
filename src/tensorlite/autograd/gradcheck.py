"""Gradients against finite differences (central, step `eps`), in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import TensorBase
from .functions import grad
from .modes import no_grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Tensor = Any


class GradcheckError(RuntimeError):
    """A gradient does not agree with finite differences."""


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
    check_backward_ad: bool = True, fast_mode: bool = False, masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` at `inputs` with finite differences, for every element.

    Complex inputs are moved along the real and the imaginary axis. `fast_mode` is accepted, and every element is checked all the
    same; so are `nondet_tol`, `check_undefined_grad`, `check_grad_dtypes`, `check_batched_grad` and `masked`: there is nothing here
    that they could find.

    Raises:
        GradcheckError: they differ by more than ``atol + rtol * |numerical|``.
        NotImplementedError: forward derivatives are to be checked.
        ValueError: no input requires grad.

    >>> import tensorlite as tl
    >>> x = tl.randn(3, dtype=tl.float64, requires_grad=True)
    >>> tl.autograd.gradcheck(lambda x: x.sin() * x, (x,))
    True
    """
    if check_forward_ad or check_batched_forward_grad or not check_backward_ad:
        raise NotImplementedError("gradcheck checks the backward alone; leave out check_forward_ad and check_backward_ad")
    given = _tuple(inputs)
    checked = [x for x in given if isinstance(x, TensorBase) and x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    outputs = [o for o in _tuple(func(*given)) if isinstance(o, TensorBase) and o.requires_grad]
    try:
        for number in range(len(outputs)):
            for which, x in enumerate(checked):
                _compare(func, given, checked, number, which, x, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _output(func: Callable[..., Any], given: tuple[Any, ...], number: int) -> Tensor:
    return [o for o in _tuple(func(*given)) if isinstance(o, TensorBase)
            and (o.dtype.is_floating_point or o.dtype.is_complex)][number]


def _parts(t: Tensor) -> list[float]:
    """The elements as real numbers (two for a complex one)."""
    flat = t.detach().reshape(-1).tolist()
    return [p for v in flat for p in (v.real, v.imag)] if t.dtype.is_complex else flat


def _compare(
    func: Callable[..., Any], given: tuple[Any, ...], checked: list[Any], number: int, which: int, x: Tensor,
    eps: float, atol: float, rtol: float,
) -> None:
    steps = (1, 1j) if x.dtype.is_complex else (1,)
    numeric = [
        [(a - b) / (2 * eps) for a, b in zip(*_moved(func, given, number, x, i, eps * step), strict=True)]
        for i in range(x.numel()) for step in steps
    ]
    out = _output(func, given, number)
    directions = (1, 1j) if out.dtype.is_complex else (1,)
    column = 0
    for j in range(out.numel()):
        for direction in directions:
            seed = out.new_zeros(out.numel())
            seed[j] = direction
            (g,) = grad(out, x, seed.reshape(out.shape), retain_graph=True, allow_unused=True)
            found = [0.0] * len(numeric) if g is None else _parts(g)
            if g is not None and (g.dtype is not x.dtype or g.shape != x.shape):
                raise GradcheckError(f"gradient {which} has {g.dtype} {list(g.shape)} for an input of {x.dtype} {list(x.shape)}")
            for i, value in enumerate(found):
                expected = numeric[i][column]
                if not abs(value - expected) <= atol + rtol * abs(expected):
                    raise GradcheckError(
                        f"Jacobian mismatch for output {number} with respect to input {which}: element {i} of the input, {j} "
                        "of the "
                        f"output: numerical {expected}, analytical {value}"
                    )
            column += 1


def _moved(func: Callable[..., Any], given: tuple[Any, ...], number: int, x: Tensor, i: int, step: Any) -> list[list[float]]:
    """The output with element i of x moved forward, and backward."""
    results = []
    for sign in (1, -1):
        with no_grad():
            moved = x.detach().clone()
            if moved.ndim:
                flat = moved.contiguous().reshape(-1)
                flat[i] = flat[i] + sign * step
                moved = flat.reshape(x.shape)
            else:
                moved = moved + sign * step
        moved.requires_grad_(True)
        args = tuple(moved if a is x else a for a in given)
        results.append(_parts(_output(func, args, number)))
    return results


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True, fast_mode: bool = False, masked: bool = False,
) -> bool:
    """`gradcheck` of the gradients themselves, with random (or the given) gradients of the outputs.

    Raises:
        GradcheckError: second derivatives do not agree with finite differences.
        NotImplementedError: forward derivatives are to be checked.

    >>> import tensorlite as tl
    >>> x = tl.randn(3, dtype=tl.float64, requires_grad=True)
    >>> tl.autograd.gradgradcheck(lambda x: x ** 3, (x,))
    True
    """
    if check_fwd_over_rev or not check_rev_over_rev:
        raise NotImplementedError("gradgradcheck checks the backward alone; leave out check_fwd_over_rev and check_rev_over_rev")
    given = _tuple(inputs)
    outputs = [o for o in _tuple(func(*given)) if isinstance(o, TensorBase) and o.requires_grad]
    if grad_outputs is None:
        seeds = [_wavy(o).requires_grad_(True) for o in outputs]
    else:
        seeds = list(_tuple(grad_outputs))
    n = len(given)

    def gradients(*args: Any) -> tuple[Any, ...]:
        inner: list[Any] = [x for x in args[:n] if isinstance(x, TensorBase) and x.requires_grad]
        outs = [o for o in _tuple(func(*args[:n])) if isinstance(o, TensorBase) and o.requires_grad]
        found = grad(outs, inner, list(args[n:]), create_graph=True, allow_unused=True)
        return tuple(g if g is not None else x * 0 for g, x in zip(found, inner, strict=True))

    return gradcheck(gradients, (*given, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


def _wavy(o: Tensor) -> Tensor:
    """Fixed numbers without structure, so that the check depends on no random state."""
    values = [((i * 0.618034 + 0.3) % 1.0) * 2 - 1 for i in range(o.numel())]
    return o.new_tensor(values).reshape(o.shape)
