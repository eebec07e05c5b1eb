"""Functions of functions, under the names of `torch.func`."""

from ..nn.functional_call import functional_call, stack_module_state

__all__ = ["functional_call", "stack_module_state"]
