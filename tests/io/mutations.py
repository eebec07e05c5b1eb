"""Files that are almost checkpoints: seeds, and changes of them that are drawn from a number."""

from __future__ import annotations

import copy
import io
import json
import pickle
import pickletools
import struct
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from random import Random
from typing import Any

import tensorlite as tl

Pickle = list[bytes]
"""The instructions of a pickle, one after the other."""

EXTREMES = [0, 1, -1, 2, 63, 255, 256, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**40, 2**62, 2**63 - 1, -(2**63), 2**64, 2**200]
NAMES = [
    "os\nsystem", "builtins\neval", "builtins\nexec", "builtins\ngetattr", "builtins\n__import__", "posix\nsystem", "torch\nload",
    "subprocess\nPopen", "numpy\nload", "torch\nTensor", "torch\nSize", "torch\nfloat64", "torch\nfloat8_e5m2",
    "torch\nHalfStorage", "torch.storage\nUntypedStorage", "builtins\nbytearray", "builtins\nslice", "builtins\nfrozenset",
    "builtins\ncomplex",
    "collections\nCounter", "collections\nOrderedDict", "_codecs\nencode", "torch\ndevice", "torch._utils\n_rebuild_tensor_v3",
    "torch._utils\n_rebuild_parameter_with_state", "torch._tensor\n_rebuild_from_type_v2", "torch.nn.parameter\nParameter",
]  # fmt: skip
TEXTS = [
    "", "storage", "0", "1", "99", "../0", "a" * 300, "cuda:0", "cpu", "latin1", "rot13", "__class__", "_metadata", "grad",
    "\ud800",
]  # fmt: skip


def state() -> dict[str, Any]:
    """One of each thing that a checkpoint can hold."""
    whole = tl.arange(12.0)
    return {
        "model": tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.BatchNorm1d(3)).state_dict(),
        "views": [whole, whole[2:5], whole.view(3, 4).t(), tl.ones(1).expand(2, 3)],
        "parameter": tl.nn.Parameter(tl.ones(2, 2)), "leaf": tl.zeros(2, requires_grad=True), "empty": tl.empty(0, 3),
        "dtypes": [tl.ones(2, dtype=d) for d in (tl.float64, tl.bfloat16, tl.bool, tl.complex64, tl.int16)], "scalar": tl.tensor(3),
        "values": [1, 2**70, -1.5, True, None, "text", b"bytes", bytearray(b"12"), {1, 2}, 1 + 2j, (1, (2, 3))],
        "kinds": [tl.Size([1, 2]), tl.float32, tl.device("cpu"), Counter("aab"), OrderedDict(a=1)],
    }  # fmt: skip


def saved(obj: Any, **options: Any) -> bytes:
    """The file of an object."""
    file = io.BytesIO()
    tl.save(obj, file, **options)
    return file.getvalue()


# Bytes --------------------------------------------------------------------------------------------------------------


def change_bytes(data: bytes, draw: Random) -> bytes:
    """Change a file without knowing what it is."""
    out = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4, 16])):
        at, length = draw.randrange(len(out) + 1), draw.choice([1, 2, 4, 8, 64])
        way = draw.randrange(6)
        if way == 0:
            out[at : at + 1] = bytes([draw.randrange(256)])
        elif way == 1:
            del out[at : at + length]
        elif way == 2:
            out[at:at] = draw.randbytes(length)
        elif way == 3:
            there = draw.randrange(len(out) + 1)
            out[at : at + length] = out[there : there + length]
        elif way == 4:
            width = draw.choice([2, 4, 8])
            out[at : at + width] = (draw.choice(EXTREMES) % (1 << 8 * width)).to_bytes(width, draw.choice(["little", "big"]))
        elif draw.random() < 0.3:
            del out[at:]
    return bytes(out)


# Pickles ------------------------------------------------------------------------------------------------------------


def split_pickle(data: bytes) -> tuple[Pickle, bytes]:
    """The instructions up to the first STOP, and what follows."""
    places = [place for _, _, place in pickletools.genops(data)]
    return [data[a:b] for a, b in zip(places, [*places[1:], places[-1] + 1], strict=True)], data[places[-1] + 1 :]


def number(value: int) -> bytes:
    """The instruction that pushes a number."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def text(value: str) -> bytes:
    """The instruction that pushes a text."""
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def _bomb(draw: Random) -> bytes:
    """Instructions that would take for ever, or need a deep stack, or run something."""
    return draw.choice([
        b")" + b"\x85" * draw.choice([50, 2000, 50_000]),
        b"]q\xf0" * draw.choice([2, 2000]) + b"h\xf0a",
        b")q\xf0" + b"h\xf0h\xf0\x86q\xf0" * 60,
        b")q\xf0" + b"h\xf0h\xf0\x86q\xf0" * 60 + b"}h\xf0K\x01s",
        b"}q\xf0X\x01\x00\x00\x00ah\xf0s",
        b"cbuiltins\nbytearray\n" + number(draw.choice(EXTREMES)) + b"\x85R",
        b"cos\nsystem\n" + text("true") + b"\x85R",
        b"cbuiltins\neval\n" + text("1") + b"\x85R",
        b"(" * draw.choice([3, 3000]),
        b"2" * draw.choice([3, 3000]),
    ])  # fmt: skip


def change_pickle(instructions: Pickle, draw: Random) -> Pickle:
    """Change the program, instruction by instruction."""
    out = list(instructions)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        at, there = draw.randrange(len(out)), draw.randrange(len(out))
        way = draw.randrange(9)
        if way == 0:
            out[at], out[there] = out[there], out[at]
        elif way == 1 and len(out) > 1:
            del out[at]
        elif way == 2:
            out.insert(at, out[there])
        elif way == 3:
            out[at] = bytes([draw.choice(b"(.02N)]}\x8f\x85\x86\x87R\x81bQPaesutd\x88\x89\x91\x94")])
        elif way == 4:
            out.insert(at, _bomb(draw))
        elif way == 5:
            out[at] = bytes([draw.randrange(256)]) + out[at][1:]
        else:
            _change_argument(out, draw)
    return out


def _change_argument(out: Pickle, draw: Random) -> None:
    """Another number, text or name where one was."""
    kinds: dict[bytes, Callable[[], bytes]] = {
        b"KMJ\x8a": lambda: number(draw.choice(EXTREMES)),
        b"X\x8c": lambda: text(draw.choice(TEXTS)),
        b"c": lambda: b"c" + draw.choice(NAMES).encode() + b"\n",
        b"hj": lambda: b"h" + bytes([draw.randrange(256)]),
        b"q": lambda: b"q" + bytes([draw.randrange(256)]),
    }
    opcodes, made = draw.choice(list(kinds.items()))
    places = [i for i, instruction in enumerate(out) if instruction[:1] in opcodes]
    if places:
        out[draw.choice(places)] = made()


# Files of each kind -------------------------------------------------------------------------------------------------


class Zip:
    """PyTorch's format."""

    def __init__(self) -> None:
        self.data = saved(state())
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            self.records = {name: archive.read(name) for name in archive.namelist()}
        plain = [1, 2.5, None, True, b"bytes", "text", ({1, 2}, frozenset([3]), slice(1, 2), 2**70), {"a": bytearray(b"12")}]
        programs = [self.records["archive/data.pkl"], *(pickle.dumps(plain, protocol) for protocol in (3, 4, 5))]
        self.pickles = [split_pickle(program)[0] for program in programs]

    def mutant(self, draw: Random) -> bytes:
        """Another pickle, other records, another directory, or other bytes."""
        way = draw.random()
        if way < 0.15:
            return change_bytes(self.data, draw)
        records = dict(self.records)
        if way < 0.75:
            records["archive/data.pkl"] = b"".join(change_pickle(self.pickles[draw.choice([0, 0, 0, 1, 2, 3])], draw))
        elif way < 0.85:
            name = draw.choice(list(records))
            records[name] = change_bytes(records[name], draw)
        elif way < 0.9:
            del records[draw.choice(list(records))]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in records.items():
                archive.writestr(zipfile.ZipInfo(name), data)
            if way >= 0.9:
                _change_directory(archive, draw)
        return out.getvalue()


def _change_directory(archive: zipfile.ZipFile, draw: Random) -> None:
    """Other sizes, places, checksums and methods in the list at the end of the file."""
    for info in draw.sample(archive.filelist, 3):
        value = draw.choice(EXTREMES) % 2**32
        field = draw.choice(["file_size", "compress_size", "header_offset", "CRC", "flag_bits", "compress_type"])
        setattr(info, field, value % 2**16 if field in ("flag_bits", "compress_type") else value)


class Old:
    """PyTorch's format before 1.6."""

    def __init__(self) -> None:
        self.data = saved(state(), _use_new_zipfile_serialization=False)
        self.pickles, rest = [], self.data
        for _ in range(5):
            instructions, rest = split_pickle(rest)
            self.pickles.append(instructions)
        self.rest = rest

    def mutant(self, draw: Random) -> bytes:
        """One of the pickles changed, or the storages, or any bytes."""
        way = draw.random()
        if way < 0.15:
            return change_bytes(self.data, draw)
        pickles, rest = list(self.pickles), self.rest
        if way < 0.9:
            at = draw.choice([0, 1, 2, 3, 3, 3, 3, 3, 3, 4])
            pickles[at] = change_pickle(pickles[at], draw)
        else:
            rest = change_bytes(rest, draw)
        return b"".join(b"".join(instructions) for instructions in pickles) + rest


class Safetensors:
    """The format of the package safetensors."""

    def __init__(self) -> None:
        tensors = {f"t{i}": tl.ones(i, 3, dtype=d) for i, d in enumerate([tl.float32, tl.bfloat16, tl.int64, tl.bool])}
        self.data = tl.io.safetensors.save({**tensors, "scalar": tl.tensor(1.0)}, {"format": "pt"})
        size = int.from_bytes(self.data[:8], "little")
        self.header, self.rest = json.loads(self.data[8 : 8 + size]), self.data[8 + size :]

    def mutant(self, draw: Random) -> bytes:
        """Another header, another size of it, or other bytes."""
        if draw.random() < 0.3:
            return change_bytes(self.data, draw)
        header = change_json(self.header, draw)
        size = draw.choice(EXTREMES) % 2**64 if draw.random() < 0.1 else len(header)
        return struct.pack("<Q", size) + header + (change_bytes(self.rest, draw) if draw.random() < 0.2 else self.rest)


class Index:
    """An index of shards; the shards are as they should be."""

    shards = {"one.safetensors": {"a": 2, "b": 3}, "two.bin": {"c": 1}}

    def __init__(self) -> None:
        names = {name: shard for shard, tensors in self.shards.items() for name in tensors}
        self.index = {"metadata": {"total_size": 24}, "weight_map": names}

    def mutant(self, draw: Random) -> bytes:
        """Another index, or other bytes."""
        data = change_json(self.index, draw)
        return change_bytes(data, draw) if draw.random() < 0.3 else data


VALUES = [
    None, True, -1, 0, 1, 2**31, 2**40, 2**63, 2**64, 1e400, 0.5, "", "F32", "F8_E4M3", "F4", "F64", "BF16", "../one.safetensors",
    "/etc/passwd", "two.bin", "none.bin", "one.safetensors", "a\0b", [], [1], [2**40, 2**40], [0, 2**62], [-1, 3], {}, {"a": "b"},
    {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, {"dtype": "U8", "shape": [2**40], "data_offsets": [0, 2**40]},
]  # fmt: skip


def change_json(value: Any, draw: Random) -> bytes:
    """Change one or two values somewhere in it, or how it is written."""
    out = json.loads(json.dumps(value))
    for _ in range(draw.choice([1, 1, 2])):
        places = list(_places(out))
        holder, key = draw.choice(places) if places else (None, None)
        if isinstance(holder, dict) and draw.random() < 0.2:
            holder[draw.choice(["", "a", "c", "__metadata__", "x" * 500, "weight_map"])] = copy.deepcopy(draw.choice(VALUES))
        elif isinstance(holder, dict) and draw.random() < 0.2:
            del holder[key]
        elif holder is not None:
            holder[key] = copy.deepcopy(draw.choice(VALUES))
    data = json.dumps(out).encode()
    way = draw.random()
    if way < 0.05:
        return data.replace(b"{", b'{"a": 1, "a": 2, ', 1)
    if way < 0.1:
        return b"[" * draw.choice([10, 100_000]) + data
    return data if way < 0.9 else change_bytes(data, draw)


def _places(value: Any) -> Any:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from _places(value[key])
