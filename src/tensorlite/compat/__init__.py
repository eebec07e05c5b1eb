"""Programs written for PyTorch, unchanged: `as_torch` lets ``import torch`` mean tensorlite.

Under ``python -m tensorlite script.py`` it is done before the program starts. What tensorlite has under PyTorch's name is
tensorlite's own object (``torch.Tensor is tensorlite.Tensor``). What only such programs need (flags of PyTorch's backends, old
constructors, ``torch.compile``) is in `overlay`, one file for each of PyTorch's modules. What neither has raises an error with
its full name.
"""

from .finder import as_torch, is_torch

__all__ = ["as_torch", "is_torch"]
