"""What a table of layers cannot say about the rarer ones."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("channels", [1, 2, 9])
def test_cross_map_norm_has_pytorch_s_running_sum(size: int, channels: int) -> None:
    options: Any = {"alpha": 0.5, "beta": 0.6, "k": 2.0}
    x = tl.randn(2, channels, 2, 3)
    ours = tl.nn.CrossMapLRN2d(size, **options)
    theirs = torch.nn.CrossMapLRN2d(size, **options)
    assert repr(ours) == repr(theirs)
    torch.testing.assert_close(torch.tensor(ours(x).tolist()), theirs(torch.tensor(x.tolist())), rtol=1e-5, atol=1e-6)
    assert tl.autograd.gradcheck(ours, tl.randn(1, channels, 1, 2, dtype=tl.float64, requires_grad=True))


def test_adaptive_softmax_knows_all_classes() -> None:
    tl.manual_seed(0)
    torch.manual_seed(0)
    ours = tl.nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 2.0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], 2.0)
    x = tl.randn(30, 6) * 3
    given = torch.tensor(x.tolist())
    torch.testing.assert_close(torch.tensor(ours.log_prob(x).tolist()), theirs.log_prob(given), rtol=1e-5, atol=1e-5)
    assert ours.predict(x).tolist() == theirs.predict(given).tolist()
    assert len(set(ours.predict(x).tolist())) > 3
    tl.manual_seed(1)
    ours.reset_parameters()
    torch.manual_seed(1)
    theirs.reset_parameters()
    assert ours.tail[1][1].weight.tolist() == theirs.tail[1][1].weight.tolist()


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_fractional_pool_with_given_samples(n: int, dtype: str) -> None:
    name = f"fractional_max_pool{n}d"
    x, samples = tl.randn(2, 3, *[9, 8, 7][:n]), tl.rand(2, 3, n)
    both = []
    for lib in (tl, torch):
        kind = getattr(lib, dtype)
        given: Any = [lib.tensor(v.tolist()).to(kind) for v in (x, samples)]
        pool = getattr(lib.nn.functional, name)
        both.append(pool(given[0], 3, output_ratio=(0.5,) * n, return_indices=True, _random_samples=given[1]))
    for ours, theirs in zip(*both, strict=True):
        assert ours.tolist() == theirs.tolist()


def test_options_of_the_linear_cross_entropy_print_and_warn() -> None:
    ours, theirs = tl.nn.LinearCrossEntropyOptions(batch_chunk_size=3), torch.nn.LinearCrossEntropyOptions(batch_chunk_size=3)
    assert repr(ours) == repr(theirs)
    loss = tl.nn.LinearCrossEntropyLoss(3, 2, label_smoothing=0.5, options=ours)
    with pytest.warns(UserWarning, match="no effect"):
        loss(tl.zeros(1, 3), tl.tensor([0]))


def test_several_devices_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="one device"):
        tl.nn.DataParallel(tl.nn.Linear(2, 3), device_ids=[0, 1])
    with pytest.raises(NotImplementedError, match="process group"):
        tl.nn.SyncBatchNorm(3, process_group=object())


def test_sync_batch_norm_takes_over_everything_but_instance_norms() -> None:
    inner = tl.nn.BatchNorm2d(3, momentum=0.3)
    net = tl.nn.Sequential(inner, tl.nn.InstanceNorm2d(3), tl.nn.ModuleList([tl.nn.BatchNorm1d(2)]).eval()).eval()
    out: Any = tl.nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert [type(m).__name__ for m in (out[0], out[1], out[2][0])] == ["SyncBatchNorm", "InstanceNorm2d", "SyncBatchNorm"]
    assert out[0].weight is inner.weight and out[0].running_mean is inner.running_mean and not out[0].training


@pytest.mark.parametrize("name", ["Container", "NLLLoss2d"])
def test_old_names_warn(name: str) -> None:
    with pytest.warns(FutureWarning, match="deprecated"):
        ours = getattr(tl.nn, name)()
    with pytest.warns(FutureWarning, match="deprecated"):
        theirs = getattr(torch.nn, name)()
    assert repr(ours) == repr(theirs)
