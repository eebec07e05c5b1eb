"""Write docs/conformance.md: what of PyTorch's own tables holds here.

    python tests/conformance/report.py              # every table
    python tests/conformance/report.py modules      # these tables; the others stay as they are
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["PATH", "TABLES", "parsed", "written"]

TABLES: tuple[str, ...] = ("modules", "optimizers", "schedulers", "operators")
"""Files of this folder, each with ``TITLE``, ``COLUMNS`` and ``rows()``."""

PATH = Path(__file__).parents[2] / "docs" / "conformance.md"

HOLDS, NOTHING = "yes", "-"

INTRO = """\
# Conformance

PyTorch tests itself from tables: each entry is a module, an optimizer or an operator, with arguments to make and to call it,
and with calls that are errors. Here every entry runs in both libraries, and what differs is written down. A cell says
`yes` where everything that the table asks for is the same (numbers within rounding, error classes, printed forms),
`-` where the table asks for nothing, or else what is not the same. Of an entry with very many samples, a regular part is run.

The tests in `tests/conformance/` hold this. This page was written by `python tests/conformance/report.py`,
with {versions}.
"""


def _versions() -> str:
    return f"PyTorch {version('torch').partition('+')[0]} and NumPy {version('numpy').rpartition('.')[0]}"


def _cell(reason: str | None) -> str:
    if reason is None:
        return NOTHING
    return " ".join(reason.replace("|", "/").split()) or HOLDS


def _rows(table: ModuleType) -> Iterator[tuple[str, dict[str, str]]]:
    total = len(table.NAMES)
    start = time.monotonic()
    for number, (name, found) in enumerate(table.rows(), 1):
        sys.stderr.write(f"\r{table.TITLE}: {number} of {total}, {time.monotonic() - start:.0f} s, {name[:40]:40}")
        sys.stderr.flush()
        yield name, found
    sys.stderr.write("\n")


def written(table: ModuleType) -> str:
    """The section of one table."""
    columns: tuple[str, ...] = table.COLUMNS
    rows = list(_rows(table))
    whole = sum(not any(found.values()) for _, found in rows)
    cells = [["entry", *columns], ["-"] * (len(columns) + 1)]
    cells += [[name, *(_cell(found.get(column)) for column in columns)] for name, found in rows]
    lines = "\n".join("| " + " | ".join(row) + " |" for row in cells)
    return f"## {table.TITLE}\n\n{whole} of {len(rows)} entries hold in every column.\n\n{lines}\n"


def parsed(text: str) -> dict[str, tuple[tuple[str, ...], dict[str, dict[str, str]]]]:
    """The tables of a report: by title the columns, and by entry what is missed in which column."""
    out: dict[str, Any] = {}
    for section in text.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in body.splitlines() if line.startswith("| ")]
        columns = tuple(rows[0][1:])
        missed = {}
        for name, *cells in rows[2:]:
            missed[name] = {c: cell for c, cell in zip(columns, cells, strict=True) if cell not in (HOLDS, NOTHING)}
        out[title] = columns, missed
    return out


def _kept() -> dict[str, str]:
    """The sections of the report as it is, by title."""
    if not PATH.exists():
        return {}
    sections = PATH.read_text().split("\n## ")[1:]
    return {section.partition("\n")[0]: "## " + section.rstrip("\n") + "\n" for section in sections}


def _summary(sections: dict[str, str]) -> str:
    lines = ["| table | entries that hold |", "| - | - |"]
    for title, section in sections.items():
        lines.append(f"| {title} | {section.splitlines()[2].removesuffix(' entries hold in every column.')} |")
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    """Renew the tables of these names, or all of them."""
    unknown = set(names) - set(TABLES)
    if unknown:
        raise SystemExit(f"there is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    kept, sections = _kept(), {}
    for name in TABLES:
        table = import_module(name)
        if names and name not in names:
            if table.TITLE in kept:
                sections[table.TITLE] = kept[table.TITLE]
        else:
            sections[table.TITLE] = written(table)
    text = "\n".join([INTRO.format(versions=_versions()), _summary(sections), *sections.values()])
    # A report that stops half way must not leave half a file.
    temporary = PATH.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(PATH)


if __name__ == "__main__":
    main(sys.argv[1:])
