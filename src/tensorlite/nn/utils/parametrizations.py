"""Ready parametrizations: orthogonal matrices, weight normalisation and spectral normalisation."""

from __future__ import annotations

from typing import Any

from ... import linalg
from ...autograd.modes import no_grad
from ...dtypes import finfo
from ...tensor import Tensor, allclose, cat, eye, geqrf, randn, zeros_like
from ..functional.norm import normalize
from ..module import Module
from ..parameter import is_lazy
from ._norms import as_matrix, norm_except, output_dim, random_direction, rescaled
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """From any matrix (*, n, k) to one with orthonormal columns, or rows if n < k."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.trivialized = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """The orthogonal matrix of `X`."""
        wide = X.shape[-2] < X.shape[-1]
        if wide:
            X = X.mT
        Q = _householder(X) if self.orthogonal_map == "householder" else _of_skew(X, self.orthogonal_map)
        base = self.base if self.trivialized else None
        if base is not None:
            Q = base @ Q
        return Q.mT if wide else Q

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        """A matrix that is mapped to ``Q``, or to an orthogonal matrix made of it."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        wide = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if wide else Q
        if not self.trivialized:
            A = self._inverse(tall)
            return A.mT if wide else A
        n, k = tall.shape[-2:]
        if n != k:
            tall = _orthonormalized(cat([tall, randn(*tall.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)], dim=-1))
        else:
            tall = tall.clone() if _is_orthogonal(tall) else _orthonormalized(tall)
        self.base = tall
        # Every map takes minus the identity (whose part below the diagonal is zero) to a matrix that leaves the base as it is:
        # the skew part of a diagonal matrix is zero, and the Householder map multiplies by the diagonal.
        start = zeros_like(Q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start

    def _inverse(self, Q: Tensor) -> Tensor:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        A, tau = geqrf(Q)
        diagonal = A.diagonal(dim1=-2, dim2=-1)
        signs = diagonal.sign()
        diagonal.copy_(signs.where(tau != 0, -signs))
        return A


def _of_skew(X: Tensor, name: str) -> Tensor:
    """From the skew-symmetric matrix of the lower triangle of `X` (*, n, k), n >= k, to k orthonormal columns."""
    n, k = X.shape[-2:]
    X = X.tril()
    if n != k:
        X = cat([X, X.new_zeros(*X.shape[:-2], n, n - k)], dim=-1)
    A = X - X.mH
    if name == "matrix_exp":
        Q = linalg.matrix_exp(A)
    else:
        identity = eye(n, dtype=A.dtype, device=A.device)
        Q = linalg.solve(identity - A * 0.5, identity + A * 0.5)
    return Q[..., :k]


def _householder(X: Tensor) -> Tensor:
    """The product of the reflections in the columns of the strictly lower triangle of `X`, times the signs on its diagonal."""
    A = X.tril(diagonal=-1)
    tau = 2.0 / (1.0 + (A * A).sum(dim=-2))
    Q = linalg.householder_product(A, tau)
    return Q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


def _orthonormalized(A: Tensor) -> Tensor:
    """The orthonormal columns of `A` (*, n, n), with the signs that make it unique."""
    X, tau = geqrf(A)
    return linalg.householder_product(X, tau) * X.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    identity = eye(k, dtype=Q.dtype, device=Q.device)
    return allclose(Q.mH @ Q, identity.expand(*Q.shape[:-2], k, k), atol=10.0 * n * finfo(Q.dtype).eps)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a weight (*, n, k) orthogonal: orthonormal columns, or rows if n < k; returns the module.

    The matrix comes from an unconstrained one by ``orthogonal_map``: ``"matrix_exp"`` (the default for square matrices) or
    ``"cayley"`` of a skew-symmetric one, or ``"householder"`` (the default for others), a product of reflections. With
    ``use_trivialization`` it is a product with a fixed orthogonal matrix, the buffer ``base`` (arXiv:1909.09501), and any value
    can be assigned to the weight, which is then made orthogonal.

    Raises:
        ValueError: the weight has no two dimensions, an unknown map, or ``"householder"`` for a complex weight.
        NotImplementedError: a value is assigned, the map is not ``"householder"``, and there is no trivialization.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.orthogonal(tl.nn.Linear(20, 40))
    >>> tl.allclose(layer.weight.T @ layer.weight, tl.eye(20), atol=1e-5)
    True
    """
    weight = _weight(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        names = ", ".join(f'"{known}"' for known in _MAPS)
        raise ValueError(f"orthogonal_map has to be one of {names}. Got: {orthogonal_map}")
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if is_lazy(weight):
        raise ValueError(f"'{name}' of a lazy module has no values yet: call the module with a batch of data first")
    return weight


class _WeightNorm(Module):
    """From a length and a direction to a weight."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """The direction of ``weight_v`` with the length ``weight_g``."""
        return rescaled(weight_g, weight_v, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The length and the direction."""
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Split a weight into its length and its direction, ``w = g * v / |v|`` (arXiv:1602.07868); returns the module.

    ``g`` is ``parametrizations.<name>.original0``, ``v`` is ``original1``. There is a length for each index of ``dim``, or one
    for all (None). States saved with `nn.utils.weight_norm` can be loaded.

    Raises:
        ValueError: the module has no such parameter.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape, layer.parametrizations.weight.original1.shape
    (torch.Size([40, 1]), torch.Size([40, 20]))
    """
    _weight(module, name)
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(_OldNames(name))
    return module


class _OldNames:
    """Takes the names that `nn.utils.weight_norm` gives to length and direction for those of the parametrization."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Module, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{self.name}{suffix}" for suffix in ("_g", "_v")]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(key)


class _SpectralNorm(Module):
    """From a weight to the same divided by its largest singular value; a vector becomes one of length 1."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = as_matrix(weight, self.dim)
                rows, columns = matrix.shape
                self.register_buffer("_u", random_direction(weight, rows, eps))
                self.register_buffer("_v", random_direction(weight, columns, eps))
                # Begin near the singular vectors: one step at each call follows them from there.
                self._iterate(matrix, 15)

    @no_grad()
    def _iterate(self, matrix: Tensor, steps: int) -> None:
        # In place: the buffers may be shared with replicas of the module.
        for _ in range(steps):
            self._u.copy_(normalize(matrix.mv(self._v), dim=0, eps=self.eps))
            self._v.copy_(normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight divided by the estimate of its largest singular value."""
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        # The graph keeps these copies; the next forward changes the buffers.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself, whose largest singular value need not be 1."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value (arXiv:1802.05957); returns the module.

    The value is estimated by a power iteration: in training mode, each use of the weight takes ``n_power_iterations`` steps.
    ``dim`` is the dimension of the outputs: 0, or 1 for transposed convolutions.

    Raises:
        ValueError: the module has no such parameter, or ``n_power_iterations`` is not positive.
        IndexError: the weight has no dimension ``dim``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.utils.parametrizations.spectral_norm(tl.nn.Linear(3, 3))
    >>> round(tl.linalg.matrix_norm(layer.weight, 2).item(), 1)
    1.0
    """
    weight = _weight(module, name)
    made = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return register_parametrization(module, name, made)
