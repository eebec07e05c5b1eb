"""Module: registration, traversal, hooks, state."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

import tensorlite as tl
from tensorlite import nn


class Net(nn.Module):
    """A parameter, a buffer of each kind, and two children."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(tl.ones(2))
        self.register_buffer("mean", tl.zeros(2))
        self.register_buffer("scratch", tl.zeros(2), persistent=False)
        self.first = nn.Linear(2, 2)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False))

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        return self.rest(self.first(x) * self.scale - self.mean)


KEYS = ["scale", "mean", "first.weight", "first.bias", "rest.1.weight"]


def raises(error: type[Exception], function, match: str | None = None) -> None:
    with pytest.raises(error, match=match):
        function()


# Registration -------------------------------------------------------------------------------------------------------


def test_assignment_registers() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["scale", "first.weight", "first.bias", "rest.1.weight"]
    assert [name for name, _ in net.named_buffers()] == ["mean", "scratch"]
    assert [name for name, _ in net.named_children()] == ["first", "rest"]
    assert list(net.state_dict()) == KEYS
    assert "scale" not in vars(net)


def test_assigning_another_kind_moves_the_name() -> None:
    net = Net()
    net.mean = nn.Parameter(tl.zeros(2))
    assert "mean" in dict(net.named_parameters()) and "mean" not in dict(net.named_buffers())
    net.extra = 3
    net.extra = nn.Parameter(tl.zeros(1))
    assert "extra" not in vars(net) and "extra" in dict(net.named_parameters())
    net.first = None
    assert net.first is None and [name for name, _ in net.named_children()] == ["rest"]
    net.scale = None
    assert net.scale is None and "scale" not in dict(net.named_parameters())


def test_buffer_class() -> None:
    net = nn.Module()
    net.kept = nn.Buffer(tl.ones(2))
    net.dropped = nn.Buffer(tl.ones(2), persistent=False)
    net.kept = tl.zeros(2)  # the name stays a buffer
    assert list(dict(net.named_buffers())) == ["kept", "dropped"] and list(net.state_dict()) == ["kept"]


def test_registration_errors() -> None:
    net = Net()
    raises(TypeError, lambda: setattr(net, "scale", tl.zeros(2)), "as parameter 'scale'")
    raises(TypeError, lambda: setattr(net, "mean", 3), "as buffer 'mean'")
    raises(TypeError, lambda: setattr(net, "first", 3), "as child module 'first'")
    raises(KeyError, lambda: net.register_parameter("a.b", None), "contain")
    raises(KeyError, lambda: net.register_parameter("", None), "empty")
    raises(KeyError, lambda: net.register_parameter("forward", None), "already exists")
    raises(KeyError, lambda: net.register_buffer("scale", tl.zeros(1)), "already exists")
    raises(TypeError, lambda: net.register_parameter("x", tl.zeros(2)), "Parameter or None")
    raises(TypeError, lambda: net.register_parameter("x", nn.Parameter(tl.zeros(2)) * 2))
    raises(TypeError, lambda: net.register_parameter(3, None), "should be a string")
    raises(TypeError, lambda: net.register_buffer("x", 3), "Tensor or None")
    raises(TypeError, lambda: net.add_module("x", 3), "not a Module subclass")
    raises(AttributeError, lambda: net.nothing, "'Net' object has no attribute 'nothing'")
    raises(AttributeError, lambda: delattr(net, "nothing"))


def test_assignment_before_init() -> None:
    class Early(nn.Module):
        def __init__(self, value: object) -> None:
            self.value = value
            super().__init__()

    raises(AttributeError, lambda: Early(nn.Parameter(tl.zeros(1))), r"before Module.__init__\(\)")
    raises(AttributeError, lambda: Early(nn.ReLU()), r"before Module.__init__\(\)")


def test_delete_and_dir() -> None:
    net = Net()
    assert {"scale", "mean", "first", "forward"} <= set(dir(net))
    del net.scale, net.mean, net.scratch, net.first
    assert list(net.state_dict()) == ["rest.1.weight"] and not hasattr(net, "scale")
    assert net._non_persistent_buffers_set == set()


def test_forward_is_required() -> None:
    raises(NotImplementedError, lambda: nn.Module()(1), "forward")


# Traversal ----------------------------------------------------------------------------------------------------------


def test_shared_members_come_once() -> None:
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, layer)
    assert len(list(net.parameters())) == 2 and len(list(net.modules())) == 2 and len(list(net.children())) == 1
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_lookup_by_name() -> None:
    net = Net()
    assert net.get_submodule("rest.1") is net.rest[1] and net.get_submodule("") is net
    assert net.get_parameter("first.weight") is net.first.weight and net.get_buffer("mean") is net.mean
    raises(AttributeError, lambda: net.get_submodule("rest.7"))
    raises(AttributeError, lambda: net.get_submodule("scale"), "not an nn.Module")
    raises(AttributeError, lambda: net.get_parameter("mean"), "not an nn.Parameter")
    raises(AttributeError, lambda: net.get_buffer("scale"), "not a buffer")
    net.set_submodule("rest.0", nn.Tanh())
    assert isinstance(net.rest[0], nn.Tanh)


def test_modes_and_gradients() -> None:
    net = Net()
    assert all(not module.training for module in net.eval().modules())
    assert all(module.training for module in net.train().modules())
    raises(ValueError, lambda: net.train(1))
    net(tl.ones(3, 2)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())


def test_apply_goes_bottom_up() -> None:
    seen: list[str] = []
    net = Net()
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


# Casting ------------------------------------------------------------------------------------------------------------


def test_to_keeps_parameters_and_integers() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    weight = net[0].weight
    net(tl.ones(3, 2)).sum().backward()
    net.double()
    assert net[0].weight is weight and weight.dtype == tl.float64 and weight.grad.dtype == tl.float64
    assert net[1].running_mean.dtype == tl.float64 and net[1].num_batches_tracked.dtype == tl.int64
    assert net.half()[0].weight.dtype == tl.float16 and net.float()[0].weight.dtype == tl.float32
    assert net.to(tl.zeros(1, dtype=tl.float64))[0].weight.dtype == tl.float64
    assert net.to("cpu", tl.float32)[0].weight.dtype == tl.float32
    assert net.to(device=tl.device("cpu"), dtype=tl.float64)[0].weight.dtype == tl.float64
    assert net.type(tl.float32)[0].weight.dtype == tl.float32
    assert weight.requires_grad and weight.is_leaf
    raises(TypeError, lambda: net.to(tl.int64), "floating point or complex")
    raises(TypeError, lambda: net.to(object()))


def test_optimizer_follows_a_cast() -> None:
    net = nn.Linear(2, 1)
    optimizer = tl.optim.SGD(net.parameters(), lr=0.5)
    net.double()
    before = net.weight.detach().clone()
    net(tl.ones(1, 2, dtype=tl.float64)).sum().backward()
    optimizer.step()
    assert tl.allclose(net.weight.detach(), before - 0.5)


# State --------------------------------------------------------------------------------------------------------------


def test_state_dict_shares_memory_and_has_metadata() -> None:
    net = Net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict) and not state["scale"].requires_grad
    state["scale"].fill_(7)
    assert net.scale[0].item() == 7
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    assert list(net.state_dict(prefix="net."))[0] == "net.scale"
    assert state._metadata[""] == {"version": 1}
    assert nn.BatchNorm1d(2).state_dict()._metadata[""] == {"version": 2}


def test_load_state_dict() -> None:
    first, second = Net(), Net()
    result = second.load_state_dict(first.state_dict())
    assert repr(result) == "<All keys matched successfully>" and result == ([], [])
    assert all((a == b).all() for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))


def test_load_state_dict_tells_everything_that_is_wrong() -> None:
    state = Net().state_dict()
    del state["scale"]
    state["first.weight"] = tl.zeros(5, 2)
    state["first.other"] = state["other.weight"] = tl.zeros(1)
    with pytest.raises(RuntimeError) as error:
        Net().load_state_dict(state)
    text = str(error.value)
    assert 'Missing key(s) in state_dict: "scale"' in text
    assert '"first.other"' in text and '"other.weight"' in text and "Unexpected key(s)" in text
    assert "size mismatch for first.weight" in text and "[5, 2]" in text and "[2, 2]" in text
    del state["first.weight"]
    missing, unexpected = Net().load_state_dict(state, strict=False)
    assert missing == ["scale", "first.weight"] and set(unexpected) == {"first.other", "other.weight"}
    raises(TypeError, lambda: Net().load_state_dict([]), "dict-like")
    raises(RuntimeError, lambda: Net().load_state_dict({"scale": 3}, strict=False), "expected a Tensor")


def test_load_state_dict_assign() -> None:
    net = Net()
    state = {key: value.double() for key, value in net.state_dict().items()}
    net.load_state_dict(state, assign=True)
    assert net.scale.dtype == tl.float64 and isinstance(net.scale, nn.Parameter) and net.scale.requires_grad
    state["scale"].fill_(9)
    assert net.scale[0].item() == 9


def test_old_batch_norm_state_has_no_counter() -> None:
    state = dict(nn.BatchNorm1d(2).state_dict())
    del state["num_batches_tracked"]
    assert str(nn.BatchNorm1d(2).load_state_dict(state)) == "<All keys matched successfully>"


def test_extra_state() -> None:
    class Counter(nn.Module):
        count = 0

        def get_extra_state(self) -> dict[str, int]:
            return {"count": self.count}

        def set_extra_state(self, state: dict[str, int]) -> None:
            self.count = state["count"]

    source, target = nn.Sequential(Counter()), nn.Sequential(Counter())
    source[0].count = 5
    assert list(source.state_dict()) == ["0._extra_state"]
    target.load_state_dict(source.state_dict())
    assert target[0].count == 5
    raises(RuntimeError, lambda: target.load_state_dict({}), "Missing key")


def test_state_hooks() -> None:
    net = nn.Linear(2, 1)
    calls: list[str] = []
    net.register_state_dict_pre_hook(lambda module, prefix, keep_vars: calls.append("before saving"))
    net.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update(extra=tl.zeros(1)))
    state = net.state_dict()
    assert "extra" in state
    net.register_load_state_dict_pre_hook(lambda module, state, *rest: state.pop("extra"))
    handle = net.register_load_state_dict_post_hook(
        lambda module, keys: calls.append(f"loaded {len(keys.missing_keys)}")
    )
    net.load_state_dict(state)
    handle.remove()
    net.load_state_dict(state)
    assert calls == ["before saving", "loaded 0"] and "extra" in state


def test_copies() -> None:
    net = Net()
    net.scale.requires_grad_(False)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert isinstance(twin.first.weight, nn.Parameter) and twin.first.weight is not net.first.weight
        assert not twin.scale.requires_grad
        assert all((a == b).all() for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True))
        twin.first.weight.data.fill_(5)
        assert not (net.first.weight == 5).any()
    layer = nn.Linear(2, 2)
    twin = copy.deepcopy(nn.ModuleList([layer, layer]))
    assert twin[0].weight is twin[1].weight


# Hooks --------------------------------------------------------------------------------------------------------------


def test_forward_hooks() -> None:
    layer = nn.Identity()
    order: list[str] = []
    layer.register_forward_pre_hook(lambda module, args: order.append("pre 1"))
    layer.register_forward_pre_hook(lambda module, args: order.append("pre 0"), prepend=True)
    first = layer.register_forward_hook(lambda module, args, output: output + 1)
    layer.register_forward_hook(lambda module, args, kwargs, output: output * 10, with_kwargs=True)
    assert layer(tl.tensor(1)).item() == 20 and order == ["pre 0", "pre 1"]
    first.remove()
    assert layer(tl.tensor(1)).item() == 10
    changed = layer.register_forward_pre_hook(lambda module, args, kwargs: ((tl.tensor(7),), {}), with_kwargs=True)
    assert layer(tl.tensor(1)).item() == 70
    changed.remove()
    with layer.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True):
        raises(RuntimeError, lambda: layer(1), "pre-hook")


def test_always_call_hooks_run_after_an_error() -> None:
    class Broken(nn.Module):
        def forward(self) -> None:
            raise ValueError("broken")

    calls: list[object] = []
    module = Broken()
    module.register_forward_hook(lambda module, args, output: calls.append("never"))
    module.register_forward_hook(lambda module, args, output: calls.append(output), always_call=True)
    raises(ValueError, module, "broken")
    assert calls == [None]


def test_full_backward_hooks() -> None:
    layer = nn.Linear(2, 3)
    seen: list[tuple] = []
    layer.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    x = tl.ones(4, 2, requires_grad=True)
    (layer(x).sum() + (x * 100).sum()).backward()
    ((grad_input,), (grad_output,)) = seen[0]
    assert tl.allclose(grad_input, layer.weight.detach().sum(0).expand(4, 2))  # without the other use of x
    assert (grad_output == 1).all() and grad_output.shape == (4, 3)


def test_backward_hooks_replace_gradients() -> None:
    layer = nn.Identity()
    layer.register_full_backward_pre_hook(lambda module, go: (go[0] * 2,))
    layer.register_full_backward_hook(lambda module, gi, go: (gi[0] * 5,))
    x = tl.ones(2, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.tolist() == [10, 10]


def test_backward_hook_without_gradients_for_inputs() -> None:
    layer = nn.Linear(2, 1)
    seen: list[tuple] = []
    layer.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    layer(tl.ones(1, 2)).sum().backward()
    assert seen[0][0] == (None,) and seen[0][1][0].item() == 1


# Printing and parameters --------------------------------------------------------------------------------------------


def test_repr() -> None:
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=2, out_features=2, bias=True)\n"
        "  (rest): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=2, out_features=1, bias=False)\n"
        "  )\n"
        ")"
    )


def test_parameter() -> None:
    data = tl.tensor([1.0, 2.0])
    parameter = nn.Parameter(data)
    assert parameter.requires_grad and parameter.is_leaf and isinstance(parameter, tl.Tensor)
    assert repr(parameter) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    data[0] = 5.0
    assert parameter[0].item() == 5.0  # the memory is shared
    assert nn.Parameter().shape == (0,)
    assert type(parameter * 2) is tl.Tensor and type(parameter.detach()) is tl.Tensor
    raises(RuntimeError, lambda: nn.Parameter(tl.tensor([1])))
    assert not nn.Parameter(tl.tensor([1]), requires_grad=False).requires_grad
