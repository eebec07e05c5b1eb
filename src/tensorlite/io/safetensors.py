"""The safetensors format, by the package of that name: named tensors and nothing else, with the functions of ``safetensors.torch``.

Install it with ``pip install "tensorlite[io]"``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from .. import dtypes
from ..backends import get_backend
from ..devices import device as Device
from ..dtypes import dtype as DType
from ..tensor import Tensor
from ..tensor.creation import empty, from_numpy, frombuffer
from .files import replacing

__all__ = ["load", "load_file", "load_metadata", "load_model", "save", "save_file", "save_model"]

DTYPE_OF_CODE = {
    "F64": dtypes.float64, "F32": dtypes.float32, "F16": dtypes.float16, "BF16": dtypes.bfloat16, "I64": dtypes.int64,
    "I32": dtypes.int32, "I16": dtypes.int16, "I8": dtypes.int8, "U64": dtypes.uint64, "U32": dtypes.uint32,
    "U16": dtypes.uint16, "U8": dtypes.uint8, "BOOL": dtypes.bool, "C64": dtypes.complex64,
}  # fmt: skip
SAVED = frozenset(DTYPE_OF_CODE.values())


def _library(name: str = "safetensors") -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f'.safetensors files need the package safetensors ({error}): pip install "tensorlite[io]"') from error


# Reading ------------------------------------------------------------------------------------------------------------


def load_file(filename: str | os.PathLike[str], device: str | int | Device = "cpu") -> dict[str, Tensor]:
    """Read the tensors of a file. Each is copied out of the file once.

    Raises:
        safetensors.SafetensorError: it is no such file, or a damaged one.
        ValueError: a tensor has a dtype that NumPy has not (float8, float4).
        ImportError: the package safetensors is missing.

    >>> import tensorlite as tl, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"weight": tl.ones(2, dtype=tl.float16)}, f"{folder}/a.safetensors")
    ...     load_file(f"{folder}/a.safetensors")
    {'weight': tensor([1., 1.], dtype=torch.float16)}
    """
    library = _library()
    target = Device("cuda", device) if isinstance(device, int) else Device(device)
    tensors = {}
    try:
        with library.safe_open(os.fspath(filename), framework="np") as file:
            for name in file.keys():  # noqa: SIM118 - not a dict
                _dtype(name, file.get_slice(name).get_dtype())
                tensors[name] = from_numpy(file.get_tensor(name)).to(target)
    except library.SafetensorError as error:
        raise _damaged(library, filename, error) from error
    return tensors


def load(data: bytes) -> dict[str, Tensor]:
    """Read the tensors of a file that is in memory.

    Raises:
        safetensors.SafetensorError: it is no such file, or a damaged one.
        ValueError: a tensor has a dtype that NumPy has not (float8, float4).
        ImportError: the package safetensors is missing.

    >>> import tensorlite as tl
    >>> load(save({"weight": tl.ones(2)}))
    {'weight': tensor([1., 1.])}
    """
    library, tensors = _library(), {}
    for name, entry in library.deserialize(data):
        dtype, memory = _dtype(name, entry["dtype"]), entry["data"]
        flat = frombuffer(memory, dtype=dtype) if len(memory) else empty(0, dtype=dtype, device="cpu")
        try:
            tensors[name] = flat.reshape(entry["shape"])
        except RuntimeError as error:  # no elements, and far too many dimensions, or too large ones
            raise library.SafetensorError(f"the tensor {name!r:.80} is damaged ({error})") from error
    return tensors


def load_metadata(filename: str | os.PathLike[str]) -> dict[str, str]:
    """The texts that were saved beside the tensors of a file.

    Raises:
        safetensors.SafetensorError, ImportError: as `load_file`.

    >>> import tensorlite as tl, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"weight": tl.ones(2)}, f"{folder}/a.safetensors", metadata={"format": "pt"})
    ...     load_metadata(f"{folder}/a.safetensors")
    {'format': 'pt'}
    """
    library = _library()
    try:
        with library.safe_open(os.fspath(filename), framework="np") as file:
            return dict(file.metadata() or {})
    except library.SafetensorError as error:
        raise _damaged(library, filename, error) from error


def _damaged(library: Any, filename: str | os.PathLike[str], error: Exception) -> Exception:
    return library.SafetensorError(f"{os.fspath(filename)} is no safetensors file, or is damaged ({error})")


def _dtype(name: str, code: str) -> DType:
    dtype = DTYPE_OF_CODE.get(code)
    if dtype is None:
        raise ValueError(f"the tensor {name!r:.80} has the dtype {code}, which NumPy cannot compute in")
    get_backend("cpu").native[dtype]  # bfloat16 needs an extra: this says so
    return dtype


# Writing ------------------------------------------------------------------------------------------------------------


def save_file(tensors: dict[str, Tensor], filename: str | os.PathLike[str], metadata: dict[str, str] | None = None) -> None:
    """Write tensors to a file, completely or not at all. ``metadata`` is texts that are kept beside them.

    Raises:
        ValueError: not a dict of tensors, or one of them is not contiguous, or sparse, or of a dtype that the format has not.
        RuntimeError: two tensors share memory (for a model, use `save_model`), or there is no such folder.
        ImportError: the package safetensors is missing.

    >>> import tensorlite as tl, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"weight": tl.ones(2)}, f"{folder}/a.safetensors", metadata={"format": "pt"})
    """
    library, arrays = _library("safetensors.numpy"), _arrays(tensors)
    with replacing(filename) as temporary:
        library.save_file(arrays, temporary, metadata=metadata)


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes that `save_file` would write.

    Raises:
        ValueError, RuntimeError, ImportError: as `save_file`.

    >>> import tensorlite as tl
    >>> len(save({"weight": tl.ones(2)}))
    80
    """
    return bytes(_library("safetensors.numpy").save(_arrays(tensors), metadata=metadata))


def _arrays(tensors: dict[str, Tensor]) -> dict[str, Any]:
    check_tensors(tensors)
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def check_tensors(tensors: dict[str, Tensor]) -> None:
    """Refuse what the format cannot hold.

    Raises:
        ValueError, RuntimeError: as `save_file`.
    """
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}")
        if tensor.is_sparse:
            raise ValueError(f"the tensor `{name}` is sparse, which the format has not: save tensor.to_dense()")
        if tensor.dtype not in SAVED:
            raise ValueError(f"the tensor `{name}` is {tensor.dtype}, which the format has not: convert it, or use tl.save")
    groups = overlapping_names(tensors)
    if groups:
        raise RuntimeError(
            f"Some tensors share memory, and the format would hold it several times: {groups}. Use `save_model` for a "
            "model, or clone() all but one"
        )
    for name, tensor in tensors.items():
        if not tensor.is_contiguous():
            raise ValueError(f"the tensor `{name}` is non contiguous, which the format has not: save tensor.contiguous()")


# Models -------------------------------------------------------------------------------------------------------------


def save_model(
    model: Any, filename: str | os.PathLike[str], metadata: dict[str, str] | None = None, force_contiguous: bool = True
) -> None:
    """Write the state of a module; of tensors that share memory one is written, and ``metadata`` says which.

    Raises:
        RuntimeError: tensors share memory, and none of them covers all of it.
        ValueError: a tensor is not contiguous and ``force_contiguous=False``, or its dtype is not in the format.
        ImportError: the package safetensors is missing.

    >>> import tensorlite as tl, tempfile
    >>> model = tl.nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/a.safetensors")
    ...     load_model(model, f"{folder}/a.safetensors")
    ([], [])
    """
    state = model.state_dict()
    dropped = covered_names(state)
    tensors = {name: tensor for name, tensor in state.items() if name not in dropped}
    if force_contiguous:
        tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(tensors, filename, metadata={**dropped, **(metadata or {})} or None)


def load_model(
    model: Any, filename: str | os.PathLike[str], strict: bool = True, device: str | int | Device = "cpu"
) -> tuple[list[str], list[str]]:
    """Read what `save_model` wrote into a module; the names that are missing in the file, and those that the module has not.

    Raises:
        RuntimeError: there are such names and ``strict=True``, or a shape differs.
        safetensors.SafetensorError: it is no such file, or a damaged one.
        ImportError: the package safetensors is missing.

    >>> import tensorlite as tl, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"weight": tl.ones(1, 2)}, f"{folder}/a.safetensors")
    ...     load_model(tl.nn.Linear(2, 1), f"{folder}/a.safetensors", strict=False)
    (['bias'], [])
    """
    tensors = load_file(filename, device=device)
    dropped = covered_names(model.state_dict(), preferred=tensors)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    missing = sorted(set(missing) - dropped.keys())
    unexpected = sorted({*unexpected, *(dropped.keys() & tensors.keys())})
    if strict:
        check_names(model, missing, unexpected)
    return missing, unexpected


def check_names(model: Any, missing: list[str], unexpected: list[str]) -> None:
    """Raise what ``load_state_dict(strict=True)`` raises.

    Raises:
        RuntimeError: one of the lists is not empty.
    """
    lists = (("Missing", missing), ("Unexpected", unexpected))
    lines = [f"{kind} key(s) in state_dict: " + ", ".join(f'"{name}"' for name in names) for kind, names in lists if names]
    if lines:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(model).__name__}:\n    " + "\n    ".join(lines))


def covered_names(state: Mapping[str, Tensor], preferred: Iterable[str] = ()) -> dict[str, str]:
    """The names whose memory another name covers, and that name. Of several, the first that is ``preferred``."""
    preferred, dropped = set(preferred), {}
    for group in overlapping_names(state):
        whole = [name for name in group if _covers_storage(state[name])]
        if not whole:
            raise RuntimeError(f"the tensors {group} share memory, and none of them covers all of it: clone() them first")
        kept = min(preferred.intersection(whole) or whole)
        dropped.update({name: kept for name in group if name != kept})
    return dropped


def _covers_storage(tensor: Tensor) -> bool:
    storage = tensor.untyped_storage()
    return tensor.data_ptr() == storage.data_ptr() and tensor.numel() * tensor.element_size() == storage.nbytes()


def overlapping_names(tensors: Mapping[str, Tensor]) -> list[list[str]]:
    """The names of tensors that lie in the same memory or in part of it, each group sorted."""
    stretches = []
    for name, tensor in tensors.items():
        if tensor.numel():
            start = tensor.data_ptr()
            last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
            stretches.append((str(tensor.device), start, start + (last + 1) * tensor.element_size(), name))
    groups: list[list[str]] = []
    place, end = "", 0
    for device, start, stop, name in sorted(stretches):
        if device == place and start < end:
            groups[-1].append(name)
            end = max(end, stop)
        else:
            groups.append([name])
            place, end = device, stop
    return [sorted(group) for group in groups if len(group) > 1]
