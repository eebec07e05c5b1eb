"""Normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

CASES = [
    Case(lambda nn: nn.LayerNorm(4), lambda lib: (lib.randn(3, 4),)),
    Case(lambda nn: nn.LayerNorm((3, 4), eps=1e-3, bias=False), lambda lib: (lib.randn(2, 3, 4),)),
    Case(lambda nn: nn.LayerNorm([4], elementwise_affine=False), lambda lib: (lib.randn(4),)),
    Case(lambda nn: nn.RMSNorm(4), lambda lib: (lib.randn(3, 4),)),
    Case(lambda nn: nn.RMSNorm((3, 4), eps=0.1, elementwise_affine=False), lambda lib: (lib.randn(2, 3, 4),)),
    Case(lambda nn: nn.GroupNorm(2, 4), lambda lib: (lib.randn(3, 4, 2, 3),)),
    Case(lambda nn: nn.GroupNorm(3, 3, affine=False), lambda lib: (lib.randn(2, 3, 5),)),
    Case(lambda nn: nn.GroupNorm(1, 3, eps=0.1, bias=False), lambda lib: (lib.randn(2, 3),)),
    Case(lambda nn: nn.InstanceNorm1d(3), lambda lib: (lib.randn(2, 3, 5),)),
    Case(lambda nn: nn.InstanceNorm1d(3, affine=True), lambda lib: (lib.randn(3, 5),)),
    Case(lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), lambda lib: (lib.randn(2, 3, 4, 5),)),
    Case(lambda nn: nn.InstanceNorm2d(3, momentum=0.3, track_running_stats=True), lambda lib: (lib.randn(3, 4, 5),)),
    Case(lambda nn: nn.InstanceNorm3d(2, eps=0.1, affine=True, bias=False), lambda lib: (lib.randn(2, 2, 2, 3, 2),)),
    Case(lambda nn: nn.LocalResponseNorm(2), lambda lib: (lib.randn(2, 4, 3),)),
    Case(lambda nn: nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), lambda lib: (lib.randn(2, 5, 2, 2),)),
]

FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.LayerNorm(4)(lib.zeros(4, 3)),
    lambda lib: lib.nn.functional.layer_norm(lib.zeros(4), (4,), lib.zeros(3)),
    lambda lib: lib.nn.RMSNorm(4)(lib.zeros(4, 3)),
    lambda lib: lib.nn.functional.rms_norm(lib.zeros(4), (4,), lib.zeros(3)),
    lambda lib: lib.nn.GroupNorm(2, 3),
    lambda lib: lib.nn.GroupNorm(2, 4)(lib.zeros(2, 3)),
    lambda lib: lib.nn.GroupNorm(2, 4)(lib.zeros(4)),
    lambda lib: lib.nn.InstanceNorm1d(3)(lib.zeros(3)),
    lambda lib: lib.nn.InstanceNorm1d(3, affine=True)(lib.zeros(2, 4, 5)),
    lambda lib: lib.nn.InstanceNorm2d(3)(lib.zeros(2, 3, 1, 1)),
    lambda lib: lib.nn.LocalResponseNorm(2)(lib.zeros(2, 3)),
]
