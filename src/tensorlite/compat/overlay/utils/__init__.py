"""``torch.utils``: its parts."""

__all__: list[str] = []
