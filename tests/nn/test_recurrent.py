"""Recurrent layers: packed sequences, all gradients, the steps one by one, second derivatives, devices and PyTorch's samples."""

from __future__ import annotations

import copy
import itertools
import pickle
from typing import Any

import pytest
from twins import flat, to_torch

import strict_backend
import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck
from tensorlite.ops import recurrent as ops

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")  # PyTorch's remark on its own speed

TOLERANCES = {"float64": (1e-9, 1e-11), "float32": (1e-4, 1e-5), "float16": (2e-2, 2e-2), "bfloat16": (1e-1, 1e-1)}
LENGTHS = [3, 6, 1, 3, 5]


def compare(ours: Any, theirs: Any, dtype: str = "float64") -> None:
    """Nested tuples of tensors."""
    rtol, atol = TOLERANCES[dtype]
    pairs = list(zip(flat(ours), flat(theirs), strict=True))
    assert any(b is not None for _, b in pairs)
    for number, (a, b) in enumerate(pairs):
        assert (a is None) == (b is None), f"result {number}"
        if a is None:
            continue
        assert str(a.dtype) == str(b.dtype), f"result {number}"
        wide = (a.float(), b.float()) if a.dtype.itemsize == 2 else (a, b)
        torch.testing.assert_close(
            to_torch(torch, wide[0]), wide[1].detach(), rtol=rtol, atol=atol, msg=lambda m, n=number: f"result {n}: {m}")


def weighted(lib: Any, tensors: Any) -> Any:
    """One number that depends on every element."""
    lib.manual_seed(9)
    return sum((t * lib.randn(t.shape).to(t.dtype)).sum() for t in tensors if t is not None and t.is_floating_point())


def program(
    lib: Any, kind: str, options: dict[str, Any], *, dtype: str = "float64", packed: bool = False, state: bool = False,
    training: bool = True,
) -> tuple[Any, Any]:
    """A layer on five sequences: its results, and the gradients of everything."""
    lib.manual_seed(0)
    real = getattr(lib, dtype)
    layer = getattr(lib.nn, kind)(3, 4, **options).to(real).train(training)
    first = options.get("batch_first", False)
    x = lib.randn(*((5, 6, 3) if first else (6, 5, 3))).to(real).requires_grad_()
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    h = lib.randn(count, 5, options.get("proj_size", 0) or 4).to(real).requires_grad_()
    c = lib.randn(count, 5, 4).to(real).requires_grad_()
    given: Any = x
    tools = lib.nn.utils.rnn
    if packed:
        given = tools.pack_padded_sequence(x, lib.tensor(LENGTHS), first, enforce_sorted=False)
    lib.manual_seed(7)
    output, last = layer(given, (h, c) if kind == "LSTM" else h) if state else layer(given)
    if packed:
        output = tools.pad_packed_sequence(output, first, 0.5, 8)
    results = flat((output, last))
    weighted(lib, results).backward()
    return tuple(results), tuple(t.grad for t in (x, h, c, *layer.parameters()))


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((kind, options) for kind in ("RNN", "GRU", "LSTM") for options in (
        {}, {"bias": False, "batch_first": True}, {"num_layers": 3, "bidirectional": True, "dropout": 0.4},
        {"num_layers": 2, "dropout": 1.0}, {"bidirectional": True, "batch_first": True},
    )),
    ("RNN", {"nonlinearity": "relu", "num_layers": 2}),
    ("LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True, "dropout": 0.3}),
    ("LSTM", {"proj_size": 3, "bias": False}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=str)
def test_results_and_all_gradients(kind: str, options: dict[str, Any]) -> None:
    """Padded and packed, with and without states, in training (with PyTorch's dropout) and not."""
    for packed, state, training in itertools.product((False, True), repeat=3):
        call = {"packed": packed, "state": state, "training": training}
        compare(program(tl, kind, options, **call), program(torch, kind, options, **call))
    compare(program(tl, kind, options, dtype="float32"), program(torch, kind, options, dtype="float32"), "float32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_half_precision(kind: str, dtype: str) -> None:
    """Computed in float32, and so no further from float32's results than these can be stored."""
    results, gradients = program(tl, kind, {"bidirectional": True}, dtype=dtype, state=True)
    compare(results, program(torch, kind, {"bidirectional": True}, dtype=dtype, state=True)[0], dtype)
    assert all(g is None or str(g.dtype) == f"torch.{dtype}" for g in gradients)


# Each op against its steps, written with tensors.


def rnn_step(x: Any, states: Any, w: Any, relu: bool = False) -> Any:
    total = x @ w[0].T + w[2] + states[0] @ w[1].T + w[3]
    h = total.relu() if relu else total.tanh()
    return h, (h,)


def lstm_step(x: Any, states: Any, w: Any) -> Any:
    h, c = states
    i, f, g, o = (x @ w[0].T + w[2] + h @ w[1].T + w[3]).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    h = h @ w[4].T if len(w) > 4 else h
    return h, (h, c)


def gru_step(x: Any, states: Any, w: Any) -> Any:
    (h,) = states
    input_r, input_z, input_n = (x @ w[0].T + w[2]).chunk(3, 1)
    state_r, state_z, state_n = (h @ w[1].T + w[3]).chunk(3, 1)
    z = (input_z + state_z).sigmoid()
    h = (1 - z) * (input_n + (input_r + state_r).sigmoid() * state_n).tanh() + z * h
    return h, (h,)


def steps(step: Any, x: Any, states: Any, weights: Any, sizes: tuple[int, ...], reverse: bool) -> Any:
    """All outputs and the last states, one sequence at a time."""
    starts = [sum(sizes[:t]) for t in range(len(sizes))]
    outputs: dict[int, Any] = {}
    ends = []
    for sequence in range(sizes[0]):
        rows = [start + sequence for start, n in zip(starts, sizes, strict=True) if sequence < n]
        now = tuple(s[sequence : sequence + 1] for s in states)
        for row in reversed(rows) if reverse else rows:
            outputs[row], now = step(x[row : row + 1], now, weights)
        ends.append(now)
    return tl.cat([outputs[i] for i in range(len(outputs))]), *(tl.cat(parts) for parts in zip(*ends, strict=True))


def leaves(gates: int, rows: int, batch: int, states: int, projection: int = 0, hidden: int = 2) -> list[Any]:
    """x, states, w_ih, w_hh, b_ih, b_hh and perhaps w_hr."""
    out = projection or hidden
    shapes = [(rows, 3), (batch, out), (batch, hidden)][: 1 + states]
    shapes += [(gates * hidden, 3), (gates * hidden, out), (gates * hidden,), (gates * hidden,)]  # type: ignore[list-item]
    shapes += [(out, hidden)] if projection else []
    return [tl.randn(*shape, dtype=tl.float64, requires_grad=True) for shape in shapes]


KINDS: dict[str, tuple[Any, Any, int, int, int]] = {
    "tanh": (lambda *t, **o: ops.rnn(*t, relu=False, **o)[:2], rnn_step, 1, 1, 0),
    "relu": (lambda *t, **o: ops.rnn(*t, relu=True, **o)[:2], lambda *a: rnn_step(*a, relu=True), 1, 1, 0),
    "gru": (lambda *t, **o: ops.gru(*t, **o)[:2], gru_step, 3, 1, 0),
    "lstm": (lambda *t, **o: ops.lstm(*t, **o)[:3], lstm_step, 4, 2, 0),
    "projected": (lambda *t, **o: ops.lstm(*t, **o)[:3], lstm_step, 4, 2, 1),
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 2, 2, 1), (2,)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_fused_is_its_steps(kind: str, sizes: tuple[int, ...], reverse: bool) -> None:
    fused, step, gates, states, projection = KINDS[kind]
    tl.manual_seed(0)
    tensors = leaves(gates, sum(sizes), sizes[0], states, projection)
    found = fused(*tensors, sizes=sizes, reverse=reverse)
    expected = steps(step, tensors[0], tensors[1 : 1 + states], tensors[1 + states :], sizes, reverse)
    for a, b in zip(found, expected, strict=True):
        assert tl.allclose(a, b, rtol=1e-10, atol=1e-12)
    gradients = [tl.autograd.grad(weighted(tl, result), tensors) for result in (found, expected)]
    for a, b in zip(*gradients, strict=True):
        assert tl.allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", [(2, 2), (2, 1)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind: str, sizes: tuple[int, ...], reverse: bool) -> None:
    fused, _, gates, states, projection = KINDS[kind]
    tl.manual_seed(1)
    tensors = leaves(gates, sum(sizes), sizes[0], states, projection)
    assert gradcheck(lambda *t: fused(*t, sizes=sizes, reverse=reverse), tensors)
    assert gradgradcheck(lambda *t: fused(*t, sizes=sizes, reverse=reverse), tensors)


def test_outputs_may_be_changed_in_place() -> None:
    """What the gradient needs is kept apart from the results."""
    for kind in ("RNN", "GRU", "LSTM"):
        tl.manual_seed(0)
        layer = getattr(tl.nn, kind)(3, 4)
        x = tl.randn(5, 2, 3)
        gradients = []
        for inplace in (False, True):
            output, _ = layer(x)
            output = output.mul_(2) if inplace else output * 2
            layer.zero_grad()
            output.sum().backward()
            gradients.append([p.grad for p in layer.parameters()])
        for a, b in zip(*gradients, strict=True):
            assert tl.equal(a, b)


def test_last_state_has_its_own_memory() -> None:
    output, hidden = tl.nn.RNN(3, 4)(tl.randn(1, 2, 3))
    before = output.detach().clone()
    hidden.detach().zero_()
    assert tl.equal(output, before)


def test_some_gradients_only() -> None:
    """Frozen weights get none, and the others what they would get anyway."""
    tl.manual_seed(0)
    layer = tl.nn.LSTM(3, 4, proj_size=2)
    x = tl.randn(5, 2, 3)
    layer(x)[0].sum().backward()
    expected = {name: p.grad for name, p in layer.named_parameters()}
    for name, p in layer.named_parameters():
        layer.zero_grad()
        layer.requires_grad_(False)
        p.requires_grad_(True)
        layer(x)[0].sum().backward()
        assert [n for n, q in layer.named_parameters() if q.grad is not None] == [name]
        assert tl.equal(p.grad, expected[name])


# Modules


def test_weights_and_copies() -> None:
    layer = tl.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    twin = torch.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    assert layer._all_weights == twin._all_weights and layer._flat_weights_names == twin._flat_weights_names
    assert [[tuple(p.shape) for p in group] for group in layer.all_weights] == [
        [tuple(p.shape) for p in group] for group in twin.all_weights
    ]
    layer.flatten_parameters()
    x = tl.randn(2, 3, 3)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert all(tl.equal(a, b) for a, b in zip(flat(layer(x)), flat(other(x)), strict=True))
        other.weight_hr_l1_reverse = tl.nn.Parameter(tl.zeros(2, 4))
        assert other._flat_weights[-1] is other.weight_hr_l1_reverse
        assert not tl.equal(layer(x)[0], other(x)[0])


def test_dropout_of_a_single_layer_warns() -> None:
    with pytest.warns(UserWarning, match="num_layers=1") as caught:
        tl.nn.GRU(3, 4, dropout=0.5)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"])
@pytest.mark.parametrize("training", [False, True])
def test_pytorch_s_own_samples(name: str, training: bool) -> None:
    """Inputs from PyTorch's test suite: outputs, and gradients of inputs and weights."""
    common = pytest.importorskip("torch.testing._internal.common_modules", reason="PyTorch's test suite is not here")
    info = next(m for m in common.module_db if m.name == f"nn.{name}")
    packed = {"with_packed_sequence": True} if name in ("RNN", "GRU") else {}
    samples = info.module_inputs_func(info, "cpu", torch.float64, True, training, **packed)
    assert samples
    for sample in samples:
        made, given = sample.constructor_input, sample.forward_input
        twin = getattr(torch.nn, name)(*made.args, **made.kwargs).double().train(training)
        layer = getattr(tl.nn, name)(*made.args, **made.kwargs).double().train(training)
        layer.load_state_dict({k: ours(v) for k, v in twin.state_dict().items()})
        theirs = [leaf(v) for v in given.args]
        inputs = [ours(v) for v in theirs]
        seen = []
        for lib, module, values in ((tl, layer, inputs), (torch, twin, theirs)):
            lib.manual_seed(0)
            results = tensors_of(module(*values, **given.kwargs))
            weighted(lib, results).backward()
            gradients = [t.grad for t in (*tensors_of(tuple(values)), *module.parameters()) if t.is_floating_point()]
            seen.append((tuple(results), tuple(gradients)))
        compare(*seen)


def leaf(value: Any) -> Any:
    """Copies of PyTorch's tensors; floats require a gradient."""
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return value._replace(data=leaf(value.data))
    if isinstance(value, tuple):
        return tuple(leaf(v) for v in value)
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().clone().requires_grad_(value.is_floating_point())


def ours(value: Any) -> Any:
    """PyTorch's tensors as ours, also in tuples and packed sequences."""
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return tl.nn.utils.rnn.PackedSequence(*(ours(v) for v in value))
    if isinstance(value, tuple):
        return tuple(ours(v) for v in value)
    if not isinstance(value, torch.Tensor):
        return value
    return tl.from_numpy(value.detach().numpy().copy()).requires_grad_(value.requires_grad)


def tensors_of(value: Any) -> list[Any]:
    return [t for t in flat(value) if t is not None]


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_strict_device(kind: str) -> None:
    """Nothing above the backends knows NumPy; dropout draws the same numbers."""
    strict_backend.register()
    found = []
    for device in ("cpu", "strict"):
        tl.manual_seed(0)
        layer = getattr(tl.nn, kind)(3, 4, 2, dropout=0.5, bidirectional=True).to(device)
        x = tl.randn(6, 5, 3).to(device).requires_grad_()
        packed = tl.nn.utils.rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
        tl.manual_seed(1)
        output, last = layer(packed)
        padded, lengths = tl.nn.utils.rnn.pad_packed_sequence(output)
        assert padded.device == tl.device(device) and lengths.device == tl.device("cpu")
        results = flat((padded, last))
        (sum((t * t).sum() for t in results)).backward()
        found.append([t.detach().cpu() for t in (*results, x.grad, *(p.grad for p in layer.parameters()))])
    for a, b in zip(*found, strict=True):
        assert tl.equal(a, b)


# Functions


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
def test_both_spellings_of_functions(name: str) -> None:
    """Positional and by name, padded and packed."""
    tl.manual_seed(0)
    rows = {"lstm": 8, "gru": 6}.get(name, 2)
    params = [tl.randn(rows, 3), tl.randn(rows, 2)]
    state = tl.randn(1, 2, 2)
    hx = (state, state) if name == "lstm" else state
    x = tl.randn(2, 2, 3)
    sizes = tl.tensor([2, 2])
    function = getattr(tl, name)
    options = {"has_biases": False, "num_layers": 1, "dropout": 0.0, "train": False, "bidirectional": False}
    found = [
        function(x, hx, params, False, 1, 0.0, False, False, False),
        function(input=x, hx=hx, params=params, batch_first=False, **options),
        function(x.reshape(4, 3), sizes, hx, params, False, 1, 0.0, False, False),
        function(data=x.reshape(4, 3), batch_sizes=sizes, hx=hx, params=params, **options),
    ]
    for result in found:
        for a, b in zip(result, found[0], strict=True):
            assert tl.equal(a.reshape(-1), b.reshape(-1))


MISFITS: list[tuple[type[Exception], Any]] = [
    # PyTorch reads beyond its memory or broadcasts in some of these.
    (RuntimeError, lambda x, hx, params: (x, hx, params[:3])),
    (RuntimeError, lambda x, hx, params: (tl.zeros(2, 2, 5), hx, params)),
    (RuntimeError, lambda x, hx, params: (x, (tl.zeros(1, 3, 4), tl.zeros(1, 3, 4)), params)),
    (RuntimeError, lambda x, hx, params: (x, (tl.zeros(2, 2, 4), tl.zeros(1, 2, 4)), params)),
    (RuntimeError, lambda x, hx, params: (x, (tl.zeros(1, 1, 4), tl.zeros(1, 1, 4)), params)),
    (RuntimeError, lambda x, hx, params: (x, hx, [params[0], params[1], tl.zeros(1), params[3]])),
    (RuntimeError, lambda x, hx, params: (x.double(), hx, params)),
    (RuntimeError, lambda x, hx, params: (x.half(), hx, params)),
    (RuntimeError, lambda x, hx, params: (x[0], hx, params)),
    (NotImplementedError, lambda x, hx, params: (x.to(tl.complex64), hx, params)),
    (TypeError, lambda x, hx, params: (x, hx[0], params)),
    (TypeError, lambda x, hx, params: (x, (hx[0], None), params)),
]


@pytest.mark.parametrize(("error", "call"), MISFITS)
def test_misfits_are_refused(error: type[Exception], call: Any) -> None:
    params = [tl.zeros(16, 3), tl.zeros(16, 4), tl.zeros(16), tl.zeros(16)]
    args = call(tl.zeros(2, 2, 3), (tl.zeros(1, 2, 4), tl.zeros(1, 2, 4)), params)
    with pytest.raises(error):
        tl.lstm(*args, True, 1, 0.0, False, False, False)


@pytest.mark.parametrize("sizes", [[1, 2], [2, 2], [3], [], [4, -1]])
def test_impossible_batch_sizes_are_refused(sizes: list[int]) -> None:
    packed = tl.nn.utils.rnn.PackedSequence(tl.zeros(3, 3), tl.tensor(sizes, dtype=tl.int64))
    with pytest.raises((RuntimeError, IndexError)):
        tl.nn.GRU(3, 4)(packed, tl.zeros(1, 2, 4))


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_packed_sequences_of_other_sizes_are_refused(kind: str) -> None:
    pack = tl.nn.utils.rnn.pack_sequence
    layer = getattr(tl.nn, kind)(3, 4)
    state = tl.zeros(1, 2, 4)
    with pytest.raises(RuntimeError, match="input_size"):
        layer(pack([tl.zeros(2, 5)]))
    with pytest.raises(RuntimeError, match="hidden"):
        layer(pack([tl.zeros(2, 3)]), (state, state) if kind == "LSTM" else state)
