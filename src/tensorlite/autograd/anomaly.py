"""`detect_anomaly`: errors in a backward name the line of the forward that made the node; nan is an error."""

from __future__ import annotations

from .modes import modes
from .op import set_shared

__all__ = ["detect_anomaly", "set_detect_anomaly", "is_anomaly_enabled"]


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
