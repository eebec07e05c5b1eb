"""Thousands of damaged and hostile files: each loads, or is refused with an error that says why; nothing runs, hangs or swells.

The default is a few thousand files. For more, and the counts of what became of them:

    TENSORLITE_FUZZ=100000 python -m pytest -s tests/io/test_fuzz_files.py

A file is drawn from its kind and number alone, so that a failure names what to look at: ``mutant("zip", 17)``.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import mutations
import pytest

import tensorlite as tl

TOTAL = int(os.environ.get("TENSORLITE_FUZZ", "3000"))
COUNTED = 8  # memory is counted for one file in so many: it makes loading many times slower
SECONDS = 5.0  # of CPU time, for one file
KINDS = {
    "zip": mutations.Zip, "mapped": mutations.Zip, "old": mutations.Old, "safetensors": mutations.Safetensors,
    "index": mutations.Index,
}  # fmt: skip
SHARE = {"zip": 0.45, "mapped": 0.1, "old": 0.25, "safetensors": 0.12, "index": 0.08}
_seeds: dict[str, Any] = {}


def mutant(kind: str, number: int) -> bytes:
    """The file of that kind and number."""
    if kind not in _seeds:
        _seeds[kind] = KINDS[kind]()
    return _seeds[kind].mutant(Random(f"{kind} {number}"))


# What a file must not do --------------------------------------------------------------------------------------------

ALLOWED_IMPORTS = ("tensorlite", "numpy", "cupy", "ml_dtypes", "encodings", "safetensors", "_codecs", "unicodedata", "stringprep")
REPORTED = (
    "compile", "exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pickle.find_class", "code.__new__",
    "marshal.", "tempfile.", "glob.", "pathlib.", "urllib.", "winreg.", "webbrowser.",
)  # fmt: skip
_watching: list[str] | None = None
_folder = ""


def _is_own_doing() -> bool:
    """Whether an import of ours, or an op that is compiled when it is first used, is under way."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") or Path(name).parts[-2:] in (("autograd", "op.py"), ("autograd", "writer.py")):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching is None or not event.startswith(REPORTED):
        return
    if event == "import" and str(arguments[0]).partition(".")[0] in ALLOWED_IMPORTS:
        return
    if event in ("open", "os.listdir") and _folder and str(arguments[0]).startswith(_folder):
        return
    if event != "import" and _is_own_doing():
        return
    _watching.append(f"{event} {arguments!r:.100}")


@contextlib.contextmanager
def watched(size: int, counting: bool = True) -> Iterator[None]:
    """Fail if the block runs something, takes too long, or (``counting``) needs more memory than a file of that size justifies."""
    global _watching

    def too_slow(*_: Any) -> None:
        raise AssertionError(f"not done after {SECONDS} s")

    before = signal.signal(signal.SIGPROF, too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    if counting:
        tracemalloc.start()
    events: list[str] = []
    _watching = events
    try:
        yield
    finally:
        _watching = None
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert not events, events
    assert used < 100 * size + (4 << 20), f"{used} bytes for a file of {size}"


@pytest.fixture(scope="module")
def guarded() -> Iterator[None]:
    """The process cannot have a lot more memory than it has: what asks for a terabyte fails at once."""
    resource = pytest.importorskip("resource")
    if not hasattr(signal, "setitimer") or not sys.platform.startswith("linux"):
        pytest.skip("the limits of this test are those of Linux")
    sys.addaudithook(_audit)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 30), limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


# Loading ------------------------------------------------------------------------------------------------------------


def _loader(kind: str, folder: Path) -> tuple[Callable[[bytes], Any], tuple[type[Exception], ...]]:
    """How files of a kind are loaded, and which errors say that they cannot be."""
    checkpoint = (RuntimeError, pickle.UnpicklingError)
    if kind == "zip":
        return lambda data: tl.load(io.BytesIO(data)), checkpoint
    if kind in ("mapped", "old"):

        def load_path(data: bytes) -> Any:
            (folder / "a.pt").write_bytes(data)
            return tl.load(folder / "a.pt", mmap=kind == "mapped")

        return load_path, checkpoint
    library = pytest.importorskip("safetensors")
    if kind == "safetensors":

        def load_both_ways(data: bytes) -> Any:
            (folder / "a.safetensors").write_bytes(data)
            return [tl.io.load_file(folder / "a.safetensors"), tl.io.safetensors.load(data)]

        return load_both_ways, (library.SafetensorError, ValueError)
    for name, tensors in mutations.Index.shards.items():
        values = {key: tl.ones(n) for key, n in tensors.items()}
        (tl.io.save_file if name.endswith(".safetensors") else tl.save)(values, folder / name)

    def load_index(data: bytes) -> Any:
        (folder / "model.safetensors.index.json").write_bytes(data)
        return tl.io.load_sharded(folder)

    return load_index, (*checkpoint, FileNotFoundError, library.SafetensorError)


def _read_all(value: Any) -> None:
    """Look at every number, and at whether it lies inside the tensor's memory."""
    seen, waiting = set(), [value]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, tl.Tensor):
            _check_place(value)
            if value.numel() < 10_000:
                value.tolist()
        elif isinstance(value, (list, tuple, dict)):
            waiting.extend((*value, *value.values()) if isinstance(value, dict) else value)


def _check_place(tensor: tl.Tensor) -> None:
    last = tensor.storage_offset() + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    if tensor.numel():
        assert (last + 1) * tensor.element_size() <= tensor.untyped_storage().nbytes(), "a tensor outside its memory"
        assert min(tensor.storage_offset(), *tensor.stride(), 0) >= 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("guarded")
def test_damaged_files_load_or_say_why_not(kind: str, tmp_path: Path) -> None:
    global _folder
    load, errors = _loader(kind, tmp_path)
    _folder = str(tmp_path)
    outcomes: Counter[str] = Counter()
    for i in range(int(TOTAL * SHARE[kind])):
        data = mutant(kind, i)
        outcome = "loaded"
        try:
            with watched(len(data), counting=i % COUNTED == 0), warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    _read_all(load(data))
                except errors as error:
                    assert type(error) in errors, f"{type(error).__name__} is no error that a user can do something with"
                    assert len(str(error)) > 10, "an error without a message"
                    outcome = type(error).__name__
        except Exception as error:
            raise AssertionError(f"mutant({kind!r}, {i}): {type(error).__name__}: {error}") from error
        outcomes[outcome] += 1
    print(f"\n{kind}: {sum(outcomes.values())} files,", ", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
    refused = sum(outcomes.values()) - outcomes["loaded"]
    assert refused > 0.3 * sum(outcomes.values())  # a mutation that changes nothing tests nothing


def test_the_guard_notices(guarded: None, tmp_path: Path) -> None:
    for attack, what in (
        (lambda: os.system("true"), "os.system"),
        (lambda: eval("1"), "exec|compile"),
        (lambda: open(tmp_path / "x", "w").close(), "open"),
        (lambda: __import__("this_module_does_not_exist"), "import"),
        (lambda: bytearray(50 << 20), "bytes for a file"),
    ):
        with pytest.raises(AssertionError, match=what), watched(100), contextlib.suppress(ImportError):
            kept = attack()
            assert kept is not NotImplemented
