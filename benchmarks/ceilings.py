"""What cannot be beaten on this machine: the numbers of `docs/design/performance.md` that are no comparison with PyTorch.

    OMP_NUM_THREADS=1 python benchmarks/ceilings.py

prints the time of the smallest training step written by hand in NumPy beside tensorlite's, what it costs to hand work to a
second thread, one picture with and without the modules around the kernels, and how many operations a second products and
convolutions reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from cases import cnn_and_one_image, tiny_mlp

import tensorlite as tl
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.workers import in_parallel
from tensorlite.backends.registry import get_backend


def microseconds(step: Callable[[], object], rounds: int = 15) -> float:
    """The median over rounds of a tenth of a second."""
    step()
    begun = time.perf_counter()
    step()
    number = max(1, int(0.1 / (time.perf_counter() - begun)))
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(number):
            step()
        times.append((time.perf_counter() - begun) / number)
    return median(times) * 1e6


def by_hand() -> Callable[[], object]:
    """The step of the perceptron 16-32-32-1 as NumPy calls, in place where a careful person would write so."""
    draw = np.random.default_rng(0).standard_normal
    x, y, ones = (draw(shape).astype("f") for shape in ((8, 16), (8, 1), (8,)))
    ones[:] = 1
    weights = [draw(shape).astype("f") * 0.1 for shape in ((32, 16), (32,), (32, 32), (32,), (1, 32), (1,))]
    rate = np.array(0.01, "f")

    def step() -> object:
        w1, b1, w2, b2, w3, b3 = weights
        h1 = np.tanh(np.add(x.dot(w1.T), b1))
        h2 = np.tanh(np.add(h1.dot(w2.T), b2))
        difference = np.add(h2.dot(w3.T), b3) - y
        loss = np.mean(difference * difference)
        g3 = difference * np.float32(2 / 8)
        g2 = g3.dot(w3) * (1 - h2 * h2)
        g1 = g2.dot(w2) * (1 - h1 * h1)
        grads = (g1.T.dot(x), ones.dot(g1), g2.T.dot(h1), ones.dot(g2), g3.T.dot(h2), ones.dot(g3))
        for weight, grad in zip(weights, grads, strict=True):
            np.subtract(weight, np.multiply(grad, rate), weight)
        return loss

    return step


def one_picture() -> tuple[Callable[[], object], Callable[[], object]]:
    """The convolutional network on one picture, as modules, and as the calls of the CPU's kernels that these come down to."""
    net, x, _ = cnn_and_one_image(tl)
    net.eval()
    xp, layers = get_backend("cpu"), [*net]
    square = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    halved = {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    picture, last = x.numpy(), [p.detach().numpy() for p in layers[-1].parameters()]
    stages = []
    for conv, norm in zip(layers[0:-2:4], layers[1:-2:4], strict=True):
        given = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        stages.append(([p.detach().numpy() for p in conv.parameters()], [p.detach().numpy() for p in given]))

    def by_kernels() -> object:
        a = picture
        for weights, moments in stages:
            a = xp.conv(a, *weights, **square)
            a = xp.standardize(a, *moments, shape=(1, a.shape[1], 1, 1), eps=1e-5)
            a = xp.max_pool_values(xp.relu(a), **halved)
        return xp.linear(a.reshape(1, -1), *last)

    def by_modules() -> object:
        with tl.no_grad():
            return net(x)

    assert np.allclose(by_kernels(), by_modules().numpy(), atol=1e-5)  # type: ignore[attr-defined]
    return by_modules, by_kernels


def _nothing(block: int, blocks: np.ndarray) -> None:
    pass


def main() -> None:
    tl.manual_seed(0)
    print(f"training step 16-32-32-1 in NumPy by hand  {microseconds(by_hand()):7.1f} us")
    print(f"the same by tensorlite                     {microseconds(tiny_mlp(tl, 'cpu')):7.1f} us")
    by_modules, by_kernels = one_picture()
    print(f"one picture by thirteen modules            {microseconds(by_modules):7.1f} us")
    print(f"the kernels that these call                {microseconds(by_kernels):7.1f} us")
    before = tl.get_num_threads()
    tl.set_num_threads(2)
    print(f"handing a block to a thread that sleeps    {microseconds(lambda: in_parallel(lambda block: None, (0, 1))):7.1f} us")
    if fast.available():
        from tensorlite.backends.numpy.fast.team import shared

        nothing, blocks = shared(_nothing), np.zeros((2, 2), np.int64)
        print(f"handing a block to a thread that is awake  {microseconds(lambda: nothing(blocks)):7.1f} us")
    tl.set_num_threads(before)
    a, b = tl.randn(2048, 128), tl.randn(384, 128)
    spent = microseconds(lambda: tl.nn.functional.linear(a, b))
    print(f"product 2048x128 by 128x384                {2 * 2048 * 128 * 384 / spent / 1e3:7.1f} GFLOP/s")
    a, b = tl.randn(1024, 1024), tl.randn(1024, 1024)
    print(f"product 1024x1024                          {2 * 1024**3 / microseconds(lambda: a @ b) / 1e3:7.1f} GFLOP/s")
    with tl.no_grad():
        for channels, size in ((16, 32), (32, 16), (64, 8)):
            x, weight = tl.randn(32, channels, size, size), tl.randn(channels, channels, 3, 3)
            spent = microseconds(lambda x=x, weight=weight: tl.nn.functional.conv2d(x, weight, padding=1))
            speed = 2 * 32 * size * size * channels * channels * 9 / spent / 1e3
            print(f"convolution 3x3, {channels} channels of {size}x{size}       {speed:7.1f} GFLOP/s")


if __name__ == "__main__":
    main()
