"""``torch.backends.cpu``: what the processor can do."""

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """The word DEFAULT: NumPy chooses its instructions itself."""
    return "DEFAULT"
