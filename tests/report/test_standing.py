"""A prediction beside a reference, in words."""

import numpy as np
import pytest

from napari_fhn.report.standing import standing
from napari_fhn.training.scores.estimating import Sample

NAME = "the nearest well, copied sideways"


def wells(right):
    bodies = np.zeros((len(right), 3, 3), np.int64)
    for body, share in zip(bodies, right, strict=True):
        for k in (1, 2):
            body[k, k], body[k, 3 - k] = round(100 * share), 100 - round(100 * share)
    return Sample(bodies)


GOOD, BAD = wells([0.9, 0.85, 0.88, 0.92, 0.9]), wells([0.6, 0.65, 0.55, 0.6, 0.62])


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict", "begins", "says"),
    [
        (GOOD, BAD, "ahead", "Ahead of", "0.80 against 0.43"),
        (BAD, GOOD, "behind", "Behind", "Copying would be better than this prediction."),
        (GOOD, GOOD, "level", "Level with", "Copying may be as good."),
        (wells([0.5]), wells([0.8]), "one body", "Behind", "Copying would have been better on the one body"),
        (wells([0.8]), wells([0.5]), "one body", "Better than", "Hold out more to be sure"),
        (wells([0.8]), wells([0.8]), "one body", "As good as", "0.67 against 0.67"),
    ],
)
def test_the_verdict_names_the_reference_and_both_numbers(mine, theirs, verdict, begins, says):
    found = standing(NAME, mine, theirs)
    assert found.verdict == verdict
    assert found.words.startswith(f"{begins} {NAME}: mean IoU ")
    assert says in found.words
    if found.by.low is not None:
        assert f"{found.by.low:+.2f}" in found.words
        assert f"{found.by.high:+.2f}" in found.words


def test_carrying_is_no_copying():
    words = standing("the wells, carried along the reflectors", BAD, GOOD).words
    assert "Carrying would be better than this prediction." in words


def test_what_lies_within_the_interval_is_level():
    mixed = wells([0.95, 0.5, 0.9, 0.55, 0.9])
    assert standing(NAME, mixed, wells([0.75, 0.72, 0.74, 0.76, 0.75])).verdict == "level"
    empty = Sample(np.zeros((1, 3, 3), np.int64))
    assert standing(NAME, empty, empty) is None
