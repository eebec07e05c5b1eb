"""Padding, rearranging and resizing of signals, images and volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

SHAPES = {1: (2, 2, 5), 2: (1, 2, 3, 4), 3: (1, 1, 3, 2, 3)}


def padded(kind: str, n: int, padding: Any, batched: bool = True) -> Case:
    extra = (1.5,) if kind == "Constant" else ()
    shape = SHAPES[n] if batched else SHAPES[n][1:]
    return Case(lambda nn: getattr(nn, f"{kind}Pad{n}d")(padding, *extra), lambda lib: (lib.randn(*shape),))


def resized(shape: tuple[int, ...], **options: Any) -> Case:
    return Case(lambda nn: nn.Upsample(**options), lambda lib: (lib.randn(*shape),))


PADS = [
    padded(kind, n, padding, batched)
    for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")
    for n, padding, batched in [
        *((1, 2, True), (1, (0, 3), False)),
        *((2, 1, False), (2, (1, 2, 0, 1), True)),
        *((3, 1, True), (3, (2, 0, 1, 1, 0, 2), False)),
    ]
]

RESIZES = [
    resized((1, 2, 3), size=7),
    resized((1, 2, 7), scale_factor=0.6),
    resized((1, 2, 3, 4), scale_factor=(2, 1.7)),
    resized((1, 2, 3, 4), scale_factor=(2, 1.7), recompute_scale_factor=True),
    resized((1, 1, 2, 3, 2), size=(3, 5, 2)),
    resized((1, 2, 5), size=8, mode="nearest-exact"),
    resized((1, 2, 5, 4), size=(3, 7), mode="nearest-exact"),
    resized((1, 2, 5), size=8, mode="linear"),
    resized((1, 2, 5), size=1, mode="linear", align_corners=True),
    resized((2, 2, 5), scale_factor=1.3, mode="linear"),
    resized((1, 2, 3, 4), scale_factor=2, mode="bilinear"),
    resized((1, 2, 3, 4), size=(5, 3), mode="bilinear", align_corners=True),
    resized((1, 2, 5, 4), scale_factor=0.5, mode="bilinear"),
    resized((1, 1, 3, 4), scale_factor=1.6, mode="bicubic"),
    resized((1, 1, 3, 4), size=(5, 3), mode="bicubic", align_corners=True),
    resized((1, 1, 3, 2, 3), size=(2, 4, 3), mode="trilinear"),
    resized((1, 1, 3, 2, 3), scale_factor=(1, 2.2, 1), mode="trilinear", align_corners=False),
    resized((1, 2, 5), size=3, mode="area"),
    resized((1, 2, 5, 4), scale_factor=0.7, mode="area"),
    Case(lambda nn: nn.UpsamplingNearest2d(scale_factor=2), lambda lib: (lib.randn(1, 2, 2, 3),)),
    Case(lambda nn: nn.UpsamplingNearest2d((3, 4)), lambda lib: (lib.randn(1, 2, 2, 3),)),
    Case(lambda nn: nn.UpsamplingBilinear2d(5), lambda lib: (lib.randn(1, 2, 2, 3),)),
]

CASES = [
    *PADS,
    *RESIZES,
    Case(lambda nn: nn.PixelShuffle(2), lambda lib: (lib.randn(2, 8, 2, 3),)),
    Case(lambda nn: nn.PixelShuffle(3), lambda lib: (lib.randn(9, 1, 2),)),
    Case(lambda nn: nn.PixelUnshuffle(2), lambda lib: (lib.randn(2, 2, 4, 6),)),
    Case(lambda nn: nn.ChannelShuffle(3), lambda lib: (lib.randn(2, 6, 2, 2),)),
    Case(lambda nn: nn.Unfold(2), lambda lib: (lib.randn(2, 2, 3, 4),)),
    Case(lambda nn: nn.Unfold((2, 3), dilation=(2, 1), padding=(1, 0), stride=2), lambda lib: (lib.randn(2, 4, 5),)),
    Case(lambda nn: nn.Fold((3, 4), 2), lambda lib: (lib.randn(2, 8, 6),)),
    Case(lambda nn: nn.Fold((4, 5), (2, 3), (2, 1), (1, 0), 2), lambda lib: (lib.randn(12, 4),)),
]


def resize(lib: Any, *shape: int, **options: Any) -> Any:
    return lib.nn.functional.interpolate(lib.zeros(*shape), **options)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.ReflectionPad1d(3)(lib.zeros(1, 3)),
    lambda lib: lib.nn.ReflectionPad2d(1)(lib.zeros(3, 3)),
    lambda lib: lib.nn.ReplicationPad2d(1)(lib.zeros(3, 3)),
    lambda lib: lib.nn.ReplicationPad3d(1)(lib.zeros(3, 3, 3)),
    lambda lib: lib.nn.CircularPad2d(1)(lib.zeros(3, 3)),
    lambda lib: lib.nn.CircularPad1d(4)(lib.zeros(1, 3)),
    lambda lib: lib.nn.ConstantPad1d((-2, -2), 0.0)(lib.zeros(1, 3)),
    lambda lib: lib.nn.PixelShuffle(2)(lib.zeros(1, 2, 2, 2)),
    lambda lib: lib.nn.PixelShuffle(0)(lib.zeros(1, 2, 2, 2)),
    lambda lib: lib.nn.PixelShuffle(1)(lib.zeros(2, 2)),
    lambda lib: lib.nn.PixelUnshuffle(2)(lib.zeros(1, 2, 3, 2)),
    lambda lib: lib.nn.ChannelShuffle(2)(lib.zeros(1, 3, 2)),
    lambda lib: lib.nn.functional.channel_shuffle(lib.zeros(1, 4), 2),
    lambda lib: lib.nn.Unfold(4)(lib.zeros(1, 1, 3, 3)),
    lambda lib: lib.nn.Unfold(0)(lib.zeros(1, 1, 3, 3)),
    lambda lib: lib.nn.Unfold(2)(lib.zeros(1, 1, 1, 3, 3)),
    lambda lib: lib.nn.Fold(3, 2)(lib.zeros(1, 3, 4)),
    lambda lib: lib.nn.Fold(3, 2)(lib.zeros(1, 4, 5)),
    lambda lib: lib.nn.Fold(3, 2)(lib.zeros(4)),
    lambda lib: resize(lib, 1, 1, 3),
    lambda lib: resize(lib, 1, 1, 3, size=2, scale_factor=2),
    lambda lib: resize(lib, 1, 1, 3, size=(2, 2)),
    lambda lib: resize(lib, 1, 1, 3, scale_factor=(2, 2)),
    lambda lib: resize(lib, 1, 1, 3, size=2, recompute_scale_factor=True),
    lambda lib: resize(lib, 1, 1, 3, size=2, align_corners=True),
    lambda lib: resize(lib, 1, 1, 3, size=0),
    lambda lib: resize(lib, 1, 3, size=2),
    lambda lib: resize(lib, 1, 1, 3, size=2, mode="bilinear"),
    lambda lib: resize(lib, 1, 1, 3, 3, size=2, mode="linear"),
    lambda lib: resize(lib, 1, 1, 3, size=2, mode="cubic"),
    lambda lib: resize(lib, 1, 1, 3, size=2, antialias=True),
    lambda lib: resize(lib, 1, 1, 3, 3, size=2, antialias=True),
    lambda lib: resize(lib, 1, 1, 3, size=2, mode="bilinear", antialias=True),
    lambda lib: lib.nn.functional.grid_sample(lib.zeros(1, 1, 2, 2, 2), lib.zeros(1, 1, 1, 1, 3), "bicubic", align_corners=False),
]
