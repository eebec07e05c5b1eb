"""Convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

CASES = [
    Case(lambda nn: nn.Conv1d(2, 3, 3), lambda lib: (lib.randn(2, 2, 6),)),
    Case(
        lambda nn: nn.Conv1d(2, 4, 2, stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode="reflect"),
        lambda lib: (lib.randn(2, 6),),
    ),
    Case(lambda nn: nn.Conv1d(1, 1, 3, padding="same"), lambda lib: (lib.randn(1, 1, 7),)),
    Case(lambda nn: nn.Conv3d(2, 2, (1, 2, 3), padding=(0, 1, 1)), lambda lib: (lib.randn(1, 2, 2, 3, 3),)),
    Case(lambda nn: nn.Conv3d(1, 2, 2, stride=2, padding_mode="circular", padding=1), lambda lib: (lib.randn(1, 2, 2, 2),)),
    Case(lambda nn: nn.ConvTranspose1d(2, 3, 3), lambda lib: (lib.randn(2, 2, 4),)),
    Case(lambda nn: nn.ConvTranspose1d(2, 4, 3, 2, 1, 1, groups=2, bias=False), lambda lib: (lib.randn(2, 4),)),
    Case(lambda nn: nn.ConvTranspose1d(2, 2, 2, 2, output_padding=2, padding=1, dilation=3), lambda lib: (lib.randn(1, 2, 4),)),
    Case(lambda nn: nn.ConvTranspose1d(1, 1, 3, stride=3), lambda lib: (lib.randn(1, 1, 4), [13])),
    Case(lambda nn: nn.ConvTranspose2d(2, 3, (2, 3)), lambda lib: (lib.randn(2, 2, 3, 2),)),
    Case(lambda nn: nn.ConvTranspose2d(2, 2, 3, (2, 3), (1, 2), (0, 1)), lambda lib: (lib.randn(1, 2, 3, 3),)),
    Case(lambda nn: nn.ConvTranspose2d(4, 2, 3, 2, 1, groups=2, dilation=2), lambda lib: (lib.randn(4, 3, 2), (8, 6))),
    Case(lambda nn: nn.ConvTranspose3d(1, 2, 2, 2, 1, 1), lambda lib: (lib.randn(1, 1, 2, 2, 3),)),
    Case(lambda nn: nn.ConvTranspose3d(2, 1, (1, 2, 2), dilation=2), lambda lib: (lib.randn(2, 2, 1, 2),)),
]

FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.Conv1d(2, 3, 3)(lib.zeros(2, 3, 6)),
    lambda lib: lib.nn.Conv3d(2, 3, 3)(lib.zeros(2, 3, 6)),
    lambda lib: lib.nn.Conv1d(2, 3, 3)(lib.zeros(1, 2, 2)),
    lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, groups=2),
    lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    lambda lib: lib.nn.ConvTranspose2d(3, 4, 3)(lib.zeros(2, 4, 5, 5)),
    lambda lib: lib.nn.ConvTranspose2d(3, 4, 3)(lib.zeros(3, 5)),
    lambda lib: lib.nn.ConvTranspose1d(3, 4, 3, output_padding=1)(lib.zeros(2, 3, 5)),
    lambda lib: lib.nn.ConvTranspose1d(3, 4, 3, stride=2)(lib.zeros(2, 3, 5), [20]),
    lambda lib: lib.nn.ConvTranspose1d(3, 4, 3, stride=2)(lib.zeros(2, 3, 5), [4, 20]),
    lambda lib: lib.nn.ConvTranspose1d(3, 4, 1, padding=1)(lib.zeros(2, 3, 1)),
    lambda lib: lib.nn.functional.conv_transpose1d(lib.zeros(1, 2, 3), lib.zeros(2, 3)),
    lambda lib: lib.nn.functional.conv_transpose1d(lib.zeros(1, 2, 3), lib.zeros(2, 3, 1), lib.zeros(2)),
    lambda lib: lib.nn.functional.conv_transpose1d(lib.zeros(1, 2, 3), lib.zeros(2, 3, 1), stride=0),
    lambda lib: lib.nn.functional.conv_transpose1d(lib.zeros(1, 2, 3), lib.zeros(2, 3, 1), padding=-1),
    lambda lib: lib.nn.functional.conv_transpose1d(lib.zeros(1, 2, 3), lib.zeros(2, 3, 1), stride=(1, 2)),
]
