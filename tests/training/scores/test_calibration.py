"""Calibration equals scikit-learn's, and the best temperature is the best one."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from napari_fhn.training.scores.calibration import calibration, fit_temperature, temper


@pytest.fixture
def sure() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes that are surer than they should be: drawn at temperature 2.5."""
    rng = np.random.default_rng(3)
    scores = 3 * rng.standard_normal((4000, 3))
    softmax = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    true = temper(softmax, 2.5)
    truth = 1 + (rng.random((4000, 1)) > np.cumsum(true, 1)).sum(1)
    return softmax, truth


def test_equals_scikit_learn(sure):
    probabilities, truth = sure
    found = calibration(probabilities, truth, bins=12)
    right = probabilities.argmax(1) + 1 == truth
    accuracy, confidence = calibration_curve(right, probabilities.max(1), n_bins=12)
    assert [v for v in found.accuracy if v is not None] == pytest.approx(list(accuracy), rel=1e-12)
    assert [v for v in found.confidence if v is not None] == pytest.approx(list(confidence), rel=1e-12)
    assert found.log_loss == pytest.approx(log_loss(truth, probabilities), rel=1e-12)
    # Older ones know two classes only: each against the others.
    brier = sum(brier_score_loss(truth == k, probabilities[:, k - 1]) for k in (1, 2, 3))
    assert found.brier == pytest.approx(brier, rel=1e-12)
    counts = np.array([n for n in found.counts if n])
    assert found.expected_error == pytest.approx((counts * np.abs(accuracy - confidence)).sum() / 4000, rel=1e-12)
    assert sum(found.counts) == 4000


def test_a_bins_edge_belongs_where_scikit_learn_puts_it():
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
    found = calibration(probabilities, np.array([1, 1, 1]), bins=4)
    _, confidence = calibration_curve([1, 1, 1], probabilities.max(1), n_bins=4)
    assert [v for v in found.confidence if v is not None] == pytest.approx(list(confidence))


def test_temperature_is_found_and_helps(sure):
    probabilities, truth = sure
    temperature = fit_temperature(probabilities, truth)
    assert temperature is not None
    assert temperature == pytest.approx(2.5, rel=0.1)

    def loss(t: float) -> float:
        return log_loss(truth, temper(probabilities, t))

    assert loss(temperature) <= min(loss(temperature * 1.01), loss(temperature / 1.01))
    tempered = temper(probabilities, temperature)
    np.testing.assert_array_equal(tempered.argmax(1), probabilities.argmax(1))
    assert calibration(tempered, truth).expected_error < 0.3 * calibration(probabilities, truth).expected_error
    np.testing.assert_allclose(temper(probabilities, 1.0), probabilities, rtol=1e-9)


def test_labels_that_are_all_right_or_all_wrong_have_no_best_temperature():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert fit_temperature(probabilities, np.array([1, 2])) is None
    assert fit_temperature(probabilities, np.array([2, 1])) is None


def test_certainty_that_is_wrong_costs_much_but_not_infinitely():
    found = calibration(np.array([[1.0, 0.0]]), np.array([2]))
    assert found.log_loss == pytest.approx(-np.log(1e-12))
    assert found.brier == 2


def test_what_does_not_go_together_is_said():
    with pytest.raises(ValueError, match="do not go together"):
        calibration(np.ones((3, 2)), np.ones(4, int))
    with pytest.raises(ValueError, match="do not go together"):
        fit_temperature(np.ones((0, 2)), np.ones(0, int))
    with pytest.raises(ValueError, match="runs from 0 to 3"):
        calibration(np.ones((3, 2)) / 2, np.array([0, 1, 3]))
