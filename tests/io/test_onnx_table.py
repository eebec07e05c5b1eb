"""Every row of the table of ops is exported to ONNX and then right for other inputs too, or it is refused; none is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from tensorlite.onnx import export

sys.path.insert(0, str(Path(__file__).parents[1] / "ops"))

from rows import Row  # noqa: E402
from table import ROWS  # noqa: E402

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

CHOSEN = [row for row in ROWS if "float32" in row.dtypes and row.inputs and all(0 not in x.shape for x in row.inputs)]
EXPORTED = 780
"""At least as many rows can be exported (the rest is linear algebra, Fourier transforms, sorting, special functions ...)."""


def tensors(result: Any) -> list[tl.Tensor]:
    if isinstance(result, (tuple, list)):
        return [part for entry in result for part in tensors(entry)]
    return [result] if isinstance(result, tl.Tensor) else []


def inputs(row: Row, seed: int) -> list[tl.Tensor]:
    return [tl.from_numpy(np.array(x.make(np.random.default_rng([seed, i]), "float32"))) for i, x in enumerate(row.inputs)]


def session_of(row: Row) -> Any:
    """What runs the exported row; None if it was refused, or is no function of its inputs."""
    try:
        with tl.no_grad():
            if not tensors(row.call(tl, *inputs(row, 0))):
                return None
    except (ImportError, NotImplementedError, RuntimeError):
        return None
    try:
        proto = export(lambda *args: row.call(tl, *args), tuple(inputs(row, 0)))
    except NotImplementedError:
        return None
    except ValueError as error:
        if "the model fails for inputs" in str(error):
            return None
        raise
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(proto.SerializeToString(), options)


def differs(row: Row, session: Any, seed: int) -> bool:
    given = inputs(row, seed)
    got = session.run(None, {entry.name: x.numpy() for entry, x in zip(session.get_inputs(), given, strict=True)})
    with tl.no_grad():
        wanted = tensors(row.call(tl, *given))
    same = [
        a.shape == tuple(b.shape) and tl.allclose(tl.from_numpy(np.array(a)).double(), b.double(), 1e-4, 1e-5, equal_nan=True)
        for a, b in zip(got, wanted, strict=True)
    ]
    return not all(same)


@pytest.mark.filterwarnings("ignore")
def test_rows() -> None:
    sessions = {row: session_of(row) for row in CHOSEN}
    exported = {row: session for row, session in sessions.items() if session is not None}
    assert [row.name for row, session in exported.items() if any(differs(row, session, seed) for seed in (0, 1, 2))] == []
    assert len(exported) >= EXPORTED
