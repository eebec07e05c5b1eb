"""Write promotion.json: what PyTorch answers for every pair of dtypes, and the limits of every dtype.

Run it where PyTorch is installed: ``python tests/data/make_promotion.py``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

NAMES = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 "
    "float16 bfloat16 float32 float64 complex32 complex64 complex128"
).split()
FLOATS = "float16 bfloat16 float32 float64".split()
NUMBERS = {"bool": True, "int": 3, "float": 2.5, "complex": 1j}


def answer(f: Callable[..., Any], *args: Any) -> str | None:
    """The name of the dtype that `f` returns, None where PyTorch refuses."""
    try:
        return str(f(*args)).removeprefix("torch.")
    except RuntimeError:
        return None


def tensor(name: str, ndim: int) -> torch.Tensor:
    return torch.zeros((1,) * ndim, dtype=getattr(torch, name))


def pairs(dims: tuple[int, int]) -> dict[str, dict[str, str | None]]:
    return {a: {b: answer(torch.result_type, tensor(a, dims[0]), tensor(b, dims[1])) for b in NAMES} for a in NAMES}


def with_numbers(ndim: int) -> dict[str, dict[str, str | None]]:
    return {a: {k: answer(torch.result_type, tensor(a, ndim), v) for k, v in NUMBERS.items()} for a in NAMES}


def sections() -> dict[str, Any]:
    """Everything that may depend on the default dtype."""
    return {
        "dim_dim": pairs((1, 1)),
        "dim_zero": pairs((1, 0)),
        "zero_zero": pairs((0, 0)),
        "dim_number": with_numbers(1),
        "zero_number": with_numbers(0),
        "number_number": {a: {b: answer(torch.result_type, NUMBERS[a], NUMBERS[b]) for b in NUMBERS} for a in NUMBERS},
    }


def added(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.dtype:
    return torch.addcmul(x, y, z).dtype


def three_operands() -> list[list[Any]]:
    """Three tensors in one op; with meta tensors nothing is computed, so every dtype is allowed."""
    few = "bool uint8 int8 int64 float16 bfloat16 float64 complex64".split()
    rows = []
    for names in itertools.product(few, few, few):
        for ndims in ((1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 0, 0)):
            x, y, z = (tensor(name, ndim).to("meta") for name, ndim in zip(names, ndims, strict=True))
            rows.append([*names, sum(ndims), answer(added, x, y, z)])
    return rows


def limits() -> dict[str, Any]:
    table = {}
    for name in NAMES:
        d = getattr(torch, name)
        row: dict[str, Any] = {k: getattr(d, k) for k in ("itemsize", "is_floating_point", "is_complex", "is_signed")}
        row["to_real"], row["to_complex"] = answer(d.to_real), answer(d.to_complex)
        for kind in (torch.finfo, torch.iinfo):
            try:
                info = kind(d)
            except TypeError as error:
                row[kind.__name__] = {"error": str(error)}
                continue
            values = {k: getattr(info, k) for k in dir(info) if not k.startswith("_")}
            row[kind.__name__] = {"values": values, "repr": repr(info)}
        table[name] = row
    return table


def main() -> None:
    data: dict[str, Any] = {"torch": torch.__version__, "limits": limits(), "default": {}}
    data["promote"] = {
        a: {b: answer(torch.promote_types, getattr(torch, a), getattr(torch, b)) for b in NAMES} for a in NAMES
    }
    data["can_cast"] = {a: {b: torch.can_cast(getattr(torch, a), getattr(torch, b)) for b in NAMES} for a in NAMES}
    data["three"] = three_operands()
    base = data["default"]["float32"] = sections()
    for default in FLOATS:
        if default != "float32":  # the others hold only what differs
            torch.set_default_dtype(getattr(torch, default))
            data["default"][default] = {
                section: {a: {b: v for b, v in row.items() if v != base[section][a][b]} for a, row in table.items()}
                for section, table in sections().items()
            }
    torch.set_default_dtype(torch.float32)
    Path(__file__).with_name("promotion.json").write_text(json.dumps(data, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
