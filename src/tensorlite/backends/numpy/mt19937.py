"""PyTorch's CPU generator without its distributions: the raw stream, seeding, and the state that both can exchange."""

from __future__ import annotations

import secrets
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fast import available

__all__ = ["DEFAULT_SEED", "MANY", "STATE_SIZE", "Stream"]

DEFAULT_SEED = 67280421310721
"""The seed of a new `torch.Generator`."""

# The bytes of `torch.Generator.get_state()`. Of the three doubles only `normal_y` is in use: the second of two normals.
_LAYOUT = np.dtype(
    {
        "names": [
            "seed",
            "left",
            "seeded",
            "next",
            "key",
            "normal_y",
            "normal_is_valid",
            "float_normal",
            "float_is_valid",
        ],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", 624), "<f8", "<i4", "<f4", "?"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040, 5048, 5052],
        "itemsize": 5056,
    }
)
STATE_SIZE = _LAYOUT.itemsize
_KEY_SIZE = 624
_MASK_53 = np.uint64(2**53 - 1)
_MASK_24 = np.uint32(2**24 - 1)
_SCALE_24 = np.float32(2.0**-24)

MANY = 1 << 15
"""How many numbers are worth loading compiled functions. Once one is there, it makes fewer numbers too."""
_FEW = 1 << 9
"""Of more numbers NumPy makes each of two words as quickly by itself."""
_compiled: Any = None  # the module `fast.random`, when it was first needed


class Stream:
    """The Mersenne Twister as PyTorch seeds it and reads it.

    >>> stream = Stream(0)
    >>> stream.unit32(2).tolist()
    [0.49625658988952637, 0.7682217955589294]
    """

    __slots__ = ("_bits", "_draw", "_legacy", "_memory", "_seed", "_next_normal", "_next_float_normal")

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self._bits = np.random.MT19937(0)
        self._draw = np.random.Generator(self._bits).integers
        self._legacy = np.random.RandomState(self._bits)
        self._memory: NDArray[np.uint32] | None = None
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> None:
        """Start over from `seed`, of which the generator uses the low 32 bits; a negative one counts from 2**64.

        Raises:
            ValueError: it does not fit into 64 bits.

        >>> Stream().manual_seed(3)
        """
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = seed % 2**64
        self._legacy.seed(self._seed % 2**32)
        self._next_normal: float | None = None
        self._next_float_normal: float | None = None

    def seed(self) -> int:
        """Start over from a seed that nobody can foresee, and return it.

        >>> stream = Stream()
        >>> stream.seed() == stream.initial_seed()
        True
        """
        self.manual_seed(secrets.randbits(64))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream was last started from.

        >>> Stream(-1).initial_seed()
        18446744073709551615
        """
        return self._seed

    def get_state(self) -> NDArray[np.uint8]:
        """Everything the next numbers depend on, as the 5056 bytes of `torch.Generator.get_state()`.

        >>> Stream(0).get_state().shape
        (5056,)
        """
        engine: Any = self._bits.state["state"]
        key, position = engine["key"], engine["pos"]
        state = np.zeros(1, _LAYOUT)
        if position == _KEY_SIZE and self._is_fresh(key):
            position = 0
        state["seed"], state["seeded"], state["key"], state["next"] = self._seed, 1, key, position
        # A stream that was only seeded counts one word as left, and so makes new words at its first draw.
        state["left"] = _KEY_SIZE + 1 - position if position else 1
        for name, value in (("normal_y", self._next_normal), ("float_normal", self._next_float_normal)):
            state[name] = value or 0.0
        state["normal_is_valid"] = self._next_normal is not None
        state["float_is_valid"] = self._next_float_normal is not None
        return state.view(np.uint8)

    def _is_fresh(self, key: Any) -> bool:
        return bool((np.random.RandomState(self._seed % 2**32).get_state(legacy=False)["state"]["key"] == key).all())

    def set_state(self, state: NDArray[np.uint8]) -> None:
        """Continue from what `get_state` returned, here or in PyTorch.

        Raises:
            TypeError: not bytes.
            RuntimeError: not the bytes of a state.

        >>> a, b = Stream(0), Stream(1)
        >>> b.set_state(a.get_state())
        >>> bool(a.unit32(1) == b.unit32(1))
        True
        """
        raw = np.ascontiguousarray(state)
        if raw.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if raw.size != STATE_SIZE:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE_SIZE} "
                f"but found the input RNG state size to be {raw.size}"
            )
        found = raw.reshape(-1).view(_LAYOUT)[0]
        left, position = int(found["left"]), int(found["next"])
        if found["seeded"] != 1 or not 0 < left <= _KEY_SIZE or position > _KEY_SIZE:
            raise RuntimeError("Invalid mt19937 state")
        engine = {"key": found["key"].astype(np.uint32), "pos": position if left > 1 else _KEY_SIZE}
        self.rewind({"bit_generator": "MT19937", "state": engine})
        self._seed = int(found["seed"])
        self._next_normal = float(found["normal_y"]) if found["normal_is_valid"] else None
        self._next_float_normal = float(found["float_normal"]) if found["float_is_valid"] else None

    def __reduce__(self) -> tuple[Any, ...]:
        return _continued, (type(self), self.get_state())  # a copy has memory of its own

    def mark(self) -> Any:
        """Where the raw stream is now, for `rewind`; cheaper than the whole state.

        >>> stream = Stream(0)
        >>> here = stream.mark()
        >>> first = stream.raw32(3)
        >>> stream.rewind(here)
        >>> bool((first == stream.raw32(3)).all())
        True
        """
        return self._bits.state

    def rewind(self, mark: Any) -> None:
        """Go back to where `mark` was called; see there."""
        self._bits.state = mark

    @property
    def lock(self) -> Any:
        """What NumPy holds while it draws.

        >>> with Stream(0).lock:
        ...     pass
        """
        return self._bits.lock

    def memory(self) -> NDArray[np.uint32]:
        """NumPy's memory of the 624 words and the position, for compiled code that holds `lock`; empty if it is not as expected.

        >>> Stream(0).memory().size in (0, 625)
        True
        """
        if self._memory is None:
            import ctypes

            place = (ctypes.c_uint32 * (_KEY_SIZE + 1)).from_address(self._bits.ctypes.state_address)
            with self.lock:
                found, engine = np.frombuffer(memoryview(place), np.uint32), self.mark()["state"]
                known = np.array_equal(found, np.append(engine["key"], np.uint32(engine["pos"])))
            self._memory = found if known and sys.byteorder == "little" else found[:0]
        return self._memory

    def filled(self, name: str, out: NDArray[Any], *arguments: Any) -> bool:
        """Whether the compiled function of that name is there for `out`, and has filled it.

        >>> Stream(0).filled("words", np.empty(3, np.int8))
        False
        """
        global _compiled
        if _compiled is None:
            if out.size < MANY or not available():
                return False
            from .fast import random as _compiled
        return bool(getattr(_compiled, name)(self, out, *arguments))

    def raw32(self, n: int) -> NDArray[np.uint32]:
        """The next `n` words.

        >>> Stream(0).raw32(2).tolist()
        [2357136044, 2546248239]
        """
        out = np.empty(n, np.uint32)
        return out if self.filled("words", out) else self._bits.random_raw(n).astype(np.uint32)

    def raw64(self, n: int) -> NDArray[np.uint64]:
        """The next `n` pairs of words, the first of each the high one.

        >>> Stream(0).raw64(1).tolist() == [2357136044 * 2**32 + 2546248239]
        True
        """
        out = np.empty(n, np.uint64)
        if self.filled("words", out):
            return out
        if n > _FEW:
            return self._draw(0, 2**64, size=n, dtype=np.uint64)
        raw = self._bits.random_raw(2 * n)
        np.left_shift(raw[::2], 32, out)
        out |= raw[1::2]
        return out

    def raw53(self, n: int) -> NDArray[np.uint64]:
        """The next `n` numerators of uniform numbers over 2**53.

        >>> Stream(0).raw53(1).tolist()
        [8737460674931247]
        """
        raw = self.raw64(n)
        raw &= _MASK_53
        return raw

    def unit32(self, n: int) -> NDArray[np.float32]:
        """The next `n` float32 numbers of [0, 1).

        >>> Stream(0).unit32(1).tolist()
        [0.49625658988952637]
        """
        out = np.empty(n, np.float32)
        if self.filled("uniform", out, 0.0, 1.0):
            return out
        raw = self.raw32(n)
        raw &= _MASK_24
        # Signed integers convert faster, and these are below 2**24.
        return np.multiply(raw.view(np.int32), _SCALE_24, dtype=np.float32, casting="unsafe")

    def unit64(self, n: int) -> NDArray[np.float64]:
        """The next `n` float64 numbers of [0, 1).

        >>> Stream(0).unit64(1).tolist()
        [0.9700530018065531]
        """
        out = np.empty(n, np.float64)
        if self.filled("uniform", out, 0.0, 1.0):
            return out
        return np.multiply(self.raw53(n).view(np.int64), 2.0**-53)


def _continued(kind: type[Stream], state: NDArray[np.uint8]) -> Stream:
    stream = kind()
    stream.set_state(state)
    return stream
