"""Layers that read their sizes off the first input. They are compared after it: the first call draws the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

LAZY: list[Case] = [
    Case(lambda nn: nn.LazyLinear(4), lambda lib: (lib.randn(3, 5),)),
    Case(lambda nn: nn.LazyLinear(4, bias=False), lambda lib: (lib.randn(5),)),
    Case(lambda nn: nn.LazyConv1d(4, 2), lambda lib: (lib.randn(2, 3, 5),)),
    Case(lambda nn: nn.LazyConv1d(4, 2, 2, 1, 1, 2, False, "circular"), lambda lib: (lib.randn(4, 6),)),
    Case(lambda nn: nn.LazyConv2d(6, (2, 3), groups=3), lambda lib: (lib.randn(2, 3, 5, 6),)),
    Case(lambda nn: nn.LazyConv2d(2, 1), lambda lib: (lib.randn(3, 2, 2),)),
    Case(lambda nn: nn.LazyConv3d(2, 2), lambda lib: (lib.randn(1, 3, 3, 3, 3),)),
    Case(lambda nn: nn.LazyConvTranspose1d(4, 2, 2, 1, 1, 2), lambda lib: (lib.randn(2, 4, 5),)),
    Case(lambda nn: nn.LazyConvTranspose2d(3, 2, bias=False), lambda lib: (lib.randn(2, 3, 4),)),
    Case(lambda nn: nn.LazyConvTranspose3d(2, 2), lambda lib: (lib.randn(1, 3, 2, 2, 2),)),
    Case(lambda nn: nn.LazyBatchNorm1d(), lambda lib: (lib.randn(4, 3),)),
    Case(lambda nn: nn.LazyBatchNorm1d(1e-3, None, bias=False), lambda lib: (lib.randn(4, 3, 2),)),
    Case(lambda nn: nn.LazyBatchNorm2d(affine=False), lambda lib: (lib.randn(4, 3, 2, 2),)),
    Case(lambda nn: nn.LazyBatchNorm3d(track_running_stats=False), lambda lib: (lib.randn(4, 3, 2, 2, 2),)),
    Case(lambda nn: nn.LazyInstanceNorm1d(), lambda lib: (lib.randn(4, 3, 2),)),
    Case(lambda nn: nn.LazyInstanceNorm2d(affine=False), lambda lib: (lib.randn(4, 3, 2, 2),)),
    Case(lambda nn: nn.LazyInstanceNorm3d(track_running_stats=False), lambda lib: (lib.randn(4, 3, 2, 2, 2),)),
]


def _left_uninitialized(lib: Any) -> Any:
    class Forgetful(lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight = lib.nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None:
            pass

    return Forgetful()(1)


class _Undefined:
    def __call__(self, lib: Any) -> Any:
        cls = type("Undefined", (lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Module), {})
        return cls()(1)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.LazyLinear(3)(lib.zeros(())),
    lambda lib: lib.nn.LazyConv2d(4, 3)(lib.zeros(3, 3)),
    lambda lib: lib.nn.LazyConv2d(4, 3, groups=2)(lib.zeros(1, 3, 5, 5)),
    lambda lib: lib.nn.LazyConv2d(4, 3, padding_mode="odd"),
    lambda lib: lib.nn.LazyConvTranspose2d(4, 3, padding_mode="circular"),
    lambda lib: lib.nn.LazyBatchNorm2d()(lib.zeros(3, 3)),
    lambda lib: lib.nn.LazyLinear(3).weight + 1,
    lambda lib: lib.nn.LazyLinear(3).weight.shape,
    lambda lib: lib.nn.LazyLinear(3).weight.numel(),
    lambda lib: lib.nn.LazyLinear(3).weight.share_memory_(),
    lambda lib: lib.nn.LazyLinear(3).forward(lib.zeros(1, 2)),
    lambda lib: lib.nn.init.ones_(lib.nn.LazyLinear(3).weight),
    lambda lib: lib.nn.LazyBatchNorm1d().running_mean * 2,
    lambda lib: lib.nn.Linear(2, 3).load_state_dict(lib.nn.LazyLinear(3).state_dict()),
    _left_uninitialized,
    _Undefined(),
]
