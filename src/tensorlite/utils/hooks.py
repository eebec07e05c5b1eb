"""Handles that take a registered hook away again."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

__all__ = ["RemovableHandle"]


class RemovableHandle:
    """What a ``register_..._hook`` returns: ``handle.remove()`` takes the hook away, and so does leaving a ``with``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Identity()
    >>> with layer.register_forward_hook(lambda module, args, output: output + 1):
    ...     layer(tl.tensor(1))
    tensor(2)
    >>> layer(tl.tensor(1))
    tensor(1)
    """

    _ids = itertools.count()

    def __init__(self, hooks: MutableMapping[int, Any], *, extra: tuple[MutableMapping[int, Any], ...] = ()) -> None:
        self.id = next(RemovableHandle._ids)
        # Weak, so that a handle that is kept around does not keep the model alive.
        self._tables = tuple(weakref.ref(table) for table in (hooks, *extra))

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def __getstate__(self) -> dict[str, Any]:
        return {"id": self.id}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copied or unpickled handle belongs to no table any more.
        self.id, self._tables = state["id"], ()
