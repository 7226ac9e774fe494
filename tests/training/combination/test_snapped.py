"""Predictions whose boundaries are snapped to reflectors: the same however they are cut and turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.structure.reflecting import blurred, known, layered
from tests.training.combination.conftest import Averaging
from tests.training.combination.test_combination import trained

from napari_fhn.box import Box
from napari_fhn.structure.dips import DipField
from napari_fhn.structure.known import Known
from napari_fhn.structure.snapping import Boundaries
from napari_fhn.training import predict
from napari_fhn.training.combination import combiner
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import Found
from napari_fhn.training.combination.smoothing import AlongReflectors
from napari_fhn.training.combination.upright import UprightLabels
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import by_shards, provenance

WELLS = ((2, 3), (9, 12), (4, 13))


def snapping(vertical: int = 2, reach: tuple[int, ...] = (1, 1)) -> tuple[Combiner, np.ndarray, np.ndarray]:
    """A combiner of no factors, what is to be put together, and the truth; with the vertical axis anywhere."""
    amplitudes, truth, _ = layered()
    lying, labels = np.moveaxis(truth, 2, vertical), Known(np.moveaxis(known(truth, *WELLS), 2, vertical), 3)
    boundaries = Boundaries(UprightLabels(labels, vertical), amplitudes)
    smoother = AlongReflectors(DipField.open(amplitudes), vertical)
    made = Combiner({}, Found(reach=reach, snapped=True), lying.shape, vertical, smoother, boundaries)
    return made, np.moveaxis(blurred(truth, 2), 3, 1 + vertical), lying


@pytest.mark.parametrize("vertical", [0, 1, 2])
@pytest.mark.parametrize("reach", [(), (1, 1)])
def test_classes_change_at_reflectors_whichever_axis_is_vertical(vertical, reach):
    made, said, truth = snapping(vertical, reach)
    found = made.finished(Box.whole(truth.shape), said)
    assert made.finishes
    before = (replace_found(made, snapped=False).finished(Box.whole(truth.shape), said).classes != truth).mean()
    assert (found.classes != truth).mean() < before / 5


def replace_found(made: Combiner, **changes: object) -> Combiner:
    return Combiner({}, replace(made.found, **changes), made.shape, made.vertical, made.smoother, made.boundaries)


def test_probabilities_are_those_of_the_classes_and_as_sure_as_before():
    made, said, truth = snapping(reach=())
    found = made.finished(Box.whole(truth.shape), said)
    assert (found.classes != said.argmax(axis=0) + 1).any()
    np.testing.assert_array_equal(found.probabilities.argmax(axis=0) + 1, found.classes)
    np.testing.assert_array_equal(np.sort(found.probabilities, axis=0), np.sort(said, axis=0))
    np.testing.assert_array_equal(said, snapping(reach=())[1])  # what came in stays as it was


def test_how_it_is_cut_makes_no_difference(monkeypatch):
    made, said, truth = snapping()
    whole = made.classes(Box.whole(truth.shape), said)
    for box in (Box((3, 0, 0), (9, 16, 64)), Box((0, 5, 0), (12, 7, 64))):
        np.testing.assert_array_equal(made.classes(box, said[(slice(None), *box.slices)]), whole[box.slices])
    monkeypatch.setattr(combiner, "_AT_ONCE", 3 * 12 * 64 * 2)
    np.testing.assert_array_equal(made.classes(Box.whole(truth.shape), said), whole)
    part = Box((0, 0, 10), (12, 16, 30))  # of no whole columns
    np.testing.assert_array_equal(made.classes(part, said[(slice(None), *part.slices)]), said[..., 10:30].argmax(0) + 1)


def test_without_some_bodies_their_boundaries_are_unknown():
    made, _, _ = snapping()
    assert made.boundaries is not None
    assert made.boundaries.pairs == ((0, 1), (1, 2))
    left = made.without({0, 1, 2}).boundaries
    assert left is not None
    assert left.pairs == ()


def test_a_survey_is_snapped_shard_by_shard_as_at_once(combined, monkeypatch):
    job, _, _ = combined(smoother=Averaging(), smoothing="on", snapping="auto")
    trained(job)
    found = models.load(job.model).combination
    assert found is not None
    assert found.snapped
    assert any("snapped to reflectors" in sentence for sentence in found.words())
    list(predict(job))
    whole, made = np.load(job.prediction), provenance.read(job.prediction)
    assert "snapping" in made.factors
    monkeypatch.setattr(by_shards, "LARGE_VOXELS", 1)
    monkeypatch.setattr(by_shards, "shard_shape", lambda *_, **__: (5, 7, 32))
    again = replace(job, prediction=str(Path(job.prediction).with_name("again.npy")))
    np.save(again.prediction, np.zeros_like(whole))
    list(predict(again))
    np.testing.assert_array_equal(np.load(again.prediction), whole)


def test_where_nothing_is_labelled_nothing_is_snapped_and_nobody_says_so(combined):
    job, _, _ = combined(smoother=Averaging(), smoothing="on", snapping="auto")
    trained(job)
    np.save(job.labels, np.zeros_like(np.load(job.labels)))
    list(predict(job))
    assert "snapping" not in provenance.read(job.prediction).factors
