"""One step of the recurrent layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...tensor import Tensor, recurrent
from ...tensor.creation import empty
from .. import init
from ..module import Module
from ..parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells share: ``num_chunks`` blocks of rows in ``weight_ih``, ``weight_hh``, ``bias_ih`` and ``bias_hh``."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        for name, shape in (("weight_ih", (rows, input_size)), ("weight_hh", (rows, hidden_size))):
            self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights uniformly from ``+-1 / sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and the options that differ from their defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _check_dimensions(self, what: str, x: Tensor) -> None:
        if x.ndim not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected {what} to be 1D or 2D, got {x.ndim}D instead")

    def _step(self, function: Any, input: Tensor, states: Sequence[Tensor] | None, count: int) -> list[Tensor]:
        """`function` of input and `count` states, with a batch of one where there is none."""
        self._check_dimensions("input", input)
        single = input.ndim == 1
        x = input.unsqueeze(0) if single else input
        if states is None:
            states = [x.new_zeros(x.shape[0], self.hidden_size)] * count
        elif single:
            states = [state.unsqueeze(0) for state in states]
        for number, state in enumerate(states):
            if state.ndim == 1:  # (hidden) for a batch
                raise RuntimeError(
                    f"Input batch size {x.shape[0]} doesn't match hidden{number} batch size {state.shape[0]}: the state of batched "
                    "input is (batch, hidden_size)"
                )
            if state.ndim == 3:
                raise RuntimeError(
                    f"hidden{number} has inconsistent hidden_size: got {state.shape[1]}, expected {self.hidden_size}: the state of "
                    "input without a batch is (hidden_size)"
                )
        found = function(
            x, tuple(states) if count > 1 else states[0], self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        results = list(found) if count > 1 else [found]
        return [result.squeeze(0) for result in results] if single else results


class RNNCell(RNNCellBase):
    """One step of a simple recurrent network (Elman, 1990): (batch, input_size) and (batch, hidden_size) to the latter.

    The batch may be missing; ``hx`` is zeros by default.

    Raises:
        ValueError: input or state have too many dimensions.
        RuntimeError: sizes do not fit, or the ``nonlinearity`` is not "tanh" or "relu".

    >>> import tensorlite as tl
    >>> tl.nn.RNNCell(3, 4)(tl.randn(2, 3)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        if hx is not None:
            self._check_dimensions("hidden", hx)
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}. Select from 'tanh' or 'relu'.")
        function = getattr(recurrent, f"rnn_{self.nonlinearity}_cell")
        return self._step(function, input, None if hx is None else [hx], 1)[0]


class LSTMCell(RNNCellBase):
    """One step of long short-term memory (Hochreiter and Schmidhuber, 1997): (batch, input_size) to the states (h, c).

    ``hx`` is a pair of states (batch, hidden_size), by default zeros; the batch may be missing.

    Raises:
        ValueError: input or state have too many dimensions.
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> h, c = tl.nn.LSTMCell(3, 4)(tl.randn(2, 3))
    >>> h.shape, c.shape
    (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next states."""
        if hx is not None:
            if not isinstance(hx, (tuple, list)) or len(hx) != 2:
                raise TypeError(f"LSTMCell: expected hx to be a pair of tensors (h, c), but got {type(hx).__name__}")
            for number, state in enumerate(hx):
                self._check_dimensions(f"hx[{number}]", state)
        h, c = self._step(recurrent.lstm_cell, input, hx, 2)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit (Cho et al., 2014): (batch, input_size) and (batch, hidden_size) to the latter.

    The batch may be missing; ``hx`` is zeros by default.

    Raises:
        ValueError: input or state have too many dimensions.
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.GRUCell(3, 4)(tl.randn(3)).shape
    torch.Size([4])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        if hx is not None:
            self._check_dimensions("hidden", hx)
        return self._step(recurrent.gru_cell, input, None if hx is None else [hx], 1)[0]
