"""The stratified estimator against the published example, and against simulated samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_fhn.training.scores.stratified import stratified

PUBLISHED = [[66, 0, 1, 2], [0, 55, 0, 1], [5, 8, 153, 9], [4, 12, 11, 313]]
"""Table 8 of Olofsson et al. (2014), turned: rows are truth, columns the map."""

PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])


def test_the_published_example():
    found = stratified(PUBLISHED, PIXELS)
    hectares = PIXELS.sum() * 0.09
    # Areas in hectares and what their 95 % intervals reach to both sides, as they are printed.
    np.testing.assert_allclose(hectares * found.areas, [21_158, 11_686, 285_770, 581_386], atol=1)
    np.testing.assert_allclose(1.96 * hectares * found.areas_error, [6_158, 3_756, 15_510, 16_282], atol=1)
    np.testing.assert_allclose(found.precision, [0.88, 0.73, 0.93, 0.96], atol=0.005)
    np.testing.assert_allclose(1.96 * found.precision_error, [0.07, 0.10, 0.04, 0.02], atol=0.005)
    np.testing.assert_allclose(found.recall, [0.75, 0.85, 0.93, 0.96], atol=0.005)
    assert 1.96 * found.recall_error[0] == pytest.approx(0.21, abs=0.005)
    assert found.accuracy == pytest.approx(0.95, abs=0.005)
    assert 1.96 * found.accuracy_error == pytest.approx(0.02, abs=0.005)


counts = arrays(np.int64, (3, 3), elements=st.integers(0, 50))


@given(counts.filter(lambda m: (m.sum(axis=0) > 1).all()))
def test_shares_as_sampled_change_nothing(matrix):
    found = stratified(matrix, matrix.sum(axis=0))
    assert found.accuracy == pytest.approx(np.trace(matrix) / matrix.sum())
    np.testing.assert_allclose(found.areas, matrix.sum(axis=1) / matrix.sum())
    truth = matrix.sum(axis=1)
    np.testing.assert_allclose(found.recall[truth > 0], (np.diag(matrix) / np.maximum(truth, 1))[truth > 0])


def test_errors_are_those_of_many_samples():
    rng = np.random.default_rng(0)
    among = np.array([[0.9, 0.1, 0.05], [0.05, 0.7, 0.05], [0.05, 0.2, 0.9]])  # P(true | map)
    shares, points = np.array([0.1, 0.3, 0.6]), (60, 80, 120)
    draws = []
    for _ in range(3000):
        matrix = np.stack([rng.multinomial(n, among[:, k]) for k, n in enumerate(points)], axis=1)
        found = stratified(matrix, shares)
        draws.append((found.accuracy, *found.areas, *found.recall, *found.precision))
    ideal = stratified(np.array(points) * among, shares)
    expected = [ideal.accuracy_error, *ideal.areas_error, *ideal.recall_error, *ideal.precision_error]
    np.testing.assert_allclose(np.std(draws, axis=0), expected, rtol=0.06)


def test_classes_that_the_map_or_the_truth_lacks():
    found = stratified([[5, 0, 0], [1, 0, 0], [0, 0, 3]], [0.5, 0.0, 0.5])
    assert found.recall.tolist() == [1, 0, 1]
    assert np.isfinite(found.recall_error).all()
    assert found.areas.sum() == pytest.approx(1)
