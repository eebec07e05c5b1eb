"""The process of one contender: it reads requests, one line of JSON each, and answers them. `contenders.py` starts it."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from cases import CASES, Case, Step, digest

BLOCK = 0.05
"""Seconds that one contender works in one round."""
STEPS = 10
"""Steps whose values are compared. Later, rounding alone tells runs of ResNet-20 apart: PyTorch's losses with one thread and with
two differ by 6e-3 after 18 steps, while in double precision ours are PyTorch's to 1e-15."""

Row = dict[str, Any]


class Eager:
    """tensorlite or PyTorch: the cases as `cases.py` has them.

    `jax_cases.py` and `tinygrad_cases.py` have a class `Framework` with the same methods.
    """

    def __init__(self, name: str, device: str, threads: int) -> None:
        m = self.m = import_module(name)
        m.set_num_threads(threads)
        self.device = device
        self.version = m.__version__
        if name == "tensorlite" and self.compiles():
            import_module("numba")  # otherwise imported by the first kernel, and counted as memory of a step
            self.version += f" with numba {version('numba')}"
        self.cuda = m.cuda.get_device_name(0) if device == "cuda" else ""
        self.names = [case.name for case in CASES]

    def compiles(self) -> bool:
        return self.device == "cpu" and os.environ.get("TENSORLITE_FAST") == "1" and find_spec("numba") is not None

    def drawn(self) -> float:
        """A number that tells which random numbers the seed gives."""
        self.m.manual_seed(0)
        return digest(self.m.rand(100))

    def build(self, case: Case, options: Row) -> Step:
        return case.build(self.m, self.device, **options)

    def digest(self, value: Any) -> float:
        return digest(value)

    def wait(self, value: Any) -> None:
        """Return when the value has been computed."""
        if self.device == "cuda":
            self.m.cuda.synchronize()


def open_library(name: str, device: str, threads: int) -> Any:
    if name in ("tensorlite", "torch"):
        return Eager(name, device, threads)
    return import_module(f"{name}_cases").Framework()


def timed(library: Any, step: Step, number: int) -> float:
    """Seconds per step, after one that is not counted."""
    library.wait(step())
    begin = time.perf_counter()
    for _ in range(number):
        value = step()
    library.wait(value)
    return (time.perf_counter() - begin) / number


def steps_per_round(library: Any, step: Step) -> int:
    timed(library, step, 2)
    return max(1, math.ceil(BLOCK / timed(library, step, 3)))


def say(answer: Row) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    library = open_library(order["package"], order["device"], order["threads"])
    cases = {case.name: case for case in CASES if case.name in library.names}
    if order["memory_of"]:
        from memory import measure

        say(measure(lambda: library.build(cases[order["memory_of"]], order["options"]), library.wait))
        return
    say({"version": library.version, "cuda": library.cuda, "cases": list(cases)})
    step: Step
    for line in sys.stdin:
        request = json.loads(line)
        case = cases[request["case"]]
        if request["do"] == "check":  # also the warm-up: whatever compiles its code does so here
            drawn = library.drawn()
            step = library.build(case, order["options"])
            values = [library.digest(step()) for _ in range(STEPS if case.trains else 1)]
            say({"drawn": drawn, "values": values, "number": steps_per_round(library, step)})
        else:
            say({"seconds": timed(library, step, request["number"])})


if __name__ == "__main__":
    main()
