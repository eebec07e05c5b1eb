"""`docs/array_api.md`: its programs print what it says, and its numbers are those of the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from array_api_rows import ROWS

PAGE = (Path(__file__).parents[2] / "docs" / "array_api.md").read_text()


def test_programs_print_what_the_page_says() -> None:
    pytest.importorskip("sklearn", "1.9")
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    expected = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(expected) == 3 and done.stdout.splitlines() == expected


def test_numbers_of_the_page() -> None:
    functions = len({row.name for row in ROWS})
    assert f"All {functions + 1} functions" in PAGE and f"{functions} are in this\ntable" in PAGE
    assert f"in {sum(len(row.dtypes) for row in ROWS)}\ncalls" in PAGE
