"""Folding batch norm into the layer before it, and the small helpers of `nn.utils`, against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest
from both import check_both, check_fails

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

PAIRS = {
    "conv1d": (lambda nn: (nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3)), (4, 2, 5), False),
    "conv2d": (lambda nn: (nn.Conv2d(2, 4, 3, groups=2, padding=1), nn.BatchNorm2d(4)), (4, 2, 5, 5), False),
    "conv2d without bias": (lambda nn: (nn.Conv2d(2, 3, 1, bias=False), nn.BatchNorm2d(3)), (4, 2, 5, 5), False),
    "conv3d, plain": (lambda nn: (nn.Conv3d(2, 3, 2), nn.BatchNorm3d(3, affine=False)), (2, 2, 3, 3, 3), False),
    "transposed": (lambda nn: (nn.ConvTranspose2d(2, 3, 2), nn.BatchNorm2d(3)), (2, 2, 3, 3), True),
    "linear": (lambda nn: (nn.Linear(3, 4), nn.BatchNorm1d(4)), (5, 3), None),
    "linear without bias": (lambda nn: (nn.Linear(3, 4, bias=False), nn.BatchNorm1d(4)), (5, 3), None),
}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_fused(name: str, frozen: bool) -> None:
    make, shape, transpose = PAIRS[name]

    def scene(lib: Any) -> Any:
        layer, norm = make(lib.nn)
        layer.requires_grad_(not frozen)
        x = lib.randn(*shape)
        for parameter in norm.parameters():
            lib.nn.init.uniform_(parameter, 0.5, 1.5)
        norm(layer(x))  # other statistics than at the beginning
        layer.eval(), norm.eval()
        fuse = lib.nn.utils
        fused = fuse.fuse_linear_bn_eval(layer, norm) if transpose is None else fuse.fuse_conv_bn_eval(layer, norm, transpose)
        assert lib.allclose(fused(x), norm(layer(x)), atol=1e-5)
        assert fused is not layer and type(fused) is type(layer)
        return fused(x), fused.weight, fused.bias, repr(fused), repr(layer)

    check_both(torch, scene)


def test_dtypes() -> None:
    def scene(lib: Any) -> Any:
        conv, norm = lib.nn.Conv2d(1, 2, 1).bfloat16().eval(), lib.nn.BatchNorm2d(2).eval()
        fused = lib.nn.utils.fuse_conv_bn_eval(conv, norm)
        return str(fused.weight.dtype), str(fused.bias.dtype)

    check_both(torch, scene)


FAULTS = {
    "in training": lambda lib: lib.nn.utils.fuse_conv_bn_eval(lib.nn.Conv1d(2, 3, 2), lib.nn.BatchNorm1d(3).eval()),
    "norm in training": lambda lib: lib.nn.utils.fuse_linear_bn_eval(lib.nn.Linear(2, 3).eval(), lib.nn.BatchNorm1d(3)),
    "sizes": lambda lib: lib.nn.utils.fuse_linear_bn_eval(lib.nn.Linear(2, 3).eval(), lib.nn.BatchNorm1d(4).eval()),
    "no class": lambda lib: lib.nn.utils.skip_init(3),
    "no module": lambda lib: lib.nn.utils.skip_init(int),
    "no device": lambda lib: lib.nn.utils.skip_init(lib.nn.ReLU),
    "no format": lambda lib: lib.nn.utils.convert_conv2d_weight_memory_format(lib.nn.Conv2d(1, 1, 1), 3),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


def test_no_statistics() -> None:
    with pytest.raises(AssertionError, match="track_running_stats"):
        norm = tl.nn.BatchNorm1d(3, track_running_stats=False).eval()
        tl.nn.utils.fuse_linear_bn_eval(tl.nn.Linear(2, 3).eval(), norm)


def test_skip_init_draws_nothing() -> None:
    def scene(lib: Any) -> Any:
        made = lib.nn.utils.skip_init(lib.nn.Conv2d, 1, 2, 3, dtype=lib.float64)
        return repr(made), str(made.weight.dtype), str(made.weight.device), made.training, lib.rand(3)

    check_both(torch, scene)


def test_memory_formats_change_no_value() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.Sequential(lib.nn.Conv2d(1, 2, 3), lib.nn.Conv3d(1, 1, 1))
        before = net[0].weight.detach().clone()
        lib.nn.utils.convert_conv2d_weight_memory_format(net, lib.channels_last)
        assert lib.nn.utils.convert_conv3d_weight_memory_format(net, lib.channels_last_3d) is net
        return before, net[0].weight, net[0](lib.ones(1, 1, 4, 4))

    check_both(torch, scene)


@pytest.mark.parametrize("order", [1.0, 2.0, 3, float("inf")])
def test_clipping(order: float) -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.Linear(3, 2)
        out = []
        for name in ("clip_grad_norm_", "clip_grad_norm"):
            net.zero_grad()
            (net(lib.randn(4, 3)) ** 2).sum().backward()
            out.append(getattr(lib.nn.utils, name)(net.parameters(), 0.5, norm_type=order))
            out += [p.grad for p in net.parameters()]
        total = lib.nn.utils.get_total_norm([p.grad for p in net.parameters()], order)
        lib.nn.utils.clip_grads_with_norm_(net.parameters(), 0.1, total)
        return out, total, [p.grad for p in net.parameters()]

    check_both(torch, scene)


def test_clip_grad_norm_is_deprecated() -> None:
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        tl.nn.utils.clip_grad_norm([], 1.0)


def test_everything_of_pytorch_is_there() -> None:
    missing = [name for name in torch.nn.utils.__all__ if not hasattr(tl.nn.utils, name)]
    for module in ("clip_grad", "fusion", "parametrize", "parametrizations", "stateless", "rnn", "memory_format"):
        theirs, ours = getattr(torch.nn.utils, module), getattr(tl.nn.utils, module)
        missing += [f"{module}.{name}" for name in theirs.__all__ if not hasattr(ours, name)]
    assert missing == []
