"""Dual numbers, which PyTorch has beside its reverse mode. Here there is the reverse mode only, and the functions say so."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent."""

    primal: Any
    tangent: Any


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"autograd.forward_ad.{name}: there are no dual numbers; func.jvp(f, primals, tangents) computes the same derivative"
    )


class dual_level:
    """Refused: `func.jvp` computes forward derivatives.

    Raises:
        NotImplementedError: always, when it is entered.
    """

    def __enter__(self) -> Any:
        _refuse("dual_level")

    def __exit__(self, *exc: object) -> None:
        return None


def enter_dual_level() -> int:
    """Refused, as `dual_level` is."""
    _refuse("enter_dual_level")


def exit_dual_level(*, level: int | None = None) -> None:
    """Refused, as `dual_level` is."""
    _refuse("exit_dual_level")


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """Refused, as `dual_level` is."""
    _refuse("make_dual")


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """Refused, as `dual_level` is."""
    _refuse("unpack_dual")
