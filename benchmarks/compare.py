"""Measure tensorlite against PyTorch and others, print the table and draw it.

    python benchmarks/compare.py --threads 2 --rounds 9
    python benchmarks/compare.py --cases MLP CNN --all
    python benchmarks/compare.py --cases MLP --contenders tensorlite torch torch-fused
    python benchmarks/compare.py --memory
    python benchmarks/compare.py --import
    python benchmarks/compare.py --size

Each contender (a library in one of its settings, on a device) has a process of its own, with the same number of threads. They
work in turns: in each round every one of them does as many steps as fit into a short while, and the others rest. What is compared
is the median over the rounds; the spread is that of the ratio to PyTorch in the same round, from the lower to the upper quartile.
Before anything is timed, all of them must have drawn the same numbers from the same seed and have computed the same values (losses,
for training steps). That is also the warm-up, in which compilers compile.

Contenders are, by default, ``tensorlite`` (with the kernels compiled by numba where that is installed), ``tensorlite-numpy``
(without them) and ``torch``; ``--all`` adds ``torch-fused`` (the same with fused optimizers, where something is trained), and the
cases that are written for ``jax`` and ``tinygrad``. Columns of the GPU appear where there is one.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cases import CASES, Case
from contenders import KINDS, REFERENCE, Contender, choose
from install import import_times, installed_sizes
from memory import STEPS, measure_all
from report import draw, memory_table, number, show, show_time, time_table

REST = 0.05
"""Seconds between two contenders: idle threads of the one before go on spinning for a while."""
TOLERANCE = 5e-3
"""Relative difference that is still agreement. Sums in another order grow apart from step to step; a GPU has more of them."""

Row = dict[str, Any]


def check(case: Case, contenders: list[Contender]) -> float:
    """Let every contender prepare the case; the largest relative difference of what they computed.

    Raises:
        SystemExit: they did not draw the same numbers, or did not compute the same values.
    """
    answers = []
    for contender in contenders:
        progress(f"{case.name}: {contender.name} prepares (kernels are compiled when first used, which can take a minute)")
        answers.append(contender.ask("check", case))
    worst = 0.0
    first = next((n for n, c in enumerate(contenders) if c.kind.name == REFERENCE), 0)
    for contender, answer in zip(contenders, answers, strict=True):
        contender.number = answer["number"]
        if answer["drawn"] != answers[first]["drawn"]:
            raise SystemExit(f"{contender.name} does not draw the numbers of {contenders[first].name} from the same seed")
        for n, (a, b) in enumerate(zip(answer["values"], answers[first]["values"], strict=True)):
            difference = abs(a - b) / max(abs(b), 1e-30)
            if not difference <= TOLERANCE:
                raise SystemExit(f"{case.name}, step {n}: {contender.name} computed {a}, {contenders[first].name} {b}")
            worst = max(worst, difference)
    return worst


def measure(case: Case, contenders: list[Contender], rounds: int) -> Row:
    """The times of a case, in turns."""
    contenders = [contender for contender in contenders if contender.takes(case)]
    worst = check(case, contenders)
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for n in range(rounds):
        progress(f"{case.name}: round {n + 1} of {rounds}")
        for contender in contenders[:: 1 if n % 2 else -1]:
            time.sleep(REST)
            times[contender.name].append(contender.ask("time", case)["seconds"])
    row: Row = {"case": case.name, "group": case.group, "difference": worst}
    row["seconds"] = {name: median(values) for name, values in times.items()}
    row["ratio"] = {
        c.name: ratio(times[c.name], times[theirs])
        for c in contenders
        if (theirs := reference(c)) in times and c.name != theirs
    }  # fmt: skip
    return row


def reference(contender: Contender) -> str:
    """The name of the contender with which this one is compared: PyTorch on the same device."""
    return REFERENCE if contender.device == "cpu" else f"{REFERENCE} {contender.device}"


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """The ratio of the medians, and the quartiles of the ratios of the rounds."""
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(each, n=4, method="inclusive") if len(each) > 1 else each * 3
    return median(ours) / median(theirs), low, high


# The four things that can be measured


def speed(arguments: argparse.Namespace, cases: list[Case]) -> None:
    contenders = gather(arguments, [arguments.device] if arguments.device else ["cpu", "cuda"])
    warn_if_busy()
    rows = [measure(case, contenders, arguments.rounds) for case in cases if any(c.takes(case) for c in contenders)]
    progress("")
    for contender in contenders:
        contender.stop()
    if not rows:
        raise SystemExit("none of these cases is written for these contenders")
    subtitle = f"{about(contenders, arguments.threads)}; medians of {arguments.rounds} rounds in turns"
    print(f"{subtitle}\n\n{show(time_table(rows, [c.name for c in contenders]))}\n")
    print(f"The libraries agree to {max(row['difference'] for row in rows):.1e}, relative to the value.")
    compared = [row for row in rows if row["ratio"]]
    if compared and find_spec("matplotlib"):
        draw(compared, arguments.output, subtitle)
        print(f"wrote {arguments.output}")


def memory(arguments: argparse.Namespace, cases: list[Case]) -> None:
    contenders = gather(arguments, ["cpu"])
    for contender in contenders:  # they have said which cases they take, and would only be in the way
        contender.stop()
    training = [case for case in cases if case.trains]
    rows = measure_all(training, contenders, arguments.threads, progress)
    progress("")
    print(f"{about(contenders, arguments.threads)}; the peak of {STEPS} training steps in a fresh process, above the imports\n")
    print(show(memory_table(rows, [c.name for c in contenders], REFERENCE)))


def imports(arguments: argparse.Namespace) -> None:
    bare, times = import_times(libraries(arguments), arguments.rounds, progress)
    progress("")
    print(f"Added to the {show_time(bare)} of a bare interpreter; medians of {arguments.rounds} processes; {processor()}\n")
    theirs = times.get(REFERENCE, (0.0, 0.0))
    lines = [["library", "import", f"ratio to {REFERENCE}", "import and first array", f"ratio to {REFERENCE}"]]
    for name, both in times.items():
        lines.append([name])
        for ours, other in zip(both, theirs, strict=True):
            lines[-1] += [show_time(ours), number(ours / other) if other else ""]
    print(show(lines))


def size(arguments: argparse.Namespace) -> None:
    sizes = installed_sizes(libraries(arguments))
    theirs = sizes[REFERENCE][1] if REFERENCE in sizes else 0
    print("Installed files without bytecode, with the required dependencies and without extras\n")
    lines = [["library", "alone", "with dependencies", f"ratio to {REFERENCE}", "they are"]]
    for name, (own, full, needed) in sizes.items():
        share = number(full / theirs) if theirs else ""
        lines.append([name, f"{own / 1e6:.1f} MB", f"{full / 1e6:.1f} MB", share, ", ".join(needed) or "none"])
    print(show(lines))


def gather(arguments: argparse.Namespace, devices: list[str]) -> list[Contender]:
    chosen = [(kind, device) for device in devices for kind in choose(arguments.contenders, arguments.all, device)]
    if not chosen:
        raise SystemExit(f"there is no device {arguments.device}")
    return [Contender(kind, device, arguments.threads) for kind, device in chosen]


def libraries(arguments: argparse.Namespace) -> list[str]:
    """The libraries of the contenders, and NumPy, on which ours stands."""
    kinds = choose(arguments.contenders, arguments.all, "cpu")
    return list(dict.fromkeys([*(kind.package for kind in kinds), "numpy"]))


# What is said besides


def progress(text: str) -> None:
    """One line that is written over, for people who wait."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def about(contenders: list[Contender], threads: int) -> str:
    """What was measured on what."""
    versions: dict[str, str] = {}
    for contender in contenders:  # the first of a library is the one with all it has
        versions.setdefault(contender.kind.package, contender.version)
    gpu = next((f", {c.cuda}" for c in contenders if c.cuda), "")
    said = ", ".join(f"{package} {version}" for package, version in versions.items())
    return f"{said}; {threads} {'thread' if threads == 1 else 'threads'}; {processor()}{gpu}"


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


def contender_name(text: str) -> str:
    name = text.replace("-", " ")
    if name not in KINDS:
        raise argparse.ArgumentTypeError(f"there is no {text}; there are {', '.join(name.replace(' ', '-') for name in KINDS)}")
    return name


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure tensorlite against PyTorch and others.")
    parser.add_argument("--cases", nargs="+", default=[""], metavar="WORD", help="only cases whose name has one of these words")
    parser.add_argument(
        "--contenders", nargs="+", type=contender_name, metavar="NAME",
        help="of " + ", ".join(name.replace(" ", "-") for name in KINDS) + "; default: the first three, where they can be had",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="every contender that can be had")
    parser.add_argument("--rounds", type=int, default=9)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores, help="of each contender; default: all cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="only this one; default: the CPU, and CUDA where it is present")
    parser.add_argument("--output", type=Path, default=Path("benchmark.png"), help="where the picture goes")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--memory", action="store_true", help="measure the memory of training steps, not time")
    instead.add_argument("--import", action="store_true", dest="imports", help="measure the time of the imports")
    instead.add_argument("--size", action="store_true", help="measure the installed files")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if arguments.size:
        return size(arguments)
    if arguments.imports:
        return imports(arguments)
    cases = [case for case in CASES if any(word.lower() in case.name.lower() for word in arguments.cases)]
    if not cases:
        raise SystemExit("no such case; there are: " + "; ".join(case.name for case in CASES))
    return memory(arguments, cases) if arguments.memory else speed(arguments, cases)


if __name__ == "__main__":
    main()
