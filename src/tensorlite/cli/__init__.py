"""The command line: ``python -m tensorlite``."""

from .main import main

__all__ = ["main"]
