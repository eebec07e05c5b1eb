"""``torch.nn``: its parts that are not rooms of `tensorlite.nn`."""

__all__: list[str] = []
