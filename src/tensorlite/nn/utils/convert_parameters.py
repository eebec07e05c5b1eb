"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ...tensor import Tensor
from ...tensor.joining import cat

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def _check_device(parameter: Tensor, first: Tensor | None) -> None:
    if first is not None and parameter.device != first.device:
        raise TypeError("Found two parameters on different devices, this is currently not supported.")


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Join all parameters into one vector.

    Raises:
        TypeError: parameters on several devices.

    >>> import tensorlite as tl
    >>> tl.nn.utils.parameters_to_vector([tl.zeros(2, 2), tl.ones(1)])
    tensor([0., 0., 0., 0., 1.])
    """
    parameters = list(parameters)
    for parameter in parameters:
        _check_device(parameter, parameters[0])
    return cat([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Cut ``vec`` into pieces that become the data of ``parameters``.

    Raises:
        TypeError: ``vec`` is not a Tensor, or parameters on several devices.

    >>> import tensorlite as tl
    >>> p = tl.zeros(2)
    >>> tl.nn.utils.vector_to_parameters(tl.tensor([1.0, 2.0]), [p])
    >>> p
    tensor([1., 2.])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected Tensor, but got: {type(vec).__name__}")
    first = None
    start = 0
    for parameter in parameters:
        _check_device(parameter, first)
        first = parameter if first is None else first
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data
        start = end
