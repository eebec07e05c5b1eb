"""The programs in README.md and CONTRIBUTING.md are complete, work, and print what their comments say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# file, the only Python program after this line, what it prints
PROGRAMS = [
    ("README.md", "# tensorlite", ["loss 0.0092", "tensor(0.5403, grad_fn=<MulBackward0>) tensor(-0.8415)"]),
    ("CONTRIBUTING.md", "## An op", ["grad_fn=<BumpBackward0>", "def backward("]),
    ("CONTRIBUTING.md", "## A module", ["Scale(features=3)"]),
    ("CONTRIBUTING.md", "## A backend", ["two devices"]),
]


@pytest.mark.parametrize(("file", "heading", "printed"), PROGRAMS, ids=[heading for _, heading, _ in PROGRAMS])
def test_program(file: str, heading: str, printed: list[str], tmp_path: Path) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    section = text.split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    (program,) = re.findall(r"^```python\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    # A process of its own: what an example defines or registers must not stay behind.
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for line in printed:
        assert line in result.stdout
