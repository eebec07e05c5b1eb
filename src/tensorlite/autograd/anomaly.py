"""`detect_anomaly`: errors in a backward name the line of the forward that made the node; nan is an error.

`record_lines` keeps that line alone, for whoever wants to show it.
"""

from __future__ import annotations

import threading

from .modes import modes
from .op import _SHARED, set_shared

__all__ = ["detect_anomaly", "is_anomaly_enabled", "record_lines", "set_detect_anomaly"]


class set_detect_anomaly:
    """Turn anomaly detection on or off, at once or for a block.

    >>> import tensorlite as tl
    >>> with tl.autograd.set_detect_anomaly(True):
    ...     tl.autograd.is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = modes.anomaly, modes.check_nan
        modes.anomaly, modes.check_nan = mode, mode and check_nan
        if mode:
            set_shared("WATCHED", True)  # from now on ops ask this thread's mode

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        modes.anomaly, modes.check_nan = self._before


class detect_anomaly(set_detect_anomaly):
    """A block in which errors of the backward name the forward's line, and nan gradients are errors.

    >>> import tensorlite as tl
    >>> with tl.autograd.detect_anomaly():
    ...     y = tl.tensor(1., requires_grad=True) * 2
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on.

    >>> import tensorlite as tl
    >>> tl.autograd.is_anomaly_enabled()
    False
    """
    return modes.anomaly


class record_lines:
    """A block in which every node of the graph keeps the line of Python outside tensorlite that made it, as its `trace`.

    It is for one thread. When the last such block of the process ends, ops look for it no more, unless anomaly detection or
    hooks of saved tensors have been used.

    >>> import tensorlite as tl
    >>> with tl.autograd.anomaly.record_lines():
    ...     y = tl.tensor(1., requires_grad=True) * 2
    >>> print(y.grad_fn.metadata["traceback_"][0])
      File "<doctest ...>", line 2, in <module>
    ...
    """

    _lock, _blocks, _ours = threading.Lock(), 0, "lines"

    def __enter__(self) -> None:
        self._before, modes.lines = modes.lines, True
        with self._lock:
            record_lines._blocks += 1
            if not _SHARED["WATCHED"]:
                set_shared("WATCHED", self._ours)  # true, and not the True that others set for good

    def __exit__(self, *exc: object) -> None:
        modes.lines = self._before
        with self._lock:
            record_lines._blocks -= 1
            if not record_lines._blocks and _SHARED["WATCHED"] is self._ours:
                set_shared("WATCHED", False)
