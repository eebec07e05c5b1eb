"""Fourier transforms, and windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import Row, real, row
from rows_creation import make

KINDS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
NO = {"grad": False, "gradgrad": False}


def _fft(name: str, *shape: int, **arguments: Any) -> Row:
    function, _, what = name.partition("[")
    return row(f"fft.{function}[{what or 'plain]'}", real(*shape), call=lambda m, x: getattr(m.fft, function)(x, **arguments), rtol=3)


def _transforms() -> list[Row]:
    rows = []
    for kind in KINDS:
        rows.append(_fft(kind, 3, 8))
        rows.append(_fft(f"{kind}[odd, cut, first dimension]", 6, 2, n=5, dim=0, norm="ortho"))
        rows.append(_fft(f"{kind}[filled]", 2, 5, n=9, norm="forward"))
        rows.append(_fft(f"{kind}2", 2, 4, 5))
        rows.append(_fft(f"{kind}2[sizes]", 4, 3, 5, s=(6, 3), dim=(0, 2), norm="ortho"))
        rows.append(_fft(f"{kind}n", 2, 3, 4))
        rows.append(_fft(f"{kind}n[sizes]", 3, 4, 5, s=(-1, 6), norm="forward"))
        rows.append(_fft(f"{kind}n[dimensions]", 3, 4, 5, dim=(2, 0)))
    return rows


def _order() -> list[Row]:
    return [
        row("fft.fftshift", real(4, 5), call=lambda m, x: (m.fft.fftshift(x), m.fft.fftshift(x, 1), m.fft.fftshift(x, (0, 1)))),
        row("fft.ifftshift", real(4, 5), call=lambda m, x: (m.fft.ifftshift(x), m.fft.ifftshift(x, 1), m.fft.ifftshift(x, (1, 0)))),
        make("fft.fftfreq", lambda m: (m.fft.fftfreq(5), m.fft.fftfreq(4, 0.1, dtype=m.float64), m.fft.fftfreq(0), m.fft.fftfreq(1))),
        make("fft.rfftfreq", lambda m: (m.fft.rfftfreq(5), m.fft.rfftfreq(4, 0.1, dtype=m.float64), m.fft.rfftfreq(1))),
    ]


def _stft(name: str, *shape: int, **arguments: Any) -> Row:
    """With an unsymmetric window whose gradient is tested, too."""
    size = arguments.get("win_length", 8)
    options = {"return_complex": True, **arguments}
    dtypes = ("float32", "float64", "complex64", "complex128")
    call = lambda m, x, w: m.stft(x, 8, window=w, **options)  # noqa: E731
    return row(name, real(*shape), real(size, low=0.5), call=call, dtypes=dtypes, rtol=3)


def _istft(name: str, *shape: int, **arguments: Any) -> Row:
    def call(m: Any, re: Any, im: Any, w: Any) -> Any:
        return m.istft(m.complex(re, im), 8, window=w, **arguments)

    size = arguments.get("win_length", 8)
    return row(name, real(*shape), real(*shape), real(size, low=0.5), call=call, dtypes=("float32", "float64"), rtol=10)


def _short_time() -> list[Row]:
    return [
        _stft("stft", 20),
        _stft("stft[batch, hop]", 2, 21, hop_length=3, normalized=True),
        _stft("stft[window]", 20, win_length=5, pad_mode="replicate"),
        _stft("stft[not centred]", 20, center=False, hop_length=4),
        _stft("stft[aligned]", 20, center=False, win_length=6, align_to_window=True),
        _stft("stft[two sides]", 20, onesided=False, pad_mode="circular"),
        _istft("istft", 5, 6),
        _istft("istft[batch, length]", 2, 5, 6, length=9, hop_length=3),
        _istft("istft[two sides, normalized]", 8, 6, normalized=True),
        _istft("istft[window]", 5, 6, win_length=6),
        _istft("istft[complex]", 8, 6, return_complex=True, center=False),
    ]


def _window(name: str, call: Callable[..., Any]) -> Row:
    """Lengths 0, 1, 2, 7 and 8, in both precisions."""
    return make(name, lambda m: [call(m, n, dtype=d) for n in (0, 1, 2, 7, 8) for d in (m.float32, m.float64)])


def _old(name: str, *arguments: float) -> Row:
    def call(m: Any, n: int, **options: Any) -> Any:
        window = getattr(m, name)
        return window(n, **options), window(n, False, *arguments, **options)

    return _window(name, call)


def _new(name: str, **arguments: Any) -> Row:
    def call(m: Any, n: int, **options: Any) -> Any:
        window = getattr(m.signal.windows, name)
        return window(n, **arguments, **options), window(n, sym=False, **arguments, **options)

    return _window(f"signal.windows.{name}", call)


def _windows() -> list[Row]:
    names = ("bartlett", "blackman", "cosine", "exponential", "gaussian", "general_hamming", "hamming", "hann", "kaiser", "nuttall")
    return [
        *(_old(f"{name}_window") for name in ("hann", "blackman", "bartlett")),
        _old("hamming_window", 0.5, 0.4),
        _old("kaiser_window", 5.0),
        *(_new(name) for name in names),
        _new("general_cosine", a=[0.4, 0.3, 0.2]),
        make("signal.windows.gaussian[std]", lambda m: m.signal.windows.gaussian(6, std=2.5)),
        make("signal.windows.exponential[centre]", lambda m: m.signal.windows.exponential(6, center=1, tau=3.0, sym=False)),
        make("signal.windows.kaiser[beta]", lambda m: m.signal.windows.kaiser(6, beta=3.0)),
    ]


ROWS = [*_transforms(), *_order(), *_short_time(), *_windows()]
