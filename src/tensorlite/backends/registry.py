"""From a device to its backend; backends are imported when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..devices import device, get_default_device, know_device_type
from .base import Backend

__all__ = ["get_backend", "register_backend", "current_backend"]

_factories: dict[str, Callable[[int | None], Backend] | str] = {
    "cpu": "tensorlite.backends.numpy:create",
    "cuda": "tensorlite.backends.cupy:create",
}
_backends: dict[Any, Backend] = {}
_on_create: list[Callable[[Backend], None]] = []


def register_backend(name: str, factory: Callable[[int | None], Backend]) -> None:
    """Add a device type: ``factory(index)`` returns the backend of ``device(name, index)``.

    Raises:
        RuntimeError: the device type has a backend already.

    See CONTRIBUTING for a complete example.
    """
    if name in _factories:
        raise RuntimeError(f"the device type '{name}' has a backend already; choose another name")
    know_device_type(name)
    _factories[name] = factory


def on_backend_created(callback: Callable[[Backend], None]) -> None:
    """Call `callback` with every backend, those that exist and those to come."""
    _on_create.append(callback)
    for backend in set(_backends.values()):
        callback(backend)


def get_backend(where: device | str | int | None = None) -> Backend:
    """The backend of a device (of the default device for ``None``), created when first asked for.

    Raises:
        RuntimeError: nothing is registered for that device type, or what it needs (driver, extra) is missing.
    """
    if where is None:
        where = get_default_device()
    found = _backends.get(where)
    return found if found is not None else _create(where)


def current_backend() -> Backend:
    """The backend of the default device."""
    return get_backend(get_default_device())


def _create(where: device | str | int) -> Backend:
    wanted = device(where)
    factory = _factories.get(wanted.type)
    if factory is None:
        raise RuntimeError(f"no backend is registered for device '{wanted}'; use 'cpu' or 'cuda', or register_backend()")
    if isinstance(factory, str):
        module, _, name = factory.partition(":")
        factory = getattr(import_module(module), name)
    backend = factory(wanted.index)
    # "cuda" without an index depends on the current CUDA device, so only the full name is kept.
    kept = _backends.setdefault(backend.device, backend)
    if kept is backend:
        for callback in _on_create:
            callback(backend)
    if wanted == kept.device:
        _backends[wanted] = kept
        if isinstance(where, str):
            _backends[where] = kept
    return kept


def on_bfloat16() -> None:
    """Tell all backends that the bfloat16 dtype exists now."""
    for backend in set(_backends.values()):
        backend.on_new_dtype()
