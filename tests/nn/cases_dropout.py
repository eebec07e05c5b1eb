"""Layers that draw numbers, and the last activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case


def random(make: Callable[[Any], Any], *shape: int) -> Case:
    return Case(make, lambda lib: (lib.randn(*shape),), ("random",))


CASES = [
    random(lambda nn: nn.Dropout1d(0.3), 3, 5, 4),
    random(lambda nn: nn.Dropout1d(inplace=True), 5, 4),
    random(lambda nn: nn.Dropout2d(), 3, 5, 2, 2),
    random(lambda nn: nn.Dropout2d(1.0), 3, 5, 2, 2),
    random(lambda nn: nn.Dropout3d(0.6), 3, 5, 2, 1, 2),
    random(lambda nn: nn.Dropout3d(), 5, 2, 1, 2),
    random(lambda nn: nn.AlphaDropout(0.3), 5, 4),
    random(lambda nn: nn.AlphaDropout(1.0), 5, 4),
    random(lambda nn: nn.AlphaDropout(0.3, inplace=True), 5, 4),
    random(lambda nn: nn.FeatureAlphaDropout(0.4), 4, 5, 2, 2),
    random(lambda nn: nn.FeatureAlphaDropout(inplace=True), 4, 5),
    random(lambda nn: nn.RReLU(), 4, 5),
    random(lambda nn: nn.RReLU(0.2, 0.7), 3, 4, 5),
    Case(lambda nn: nn.Dropout(0.4), lambda lib: (lib.randn(3, 5, 4).transpose(0, 1),), ("random",)),
    Case(lambda nn: nn.Dropout(0.4, inplace=True), lambda lib: (lib.randn(3, 1, 4).permute(2, 1, 0),), ("random",)),
    Case(lambda nn: nn.RReLU(0.3, 0.3), lambda lib: (lib.randn(3, 4),)),
    Case(lambda nn: nn.Softmax2d(), lambda lib: (lib.randn(2, 3, 2, 2),)),
    Case(lambda nn: nn.Softmax2d(), lambda lib: (lib.randn(3, 2, 2),)),
]

FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.Dropout2d(1.5),
    lambda lib: lib.nn.AlphaDropout(-0.1),
    lambda lib: lib.nn.functional.alpha_dropout(lib.zeros(2), 1.5, True),
    lambda lib: lib.nn.FeatureAlphaDropout()(lib.zeros(3)),
    lambda lib: lib.nn.RReLU(0.5, 0.2)(lib.zeros(3)),
    lambda lib: lib.nn.Softmax2d()(lib.zeros(3, 2)),
]
