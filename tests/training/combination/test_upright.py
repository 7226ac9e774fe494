"""Surveys whose vertical axis is not the last one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.structure.known import Known
from napari_fhn.training.combination import finishing
from napari_fhn.training.combination.opening import open_combiner
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.combination.upright import UprightLabels, stood
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume


@pytest.mark.parametrize("vertical", [0, 1])
def test_reflectors_are_followed_whichever_axis_is_vertical(layered_3d, vertical):
    job, _ = layered_3d
    job = replace(job, combination=Combination(smoothing="on"))
    said = []
    for axis in (2, vertical):
        paths = {}
        for name in ("input", "labels"):
            paths[name] = str(Path(job.labels).with_name(f"{name}-{axis}.npy"))
            np.save(paths[name], np.moveaxis(np.load(Path(job.labels).with_name(f"{name}.npy")), 2, axis))
        one = replace(
            job, inputs=(replace(job.inputs[0], path=paths["input"]),), labels=paths["labels"], vertical_axis=axis
        )
        # One normalisation for all: each would be fitted on other traces.
        frame = Frame(Volume(one.inputs, Volume(job.inputs).normalisation), one.network, one.framing)
        combiner, notes = open_combiner(one, frame, LabelFile(one.labels, frame.shape, 3))
        assert combiner is not None
        assert not notes
        combiner.found = replace(combiner.found, reach=(2, 4), order=(0, 1, 2), penalty=6.0)
        assert [combiner.halo[axis], sum(combiner.halo)] == [0, 6]
        assert {box.shape[axis] for box in finishing.boxes(combiner, 3)} == {32}
        found = combiner.combine(Box.whole(frame.shape), {})
        assert not combiner.look()
        said.append((np.moveaxis(found.probabilities, 1 + axis, -1), np.moveaxis(found.classes, axis, -1)))
    np.testing.assert_allclose(said[0][0], said[1][0], atol=1e-5)
    assert (said[0][1] == said[1][1]).mean() > 0.999
    assert len(np.unique(said[0][1])) == 3


@pytest.mark.parametrize("vertical", [0, 1, 2])
def test_labels_stand_upright_as_their_array_would(vertical):
    values = np.random.default_rng(0).integers(0, 4, (4, 5, 6)).astype(np.uint8)
    laid, stands = UprightLabels(Known(values, 3), vertical), Known(np.moveaxis(values, vertical, -1), 3)
    assert tuple(laid.shape) == tuple(stands.shape)
    for one, other in zip(laid.positions, stands.positions, strict=True):
        np.testing.assert_array_equal(np.sort(one), np.sort(other))
    box = stood(Box((1, 0, 2), (3, 4, 5)), vertical)
    np.testing.assert_array_equal(laid.read(box), stands.read(box))
