"""`SummaryWriter` on tensors: the event files say what was given."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl

pytest.importorskip("tensorboardX")
from tensorboardX.proto.event_pb2 import Event  # noqa: E402

from tensorlite.utils.tensorboard import SummaryWriter  # noqa: E402


def records(folder: Path) -> Iterator[bytes]:
    """The records of the event files: length, its checksum, the record, its checksum."""
    for path in sorted(folder.glob("events.*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            yield data[12 : 12 + length]
            data = data[16 + length :]


def written(folder: Path) -> dict[str, tuple[int, Any]]:
    """Tag to step and value."""
    events = (Event.FromString(record) for record in records(folder))
    return {value.tag: (event.step, value) for event in events for value in event.summary.value}


X = [0.5, -1.0, 2.0, 3.5]

SCALARS = {
    "0-d": lambda: tl.tensor(2.5),
    "with a graph": lambda: (tl.ones(5, requires_grad=True) * 0.5).sum(),
    "one element": lambda: tl.tensor([2.5]),
    "parameter": lambda: tl.nn.Parameter(tl.tensor(2.5)),
    "float64": lambda: tl.tensor(2.5, dtype=tl.float64),
    "bfloat16": lambda: tl.tensor([2.5], dtype=tl.bfloat16),
    "number": lambda: 2.5,
}


@pytest.mark.parametrize("name", SCALARS)
def test_scalar(name: str, tmp_path: Path) -> None:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", SCALARS[name](), global_step=tl.tensor(7))
    step, value = written(tmp_path)["loss"]
    assert step == 7 and value.simple_value == 2.5


def test_several_scalars(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalars("losses", {"a": tl.tensor(1.5), "b": tl.tensor(2.5, requires_grad=True)}, 3)
    values = {path.name: written(path)["losses"][1].simple_value for path in (tmp_path / "losses").iterdir()}
    assert values == {"a": 1.5, "b": 2.5}


def test_histogram(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_histogram("weights", tl.nn.Parameter(tl.tensor(X)), 2)
    step, value = written(tmp_path)["weights"]
    assert step == 2 and (value.histo.min, value.histo.max, value.histo.num, value.histo.sum) == (-1.0, 3.5, 4, 5.0)


IMAGES = {
    "float": ("add_image", lambda: tl.tensor([[[0.0, 1.0]], [[1.0, 0.0]], [[0.0, 0.0]]]), {}),
    "uint8": ("add_image", lambda: tl.tensor([[[0, 255]], [[255, 0]], [[0, 0]]], dtype=tl.uint8), {}),
    "HWC": ("add_image", lambda: tl.tensor([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]]), {"dataformats": "HWC"}),
    "batch": ("add_images", lambda: tl.tensor([[[[0.0, 1.0]], [[1.0, 0.0]], [[0.0, 0.0]]]]), {}),
    "list": ("add_images", lambda: [tl.tensor([[[0.0, 1.0]], [[1.0, 0.0]], [[0.0, 0.0]]])], {"dataformats": "CHW"}),
}


@pytest.mark.parametrize("name", IMAGES)
def test_image(name: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    method, make, arguments = IMAGES[name]
    with SummaryWriter(str(tmp_path)) as writer:
        getattr(writer, method)("picture", make(), 4, **arguments)
    step, value = written(tmp_path)["picture"]
    picture = image.open(io.BytesIO(value.image.encoded_image_string))
    assert step == 4 and picture.size == (2, 1)
    assert [picture.getpixel((x, 0)) for x in range(2)] == [(0, 255, 0), (255, 0, 0)]


def test_text(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_text("note", "it learns", 5)
    step, value = written(tmp_path)["note/text_summary"]
    assert step == 5 and value.tensor.string_val == [b"it learns"]


def test_curve_and_points(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_pr_curve("curve", tl.tensor([0, 1, 1, 0]), tl.tensor([0.1, 0.8, 0.7, 0.4]), 1)
        writer.add_embedding(tl.tensor([X, X], requires_grad=True), metadata=["a", "b"])
    assert "curve" in written(tmp_path)
    (table,) = tmp_path.rglob("tensors.tsv")
    assert [list(map(float, line.split())) for line in table.read_text().splitlines()] == [X, X]


def test_graph_says_what_to_do(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer, pytest.raises(NotImplementedError, match="tl.graph"):
        writer.add_graph(tl.nn.Linear(2, 1), tl.ones(1, 2))


def test_in_a_program_written_for_pytorch(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import torch\n"
        "from torch.utils.tensorboard import SummaryWriter\n"
        f"with SummaryWriter({str(tmp_path / 'runs')!r}) as writer:\n"
        "    writer.add_scalar('loss', torch.nn.Linear(2, 1).weight.sum() * 0 + 2.5, 1)\n"
        "print(SummaryWriter.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-m", "tensorlite", str(script)], capture_output=True, text=True)
    assert done.stdout == "tensorlite.utils.tensorboard\n", done.stderr
    assert written(tmp_path / "runs")["loss"][1].simple_value == 2.5
