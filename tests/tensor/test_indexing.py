"""Indexing and index assignment against PyTorch, on random mixtures of everything a key may hold."""

from __future__ import annotations

import random
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="the oracle of these tests is PyTorch: pip install 'tensorlite[conformance]'")


def random_key(rng: random.Random, shape: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """A key as a list of (kind, value), to be made for either library."""
    parts: list[tuple[Any, ...]] = []
    axis = 0
    length = rng.choice([2, 3])
    while axis < len(shape):
        n = shape[axis]
        kind = rng.choice(["int", "slice", "slice", "none", "tensor", "list", "mask", "ellipsis", "stop", "tensor2", "zero_dim"])
        if kind == "stop":
            break
        if kind == "ellipsis" and not any(p[0] == "ellipsis" for p in parts):
            parts.append(("ellipsis", None))
            axis += rng.randint(0, 1)
            if axis >= len(shape):
                break
            continue
        if kind == "none":
            parts.append(("none", None))
            continue
        if kind == "int":
            parts.append(("int", rng.randrange(-n, n)))
        elif kind == "tensor":
            parts.append(("tensor", [rng.randrange(-n, n) for _ in range(length)]))
        elif kind == "tensor2":
            parts.append(("tensor", [[rng.randrange(-n, n)] * length for _ in range(2)]))
        elif kind == "list":
            parts.append(("list", [rng.randrange(-n, n) for _ in range(length)]))
        elif kind == "zero_dim":
            parts.append(("tensor", rng.randrange(n)))
        elif kind == "mask":
            mask = [i < length for i in range(n)]
            if sum(mask) != length:
                continue
            rng.shuffle(mask)
            parts.append(("tensor", mask))
        else:
            ends = [rng.choice([None, rng.randint(-n, n)]) for _ in range(2)]
            parts.append(("slice", slice(*ends, rng.choice([None, 1, 2]))))
        axis += 1
    return parts


def made(m: Any, parts: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    special = {"none": None, "ellipsis": Ellipsis}
    return tuple(special[k] if k in special else m.tensor(v) if k == "tensor" else v for k, v in parts)


@pytest.mark.parametrize("seed", range(400))
def test_random_keys_read_write_and_differentiate_like_pytorch(seed: int) -> None:
    rng = random.Random(seed)
    shape = tuple(rng.randint(2, 4) for _ in range(rng.randint(1, 4)))
    parts = random_key(rng, shape)
    ours, theirs = (m.arange(1.0, 1.0 + int(m.ones(shape).numel())).reshape(shape).requires_grad_() for m in (tl, torch))
    try:
        expected = theirs[made(torch, parts)]
    except (IndexError, RuntimeError, TypeError) as error:
        with pytest.raises(type(error)):
            ours[made(tl, parts)]
        return
    found = ours[made(tl, parts)]
    assert found.tolist() == expected.tolist(), parts
    assert tuple(found.shape) == tuple(expected.shape)
    assert found._is_view() == expected._is_view()
    (found * found).sum().backward()
    (expected * expected).sum().backward()
    assert ours.grad.tolist() == theirs.grad.tolist()
    written = []
    for m in (tl, torch):
        x = m.zeros(shape)
        x[made(m, parts)] = m.full((), 7.0)
        y = m.zeros(shape, requires_grad=True)
        value = m.arange(1.0, 1.0 + expected.numel()).reshape(tuple(expected.shape)).requires_grad_()
        z = y * 1
        if not has_repeats(parts):
            z[made(m, parts)] = value
            (z * m.arange(0.0, float(z.numel())).reshape(shape)).sum().backward()
            written.append((x.tolist(), z.tolist(), y.grad.tolist(), value.grad.tolist()))
        else:
            written.append((x.tolist(),))
    assert written[0] == written[1], parts


def has_repeats(parts: list[tuple[Any, ...]]) -> bool:
    """Whether positions may repeat, so that what assignment leaves is not defined."""
    return any(k in ("tensor", "list") and not (isinstance(v, list) and isinstance(v[0], bool)) for k, v in parts)


ERRORS = {
    "too many": (lambda x: x[0, 0, 0], IndexError),
    "out of bounds": (lambda x: x[5], IndexError),
    "negative out of bounds": (lambda x: x[-5], IndexError),
    "mask of another shape": (lambda x: x[x.new_tensor([True]).bool()], IndexError),
    "float index": (lambda x: x[x.new_tensor([1.0])], IndexError),
    "string": (lambda x: x["a"], (IndexError, TypeError)),
    "negative step": (lambda x: x[::-1], ValueError),
    "value does not fit": (lambda x: x.__setitem__(0, x.new_zeros(7)), RuntimeError),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("library", ["tensorlite", "torch"])
def test_bad_keys_raise_the_same_class(name: str, library: str) -> None:
    function, kinds = ERRORS[name]
    m = tl if library == "tensorlite" else torch
    with pytest.raises(kinds):
        function(m.zeros(2, 3))


def test_indexing_a_0d_tensor_says_item() -> None:
    with pytest.raises(IndexError, match="item"):
        tl.tensor(1.0)[0]


def test_a_view_shares_memory_and_version() -> None:
    x = tl.zeros(3, 3)
    v = x[1, :]
    v[0] = 5
    assert x[1, 0].item() == 5
    assert v._version is x._version
    assert v._base is x
