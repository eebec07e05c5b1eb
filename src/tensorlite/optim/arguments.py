"""Checks of the arguments that optimizers share."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor

__all__ = ["check_implementation", "check_lr", "number"]


def check_lr(lr: Any) -> None:
    """ValueError unless ``lr`` is a number, or a tensor of one element, that is not negative."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not 0.0 <= lr:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_implementation(foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """RuntimeError for two options that exclude each other in PyTorch too. There is one implementation here."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def number(value: Any) -> Any:
    """The number in a tensor of one element; a tensor that requires a gradient stays one."""
    return value.item() if isinstance(value, Tensor) and not value.requires_grad else value
