"""Scores equal scikit-learn-like counting by hand and leave unlabelled voxels out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_fhn.training import confusion, intersection_over_union

classes = arrays(np.uint8, 50, elements=st.integers(0, 4))


@given(classes, classes)
def test_equals_counting_by_hand(predicted, truth):
    iou = intersection_over_union(confusion(predicted, truth, 4))
    known = truth > 0
    for k in range(1, 5):
        p, t = (predicted == k) & known, truth == k
        union = (p | t).sum()
        if union:
            assert iou[k - 1] == pytest.approx((p & t).sum() / union)
        else:
            assert np.isnan(iou[k - 1])


def test_shapes_and_values_are_checked():
    with pytest.raises(ValueError, match="differ in shape"):
        confusion(np.zeros(3), np.zeros(4), 2)
    with pytest.raises(ValueError, match="2 classes"):
        confusion([1, 1], [1, 5], 2)
