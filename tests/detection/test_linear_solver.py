import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.linear_solver import solve_symmetric


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 20), st.integers(0, 10_000))
def test_solves_what_lapack_solves(n, seed):
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(n + 3, n)) * 10 ** rng.uniform(-3, 3, n)  # parameters of different scales
    matrix = slopes.T @ slopes
    matrix[np.diag_indices(n)] *= 1.01
    right = rng.normal(size=n)
    assert solve_symmetric(matrix, right) == pytest.approx(np.linalg.solve(matrix, right), rel=1e-6, abs=1e-12)


def test_only_the_lower_triangle_is_read_and_nothing_written():
    matrix, right = np.array([[4.0, 99.0], [2.0, 3.0]]), np.array([2.0, 1.0])
    kept = matrix.copy(), right.copy()
    assert solve_symmetric(matrix, right) == pytest.approx(np.linalg.solve([[4.0, 2.0], [2.0, 3.0]], right))
    assert (matrix == kept[0]).all()
    assert (right == kept[1]).all()


def test_what_is_not_positive_definite_has_no_step():
    assert np.isnan(solve_symmetric(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2))).all()
