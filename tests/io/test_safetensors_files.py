"""Safetensors files, here and in `safetensors.torch`: tensors, models with shared memory, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import io, nn
from tensorlite.compat import overlay

library = pytest.importorskip("safetensors")

DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool complex64".split()


def state(lib: Any) -> dict[str, Any]:
    """A tensor of each dtype and of unusual shapes."""
    tensors = {name: lib.ones(2, 3).to(getattr(lib, name)) for name in DTYPES}
    return {**tensors, "scalar": lib.tensor(3.5), "empty": lib.empty(0, 3), "grüße": lib.arange(4.0).requires_grad_()}


def plain(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: (str(t.dtype), tuple(t.shape), t.requires_grad, t.tolist()) for name, t in sorted(tensors.items())}


def wanted(tensors: dict[str, Any]) -> dict[str, Any]:
    return plain({name: tensor.detach() for name, tensor in tensors.items()})


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    io.save_file(state(tl), path, metadata={"format": "pt"})
    assert plain(io.load_file(path)) == wanted(state(tl)) == plain(io.safetensors.load(path.read_bytes()))
    assert io.safetensors.load_metadata(path) == {"format": "pt"}
    assert plain(tl.load(path)) == wanted(state(tl))
    assert io.load_file(path, device="strict")["bool"].device.type == "strict"
    loaded = io.load_file(path)
    loaded["float32"][0] = 7  # the memory is the tensor's own
    assert io.load_file(path)["float32"][0, 0].item() == 1 and os.listdir(tmp_path) == ["a.safetensors"]


def test_both_ways_with_safetensors_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")
    io.save_file(state(tl), tmp_path / "ours.safetensors")
    assert plain(theirs.load_file(tmp_path / "ours.safetensors")) == wanted(state(torch))
    theirs.save_file(state(torch), tmp_path / "theirs.safetensors", metadata={"a": "b"})
    assert plain(io.load_file(tmp_path / "theirs.safetensors")) == wanted(state(tl))
    assert plain(theirs.load(io.safetensors.save(state(tl)))) == plain(io.safetensors.load(theirs.save(state(torch))))


WHOLE = tl.ones(4, 4)
REFUSED = {
    "a list": ([WHOLE], ValueError, "Expected a dict"),
    "no tensor": ({"a": 1}, ValueError, "invalid"),
    "no name": ({1: WHOLE}, ValueError, "invalid"),
    "strides": ({"a": WHOLE.t()[:2]}, ValueError, "contiguous"),
    "complex128": ({"a": tl.ones(1, dtype=tl.complex128)}, ValueError, "complex128"),
    "sparse": ({"a": tl.sparse_coo_tensor([[0]], [1.0], (2,))}, ValueError, "to_dense"),
    "the same": ({"a": WHOLE, "b": WHOLE}, RuntimeError, r"share memory.*\[\['a', 'b'\]\]"),
    "a part": ({"a": WHOLE, "b": WHOLE[1], "c": tl.ones(1)}, RuntimeError, r"share memory.*\[\['a', 'b'\]\]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_format_cannot_hold(case: str, tmp_path: Path) -> None:
    tensors, kind, match = REFUSED[case]
    with pytest.raises(kind, match=match):
        io.save_file(tensors, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_parts_that_do_not_overlap_are_no_sharing() -> None:
    loaded = io.safetensors.load(io.safetensors.save({"a": WHOLE[:2], "b": WHOLE[2:]}))
    assert loaded["a"].shape == loaded["b"].shape == (2, 4)


def test_damaged_files_say_which(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(io.safetensors.save({"a": tl.ones(3)})[:-1])
    with pytest.raises(library.SafetensorError, match=r"a\.safetensors"):
        io.load_file(path)
    with pytest.raises(library.SafetensorError):
        io.safetensors.load(path.read_bytes())
    with pytest.raises(FileNotFoundError):
        io.load_file(tmp_path / "none.safetensors")
    with pytest.raises(RuntimeError, match="map_location can only be a device"):
        tl.load(path, map_location={"cpu": "cpu"})


def test_dtypes_that_are_not_here(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'
    data = len(header).to_bytes(8, "little") + header + b"\0\0"
    (tmp_path / "a.safetensors").write_bytes(data)
    for load in (lambda: io.safetensors.load(data), lambda: io.load_file(tmp_path / "a.safetensors")):
        with pytest.raises(ValueError, match="'a' has the dtype F8_E4M3"):
            load()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    io.save_file({"epoch": tl.tensor(1)}, path)

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        io.save_file({"epoch": tl.tensor(2)}, path)
    monkeypatch.undo()
    assert io.load_file(path)["epoch"].item() == 1 and os.listdir(tmp_path) == ["a.safetensors"]


def test_permissions_are_those_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    io.save_file({"a": tl.ones(1)}, tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode
    (tmp_path / "a.safetensors").chmod(0o640)
    io.save_file({"a": tl.ones(1)}, tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o640


def test_models_with_shared_weights(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tl.manual_seed(0)
    model, other = Tied(), Tied()
    io.save_model(model, path, metadata={"note": "x"})
    assert sorted(io.load_file(path)) == ["first.bias", "first.weight", "second.bias"]
    assert io.safetensors.load_metadata(path) == {"note": "x", "second.weight": "first.weight"}
    assert io.load_model(other, path) == ([], [])
    assert tl.equal(other.second.weight, model.first.weight) and other.second.weight is other.first.weight
    assert io.load_model(nn.Linear(2, 2), path, strict=False) == (["bias", "weight"], ["first.bias", "first.weight", "second.bias"])
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "bias", "weight"'):
        io.load_model(nn.Linear(2, 2), path)


def test_models_go_to_safetensors_torch_and_back(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")

    class TheirTied(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
            self.second.weight = self.first.weight

    ours, their = Tied(), TheirTied()
    io.save_model(ours, tmp_path / "a.safetensors")
    assert [list(names) for names in theirs.load_model(their, tmp_path / "a.safetensors")] == [[], []]
    assert their.second.weight.tolist() == ours.first.weight.tolist()
    with torch.no_grad():
        their.second.weight[0] = 5
    theirs.save_model(their, str(tmp_path / "b.safetensors"))
    assert io.load_model(ours, tmp_path / "b.safetensors") == ([], [])
    assert ours.first.weight.tolist() == their.first.weight.tolist()


def test_memory_that_no_tensor_covers(tmp_path: Path) -> None:
    model = nn.Module()
    model.a, model.b = nn.Buffer(WHOLE[:3]), nn.Buffer(WHOLE[1:])
    with pytest.raises(RuntimeError, match="none of them covers"):
        io.save_model(model, tmp_path / "a.safetensors")


def test_the_package_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r'pip install "tensorlite\[io\]"'):
        io.safetensors.load(b"")


PROGRAM = """
import sys, torch
from safetensors import safe_open
from safetensors.torch import load, load_file, load_model, save, save_file, save_model

tensors = {"a": torch.arange(6.).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}
tensors.update(c=torch.empty(0, 3), d=torch.tensor(3))
path = sys.argv[1] + "/a.safetensors"
save_file(tensors, path, metadata={"format": "pt"})
for loaded in (load_file(path), load_file(path, device="cpu"), load(save(tensors))):
    print({name: (loaded[name].dtype, loaded[name].tolist()) for name in sorted(loaded)})
with safe_open(path, framework="pt", device="cpu") as file:
    print(file.metadata(), file.get_tensor("a"), file.get_slice("a")[:, 1:])
model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
model[1].weight = model[0].weight
save_model(model, path)
missing, unexpected = load_model(model, path)
print(len(missing), len(unexpected), sorted(load_file(path)))
x = load_file(path)["0.weight"]
x += 1
print(torch.equal(load_file(path)["0.weight"] + 1, x))
"""


def test_programs_that_use_safetensors_torch(tmp_path: Path) -> None:
    def printed(*command: str) -> str:
        command = (sys.executable, "-W", "error", *command, "-c", PROGRAM, str(tmp_path))
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ours = printed("-m", "tensorlite")
    assert "bfloat16" in ours and ours.endswith("True\n")
    pytest.importorskip("torch")
    assert ours == printed()


def test_storages_of_files(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(1, 9)))
    for lib in (overlay, pytest.importorskip("torch")):
        private = lib.UntypedStorage.from_file(str(path), False, 8)
        assert private.nbytes() == len(private) == 8 and private[2] == 3 and private.untyped() is private
        assert tl.asarray(lib.UntypedStorage.from_file(str(path), False, 4)[1:3]).tolist() == [2, 3]
        assert len(lib.UntypedStorage.from_file(str(path), False, 0)) == 0
        with pytest.raises(RuntimeError):
            lib.UntypedStorage.from_file(str(path), False, 9)
    overlay.UntypedStorage.from_file(path, False, 8)[:].fill_(0)
    assert path.read_bytes()[0] == 1
    overlay.UntypedStorage.from_file(path, True, 8)[:].fill_(0)
    assert path.read_bytes() == bytes(8)
    with pytest.raises(NotImplementedError, match="UntypedStorage"):
        overlay.UntypedStorage(8)
