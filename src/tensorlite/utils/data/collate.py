"""Batches out of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...dtypes import float64
from ...tensor import Tensor
from ...tensor.creation import as_tensor, tensor
from ...tensor.joining import stack

__all__ = ["default_collate", "default_convert"]


def _is_array(value: Any) -> bool:
    """Whether it is a NumPy array or scalar; told by name, so that NumPy stays in its backend."""
    return type(value).__module__ == "numpy" and hasattr(value, "dtype")


def _rebuild(like: Any, items: list[Any]) -> Any:
    """A sequence of the type of ``like``; a list, if that type cannot be made from one."""
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*items)
    try:
        return type(like)(items)
    except TypeError:
        return items


def _rebuild_mapping(like: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    try:
        return type(like)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def default_convert(data: Any) -> Any:
    """Turn NumPy arrays, wherever they are in lists, tuples and dicts, into tensors; leave the rest.

    >>> import tensorlite as tl
    >>> tl.utils.data.default_convert({"a": 1, "b": [tl.zeros(1)]})
    {'a': 1, 'b': [tensor([0.])]}
    """
    if isinstance(data, Tensor):
        return data
    if _is_array(data):
        return data if getattr(data, "dtype").kind in "SUO" else as_tensor(data)  # noqa: B009
    if isinstance(data, Mapping):
        return _rebuild_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and not hasattr(data, "_fields"):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuild(data, [default_convert(item) for item in data])
    return data


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack the samples of a batch: tensors and arrays along a new first dimension, numbers into a tensor.

    Lists, tuples and dicts of these become lists and dicts of batches; strings stay a list.

    Raises:
        TypeError: a sample of another type. RuntimeError: samples of different sizes.

    >>> import tensorlite as tl
    >>> tl.utils.data.default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=torch.float64)]
    """
    first = batch[0]
    for kind, collate in _COLLATORS:
        if isinstance(first, kind):
            return collate(batch)
    if _is_array(first):
        return _collate_arrays(batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first)}: give the DataLoader a collate_fn"
    )


def _collate_arrays(batch: Sequence[Any]) -> Any:
    if batch[0].dtype.kind in "SUO":
        raise TypeError(
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found an array of "
            f"dtype {batch[0].dtype}"
        )
    if batch[0].shape == ():
        return as_tensor(batch) if isinstance(batch, list) else as_tensor(list(batch))
    return stack([as_tensor(item) for item in batch])


def _collate_mappings(batch: Sequence[Mapping[Any, Any]]) -> Any:
    return _rebuild_mapping(batch[0], {key: default_collate([sample[key] for sample in batch]) for key in batch[0]})


def _collate_sequences(batch: Sequence[Sequence[Any]]) -> Any:
    first = batch[0]
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    if isinstance(first, tuple):
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    return _rebuild(first, columns)


# In the order in which they are tried: a bool is an int, a string is a sequence. (NumPy's float64 is a float to
# Python, and goes the same way.)
_COLLATORS: tuple[tuple[Any, Callable[[Sequence[Any]], Any]], ...] = (
    (Tensor, lambda batch: stack(list(batch))),
    (float, lambda batch: tensor([float(item) for item in batch], dtype=float64)),
    (int, lambda batch: tensor(list(batch))),
    ((str, bytes), lambda batch: batch),
    (Mapping, _collate_mappings),
    (Sequence, _collate_sequences),
)
