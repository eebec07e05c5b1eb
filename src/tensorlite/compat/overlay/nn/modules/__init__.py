"""``torch.nn.modules``: its parts that are not files of `tensorlite.nn.modules`."""

__all__: list[str] = []
