"""Pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case


def pooled(n: int, *shape: int) -> Callable[[Any], Any]:
    """Maxima and where they were."""

    def inputs(lib: Any) -> Any:
        return getattr(lib.nn.functional, f"max_pool{n}d")(lib.randn(*shape), 2, return_indices=True)

    return inputs


CASES = [
    Case(lambda nn: nn.MaxPool1d(3, 2, 1, ceil_mode=True), lambda lib: (lib.randn(2, 2, 6),)),
    Case(lambda nn: nn.MaxPool1d(2, dilation=2, return_indices=True), lambda lib: (lib.randn(2, 7),)),
    Case(lambda nn: nn.MaxPool3d((2, 1, 2), stride=1), lambda lib: (lib.randn(1, 2, 3, 2, 3),)),
    Case(lambda nn: nn.MaxPool3d(2, padding=1, return_indices=True), lambda lib: (lib.randn(2, 3, 2, 3),)),
    Case(lambda nn: nn.AvgPool1d(2), lambda lib: (lib.randn(2, 2, 5),)),
    Case(lambda nn: nn.AvgPool1d(3, (2,), 1, ceil_mode=True, count_include_pad=False), lambda lib: (lib.randn(2, 6),)),
    Case(lambda nn: nn.AvgPool3d(2, 1, padding=1), lambda lib: (lib.randn(1, 2, 2, 2, 3),)),
    Case(lambda nn: nn.AvgPool3d((1, 2, 2), ceil_mode=True, divisor_override=3), lambda lib: (lib.randn(2, 2, 3, 3),)),
    Case(lambda nn: nn.AdaptiveAvgPool1d(3), lambda lib: (lib.randn(2, 2, 7),)),
    Case(lambda nn: nn.AdaptiveAvgPool3d((2, None, 1)), lambda lib: (lib.randn(2, 3, 2, 4),)),
    Case(lambda nn: nn.AdaptiveMaxPool1d(3), lambda lib: (lib.randn(2, 2, 7),)),
    Case(lambda nn: nn.AdaptiveMaxPool1d(5, return_indices=True), lambda lib: (lib.randn(2, 3),)),
    Case(lambda nn: nn.AdaptiveMaxPool2d((2, None), return_indices=True), lambda lib: (lib.randn(2, 2, 5, 3),)),
    Case(lambda nn: nn.AdaptiveMaxPool3d(2, return_indices=True), lambda lib: (lib.randn(1, 1, 3, 5, 2),)),
    Case(lambda nn: nn.LPPool1d(2, 3), lambda lib: (lib.randn(2, 2, 7),)),
    Case(lambda nn: nn.LPPool1d(3, 2, stride=1, ceil_mode=True), lambda lib: (lib.rand(2, 5),)),
    Case(lambda nn: nn.LPPool2d(2, (2, 3), ceil_mode=True), lambda lib: (lib.randn(2, 2, 3, 5),)),
    Case(lambda nn: nn.LPPool3d(1.5, 2), lambda lib: (lib.rand(1, 2, 2, 3, 4),)),
    Case(lambda nn: nn.MaxUnpool1d(2), pooled(1, 2, 2, 6)),
    Case(lambda nn: nn.MaxUnpool2d(2, padding=0), pooled(2, 2, 4, 4)),
    Case(lambda nn: nn.MaxUnpool2d((2, 2), 2), lambda lib: (*pooled(2, 1, 2, 5, 4)(lib), (5, 5))),
    Case(lambda nn: nn.MaxUnpool3d(2), pooled(3, 1, 2, 4, 2, 2)),
    Case(lambda nn: nn.MaxUnpool1d(2), lambda lib: (*pooled(1, 1, 2, 5)(lib), [1, 2, 5])),
]


def unpool(lib: Any, n: int, shape: tuple[int, ...], *arguments: Any) -> Any:
    indices = lib.zeros(*shape, dtype=lib.int64)
    return getattr(lib.nn.functional, f"max_unpool{n}d")(lib.zeros(*shape), indices, *arguments)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.MaxPool1d(2)(lib.zeros(2, 3, 4, 5)),
    lambda lib: lib.nn.MaxPool1d(2, padding=2)(lib.zeros(2, 3, 4)),
    lambda lib: lib.nn.MaxPool3d(5)(lib.zeros(1, 1, 2, 2, 2)),
    lambda lib: lib.nn.AvgPool1d(2, padding=2)(lib.zeros(2, 3, 4)),
    lambda lib: lib.nn.AvgPool3d(2)(lib.zeros(2, 3, 4)),
    lambda lib: lib.nn.AdaptiveAvgPool3d(2)(lib.zeros(2, 3)),
    lambda lib: lib.nn.AdaptiveMaxPool2d(2)(lib.zeros(2, 3)),
    lambda lib: lib.nn.LPPool1d(2, 3)(lib.zeros(1, 2, 2)),
    lambda lib: unpool(lib, 1, (1, 2, 2), 2, None, 0, (9,)),
    lambda lib: unpool(lib, 1, (1, 2, 2), 2, None, 0, (1, 9)),
    lambda lib: unpool(lib, 2, (2, 2), 2),
    lambda lib: lib.nn.MaxUnpool2d(2)(lib.zeros(1, 2, 2), lib.zeros(1, 2, 3, dtype=lib.int64)),
    lambda lib: lib.nn.MaxUnpool2d(2)(lib.zeros(1, 2, 2), lib.full((1, 2, 2), 99)),
]
