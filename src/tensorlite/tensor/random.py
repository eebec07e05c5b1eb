"""Random numbers: the same as PyTorch's from the same seed, on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..autograd.modes import modes
from ..backends import get_backend
from ..devices import device as Device
from ..devices import get_default_device
from ..dtypes import dtype as DType
from .creation import _sizes, finished
from .inplace import write
from .spelling import functions, methods

Tensor = Any


def _public(function: Any) -> Any:
    functions[function.__name__] = function
    return function


class Generator:
    """A source of random numbers on one device.

    >>> import tensorlite as tl
    >>> tl.Generator().manual_seed(0).initial_seed()
    0
    """

    def __init__(self, device: Any = "cpu") -> None:
        self._xp = get_backend(device)
        self._source = self._xp.generator()

    @property
    def device(self) -> Device:
        """Where its numbers are made."""
        return self._xp.device

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed (any integer of 64 bits).

        Raises:
            RuntimeError: the seed needs more than 64 bits.
        """
        self._source.manual_seed(_checked_seed(seed))
        return self

    def seed(self) -> int:
        """Start from a seed that the operating system gives; returns it."""
        return self._source.seed()

    def initial_seed(self) -> int:
        """The seed that it was started from."""
        return self._source.initial_seed()

    def get_state(self) -> Tensor:
        """The state as a tensor of bytes; PyTorch's generators understand it."""
        cpu = get_backend("cpu")
        return wrap(cpu.asarray(self._source.get_state()), cpu)

    def set_state(self, new_state: Tensor) -> None:
        """Continue from a state that `get_state` (also PyTorch's) returned."""
        if not isinstance(new_state, TensorBase) or new_state._xp.device.type != "cpu":
            raise TypeError("RNG state must be a torch.ByteTensor")
        self._source.set_state(new_state._array)

    def clone_state(self) -> Generator:
        """A generator that will give the same numbers."""
        other = Generator(self._xp.device)
        other._source.set_state(self._source.get_state())
        return other

    def __reduce__(self) -> tuple:
        return _rebuild_generator, (str(self.device), self.initial_seed(), self.get_state())

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"


def _rebuild_generator(where: str, seed: int, state: Tensor) -> Generator:
    generator = Generator(where).manual_seed(seed)
    generator.set_state(state)
    return generator


def _checked_seed(seed: int) -> int:
    seed = int(seed)
    if not -(1 << 63) <= seed < 1 << 64:
        raise RuntimeError("Overflow when unpacking long: a seed has at most 64 bits")
    return seed & ((1 << 64) - 1)


_defaults: dict[Any, Generator] = {}


def default_generator_of(xp: Any) -> Generator:
    """The generator that functions use on a device when none is given."""
    found = _defaults.get(xp)
    if found is None:
        found = _defaults[xp] = Generator(xp.device)
        if _seeded is None:
            found.seed()
        else:
            found.manual_seed(_seeded)
    return found


_seeded: int | None = None


def _source(xp: Any, generator: Generator | None) -> Any:
    if generator is None:
        generator = default_generator_of(xp)
    elif generator._xp is not xp:
        raise RuntimeError(f"Expected a '{xp.device.type}' device type for generator but found '{generator.device.type}'")
    return generator._source if modes.draws is None else modes.draws(generator._source)


@_public
def manual_seed(seed: int) -> Generator:
    """Seed the generators of all devices; returns the CPU's.

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(0)
    >>> tl.rand(2)
    tensor([0.4963, 0.7682])
    """
    global _seeded
    _seeded = _checked_seed(seed)
    for generator in _defaults.values():
        generator.manual_seed(_seeded)
    return default_generator_of(get_backend("cpu"))


@_public
def seed() -> int:
    """Seed all generators from the operating system; returns the seed.

    >>> import tensorlite as tl
    >>> isinstance(tl.seed(), int)
    True
    """
    value = default_generator_of(get_backend("cpu")).seed()
    manual_seed(value)
    return value


@_public
def initial_seed() -> int:
    """The seed of the CPU's generator.

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(3)
    >>> tl.initial_seed()
    3
    """
    return default_generator_of(get_backend("cpu")).initial_seed()


@_public
def get_rng_state() -> Tensor:
    """The state of the CPU's generator, as bytes.

    >>> import tensorlite as tl
    >>> tl.get_rng_state().shape
    torch.Size([5056])
    """
    return default_generator_of(get_backend("cpu")).get_state()


@_public
def set_rng_state(new_state: Tensor) -> None:
    """Continue the CPU's generator from a state of `get_rng_state`.

    >>> import tensorlite as tl
    >>> tl.set_rng_state(tl.get_rng_state())
    """
    default_generator_of(get_backend("cpu")).set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cuda") -> Iterator[None]:
    """Restore the generators' states at the end of the block.

    >>> import tensorlite as tl
    >>> with tl.random.fork_rng():
    ...     _ = tl.rand(3)
    """
    if not enabled:
        yield
        return
    default_generator_of(get_backend("cpu"))
    states = [(g, g.get_state()) for g in _defaults.values()]
    try:
        yield
    finally:
        for generator, state in states:
            generator.set_state(state)


def _sampler(name: str, method: str, doc: str) -> Any:
    def factory(
        *size: Any,
        generator: Generator | None = None,
        out: Tensor | None = None,
        dtype: DType | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        **named: Any,
    ) -> Tensor:
        if "size" in named:
            size = (named.pop("size"),)
        d = dtype or dtypes.get_default_dtype()
        if not (d.is_floating_point or d.is_complex):
            raise RuntimeError(f'"{method}" not implemented for {d}; use randint')
        xp = get_backend(get_default_device() if device is None else device)
        array = getattr(_source(xp, generator), method)(_sizes(size), xp.native[d])
        return finished(wrap(array, xp), requires_grad, out)

    factory.__name__ = name
    factory.__doc__ = doc
    return _public(factory)


rand = _sampler(
    "rand",
    "uniform",
    """Uniform numbers from [0, 1).

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(0)
    >>> tl.rand(2)
    tensor([0.4963, 0.7682])
    """,
)
randn = _sampler(
    "randn",
    "normal",
    """Standard normal numbers.

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(0)
    >>> tl.randn(2)
    tensor([ 1.5410, -0.2934])
    """,
)


@_public
def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform integers from [low, high).

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(0)
    >>> tl.randint(10, (3,))
    tensor([4, 9, 3])
    """
    if size is None:
        low, high, size = 0, low, high
    if high is None:
        low, high = 0, low
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    xp = get_backend(get_default_device() if device is None else device)
    array = _source(xp, generator).randint(int(low), int(high), _sizes((size,)), xp.native[dtype or dtypes.int64])
    return finished(wrap(array, xp), requires_grad, out)


@_public
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType = dtypes.int64,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A random permutation of 0 ... n - 1.

    >>> import tensorlite as tl
    >>> _ = tl.manual_seed(0)
    >>> tl.randperm(4)
    tensor([0, 1, 3, 2])
    """
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    xp = get_backend(get_default_device() if device is None else device)
    return finished(wrap(_source(xp, generator).randperm(n, xp.native[dtype]), xp), requires_grad, out)


def _like(name: str) -> Any:
    def factory(
        input: Tensor,
        *args: Any,
        dtype: DType | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
        **options: Any,
    ) -> Tensor:
        return functions[name](
            *args,
            size=tuple(input.shape),
            dtype=dtype or input.dtype,
            device=device or input.device,
            requires_grad=requires_grad,
            **options,
        )

    factory.__name__ = f"{name}_like"
    factory.__doc__ = f"`{name}` with the shape, dtype and device of another tensor."
    return _public(factory)


rand_like, randn_like = _like("rand"), _like("randn")


@_public
def randint_like(input: Tensor, low: int, high: int | None = None, **options: Any) -> Tensor:
    """`randint` with the shape, dtype and device of another tensor.

    >>> import tensorlite as tl
    >>> tl.randint_like(tl.zeros(2), 5).shape
    torch.Size([2])
    """
    low, high = (0, low) if high is None else (low, high)
    options = {"dtype": input.dtype, "device": input.device, **{k: v for k, v in options.items() if v is not None}}
    return randint(low, high, tuple(input.shape), **options)


@_public
def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers; mean and standard deviation may be tensors.

    >>> import tensorlite as tl
    >>> tl.normal(tl.zeros(3), 1.0).shape
    torch.Size([3])
    """
    given = next((x for x in (mean, std) if isinstance(x, TensorBase)), None)
    if given is None:
        d = dtype or dtypes.get_default_dtype()
        made = functions["empty"](*_sizes((size,)), dtype=d, device=device).normal_(mean, std, generator=generator)
        return finished(made, requires_grad, out)
    shape = functions["broadcast_shapes"](*(x.shape for x in (mean, std) if isinstance(x, TensorBase)))
    z = randn(*shape, generator=generator, dtype=given.dtype, device=given.device)
    return finished((z * std + mean).detach(), requires_grad, out)


@_public
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Ones with the probabilities that the tensor holds, else zeros.

    >>> import tensorlite as tl
    >>> tl.bernoulli(tl.tensor([0., 1.]))
    tensor([0., 1.])
    """
    xp = input._xp
    chance = input._array if p is None else p
    array = _source(xp, generator).bernoulli(chance, input._array.shape, input._array.dtype)
    return finished(wrap(array, xp), False, out)


@_public
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """Indices drawn with probabilities proportional to each row's weights.

    >>> import tensorlite as tl
    >>> tl.multinomial(tl.tensor([0., 1.]), 1)
    tensor([1])
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out.dtype}")
    xp = input._xp
    return finished(wrap(_source(xp, generator).multinomial(input._array, num_samples, replacement), xp), False, out)


@_public
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson numbers with the rates that the tensor holds.

    >>> import tensorlite as tl
    >>> tl.poisson(tl.zeros(2))
    tensor([0., 0.])
    """
    return wrap(_source(input._xp, generator).poisson(input._array), input._xp)


methods.update(bernoulli=bernoulli, multinomial=multinomial)


def _filler(name: str, sample: Any, floats_only: bool = True) -> None:
    def method(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        if floats_only and not (self.dtype.is_floating_point or self.dtype.is_complex):
            raise RuntimeError(f'"{name}" not implemented for {self.dtype}; use a floating dtype')
        array = sample(_source(self._xp, generator), self, *args, **kwargs)
        return write(self, wrap(array, self._xp))

    method.__name__ = name
    method.__doc__ = f"Fill this tensor with random numbers (`{name[:-1]}`); returns it."
    methods[name] = method


def _normal_(source: Any, x: Tensor, mean: float = 0.0, std: float = 1.0) -> Any:
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    dense = {} if x.is_contiguous() or x._xp.device.type != "cpu" else {"dense": False}
    return source.normal(x._array.shape, x._array.dtype, mean, std, **dense)


def _uniform_(source: Any, x: Tensor, from_: float = 0.0, to: float = 1.0, **named: Any) -> Any:
    low = named.get("from", named.get("a", from_))
    if low > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
    return source.uniform(x._array.shape, x._array.dtype, low, to)


def _random_(source: Any, x: Tensor, from_: int | None = None, to: int | None = None) -> Any:
    if from_ is None:
        return source.random(x._array.shape, x._array.dtype)
    low, high = (0, from_) if to is None else (from_, to)
    return source.randint(low, high, x._array.shape, x._array.dtype)


def _bernoulli_(source: Any, x: Tensor, p: Any = 0.5) -> Any:
    return source.bernoulli(p._array if isinstance(p, TensorBase) else p, x._array.shape, x._array.dtype)


_filler("normal_", _normal_)
_filler("uniform_", _uniform_)
_filler("random_", _random_, False)
_filler("bernoulli_", _bernoulli_, False)
_filler("exponential_", lambda source, x, lambd=1.0: source.exponential(x._array.shape, x._array.dtype, lambd))
_filler("cauchy_", lambda source, x, median=0.0, sigma=1.0: source.cauchy(x._array.shape, x._array.dtype, median, sigma))
_filler("log_normal_", lambda source, x, mean=1.0, std=2.0: source.log_normal(x._array.shape, x._array.dtype, mean, std))
_filler("geometric_", lambda source, x, p: source.geometric(x._array.shape, x._array.dtype, p), False)
