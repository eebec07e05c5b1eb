"""Checkpoints: what is saved comes back, here and in PyTorch; damaged and hostile files are refused."""

from __future__ import annotations

import io
import os
import pickle
import random
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def everything(lib: Any) -> dict[str, Any]:
    """One of each thing that a checkpoint can hold."""
    a = lib.arange(10.0)
    shared = [1, [2, (3, 4, 5, 6)]]
    return {
        "model": lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)).state_dict(),
        "whole": a,
        "part": a[2:5],
        "transposed": a.view(2, 5).t(),
        "parameter": lib.nn.Parameter(lib.ones(2, 2)),
        "frozen": lib.nn.Parameter(lib.ones(2), requires_grad=False),
        "leaf": lib.zeros(2, requires_grad=True),
        "empty": lib.empty(0, 3),
        "scalar": lib.tensor(3),
        "dtypes": [lib.ones(2, dtype=getattr(lib, name)) for name in DTYPES],
        "size": lib.Size([1, 2]),
        "dtype": lib.float32,
        "device": lib.device("cpu"),
        "cuda": lib.device("cuda", 1),
        "bytes": b"xyz\xff",
        "bytearray": bytearray(b"12"),
        "set": {1, 2},
        "complex": 1 + 2j,
        "ints": [0, 255, 256, -1, -5, 2**31, -(2**40), 2**70],
        "floats": [1.5, float("inf"), -0.0],
        "none": None,
        "bools": (True, False),
        "text": "grüße \N{SNOWMAN}",
        "counter": Counter("aab"),
        "ordered": OrderedDict(b=1, a=2),
        "random": random.getstate(),
        "shared": shared,
        "again": shared,
    }


DTYPES = [
    *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32"),
    *("bool", "complex64", "complex128"),
]


def plain(value: Any) -> Any:
    """The same for both libraries."""
    if hasattr(value, "stride") and hasattr(value, "tolist"):
        kind = "Parameter" if "Parameter" in type(value).__name__ else "Tensor"
        return kind, str(value.dtype), tuple(value.stride()), value.requires_grad, value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, [(key, plain(item)) for key, item in value.items()]
    if type(value) in (list, tuple):
        return [plain(item) for item in value]
    if isinstance(value, (int, float, str, bytes, bytearray, set, complex, type(None))):
        return type(value).__name__, repr(value)
    return str(value)


def saved(obj: Any) -> io.BytesIO:
    file = io.BytesIO()
    tl.save(obj, file)
    file.seek(0)
    return file


# There and back -----------------------------------------------------------------------------------------------------


def test_round_trip(tmp_path: Path) -> None:
    obj = everything(tl)
    tl.save(obj, tmp_path / "all.pt")
    loaded = tl.load(tmp_path / "all.pt")
    assert plain(loaded) == plain(obj)
    assert loaded["model"]._metadata == obj["model"]._metadata
    assert isinstance(loaded["parameter"], nn.Parameter) and loaded["shared"] is loaded["again"]


def test_shared_memory_stays_shared() -> None:
    loaded = tl.load(saved(everything(tl)))
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77 and loaded["transposed"][2, 0].item() == 77
    layer = nn.Linear(2, 2)
    tied = tl.load(saved({"a": layer.weight, "b": layer.weight}))
    assert tied["a"] is tied["b"]


def test_pytorch_reads_what_we_save(torch: Any, tmp_path: Path) -> None:
    obj = everything(tl)
    tl.save(obj, tmp_path / "ours.pt")
    loaded = torch.load(tmp_path / "ours.pt", weights_only=True)
    assert plain(loaded) == plain(obj)
    assert loaded["model"]._metadata == obj["model"]._metadata
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77
    assert plain(torch.load(tmp_path / "ours.pt", weights_only=True, mmap=True)) == plain(obj)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_we_read_what_pytorch_saves(torch: Any, tmp_path: Path, protocol: int) -> None:
    obj = everything(torch)
    torch.save(obj, tmp_path / "theirs.pt", pickle_protocol=protocol)
    loaded = tl.load(tmp_path / "theirs.pt")
    assert plain(loaded) == plain(obj) and isinstance(loaded["parameter"], nn.Parameter)
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77


def test_training_state_goes_to_pytorch_and_back(torch: Any, tmp_path: Path) -> None:
    def step(lib: Any, model: Any, optimizer: Any) -> float:
        loss = (model(lib.ones(3, 2)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    models, optimizers = {}, {}
    for lib in (tl, torch):
        lib.manual_seed(1)
        models[lib] = lib.nn.Sequential(lib.nn.Linear(2, 4), lib.nn.Tanh(), lib.nn.Linear(4, 1))
        optimizers[lib] = lib.optim.Adam(models[lib].parameters(), lr=0.05)
    for _ in range(3):
        step(tl, models[tl], optimizers[tl])
    tl.save({"model": models[tl].state_dict(), "optimizer": optimizers[tl].state_dict()}, tmp_path / "c.pt")
    checkpoint = torch.load(tmp_path / "c.pt", weights_only=True)
    models[torch].load_state_dict(checkpoint["model"])
    optimizers[torch].load_state_dict(checkpoint["optimizer"])
    for _ in range(5):
        ours, theirs = (step(lib, models[lib], optimizers[lib]) for lib in (tl, torch))
        assert ours == pytest.approx(theirs, rel=1e-5)
    torch.save(optimizers[torch].state_dict(), tmp_path / "d.pt")
    optimizers[tl].load_state_dict(tl.load(tmp_path / "d.pt"))
    step(tl, models[tl], optimizers[tl])


def test_map_location() -> None:
    obj = {"w": tl.ones(2)}
    places: list[str] = []

    def keep(storage: tl.Tensor, location: str) -> tl.Tensor:
        places.append(location)
        return storage

    for location in ("cpu", tl.device("cpu"), {"cuda:0": "cpu"}, keep, None):
        assert tl.load(saved(obj), map_location=location)["w"].device.type == "cpu"
    assert places == ["cpu"]


def test_a_checkpoint_from_a_gpu(torch: Any) -> None:
    file = _rewritten(
        saved({"w": tl.ones(2)}), "data.pkl", lambda data: data.replace(b"\x03\0\0\0cpu", b"\x06\0\0\0cuda:0")
    )
    assert tl.load(file, map_location="cpu")["w"].tolist() == [1, 1]
    assert tl.load(file, map_location={"cuda:0": "cpu"})["w"].tolist() == [1, 1]
    if not tl.cuda.is_available():
        with pytest.raises(RuntimeError, match="map_location='cpu'"):
            tl.load(file)
    file = _rewritten(
        saved({"w": tl.ones(2)}), "data.pkl", lambda data: data.replace(b"\x03\0\0\0cpu", b"\x03\0\0\0mps")
    )
    with pytest.raises(RuntimeError, match="mps"):
        tl.load(file)


def test_the_other_byte_order() -> None:
    values = {"f": tl.tensor([1.5, -2.0]), "c": tl.tensor([1 + 2j]), "b": tl.tensor([True])}
    other = b"big" if sys.byteorder == "little" else b"little"
    file = _rewritten(saved(values), "byteorder", lambda data: other)
    for number, width in ((0, 4), (1, 4)):
        swap = lambda data, w=width: b"".join(data[i : i + w][::-1] for i in range(0, len(data), w))  # noqa: E731
        file = _rewritten(file, f"data/{number}", swap)
    assert plain(tl.load(file)) == plain(values)


def _rewritten(file: io.BytesIO, record: str, change: Any) -> io.BytesIO:
    """A copy of a checkpoint with one record changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename.endswith("/" + record) else data)
    out.seek(0)
    return out


def test_storages_are_aligned(tmp_path: Path) -> None:
    tl.save([tl.ones(3), tl.ones(5)], tmp_path / "a.pt")
    data = (tmp_path / "a.pt").read_bytes()
    assert data.find(tl.ones(3).numpy().tobytes()) % 64 == 0


# What cannot be saved -----------------------------------------------------------------------------------------------


def test_objects_are_refused_before_the_file_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    tl.save({"good": 1}, path)
    for obj in (nn.Linear(2, 2), object(), print, {1: frozenset()}, nn.Linear, {"x": lambda: 1}, Path("x")):
        with pytest.raises(pickle.PicklingError, match="cannot save"):
            tl.save(obj, path)
    with pytest.raises(pickle.PicklingError, match=r"state_dict\(\)"):
        tl.save(nn.Linear(2, 2), path)
    assert tl.load(path) == {"good": 1} and os.listdir(tmp_path) == ["a.pt"]


# Atomicity ----------------------------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pt"
    tl.save({"epoch": 1}, path)

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        tl.save({"epoch": 2}, path)
    monkeypatch.undo()
    assert tl.load(path) == {"epoch": 1} and os.listdir(tmp_path) == ["a.pt"]


def test_a_kill_while_writing_leaves_a_complete_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    program = (
        "import sys, tensorlite as tl\n"
        "for epoch in range(10**6):\n"
        "    tl.save({'epoch': epoch, 'w': tl.full((200_000,), float(epoch))}, sys.argv[1])\n"
        "    if epoch == 2: print('going', flush=True)\n"
    )
    for delay in (0.003, 0.011, 0.02):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"going\n"
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
        loaded = tl.load(path)
        assert (loaded["w"] == loaded["epoch"]).all()


def test_paths(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    tl.save(1, str(path))
    os.chmod(path, 0o640)
    link = tmp_path / "link.pt"
    link.symlink_to(path)
    tl.save(2, link)
    assert link.is_symlink() and tl.load(path) == 2 and stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(RuntimeError, match="does not exist"):
        tl.save(1, tmp_path / "no" / "a.pt")
    with pytest.raises(FileNotFoundError):
        tl.load(tmp_path / "none.pt")
    for bad in (3, None):
        with pytest.raises(AttributeError):
            tl.save(1, bad)
        with pytest.raises(AttributeError):
            tl.load(bad)


# Damaged and hostile files ------------------------------------------------------------------------------------------


def test_every_truncation_is_an_error_that_says_so() -> None:
    data = saved(everything(tl)).getvalue()
    for end in range(0, len(data), 101):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="truncated|empty|not a checkpoint|damaged"):
            tl.load(io.BytesIO(data[:end]))


def test_foreign_files_say_what_to_do() -> None:
    other, tar = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as old:
        old.addfile(tarfile.TarInfo("storages"))
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("folder/file.txt", "hello")
    for data, match in (
        (tar.getvalue(), "before 0.2"),
        (pickle.dumps([1]), "plain pickle"),
        (other.getvalue(), "no data.pkl"),
        (b"\x89PNG\r\n\x1a\n", "not a checkpoint"),
        (b"", "is empty"),
        (b"P", "not a checkpoint"),
    ):
        with pytest.raises(RuntimeError, match=match):
            tl.load(io.BytesIO(data))


def test_flipped_bytes_never_do_more_than_fail() -> None:
    numbers = random.Random(0)
    file = saved(everything(tl))
    with zipfile.ZipFile(file) as archive:
        original = archive.read("archive/data.pkl")
    for _ in range(400):
        broken = bytearray(original)
        for _ in range(numbers.randrange(1, 4)):
            broken[numbers.randrange(len(broken))] = numbers.randrange(256)
        try:
            # Rewritten, so that the checksum is right and the pickle itself is what is tested.
            tl.load(_rewritten(file, "data.pkl", lambda data, b=bytes(broken): b))
        except (RuntimeError, pickle.UnpicklingError):
            continue


class Runs:
    """An object whose pickle calls a function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_from_a_file_runs(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "ran"
    for attack in (
        Runs(os.system, f"touch {marker}"),
        Runs(eval, f"open({str(marker)!r}, 'w')"),
        Runs(getattr, 1, "real"),
        Runs(__import__, "os"),
        Runs(open, str(marker), "w"),
    ):
        file = _rewritten(saved(1), "data.pkl", lambda data, a=attack: pickle.dumps({"a": a}, protocol))
        with pytest.raises(pickle.UnpicklingError, match="not among the names|not allowed"):
            tl.load(file)
        with pytest.raises(pickle.UnpicklingError):
            tl.load(file, weights_only=False)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("program", "match"),
    [
        (b"\x80\x02ctorch\nTensor\n.", "by itself"),
        (b"\x80\x02ctorch\nload\n.", "torch.load"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.", "sets attributes"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}X\x08\0\0\0__init__K\x01sb.", "sets attributes"),
        (b"\x80\x02K\x01)R.", "calls something"),
        (b"\x80\x02]K\x01s.", "damaged"),
        (b"\x80\x02K\x01K\x02.", "no single value"),
        (b"\x80\x02h\x05.", "damaged"),
        (b"\x80\x02c_codecs\nencode\n(X\x01\0\0\0aX\x05\0\0\0rot13tR.", "encoding"),
        (b"\x80\x02(K\x01i__builtin__\nlist\n.", "INST"),
        (b"\x80\x02K\x01Q.", "reference"),
        (b"\x80\x02", "damaged"),
        (b"", "damaged"),
    ],
)
def test_programs_that_make_no_sense(program: bytes, match: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match=match):
        tl.load(_rewritten(saved(1), "data.pkl", lambda data: program))


def test_tensors_cannot_reach_outside_their_storage() -> None:
    file = saved({"w": tl.ones(4, 4)})
    for old, new in (
        (b"K\x04K\x04t", b"K\x04K\x7ft"),
        (b"K\x04K\x01t", b"K\x04K\x7ft"),
        (b"K\x04K\x01t", b"K\x7fK\x01t"),
    ):
        with zipfile.ZipFile(file) as archive:
            assert old in archive.read("archive/data.pkl")
        with pytest.raises(pickle.UnpicklingError, match="reaches beyond"):
            tl.load(_rewritten(file, "data.pkl", lambda data, a=old, b=new: data.replace(a, b)))
    with pytest.raises(pickle.UnpicklingError, match="bytes instead of"):
        tl.load(_rewritten(file, "data/0", lambda data: data[:-4]))
    with pytest.raises(RuntimeError, match="data/7"):
        tl.load(_rewritten(file, "data.pkl", lambda data: data.replace(b"X\x01\0\0\x000", b"X\x01\0\0\x007")))
