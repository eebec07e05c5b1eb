"""The loops of `norm.py`: normalisation of rows, of rows in pieces, of channels and of columns, and the gradients."""

from __future__ import annotations

import numpy as np

from .compiler import compiled
from .team import shared

__all__ = [
    "channels", "channels_back", "columns", "columns_back", "pieces", "pieces_back", "rows", "rows_back", "standardize",
]


@compiled
def _mean(row):
    total = row.dtype.type(0)
    for j in range(row.size):
        total += row[j]
    return total / row.dtype.type(row.size)


@compiled
def _moments(row):
    """Mean, and mean square of the distances from it."""
    mean, total = _mean(row), row.dtype.type(0)
    for j in range(row.size):
        d = row[j] - mean
        total += d * d
    return mean, total / row.dtype.type(row.size)


# Rows, each element of which has a weight of its own


@shared
def rows(block, blocks, x, weight, bias, eps, out, means, variances):
    for i in range(blocks[block, 0], blocks[block, 1]):
        row, to = x[i], out[i]
        mean, var = _moments(row)
        means[i], variances[i] = mean, var
        scale = x.dtype.type(1) / np.sqrt(var + eps)
        for j in range(row.size):
            to[j] = (row[j] - mean) * scale * weight[j] + bias[j]


@shared
def rows_back(block, blocks, g, x, weight, eps, grad_x, sums):
    """The gradients of weight and bias are added to sums[block]."""
    one, size = x.dtype.type(1), x.dtype.type(x.shape[1])
    grad_weight, grad_bias = sums[block, 0], sums[block, 1]
    for i in range(blocks[block, 0], blocks[block, 1]):
        slope, row, to = g[i], x[i], grad_x[i]
        mean = _mean(row)
        total = along = var = x.dtype.type(0)
        for j in range(row.size):
            d, h = row[j] - mean, slope[j] * weight[j]
            total += h
            along += h * d
            var += d * d
        scale = one / np.sqrt(var / size + eps)
        total /= size
        along *= scale * scale / size
        for j in range(row.size):
            to[j] = (slope[j] * weight[j] - total - (row[j] - mean) * along) * scale
        for j in range(row.size):
            grad_weight[j] += slope[j] * ((row[j] - mean) * scale)
            grad_bias[j] += slope[j]


# Rows in pieces, each of which has a weight. x is (rows, pieces, length), the weights are (groups, pieces).


@shared
def pieces(block, blocks, x, weight, bias, eps, out, means, variances):
    pieces = x.shape[1]
    for i in range(blocks[block, 0], blocks[block, 1]):
        mean, var = _moments(x[i].reshape(-1))
        means[i], variances[i] = mean, var
        scale = x.dtype.type(1) / np.sqrt(var + eps)
        group = i % weight.shape[0]
        for k in range(pieces):
            row, to = x[i, k], out[i, k]
            a, b = scale * weight[group, k], bias[group, k]
            for j in range(row.size):
                to[j] = (row[j] - mean) * a + b


@shared
def pieces_back(block, blocks, g, x, weight, eps, grad_x, sums):
    one, size = x.dtype.type(1), x.dtype.type(x.shape[1] * x.shape[2])
    grad_weight, grad_bias = sums[block, 0], sums[block, 1]
    for i in range(blocks[block, 0], blocks[block, 1]):
        mean, var = _moments(x[i].reshape(-1))
        scale = one / np.sqrt(var + eps)
        group = i % weight.shape[0]
        total = along = x.dtype.type(0)
        for k in range(x.shape[1]):
            slope, row = g[i, k], x[i, k]
            s = a = x.dtype.type(0)
            for j in range(row.size):
                s += slope[j]
                a += slope[j] * (row[j] - mean)
            grad_weight[group, k] += a * scale
            grad_bias[group, k] += s
            total += s * weight[group, k]
            along += a * weight[group, k]
        total /= size
        along *= scale * scale / size
        for k in range(x.shape[1]):
            slope, row, to = g[i, k], x[i, k], grad_x[i, k]
            w = weight[group, k]
            for j in range(row.size):
                to[j] = (slope[j] * w - total - (row[j] - mean) * along) * scale


# Channels: x is (samples, channels, length)


@compiled
def _mean_of_channel(x, c):
    total = x.dtype.type(0)
    for n in range(x.shape[0]):
        row, part = x[n, c], x.dtype.type(0)
        for j in range(row.size):
            part += row[j]
        total += part
    return total / x.dtype.type(x.shape[0] * x.shape[2])


@shared
def channels(block, blocks, x, weight, bias, eps, out, means, variances):
    for c in range(blocks[block, 0], blocks[block, 1]):
        mean, var = _mean_of_channel(x, c), x.dtype.type(0)
        for n in range(x.shape[0]):
            row, part = x[n, c], x.dtype.type(0)
            for j in range(row.size):
                d = row[j] - mean
                part += d * d
            var += part
        var /= x.dtype.type(x.shape[0] * x.shape[2])
        means[c], variances[c] = mean, var
        a, b = weight[c] / np.sqrt(var + eps), bias[c]
        for n in range(x.shape[0]):
            row, to = x[n, c], out[n, c]
            for j in range(row.size):
                to[j] = (row[j] - mean) * a + b


@shared
def channels_back(block, blocks, g, x, weight, eps, grad_x, sums):
    """The gradients of weight and bias are sums[0]: each channel belongs to one block."""
    one, size = x.dtype.type(1), x.dtype.type(x.shape[0] * x.shape[2])
    grad_weight, grad_bias = sums[0, 0], sums[0, 1]
    for c in range(blocks[block, 0], blocks[block, 1]):
        mean = _mean_of_channel(x, c)
        total = along = var = x.dtype.type(0)
        for n in range(x.shape[0]):
            slope, row = g[n, c], x[n, c]
            s = a = v = x.dtype.type(0)
            for j in range(row.size):
                d = row[j] - mean
                s += slope[j]
                a += slope[j] * d
                v += d * d
            total += s
            along += a
            var += v
        scale = one / np.sqrt(var / size + eps)
        grad_weight[c], grad_bias[c] = along * scale, total
        total /= size
        along *= scale * scale / size
        scale *= weight[c]
        for n in range(x.shape[0]):
            slope, row, to = g[n, c], x[n, c], grad_x[n, c]
            for j in range(row.size):
                to[j] = (slope[j] - total - (row[j] - mean) * along) * scale


@shared
def standardize(block, blocks, x, mean, var, weight, bias, eps, out):
    """Rows of one channel after the other, and again from the first."""
    for i in range(blocks[block, 0], blocks[block, 1]):
        c = i % mean.size
        row, to, middle, scale, shift = x[i], out[i], mean[c], weight[c] / np.sqrt(var[c] + eps), bias[c]
        for j in range(row.size):
            to[j] = (row[j] - middle) * scale + shift


# Columns: x is (samples, columns). Sums of many rows are double.


@compiled
def _moments_of_columns(x, first, last, mean, var):
    """Into `mean` and `var`, of the columns from `first` to `last`."""
    total = np.zeros(last - first, np.float64)
    for n in range(x.shape[0]):
        row = x[n][first:last]
        for j in range(row.size):
            total[j] += row[j]
    for j in range(total.size):
        mean[j] = total[j] / x.shape[0]
    total[:] = 0
    for n in range(x.shape[0]):
        row = x[n][first:last]
        for j in range(row.size):
            d = row[j] - mean[j]
            total[j] += d * d
    for j in range(total.size):
        var[j] = total[j] / x.shape[0]


@shared
def columns(block, blocks, x, weight, bias, eps, out, means, variances):
    first, last = blocks[block, 0], blocks[block, 1]
    mean, var = means[first:last], variances[first:last]
    _moments_of_columns(x, first, last, mean, var)
    scale, shift = np.empty_like(mean), bias[first:last]
    for j in range(mean.size):
        scale[j] = weight[first + j] / np.sqrt(var[j] + eps)
    for n in range(x.shape[0]):
        row, to = x[n][first:last], out[n][first:last]
        for j in range(row.size):
            to[j] = (row[j] - mean[j]) * scale[j] + shift[j]


@shared
def columns_back(block, blocks, g, x, weight, eps, grad_x, sums):
    first, last = blocks[block, 0], blocks[block, 1]
    grad_weight, grad_bias = sums[0, 0], sums[0, 1]
    mean, scale = np.empty(last - first, x.dtype), np.empty(last - first, x.dtype)
    _moments_of_columns(x, first, last, mean, scale)
    for j in range(scale.size):
        scale[j] = x.dtype.type(1) / np.sqrt(scale[j] + eps)
    totals, alongs = np.zeros(last - first, np.float64), np.zeros(last - first, np.float64)
    for n in range(x.shape[0]):
        slope, row = g[n][first:last], x[n][first:last]
        for j in range(row.size):
            totals[j] += slope[j]
            alongs[j] += slope[j] * (row[j] - mean[j])
    total, along, size = np.empty_like(mean), np.empty_like(mean), x.shape[0]
    for j in range(scale.size):
        grad_weight[first + j], grad_bias[first + j] = alongs[j] * scale[j], totals[j]
        total[j], along[j] = totals[j] / size, alongs[j] / size * (scale[j] * scale[j])
        scale[j] *= weight[first + j]
    for n in range(x.shape[0]):
        slope, row, to = g[n][first:last], x[n][first:last], grad_x[n][first:last]
        for j in range(row.size):
            to[j] = (slope[j] - total[j] - (row[j] - mean[j]) * along[j]) * scale[j]
