"""Functions that make tensors. They have no inputs; the strict test runs them with that device as the default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import Row, real, row


def make(name: str, call: Callable[[Any], Any], **options: Any) -> Row:
    return row(name, call=call, **{"dtypes": ("float32",), "grad": False, "gradgrad": False, **options})


def like(name: str, call: Callable[..., Any]) -> Row:
    return row(name, real(2, 3), call=call, grad=False, gradgrad=False)


ROWS = [
    make("zeros", lambda m: (m.zeros(2, 3), m.zeros((2, 3), dtype=m.int8), m.zeros([0]), m.zeros(()))),
    make("ones", lambda m: (m.ones(2, 3), m.ones((2,), dtype=m.bool), m.ones(2, dtype=m.complex64))),
    make(
        "full",
        lambda m: (m.full((2,), 3), m.full((2,), 3.5), m.full((), True), m.full((2,), 300, dtype=m.int16), m.full((1,), 2j)),
    ),
    make("eye", lambda m: (m.eye(3), m.eye(2, 3, dtype=m.int64), m.eye(0))),
    make(
        "arange",
        lambda m: (
            m.arange(5),
            m.arange(1, 4),
            m.arange(1, 2, 0.3),
            m.arange(5, 0, -2),
            m.arange(3, dtype=m.float64),
            m.arange(0),
        ),
    ),
    make(
        "linspace",
        lambda m: (
            m.linspace(0, 1, 5),
            m.linspace(3, -3, 4, dtype=m.float64),
            m.linspace(0, 5, 1),
            m.linspace(0, 10, 4, dtype=m.int64),
        ),
    ),
    make("logspace", lambda m: (m.logspace(0, 2, 3), m.logspace(0, 3, 4, base=2.0))),
    make(
        "tensor",
        lambda m: (
            m.tensor(1),
            m.tensor([1.5, 2]),
            m.tensor([[True], [False]]),
            m.tensor([]),
            m.tensor([1, 2], dtype=m.float16),
            m.tensor(1j),
            m.tensor([[[]]]),
            m.tensor(2**40),
            m.tensor([1, 2.5, True]),
        ),
    ),
    make("as_tensor", lambda m: (m.as_tensor([1, 2]), m.as_tensor(2.5, dtype=m.float64))),
    make("asarray", lambda m: m.asarray([1, 2])),
    make("scalar_tensor", lambda m: m.scalar_tensor(3)),
    make(
        "sparse_coo_tensor",
        lambda m: (
            m.sparse_coo_tensor([[2, 0, 2]], [1.0, 2.0, 3.0], (4,), check_invariants=True).to_dense(),
            m.sparse_coo_tensor([[1, 0], [0, 2]], [[1, 2], [3, 4]], dtype=m.float64, check_invariants=True).to_dense(),
            m.sparse_coo_tensor(m.tensor([[1]]), m.tensor([1.5]), check_invariants=True).to_dense(),
        ),
    ),
    make("tril_indices", lambda m: (m.tril_indices(3, 4), m.tril_indices(3, 3, 1))),
    make("triu_indices", lambda m: (m.triu_indices(3, 4), m.triu_indices(4, 3, -1))),
    like("zeros_like", lambda m, x: (m.zeros_like(x), m.zeros_like(x, dtype=m.int32))),
    like("ones_like", lambda m, x: (m.ones_like(x), m.ones_like(x.t()))),
    like("full_like", lambda m, x: m.full_like(x, 1)),
    like("empty_like", lambda m, x: m.zeros_like(m.empty_like(x))),
    like("new_zeros", lambda m, x: (x.new_zeros(2), x.new_zeros((2, 3), dtype=m.int32))),
    like("new_ones", lambda m, x: x.new_ones(2, 2)),
    like("new_full", lambda m, x: x.new_full((2,), 1)),
    like("new_tensor", lambda m, x: x.new_tensor([1, 0])),
    like("new_empty", lambda m, x: x.new_empty(0)),
    row(
        "to",
        real(2, 3),
        call=lambda m, x: [
            x.to(d)
            for d in (m.float64, m.float16, m.bfloat16, m.int8, m.bool, m.complex64)
            if d.is_complex or not x.is_complex()
        ],
        grad=False,
        gradgrad=False,
    ),
    row("to[gradient]", real(2, 3), call=lambda m, x: x.to(m.float64) * 2, dtypes=("float32", "float64")),
    row("type_as", real(2, 3), call=lambda m, x: x.type_as(m.zeros(1, dtype=m.float64)), dtypes=("float32",)),
]
