"""Write printing.json: tensors, print options, and what PyTorch prints.

Run it where PyTorch is installed: ``python tests/data/make_printing.py``.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch

INF, NAN = float("inf"), float("nan")
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex64, torch.complex128]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
EDGES: list[Any] = [
    1, 1.0, 1.5, True, 1 + 2j, [], [1, 2], [1.0, 2.0], [1.5, NAN], [NAN, INF], [INF, 1.0], [1e-5, 1.0], [1e8, 1.5],
    [1e8, 1.0], [1e9, 1.0], [1e-4, 1e-3], [1.0, 1001.5], [1e4, 1e-3], [0.0, -0.0], [NAN, 0.0], [True, False],
    [1 + 2j, 3.5 - 1j], [1j, NAN], [complex(NAN, 1)], [1e10 + 1j, 1.0], [1.5 + 1e10j, 1.0], [99999.99999, 1.0],
    [-1.0, 1.0], [1000.0, 1.0], [1001.0, 1.0], [-INF, 0.5], [0.99995], [0.99994], [1e-10], [123456789.0], [2.0**31],
]  # fmt: skip


def flat(t: torch.Tensor) -> list[Any]:
    values = t.detach().reshape(-1).tolist()
    return [[v.real, v.imag] for v in values] if t.is_complex() else values


def case(t: torch.Tensor, options: dict[str, Any] | None = None, default: str = "float32") -> dict[str, Any]:
    torch.set_printoptions(**{"profile": "default", **(options or {})})
    torch.set_default_dtype(getattr(torch, default))
    row: dict[str, Any] = {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "text": repr(t)}
    if t.numel() > 400:
        row["arange"] = flat(t)[1]  # the step
    else:
        row["data"] = flat(t)
    for name, value in (("options", options), ("default", default if default != "float32" else None)):
        if value:
            row[name] = value
    if t.requires_grad:
        row["requires_grad"] = True
    if t.grad_fn is not None:
        row["grad_fn"] = t.grad_fn.name()
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)
    return row


def values(r: random.Random, shape: tuple[int, ...]) -> torch.Tensor:
    """float64 numbers of one of several characters."""
    x = torch.randn(shape, dtype=torch.float64)
    kind = r.randrange(6)
    if kind == 0:
        x = x * 10 ** r.uniform(-9, 9)
    elif kind == 1:
        x = torch.round(x * 10 ** r.uniform(0, 9))
    elif kind == 2:
        x = x * 10 ** (torch.rand(shape, dtype=torch.float64) * r.uniform(0, 6))
    elif kind == 3:
        x = (x * 100).round() / 4
    if r.random() < 0.25:
        x = torch.where(torch.rand(shape) < 0.3, r.choice([INF, -INF, NAN, 0.0]), x)
    return x


def any_tensor(r: random.Random, dtype: torch.dtype) -> torch.Tensor:
    shape = tuple(r.choice([0, 1, 2, 3, r.randint(1, 9)]) if r.random() < 0.9 else 40 for _ in range(r.randrange(5)))
    while torch.Size(shape).numel() > 400:
        shape = shape[1:]
    if dtype is torch.bool:
        return torch.rand(shape) < 0.5
    if dtype.is_complex:
        return torch.complex(values(r, shape), values(r, shape)).to(dtype)
    if dtype.is_floating_point:
        return values(r, shape).to(dtype)
    return (torch.randn(shape) * 30).round().clamp(0 if dtype is torch.uint8 else -128, 127).to(dtype)


def any_options(r: random.Random) -> dict[str, Any]:
    choices = {
        "precision": [0, 1, 2, 8], "threshold": [0, 5, 20, 100], "edgeitems": [1, 2, 5], "linewidth": [20, 40, 120],
        "sci_mode": [True, False], "profile": ["short", "full"],
    }  # fmt: skip
    return {k: r.choice(v) for k, v in choices.items() if r.random() < 0.3}


def with_gradients() -> list[dict[str, Any]]:
    leaf = torch.tensor([1.0] * 30, requires_grad=True)
    short = torch.tensor([1.0], requires_grad=True)
    wide = torch.tensor([[1.0] * 30] * 2, dtype=torch.float64, requires_grad=True)
    empty = torch.zeros(0, 3, requires_grad=True)
    tensors = [leaf, leaf * 2, leaf.sum(), short, short * 2, wide, wide * 2, wide.exp(), wide[0, 0], empty, empty * 2]
    return [case(t) for t in tensors]


def large() -> list[dict[str, Any]]:
    shapes = [(1000,), (1001,), (30, 50), (3, 400), (2, 2, 300), (12, 10, 10), (7, 7, 7, 7), (2000, 1), (1, 2000)]
    rows = []
    for shape in shapes:
        n = torch.Size(shape).numel()
        rows.append(case(torch.arange(n).reshape(shape)))
        rows.append(case((torch.arange(n, dtype=torch.float64) * 0.25).reshape(shape)))
        rows.append(case((torch.arange(n, dtype=torch.float32) * 0.25).reshape(shape), {"profile": "short"}))
    return rows


def main() -> None:
    torch.manual_seed(0)
    r = random.Random(0)
    cases = [case(torch.tensor(edge)) for edge in EDGES]
    cases += [
        case(torch.tensor(edge, dtype=torch.float64))
        for edge in EDGES
        if not isinstance(torch.tensor(edge).sum().item(), complex)
    ]
    for dtype in [*FLOATS, *COMPLEX, *INTS]:
        cases += [case(torch.zeros(shape, dtype=dtype)) for shape in ((0,), (0, 3), (2, 0, 3), (), (1, 1, 1))]
        cases += [case(any_tensor(r, dtype)) for _ in range(25)]
        cases += [case(any_tensor(r, dtype), any_options(r)) for _ in range(25)]
        for default in ("float64", "float16", "bfloat16"):
            cases += [case(torch.zeros(shape, dtype=dtype), default=default) for shape in ((0,), (2,))]
    cases += with_gradients() + large()
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    text = f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("printing.json").write_text(text)


if __name__ == "__main__":
    main()
