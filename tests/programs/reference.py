"""Run programs with PyTorch, each in a process of its own that need not import it again: ``reference.py FOLDER program...``

A program is its name and arguments, joined by blanks; what it prints is written to ``FOLDER/<number>.txt``.
"""

import contextlib
import os
import runpy
import sys
import traceback
from pathlib import Path

import torch
import torch._dynamo
import torch.distributions
import torch.utils.checkpoint

HERE = Path(__file__).parent


def run(program: str, output: Path) -> None:
    """Run a program in this process, and write what it prints."""
    name, *arguments = program.split()
    torch.set_num_threads(1)
    os.chdir(output.parent)
    sys.argv[:] = [name, *arguments]
    with output.open("w") as file, contextlib.redirect_stdout(file):
        runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")


def main() -> None:
    """Run all, one after the other."""
    folder = Path(sys.argv[1])
    for number, program in enumerate(sys.argv[2:]):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                run(program, folder / f"{number}.txt")
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            raise SystemExit(f"{program} failed with PyTorch")


if __name__ == "__main__":
    main()
