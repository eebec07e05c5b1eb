"""The short-time Fourier transform and its inverse."""

from __future__ import annotations

import warnings
from typing import Any

from ..ops import fourier, indexing, pointwise, shaping
from .creation import ones
from .ranges import arange
from .spelling import public

Tensor = Any


def _padded(input: Tensor, width: int, mode: str) -> Tensor:
    """`width` more numbers at both ends of the last dimension."""
    n = input.shape[-1]
    if mode == "constant":
        return shaping.pad_constant(input, widths=((0, 0),) * (input.ndim - 1) + ((width, width),), value=0)
    if mode == "reflect" and width >= n or mode == "circular" and width > n:
        raise RuntimeError(
            f"Padding size should be less than the corresponding input dimension, but got: padding ({width}, {width}) for {n} "
            "numbers; pass center=False or a smaller n_fft"
        )
    places = arange(-width, n + width, device=input.device)
    if mode == "reflect":
        places = n - 1 - (n - 1 - places.abs()).abs()
    elif mode == "replicate":
        places = places.clamp(0, n - 1)
    elif mode == "circular":
        places = places % n
    else:
        raise NotImplementedError(f"Unrecognised padding mode {mode}; use reflect, constant, replicate or circular")
    return indexing.take(input, places, axis=input.ndim - 1)


def _window(name: str, window: Tensor | None, n_fft: int, win_length: int | None, hop_length: int | None) -> tuple[Any, int, int]:
    """The window (None for ones everywhere), its length, and the hop; the window fits n_fft only later."""
    if window is None:
        warnings.warn(
            f"{name}(): no window was given, and a rectangular one leaks; pass window=hann_window(...), or ones for this one",
            UserWarning,
            stacklevel=3,
        )
    length = n_fft if win_length is None else win_length
    hop = n_fft // 4 if hop_length is None else hop_length
    if window is not None and (window.ndim != 1 or window.shape[0] != length) and 0 < length <= n_fft:
        raise RuntimeError(
            f"{name}(): expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window.shape)}"
        )
    return window, length, hop


def _centred(window: Tensor | None, length: int, n_fft: int, like: Tensor) -> Tensor | None:
    """The window with zeros around it."""
    if length == n_fft:
        return window
    if window is None:
        window = ones(length, dtype=like.dtype.to_real() if like.dtype.is_complex else like.dtype, device=like.device)
    left = (n_fft - length) // 2
    return shaping.pad_constant(window, widths=((left, n_fft - length - left),), value=0)


@public(out=False)
def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
    return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Tensor:  # fmt: skip
    """Fourier transforms of short pieces of a signal: (L,) or (N, L) to (N, frequencies, frames), complex.

    Args:
        n_fft: length of a piece; `hop_length` (a quarter of it) is the distance of two pieces.
        window: what a piece is multiplied with, (win_length,), in the middle of n_fft zeros.
        center: pieces have their middle at multiples of the hop; the signal is padded, as `pad_mode` says, for that.
        onesided: only the first n_fft // 2 + 1 frequencies (the default for real numbers).
        return_complex: False returns real and imaginary parts in a last dimension; a real signal needs True or False.
        align_to_window: without `center`: pieces begin with the window, not with the zeros before it.

    Raises:
        RuntimeError: lengths that do not fit, or a half spectrum of complex numbers is wanted.

    >>> import tensorlite as tl
    >>> tl.stft(tl.ones(16), 8, window=tl.hann_window(8), return_complex=True).shape
    torch.Size([5, 9])
    """
    window, length, hop = _window("stft", window, n_fft, win_length, hop_length)
    mixed = input.dtype.is_complex or window is not None and window.dtype.is_complex
    if return_complex is None and not mixed:
        raise RuntimeError("stft requires the return_complex parameter be given for real inputs; pass return_complex=True")
    if align_to_window and center:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if onesided and mixed:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise RuntimeError(f"stft(): expected a tensor of floating point or complex values, not {input.dtype}")
    if input.ndim not in (1, 2):
        raise RuntimeError(f"stft(): expected a 1D or 2D tensor, but got {input.ndim}D")
    signal = _padded(input, n_fft // 2, pad_mode) if center else input
    if align_to_window:
        signal = _padded(signal, (n_fft - length) // 2, "constant")
    _check_lengths(signal.shape[-1], n_fft, hop, length)
    frames = signal.unfold(-1, n_fft, hop)
    window = _centred(window, length, n_fft, input)
    if window is not None:
        frames = pointwise.multiply(frames, window)
    spectrum = _spectrum(frames, n_fft, "ortho" if normalized else "none", onesided is not False and not mixed)
    spectrum = spectrum.transpose(-1, -2)
    return spectrum if return_complex is not False else _parts(spectrum)


def _check_lengths(n: int, n_fft: int, hop: int, length: int) -> None:
    if not 0 < n_fft <= n:
        raise RuntimeError(f"stft(): expected 0 < n_fft <= {n}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"stft(): expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"stft(): expected 0 < win_length <= n_fft, but got win_length={length}")


def _spectrum(frames: Tensor, n_fft: int, scale: str, onesided: bool) -> Tensor:
    if frames.dtype.scalar_name in ("Half", "BFloat16"):
        raise RuntimeError(f"Unsupported dtype {frames.dtype.scalar_name}: stft needs float32 or float64; convert with .float()")
    axes = (frames.ndim - 1,)
    if onesided:
        return fourier.fft_r2c(frames, axes=axes, scale=scale)
    if not frames.dtype.is_complex:
        frames = pointwise.astype(frames, dtype=frames.dtype.to_complex())
    return fourier.fft_c2c(frames, axes=axes, scale=scale, forward=True)


def _parts(x: Tensor) -> Tensor:
    warnings.warn("stft with return_complex=False is deprecated; use view_as_real on the complex result", UserWarning, stacklevel=3)
    return shaping.stack(pointwise.real(x), pointwise.imag(x), axis=x.ndim)


@public(out=False)
def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
    return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """The signal whose `stft` is nearest to a spectrum (Griffin and Lim, 1984): (frequencies, frames) to (L,), or with a batch.

    Args:
        length: how many numbers the signal has; the others are those of `stft`.
        return_complex: the signal is complex, and all frequencies are given.

    Raises:
        RuntimeError: lengths that do not fit, or pieces that leave a place of the signal without any weight.

    >>> import tensorlite as tl
    >>> x, w = tl.arange(16.), tl.hann_window(8)
    >>> tl.allclose(tl.istft(tl.stft(x, 8, window=w, return_complex=True), 8, window=w), x, atol=1e-4)
    True
    """
    window, width, hop = _window("istft", window, n_fft, win_length, hop_length)
    if not input.dtype.is_complex:
        raise RuntimeError("istft requires a complex-valued input tensor matching the output from stft with return_complex=True.")
    _check_spectrum(input, n_fft, hop, width)
    half = input.shape[-2] != n_fft if onesided is None else onesided
    if input.shape[-2] != (n_fft // 2 + 1 if half else n_fft):
        raise RuntimeError(
            f"istft(): expected {n_fft // 2 + 1 if half else n_fft} frequencies for n_fft={n_fft} and onesided={half}, but got "
            f"{input.shape[-2]}"
        )
    if return_complex and half:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not return_complex and window is not None and window.dtype.is_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    frames = _frames(input.transpose(-1, -2), n_fft, "ortho" if normalized else "n", return_complex)
    window = _centred(window, width, n_fft, input)
    if window is None:
        window = ones(n_fft, dtype=input.dtype.to_real(), device=input.device)
    return _added_up(pointwise.multiply(frames, window), window, n_fft, hop, center, length)


def _check_spectrum(input: Tensor, n_fft: int, hop: int, width: int) -> None:
    if input.ndim < 2:
        raise IndexError(f"istft(): expected (frequencies, frames) with or without a batch, but got {input.ndim} dimension(s)")
    if not input.numel():
        raise RuntimeError("istft(): input tensor cannot be empty.")
    if input.ndim > 3:
        raise RuntimeError(f"istft(): expected a tensor with 2 or 3 dimensions, but got {input.ndim}")
    if not 0 < hop <= width:
        raise RuntimeError(f"istft(): expected 0 < hop_length <= win_length, but got hop_length={hop}, win_length={width}")
    if not 0 < width <= n_fft:
        raise RuntimeError(f"istft(): expected 0 < win_length <= n_fft, but got win_length={width}")


def _frames(spectrum: Tensor, n_fft: int, scale: str, return_complex: bool) -> Tensor:
    axes = (spectrum.ndim - 1,)
    if return_complex:
        return fourier.fft_c2c(spectrum, axes=axes, scale=scale, forward=False)
    return fourier.fft_c2r(spectrum.narrow(-1, 0, n_fft // 2 + 1), axes=axes, scale=scale, size=n_fft)


def _added_up(frames: Tensor, window: Tensor, n_fft: int, hop: int, center: bool, length: int | None) -> Tensor:
    """Pieces (..., frames, n_fft) at their places, divided by the sum of the squared windows there."""
    count = frames.shape[-2]
    total = n_fft + hop * (count - 1)
    placed = {"window": (n_fft,), "steps": (hop,), "dilation": (1,)}
    signal = shaping.overlap_add(frames, shape=(*frames.shape[:-2], total), **placed)
    squares = pointwise.multiply(window, window).expand(count, n_fft)
    weights = shaping.overlap_add(squares, shape=(total,), **placed)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else total - n_fft // 2 if center else total
    kept = min(end, total) - start
    signal, weights = signal.narrow(-1, start, kept), weights.narrow(-1, start, kept)
    if kept and float(weights.detach().abs().min()) <= 1e-11:
        raise RuntimeError("istft(): window overlap add min: the windows have no weight at some place; use another hop or window")
    signal = signal / weights
    if end <= total:
        return signal
    warnings.warn("The length of signal is shorter than the length parameter; zeros fill its tail", UserWarning, stacklevel=3)
    return shaping.pad_constant(signal, widths=((0, 0),) * (signal.ndim - 1) + ((0, end - total),), value=0)
