"""ONNX export: onnxruntime computes what the model computes, also for other sizes along dynamic axes."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn
from tensorlite.nn import functional as F

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx_rows import MODELS, Fn, floats, ids  # noqa: E402

from tensorlite.onnx import export  # noqa: E402


def flat(value: Any) -> list[tl.Tensor]:
    return [leaf for entry in value for leaf in flat(entry)] if isinstance(value, (tuple, list)) else [value]


def resized(value: Any, axes: Any, more: int) -> Any:
    """The inputs with larger dynamic axes, and other numbers."""
    if isinstance(value, tuple):
        return tuple(resized(v, axes, more) for v in value)
    for axis in next(axes):
        value = value.index_select(axis, tl.arange(value.shape[axis] + more) % value.shape[axis])
    return value * 0.5 - 0.25 if value.is_floating_point() else value


def check(session: Any, model: nn.Module, inputs: tuple[Any, ...]) -> None:
    names = [entry.name for entry in session.get_inputs()]
    got = session.run(None, {name: x.numpy() for name, x in zip(names, flat(inputs), strict=True)})
    with tl.no_grad():
        wanted = flat(model.eval()(*inputs))
    assert len(got) == len(wanted)
    for number, (a, b) in enumerate(zip(got, wanted, strict=True)):
        a = tl.from_numpy(a)
        assert a.dtype == b.dtype and a.shape == b.shape, (number, a.dtype, b.dtype, a.shape, b.shape)
        distance = (a.double() - b.double()).abs().max()
        assert tl.allclose(a.double(), b.double(), rtol=1e-5, atol=1e-5, equal_nan=True), (number, distance)


def session_of(proto: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(proto.SerializeToString(), options)


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str) -> None:
    make, make_inputs, axes = MODELS[name]
    tl.manual_seed(0)
    model = make()
    for buffer_name, buffer in model.named_buffers():  # statistics as after training
        if buffer_name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    inputs = make_inputs()
    names = [f"x{i}" for i in range(len(axes))]
    model.train()
    proto = export(model, inputs, input_names=names, dynamic_axes=dict(zip(names, axes, strict=True)))
    assert all(module.training for module in model.modules())
    session = session_of(proto)
    check(session, model, inputs)
    if any(axes):
        check(session, model, resized(inputs, iter(axes), 2))
        for entry, named in zip(session.get_inputs(), axes, strict=True):
            assert {axis: entry.shape[axis] for axis in named} == named


class Counting(nn.Module):
    """Changes its input, and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", tl.ones(3))

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        before = self.scale * 1
        x.mul_(2)
        return x + before


def test_in_place() -> None:
    x = floats(2, 3)
    kept = x.clone()
    check(session_of(export(Counting(), x)), Counting(), (x.clone(),))
    assert tl.equal(x, kept)  # the example is left alone


def test_in_inference_mode() -> None:
    model = nn.Linear(3, 2)
    with tl.inference_mode():
        proto = export(model, tl.ones(2, 3))
    check(session_of(proto), model, (floats(2, 3),))


def whole(x: tl.Tensor) -> tl.Tensor:
    y = tl.zeros(3)
    z = y * 1 + x
    y.copy_(x[0])
    return z + y


def test_a_constant_that_is_overwritten_later() -> None:
    """What was read from it before stays what it was."""
    check(session_of(export(Fn(lambda m, x: whole(x)), floats(2, 3))), Fn(lambda m, x: whole(x)), (floats(2, 3),))


def in_part(x: tl.Tensor) -> tl.Tensor:
    y = x * 1
    y[:, 0] = 0
    return y


def behind_its_back(x: tl.Tensor) -> tl.Tensor:
    y = x * 1
    y.data.mul_(2)
    return y


def through_a_view(x: tl.Tensor) -> tl.Tensor:
    y = x * 1
    row = y[0]
    y.add_(1)
    return row


class Double(tl.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        return x * 2


REFUSED: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]], str]] = {
    "op": (lambda x: tl.linalg.inv(x), lambda: (tl.eye(3),), "the op inv_ex"),
    "fft": (lambda x: tl.fft.fft(x).real, lambda: (floats(3),), "complex"),
    "branch": (lambda x: x.relu() if x.sum() > 5.5 else x.tanh(), lambda: (tl.ones(6),), "other ops"),
    "item": (lambda x: x * x.sum().item(), lambda: (floats(3),), "computes"),
    "hidden": (lambda x: x + tl.tensor(x.tolist()), lambda: (floats(3),), "not the result of an op"),
    "random": (lambda x: F.dropout(x, 0.5, training=True), lambda: (tl.ones(50),), "not the result of an op"),
    "in part": (in_part, lambda: (floats(3, 2),), "in place"),
    "by way of .data": (behind_its_back, lambda: (floats(3, 2),), "in place"),
    "view of what was changed": (through_a_view, lambda: (floats(3, 2),), "in place"),
    "a mask that is looked at": (lambda x, mask: x + mask if tl.equal(mask, mask.tril()) else x * 2,
                                 lambda: (floats(3, 3), tl.zeros(3, 3)), "other ops"),
    "zeros": (lambda x: x + tl.tensor(x.tolist()), lambda: (tl.zeros(3),), "not the result of an op"),
    "view in inference mode": (tl.inference_mode()(through_a_view), lambda: (floats(3, 2),), "in place"),
    "the number of classes": (lambda i: F.one_hot(i), lambda: (ids(6),), "sizes|fixed argument"),
    "a position": (lambda x, i: x[i], lambda: (floats(6), tl.tensor(0)), "sizes|fixed argument"),
    "unique": (lambda i: i.unique(), lambda: (ids(6) - 3,), "not the result of an op|cannot be exported"),
    "histogram": (lambda x: tl.histc(x, 4), lambda: (floats(9),), "onnx.export"),
    "sorting": (lambda x: x.sort().values, lambda: (floats(6),), "onnx.export"),
    "the largest": (lambda x: x.topk(2).indices, lambda: (floats(6),), "onnx.export"),
    "median": (lambda x: x.median(), lambda: (floats(5),), "onnx.export"),
    "complex": (lambda x: x.to(tl.complex64).real, lambda: (floats(3),), "complex|the op"),
    "power of integers": (lambda i: i**i, lambda: (ids(3),), "powers of integers"),
    "dtype": (lambda x: x.argmax(), lambda: (floats(3) > 0,), "not for these dtypes"),
    "function": (lambda x: Double.apply(x), lambda: (floats(3),), "Double"),
    "mask": (lambda x: x[x > 0], lambda: (floats(3),), "with a mask|other values or sizes|fixed argument"),
    "indices": (lambda x: F.max_pool1d(x, 2, return_indices=True)[1], lambda: (floats(1, 1, 4),), "return_indices"),
    "number": (lambda x: 3, lambda: (floats(1),), "returns a int"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_graph_cannot_do_is_refused(name: str) -> None:
    function, make, message = REFUSED[name]
    with pytest.raises(NotImplementedError, match=message):
        export(function, make())


def test_sizes_that_a_graph_cannot_compute() -> None:
    model = Fn(lambda m, x: x.reshape(x.shape[0] // 2, -1, 3))
    with pytest.raises(NotImplementedError, match="in a way that is not known"):
        export(Fn(lambda m, x: x[: x.shape[0] // 2]), floats(8, 3), input_names=["x"], dynamic_axes={"x": [0]})
    check(session_of(export(model, floats(8, 3))), model, (floats(8, 3),))


def test_a_length_that_the_model_does_not_have() -> None:
    model = Fn(lambda m, x: x + m.table(tl.arange(x.shape[0])), table=nn.Embedding(4, 3))
    with pytest.raises(ValueError, match=r"fails for inputs of shapes \[\[5, 3\]\]"):
        export(model, floats(4, 3), input_names=["x"], dynamic_axes={"x": {0: "time"}})


WRONG = {
    "input name": ({"input_names": ["a", "b"]}, "input_names"),
    "axes": ({"dynamic_axes": {"y": [0]}}, "no names of inputs"),
    "old": ({"opset_version": 11}, "opset_version must be from 18"),
    "new": ({"opset_version": 1000}, "opset_version must be from 18"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    arguments, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        export(nn.Linear(3, 2), floats(1, 3), **arguments)


def test_a_model_can_ask() -> None:
    """As with PyTorch: a model may take another way while it is exported."""
    seen = []

    def forward(x: tl.Tensor) -> tl.Tensor:
        seen.append(tl.onnx.is_in_onnx_export())
        return x * 2

    export(forward, floats(3))
    assert seen == [True, True] and not tl.onnx.is_in_onnx_export()


def test_names_and_files(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    path = tmp_path / "model.onnx"
    arguments = {"input_names": ["features"], "output_names": ["scores"],
                 "dynamic_axes": {"features": {0: "batch"}, "scores": {0: "batch"}}}  # fmt: skip
    proto = export(model, floats(2, 3), path, **arguments)
    assert onnx.load(path) == proto and [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    buffer = io.BytesIO()
    export(model, (floats(2, 3),), buffer, opset_version=20, **arguments)
    session = onnxruntime.InferenceSession(buffer.getvalue())
    assert [(e.name, e.shape) for e in session.get_inputs()] == [("features", ["batch", 3])]
    assert [(e.name, e.shape) for e in session.get_outputs()] == [("scores", ["batch", 2])]
    stored = {entry.name for entry in proto.graph.initializer}
    assert stored >= {"0.weight", "0.bias", "2.weight", "2.bias"}


def test_a_file_is_not_touched_by_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    with pytest.raises(NotImplementedError):
        export(lambda x: tl.linalg.inv(x), tl.eye(3), path)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_arguments_by_name_and_in_containers() -> None:
    model = Fn(lambda m, pair, *, more: pair[0] * 2 + pair[1] - more["x"])
    model.forward = lambda pair, *, more: pair[0] * 2 + pair[1] - more["x"]  # type: ignore[method-assign]
    proto = export(model, ((floats(3), floats(3) + 1),), kwargs={"more": {"x": tl.ones(3)}})
    session = session_of(proto)
    (got,) = session.run(None, {"input_0": floats(3).numpy(), "input_1": (floats(3) + 1).numpy(), "input_2": tl.ones(3).numpy()})
    assert tl.allclose(tl.from_numpy(got), floats(3) * 3)


@pytest.mark.parametrize("name", ["weight", "constant_0", "gemm_0", "output_0"])
def test_names_that_are_taken(name: str) -> None:
    """An initializer with the name of an input would be the default value of that input."""
    model = Fn(lambda m, x: m.layer(x) * 2.5, layer=nn.Linear(3, 2))
    model.weight = model.layer.weight
    check(session_of(export(model, floats(2, 3), input_names=[name], output_names=["y"])), model, (floats(2, 3),))


def test_in_a_program_written_for_pytorch(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import torch\n"
        "model = torch.nn.Linear(3, 2)\n"
        "torch.onnx.export(model, (torch.ones(1, 3),), 'model.onnx', export_params=True, do_constant_folding=True,\n"
        "                  input_names=['x'], output_names=['y'], dynamic_axes={'x': {0: 'n'}, 'y': {0: 'n'}})\n"
    )
    done = subprocess.run([sys.executable, "-m", "tensorlite", str(script)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert session.run(["y"], {"x": tl.ones(5, 3).numpy()})[0].shape == (5, 2)


def test_the_same_weight_twice_is_stored_once() -> None:
    layer = nn.Linear(3, 3)
    proto = export(nn.Sequential(layer, layer), floats(1, 3))
    assert sorted(entry.name for entry in proto.graph.initializer if "constant" not in entry.name) == ["0.bias", "0.weight"]


def test_ops_are_as_before_afterwards() -> None:
    """Recording leaves no trace, also when it fails."""
    from tensorlite.profiler import watching
    from tensorlite.tensor import inplace

    code = inplace.write.__code__
    with pytest.raises(NotImplementedError):
        export(lambda x: tl.linalg.inv(x), tl.eye(3))
    assert inplace.write.__code__ is code and watching._watchers == ()
