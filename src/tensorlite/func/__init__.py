"""`tensorlite.func`: transforms of functions (gradients, Jacobians, maps over batches), and modules as functions of their
parameters.

There is one mode of differentiation, the reverse one, to any order; forward derivatives are two backwards. `vmap` runs its
function for each example and stacks the results.
"""

from ..nn.functional_call import functional_call, stack_module_state
from .conversion import functionalize, replace_all_batch_norm_modules_
from .forward import jacfwd, jvp, linearize
from .mapping import vmap
from .reverse import grad, grad_and_value, hessian, jacrev, vjp

__all__ = [
    "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]
