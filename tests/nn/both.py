"""One scene, played with tensorlite and with PyTorch from the same seed, and what it returns compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import tensorlite as tl

Scene = Callable[[Any], Any]


def played(lib: Any, scene: Scene) -> Any:
    """What the scene returns, or the class of what it raises."""
    lib.manual_seed(0)
    try:
        return scene(lib)
    except Exception as error:
        return error


def compare(torch: Any, ours: Any, theirs: Any, where: str = "result") -> None:
    """Tensors are close, errors are of the same class, and everything else is equal."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, tl.Tensor), f"{where}: {ours!r}"
        assert (ours.shape, str(ours.dtype)) == (theirs.shape, str(theirs.dtype)), where
        assert ours.requires_grad == theirs.requires_grad, f"{where}: requires_grad"
        values = torch.tensor(ours.detach().tolist(), dtype=theirs.dtype).reshape(theirs.shape)
        torch.testing.assert_close(values, theirs.detach(), rtol=1e-4, atol=1e-5, msg=lambda m: f"{where}: {m}")
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key, value in theirs.items():
            compare(torch, ours[key], value, f"{where}[{key!r}]")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), where
        for i, value in enumerate(theirs):
            compare(torch, ours[i], value, f"{where}[{i}]")
    elif isinstance(theirs, BaseException):
        assert isinstance(ours, type(theirs)), f"{where}: {ours!r} instead of {theirs!r}"
    elif isinstance(ours, BaseException):
        raise ours
    else:
        assert ours == theirs, where


def check_both(torch: Any, scene: Scene) -> None:
    """The scene has the same result in both libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = played(torch, scene)
        ours = played(tl, scene)
    compare(torch, ours, theirs)


def check_fails(torch: Any, scene: Scene) -> None:
    """The scene fails in both libraries, with errors of the same class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = played(torch, scene)
        ours = played(tl, scene)
    assert isinstance(theirs, BaseException), theirs
    compare(torch, ours, theirs)


def trained(lib: Any, model: Any, x: Any, steps: int = 3) -> dict[str, Any]:
    """Losses, outputs, gradients and the state, after some steps of gradient descent."""
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        y = model(x)
        loss = (y * y).mean() + y.sum() * 0.1
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    model.eval()
    return {
        "losses": losses,
        "grads": {name: p.grad for name, p in model.named_parameters()},
        "state": dict(model.state_dict()),
        "output": model(x).detach(),
        "repr": repr(model),
    }
