"""Solve the small symmetric systems of Levenberg-Marquardt steps inside numba-compiled code.

LAPACK's solver would cost seconds of compilation at the first call of every installation and, for six to sixteen
unknowns, more in calls than in arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray


@numba.njit(cache=True, nogil=True)
def solve_symmetric(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solution of ``matrix @ x = right``, matrix (n, n) symmetric and positive definite; its lower triangle is read.

    By the root-free Cholesky factorisation L D L' (Golub and Van Loan, *Matrix Computations*, section 4.1.2). If a
    pivot is not above 0 the matrix is not positive definite, and the solution is NaN.
    """
    n = right.size
    lower, pivot, x = np.empty((n, n)), np.empty(n), right.copy()
    for j in range(n):
        d = matrix[j, j]
        for k in range(j):
            d -= lower[j, k] * lower[j, k] * pivot[k]
        if not d > 0.0:
            x[:] = np.nan
            return x
        pivot[j] = d
        for i in range(j + 1, n):
            e = matrix[i, j]
            for k in range(j):
                e -= lower[i, k] * lower[j, k] * pivot[k]
            lower[i, j] = e / d
    for i in range(n):
        for k in range(i):
            x[i] -= lower[i, k] * x[k]
    for i in range(n):
        x[i] /= pivot[i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            x[i] -= lower[k, i] * x[k]
    return x
