"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...ops import pointwise, reductions
from ...tensor import Tensor, arange, cat, stack, tensor
from .loss import reduced

__all__ = ["ctc_loss"]

NEVER = -1e30
"""The logarithm of nothing: finite, so that its gradient is 0 and not nan."""


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log-probability of all alignments of a sequence with its labels (Graves et al., 2006).

    `log_probs` is (T, N, C), the logarithms of probabilities, or (T, C); `targets` is (N, S), or all labels in one row; the
    lengths are (N). "mean" divides by the lengths of the targets first. A target that is too long has an infinite loss, or
    with `zero_infinity` none.

    The gradient with respect to `log_probs` is, as PyTorch's, that of logits: it takes `log_probs` for a log-softmax, and passes
    on what a log-softmax before it would.

    Raises:
        RuntimeError: lengths or labels do not fit.
        ValueError: an unknown `reduction`.

    >>> import tensorlite as tl
    >>> log_probs = tl.full((2, 1, 2), 0.5).log()
    >>> tl.nn.functional.ctc_loss(log_probs, tl.tensor([[1]]), [2], [1])
    tensor(0.2877)
    """
    single = log_probs.ndim == 2
    probs = log_probs.unsqueeze(1) if single else log_probs
    mass = pointwise.exp(probs).sum(-1, keepdim=True)
    probs = probs + (mass.detach() - mass)  # adds 0, and takes the sum of the gradient off it as a log-softmax does
    if probs.ndim != 3:
        raise RuntimeError(f"ctc_loss: expected log_probs (T, N, C) or (T, C), but got {list(log_probs.shape)}")
    count, batch, classes = probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    sizes, lengths = _numbers(input_lengths, batch, "input_lengths"), _numbers(target_lengths, batch, "target_lengths")
    if any(not 0 <= n <= count for n in sizes):
        raise RuntimeError(f"Expected input_lengths to have value between 0 and {count}, but got {sizes}")
    labels = _labels(targets, lengths, batch, blank)
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        raise RuntimeError(f"ctc_loss: labels must be between 0 and {classes - 1}")
    on = log_probs.device
    loss = _likelihood(probs, labels, tensor(sizes, device=on), tensor(lengths, device=on), blank)
    if reduction == "mean":
        loss = loss / tensor(lengths, device=on).clamp_min(1).to(loss.dtype)
    impossible = loss.detach() > -NEVER / (count + labels.shape[1] + 2)
    loss = loss.new_full((), 0.0 if zero_infinity else float("inf")).where(impossible, loss)
    if single and reduction == "none":
        return loss.squeeze(0)
    return reduced(loss, reduction)


def _numbers(lengths: Any, batch: int, name: str) -> list[int]:
    given = lengths.tolist() if isinstance(lengths, Tensor) else lengths
    out = [given] if isinstance(given, int) else [int(n) for n in given]
    if len(out) != batch:
        raise RuntimeError(f"{name} must be of size batch_size: expected {batch} numbers, but got {len(out)}")
    return out


def _labels(targets: Tensor, lengths: list[int], batch: int, blank: int) -> Tensor:
    """The labels (N, S), filled up with blanks."""
    longest = max(lengths, default=0)
    if targets.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"ctc_loss: targets must be integers, but they are {targets.dtype}")
    if targets.ndim == 2:
        if targets.shape[0] != batch or targets.shape[1] < longest:
            raise RuntimeError(f"Expected targets of at least {batch} x {longest} labels, but got size {list(targets.shape)}")
        inside = arange(targets.shape[1], device=targets.device) < tensor(lengths, device=targets.device).unsqueeze(1)
        return targets.long().where(inside, targets.new_full((), blank).long())[:, :longest]
    if targets.ndim != 1 or targets.numel() < sum(lengths):
        raise RuntimeError(f"Expected targets to have {sum(lengths)} labels in one row, but got {list(targets.shape)}")
    rows, start = [], 0
    for n in lengths:
        fill = targets.new_full((longest - n,), blank).long()
        rows.append(cat([targets[start : start + n].long(), fill]))
        start += n
    return stack(rows)


def _likelihood(probs: Tensor, labels: Tensor, sizes: Tensor, lengths: Tensor, blank: int) -> Tensor:
    """The forward recursion over states blank, label, blank, label, ..., blank (N, 2 S + 1); equations 6 to 8."""
    count, batch, _ = probs.shape
    states = 2 * labels.shape[1] + 1
    padded = cat([labels, labels.new_full((batch, 1), blank)], 1)
    path = stack([labels.new_full(padded.shape, blank), padded], 2).reshape(batch, -1)[:, :states]
    place = arange(states, device=probs.device)
    # A label may follow the one before it without a blank if it is another.
    skips = (path != blank) & (place >= 2) & (path != path.roll(2, 1))
    never = probs.new_full((), NEVER)
    emitted = [probs[t].clamp_min(NEVER).gather(1, path) for t in range(count)]
    start = probs.new_full((batch, states), NEVER)
    # Before the first step all is in a state from which the first blank and the first label are reached.
    state = probs.new_zeros(batch, states).where((place < 1).expand(batch, states), start)
    for t, emission in enumerate(emitted):
        if t == 0:
            moved = probs.new_zeros(batch, states).where((place < 2).expand(batch, states), start)
        else:
            one, two = (cat([start[:, :k], state[:, : states - k]], 1)[:, :states] for k in (1, 2))
            moved = reductions.logsumexp(stack([state, one, two.where(skips, never)], 2), axis=2, keepdims=False)
        state = (moved + emission).where((sizes > t).unsqueeze(1), state)
    last = (lengths * 2).unsqueeze(1)
    end = state.gather(1, last)
    before = state.gather(1, (last - 1).clamp_min(0)).where(last > 0, never)
    return -pointwise.logaddexp(end, before).squeeze(1)
