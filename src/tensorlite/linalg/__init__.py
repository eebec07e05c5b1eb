"""`tensorlite.linalg`: linear algebra in PyTorch's spelling, with batches, gradients and ``out=``.

Matrices are the last two dimensions of a tensor. LU and LDL decompositions and `matrix_exp` need SciPy on the CPU.
"""

from __future__ import annotations

from ..backends.errors import LinAlgError as LinAlgError
from ..tensor import factoring, matrix_functions, norms, products, solving
from ..tensor.linalg import matmul as _matmul
from ..tensor.spelling import with_out as _with_out

cholesky = _with_out(factoring.linalg_cholesky, "linalg_cholesky")
cholesky_ex = _with_out(factoring.cholesky_ex, "linalg_cholesky_ex")
cond = _with_out(norms.cond, "linalg_cond")
cross = _with_out(products.linalg_cross, "linalg_cross")
det = _with_out(matrix_functions.linalg_det, "linalg_det")
diagonal = products.diagonal
eig = _with_out(factoring.eig, "linalg_eig")
eigh = _with_out(factoring.eigh, "linalg_eigh")
eigvals = _with_out(factoring.eigvals, "linalg_eigvals")
eigvalsh = _with_out(factoring.eigvalsh, "linalg_eigvalsh")
householder_product = _with_out(factoring.householder_product, "linalg_householder_product")
inv = _with_out(solving.inv, "linalg_inv")
inv_ex = _with_out(solving.inv_ex, "linalg_inv_ex")
ldl_factor = _with_out(factoring.ldl_factor, "linalg_ldl_factor")
ldl_factor_ex = _with_out(factoring.ldl_factor_ex, "linalg_ldl_factor_ex")
ldl_solve = _with_out(factoring.ldl_solve, "linalg_ldl_solve")
lstsq = _with_out(solving.lstsq, "linalg_lstsq")
lu = _with_out(factoring.linalg_lu, "linalg_lu")
lu_factor = _with_out(factoring.lu_factor, "linalg_lu_factor")
lu_factor_ex = _with_out(factoring.lu_factor_ex, "linalg_lu_factor_ex")
lu_solve = _with_out(solving.linalg_lu_solve, "linalg_lu_solve")
matmul = _with_out(_matmul, "linalg_matmul")
matrix_exp = matrix_functions.matrix_exp
matrix_norm = _with_out(norms.matrix_norm, "linalg_matrix_norm")
matrix_power = _with_out(matrix_functions.matrix_power, "linalg_matrix_power")
matrix_rank = _with_out(norms.matrix_rank, "linalg_matrix_rank")
multi_dot = _with_out(products.multi_dot, "linalg_multi_dot")
norm = _with_out(norms.linalg_norm, "linalg_norm")
pinv = _with_out(solving.pinv, "linalg_pinv")
qr = _with_out(factoring.linalg_qr, "linalg_qr")
slogdet = _with_out(matrix_functions.linalg_slogdet, "linalg_slogdet")
solve = _with_out(solving.solve, "linalg_solve")
solve_ex = _with_out(solving.solve_ex, "linalg_solve_ex")
solve_triangular = _with_out(solving.solve_triangular, "linalg_solve_triangular")
svd = _with_out(factoring.linalg_svd, "linalg_svd")
svdvals = _with_out(factoring.svdvals, "linalg_svdvals")
tensorinv = _with_out(solving.tensorinv, "linalg_tensorinv")
tensorsolve = _with_out(solving.tensorsolve, "linalg_tensorsolve")
vander = products.linalg_vander
vecdot = _with_out(products.vecdot, "linalg_vecdot")
vector_norm = _with_out(norms.vector_norm, "linalg_vector_norm")

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex",
    "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
