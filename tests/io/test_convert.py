"""``python -m tensorlite convert``, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import io

pytest.importorskip("safetensors")

OLD = {"_use_new_zipfile_serialization": False}


def convert(folder: Path, *arguments: str, code: int = 0, without: str = "") -> str:
    """What it prints. ``without`` is a package that is not installed."""
    prepare = f"import sys; sys.modules[{without!r}] = None; " if without else ""
    program = f"{prepare}from tensorlite.cli import main; main()"
    command = (sys.executable, "-W", "error", "-c", program, "convert", *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 and not without else done.stderr


def state() -> dict[str, tl.Tensor]:
    whole = tl.arange(6.0).reshape(2, 3)
    turned = tl.arange(6).view(2, 3).t()
    return {"a": whole, "tied": whole, "part": whole[1:], "turned": turned, "half": tl.ones(2).half(), "n": tl.tensor(3)}


def plain(tensors: dict[str, Any]) -> Any:
    return sorted((name, str(t.dtype), t.tolist()) for name, t in tensors.items())


def test_there_and_back(tmp_path: Path) -> None:
    tl.save({"epoch": 3, "state_dict": state()}, tmp_path / "a.pt")
    said = convert(tmp_path, "a.pt", "b.safetensors", "--key", "state_dict")
    assert said.startswith("a.pt -> b.safetensors: 2 of float32, 2 of int64, 1 of float16,")
    assert "tied is a: written once" in said and "part overlaps another tensor: copied" in said
    assert plain(io.load_file(tmp_path / "b.safetensors")) == plain({k: v for k, v in state().items() if k != "tied"})
    convert(tmp_path, "b.safetensors", "c.pth")
    loaded = tl.load(tmp_path / "c.pth")
    assert plain(loaded) == plain(state())
    loaded["a"][0, 0] = 9
    assert loaded["tied"][0, 0].item() == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pt", "b.safetensors", "c.pth"]


def test_every_source(tmp_path: Path) -> None:
    tensors = {"a": tl.ones(2), "b": tl.zeros(3)}
    tl.save(tensors, tmp_path / "old.ckpt", **OLD)
    io.save_sharded(tensors, tmp_path, max_shard_size=8)
    io.save_file(tensors, tmp_path / "a.safetensors", metadata={"note": "kept"})
    for i, source in enumerate(("old.ckpt", "model.safetensors.index.json", ".", "a.safetensors")):
        convert(tmp_path, source, f"{i}.safetensors")
        assert plain(io.load_file(tmp_path / f"{i}.safetensors")) == plain(tensors)
    assert io.safetensors.load_metadata(tmp_path / "3.safetensors")["note"] == "kept"
    convert(tmp_path, "old.ckpt", "new.pt")
    assert (tmp_path / "new.pt").read_bytes()[:2] == b"PK" and plain(tl.load(tmp_path / "new.pt")) == plain(tensors)


def test_nested_entries(tmp_path: Path) -> None:
    tl.save({"run": {"model.ema": {"w": tl.ones(1)}, "note": "x"}}, tmp_path / "a.pt")
    convert(tmp_path, "a.pt", "a.safetensors", "--key", "run.model.ema")
    assert plain(io.load_file(tmp_path / "a.safetensors")) == [("w", "torch.float32", [1])]
    convert(tmp_path, "a.pt", "b.pt", "--key", "run")
    assert tl.load(tmp_path / "b.pt")["note"] == "x"


def test_a_file_of_pytorch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"model": torch.nn.Linear(2, 1).state_dict()}, tmp_path / "a.pt")
    convert(tmp_path, "a.pt", "a.safetensors", "--key", "model")
    convert(tmp_path, "a.safetensors", "b.pt")
    model = torch.nn.Linear(2, 1)
    model.load_state_dict(torch.load(tmp_path / "b.pt", weights_only=True))
    assert plain(model.state_dict()) == plain(tl.load(tmp_path / "a.pt")["model"])


def test_an_existing_target_is_kept(tmp_path: Path) -> None:
    tl.save({"a": tl.ones(1)}, tmp_path / "a.pt")
    (tmp_path / "b.safetensors").write_text("mine")
    assert "--force replaces it" in convert(tmp_path, "a.pt", "b.safetensors", code=1)
    assert (tmp_path / "b.safetensors").read_text() == "mine"
    convert(tmp_path, "a.pt", "b.safetensors", "--force")
    assert list(io.load_file(tmp_path / "b.safetensors")) == ["a"]
    convert(tmp_path, "a.pt", "a.pt", "--force")
    assert list(tl.load(tmp_path / "a.pt")) == ["a"]


@pytest.mark.parametrize(
    ("value", "arguments", "code", "match"),
    [
        ({"epoch": 1, "model": {"w": tl.ones(1)}}, ("a.pt", "b.safetensors"), 1, "--key: model"),
        ([tl.ones(1)], ("a.pt", "b.safetensors"), 1, "it holds a list"),
        ({"w": 1}, ("a.pt", "b.safetensors"), 1, "something else: w"),
        ({"w": tl.ones(1)}, ("a.pt", "b.safetensors", "--key", "x.y"), 1, "no entry 'x.y'; there is w"),
        ({"w": tl.ones(1, dtype=tl.complex128)}, ("a.pt", "b.safetensors"), 1, "complex128"),
        (1, ("a.pt", "b.txt"), 1, "ends in none of"),
        (1, ("none.pt", "b.pt"), 1, "No such file"),
        (1, ("a.pt", "no/b.pt"), 1, "does not exist"),
        (1, ("a.pt",), 2, "usage"),
    ],
)
def test_what_cannot_be_done_is_explained(value: Any, arguments: tuple[str, ...], code: int, match: str, tmp_path: Path) -> None:
    tl.save(value, tmp_path / "a.pt")
    assert match in convert(tmp_path, *arguments, code=code)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_damaged_and_hostile_sources(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"nonsense")
    (tmp_path / "a.pt").write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    assert "damaged" in convert(tmp_path, "a.safetensors", "b.pt", code=1)
    assert "os.system" in convert(tmp_path, "a.pt", "b.pt", code=1)


def test_progress_of_many_tensors(tmp_path: Path) -> None:
    tl.save({f"t{i}": tl.ones(1) for i in range(250)}, tmp_path / "a.pt")
    assert "100 of 250 tensors" in convert(tmp_path, "a.pt", "b.safetensors", without="tqdm")
    assert len(io.load_file(tmp_path / "b.safetensors")) == 250
