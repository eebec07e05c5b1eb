"""Losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case


def loss(name: str, inputs: Callable[[Any], tuple[Any, ...]], *variants: dict[str, Any]) -> list[Case]:
    """The loss with every reduction, and with other options."""
    options = [*({"reduction": r} for r in ("mean", "sum", "none")), *variants]
    return [Case(lambda nn, o=o: getattr(nn, name)(**o), inputs) for o in options]  # type: ignore[misc]


def signs(lib: Any, *shape: int) -> Any:
    """Integers 1 and -1: no leaf that wants a gradient."""
    return lib.randint(0, 2, shape) * 2 - 1


CASES = [
    *loss("HingeEmbeddingLoss", lambda lib: (lib.randn(3, 4), signs(lib, 3, 4)), {"margin": 0.3}),
    *loss("MarginRankingLoss", lambda lib: (lib.randn(5), lib.randn(5), signs(lib, 5)), {"margin": 0.3}),
    *loss("CosineEmbeddingLoss", lambda lib: (lib.randn(5, 3), lib.randn(5, 3), signs(lib, 5)), {"margin": 0.3}),
    *loss("CosineEmbeddingLoss", lambda lib: (lib.randn(3), lib.randn(3), lib.tensor(-1))),
    *loss("SoftMarginLoss", lambda lib: (lib.randn(3, 4), signs(lib, 3, 4))),
    *loss("MultiLabelSoftMarginLoss", lambda lib: (lib.randn(3, 4), lib.randint(0, 2, (3, 4)))),
    *loss("MultiLabelMarginLoss", lambda lib: (lib.randn(2, 4), lib.tensor([[3, 0, -1, 1], [2, -1, 0, 0]]))),
    *loss("MultiLabelMarginLoss", lambda lib: (lib.randn(4), lib.tensor([1, 2, 3, -1]))),
    *loss("MultiMarginLoss", lambda lib: (lib.randn(5, 4), lib.randint(0, 4, (5,))), {"p": 2, "margin": 0.7}),
    *loss("MultiMarginLoss", lambda lib: (lib.randn(4), lib.tensor(2))),
    *loss(
        "TripletMarginLoss",
        lambda lib: (lib.randn(4, 3), lib.randn(4, 3), lib.randn(4, 3)),
        *({"margin": 0.4, "p": 1.5}, {"swap": True, "margin": 3.0}),
    ),
    *loss("TripletMarginWithDistanceLoss", lambda lib: (lib.randn(4, 3), lib.randn(4, 3), lib.randn(4, 3)), {"swap": True}),
    *loss("PoissonNLLLoss", lambda lib: (lib.randn(5), lib.randint(0, 4, (5,)) * 1), {"full": True}),
    *loss("PoissonNLLLoss", lambda lib: (lib.rand(5), lib.randint(0, 4, (5,))), {"log_input": False, "eps": 0.1}),
    *loss("GaussianNLLLoss", lambda lib: (lib.randn(3, 4), lib.randn(3, 4), lib.rand(3, 4)), {"full": True}),
    *loss("GaussianNLLLoss", lambda lib: (lib.randn(3, 4), lib.randn(3, 4), lib.rand(3))),
    *loss("GaussianNLLLoss", lambda lib: (lib.randn(3, 4), lib.randn(3, 4), 0.3)),
]


def of(lib: Any, name: str, *arguments: Any, **options: Any) -> Any:
    return getattr(lib.nn.functional, name)(*arguments, **options)


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.MultiMarginLoss(p=3),
    lambda lib: lib.nn.MultiMarginLoss(weight=lib.ones(1, 2)),
    lambda lib: lib.nn.TripletMarginLoss(margin=0),
    lambda lib: lib.nn.TripletMarginWithDistanceLoss(margin=-1.0),
    lambda lib: of(lib, "multi_margin_loss", lib.zeros(2, 3), lib.tensor([0, 3])),
    lambda lib: of(lib, "multi_margin_loss", lib.zeros(2, 3), lib.tensor([0])),
    lambda lib: of(lib, "multi_margin_loss", lib.zeros(2, 3), lib.tensor([0, 1]), weight=lib.ones(2)),
    lambda lib: of(lib, "multilabel_margin_loss", lib.zeros(2, 3), lib.tensor([0, 1])),
    lambda lib: of(lib, "multilabel_margin_loss", lib.zeros(2), lib.tensor([0, 3])),
    lambda lib: of(lib, "gaussian_nll_loss", lib.zeros(2, 3), lib.zeros(2, 3), lib.ones(3, 3)),
    lambda lib: of(lib, "gaussian_nll_loss", lib.zeros(2), lib.zeros(2), -lib.ones(2)),
    lambda lib: of(lib, "gaussian_nll_loss", lib.zeros(2), lib.zeros(2), -1.0),
    lambda lib: of(lib, "gaussian_nll_loss", lib.zeros(2), lib.zeros(2), lib.ones(2), reduction="max"),
    lambda lib: of(lib, "poisson_nll_loss", lib.zeros(2), lib.zeros(2), reduction="max"),
    lambda lib: of(lib, "triplet_margin_loss", lib.zeros(2, 2), lib.zeros(2), lib.zeros(2)),
    lambda lib: of(lib, "triplet_margin_loss", lib.zeros(2), lib.zeros(2), lib.zeros(2), margin=0),
    lambda lib: of(lib, "triplet_margin_with_distance_loss", lib.zeros(2, 2), lib.zeros(2), lib.zeros(2)),
    lambda lib: of(lib, "margin_ranking_loss", lib.zeros(2, 2), lib.zeros(2), lib.zeros(2)),
    lambda lib: of(lib, "cosine_embedding_loss", lib.zeros(2, 2), lib.zeros(2, 2), lib.zeros(2, 2)),
    lambda lib: of(lib, "soft_margin_loss", lib.zeros(2), lib.zeros(2), reduction="max"),
]
