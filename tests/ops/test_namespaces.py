"""`tl.fft`, `tl.special`, `tl.signal`: PyTorch's names, rows in the table for every function, and PyTorch's refusals."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from table import ROWS

import tensorlite as tl
from tensorlite.tensor import spelling

ROOMS = ("fft", "special", "signal.windows")
ROWED = {r.function for r in ROWS}


@pytest.mark.parametrize("room", ROOMS)
def test_every_function_has_a_row(room: str) -> None:
    names = importlib.import_module(f"tensorlite.{room}").__all__
    missing = [name for name in names if f"{room}.{name}" not in ROWED]
    assert not missing


@pytest.mark.parametrize("room", ROOMS)
def test_names_are_those_of_pytorch(room: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = importlib.import_module(f"torch.{room}")
    public = theirs.__all__ if room == "signal.windows" else [n for n in dir(theirs) if not n.startswith("_")]
    ours = importlib.import_module(f"tensorlite.{room}").__all__
    helpers = {"common_args", "factory_common_args", "multi_dim_common", "Tensor", "torch"}
    assert set(ours) == {n for n in public if n not in helpers and getattr(theirs, n) is not torch}
    assert sorted(ours) == list(ours)


@pytest.mark.parametrize("name", tl.signal.windows.__all__)
def test_windows_have_the_signatures_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (inspect.signature(getattr(m.signal.windows, name)) for m in (tl, torch))
    assert [(p.name, p.kind) for p in ours.parameters.values()] == [(p.name, p.kind) for p in theirs.parameters.values()]
    for a, b in zip(ours.parameters.values(), theirs.parameters.values(), strict=True):
        assert a.default == b.default or a.name == "layout"


REFUSED: list[tuple[str, Callable[[Any], Any]]] = [
    ("half precision", lambda m: m.fft.fft(m.ones(4).half())),
    ("bfloat16", lambda m: m.fft.rfftn(m.ones(4, 4).bfloat16())),
    ("complex to rfft", lambda m: m.fft.rfft(m.ones(4) + 0j)),
    ("no numbers", lambda m: m.fft.fft(m.ones(4), n=0)),
    ("no such dimension", lambda m: m.fft.fft(m.ones(4), dim=3)),
    ("a dimension of a number", lambda m: m.fft.fft(m.tensor(1.0))),
    ("unknown norm", lambda m: m.fft.fft(m.ones(4), norm="x")),
    ("one size for two", lambda m: m.fft.fft2(m.ones(4, 4), s=(2,))),
    ("more sizes than dimensions", lambda m: m.fft.fftn(m.ones(4, 4), s=(2, 3, 4))),
    ("a dimension twice", lambda m: m.fft.fftn(m.ones(4, 4), dim=(0, 0))),
    ("no dimension", lambda m: m.fft.rfftn(m.tensor(1.0))),
    ("no signal", lambda m: m.fft.irfft(m.ones(4, 1))),
    ("a number", lambda m: m.fft.fft(3.0)),
    ("a float dimension", lambda m: m.fft.fft(m.ones(4), dim=1.0)),
    ("real out", lambda m: m.fft.fft(m.ones(4), out=m.empty(0))),
    ("integer frequencies", lambda m: m.fft.fftfreq(5, dtype=m.int64)),
    ("fewer than no frequencies", lambda m: m.fft.fftfreq(-5)),
    ("stft without return_complex", lambda m: m.stft(m.ones(40), 8, window=m.ones(8))),
    ("no hop", lambda m: m.stft(m.ones(40), 8, hop_length=0, window=m.ones(8), return_complex=True)),
    ("long window", lambda m: m.stft(m.ones(40), 8, win_length=9, window=m.ones(9), return_complex=True)),
    ("window of another length", lambda m: m.stft(m.ones(40), 8, win_length=4, window=m.ones(8), return_complex=True)),
    ("short signal", lambda m: m.stft(m.ones(40), 100, window=m.ones(100), return_complex=True)),
    ("three dimensions", lambda m: m.stft(m.ones(1, 1, 40), 8, window=m.ones(8), return_complex=True)),
    ("integers", lambda m: m.stft(m.ones(40).long(), 8, window=m.ones(8), return_complex=True)),
    ("one side of complex numbers", lambda m: m.stft(m.ones(40) + 0j, 8, window=m.ones(8), onesided=True)),
    ("real spectrum", lambda m: m.istft(m.ones(5, 6), 8, window=m.ones(8))),
    ("wrong number of frequencies", lambda m: m.istft(m.ones(6, 6) + 0j, 8, window=m.ones(8), onesided=True)),
    ("no weight", lambda m: m.istft(m.ones(5, 6) + 0j, 8, window=m.zeros(8))),
    ("large hop", lambda m: m.istft(m.ones(5, 6) + 0j, 8, hop_length=9, window=m.ones(8))),
    ("negative window", lambda m: m.hann_window(-1)),
    ("integer window", lambda m: m.hann_window(3, dtype=m.int64)),
    ("complex window", lambda m: m.kaiser_window(3, dtype=m.complex64)),
    ("negative length", lambda m: m.signal.windows.cosine(-1)),
    ("half window", lambda m: m.signal.windows.hann(3, dtype=m.float16)),
    ("no coefficients", lambda m: m.signal.windows.general_cosine(4, a=[])),
    ("one coefficient", lambda m: m.signal.windows.general_cosine(4, a=3)),
    ("centre of a symmetric window", lambda m: m.signal.windows.exponential(5, center=2)),
    ("negative tau", lambda m: m.signal.windows.exponential(5, tau=-1)),
    ("negative deviation", lambda m: m.signal.windows.gaussian(5, std=-1)),
    ("negative beta", lambda m: m.signal.windows.kaiser(5, beta=-1)),
    ("negative order", lambda m: m.polygamma(-1, m.ones(2))),
    ("complex lgamma", lambda m: m.lgamma(m.ones(2) + 0j)),
    ("complex erf", lambda m: m.erf(m.ones(2) + 0j)),
    ("dimension of mvlgamma", lambda m: m.mvlgamma(m.ones(2), 0)),
    ("two numbers", lambda m: m.special.zeta(2.0, 3.0)),
    ("number for igamma", lambda m: m.igamma(m.ones(2), 1.0)),
    ("derivative of igamma", lambda m: m.igamma(m.ones(2, requires_grad=True), m.ones(2)).sum().backward()),
    ("derivative of a Bessel function", lambda m: m.special.bessel_j0(m.ones(2, requires_grad=True)).sum().backward()),
    ("derivative of a polynomial", lambda m: m.special.laguerre_polynomial_l(m.ones(2, requires_grad=True), 2).sum().backward()),
    ("frexp of integers", lambda m: m.frexp(m.ones(2).long())),
    ("number for ldexp", lambda m: m.ldexp(m.ones(2), 2)),
    ("logcumsumexp of integers", lambda m: m.logcumsumexp(m.ones(2).long(), 0)),
    ("parts of real numbers", lambda m: m.view_as_real(m.ones(2))),
    ("triples", lambda m: m.view_as_complex(m.ones(2, 3))),
    ("pairs apart", lambda m: m.view_as_complex(m.ones(2, 2).t())),
    ("integer pairs", lambda m: m.view_as_complex(m.ones(2, 2).long())),
    ("parts of two dtypes", lambda m: m.complex(m.ones(2), m.ones(2).double())),
    ("integer parts", lambda m: m.polar(m.ones(2).long(), m.ones(2))),
    ("negative tolerance", lambda m: m.isclose(m.ones(2), m.ones(2), rtol=-1)),
    ("number for isclose", lambda m: m.isclose(m.ones(2), 1.0)),
    ("number for atan2", lambda m: m.atan2(m.ones(2), 1.0)),
    ("number first", lambda m: m.eq(1, m.ones(2))),
    ("number for maximum", lambda m: m.ones(2).maximum(1.0)),
    ("dtype of float_power_", lambda m: m.ones(2).float_power_(2)),
    ("negative power of integers", lambda m: m.ones(2).long() ** -1),
]


@pytest.mark.parametrize("call", [c for _, c in REFUSED], ids=[n for n, _ in REFUSED])
def test_refused_as_in_pytorch(call: Callable[[Any], Any]) -> None:
    """The same class of exception, with a message."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("scipy", reason="special functions come from SciPy")
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        call(torch)
    with pytest.raises(theirs.type) as ours:
        call(tl)
    assert len(str(ours.value)) > 20


def test_in_place_functions_are_those_of_pytorch() -> None:
    """``tl.sin_`` exists where ``torch.sin_`` does; activations are in `nn.functional`."""
    torch = pytest.importorskip("torch")
    ours = {n for n in spelling.methods if n.endswith("_") and not n.startswith("_") and n in spelling.functions}
    assert {n for n in ours if not hasattr(torch, n)} == set()
    some = {"acos_", "clamp_min_", "clip_", "erf_", "fix_", "gcd_", "i0_", "ldexp_", "log1p_", "logit_", "sinc_", "xlogy_"}
    assert some <= ours
    x = tl.tensor([0.5])
    assert tl.erf_(x) is x and tl.allclose(x, tl.erf(tl.tensor([0.5])))


def test_what_needs_scipy_names_the_extra() -> None:
    """Without SciPy everything else works: transforms, windows, polynomials, and the functions that NumPy has."""
    program = (
        "import sys; sys.modules['scipy'] = sys.modules['scipy.special'] = None\n"
        "import tensorlite as tl\n"
        "x = tl.ones(8)\n"
        "tl.fft.fft(x), tl.hann_window(8), tl.kaiser_window(8), tl.signal.windows.kaiser(8), tl.erf(x), tl.sinc(x), tl.i0(x)\n"
        "tl.special.chebyshev_polynomial_t(x, 3), tl.special.entr(x), tl.special.xlog1py(x, x), tl.special.spherical_bessel_j0(x)\n"
        "tl.stft(x, 4, window=tl.ones(4), return_complex=True), tl.frexp(x), tl.logcumsumexp(x, 0)\n"
        "try:\n    tl.lgamma(x)\n"
        "except RuntimeError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert "tensorlite[scipy]" in done.stdout


def test_short_time_transforms_warn_without_a_window() -> None:
    with pytest.warns(UserWarning, match="no window was given"):
        spectrum = tl.stft(tl.ones(16), 4, return_complex=True)
    with pytest.warns(UserWarning, match="no window was given"):
        assert tl.allclose(tl.istft(spectrum, 4), tl.ones(16))


def test_single_precision_stays_single() -> None:
    assert tl.fft.fft(tl.ones(4)).dtype is tl.complex64
    assert tl.fft.irfft(tl.ones(4, dtype=tl.complex64)).dtype is tl.float32
    assert tl.fft.fft(tl.ones(4).long()).dtype is tl.complex64
