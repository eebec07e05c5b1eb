"""Rows for what is left of ``nn.functional``: second names, distances, smooth images, and what is random but for large numbers."""

from __future__ import annotations

import warnings
from typing import Any

from rows import Row, apart, real
from rows_nn import nn

__all__ = ["ROWS"]


def _old(f: Any, name: str, *args: Any, **options: Any) -> Any:
    """The result of a function that warns."""
    with warnings.catch_warnings(action="ignore"):
        return getattr(f, name)(*args, **options)


def _pools() -> list[Row]:
    rows = []
    for n in (1, 2, 3):
        volume = apart(2, 3, *(5, 4, 6)[:n])
        rows += [
            nn(f"max_pool{n}d_with_indices", volume, call=lambda f, x, n=n: getattr(f, f"max_pool{n}d_with_indices")(x, 2, padding=1)),
            nn(f"adaptive_max_pool{n}d_with_indices", volume, call=lambda f, x, n=n: getattr(f, f"adaptive_max_pool{n}d_with_indices")(x, 3)),
        ]
    return rows


def _images() -> list[Row]:
    picture = real(1, 2, 5, 4)
    # A result one element wide is left out: PyTorch 2.13 then repeats the first row.
    rows = [
        nn(f"interpolate[smooth {mode} {options}]", picture, call=lambda f, x, m=mode, o=options: f.interpolate(x, mode=m, antialias=True, **o))
        for mode in ("bilinear", "bicubic")
        for options in ({"size": (2, 3)}, {"size": (7, 2), "align_corners": True}, {"scale_factor": (0.4, 1.7)})
    ]
    places = real(1, 2, 2, 2, low=-1.9, high=1.9)
    return rows + [
        nn(f"grid_sample[bicubic {padding} {align}]", picture, places,
           call=lambda f, x, g, p=padding, a=align: f.grid_sample(x, g, "bicubic", p, a))
        for padding in ("zeros", "border", "reflection")
        for align in (False, True)
    ]  # fmt: skip


ROWS = [
    *_pools(),
    nn("gumbel_softmax", apart(3, 4), call=lambda f, x: f.gumbel_softmax(x * 1e6)),
    nn("gumbel_softmax[hard]", apart(3, 4), call=lambda f, x: f.gumbel_softmax(x * 1e6, 0.5, hard=True, dim=0)),
    nn("pdist", apart(5, 3), gradgrad=True),
    *(nn(f"pdist[{p}]", apart(5, 3, low=-2.3), call=lambda f, x, p=p: f.pdist(x, p)) for p in (0, 0.5, 1, 1.5, 3)),
    nn("pdist[inf]", real(5, 3), call=lambda f, x: f.pdist(x, float("inf"))),
    nn("conv_tbc", real(5, 2, 3), real(2, 3, 4), real(4)),
    nn("conv_tbc[pad]", real(5, 2, 3), real(2, 3, 4), real(4), call=lambda f, x, w, b: f.conv_tbc(x, w, b, 2)),
    nn("native_channel_shuffle", real(2, 4, 2, 3), call=lambda f, x: f.native_channel_shuffle(x, 2)),
    *_images(),
    nn("upsample", real(2, 3, 4), call=lambda f, x: _old(f, "upsample", x, scale_factor=2, mode="linear", align_corners=True)),
    nn("upsample_nearest", real(2, 3, 4, 5), call=lambda f, x: _old(f, "upsample_nearest", x, (3, 7))),
    nn("upsample_bilinear", real(2, 3, 4, 5), call=lambda f, x: _old(f, "upsample_bilinear", x, scale_factor=2)),
]  # fmt: skip
