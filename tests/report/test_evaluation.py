"""A prediction beside labels held out and beside a truth."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.report import on_held_out, on_truth
from napari_fhn.report.evaluation import body_name
from napari_fhn.training import Axis, JobError


def test_on_labels_held_out(predicted):
    job, _ = predicted
    found = on_held_out(job)
    assert found.network.voxels == 64
    assert found.network.accuracy == pytest.approx(59 / 64)
    assert [body.scores.accuracy for body in found.bodies] == pytest.approx([1, 27 / 32])
    # The reference is not shown what the network was not shown.
    assert found.nearest.accuracy < 1
    assert found.nearest.voxels == 64
    assert found.boundaries.voxels < 64
    assert found.trust is None


def test_on_a_truth_where_nothing_was_labelled(predicted):
    job, truth = predicted
    found = on_truth(job, truth)
    assert found.network.voxels == truth.size - 4 * 32
    wrong = 12 * 5 - 5  # of which five voxels were labelled
    assert found.network.accuracy == pytest.approx(1 - wrong / found.network.voxels)
    assert found.bodies == ()
    # Wells still trained on are in columns (9, 4) and (8, 16); the one held out at (2, 3) is far from both.
    near = np.zeros(truth.shape[:2], bool)
    near[7:12, 2:7] = near[6:11, 14:19] = near[2, 3] = near[3, 15] = True
    assert on_truth(job, truth, margin=2).network.voxels == 32 * np.count_nonzero(~near)


def test_gaps_in_the_data_are_not_scored_and_what_was_not_predicted_is_wrong(predicted):
    job, truth = predicted
    before = on_truth(job, truth).network
    prediction, data = np.load(job.prediction), np.load(job.inputs[0].path)
    prediction[5, 6], data[5, 6] = 0, np.nan
    prediction[5, 7] = 0
    np.save(job.prediction, prediction)
    np.save(job.inputs[0].path, data)
    found = on_truth(job, truth).network
    assert found.voxels == before.voxels - 32
    assert found.unpredicted == 32


def test_probabilities_are_judged_with_a_temperature_from_other_wells(predicted):
    job, truth = predicted
    rng = np.random.default_rng(0)
    noise = rng.dirichlet([0.1, 0.1, 0.1], truth.shape)  # very sure of anything
    probabilities = (0.7 * noise + 0.3 * np.eye(3)[truth - 1]).transpose(3, 0, 1, 2)
    probabilities[:, 2, 3, :4] = 0  # not predicted
    np.save(job.output_path("probabilities"), probabilities.astype(np.float16))
    found = on_held_out(job)
    assert found.trust is not None
    assert sum(found.trust.measured.counts) == 60
    assert found.trust.temperature > 1
    assert found.trust.tempered.log_loss < found.trust.measured.log_loss
    assert on_truth(job, truth).trust.tempered.log_loss < on_truth(job, truth).trust.measured.log_loss
    one = on_held_out(replace(job, held_out=job.held_out[:1]))
    assert one.trust.tempered is None
    alone = on_truth(replace(job, held_out=()), truth)
    assert alone.trust.temperature is None
    np.save(job.output_path("probabilities"), np.zeros((2, 2)))
    assert on_held_out(job).trust is None


def test_a_body_is_called_after_its_middle():
    box = Box((2, 3, 0), (5, 6, 32))
    axes = (Axis("inline", "", 1000, 1), Axis("crossline", "", 100, 2), Axis("twt", "ms", 0, 4))
    assert body_name(box, axes, 2) == "inline 1003, crossline 108"
    assert body_name(box, axes, -1) == "inline 1003, crossline 108"
    assert body_name(box, (), 2) == "axis 0 at 3, axis 1 at 4"
    assert (
        body_name(Box((0, 4), (1, 5)), (Axis("y", "m", 100.0, -10), Axis("x", "m", 0, 10)), None) == "y 100 m, x 40 m"
    )


def test_what_cannot_be_scored_is_said(predicted, tmp_path):
    job, truth = predicted
    with pytest.raises(JobError, match="no labels are held out"):
        on_held_out(replace(job, held_out=()))
    with pytest.raises(JobError, match="use one grid"):
        on_truth(job, truth[1:])
    with pytest.raises(JobError, match="class 4 and the job 3 classes"):
        on_truth(job, truth + np.uint8(1))
    with pytest.raises(JobError, match="nothing is left to score beyond 90 voxels"):
        on_truth(job, truth, margin=90)
    with pytest.raises(JobError, match="nothing to score"):
        on_truth(job, np.load(job.labels))
    with pytest.raises(JobError, match="does not exist"):
        on_held_out(replace(job, prediction=str(tmp_path / "absent.npy")))


def test_labels_carried_along_the_reflectors_stand_beside_a_volume_and_not_a_map(predicted):
    job, truth = predicted
    found = on_truth(job, truth)
    assert found.carried is not None
    assert found.carried.voxels == found.network.voxels
    assert found.carried.unpredicted == 0
    assert "carried along the reflectors" in found.words
    # Nothing is known of the reflectors of a survey that is gone.
    gone = replace(job, inputs=tuple(replace(one, path=f"{one.path}.gone") for one in job.inputs))
    assert on_truth(gone, truth).carried is None
