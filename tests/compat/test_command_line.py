"""``python -m tensorlite``, beside Python itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
import helper  # beside the script
if __name__ == '__main__':
    print(sys.argv, __name__, __file__, sys.path[0], __spec__, __doc__, helper.VALUE, sys.modules["__main__"].helper is helper)
    kind = sys.argv[1] if len(sys.argv) > 1 else ''
    if kind == 'exit':
        sys.exit(3)
    if kind == 'message':
        sys.exit('goodbye')
    if kind == 'pickle':
        import pickle
        class Mine: pass
        print(type(pickle.loads(pickle.dumps(Mine()))).__module__)
    if kind == 'fail':
        helper.fail()
    if kind == 'interrupt':
        raise KeyboardInterrupt
"""

HELPER = "VALUE = 7\n\ndef fail():\n    try:\n        {}['x']\n    except KeyError as e:\n        raise ValueError('no x') from e\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A script, a module beside it, a package, and a script that is no Python."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "script.py").write_text(SCRIPT)
    (tmp_path / "inner" / "helper.py").write_text(HELPER)
    (tmp_path / "wrong.py").write_text("x = = 1\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "__main__.py").write_text("import sys\nprint(__name__, __package__, sys.argv, sys.path[0])\n1 / 0\n")
    return tmp_path


def run(folder: Path, *arguments: str, ours: bool) -> tuple[int, str, str]:
    """Exit code and output of Python with and without ``-m tensorlite``."""
    command = [sys.executable, *(["-m", "tensorlite"] if ours else []), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("inner/script.py",),
        ("inner/script.py", "a", "-b", "--help"),
        ("inner/script.py", "exit"),
        ("inner/script.py", "message"),
        ("inner/script.py", "pickle"),
        ("inner/script.py", "fail"),
        ("inner/script.py", "interrupt"),
        ("wrong.py",),
        ("no_such.py",),
        ("package",),
        ("-m", "package", "x"),
        ("-m", "package.no_such"),
        ("-c", "import sys; print(sys.argv, repr(sys.path[0]), __name__); 1 / 0", "a"),
    ],
    ids=" ".join,
)
def test_as_python_itself(folder: Path, arguments: tuple[str, ...]) -> None:
    """Arguments, paths, exit codes, output and tracebacks are those of ``python script.py``."""
    ours, theirs = run(folder, *arguments, ours=True), run(folder, *arguments, ours=False)
    assert ours[:2] == theirs[:2]
    strip = lambda text: [line for line in text.splitlines() if "runpy" not in line]
    assert strip(ours[2]) == strip(theirs[2])


def test_torch_is_tensorlite(folder: Path) -> None:
    program = "import torch, tensorlite as tl; print(torch.__version__, torch.Tensor is tl.Tensor)"
    code, out, err = run(folder, "-c", program, ours=True)
    assert (code, out) == (0, "2.13.0+tensorlite True\n"), err


def test_other_commands(folder: Path) -> None:
    code, out, _ = run(folder, "info", ours=True)
    assert code == 0 and "NumPy" in out and "threads" in out and "cuda" in out
    assert run(folder, "--help", ours=True)[1].startswith("usage")
    assert run(folder, "--version", ours=True)[1].startswith("tensorlite ")
    for wrong in ((), ("--no-such",), ("-m",)):
        code, _, err = run(folder, *wrong, ours=True)
        assert code == 2 and "usage" in err
