"""``torch.backends.cudnn``: flags, which are remembered; the kernels here do not depend on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .... import cuda

__all__ = [
    "allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags", "is_acceptable", "is_available", "version",
]

enabled = allow_tf32 = True
benchmark = deterministic = False
benchmark_limit = 10


def is_available() -> bool:
    """Whether programs may count on kernels for the GPU, which they ask by this name."""
    return cuda.is_available()


def is_acceptable(tensor: object) -> bool:
    """False: cuDNN itself is not used."""
    return False


def version() -> None:
    """None: cuDNN itself is not used."""


@contextmanager
def flags(
    enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10, deterministic: bool = False, allow_tf32: bool = True,
    **others: object,
) -> Iterator[None]:
    """A block with other flags."""
    given = {"enabled": enabled, "benchmark": benchmark, "benchmark_limit": benchmark_limit, "deterministic": deterministic,
             "allow_tf32": allow_tf32}  # fmt: skip
    before = {name: globals()[name] for name in given}
    globals().update(given)
    try:
        yield
    finally:
        globals().update(before)
