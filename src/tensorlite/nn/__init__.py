"""Neural networks: modules, parameters, losses, initialisation."""

from . import functional, init, modules, utils
from .module import Module
from .modules import *  # noqa: F403
from .modules import __all__ as _layers
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    "Buffer", "Module", "Parameter", "UninitializedBuffer", "UninitializedParameter", "functional", "init",
    "modules", "utils", *_layers,
]
