"""The line search of LBFGS: a step that satisfies the strong Wolfe conditions.

Bracketing and zooming as in Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 and 3.6, with the safeguards of
Schmidt's minFunc (2005), which PyTorch follows too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor

__all__ = ["Trial", "strong_wolfe"]

Step = Any  # a float, or a tensor without dimensions

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9


@dataclass
class Trial:
    """What is known at the point that is ``step`` along the direction."""

    step: Step
    loss: float
    grad: Tensor
    slope: Tensor
    """The derivative of the loss along the direction."""


class _Search:
    """One search: the point it starts from, and how many evaluations are left."""

    def __init__(self, evaluate: Callable[[Step], Trial], start: Trial, limit: int) -> None:
        self.evaluate = evaluate
        self.start = start
        self.limit = limit
        self.rounds = 0

    def too_high(self, trial: Trial) -> bool:
        """The loss has not fallen by what the slope promised."""
        return bool(trial.loss > self.start.loss + SUFFICIENT_DECREASE * trial.step * self.start.slope)

    def flat_enough(self, trial: Trial) -> bool:
        """The slope is much smaller than it was."""
        return bool(abs(trial.slope) <= -CURVATURE * self.start.slope)

    def bracket(self, first: Trial) -> list[Trial]:
        """Go on until a good step lies between two trials; a list of one is a good step."""
        before, now = self.start, first
        while self.rounds < self.limit:
            if self.too_high(now) or (self.rounds > 1 and now.loss >= before.loss):
                return [before, now]
            if self.flat_enough(now):
                return [now]
            if now.slope >= 0:
                return [before, now]
            farther = _cubic_minimum(before, now, now.step + 0.01 * (now.step - before.step), now.step * 10)
            before, now = now, self.evaluate(farther)
            self.rounds += 1
        return [self.start, now]

    def zoom(self, ends: list[Trial], length: Tensor, tolerance: float) -> Trial:
        """Narrow the bracket down, and return its lower end."""
        low = _lower(ends)
        stuck = False
        while self.rounds < self.limit and not abs(ends[1].step - ends[0].step) * length < tolerance:
            step, stuck = _inside(ends, stuck)
            now = self.evaluate(step)
            self.rounds += 1
            if self.too_high(now) or now.loss >= ends[low].loss:
                ends[1 - low] = now
                low = _lower(ends)
                continue
            if self.flat_enough(now):
                return now
            if now.slope * (ends[1 - low].step - ends[low].step) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = now
        return ends[low]


def strong_wolfe(
    evaluate: Callable[[Step], Trial], start: Trial, step: Step, length: Tensor, limit: int, tolerance: float = 1e-9
) -> tuple[Trial, int]:
    """A trial that satisfies the conditions (or the best one, after ``limit`` rounds), and the number of evaluations.

    ``length`` is the largest component of the direction: where the bracket is so small that no parameter would move by
    ``tolerance``, the search ends.
    """
    search = _Search(evaluate, start, limit)
    ends = search.bracket(evaluate(step))
    found = ends[0] if len(ends) == 1 else search.zoom(ends, length, tolerance)
    return found, search.rounds + 1


def _lower(ends: list[Trial]) -> int:
    return 0 if ends[0].loss <= ends[1].loss else 1


def _cubic_minimum(a: Trial, b: Trial, smallest: Step, largest: Step) -> Step:
    """The minimum of the cubic with the losses and slopes of two trials, kept within bounds."""
    if a.step > b.step:
        a, b = b, a
    middle = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = middle**2 - a.slope * b.slope
    if not square >= 0:
        return (smallest + largest) / 2.0
    root = square.sqrt()
    minimum = b.step - (b.step - a.step) * ((b.slope + root - middle) / (b.slope - a.slope + 2 * root))
    return min(max(minimum, smallest), largest)


def _inside(ends: list[Trial], stuck: bool) -> tuple[Step, bool]:
    """The next step to try within the bracket, and whether it lies close to an end.

    Close to an end for the second time, or on it: a tenth of the bracket away from that end instead.
    """
    smallest, largest = sorted((ends[0].step, ends[1].step))
    step = _cubic_minimum(ends[0], ends[1], smallest, largest)
    margin = 0.1 * (largest - smallest)
    if not min(largest - step, step - smallest) < margin:
        return step, False
    if not (stuck or step >= largest or step <= smallest):
        return step, True
    at_largest = abs(step - largest) < abs(step - smallest)
    return (largest - margin if at_largest else smallest + margin), False
