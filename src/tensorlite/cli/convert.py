"""``python -m tensorlite convert``: a checkpoint in another format, by the ends of the names."""

from __future__ import annotations

import argparse
import os
import pickle
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from .. import Tensor
from ..io import load, load_file, load_sharded, save, save_file
from ..io.safetensors import load_metadata, overlapping_names

__all__ = ["convert"]

PICKLED = (".pt", ".pth", ".bin", ".ckpt")
SAFE = ".safetensors"
MANY = 100  # tensors from which on progress is shown


def convert(arguments: list[str]) -> None:
    """Read one file and write the other, completely or not at all.

    Raises:
        SystemExit: 1 if it cannot be done, 2 if the arguments cannot be understood. Both are explained on the error output.
    """
    options = _parser().parse_args(arguments)
    try:
        print(_convert(Path(options.source), Path(options.target), options.key, options.force))
    except _failures() as error:
        print(f"cannot convert {options.source}: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tensorlite convert",
        description="Write a checkpoint in another format. Nothing from the file is run, and numbers are not changed.",
        epilog=f"formats: {' '.join(PICKLED)} (PyTorch's), {SAFE}, and as a source also an index of shards (.json)",
    )
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--key", help='the entry of the source to take, such as "state_dict"; with dots, an entry of an entry')
    parser.add_argument("--force", action="store_true", help="replace the target if it is there")
    return parser


def _failures() -> tuple[type[Exception], ...]:
    library = sys.modules.get("safetensors")
    return (OSError, RuntimeError, ValueError, ImportError, pickle.PickleError, *([library.SafetensorError] if library else []))


def _convert(source: Path, target: Path, key: str | None, force: bool) -> str:
    """Do it, and say what was done."""
    if target.suffix not in (*PICKLED, SAFE):
        raise ValueError(f"the target {target} ends in none of {' '.join((*PICKLED, SAFE))}")
    if os.path.lexists(target) and not force:
        raise FileExistsError(f"{target} is there already; --force replaces it")
    value, metadata = _read(source)
    if key is not None:
        value = _entry(value, key)
    if target.suffix != SAFE:
        save(value, target)
        return _report(source, target, value, [])
    tensors, notes, metadata = _prepared(_state(value), metadata)
    save_file(tensors, target, metadata=metadata)
    return _report(source, target, tensors, notes)


def _read(source: Path) -> tuple[Any, dict[str, str]]:
    """What is in the source, and the texts beside it."""
    if source.suffix == SAFE:
        tensors, metadata = load_file(source), load_metadata(source)
        for name in sorted(metadata.keys() - tensors.keys()):  # a name that was left out, for a tensor that had two
            if metadata[name] in tensors:
                tensors[name] = tensors[metadata.pop(name)]
        return tensors, metadata
    if source.suffix == ".json" or source.is_dir():
        return load_sharded(source), {}
    if source.suffix in PICKLED:
        return load(source, map_location="cpu"), {}
    raise ValueError(f"it ends in none of {' '.join((*PICKLED, SAFE, '.json'))}")


def _entry(value: Any, key: str) -> Any:
    """The entry of that name; names may have dots in them."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        for at in (i for i, character in enumerate(key) if character == "."):
            if key[:at] in value:
                return _entry(value[key[:at]], key[at + 1 :])
    there = ", ".join(map(str, list(value)[:10])) if isinstance(value, dict) else f"a {type(value).__name__}"
    raise ValueError(f"it has no entry {key!r}; there is {there}")


def _state(value: Any) -> dict[str, Tensor]:
    """The value, if it is named tensors and nothing else.

    Raises:
        ValueError: it is not. The message says which entry would be.
    """
    if not isinstance(value, dict):
        raise ValueError(f"it holds a {type(value).__name__}, and {SAFE} holds named tensors only")
    others = [name for name, item in value.items() if not isinstance(name, str) or not isinstance(item, Tensor)]
    if not others:
        return value
    states = [str(name) for name in others if isinstance(value[name], dict) and _is_state(value[name])]
    advice = f"choose one with --key: {', '.join(states)}" if states else "it has to be taken apart in a program"
    raise ValueError(f"{SAFE} holds named tensors only, and these are something else: {', '.join(map(str, others[:10]))}; {advice}")


def _is_state(value: dict[Any, Any]) -> bool:
    return bool(value) and all(isinstance(item, Tensor) for item in value.values())


def _prepared(tensors: dict[str, Tensor], metadata: dict[str, str]) -> tuple[dict[str, Tensor], list[str], dict[str, str]]:
    """Tensors as the format wants them: contiguous, and none in the memory of another."""
    out, notes, metadata = dict(tensors), [], {"format": "pt", **metadata}
    for group in overlapping_names(tensors):
        first: dict[Any, str] = {}
        for name in group:
            tensor = tensors[name]
            kept = first.setdefault((tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype), name)
            if kept != name:
                del out[name]
                metadata[name] = kept
                notes.append(f"{name} is {kept}: written once")
        for name in list(first.values())[1:]:
            out[name] = tensors[name].clone()
            notes.append(f"{name} overlaps another tensor: copied")
    for name in _progress(list(out)):
        out[name] = out[name].contiguous()
    return out, notes, metadata


def _progress(names: list[str]) -> Iterable[str]:
    """The names; how far one is shows on the error output if there are many."""
    if len(names) < MANY:
        return names
    try:
        tqdm = import_module("tqdm")
    except ImportError:
        return _plain_progress(names)
    return tqdm.tqdm(names, unit="tensor", leave=False)


def _plain_progress(names: list[str]) -> Iterator[str]:
    for i, name in enumerate(names):
        if i % MANY == 0:
            print(f"{i} of {len(names)} tensors", file=sys.stderr)
        yield name


def _report(source: Path, target: Path, value: Any, notes: list[str]) -> str:
    tensors = [item for item in value.values() if isinstance(item, Tensor)] if isinstance(value, dict) else []
    kinds = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)
    what = ", ".join(f"{count} of {kind}" for kind, count in kinds.most_common()) if kinds else type(value).__name__
    lines = [f"{source} -> {target}: {what}, {os.path.getsize(target):,} bytes", *notes]
    return "\n".join(lines)
