"""The Python of every page in docs/ runs, and prints what the comments beside ``print(...)`` say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GENERATED = {"conformance.md"}
NEEDS = {
    "array_api.md": ["scipy", "sklearn"], "checkpoints.md": ["safetensors"], "interop.md": ["einops", "onnx", "tensorboardX"],
    "lessons/activations.md": ["matplotlib"],
}  # fmt: skip
"""Optional packages that a page uses."""

PAGES = sorted(
    path.relative_to(DOCS).as_posix()
    for path in [*DOCS.glob("*.md"), *DOCS.glob("lessons/*.md")]
    if path.name not in GENERATED and "```python\n" in path.read_text(encoding="utf-8")
)


def program_of(text: str) -> str:
    """The ``python`` blocks of a page, on the lines that they have there: a traceback then names the place in the page."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line.strip() == "```python"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


def said(program: str) -> list[str]:
    """What a program says that it prints: ``print(x)  # 3``."""
    return re.findall(r"^ *print\(.*\)  # (.+)$", program, flags=re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, tmp_path: Path) -> None:
    for package in NEEDS.get(name, []):
        pytest.importorskip(package)
    text = (DOCS / name).read_text(encoding="utf-8")
    program = program_of(text)
    page = tmp_path / f"{Path(name).name}.py"
    page.write_text(program, encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    command = [sys.executable, "-W", "error", str(page)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    printed = iter(done.stdout.splitlines())
    for line in said(program):  # in this order; there may be other lines between, and `...` stands for anything
        assert any(fnmatchcase(got, _pattern(line)) for got in printed), f"not printed: {line}\n{done.stdout}"
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):  # a page's pictures are drawn by its program
        assert (folder / picture).stat().st_size and (DOCS / name).with_name(picture).exists(), picture


def _pattern(line: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", line).replace("...", "*")


def test_a_page_with_a_mistake_is_noticed() -> None:
    text = "words\n```python\nx = 1 / 0\n```\n```bash\nrm\n```\n```python\nprint([x])  # [3]\n```\n"
    program = program_of(text)
    assert program.splitlines()[2] == "x = 1 / 0" and "rm" not in program
    assert said(program) == ["[3]"] and fnmatchcase("[3]", _pattern("[3]")) and not fnmatchcase("3", _pattern("[3]"))
    assert fnmatchcase("tensor(1)", _pattern("tensor(...)"))
