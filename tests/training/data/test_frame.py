"""How a network looks at a volume: channels, positions, sections, and a map from a cube."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.network import Architecture, Layer, equivalent_resnet
from napari_fhn.network.architecture import levels
from napari_fhn.network.readings import Reading
from napari_fhn.training import JobError
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.data.volume import Volume


def frame(job, **changes):
    return Frame(Volume(job.inputs), job.network, replace(job.framing, **changes))


@pytest.mark.parametrize(("position", "channels"), [("none", 3), ("vertical", 4), ("all", 6)])
def test_sections_have_neighbours_and_position_as_channels(layered, position, channels):
    job, _ = layered
    seen = frame(job, position=position)
    assert seen.channels == channels
    got = seen.read(Box((4, 0, 0), (5, 20, 32)), 0)
    assert got.shape == (channels, 20, 32)
    data = Volume(job.inputs).read(Box((3, 0, 0), (6, 20, 32)))[0]
    np.testing.assert_array_equal(got[:3], data)


def test_position_runs_from_one_end_of_the_survey_to_the_other(layered):
    job, _ = layered
    seen = frame(job, position="all")
    across_inlines = seen.position(Box((11, 0, 0), (12, 20, 32)), 0)
    assert (across_inlines[0] == 1).all()  # the last inline
    np.testing.assert_allclose(across_inlines[1], np.broadcast_to(np.linspace(-1, 1, 20)[:, None], (20, 32)), atol=1e-6)
    np.testing.assert_allclose(across_inlines[2], np.broadcast_to(np.linspace(-1, 1, 32), (20, 32)), atol=1e-6)
    across_crosslines = seen.position(Box((0, 0, 0), (12, 1, 32)), 1)
    assert (across_crosslines[1] == -1).all()
    np.testing.assert_allclose(across_crosslines[0][:, 0], np.linspace(-1, 1, 12), atol=1e-6)


@pytest.mark.parametrize(("across", "start", "stop"), [(0, (0, 0, 0), (3, 24, 32)), (1, (4, 17, 8), (12, 20, 40))])
def test_sections_read_together_are_those_read_one_by_one(layered, across, start, stop):
    job, _ = layered
    seen, first = frame(job), start[across]
    together = seen.data_of_all(Box(start, stop), across)
    assert len(together) == stop[across] - first
    for number, section in enumerate(together, first):
        one = ((*s[:across], number + n, *s[across + 1 :]) for n, s in enumerate((start, stop)))
        np.testing.assert_array_equal(section, seen.data(Box(*one), across))


def test_a_block_knows_where_it_lies(layered_3d):
    job, _ = layered_3d
    whole = frame(job).read(Box.whole((12, 20, 32)), None)
    part = frame(job).read(Box((2, 3, 8), (6, 9, 24)), None)
    np.testing.assert_array_equal(part, whole[:, 2:6, 3:9, 8:24])


def test_maps_have_a_position_only_on_request(tmp_path):
    from napari_fhn.training import Input

    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((2, 8, 12)))
    volume = Volume([Input(str(tmp_path / "x.npy"), 0)])
    assert Frame(volume, levels(2, 8, (2,), 1), Framing()).channels == 2
    seen = Frame(volume, levels(2, 8, (2,), 1), Framing(position="all"))
    assert seen.channels == 4
    np.testing.assert_allclose(seen.read(Box.whole((8, 12)), None)[2, :, 0], np.linspace(-1, 1, 8), atol=1e-6)


def test_a_map_from_a_cube_reads_all_of_the_axis_it_lacks(cube):
    job, truth = cube
    seen = frame(job)
    assert seen.shape == truth.shape
    assert seen.multiples == (2, 2)
    assert seen.read(Box((0, 4), (8, 12)), None).shape == (2, 8, 8, 12)
    assert seen.space(Box((0, 4), (8, 12)), None) == (8, 8)


@pytest.mark.parametrize(
    ("network", "map_axis", "words"),
    [
        (Architecture(3, 4, (Layer("keep", 2),), reading=Reading(axis=1)), 2, "without axis 2.*slice along axis 1"),
        (Architecture(3, 4, (Layer("keep", 2),), reading=Reading(axis=1)), None, "give labels on a map"),
        (Architecture(3, 4, (Layer("keep", 2),)), 2, "choose one that reads a slice"),
        (equivalent_resnet(levels(3, 4, (2,), 1)), 2, "choose one that reads a slice"),
        (Architecture(3, 4, (Layer("keep", 2),), reading=Reading(axis=1)), 5, "no axis 5"),
    ],
)
def test_labels_and_reading_must_agree_on_what_a_map_lacks(cube, network, map_axis, words):
    job, _ = cube
    with pytest.raises(JobError, match=words):
        Frame(Volume(job.inputs), network, Framing(map_axis=map_axis))
