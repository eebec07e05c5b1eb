"""Activations: pointwise functions, of any shape."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from ...tensor.creation import full
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Inplace(Module):
    """An activation that may overwrite its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Whether it works in place."""
        return "inplace=True" if self.inplace else ""

    def _with_inplace(self, text: str) -> str:
        return text + ", inplace=True" if self.inplace else text


class Tanh(Module):
    """The hyperbolic tangent.

    >>> import tensorlite as tl
    >>> tl.nn.Tanh()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.7616,  0.0000,  0.9640])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return input.tanh()


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``.

    >>> import tensorlite as tl
    >>> tl.nn.Sigmoid()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0.2689, 0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return input.sigmoid()


class Softsign(Module):
    """``x / (1 + |x|)``.

    >>> import tensorlite as tl
    >>> tl.nn.Softsign()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.5000,  0.0000,  0.6667])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.softsign(input)


class Tanhshrink(Module):
    """``x - tanh(x)``.

    >>> import tensorlite as tl
    >>> tl.nn.Tanhshrink()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.2384,  0.0000,  1.0360])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.tanhshrink(input)


class LogSigmoid(Module):
    """``log(sigmoid(x))``, without overflow.

    >>> import tensorlite as tl
    >>> tl.nn.LogSigmoid()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-1.3133, -0.6931, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.logsigmoid(input)


class ReLU(_Inplace):
    """``max(x, 0)``.

    >>> import tensorlite as tl
    >>> tl.nn.ReLU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.relu(input, self.inplace)


class ReLU6(_Inplace):
    """``min(max(x, 0), 6)``.

    >>> import tensorlite as tl
    >>> tl.nn.ReLU6()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.relu6(input, self.inplace)


class SELU(_Inplace):
    """The scaled exponential linear unit.

    >>> import tensorlite as tl
    >>> tl.nn.SELU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-1.1113,  0.0000,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.selu(input, self.inplace)


class SiLU(_Inplace):
    """``x * sigmoid(x)``.

    >>> import tensorlite as tl
    >>> tl.nn.SiLU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.2689,  0.0000,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.silu(input, self.inplace)


class Mish(_Inplace):
    """``x * tanh(softplus(x))``.

    >>> import tensorlite as tl
    >>> tl.nn.Mish()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.3034,  0.0000,  1.9440])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.mish(input, self.inplace)


class Hardswish(_Inplace):
    """``x * relu6(x + 3) / 6``.

    >>> import tensorlite as tl
    >>> tl.nn.Hardswish()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.3333,  0.0000,  1.6667])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.hardswish(input, self.inplace)


class Hardsigmoid(_Inplace):
    """``relu6(x + 3) / 6``.

    >>> import tensorlite as tl
    >>> tl.nn.Hardsigmoid()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0.3333, 0.5000, 0.8333])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.hardsigmoid(input, self.inplace)


class LeakyReLU(_Inplace):
    """``x`` where positive, ``negative_slope * x`` elsewhere.

    >>> import tensorlite as tl
    >>> tl.nn.LeakyReLU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.0100,  0.0000,  2.0000])
    """

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return self._with_inplace(f"negative_slope={self.negative_slope}")


class ELU(_Inplace):
    """``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere.

    >>> import tensorlite as tl
    >>> tl.nn.ELU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.6321,  0.0000,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return self._with_inplace(f"alpha={self.alpha}")


class CELU(_Inplace):
    """``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    >>> import tensorlite as tl
    >>> tl.nn.CELU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.6321,  0.0000,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return self._with_inplace(f"alpha={self.alpha}")


class Hardtanh(_Inplace):
    """``x`` cut off at ``min_val`` and ``max_val``.

    >>> import tensorlite as tl
    >>> tl.nn.Hardtanh()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return self._with_inplace(f"min_val={self.min_val}, max_val={self.max_val}")


class Threshold(_Inplace):
    """``x`` where above ``threshold``, ``value`` elsewhere.

    >>> import tensorlite as tl
    >>> tl.nn.Threshold(0.5, 9.0)(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([9., 9., 2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return self._with_inplace(f"threshold={self.threshold}, value={self.value}")


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x`` is above ``threshold``.

    >>> import tensorlite as tl
    >>> tl.nn.Softplus()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0.3133, 0.6931, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"beta={self.beta}, threshold={self.threshold}"


class GELU(Module):
    """``x`` times the normal distribution function, or its ``approximate='tanh'``.

    >>> import tensorlite as tl
    >>> tl.nn.GELU()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.1587,  0.0000,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"approximate={self.approximate!r}"


class Softshrink(Module):
    """``x`` moved towards zero by ``lambd``.

    >>> import tensorlite as tl
    >>> tl.nn.Softshrink()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return str(self.lambd)


class Hardshrink(Module):
    """``x`` where its absolute value is above ``lambd``, zero elsewhere.

    >>> import tensorlite as tl
    >>> tl.nn.Hardshrink()(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-1.,  0.,  2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return str(self.lambd)


class GLU(Module):
    """The first half along ``dim`` times the sigmoid of the second.

    >>> import tensorlite as tl
    >>> tl.nn.GLU()(tl.tensor([2.0, 0.0]))
    tensor([1.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class PReLU(Module):
    """``x`` where positive, a learnt slope times ``x`` elsewhere; one slope, or one for each channel (dimension 1).

    >>> import tensorlite as tl
    >>> tl.nn.PReLU()(tl.tensor([-1.0, 0.0, 2.0])).detach()
    tensor([-0.2500,  0.0000,  2.0000])
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(full((num_parameters,), float(init), device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Set every slope to ``init``."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"
