"""einops on tensors: values, gradients and layers are those on PyTorch's."""

from __future__ import annotations

import copy
import importlib
import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import _interop

einops = pytest.importorskip("einops")

from einops import asnumpy, einsum, pack, parse_shape, rearrange, reduce, repeat, unpack  # noqa: E402

from tensorlite.compat.einops import layers  # noqa: E402

SHAPE = (2, 3, 4, 6)

ROWS = {
    "transpose": lambda x: rearrange(x, "b c h w -> b h w c"),
    "flatten": lambda x: rearrange(x, "b c h w -> b (c h w)"),
    "patches": lambda x: rearrange(x, "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=3),
    "ellipsis": lambda x: rearrange(x, "b ... w -> w b ..."),
    "new axis": lambda x: rearrange(x, "b c h w -> b 1 c h w 1"),
    "list": lambda x: rearrange([x, x * 2], "n b c h w -> b c h (n w)"),
    "sum": lambda x: reduce(x, "b c h w -> h b", "sum"),
    "mean": lambda x: reduce(x, "b c h w -> b c", "mean"),
    "max pool": lambda x: reduce(x, "b c (h 2) (w 3) -> b c h w", "max"),
    "min": lambda x: reduce(x, "b c h w -> c () ()", "min"),
    "prod": lambda x: reduce(x, "b c h w -> b w", "prod"),
    "any": lambda x: reduce(x > 1, "b c h w -> b c", "any") * x.sum(),
    "all": lambda x: reduce(x > -1, "b c h w -> b c", "all") * x.sum(),
    "function": lambda x: reduce(x, "b c h w -> b", lambda y, axes: y.sum(axes) ** 2),
    "to nothing": lambda x: reduce(x, "b c h w ->", "mean"),
    "repeat": lambda x: repeat(x, "b c h w -> b (c r) h w s", r=2, s=3),
    "einsum": lambda x: einsum(x, x, "b c h w, b d h w -> b c d"),
    "einsum one": lambda x: einsum(x, "b c h w -> w c"),
    "pack": lambda x: pack([x, x[:, :, 0], x.sum((2, 3))], "b c *")[0],
    "unpack": lambda x: unpack(*pack([x, x[:, :, 0] * 2], "b c *"), "b c *")[1],
}


def numbers(*shape: int) -> list[float]:
    count = 1
    for size in shape:
        count *= size
    return [((i * 37) % 101) / 50 - 1 for i in range(count)]


def value_and_gradient(lib: Any, row: Any) -> tuple[Any, Any, Any]:
    x = lib.tensor(numbers(*SHAPE), dtype=lib.float64).reshape(SHAPE).requires_grad_()
    y = row(x)
    weights = lib.tensor(numbers(y.numel()), dtype=lib.float64).reshape(y.shape)
    (y * weights).sum().backward()
    return tuple(y.shape), y.flatten().tolist(), x.grad.flatten().tolist()


@pytest.mark.parametrize("name", ROWS)
def test_functions(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (value_and_gradient(lib, ROWS[name]) for lib in (tl, torch))
    assert ours[0] == theirs[0]  # the shape
    assert ours[1] == pytest.approx(theirs[1], abs=1e-12) and ours[2] == pytest.approx(theirs[2], abs=1e-12)


@pytest.mark.parametrize("dtype", ["int64", "float32", "float16", "bool", "complex64"])
def test_dtypes_stay(dtype: str) -> None:
    x = tl.ones(SHAPE, dtype=getattr(tl, dtype))
    assert rearrange(x, "b c h w -> (b c) (h w)").dtype == repeat(x, "b c h w -> b c h w r", r=2).dtype == x.dtype


def test_shapes_and_arrays() -> None:
    x = tl.ones(SHAPE, requires_grad=True)
    assert parse_shape(x, "b _ h w") == {"b": 2, "h": 4, "w": 6}
    assert asnumpy(x).shape == SHAPE and type(asnumpy(x)).__module__ == "numpy"


def test_errors() -> None:
    with pytest.raises(einops.EinopsError, match="can't divide axis"):
        rearrange(tl.ones(5), "(a b) -> a b", b=2)
    with pytest.raises(NotImplementedError, match="non-floating"):
        reduce(tl.ones(4, dtype=tl.int64), "a ->", "mean")


def test_no_copy() -> None:
    """As PyTorch's: a result that can be a view is one."""
    x = tl.zeros(SHAPE)
    rearrange(x, "b c h w -> w h c b")[0, 0, 0, 0] = 1
    assert x[0, 0, 0, 0] == 1


LAYERS = {
    "Rearrange": lambda l: l.Rearrange("b c (h p) w -> b (c p) h w", p=2),
    "Reduce": lambda l: l.Reduce("b c h w -> b h", "mean"),
    "EinMix": lambda l: l.EinMix("b c h w -> b d h w", "c d", "d", c=3, d=5),
    "EinMix heads": lambda l: l.EinMix("b c h (g w) -> (b h) c (g k)", "g w k", "g k", g=2, w=3, k=4),
    "EinMix without bias": lambda l: l.EinMix("b c h w -> b c k", "h w k", h=4, w=6, k=2),
}


def layer_results(lib: Any, module: Any, make: Any) -> list[Any]:
    lib.manual_seed(3)
    layer = make(module)
    x = lib.tensor(numbers(*SHAPE)).reshape(SHAPE).requires_grad_()
    y = layer(x)
    (y**2).sum().backward()
    state = {name: tuple(p.shape) for name, p in layer.state_dict().items()}
    gradients = [p.grad.flatten().tolist() for p in layer.parameters()]
    return [repr(layer), tuple(y.shape), state, y.flatten().tolist(), x.grad.flatten().tolist(), *gradients]


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = importlib.import_module("einops.layers.torch")
    ours = layer_results(tl, layers, LAYERS[name])
    wanted = layer_results(torch, theirs, LAYERS[name])
    assert ours[:3] == wanted[:3]
    for got, other in zip(ours[3:], wanted[3:], strict=True):
        assert got == pytest.approx(other, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_modules(name: str) -> None:
    model = tl.nn.Sequential(LAYERS[name](layers), tl.nn.Flatten())
    x = tl.tensor(numbers(*SHAPE)).reshape(SHAPE)
    assert tl.equal(copy.deepcopy(model)(x), model(x))
    buffer = io.BytesIO()
    tl.save(model.state_dict(), buffer)
    buffer.seek(0)
    other = tl.nn.Sequential(LAYERS[name](layers), tl.nn.Flatten())
    other.load_state_dict(tl.load(buffer))
    assert tl.equal(other(x), model(x))


ONE, TWO = "from einops import rearrange", "import tensorlite as tl"


@pytest.mark.parametrize("lines", [[ONE, TWO], [TWO, ONE], [TWO, "import tensorlite.compat.einops", ONE]], ids=repr)
def test_either_may_be_imported_first(lines: list[str]) -> None:
    program = "; ".join([*lines, "print(rearrange(tl.ones(2, 3), 'a b -> (b a)').shape)"])
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert done.stdout == "torch.Size([6])\n", done.stderr


def test_in_a_program_written_for_pytorch(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import torch\n"
        "from einops import rearrange\n"
        "from einops.layers.torch import EinMix, Rearrange, Reduce\n"
        "x = torch.ones(2, 4, 6, requires_grad=True)\n"
        "mix = EinMix('b i -> b o', 'i o', 'o', i=24, o=3)\n"
        "model = torch.nn.Sequential(Rearrange('b h w -> b (h w)'), mix, Reduce('b o -> b', 'sum'))\n"
        "model(x).sum().backward()\n"
        "print(rearrange(x, 'b h w -> w (h b)').shape, x.grad.shape, list(model.state_dict()))\n"
    )
    done = subprocess.run([sys.executable, "-m", "tensorlite", str(script)], capture_output=True, text=True)
    assert done.stdout == "torch.Size([6, 8]) torch.Size([2, 4, 6]) ['1.weight', '1.bias']\n", done.stderr


def test_a_library_that_cannot_be_told_goes_on_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some_library.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(_interop.TOLD_BY, "some_library", "tensorlite.there_is_no_such_module")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert importlib.import_module("some_library").value == 3
    assert ["some_library will not accept tensors" in str(warning.message) for warning in caught] == [True]
