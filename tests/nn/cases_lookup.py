"""Look-up tables, and layers of two inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case

CASES = [
    Case(lambda nn: nn.Embedding(5, 3), lambda lib: (lib.randint(0, 5, (2, 3)),)),
    Case(lambda nn: nn.Embedding(5, 3, padding_idx=-2), lambda lib: (lib.tensor([3, 0, 3, 1]),), ("flat",)),
    Case(lambda nn: nn.Embedding(5, 3, max_norm=1.0, norm_type=1), lambda lib: (lib.tensor([3, 0, 3]),), ("flat",)),
    Case(lambda nn: nn.Embedding(5, 3, scale_grad_by_freq=True), lambda lib: (lib.tensor([3, 0, 3]),), ("flat",)),
    Case(lambda nn: nn.EmbeddingBag(5, 3), lambda lib: (lib.randint(0, 5, (2, 4)),)),
    Case(lambda nn: nn.EmbeddingBag(5, 3), lambda lib: (lib.randint(0, 5, (6,)), lib.tensor([0, 2, 2, 5]))),
    Case(
        lambda nn: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1, include_last_offset=True),
        lambda lib: (lib.tensor([0, 1, 2, 1, 2, 2]), lib.tensor([0, 2, 4, 6]), lib.randn(6)),
    ),
    Case(lambda nn: nn.EmbeddingBag(5, 3, padding_idx=2), lambda lib: (lib.tensor([[0, 2, 2], [2, 2, 2]]),), ("flat",)),
    Case(lambda nn: nn.EmbeddingBag(5, 3, mode="max"), lambda lib: (lib.randint(0, 5, (7,)), lib.tensor([0, 2, 2, 5]))),
    Case(lambda nn: nn.EmbeddingBag(5, 3, mode="max", padding_idx=0), lambda lib: (lib.tensor([[0, 1, 2], [0, 0, 0]]),)),
    # Equal frequencies: for others PyTorch scales by that of the wrong row.
    Case(
        lambda nn: nn.EmbeddingBag(5, 3, max_norm=0.7, scale_grad_by_freq=True),
        lambda lib: (lib.tensor([[0, 1, 2], [2, 1, 0]]),),
        ("flat",),
    ),
    Case(lambda nn: nn.Embedding(5, 3, padding_idx=1, sparse=True), lambda lib: (lib.tensor([[3, 0, 3], [1, 4, 0]]),), ("flat",)),
    Case(lambda nn: nn.Embedding(5, 3, max_norm=1.0, sparse=True), lambda lib: (lib.tensor([3, 0, 3]),), ("flat",)),
    Case(lambda nn: nn.EmbeddingBag(5, 3, sparse=True), lambda lib: (lib.tensor([[3, 0, 3], [1, 4, 0]]),), ("flat",)),
    Case(
        lambda nn: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1, sparse=True),
        lambda lib: (lib.tensor([0, 1, 2, 1, 2, 2]), lib.tensor([0, 2, 4]), lib.randn(6)),
        ("flat",),
    ),
    Case(lambda nn: nn.Bilinear(2, 3, 4), lambda lib: (lib.randn(5, 2), lib.randn(5, 3))),
    Case(lambda nn: nn.Bilinear(2, 3, 1, bias=False), lambda lib: (lib.randn(2, 2, 2), lib.randn(2, 2, 3))),
    Case(lambda nn: nn.Bilinear(2, 3, 2), lambda lib: (lib.randn(2), lib.randn(3))),
    Case(lambda nn: nn.CosineSimilarity(), lambda lib: (lib.randn(2, 3), lib.randn(2, 3))),
    Case(lambda nn: nn.CosineSimilarity(dim=0, eps=1.5), lambda lib: (lib.randn(4, 3), lib.randn(4, 1)), ("flat",)),
    Case(lambda nn: nn.PairwiseDistance(), lambda lib: (lib.randn(2, 3), lib.randn(2, 3))),
    Case(lambda nn: nn.PairwiseDistance(p=1.5, keepdim=True), lambda lib: (lib.randn(2, 3), lib.randn(3))),
]


def bag(lib: Any, *arguments: Any, **options: Any) -> Any:
    return lib.nn.functional.embedding_bag(*arguments, **options)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.Embedding(5, 3, padding_idx=5),
    lambda lib: lib.nn.Embedding(5, 3)(lib.tensor([5])),
    lambda lib: lib.nn.Embedding(5, 3)(lib.tensor([-1])),
    lambda lib: lib.nn.Embedding(5, 3)(lib.tensor([1.0])),
    lambda lib: lib.nn.Embedding.from_pretrained(lib.zeros(3)),
    lambda lib: lib.nn.functional.embedding(lib.tensor([0]), lib.zeros(2, 2), padding_idx=2),
    lambda lib: bag(lib, lib.tensor([0]), lib.zeros(2, 2)),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), lib.tensor([0])),
    lambda lib: bag(lib, lib.tensor([0]), lib.zeros(2, 2), lib.tensor([[0]])),
    lambda lib: bag(lib, lib.tensor([[[0]]]), lib.zeros(2, 2)),
    lambda lib: bag(lib, lib.tensor([0]), lib.zeros(2, 2), lib.tensor([1])),
    lambda lib: bag(lib, lib.tensor([0]), lib.zeros(2, 2), lib.tensor([0, 2])),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), mode="median"),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), mode="max", scale_grad_by_freq=True),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), per_sample_weights=lib.zeros(1, 1)),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), mode="sum", per_sample_weights=lib.zeros(1)),
    lambda lib: bag(lib, lib.tensor([[0]]), lib.zeros(2, 2), mode="max", sparse=True),
    lambda lib: lib.nn.functional.embedding(lib.tensor([0]), lib.zeros(2), sparse=True),
    lambda lib: lib.nn.Bilinear(0, 1, 1),
    lambda lib: lib.nn.Bilinear(2, 3, 1)(lib.zeros(1, 2), lib.zeros(1, 2)),
    lambda lib: lib.nn.Bilinear(2, 3, 1)(lib.zeros(1, 2), lib.zeros(2, 3)),
]
