"""``torch.backends``: what PyTorch's libraries can be told, and whether they are there."""

__all__: list[str] = []
