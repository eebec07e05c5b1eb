"""Write random.json: what PyTorch's CPU generator draws, in one long sequence of calls per seed.

Run it where PyTorch is installed: ``python tests/data/make_random.py``. Every call names the sampler of `CPUGenerator`
and its arguments; the answer is raw bytes (base64) where they are few or may differ in the last bits, else a SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]
SIZES = [1, 2, 3, 15, 16, 17, 31, 32, 50, 1000]
INEXACT = ["normal", "exponential", "cauchy", "log_normal"]  # in float64 and complex128


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    """The sequence: sampler and arguments."""
    for n in SIZES:
        for dtype in [*FLOATS, "complex64", "complex128"]:
            yield "uniform", {"shape": [n], "dtype": dtype}
            yield "normal", {"shape": [n], "dtype": dtype}
        for dtype in FLOATS:
            yield "uniform", {"shape": [n], "dtype": dtype, "low": -0.3, "high": 1 / 3}
            yield "normal", {"shape": [n], "dtype": dtype, "mean": 1.5, "std": 0.02}
            yield "normal", {"shape": [n, 2], "dtype": dtype, "mean": 0.5, "std": 3.0, "dense": False}
            yield "exponential", {"shape": [n], "dtype": dtype, "rate": 0.7}
            yield "cauchy", {"shape": [n], "dtype": dtype, "median": 1.0, "sigma": 2.0}
            yield "log_normal", {"shape": [n], "dtype": dtype, "mean": 0.3, "std": 1.1}
            yield "bernoulli", {"shape": [n], "dtype": dtype, "p": 0.3}
            yield "geometric", {"shape": [n], "dtype": dtype, "p": 0.2}
        for dtype in [*FLOATS, *INTS, "bool"]:
            yield "random", {"shape": [n], "dtype": dtype}
        for dtype in INTS:
            yield "bernoulli", {"shape": [n], "dtype": dtype, "p": 0.9}
            yield "randint", {"shape": [n], "dtype": dtype, "low": 3, "high": 120}
            yield "randint", {"shape": [n], "dtype": dtype, "low": 5, "high": None}
        for high in (2**28 - 1, 2**28, 2**32, 2**32 + 1, 2**62):
            yield "randint", {"shape": [n], "dtype": "int64", "low": -1000, "high": high - 1000}
        for dtype in ("int64", "int32", "float32"):
            yield "randperm", {"n": n, "dtype": dtype}
    for wide in (False, True):
        yield "uniform", {"shape": [300], "dtype": FLOATS[2 + wide], "low": 1000.0, "high": 1000.0 + 2.0**-10}
    yield "normal", {"shape": [100_003], "dtype": "float32"}
    yield "uniform", {"shape": [100_003], "dtype": "float32", "low": -0.1, "high": 0.7}
    yield "bernoulli", {"shape": [100_003], "dtype": "float32", "p": 0.1}
    yield "randperm", {"n": 100_003, "dtype": "int64"}


def small(name: str, a: dict[str, Any]) -> bool:
    """Answers that must be kept as numbers are kept few."""
    return name not in INEXACT or a["dtype"] not in ("float64", "complex128") or a["shape"][0] <= 50


def draw(name: str, a: dict[str, Any]) -> torch.Tensor:
    """The call as PyTorch spells it."""
    dtype = getattr(torch, a["dtype"])
    if name == "randperm":
        return torch.randperm(a["n"], dtype=dtype)
    out = torch.empty(a["shape"], dtype=dtype)
    if name == "normal":
        if not a.get("dense", True):
            return torch.empty(a["shape"], dtype=dtype).t().normal_(a["mean"], a["std"]).t()
        return out.normal_(a.get("mean", 0.0), a.get("std", 1.0))
    if name == "randint":
        return out.random_(a["low"], a["high"])
    arguments = [a[k] for k in ("low", "high", "rate", "median", "sigma", "mean", "std", "p") if k in a]
    return getattr(out, name + "_")(*arguments)


def raw(t: torch.Tensor) -> bytes:
    return t.contiguous().view(torch.uint8).numpy().tobytes()


def entry(name: str, arguments: dict[str, Any], out: torch.Tensor) -> dict[str, Any]:
    inexact = name in INEXACT and arguments["dtype"] in ("float64", "complex128")
    data = raw(out)
    row: dict[str, Any] = {"op": name, "args": arguments}
    if inexact or len(data) <= 32:
        row["bytes"] = base64.b64encode(data).decode()
    else:
        row["sha256"] = hashlib.sha256(data).hexdigest()
    row["inexact"] = inexact
    return row


def multinomials() -> list[dict[str, Any]]:
    """Weights, number of samples, replacement, and what was drawn from seed 5."""
    rows = []
    torch.manual_seed(5)
    for shape in ([6], [3, 5], [200]):
        for dtype in ("float32", "float64"):
            weights = torch.rand(shape, dtype=getattr(torch, dtype)) + 0.01
            for n, replacement in ((1, False), (5, False), (1, True), (9, True)):
                out = torch.multinomial(weights, n, replacement)
                rows.append({"dtype": dtype, "shape": shape, "n": n, "replacement": replacement, "out": out.tolist()})
    return rows


def chances() -> list[dict[str, Any]]:
    """bernoulli of arrays: the chances are the uniform numbers drawn just before."""
    rows = []
    torch.manual_seed(6)
    for dtype in FLOATS:
        p = torch.rand(50, dtype=getattr(torch, dtype))
        rows.append({"dtype": dtype, "out": torch.bernoulli(p).to(torch.int64).tolist()})
    return rows


def poissons() -> dict[str, Any]:
    """Counts for rates that grow from 0 to 200, and the number that follows them."""
    torch.manual_seed(9)
    rates = torch.arange(400, dtype=torch.float32) * 0.5
    return {"out": torch.poisson(rates).tolist(), "then": torch.rand(1).item()}


def state(seed: int, normals: int) -> dict[str, Any]:
    """A state and what follows it."""
    torch.manual_seed(seed)
    torch.randn(normals)
    data = base64.b64encode(raw(torch.get_rng_state())).decode()
    return {
        "seed": seed,
        "normals": normals,
        "state": data,
        "randn": torch.randn(4).tolist(),
        "rand": torch.rand(4).tolist(),
    }


def main() -> None:
    data: dict[str, Any] = {"torch": torch.__version__, "sequences": []}
    for seed in (0, 2**40 + 17, -3):
        torch.manual_seed(seed)
        rows = [entry(name, arguments, draw(name, arguments)) for name, arguments in calls() if small(name, arguments)]
        position = torch.empty(4, dtype=torch.int64).random_().tolist()
        data["sequences"].append({"seed": seed, "initial_seed": torch.initial_seed(), "calls": rows, "then": position})
    data["multinomial"], data["chances"] = multinomials(), chances()
    data["poisson"] = poissons()
    data["states"] = [state(7, 0), state(7, 3), state(8, 624), state(-1, 5)]
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in data.items())
    Path(__file__).with_name("random.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
