"""The version that programs compare with: that of the PyTorch whose behaviour is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "xpu"]


class Version(str):
    """A version that compares by its numbers, with texts and with tuples.

    >>> Version("2.13.0+tensorlite") > "2.2", Version("2.13.0") >= (2, 13)
    (True, True)
    """

    @staticmethod
    def _key(value: Any) -> tuple[int, ...]:
        if not isinstance(value, str):
            return tuple(int(part) for part in value)
        release = re.match(r"v?(\d+(?:\.\d+)*)", value)
        if release is None:
            raise ValueError(f"not a version: {value!r}")
        numbers = [int(part) for part in release[1].split(".")]
        while numbers and not numbers[-1]:
            numbers.pop()
        return tuple(numbers)

    def _compare(self, other: Any, holds: Callable[[Any, Any], bool]) -> Any:
        if not isinstance(other, (str, tuple, list)):
            return NotImplemented
        try:
            own, its = self._key(str(self)), self._key(other)
        except ValueError:
            return holds(str(self), str(other))
        length = max(len(own), len(its))
        return holds(own + (0,) * (length - len(own)), its + (0,) * (length - len(its)))

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a >= b)


__version__ = Version("2.13.0+tensorlite")
cuda = hip = xpu = git_version = None
debug = False
