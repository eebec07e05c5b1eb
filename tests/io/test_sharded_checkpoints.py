"""Checkpoints in several files: written, read, and refused where index and shards differ."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import io, nn

pytest.importorskip("safetensors")

INDEX = "model.safetensors.index.json"


def state() -> dict[str, tl.Tensor]:
    return {"a": tl.ones(2), "b": tl.arange(4), "c": tl.tensor(3.5), "d": tl.zeros(10)}


def plain(tensors: dict[str, Any]) -> Any:
    return sorted((name, str(t.dtype), t.tolist()) for name, t in tensors.items())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    io.save_sharded(state(), tmp_path, max_shard_size=39)
    return tmp_path


def test_round_trip(folder: Path) -> None:
    assert sorted(os.listdir(folder)) == [*(f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)), INDEX]
    assert plain(io.load_sharded(folder)) == plain(io.load_sharded(folder / INDEX)) == plain(state())
    assert sorted(io.load_file(folder / "model-00001-of-00003.safetensors")) == ["a"]
    index = json.loads((folder / INDEX).read_text())
    assert index["metadata"] == {"total_size": 84} and sorted(index["weight_map"]) == ["a", "b", "c", "d"]
    assert io.load_sharded(folder, device="strict")["a"].device.type == "strict"


def test_shards_of_pytorch(tmp_path: Path) -> None:
    lib = pytest.importorskip("torch")
    lib.save({"a": lib.ones(2)}, tmp_path / "pytorch_model-00001-of-00002.bin")
    lib.save({"b": lib.zeros(1)}, tmp_path / "pytorch_model-00002-of-00002.bin", _use_new_zipfile_serialization=False)
    names = {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    assert plain(io.load_sharded(tmp_path)) == [("a", "torch.float32", [1, 1]), ("b", "torch.float32", [0])]


def test_models(tmp_path: Path) -> None:
    tl.manual_seed(0)
    first, second = (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)) for _ in range(2))
    io.save_sharded(first.state_dict(), tmp_path, max_shard_size=20)
    assert str(io.load_sharded_checkpoint(second, tmp_path)) == "<All keys matched successfully>"
    assert plain(first.state_dict()) == plain(second.state_dict())
    other = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.BatchNorm1d(1, affine=False))
    before = plain(other.state_dict())
    with pytest.raises(RuntimeError, match=r'Missing key\(s\).*"2.running_mean".*\n.*Unexpected key\(s\).*"1.bias"'):
        io.load_sharded_checkpoint(other, tmp_path)
    assert plain(other.state_dict()) == before
    missing, unexpected = io.load_sharded_checkpoint(other, tmp_path, strict=False)
    assert missing[0] == "2.num_batches_tracked" and unexpected == ["1.bias", "1.weight"]
    assert tl.equal(other[0].weight, first[0].weight)


def test_shared_memory_is_refused_across_shards(tmp_path: Path) -> None:
    whole = tl.ones(4)
    with pytest.raises(RuntimeError, match="share memory"):
        io.save_sharded({"a": whole, "b": whole}, tmp_path, max_shard_size=16)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    calls: list[int] = []
    sync = os.fsync

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 4:
            raise OSError("no space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        io.save_sharded({name: tensor + 1 for name, tensor in state().items()}, folder, max_shard_size=39)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def _without(folder: Path) -> None:
    for i in (1, 3):
        (folder / f"model-0000{i}-of-00003.safetensors").unlink()


def _index(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        index = json.loads((folder / INDEX).read_text())
        changed = change(index)
        (folder / INDEX).write_text(changed if isinstance(changed, str) else json.dumps(index))

    return apply


def _shard(number: int, **tensors: tl.Tensor) -> Callable[[Path], None]:
    return lambda folder: io.save_file(tensors, folder / f"model-0000{number}-of-00003.safetensors")


WRONG: dict[str, tuple[Callable[[Path], None], type[Exception], str]] = {
    "missing shards": (_without, FileNotFoundError, "model-00001-of-00003.*model-00003"),
    "no index": (lambda folder: (folder / INDEX).unlink(), FileNotFoundError, "holds no model.safetensors.index.json and no"),
    "not JSON": (_index(lambda index: "{"), RuntimeError, "damaged"),
    "no map": (_index(lambda index: "[]"), RuntimeError, "no weight_map"),
    "a number": (_index(lambda index: index["weight_map"].update(a=3)), RuntimeError, "no weight_map"),
    "another folder": (_index(lambda index: index["weight_map"].update(a="../x")), RuntimeError, "own folder"),
    "twice in the index": (_index(lambda index: '{"weight_map": {"a": "x", "a": "y"}}'), RuntimeError, "'a' is named twice"),
    "in two shards": (_shard(2, a=tl.ones(2), b=tl.arange(4), c=tl.tensor(3.5)), RuntimeError, "'a' is in two shards"),
    "not in the index": (_shard(1, a=tl.ones(2), z=tl.ones(1)), RuntimeError, "'z', which the index does not say"),
    "not in its shard": (_shard(2, b=tl.arange(4)), RuntimeError, "should hold c"),
}


@pytest.mark.parametrize("case", WRONG)
def test_index_and_shards_must_say_the_same(case: str, folder: Path) -> None:
    damage, kind, match = WRONG[case]
    damage(folder)
    with pytest.raises(kind, match=match):
        io.load_sharded(folder)
