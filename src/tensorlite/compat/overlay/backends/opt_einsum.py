"""``torch.backends.opt_einsum``: in which order products of many tensors are done."""

__all__ = ["enabled", "is_available", "strategy"]

enabled, strategy = False, None


def is_available() -> bool:
    """False: the package is not used."""
    return False
