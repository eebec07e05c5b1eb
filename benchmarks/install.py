"""What a library costs before it computes anything: the time of its import and the room it takes when installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from statistics import median

__all__ = ["import_times", "installed_sizes"]


FIRST = {
    "jax": "import jax; jax.numpy.ones(2).block_until_ready()",
    "tinygrad": "from tinygrad import Tensor; (Tensor([1.0, 1.0]) + 0).realize()",
}
"""A program that makes an array: where `import` puts work off, some of it is done then. For the others, `module.ones(2)`."""

Times = dict[str, tuple[float, float]]


def import_times(modules: list[str], rounds: int, progress: Callable[[str], None]) -> tuple[float, Times]:
    """Seconds of a bare interpreter, from start to end, and what `import module` adds to them, alone and with a first array.

    All are medians of fresh processes that take turns. Each program runs once before, so that its bytecode is on the disk and its
    files are in memory.
    """
    programs = ["pass"]
    for module in modules:
        programs += [f"import {module}", FIRST.get(module, f"import {module}; {module}.ones(2)")]
    times: dict[str, list[float]] = {program: [] for program in programs}
    for n in range(rounds + 1):
        for program in programs:
            progress(f"round {n} of {rounds}: {program}")
            seconds = _run(program)
            if n:
                times[program].append(seconds)
    bare = times["pass"]
    added = [median(t - b for t, b in zip(times[program], bare, strict=True)) for program in programs[1:]]
    return median(bare), dict(zip(modules, zip(added[::2], added[1::2], strict=True), strict=True))


def _run(program: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - begin


def installed_sizes(names: list[str]) -> dict[str, tuple[int, int, list[str]]]:
    """For each distribution the bytes of its own files, those with all it requires, and the names of what it requires.

    Extras are not counted, and neither is bytecode, which not every installer writes.
    """
    sizes = {}
    for name in names:
        needed = sorted(_closure(name) - {_normal(name)})
        sizes[name] = (_size(name), _size(name) + sum(_size(other) for other in needed), needed)
    return sizes


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _closure(name: str) -> set[str]:
    """A distribution and whatever it requires."""
    found: set[str] = set()
    waiting = [_normal(name)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _required(name)
    return found


def _required(name: str) -> list[str]:
    """The names of what a distribution requires here, without extras."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        raise SystemExit("--size reads requirements with the package packaging: pip install packaging") from None
    required = [Requirement(text) for text in _requirements(name)]
    return [_normal(r.name) for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]


def _requirements(name: str) -> Iterable[str]:
    there = _distribution(name)
    if there is not None:
        return there.requires or []
    if name != "tensorlite":
        raise SystemExit(f"{name} is required and not installed")
    project = Path(__file__).parent.parent / "pyproject.toml"  # a checkout that is on the path without being installed
    dependencies: list[str] = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    return dependencies


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _size(name: str) -> int:
    """Bytes of the files of a distribution; of an editable one, and of one that is only on the path, those of its package."""
    there = _distribution(name)
    if there is None or _editable(there):
        spec = find_spec(name.replace("-", "_"))
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"the files of {name} are not to be found")
        paths: Iterable[Path] = Path(spec.submodule_search_locations[0]).rglob("*")
    else:
        paths = (Path(str(file.locate())) for file in there.files or [])
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())


def _editable(there: Distribution) -> bool:
    """Whether only a link to the sources is installed (PEP 610)."""
    text = there.read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))
