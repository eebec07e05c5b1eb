"""The list of functions that a backend must provide is the list of those that are there and those that are used."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import tensorlite
from tensorlite import ops
from tensorlite.backends import get_backend
from tensorlite.backends.arrays.pointwise import UFUNCS
from tensorlite.backends.base import _bodies
from tensorlite.backends.protocol import ATTRIBUTES, OPTIONAL, required

ROOT = Path(tensorlite.__file__).parent
NAMES_OF_BACKENDS = {"xp", "_xp", "cpu"}


def parameters(signature: str) -> list[tuple[str, str]]:
    """Names and kinds of the parameters of a signature that is written out."""
    namespace: dict[str, object] = {}
    exec(f"def {signature}: pass", namespace)
    function = namespace[signature.partition("(")[0]]
    return [(p.name, str(p.kind)) for p in inspect.signature(function).parameters.values()]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(required()))
def test_numpy_backend_has_it(name: str) -> None:
    """NumPy's backend has every function, and with the signature that is promised."""
    found = getattr(get_backend("cpu"), name)
    if getattr(found, "__qualname__", "").endswith("promised"):
        found = get_backend("cpu").find(name)
    if name in UFUNCS and not hasattr(type(get_backend("cpu")), name):
        return  # a ufunc, whose parameters have no names
    given = [(p.name, str(p.kind)) for p in inspect.signature(found).parameters.values()]
    assert given == parameters(required()[name])


@pytest.mark.parametrize("name", sorted(required()))
def test_cupy_backend_has_it(name: str) -> None:
    """The CUDA backend has every function, too: of its own, or from what it shares with NumPy's."""
    from tensorlite.backends.cupy.backend import _KERNELS, CupyBackend

    assert hasattr(CupyBackend, name) or name in UFUNCS or name in _KERNELS


@pytest.mark.parametrize("name", sorted(required()))
def test_strict_backend_has_it(name: str) -> None:
    assert callable(getattr(get_backend("strict"), name))


def test_backends_have_the_attributes() -> None:
    for where in ("cpu", "strict"):
        xp = get_backend(where)
        missing = [name for name in ATTRIBUTES if not hasattr(xp, name)]
        assert not missing, f"{where}: {missing}"


def test_every_op_without_a_body_is_listed() -> None:
    """An op whose forward is the backend's own function."""
    never_run_forward = {"overwrite"}
    missing = [name for name in ops.ops if name not in _bodies and name not in required() and name not in never_run_forward]
    assert not missing, missing


def test_everything_that_is_called_is_listed() -> None:
    """Attributes of things called ``xp`` above the backends."""
    known = required().keys() | ATTRIBUTES.keys() | OPTIONAL.keys() | ops.ops.keys() | _bodies.keys()
    unlisted = []
    for path in ROOT.rglob("*.py"):
        if "backends" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr not in known:
                owner = node.value
                name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                if name in NAMES_OF_BACKENDS:
                    unlisted.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}.{node.attr}")
    assert not unlisted, "\n".join(unlisted)
