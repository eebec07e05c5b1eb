"""``torch.backends.mps``: Apple's GPUs, which there is no backend for."""

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """False."""
    return False


is_built = is_available
