"""The old format, memory-mapped files, `map_location`, and what only PyTorch writes into checkpoints."""

from __future__ import annotations

import copy
import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn

OLD = {"_use_new_zipfile_serialization": False}
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def state(lib: Any) -> dict[str, Any]:
    """Tensors of all kinds that the old format can hold."""
    whole = lib.arange(10.0)
    return {
        "model": lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)).state_dict(),
        "whole": whole, "part": whole[2:5], "transposed": whole.view(2, 5).t(), "expanded": lib.ones(1).expand(2, 3),
        "parameter": lib.nn.Parameter(lib.ones(2, 2)), "leaf": lib.zeros(2, requires_grad=True),
        "empty": lib.empty(0, 3), "scalar": lib.tensor(3), "epoch": 7, "name": "grüße", "size": lib.Size([1, 2]),
        "dtypes": [lib.ones(2, dtype=getattr(lib, name)) for name in DTYPES],
    }  # fmt: skip


def plain(value: Any) -> Any:
    """The same for both libraries."""
    if hasattr(value, "stride"):
        return str(value.dtype), tuple(value.shape), tuple(value.stride()), value.requires_grad, value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, [(key, plain(item)) for key, item in value.items()]
    return [plain(item) for item in value] if isinstance(value, list) else str(value)


def saved(obj: Any, lib: Any = tl, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    lib.save(obj, file, **options)
    file.seek(0)
    return file


# The format before 1.6 ----------------------------------------------------------------------------------------------


def test_old_files_come_back(tmp_path: Path) -> None:
    tl.save(state(tl), tmp_path / "a.pt", **OLD)
    loaded = tl.load(tmp_path / "a.pt")
    assert plain({**loaded, "model": 0}) == plain({**state(tl), "model": 0})
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77 and loaded["transposed"][2, 0].item() == 77
    assert isinstance(loaded["parameter"], nn.Parameter) and loaded["model"]._metadata is not None


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_old_files_of_pytorch(torch: Any, protocol: int) -> None:
    obj = state(torch)
    loaded = tl.load(saved(obj, torch, pickle_protocol=protocol, **OLD))
    assert plain(loaded) == plain(obj)
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77


def test_pytorch_reads_our_old_files(torch: Any) -> None:
    obj = state(tl)
    loaded = torch.load(saved(obj, **OLD), weights_only=True)
    assert plain(loaded) == plain(obj)
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77


def test_several_old_files_in_one_stream() -> None:
    file = io.BytesIO(saved({"a": tl.ones(3)}, **OLD).getvalue() + saved([tl.zeros(2)], **OLD).getvalue())
    assert tl.load(file)["a"].tolist() == [1, 1, 1] and tl.load(file)[0].tolist() == [0, 0]


def test_old_files_cannot_hold_everything() -> None:
    with pytest.raises(pickle.PicklingError, match="uint16"):
        tl.save(tl.ones(2, dtype=tl.uint16), io.BytesIO(), **OLD)


def test_every_truncation_of_an_old_file_is_an_error() -> None:
    data = saved(state(tl), **OLD).getvalue()
    for end in range(1, len(data), 37):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="truncated|damaged|not a checkpoint"):
            tl.load(io.BytesIO(data[:end]))


def test_strings_of_python_2() -> None:
    file = saved(1)
    record = b"\x80\x02}U\x06gr\xc3\xbc\xc3\x9fK\x01s."
    assert tl.load(_with_pickle(file, record)) == {"grüß": 1}


# Memory-mapped files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("writer", ["tensorlite", "torch"])
def test_mapped_files_are_read_and_never_changed(tmp_path: Path, writer: str) -> None:
    lib = pytest.importorskip(writer)
    obj, path = state(lib), tmp_path / "a.pt"
    lib.save(obj, path)
    before = path.read_bytes()
    loaded = tl.load(path, mmap=True)
    assert plain(loaded) == plain(obj)
    loaded["whole"][2] = 77
    assert loaded["part"][0].item() == 77
    assert path.read_bytes() == before and tl.load(path, mmap=True)["whole"][2].item() == 2


def test_what_cannot_be_mapped(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="f must be a file path"):
        tl.load(saved(1), mmap=True)
    tl.save(1, tmp_path / "old.pt", **OLD)
    with pytest.raises(RuntimeError, match="cannot be mapped"):
        tl.load(tmp_path / "old.pt", mmap=True)


# Where tensors go ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, OLD], ids=["zip", "old"])
def test_map_location(options: dict[str, Any]) -> None:
    whole = tl.arange(4.0)
    obj = {"whole": whole, "part": whole[1:3], "other": tl.ones(2, dtype=tl.int32)}

    def moved(storage: tl.Tensor, location: str) -> tl.Tensor | None:
        assert location == "cpu"
        return storage.to("strict") if storage.dtype is tl.float32 else None

    for location, floats, ints in (
        (None, "cpu", "cpu"),
        ("cpu", "cpu", "cpu"),
        (tl.device("strict"), "strict", "strict"),
        ("strict", "strict", "strict"),
        ({"cpu": "cpu", "cuda:0": "cpu"}, "cpu", "cpu"),
        (moved, "strict", "cpu"),
        (lambda storage, location: storage, "cpu", "cpu"),
    ):
        loaded = tl.load(saved(obj, **options), map_location=location)
        assert [t.device.type for t in loaded.values()] == [floats, floats, ints]
        assert [t.cpu().tolist() for t in loaded.values()] == [[0, 1, 2, 3], [1, 2], [1, 1]]
        loaded["whole"][1] = 9
        assert loaded["part"][0].item() == 9  # also on the device the memory is one


# What PyTorch writes ------------------------------------------------------------------------------------------------


def test_values_that_only_pytorch_writes(torch: Any) -> None:
    tagged = torch.ones(2)
    tagged.note = ["anything", tagged[:1]]
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.group = "head"
    obj = {
        "slice": slice(1, None, 2), "frozen": frozenset([1, (2, "x")]), "tagged": tagged, "parameter": parameter,
        "buffer": torch.nn.Buffer(torch.ones(1)), "random": torch.get_rng_state(), "range": OrderedDict(a=1),
        "long": 2**70, "half": torch.ones(2).half(),
    }  # fmt: skip
    for options in ({}, OLD):
        loaded = tl.load(saved(obj, torch, **options), weights_only=False)
        assert loaded["slice"] == slice(1, None, 2) and loaded["frozen"] == frozenset([1, (2, "x")])
        assert loaded["tagged"].note[0] == "anything" and loaded["parameter"].group == "head"
        loaded["tagged"][0] = 5
        assert loaded["tagged"].note[1].tolist() == [5]
        tl.set_rng_state(loaded["random"])
        torch.set_rng_state(obj["random"])
        assert tl.rand(3).tolist() == torch.rand(3).tolist()


def test_files_without_checksums(torch: Any) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        file = saved({"a": torch.arange(3)}, torch)
    finally:
        torch.serialization.set_crc32_options(True)
    assert tl.load(file)["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda torch: torch.ones(2).to(torch.float8_e4m3fn), "float8_e4m3fn"),
        (lambda torch: torch.ones(2, dtype=torch.complex64).conj(), "resolve_conj"),
        (lambda torch: torch.ones(2).untyped_storage(), "a storage by itself"),
        (lambda torch: torch.nn.Parameter, "by itself"),
        (lambda torch: torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        (lambda torch: torch.ones(2).to_sparse(), "_rebuild_sparse_tensor"),
        (lambda torch: torch.ones(2).numpy(), "numpy"),
    ],
)
def test_what_is_refused_is_named(torch: Any, make: Any, match: str) -> None:
    for options in ({}, OLD):
        with pytest.raises(pickle.UnpicklingError, match=match):
            tl.load(saved({"x": make(torch)}, torch, **options), weights_only=False)


# Small files that ask for much --------------------------------------------------------------------------------------


def _with_pickle(file: io.BytesIO, program: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, program if info.filename.endswith("/data.pkl") else old.read(info))
    out.seek(0)
    return out


BIG = b"X" + (1 << 20).to_bytes(4, "little") + b"a" * (1 << 20) + b"q\x00"
TWICE = b"h\x00h\x00\x86q\x00"
CASES = {
    "a bytearray of a size": (b"c__builtin__\nbytearray\n\x8a\x06" + (1 << 42).to_bytes(6, "little") + b"\x85R.", "bytearray"),
    "copies of one text": (BIG + b"c_codecs\nencode\nq\x01]" + b"h\x01h\x00\x85Ra" * 64 + b".", "more memory"),
    "a key that is hashed for ever": (b")q\x00" + TWICE * 60 + b"}h\x00K\x01s.", "parts"),
    "a key that is deeper than the stack": (b"K\x01" + b"\x85" * 300_000 + b"q\x00}h\x00K\x01s.", "parts"),
    "a set of such": (b")q\x00" + TWICE * 60 + b"c__builtin__\nset\nh\x00\x85\x85R.", "parts"),
    "an encoding that is shown for ever": (
        b")q\x00" + TWICE * 60 + b"c_codecs\nencode\nX\x01\x00\x00\x00ah\x00\x86R.", "not made of text",
    ),
    "a name that is shown for ever": (b"c" + b"x" * 10_000 + b"\ny\n.", "x" * 100 + r"\.y"),
    "a size of a million dimensions": (b"c_codecs\nencode\n(" + b"K\x01" * 100_000 + b"tR.", "damaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_small_files_cannot_ask_for_much(case: str) -> None:
    program, match = CASES[case]
    with pytest.raises(pickle.UnpicklingError, match=match):
        tl.load(_with_pickle(saved(1), b"\x80\x02" + program))


def test_overlapping_records_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(saved([tl.ones(1000) for _ in range(20)])) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if not info.filename.startswith("archive/data/") or info.filename.endswith("/0"):
                new.writestr(info.filename, old.read(info))
        for number in range(1, 20):  # in the directory there are more, and all are the same stretch of the file
            new.filelist.append(copy.copy(new.NameToInfo["archive/data/0"]))
            new.filelist[-1].filename = f"archive/data/{number}"
    out.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="overlap"):
        tl.load(out)


def test_a_negative_is_refused_each_time(torch: Any) -> None:
    x = torch.tensor([1 + 2j]).conj().imag
    for obj in (x, [x, x[:1]]):
        with pytest.raises(pickle.UnpicklingError, match="resolve_neg"):
            tl.load(saved(obj, torch))


def test_compressed_archives_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(saved({"a": tl.zeros(10_000)})) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    out.seek(0)
    with pytest.raises(RuntimeError, match="compressed"):
        tl.load(out)
