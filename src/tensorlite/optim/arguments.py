"""Checks of the arguments that optimizers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor

__all__ = [
    "check_at_least_zero", "check_betas", "check_implementation", "check_lr", "check_not_negative", "check_one_element", "number",
]  # fmt: skip


def check_one_element(value: Any, name: str = "lr") -> None:
    """ValueError unless ``value`` is a number, or a tensor of one element."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"Tensor {name} must be 1-element")


def check_lr(lr: Any) -> None:
    """ValueError unless ``lr`` is a number, or a tensor of one element, that is not negative."""
    check_one_element(lr)
    if not 0.0 <= lr:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_not_negative(**options: Any) -> None:
    """ValueError, naming the option, if one of them is negative (or not a number)."""
    for name, value in options.items():
        if not 0.0 <= value:
            raise ValueError(f"Invalid {name} value: {value}")


def check_at_least_zero(options: dict[str, Any]) -> None:
    """The same check, in the words of the optimizers that are younger."""
    for name, value in options.items():
        if not 0.0 <= value:
            raise ValueError(f"{name} should be >= 0 but is: {value}")


def check_betas(betas: Iterable[Any]) -> None:
    """ValueError unless all betas lie in ``[0, 1)``."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_implementation(foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """RuntimeError for two options that exclude each other in PyTorch too. There is one implementation here."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def number(value: Any) -> Any:
    """The number in a tensor of one element; a tensor that requires a gradient stays one, without dimensions."""
    if not isinstance(value, Tensor):
        return value
    return value.squeeze() if value.requires_grad else value.item()
