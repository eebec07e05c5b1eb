"""Rows for the rest of ``nn.functional``: geometry, look-ups and the rarer losses."""

from __future__ import annotations

from rows import FLOATS, Row, apart, constant, index, pos, real
from rows_nn import nn

__all__ = ["ROWS"]

_SMOOTH_ONLY = frozenset({"no finite differences"})


def _geometry() -> list[Row]:
    picture = real(2, 4, 4, 6)
    return [
        nn("pixel_shuffle", picture, call=lambda f, x: f.pixel_shuffle(x, 2)),
        nn("pixel_unshuffle", picture, call=lambda f, x: f.pixel_unshuffle(x, 2)),
        nn("channel_shuffle", picture, call=lambda f, x: f.channel_shuffle(x, 2)),
        nn("unfold", real(2, 3, 4, 5), call=lambda f, x: f.unfold(x, 2, padding=1, stride=2)),
        nn("fold", real(2, 12, 6), call=lambda f, x: f.fold(x, (3, 4), 2)),
        nn("interpolate", picture, call=lambda f, x: f.interpolate(x, scale_factor=2)),
        nn("interpolate[bilinear]", picture, call=lambda f, x: f.interpolate(x, size=(3, 7), mode="bilinear")),
        nn("interpolate[bicubic]", picture, call=lambda f, x: f.interpolate(x, size=(5, 7), mode="bicubic", align_corners=True)),
        nn("interpolate[area]", picture, call=lambda f, x: f.interpolate(x, size=(2, 3), mode="area")),
        nn("affine_grid", real(2, 2, 3), call=lambda f, t: f.affine_grid(t, (2, 1, 3, 4), align_corners=False)),
        nn("grid_sample", real(1, 2, 4, 5), real(1, 3, 3, 2, low=-0.9, high=0.9),
           call=lambda f, x, g: f.grid_sample(x, g, align_corners=False), tags=_SMOOTH_ONLY),
    ]  # fmt: skip


def _fractional() -> list[Row]:
    plane, samples = apart(2, 3, 6, 7), pos(2, 3, 2, low=0.1, high=0.9)
    volume, more = apart(2, 2, 5, 6, 7), pos(2, 2, 3, low=0.1, high=0.9)
    return [
        nn("fractional_max_pool2d", plane, samples, call=lambda f, x, u: f.fractional_max_pool2d(x, 2, 3, _random_samples=u.detach()),
           dtypes=FLOATS),
        nn("fractional_max_pool2d_with_indices", plane, samples, dtypes=FLOATS,
           call=lambda f, x, u: f.fractional_max_pool2d_with_indices(x, 2, 3, _random_samples=u.detach())),
        nn("fractional_max_pool3d", volume, more, call=lambda f, x, u: f.fractional_max_pool3d(x, 2, 3, _random_samples=u.detach()),
           dtypes=FLOATS),
        nn("fractional_max_pool3d_with_indices", volume, more, dtypes=FLOATS,
           call=lambda f, x, u: f.fractional_max_pool3d_with_indices(x, 2, 3, _random_samples=u.detach())),
    ]  # fmt: skip


def _lookups() -> list[Row]:
    return [
        nn("bilinear", real(3, 4), real(3, 5), real(2, 4, 5), real(2)),
        nn("embedding_bag", index(6, 3, 4), real(6, 5)),
        nn("embedding_bag[sum]", index(6, 3, 4), real(6, 5), call=lambda f, i, w: f.embedding_bag(i, w, mode="sum")),
        nn("alpha_dropout", real(3, 4), call=lambda f, x: f.alpha_dropout(x, 0.5, training=False)),
        nn("feature_alpha_dropout", real(3, 4), call=lambda f, x: f.feature_alpha_dropout(x, 0.5, training=False)),
    ]


def _losses() -> list[Row]:
    return [
        nn("linear_cross_entropy", real(5, 3), real(4, 3), index(4, 5)),
        nn("gaussian_nll_loss", real(3, 4), constant(3, 4), pos(3, 4)),
        nn("poisson_nll_loss", real(3, 4), constant(3, 4)),
        nn("multi_margin_loss", apart(3, 4), index(4, 3)),
        nn("multilabel_margin_loss", apart(3, 4), index(4, 3, 4)),
        nn("multilabel_soft_margin_loss", real(3, 4), constant(3, 4)),
        nn("triplet_margin_with_distance_loss", real(3, 4), real(3, 4), real(3, 4)),
        nn("ctc_loss", real(6, 2, 5), index(4, 2, 2),
           call=lambda f, x, t: f.ctc_loss(f.log_softmax(x, 2), t + 1, (6, 6), (2, 2)), dtypes=FLOATS),
    ]  # fmt: skip


ROWS = [*_geometry(), *_fractional(), *_lookups(), *_losses()]
