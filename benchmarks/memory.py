"""How much memory a training step needs: the peak of a fresh process, above what it had after its imports.

Linux tells the peak and lets it be reset (``man proc``: VmHWM, clear_refs). Elsewhere on Unix the peak since the start of the
process is known; there a step that needs less than the imports did shows as zero.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["STEPS", "measure", "measure_all"]

STEPS = 5

Row = dict[str, Any]


def _status(name: str) -> int:
    """Bytes in a line of Linux's /proc/self/status."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no line {name}")


def watch() -> tuple[int, Callable[[], int]]:
    """Bytes that the process has now, and a function for the most that it has had since."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        _status("VmHWM")
        return _status("VmRSS"), lambda: _status("VmHWM")
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return _peak(resource, unit), lambda: _peak(resource, unit)


def _peak(resource: Any, unit: int) -> int:
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def measure(build: Callable[[], Callable[[], Any]], wait: Callable[[Any], None]) -> Row:
    """Build the step and do it a few times, in the process that is measured."""
    before, peak = watch()
    step = build()
    for _ in range(STEPS):
        wait(step())
    return {"imported": before, "above": max(0, peak() - before)}


def measure_all(cases: list[Any], contenders: list[Any], threads: int, progress: Callable[[str], None]) -> list[Row]:
    """For each case, and each contender that takes it, the bytes of a process of its own.

    Each process is started twice and the second one counts, so that compiled code comes from the disk if a library keeps it there.
    """
    rows = []
    for case in cases:
        row: Row = {"case": case.name}
        for contender in contenders:
            if contender.takes(case):
                progress(f"memory: {case.name}, {contender.name}")
                for _ in range(2):
                    row[contender.name] = _in_a_process(contender, case.name, threads)
        rows.append(row)
    return rows


def _in_a_process(contender: Any, case: str, threads: int) -> Row:
    from contenders import start

    said, _ = start(contender.kind, "cpu", threads, memory_of=case).communicate()
    if not said:
        raise SystemExit(f"{contender.name} has stopped in {case}; what it said is above")
    answer: Row = json.loads(said)
    return answer
