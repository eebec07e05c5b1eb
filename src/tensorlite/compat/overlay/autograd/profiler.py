"""``torch.autograd.profiler``: the older place of the profiler's names."""

from ....profiler import profile, record_function

__all__ = ["profile", "record_function"]
