"""Random state dicts through every format and both libraries: every bit, stride and shared memory comes back."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

import tensorlite as tl

COUNT = 200
DTYPES = [
    *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128"),
    *("uint16", "uint32", "uint64"),
]
# What each format has: the old one has no wide unsigned integers, safetensors no complex128 and nothing but contiguous tensors.
HAS = {"zip": DTYPES, "old": DTYPES[:12], "safetensors": [name for name in DTYPES if name != "complex128"]}
SIZES = {"bool": 1, "int8": 1, "uint8": 1, "float16": 2, "bfloat16": 2, "int16": 2, "uint16": 2, "complex128": 16}


def random_tensor(lib: Any, draw: Random, dtypes: list[str], contiguous: bool = False) -> Any:
    """A tensor of any shape (also 0-d and empty) whose bits are drawn, so that nan, -0.0 and subnormal numbers occur."""
    name = draw.choice(dtypes)
    dtype = getattr(lib, name)
    shape = [draw.choice([0, 1, 2, 3, 5, 7]) for _ in range(draw.randrange(5))]
    if draw.random() < 0.7:
        shape = [n or 1 for n in shape]
    count = 1
    for n in shape:
        count *= n
    width = SIZES.get(name, 4 if name.endswith("32") else 8)
    data = draw.randbytes(count * width)
    if name == "bool":
        data = bytes(byte & 1 for byte in data)
    flat = lib.frombuffer(bytearray(data), dtype=dtype).clone() if count else lib.zeros(0, dtype=dtype)
    tensor = flat.reshape(shape)
    if contiguous:
        return tensor
    for _ in range(draw.randrange(3)):
        tensor = random_view(tensor, draw)
    if draw.random() < 0.2 and (tensor.dtype.is_floating_point or tensor.dtype.is_complex):
        tensor = tensor.detach().requires_grad_()
    return lib.nn.Parameter(tensor.detach(), requires_grad=tensor.requires_grad) if draw.random() < 0.2 else tensor


def random_view(tensor: Any, draw: Random) -> Any:
    """Another tensor in the same memory."""
    way = draw.randrange(4)
    if tensor.ndim == 0:
        return tensor.expand(draw.randrange(1, 3)) if way else tensor
    dim = draw.randrange(tensor.ndim)
    if way == 0:
        return tensor.transpose(dim, draw.randrange(tensor.ndim))
    if way == 1:
        start = draw.randrange(tensor.shape[dim] + 1)
        return tensor.narrow(dim, start, draw.randrange(tensor.shape[dim] - start + 1))
    if way == 2 and tensor.shape[dim] > 1:
        return tensor[(slice(None),) * dim + (slice(None, None, 2),)]
    return tensor.unsqueeze(dim).expand(*tensor.shape[:dim], 2, *tensor.shape[dim:])


def random_state(lib: Any, draw: Random, dtypes: list[str], depth: int = 0) -> Any:
    """Dicts, lists and tuples in each other, with tensors, some of which share memory, and plain values."""
    made: list[Any] = []

    def value(depth: int) -> Any:
        way = draw.random()
        if way < 0.4 or depth > 3 and way < 0.7:
            made.append(random_tensor(lib, draw, dtypes))
            return made[-1]
        if way < 0.55 and made:
            shared = draw.choice(made)
            return shared if draw.random() < 0.5 else random_view(shared.detach(), draw)
        if way < 0.7 or depth > 3:
            return draw.choice([None, True, 7, -(2**70), 1.5, "text", "grüße", b"\xff\x00", 2 - 1j, lib.Size([2, 3]), lib.float16])
        items = [value(depth + 1) for _ in range(draw.randrange(4))]
        keys = [draw.choice(["weight", "bias", 3, "a.b", ("x", 1)]) for _ in items]
        kinds: list[Callable[[], Any]] = [
            lambda: items, lambda: tuple(items), lambda: dict(zip(keys, items, strict=True)),
            lambda: OrderedDict(zip(keys, items, strict=True)),
        ]  # fmt: skip
        return draw.choice(kinds)()

    return {f"part{i}": value(depth) for i in range(draw.randrange(1, 7))}


def bits(tensor: Any) -> bytes:
    """The bytes of the elements in their order."""
    lib = tl if isinstance(tensor, tl.Tensor) else pytest.importorskip("torch")
    flat = lib.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.detach().reshape(-1))
    return bytes(flat.view(lib.uint8).tolist()) if tensor.numel() else b""


def plain(value: Any, memory: dict[Any, int] | None = None) -> Any:
    """The same for both libraries if all is the same: also which tensors share memory, and where in it they begin."""
    memory = {} if memory is None else memory
    if hasattr(value, "untyped_storage"):
        number = memory.setdefault(value.untyped_storage().data_ptr(), len(memory)) if value.numel() else -1
        kind = "Parameter" if "Parameter" in type(value).__name__ else "Tensor"
        place = (value.storage_offset(), tuple(value.stride()), number) if value.numel() else ()
        return kind, str(value.dtype), tuple(value.shape), value.requires_grad, place, bits(value)
    if isinstance(value, dict):
        return type(value).__name__, [(key, plain(item, memory)) for key, item in value.items()]
    if type(value) in (list, tuple):
        return type(value).__name__, [plain(item, memory) for item in value]
    return repr(value)


def through_file(save: Any, load: Any, obj: Any, **options: Any) -> Any:
    file = io.BytesIO()
    save(obj, file, **options)
    file.seek(0)
    return load(file)


@pytest.mark.parametrize("kind", ["zip", "old"])
@pytest.mark.parametrize(("writer", "reader"), [("tensorlite",) * 2, ("tensorlite", "torch"), ("torch", "tensorlite")])
def test_checkpoints(kind: str, writer: str, reader: str) -> None:
    written, read = pytest.importorskip(writer), pytest.importorskip(reader)
    options = {"_use_new_zipfile_serialization": kind == "zip"}
    for i in range(COUNT):
        obj = random_state(written, Random(i), HAS[kind])
        loaded = through_file(written.save, read.load, obj, **options)
        assert plain(loaded) == plain(obj), f"random_state({written.__name__}, Random({i}), HAS[{kind!r}])"


def safetensors_of(lib: Any) -> Any:
    pytest.importorskip("safetensors")
    return tl.io.safetensors if lib is tl else pytest.importorskip("safetensors.torch")


@pytest.mark.parametrize(("writer", "reader"), [("tensorlite",) * 2, ("tensorlite", "torch"), ("torch", "tensorlite")])
def test_safetensors(writer: str, reader: str) -> None:
    written, read = pytest.importorskip(writer), pytest.importorskip(reader)
    for i in range(COUNT):
        draw = Random(i)
        obj = {f"layer.{j}": random_tensor(written, draw, HAS["safetensors"], contiguous=True) for j in range(draw.randrange(8))}
        loaded = safetensors_of(read).load(safetensors_of(written).save(obj))
        assert {name: plain(tensor) for name, tensor in loaded.items()} == {name: plain(tensor) for name, tensor in obj.items()}
