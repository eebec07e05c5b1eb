"""Saving and loading: PyTorch's formats, read without running code from the file, safetensors, and checkpoints in several files."""

from . import safetensors as safetensors
from .checkpoint import load, save
from .safetensors import load_file, load_model, save_file, save_model
from .sharded import load_sharded, load_sharded_checkpoint, save_sharded

__all__ = [
    "load", "load_file", "load_model", "load_sharded", "load_sharded_checkpoint", "safetensors", "save", "save_file", "save_model",
    "save_sharded",
]  # fmt: skip
