"""Models as ONNX files, which other programs and devices run. Install it with ``pip install "tensorlite[onnx]"``."""

from .exporting import export
from .tracing import is_in_onnx_export

__all__ = ["export", "is_in_onnx_export"]
