"""What all tests share: the strict device exists, and no test leaves a changed mode or default behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import emulated_cuda  # noqa: E402
import strict_backend  # noqa: E402

collect_ignore_glob = ["conformance/[!t]*.py"]  # they import PyTorch, which may be missing

strict_backend.register()
emulated_cuda.register()


@pytest.fixture
def strict() -> object:
    """The backend of the strict device."""
    from tensorlite.backends import get_backend

    return get_backend("strict")
