"""Measure tensorlite against PyTorch, print the table and draw it.

    python benchmarks/compare.py --threads 2 --rounds 9
    python benchmarks/compare.py --cases MLP CNN --device cpu

Each library and device has a process of its own, with the same number of threads. They work in turns: in each round every one
of them does as many steps as fit into a short while, and the others rest. What is compared is the median over the rounds; the
spread is that of the ratio, from the lower to the upper quartile. Before anything is timed, all of them must have drawn
the same numbers from the same seed and have computed the same values (losses, for training steps). Columns of the GPU and of
PyTorch appear where they can be had.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cases import CASES, Case, digest

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
BLOCK = 0.05
"""Seconds that one contender works in one round."""
REST = 0.05
"""Seconds between two contenders: idle threads of the one before go on spinning for a while."""
STEPS = 10
"""Steps whose values are compared. Later, rounding alone tells runs of ResNet-20 apart: PyTorch's losses with one thread and
with two differ by 6e-3 after 18 steps, while in double precision ours are PyTorch's to 1e-15."""
TOLERANCE = {"cpu": 5e-3, "cuda": 5e-3}
"""Relative difference that is still agreement. Sums in another order grow apart from step to step; a GPU has more of them."""

Row = dict[str, Any]


# The process of one contender


def work(library: str, device: str, threads: int) -> None:
    """Answer requests, one line of JSON each, until there are no more."""
    m = import_module(library)
    if hasattr(m, "set_num_threads"):
        m.set_num_threads(threads)
    wait = m.cuda.synchronize if device == "cuda" else lambda: None
    say({"version": m.__version__, "cuda": device == "cuda" and cuda_name(m)})
    cases = {case.name: case for case in CASES}
    for line in sys.stdin:
        request = json.loads(line)
        case = cases[request["case"]]
        if request["do"] == "check":
            m.manual_seed(0)
            drawn = digest(m.rand(100))
            step = case.build(m, device)
            values = [digest(step()) for _ in range(STEPS if case.trains else 1)]
            say({"drawn": drawn, "values": values, "number": steps_per_round(step, wait)})
        else:
            say({"seconds": timed(step, wait, request["number"])})


def say(answer: Row) -> None:
    print(json.dumps(answer), flush=True)


def cuda_name(m: Any) -> str:
    return str(m.cuda.get_device_name(0)) if hasattr(m.cuda, "get_device_name") else "CUDA"


def timed(step: Any, wait: Any, number: int) -> float:
    """Seconds per step, after one that is not counted."""
    step()
    wait()
    start = time.perf_counter()
    for _ in range(number):
        step()
    wait()
    return (time.perf_counter() - start) / number


def steps_per_round(step: Any, wait: Any) -> int:
    timed(step, wait, 2)
    return max(1, math.ceil(BLOCK / timed(step, wait, 3)))


# The process that compares them


class Contender:
    """A library on a device, in a process of its own."""

    def __init__(self, library: str, device: str, threads: int) -> None:
        self.name, self.package, self.device = f"{library} {device}", library, device
        environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
        command = [sys.executable, __file__, "--worker", library, "--device", device, "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        about = self.answer()
        self.version, self.cuda = about["version"], about["cuda"]
        self.number = 1

    def ask(self, do: str, case: Case) -> Row:
        assert self.process.stdin is not None
        print(json.dumps({"do": do, "case": case.name, "number": self.number}), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Row:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} has stopped; what it said is above")
        answer: Row = json.loads(line)
        return answer

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def available(library: str, device: str) -> bool:
    """Whether the library is there and knows such a device; asked in another process, so that this one stays small."""
    if find_spec(library) is None:
        return False
    if device == "cpu":
        return True
    question = f"import {library} as m; raise SystemExit(not m.cuda.is_available())"
    return subprocess.run([sys.executable, "-c", question], stderr=subprocess.DEVNULL).returncode == 0


def check(case: Case, contenders: list[Contender]) -> float:
    """Let every contender prepare the case; the largest relative difference of what they computed.

    Raises:
        SystemExit: they did not draw the same numbers, or did not compute the same values.
    """
    answers = [contender.ask("check", case) for contender in contenders]
    worst = 0.0
    for contender, answer in zip(contenders, answers, strict=True):
        contender.number = answer["number"]
        if answer["drawn"] != answers[0]["drawn"]:
            raise SystemExit(f"{contender.name} does not draw the numbers of {contenders[0].name} from the same seed")
        for n, (a, b) in enumerate(zip(answer["values"], answers[0]["values"], strict=True)):
            difference = abs(a - b) / max(abs(b), 1e-30)
            if not difference <= TOLERANCE[contender.device]:
                raise SystemExit(f"{case.name}, step {n}: {contender.name} computed {a}, {contenders[0].name} {b}")
            worst = max(worst, difference)
    return worst


def measure(case: Case, contenders: list[Contender], rounds: int) -> Row:
    """The times of a case, in turns."""
    worst = check(case, contenders)
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for n in range(rounds):
        for contender in contenders[:: 1 if n % 2 else -1]:
            time.sleep(REST)
            times[contender.name].append(contender.ask("time", case)["seconds"])
    row: Row = {"case": case.name, "group": case.group, "difference": worst}
    row["seconds"] = {name: median(values) for name, values in times.items()}
    for device in ("cpu", "cuda"):
        ours, theirs = times.get(f"tensorlite {device}"), times.get(f"torch {device}")
        if ours and theirs:
            each = [a / b for a, b in zip(ours, theirs, strict=True)]
            low, _, high = quantiles(each, n=4) if rounds > 1 else each * 3
            row[f"ratio {device}"] = (median(ours) / median(theirs), low, high)
    return row


# What is printed and drawn


def show_time(seconds: float) -> str:
    unit, scale = ("us", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds * scale:.3g} {unit}" if seconds * scale < 999.5 else f"{seconds * scale:.0f} {unit}"


def table(rows: list[Row], contenders: list[Contender]) -> list[list[str]]:
    """The cells, the heading first."""
    head = ["case"]
    for device in ("cpu", "cuda"):
        here = [c for c in contenders if c.device == device]
        head += [c.name for c in here]
        head += [f"ratio {device}", "quartiles"] if len(here) == 2 else []
    lines = [head]
    for row in rows:
        line = [row["case"]]
        for device in ("cpu", "cuda"):
            line += [show_time(row["seconds"][c.name]) for c in contenders if c.device == device]
            if f"ratio {device}" in row:
                ratio, low, high = row[f"ratio {device}"]
                line += [f"{ratio:.2f}", f"{low:.2f} to {high:.2f}"]
        lines.append(line)
    return lines


def show(lines: list[list[str]]) -> str:
    """A table that is Markdown too."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = []
    for n, line in enumerate(lines):
        cells = [cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))]
        out.append("| " + " | ".join(cells) + " |")
        if n == 0:
            out.append("|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|")
    return "\n".join(out)


def draw(rows: list[Row], path: Path, subtitle: str) -> None:
    """One bar per case: how our time compares with PyTorch's, on a logarithmic scale; one panel per device."""
    import matplotlib

    matplotlib.use("Agg")  # a picture in a file needs no window
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    devices = [d for d in ("cpu", "cuda") if any(f"ratio {d}" in row for row in rows)]
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False})
    height = 1.6 + 0.3 * len(rows) + 0.35 * len({row["group"] for row in rows})
    figure, panels = plt.subplots(
        1, len(devices), figsize=(9 if len(devices) == 1 else 14, height), layout="constrained", squeeze=False, sharey=True
    )
    places, groups = positions(rows)
    for axes, device in zip(panels[0], devices, strict=True):
        ratios = [row[f"ratio {device}"] for row in rows]
        for y, (ratio, low, high) in zip(places, ratios, strict=True):
            colour = "#2563eb" if ratio <= 1 else "#ea8a2f"
            axes.barh(y, ratio - 1, left=1, height=0.68, color=colour, alpha=0.9)
            axes.plot([low, high], [y, y], color="#1f2937", lw=1.2, solid_capstyle="butt")
            end = min(ratio, low) / 1.06 if ratio <= 1 else max(ratio, high) * 1.06
            axes.text(end, y, f"{ratio:.2f}", va="center", ha="right" if ratio <= 1 else "left", fontsize=9, color="#374151")
        lowest, highest = min(r[1] for r in ratios), max(r[2] for r in ratios)
        axes.axvline(1, color="#1f2937", lw=1)
        ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if lowest / 2 < t < highest * 2]
        axes.set(xscale="log", xlim=(min(0.5, lowest / 1.6), max(2, highest * 1.6)), xticks=ticks)
        axes.set_yticks(places, [label(row) for row in rows])
        axes.set_xticklabels([f"{t:g}x" for t in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="#e5e7eb")
        axes.set_axisbelow(True)
        axes.set_title({"cpu": "CPU", "cuda": "CUDA"}[device] + "\n" if len(devices) > 1 else "", fontsize=11)
    left = panels[0][0]
    left.set_ylim(max(places) + 0.7, -1.2)
    for y, name in groups:
        left.text(0, y, name, transform=left.get_yaxis_transform(), ha="right", va="center", weight="bold", fontsize=10)
    figure.suptitle("Time of tensorlite relative to PyTorch: blue is faster, orange slower", fontsize=12, weight="bold")
    figure.supxlabel(subtitle, fontsize=9, color="#6b7280")
    figure.savefig(path, dpi=150, facecolor="white")
    plt.close(figure)


def label(row: Row) -> str:
    """The name of a case, without what the name of its group says already."""
    name: str = row["case"]
    return name.removesuffix(", both ways") if row["group"] == "forward and backward" else name


def positions(rows: list[Row]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where the bars go, and where the name of each group: above its bars."""
    places: list[float] = []
    groups: list[tuple[float, str]] = []
    y = -1.0
    for n, row in enumerate(rows):
        if n == 0 or row["group"] != rows[n - 1]["group"]:
            y += 0.6 if n else 0.0
            groups.append((y + 0.35, row["group"]))
            y += 0.3
        y += 1
        places.append(y)
    return places, groups


def progress(text: str) -> None:
    """One line that is written over, for people who wait."""
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="\n" if not text else "", file=sys.stderr, flush=True)


def warn_if_busy() -> None:
    """Threads that wait for each other suffer most from other programs, so the ratios would be wrong, and not by a little."""
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5:
        print(f"warning: the processor is busy (load {os.getloadavg()[0]:.1f}); measure when it is not", file=sys.stderr)


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure tensorlite against PyTorch.")
    parser.add_argument("--cases", nargs="+", default=[""], metavar="WORD", help="only cases whose name has one of these words")
    parser.add_argument("--rounds", type=int, default=9)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores, help="of each library; default: all cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="only this one; default: the CPU, and CUDA where it is present")
    parser.add_argument("--output", type=Path, default=Path("benchmark.png"), help="where the picture goes")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if arguments.worker:
        work(arguments.worker, arguments.device, arguments.threads)
        return
    cases = [case for case in CASES if any(word.lower() in case.name.lower() for word in arguments.cases)]
    if not cases:
        raise SystemExit("no such case; there are: " + "; ".join(case.name for case in CASES))
    devices = [arguments.device] if arguments.device else ["cpu", "cuda"]
    contenders = [
        Contender(library, device, arguments.threads)
        for device in devices for library in ("tensorlite", "torch") if available(library, device)
    ]  # fmt: skip
    if not contenders:
        raise SystemExit(f"there is no device {arguments.device}")
    warn_if_busy()
    rows = []
    for n, case in enumerate(cases):
        progress(f"{n + 1}/{len(cases)} {case.name}")
        rows.append(measure(case, contenders, arguments.rounds))
    progress("")
    for contender in contenders:
        contender.stop()

    versions = ", ".join(f"{c.package} {c.version}" for c in contenders if c.device == contenders[0].device)
    gpu = next((f", {c.cuda}" for c in contenders if c.cuda), "")
    subtitle = f"{versions}; {arguments.threads} threads; {processor()}{gpu}; medians of {arguments.rounds} rounds in turns"
    print(f"{subtitle}\n\n{show(table(rows, contenders))}\n")
    print(f"The libraries agree to {max(row['difference'] for row in rows):.1e}, relative to the value.")
    if any("ratio cpu" in row or "ratio cuda" in row for row in rows) and find_spec("matplotlib"):
        draw(rows, arguments.output, subtitle)
        print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
