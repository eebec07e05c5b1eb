"""What ``python -m tensorlite`` was asked to do."""

from __future__ import annotations

import sys

from .info import print_info
from .run import run_code, run_module, run_script

__all__ = ["main"]

USAGE = """\
usage: python -m tensorlite script.py [arguments]     run a program with tensorlite as its torch
       python -m tensorlite -m module [arguments]     the same for a module
       python -m tensorlite -c "code" [arguments]     the same for a text
       python -m tensorlite info                      versions, devices, threads, extras
       python -m tensorlite bench [--help]            the speed of some ops and training steps on this machine
       python -m tensorlite convert a.pt b.safetensors   a checkpoint in another format (convert --help)
       python -m tensorlite warmup [--help]           compile the fast tier's kernels ahead of their first use
       python -m tensorlite --help | --version
(A script that is called info, bench, convert or warmup is run as ./info and so on.)"""


def main(arguments: list[str] | None = None) -> None:
    """Run a program, or print what was asked for.

    Raises:
        SystemExit: as the program says; 2 if the arguments cannot be understood, or the script cannot be opened.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        print(USAGE, file=sys.stderr)
        raise SystemExit(2)
    first, rest = given[0], given[1:]
    if first in ("-h", "--help"):
        print(USAGE)
    elif first in ("-V", "--version"):
        from .. import __version__

        print(f"tensorlite {__version__}")
    elif first == "info" and not rest:
        print_info()
    elif first == "bench":
        from .bench import main as bench

        bench(rest)
    elif first == "convert":
        from .convert import convert

        convert(rest)
    elif first == "warmup":
        from .warmup import warmup

        warmup(rest)
    elif first in ("-m", "-c"):
        if not rest:
            print(f"Argument expected for the {first} option\n{USAGE}", file=sys.stderr)
            raise SystemExit(2)
        (run_module if first == "-m" else run_code)(rest[0], rest[1:])
    elif first.startswith("-"):
        print(f"unknown option {first}\n{USAGE}", file=sys.stderr)
        raise SystemExit(2)
    else:
        run_script(first, rest)
