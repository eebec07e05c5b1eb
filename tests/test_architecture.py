"""The floors of `docs/design/architecture.md`: imports point downward, and only the backends know an array library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tensorlite

ROOT = Path(tensorlite.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

FLOORS = {
    "dtypes": 1, "devices": 1, "backends": 2, "autograd": 3, "ops": 4, "tensor": 5,
    "nn": 6, "optim": 6, "utils": 6, "io": 6, "cpu": 6, "cuda": 6, "distributed": 6, "fft": 6, "linalg": 6, "special": 6,
    "signal": 6,
    "func": 6, "distributions": 7, "masked": 6, "array_api": 7,
    "profiler": 7, "seeing": 7, "compat": 7, "onnx": 7, "_interop": 7, "__init__": 8, "cli": 9, "__main__": 9,
}  # fmt: skip
"""The floor of each room. The package itself (``__init__``) only gathers names; programs stand above it."""

ALLOWED_UPWARD: dict[str, str] = {
    "tensor/conversion.py": "tensorlite.array_api",  # a tensor's method has to give the namespace, whatever asks for it
}
"""``"file": "imported module"``, with the reason beside it. Empty is best."""

MAX_LINES = 500


def room_of(path: Path) -> str:
    """The room that a file is in."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import in a file, also those inside functions and those for type checkers."""
    package = ["tensorlite", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "tensorlite":  # `from .. import ops` means the room, not the package
                for alias in node.names:
                    yield node.lineno, f"tensorlite.{alias.name}" if alias.name in FLOORS else "tensorlite"
            else:
                yield node.lineno, module


def target_floor(module: str) -> int | None:
    """The floor of an imported module; None for what is not ours."""
    parts = module.split(".")
    if parts[0] != "tensorlite":
        return None
    return FLOORS[parts[1]] if len(parts) > 1 else FLOORS["__init__"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downward(path: Path) -> None:
    """A file imports nothing from a floor above its own."""
    own = FLOORS[room_of(path)]
    name = str(path.relative_to(ROOT))
    wrong = []
    for line, module in imports(path):
        floor = target_floor(module)
        if floor is not None and floor > own and ALLOWED_UPWARD.get(name) != module:
            wrong.append(f"{name}:{line} (floor {own}) imports {module} (floor {floor})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_backends_know_an_array_library(path: Path) -> None:
    """Nothing outside `backends/` imports NumPy or CuPy, not even for type checkers."""
    if room_of(path) == "backends":
        return
    libraries = {"numpy", "cupy", "cupyx", "ml_dtypes", "numba"}
    found = [f"{path.name}:{line} imports {module}" for line, module in imports(path) if module.split(".")[0] in libraries]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_outgrows_its_reader(path: Path) -> None:
    """A file that needs more lines wants to be two."""
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{path.relative_to(ROOT)} has {lines} lines, more than {MAX_LINES}"


def test_every_room_has_a_floor() -> None:
    """A new room has to be put into the table."""
    rooms = {room_of(p) for p in FILES}
    assert rooms <= FLOORS.keys(), f"rooms without a floor: {rooms - FLOORS.keys()}"


def test_importing_tensorlite_imports_no_extra() -> None:
    """Optional packages are imported when they are first needed."""
    program = (
        "import sys, tensorlite\n"
        "extras = 'scipy numba cupy cupyx torch ml_dtypes safetensors multiprocessing sklearn matplotlib einops onnx "
        "tensorboardX'.split()\n"
        "print(' '.join(e for e in extras if e in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_cupy_backend_imports_without_cupy() -> None:
    """Every file of the CUDA backend can be read where CuPy is not installed; only its use needs CuPy."""
    stems = sorted(p.stem for p in (ROOT / "backends" / "cupy").glob("*.py"))
    modules = [f"tensorlite.backends.cupy.{stem}".removesuffix(".__init__") for stem in stems]
    program = "import sys; sys.modules['cupy'] = None\n" + "".join(f"import {m}\n" for m in modules)
    subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
