"""Checkpoints in several files, and the index (``model.safetensors.index.json``) that says which tensor is in which."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..devices import device as Device
from ..tensor import Tensor
from .checkpoint import load
from .files import replacing
from .safetensors import check_names, check_tensors, covered_names, load_file, save_file

__all__ = ["load_sharded", "load_sharded_checkpoint", "save_sharded"]

SAFE_INDEX, OLD_INDEX = "model.safetensors.index.json", "pytorch_model.bin.index.json"


def load_sharded(path: str | os.PathLike[str], device: str | Device = "cpu") -> dict[str, Tensor]:
    """Read all tensors of an index, or of the index in a folder.

    In a folder, ``model.safetensors.index.json`` is looked for before ``pytorch_model.bin.index.json``.

    Raises:
        FileNotFoundError: there is no index, or a shard is missing; all missing ones are named.
        RuntimeError: the index is damaged, or index and shards do not say the same.

    >>> import tensorlite as tl, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_sharded({"a": tl.ones(2), "b": tl.zeros(1)}, folder, max_shard_size=8)
    ...     load_sharded(folder)
    {'a': tensor([1., 1.]), 'b': tensor([0.])}
    """
    return {name: tensor for shard in iterate_shards(path, device) for name, tensor in shard.items()}


def iterate_shards(path: str | os.PathLike[str], device: str | Device = "cpu") -> Iterator[dict[str, Tensor]]:
    """The tensors of one shard after the other.

    Raises:
        FileNotFoundError, RuntimeError: as `load_sharded`.
    """
    index = _find_index(Path(path), (SAFE_INDEX, OLD_INDEX))
    shard_of = _read_index(index)
    shards = sorted(set(shard_of.values()))
    missing = [shard for shard in shards if not (index.parent / shard).is_file()]
    if missing:
        raise FileNotFoundError(f"{index} names shards that are not there: {', '.join(missing)}")
    found: dict[str, str] = {}
    for shard in shards:
        tensors = _load_shard(index.parent / shard, device)
        for name in tensors:
            if name in found:
                raise RuntimeError(f"{index}: the tensor {name!r} is in two shards, {found[name]} and {shard}")
            if shard_of.get(name) != shard:
                raise RuntimeError(f"{index}: {shard} holds the tensor {name!r}, which the index does not say")
            found[name] = shard
        absent = sorted(name for name, place in shard_of.items() if place == shard and name not in tensors)
        if absent:
            raise RuntimeError(f"{index}: {shard} should hold {', '.join(absent)}, but does not")
        yield tensors


def _find_index(path: Path, names: tuple[str, ...]) -> Path:
    if not path.is_dir():
        return path
    for name in names:
        if (path / name).is_file():
            return path / name
    raise FileNotFoundError(f"{path} holds no {' and no '.join(names)}")


def _read_index(path: Path) -> dict[str, str]:
    """Which tensor is in which file.

    Raises:
        RuntimeError: it is no index, or names files outside its folder.
    """
    try:
        index = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8
        raise RuntimeError(f"{path} is no index of a sharded checkpoint, or is damaged ({error})") from error
    shard_of = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shard_of, dict) or not all(isinstance(shard, str) for shard in shard_of.values()):
        raise RuntimeError(f"{path} is no index of a sharded checkpoint: it has no weight_map of names and files")
    for shard in set(shard_of.values()):
        if not shard or shard in (".", "..") or any(character in shard for character in "/\\\0:"):
            raise RuntimeError(f"{path} names the shard {shard!r:.80}, which is not a file in its own folder")
    return shard_of


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r:.80} is named twice")
    return dict(pairs)


def _load_shard(path: Path, device: str | Device) -> dict[str, Tensor]:
    tensors = load_file(path, device=device) if path.suffix == ".safetensors" else load(path, map_location=device)
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise RuntimeError(f"{path} is no shard: it does not hold a dict of tensors")
    return tensors


def load_sharded_checkpoint(model: Any, folder: str | os.PathLike[str], strict: bool = True, prefer_safe: bool = True) -> Any:
    """Read a sharded checkpoint into a module, one shard at a time; returns what ``load_state_dict`` does.

    Raises:
        FileNotFoundError: there is no index in the folder, or a shard is missing.
        RuntimeError: the index is damaged, or (``strict=True``) a name is missing or unexpected. Then nothing was loaded.

    >>> import tensorlite as tl, tempfile
    >>> model = tl.nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_sharded(model.state_dict(), folder, max_shard_size=8)
    ...     load_sharded_checkpoint(model, folder)
    <All keys matched successfully>
    """
    names = (SAFE_INDEX, OLD_INDEX) if prefer_safe else (OLD_INDEX, SAFE_INDEX)
    index = _find_index(Path(folder), names)
    saved, state = _read_index(index), model.state_dict()
    covered = covered_names(state, preferred=saved)
    missing = sorted(state.keys() - saved.keys() - covered.keys())
    unexpected = sorted(saved.keys() - (state.keys() - covered.keys()))
    if strict:
        check_names(model, missing, unexpected)
    result = model.load_state_dict({}, strict=False)
    for tensors in iterate_shards(index):
        model.load_state_dict(tensors, strict=False)
    return type(result)(missing, unexpected)


def save_sharded(
    tensors: dict[str, Tensor],
    folder: str | os.PathLike[str],
    max_shard_size: int = 5 * 10**9,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Write tensors into ``model-00001-of-00002.safetensors`` and so on, with at most ``max_shard_size`` bytes of numbers in each.

    A tensor that is larger than that has a shard of its own. The index is written last.

    Raises:
        ValueError, RuntimeError, ImportError: as `tensorlite.io.safetensors.save_file`.

    >>> import os, tempfile, tensorlite as tl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_sharded({"a": tl.ones(2), "b": tl.zeros(1)}, folder, max_shard_size=8)
    ...     sorted(os.listdir(folder))  # doctest: +NORMALIZE_WHITESPACE
    ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json']
    """
    check_tensors(tensors)  # all together: two shards would not notice that they share memory
    shards = _shares(tensors, max_shard_size)
    names = [f"model-{i:05}-of-{len(shards):05}.safetensors" for i in range(1, len(shards) + 1)]
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {
        "metadata": {"total_size": total, **(metadata or {})},
        "weight_map": {key: name for name, shard in zip(names, shards, strict=True) for key in shard},
    }
    with contextlib.ExitStack() as stack:
        # What is entered first takes its place last: no old index ever points at new shards that are not complete.
        text = stack.enter_context(replacing(Path(folder) / SAFE_INDEX))
        Path(text).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        for name, shard in zip(names, shards, strict=True):
            save_file(shard, stack.enter_context(replacing(Path(folder) / name)), metadata={"format": "pt"})


def _shares(tensors: dict[str, Tensor], max_size: int) -> list[dict[str, Tensor]]:
    """The tensors in their order, cut into shares of at most that many bytes."""
    shares: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        nbytes = tensor.numel() * tensor.element_size()
        if shares[-1] and size + nbytes > max_size:
            shares.append({})
            size = 0
        shares[-1][name] = tensor
        size += nbytes
    return shares
