"""What is written of a prediction, against the plain way to compute it."""

import numpy as np
import pytest
from scipy.special import entr, softmax

from napari_fhn.training.prediction.outputs import entropy, likeliest, margin, put_half


@pytest.fixture(params=(2, 3, 255))
def probabilities(request: pytest.FixtureRequest) -> np.ndarray:
    rng = np.random.default_rng(request.param)
    found = softmax(3 * rng.standard_normal((request.param, 5, 6)), axis=0).astype(np.float32)
    found[:, 0, 0] = 1 / request.param  # all alike
    found[:, 0, 1] = np.eye(request.param)[-1]  # certain
    return found


def test_the_first_of_the_likeliest_is_said(probabilities: np.ndarray) -> None:
    found = likeliest(probabilities)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, probabilities.argmax(axis=0) + 1)


def test_the_margin_is_that_of_the_two_largest(probabilities: np.ndarray) -> None:
    before = probabilities.copy()
    largest = np.sort(probabilities, axis=0)
    np.testing.assert_array_equal(margin(probabilities), largest[-1] - largest[-2])
    np.testing.assert_array_equal(probabilities, before)


def test_the_entropy_goes_from_certain_to_all_alike(probabilities: np.ndarray) -> None:
    wanted = entr(probabilities.astype(float)).sum(axis=0) / np.log(len(probabilities))
    np.testing.assert_allclose(entropy(probabilities), wanted, atol=1e-5)
    assert entropy(probabilities)[0, 1] == 0


def test_half_precision_is_rounded_as_numpy_rounds(probabilities: np.ndarray) -> None:
    array = np.zeros((len(probabilities), 7, 8), np.float16)
    put_half(array, (slice(None), slice(1, 6), slice(2, 8)), probabilities)
    np.testing.assert_array_equal(array[:, 1:6, 2:], probabilities.astype(np.float16))
    assert not array[:, 0].any()
    assert not array[:, :, :2].any()
