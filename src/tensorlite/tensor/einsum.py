"""`einsum`: parses and simplifies an equation; `ops.einsum` multiplies."""

from __future__ import annotations

from typing import Any

from ..dtypes import promote_types
from ..ops import linalg, reductions
from ..ops import shaping as ops

__all__ = ["einsum"]

Tensor = Any
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products written with one letter a dimension (``"ij,jk->ik"``).

    Raises:
        RuntimeError: the equation does not fit the operands.

    >>> import tensorlite as tl
    >>> tl.einsum("ij,jk->ik", tl.ones(2, 3), tl.ones(3, 4)).shape
    torch.Size([2, 4])
    """
    tensors = list(operands[0] if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands)
    terms, out = _parsed(equation, tensors)
    sizes = _sizes(terms, tensors)
    for letter in out:
        if letter not in sizes:
            raise RuntimeError(f"einsum(): output subscript {letter} does not appear in the equation for any input operand")
    simple = []
    for i, (term, x) in enumerate(zip(terms, tensors, strict=True)):
        elsewhere = set(out).union(*(t for j, t in enumerate(terms) if j != i))
        simple.append(_simplified(term, x, elsewhere, sizes))
    if len(simple) == 1:
        term, x = simple[0]
        return ops.permute_dims(x, axes=tuple(term.index(c) for c in out))
    left, x = simple[0]
    for n, (right, y) in enumerate(simple[1:], 2):
        later = set(out).union(*(t for t, _ in simple[n:]))
        kept = out if n == len(simple) else "".join(c for c in dict.fromkeys(left + right) if c in later)
        # A letter that only this pair shares with nothing later is summed here.
        x, y = _alike(x, y)
        x = linalg.einsum(x, y, equation=f"{left},{right}->{kept}")
        left = kept
    return x


def _alike(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of small integers are int64: then the other factor becomes so, too."""
    if x.dtype is y.dtype or x.dtype.is_floating_point or x.dtype.is_complex:
        return x, y
    dtype = promote_types(x.dtype, y.dtype)
    return x.to(dtype), y.to(dtype)


def _parsed(equation: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    """The terms and the output with every ellipsis spelled out."""
    text = equation.replace(" ", "")
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise RuntimeError("einsum(): the number of subscripts in the equation does not match the number of operands")
    free = [c for c in _LETTERS if c not in text]
    widths = []
    for term, x in zip(terms, tensors, strict=True):
        letters = len(term.replace("...", ""))
        if letters > x.ndim or "..." not in term and letters != x.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({letters}) does not match the number of dimensions "
                f"({x.ndim}) for an operand and no ellipsis was given"
            )
        widths.append(x.ndim - letters)
    dots = "".join(free[: max([w for t, w in zip(terms, widths, strict=True) if "..." in t], default=0)])
    terms = [t.replace("...", dots[len(dots) - w :] if w else "") for t, w in zip(terms, widths, strict=True)]
    bad = [c for c in "".join(terms) + out.replace("...", "") if not c.isalpha()]
    if bad:
        raise RuntimeError(f"einsum(): invalid subscript given: {bad[0]}, subscripts must be in [a-zA-Z]")
    if arrow:
        out = out.replace("...", dots)
    else:
        joined = "".join(terms)
        out = dots + "".join(sorted(c for c in set(joined) if joined.count(c) == 1 and c not in dots))
    if len(set(out)) != len(out):
        raise RuntimeError(f"einsum(): output subscript {_repeated(out)} appears more than once in the output")
    return terms, out


def _repeated(letters: str) -> str:
    return next(c for c in letters if letters.count(c) > 1)


def _sizes(terms: list[str], tensors: list[Tensor]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, x in zip(terms, tensors, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            if sizes.get(letter, 1) not in (1, n) and n != 1:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {n} for an operand which does not broadcast with previously seen size "
                    f"{sizes[letter]}"
                )
            sizes[letter] = max(sizes.get(letter, 1), n) if n else 0
    return sizes


def _simplified(term: str, x: Tensor, elsewhere: set[str], sizes: dict[str, int]) -> tuple[str, Tensor]:
    """Take diagonals of repeated letters, sum letters that appear nowhere else, expand broadcast ones."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = ops.diagonal(x, axis1=first, axis2=second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    alone = tuple(i for i, c in enumerate(term) if c not in elsewhere)
    if alone:
        x = reductions.sum(x, axis=alone)
        term = "".join(c for c in term if c in elsewhere)
    wanted = tuple(sizes[c] for c in term)
    return term, x if x._array.shape == wanted else ops.broadcast_to(x, shape=wanted)
