"""The table of ops: one row for each way to call a public function."""

from __future__ import annotations

import rows_attention
import rows_creation
import rows_decompositions
import rows_fourier
import rows_indexing
import rows_linalg
import rows_nn
import rows_nn_more
import rows_nn_other
import rows_pointwise
import rows_recurrent
import rows_reductions
import rows_scans
import rows_scattering
import rows_shaping
import rows_special
from rows import Row

__all__ = ["ROWS"]

ROWS: list[Row] = [
    *rows_creation.ROWS,
    *rows_pointwise.ROWS,
    *rows_reductions.ROWS,
    *rows_shaping.ROWS,
    *rows_indexing.ROWS,
    *rows_linalg.ROWS,
    *rows_decompositions.ROWS,
    *rows_nn.ROWS,
    *rows_nn_more.ROWS,
    *rows_nn_other.ROWS,
    *rows_attention.ROWS,
    *rows_recurrent.ROWS,
    *rows_fourier.ROWS,
    *rows_special.ROWS,
    *rows_scans.ROWS,
    *rows_scattering.ROWS,
]

_names = [r.name for r in ROWS]
assert len(set(_names)) == len(_names), [n for n in _names if _names.count(n) > 1]
