"""Recurrent layers over whole sequences."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any

from ...tensor import Tensor, recurrent
from ...tensor.creation import empty
from .. import init
from ..module import Module
from ..parameter import Parameter
from ..utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

FUNCTIONS = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn_tanh", "RNN_RELU": "rnn_relu"}
"""The function behind each mode."""


class RNNBase(Module):
    """What the recurrent layers share: options, weights and the checks of inputs.

    The weights of layer k are ``weight_ih_lk``, ``weight_hh_lk``, ``bias_ih_lk``, ``bias_hh_lk`` and, with projections,
    ``weight_hr_lk``; those of the other direction end in ``_reverse``. All are drawn uniformly from ``+-1 / sqrt(hidden_size)``.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                self._add_weights(layer, suffix, device, dtype)
        self.reset_parameters()

    def _add_weights(self, layer: int, suffix: str, device: Any, dtype: Any) -> None:
        gates = recurrent.GATES[FUNCTIONS[self.mode]] * self.hidden_size
        out = self.proj_size or self.hidden_size
        width = self.input_size if layer == 0 else out * (1 + self.bidirectional)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, width), "weight_hh": (gates, out)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
        for name, shape in names.items():
            self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)))
        self._all_weights.append(list(names))

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name, None) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights, a list for each direction of each layer."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw all weights uniformly from ``+-1 / sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: weights need not lie in one piece of memory here."""

    # Checks

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Compare dtype, dimensions and size of ``input`` with those of the layer.

        Raises:
            ValueError: the dtype is not that of the weights.
            RuntimeError: the shape does not fit.
        """
        dtype = self._flat_weights[0].dtype
        if input.dtype != dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). Convert input: input.to({dtype}), or "
                f"convert model: model.to({input.dtype})"
            )
        wanted = 3 if batch_sizes is None else 2
        if input.ndim != wanted:
            raise RuntimeError(f"input must have {wanted} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of the hidden state for ``input``."""
        if batch_sizes is None:
            batch = input.shape[0 if self.batch_first else 1]
        else:
            batch = int(batch_sizes[0])
        return self.num_layers * (1 + self.bidirectional), batch, self.proj_size or self.hidden_size

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Compare the shape of a state with what is expected.

        Raises:
            RuntimeError: they differ.
        """
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Check input and state."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The state with its sequences in another order."""
        return hx if permutation is None else hx.index_select(1, permutation)

    # Forward

    def _initial(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        """A state of zeros."""
        return input.new_zeros(self.get_expected_hidden_size(input, batch_sizes))

    def _unbatched(self, hx: Any, back: bool) -> Any:
        """The state with a batch of one; with `back` without it."""
        return hx.squeeze(1) if back else hx.unsqueeze(1)

    def _check_dimensions(self, hx: Any, batched: bool) -> None:
        if hx.ndim != (3 if batched else 2):
            kind, wanted = ("batched 3-D", 3) if batched else ("unbatched 2-D", 2)
            raise RuntimeError(f"For {kind} input, hx should also be {wanted}-D but got {hx.ndim}-D tensor")

    def _call(self, arguments: Sequence[Any], last: Sequence[Any] = ()) -> tuple[Tensor, Any]:
        function = getattr(recurrent, FUNCTIONS[self.mode])
        output, *ends = function(
            *arguments, self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, bool(self.bidirectional), *last
        )
        return output, ends[0] if len(ends) == 1 else tuple(ends)

    def _run(self, input: Any, hx: Any) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        if input.ndim not in (2, 3):
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {input.ndim}D tensor instead")
        batched = input.ndim == 3
        if hx is not None:
            self._check_dimensions(hx, batched)
        if not batched:
            input = input.unsqueeze(0 if self.batch_first else 1)
            hx = None if hx is None else self._unbatched(hx, back=False)
        if hx is None:
            hx = self._initial(input, None)
        self.check_forward_args(input, hx, None)
        output, hx = self._call((input, hx), (self.batch_first,))
        if batched:
            return output, hx
        return output.squeeze(0 if self.batch_first else 1), self._unbatched(hx, back=True)

    def _run_packed(self, input: PackedSequence, hx: Any) -> tuple[Any, Any]:
        data, sizes, order, back = input
        hx = self._initial(data, sizes) if hx is None else self.permute_hidden(hx, order)
        self.check_forward_args(data, hx, sizes)
        output, hx = self._call((data, sizes, hx))
        return PackedSequence(output, sizes, order, back), self.permute_hidden(hx, back)

    def extra_repr(self) -> str:
        """The sizes, and the options that differ from their defaults."""
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        changed = [f", {name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        return f"{self.input_size}, {self.hidden_size}{''.join(changed)}"


def _check_options(
    mode: str, input_size: Any, hidden_size: Any, num_layers: Any, bias: Any, batch_first: Any, dropout: Any, proj_size: Any
) -> None:
    if not isinstance(dropout, numbers.Real) or isinstance(dropout, bool) or not 0 <= float(dropout) <= 1:
        raise ValueError("dropout should be a number in range [0, 1] representing the probability of an element being zeroed")
    if float(dropout) > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than "
            f"1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int), ("hidden_size", hidden_size, int)
    ):  # fmt: skip
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if mode not in FUNCTIONS:
        raise ValueError(f"Unrecognized RNN mode: {mode}. Select from {', '.join(FUNCTIONS)}")


def _refuse_projection(proj_size: Any) -> None:
    if proj_size is not None:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """A simple recurrent network (Elman, 1990): h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.

    The input is (steps, batch, input_size), (batch, steps, input_size) with ``batch_first``, (steps, input_size), or a
    PackedSequence; ``hx`` is (layers * directions, batch, hidden_size), by default zeros. The output has directions * hidden_size
    features; the last state comes second.

    Raises:
        ValueError: an option or the dtype of the input does not fit.
        RuntimeError: the size of the input or of the state does not fit.

    >>> import tensorlite as tl
    >>> output, hidden = tl.nn.RNN(3, 4, num_layers=2)(tl.randn(5, 2, 3))
    >>> output.shape, hidden.shape
    (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        proj_size: int | None = None,
    ) -> None:
        _refuse_projection(proj_size)
        modes = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
        if nonlinearity not in modes:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            modes[nonlinearity], input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Run over ``input``; returns all outputs and the last states."""
        return self._run(input, hx)


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014): h' = (1 - z) n + z h, with a candidate n and an update gate z.

    Shapes and errors are those of :class:`RNN`.

    >>> import tensorlite as tl
    >>> output, hidden = tl.nn.GRU(3, 4, bidirectional=True)(tl.randn(5, 2, 3))
    >>> output.shape, hidden.shape
    (torch.Size([5, 2, 8]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        proj_size: int | None = None,
    ) -> None:
        _refuse_projection(proj_size)
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Run over ``input``; returns all outputs and the last states."""
        return self._run(input, hx)


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): c' = f c + i g, h' = o tanh(c'), with gates i, f, o.

    Shapes and errors are those of :class:`RNN`, but the state is a pair (h, c). With ``proj_size`` h, and so the output, is
    projected to that size (Sak et al., 2014).

    >>> import tensorlite as tl
    >>> output, (h, c) = tl.nn.LSTM(3, 4, proj_size=2)(tl.randn(5, 2, 3))
    >>> output.shape, h.shape, c.shape
    (torch.Size([5, 2, 2]), torch.Size([1, 2, 2]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of the cell state for ``input``."""
        layers, batch, _ = self.get_expected_hidden_size(input, batch_sizes)
        return layers, batch, self.hidden_size

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Check input and both states."""
        self.check_input(input, batch_sizes)
        expected = self.get_expected_hidden_size(input, batch_sizes)
        self.check_hidden_size(hidden[0], expected, "Expected hidden[0] size {}, got {}")
        self.check_hidden_size(hidden[1], (*expected[:2], self.hidden_size), "Expected hidden[1] size {}, got {}")

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """Both states with their sequences in another order."""
        return hx if permutation is None else tuple(state.index_select(1, permutation) for state in hx)

    def _initial(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        layers, batch, out = self.get_expected_hidden_size(input, batch_sizes)
        return input.new_zeros(layers, batch, out), input.new_zeros(layers, batch, self.hidden_size)

    def _unbatched(self, hx: Any, back: bool) -> Any:
        return tuple(super(LSTM, self)._unbatched(state, back) for state in hx)

    def _check_dimensions(self, hx: Any, batched: bool) -> None:
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise TypeError(f"LSTM: expected hx to be a pair of tensors (h, c), but got {type(hx).__name__}")
        if any(state.ndim != (3 if batched else 2) for state in hx):
            kind, wanted = ("batched 3-D", 3) if batched else ("unbatched 2-D", 2)
            raise RuntimeError(
                f"For {kind} input, hx and cx should also be {wanted}-D but got ({hx[0].ndim}-D, {hx[1].ndim}-D) tensors"
            )

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Run over ``input``; returns all outputs and the last states (h, c)."""
        return self._run(input, hx)
