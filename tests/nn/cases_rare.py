"""Fractional pools, the adaptive softmax, the linear cross entropy, and layers for several devices."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from twins import Case


def _quietly(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrapped(nn: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return make(nn)

    return wrapped


def _logits_and_classes(classes: int, *shape: int) -> Callable[[Any], tuple[Any, ...]]:
    return lambda lib: (lib.randn(shape[0], 6), lib.randint(0, classes, shape))


_ADAPTIVE = [
    Case(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 1.5), _logits_and_classes(20, 8)),
    Case(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10, 15], div_value=1.0, head_bias=True), _logits_and_classes(20, 9)),
    Case(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 20, (19,), 2.0), _logits_and_classes(20, 3)),
    Case(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 2.0), lambda lib: (lib.randn(6), lib.tensor(12))),
    Case(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 2.0), lambda lib: (lib.randn(2, 6), lib.tensor([1, 2]))),
]

_FRACTIONAL = [
    Case(lambda nn: nn.FractionalMaxPool2d(3, output_size=(3, 4)), lambda lib: (lib.randn(2, 3, 7, 9),), ("random",)),
    Case(lambda nn: nn.FractionalMaxPool2d((2, 3), output_ratio=0.5), lambda lib: (lib.randn(3, 7, 9),), ("random",)),
    Case(lambda nn: nn.FractionalMaxPool2d(2, 1, return_indices=True), lambda lib: (lib.randn(1, 2, 5, 4),), ("random",)),
    Case(lambda nn: nn.FractionalMaxPool2d(2, output_ratio=(0.4, 0.9)), lambda lib: (lib.randn(2, 2, 9, 8),), ("random",)),
    Case(lambda nn: nn.FractionalMaxPool3d(2, output_size=3), lambda lib: (lib.randn(2, 3, 5, 6, 7),), ("random",)),
    Case(lambda nn: nn.FractionalMaxPool3d((2, 1, 3), output_ratio=(0.5, 0.6, 0.7), return_indices=True),
         lambda lib: (lib.randn(2, 5, 6, 7),), ("random",)),
]  # fmt: skip

CASES = [
    *_ADAPTIVE,
    *_FRACTIONAL,
    Case(lambda nn: nn.LinearCrossEntropyLoss(6, 4), _logits_and_classes(4, 5)),
    Case(lambda nn: nn.LinearCrossEntropyLoss(6, 4, out_features=(2, 3), bias=True, reduction="none"),
         _logits_and_classes(4, 5, 2, 3)),
    Case(lambda nn: nn.LinearCrossEntropyLoss(6, 4, reduction="sum", label_smoothing=0.1, ignore_index=1),
         _logits_and_classes(4, 5)),
    Case(lambda nn: nn.LinearCrossEntropyLoss(6, 4, bias=True), lambda lib: (lib.randn(5, 6), lib.randn(5, 4).softmax(1).detach())),
    Case(lambda nn: nn.LinearCrossEntropyLoss(6, 4, options=nn.LinearCrossEntropyOptions(batch_chunk_size=2)),
         _logits_and_classes(4, 5)),
    Case(lambda nn: nn.SyncBatchNorm(3), lambda lib: (lib.randn(4, 3),)),
    Case(lambda nn: nn.SyncBatchNorm(3, momentum=None, bias=False), lambda lib: (lib.randn(4, 3, 2, 1, 2),)),
    Case(lambda nn: nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3, affine=False))),
         lambda lib: (lib.randn(4, 6),)),
    Case(lambda nn: nn.DataParallel(nn.Linear(6, 3)), lambda lib: (lib.randn(4, 6),)),
    Case(_quietly(lambda nn: nn.NLLLoss2d()), lambda lib: (lib.randn(2, 3, 2, 2), lib.randint(0, 3, (2, 2, 2)))),
]  # fmt: skip


def _adaptive(lib: Any, *shape: int, target: Any) -> Any:
    return lib.nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 2.0)(lib.zeros(*shape), lib.tensor(target))


def _linear(lib: Any, *shape: int, weight: tuple[int, ...] = (4, 3), target: Any = (0, 1), **options: Any) -> Any:
    return lib.nn.functional.linear_cross_entropy(lib.zeros(*shape), lib.zeros(*weight), lib.tensor(target), **options)


FAULTS: list[Callable[[Any], Any]] = [
    *(lambda lib, c=cutoffs: lib.nn.AdaptiveLogSoftmaxWithLoss(6, 20, c)  # type: ignore[misc]
      for cutoffs in ([], [10, 4], [4, 20], [4, 4], [4.5], [0, 3])),
    lambda lib: _adaptive(lib, 3, 6, target=[1, 2]),
    lambda lib: _adaptive(lib, 3, 6, target=[1, 2, 25]),
    lambda lib: _adaptive(lib, 3, 6, target=[1, -2, 3]),
    lambda lib: _adaptive(lib, 3, 6, target=[[1], [2], [3]]),
    lambda lib: _adaptive(lib, 3, 6, target=1),
    lambda lib: _adaptive(lib, 3, 5, target=[1, 2, 3]),
    lambda lib: lib.nn.FractionalMaxPool2d(3),
    lambda lib: lib.nn.FractionalMaxPool2d(3, 2, 0.5),
    lambda lib: lib.nn.FractionalMaxPool2d(3, output_ratio=1.5),
    lambda lib: lib.nn.FractionalMaxPool3d(3, output_ratio=(0.5, 0.5, 0.0)),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), 3),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), 3, 4),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(5, 5), 3, 2),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 0, 5, 5), 3, 2),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), (3, 3, 3), 2),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), 3, (2, 2, 2)),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), 3, 2, _random_samples=lib.zeros(1, 1, 3)),
    lambda lib: lib.nn.functional.fractional_max_pool2d(lib.zeros(1, 1, 5, 5), 3, 2, _random_samples=lib.zeros(1, 1, 2).double()),
    lambda lib: lib.nn.LinearCrossEntropyLoss(6, 4, weight=lib.ones(3)),
    lambda lib: lib.nn.LinearCrossEntropyLoss(6, 4, label_smoothing=2.0),
    *(lambda lib, o=options: lib.nn.LinearCrossEntropyOptions(**o)  # type: ignore[misc]
      for options in ({"acc_policy": "x"}, {"chunking_method": "aspect_ratio:0"}, {"chunking_method": "x"},
                      {"batch_chunk_size": 0}, {"acc_dtype": 3})),
    lambda lib: _linear(lib, 5, 3, target=[0] * 5,
                        options=lib.nn.LinearCrossEntropyOptions(batch_chunk_size=1, chunking_method="aspect_ratio")),
    lambda lib: _linear(lib, 2, 2, 3),
    lambda lib: _linear(lib, 2, 3, weight=(3,)),
    lambda lib: _linear(lib, 2, 3, weight=(4, 2)),
    lambda lib: _linear(lib, 2, 3, linear_bias=lib.zeros(3)),
    lambda lib: _linear(lib, 3, weight=(4, 2, 3)),
    lambda lib: _linear(lib, 2, 3, target=[[0.5] * 4] * 2, ignore_index=1),
    lambda lib: _linear(lib, 2, 3, target=(0, 4)),
    lambda lib: lib.nn.SyncBatchNorm(3)(lib.zeros(3)),
    lambda lib: lib.nn.CrossMapLRN2d(3)(lib.zeros(2, 3, 4)),
    _quietly(lambda lib: lib.nn.Container(a=3)),
]  # fmt: skip
