"""``torch.autograd.profiler``: marks of a program's parts, which nothing reads."""

from ..profiler import record_function

__all__ = ["record_function"]
