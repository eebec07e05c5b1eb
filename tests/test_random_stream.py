"""The CPU generator against what PyTorch 2.13 drew (see data/make_random.py)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tensorlite.backends.numpy.mt19937 import DEFAULT_SEED, STATE_SIZE
from tensorlite.backends.numpy.random import CPUGenerator

DATA = json.loads((Path(__file__).parent / "data" / "random.json").read_text())


def raw_dtype(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        return np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    return np.dtype(name)


def ulps(ours: Any, theirs: Any, around: float) -> float:
    """The largest distance in units of the last place; numbers near 0 that came from `around` count as that large."""
    ours, theirs = (x.view(np.float64) for x in (ours, theirs))
    return float((np.abs(ours - theirs) / np.spacing(np.maximum(np.abs(theirs), around))).max())


def check(row: dict[str, Any], out: Any) -> None:
    data = out.tobytes()
    if "sha256" in row:
        assert hashlib.sha256(data).hexdigest() == row["sha256"], row
    elif row["inexact"]:
        theirs = np.frombuffer(base64.b64decode(row["bytes"]), out.dtype)
        around = row["args"].get("mean", row["args"].get("sigma", 0.0))
        assert ulps(out.reshape(-1), theirs, around) <= 16, row
    else:
        assert data == base64.b64decode(row["bytes"]), row


@pytest.mark.parametrize("sequence", DATA["sequences"], ids=lambda s: f"seed{s['seed']}")
def test_a_long_sequence_of_calls(sequence: dict[str, Any]) -> None:
    g = CPUGenerator(sequence["seed"])
    assert g.initial_seed() == sequence["initial_seed"]
    for row in sequence["calls"]:
        arguments = dict(row["args"], dtype=raw_dtype(row["args"]["dtype"]))
        check(row, getattr(g, row["op"])(**arguments))
    assert g.random((4,), np.int64).tolist() == sequence["then"]


def test_float64_normals_are_within_two_ulps() -> None:
    rows = [
        r for r in DATA["sequences"][0]["calls"] if r["inexact"] and r["op"] == "normal" and "mean" not in r["args"]
    ]
    assert len(rows) > 10
    g = CPUGenerator(0)
    for row in DATA["sequences"][0]["calls"]:
        out = getattr(g, row["op"])(**dict(row["args"], dtype=raw_dtype(row["args"]["dtype"])))
        if row in rows:
            assert ulps(out, np.frombuffer(base64.b64decode(row["bytes"]), out.dtype), 0.0) <= 2, row


def test_multinomial() -> None:
    g = CPUGenerator(5)
    weights: Any = None
    for row in DATA["multinomial"]:
        if weights is None or [*weights.shape] != row["shape"] or weights.dtype != row["dtype"]:
            weights = g.uniform(tuple(row["shape"]), row["dtype"]) + np.dtype(row["dtype"]).type(0.01)
        assert g.multinomial(weights, row["n"], row["replacement"]).tolist() == row["out"], row


def test_bernoulli_of_arrays() -> None:
    g = CPUGenerator(6)
    for row in DATA["chances"]:
        dtype = raw_dtype(row["dtype"])
        assert g.bernoulli(g.uniform((50,), dtype), (50,), dtype).astype(np.int64).tolist() == row["out"], row


def test_poisson() -> None:
    g = CPUGenerator(9)
    rates = np.arange(400, dtype=np.float32) * np.float32(0.5)
    assert g.poisson(rates).tolist() == DATA["poisson"]["out"]
    assert g.uniform((1,), np.float32).item() == DATA["poisson"]["then"]
    with pytest.raises(RuntimeError, match="invalid Poisson rate, expected rate to be non-negative"):
        g.poisson(-rates)


@pytest.mark.parametrize("row", DATA["states"], ids=lambda r: f"seed{r['seed']}-{r['normals']}")
def test_states_are_pytorchs_bytes(row: dict[str, Any]) -> None:
    theirs = np.frombuffer(base64.b64decode(row["state"]), np.uint8)
    made = CPUGenerator(row["seed"])
    made.normal((row["normals"],), np.float32)
    taken = CPUGenerator(99)
    taken.set_state(theirs)
    for g in (made, taken, taken.clone()):
        ours = g.get_state()
        assert ours.shape == (STATE_SIZE,) and ours.dtype == np.uint8
        differ = np.flatnonzero(ours != theirs)
        assert ((differ >= 5024) & (differ < 5032)).all()  # the waiting normal is a float64, see above
        assert g.normal((4,), np.float32).tolist() == row["randn"]
        assert g.uniform((4,), np.float32).tolist() == row["rand"]


def test_a_clone_goes_its_own_way() -> None:
    g = CPUGenerator(1)
    g.normal((3,), np.float64)
    first = g.clone().normal((5,), np.float64)
    assert np.array_equal(first, g.normal((5,), np.float64))
    assert g.clone().initial_seed() == 1


def test_seeds() -> None:
    assert CPUGenerator().initial_seed() == DEFAULT_SEED
    assert CPUGenerator(-5).initial_seed() == 2**64 - 5
    g = CPUGenerator(3)
    g.normal((1,), np.float32)
    g.manual_seed(3)  # forgets the waiting normal too
    assert g.normal((2,), np.float32).tolist() == CPUGenerator(3).normal((2,), np.float32).tolist()
    assert g.seed() == g.initial_seed() != 3
    for bad in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="Overflow when unpacking long"):
            g.manual_seed(bad)


def test_bad_states_are_refused() -> None:
    g = CPUGenerator(0)
    before = g.get_state()
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        g.set_state(np.zeros(STATE_SIZE, np.float32))
    with pytest.raises(RuntimeError, match="of size 5056 but found the input RNG state size to be 5"):
        g.set_state(np.zeros(5, np.uint8))
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state(np.zeros(STATE_SIZE, np.uint8))
    assert np.array_equal(g.get_state(), before)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        (
            "uniform",
            {"low": 2.0, "high": 1.0},
            "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
        ),
        ("normal", {"std": -1.0}, "normal expects std >= 0.0, but found std -1"),
        ("exponential", {"rate": 0.0}, "exponential_ expects lambda > 0.0, but found lambda=0"),
        ("cauchy", {"sigma": -1.0}, "cauchy_ expects sigma > 0.0, but found sigma=-1"),
        ("log_normal", {"std": -1.0}, "log_normal_ expects std > 0.0, but found std=-1"),
        ("bernoulli", {"p": 1.5}, "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
        ("geometric", {"p": 1.0}, "geometric_ expects p to be in (0, 1), but got p=1"),
        ("randint", {"low": 5, "high": 5}, "random_ expects 'from' to be less than 'to', but got from=5 >= to=5"),
        ("randint", {"low": 3, "high": 300, "dtype": np.uint8}, "to - 1 is out of bounds for unsigned char"),
        ("randint", {"low": -5, "high": 3, "dtype": np.uint8}, "from is out of bounds for unsigned char"),
    ],
)
def test_errors_are_pytorchs_and_draw_nothing(method: str, arguments: dict[str, Any], message: str) -> None:
    g = CPUGenerator(0)
    before = g.get_state()
    with pytest.raises(RuntimeError) as caught:
        getattr(g, method)(**{"shape": (3,), "dtype": np.float32, **arguments})
    assert str(caught.value) == message
    assert np.array_equal(g.get_state(), before)


@pytest.mark.parametrize(
    ("weights", "n", "replacement", "message"),
    [
        ([1.0, -1.0], 1, False, "probability tensor contains either `inf`, `nan` or element < 0"),
        ([0.0, 0.0], 1, False, "invalid multinomial distribution (sum of probabilities <= 0)"),
        ([1.0, 0.0], 3, False, "cannot sample n_sample > prob_dist.size(-1) samples without replacement"),
        ([1.0, 0.0], 0, False, "cannot sample n_sample <= 0 samples"),
        ([[[1.0]]], 1, False, "prob_dist must be 1 or 2 dim"),
        ([1.0, -1.0], 2, True, "invalid multinomial distribution (encountering probability entry < 0)"),
        (
            [1.0, float("inf")],
            2,
            True,
            "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
        ),
    ],
)
def test_multinomial_errors(weights: Any, n: int, replacement: bool, message: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        CPUGenerator(0).multinomial(np.array(weights, np.float32), n, replacement)
    assert str(caught.value) == message


def test_nothing_is_drawn_for_no_elements() -> None:
    g = CPUGenerator(0)
    before = g.get_state()
    for method in ("uniform", "normal", "exponential", "random"):
        assert getattr(g, method)((0, 3), np.float32).shape == (0, 3)
    assert g.randperm(0).tolist() == [] and g.randperm(1).tolist() == [0]
    assert np.array_equal(g.get_state(), before)
