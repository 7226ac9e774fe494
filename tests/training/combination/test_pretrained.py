"""The factor of features that were learnt beforehand: wherever it is asked, and whatever it was told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.known import Known
from napari_fhn.training.combination import pretrained, sections
from napari_fhn.training.combination.foretelling import asked, likely, together
from napari_fhn.training.combination.linear_head import LinearHead
from napari_fhn.training.combination.opening import open_combiner
from napari_fhn.training.combination.pretrained import PretrainedFeatures
from napari_fhn.training.combination.pretrained_memory import CHANNELS, FEATURES, kept_bytes
from napari_fhn.training.combination.sections import Sections
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Input
from napari_fhn.training.models.pretrained import bundled
from napari_fhn.training.plan import features_bytes
from samples import family


@pytest.fixture(scope="module")
def survey():
    """One on which nothing was ever learnt."""
    return family.survey(2000)


@pytest.fixture(scope="module")
def volume(tmp_path_factory, survey):
    path = tmp_path_factory.mktemp("pretrained") / "survey.npy"
    np.save(path, survey.amplitude)
    return Volume((Input(str(path)),))


def factor(volume, labels, classes, vertical=2):
    return PretrainedFeatures(Known(labels, classes), Sections(volume, vertical, bundled(), torch.device("cpu")))


@pytest.fixture
def told(volume, survey):
    return factor(volume, survey.labels, len(survey.names))


@pytest.fixture(scope="module")
def everywhere(volume, survey):
    """What it says of the whole survey."""
    return factor(volume, survey.labels, len(survey.names)).read(Box.whole(survey.truth.shape))


def test_it_knows_more_than_the_nearest_well(everywhere, survey):
    said = everywhere
    assert said.dtype == np.float32
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)
    line, trace = np.indices(survey.truth.shape[:2])
    near = np.argmin([(line - i) ** 2 + (trace - j) ** 2 for i, j in survey.wells], axis=0)
    copied = np.stack([survey.truth[i, j] for i, j in survey.wells])[near]
    asked = survey.labels == 0
    right = [(named == survey.truth)[asked].mean() for named in (said.argmax(axis=0) + 1, copied)]
    assert right[0] > right[1] + 0.05


def test_a_section_is_the_same_whatever_box_it_is_asked_in(told, survey):
    lines, traces, samples = survey.truth.shape
    section = told.read(Box((7, 0, 0), (8, traces, samples)))
    for first, last, top, bottom in ((0, traces, 0, samples), (13, 40, 21, 70), (0, 9, samples - 5, samples)):
        part = told.read(Box((7, first, top), (8, last, bottom)))
        np.testing.assert_allclose(part, section[:, :, first:last, top:bottom], atol=1e-5)
    slab = told.read(Box((5, 0, 0), (9, traces, samples)))
    assert told.sections.ways(Box((5, 0, 0), (9, traces, samples))) == (0,)
    np.testing.assert_allclose(slab[:, 2:3], section, atol=1e-5)
    assert told.sections.ways(Box.whole(survey.truth.shape)) == (0, 1)
    assert told.sections.ways(Box((0, 3, 0), (lines, 4, samples))) == (1,)


@pytest.mark.parametrize("shape", [(11, 13, 37), (9, 5, 3), (2, 30, 101), (17, 23, 8), (1, 1, 20)])
def test_surveys_of_any_size(tmp_path, shape):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "odd.npy", rng.standard_normal(shape).astype(np.float32))
    labels = np.zeros(shape, np.uint8)
    labels[0, 0] = np.arange(shape[2]) * 2 // shape[2] + 1
    labels[-1, -1] = labels[0, 0]
    said = factor(Volume((Input(str(tmp_path / "odd.npy")),)), labels, 2).read(Box.whole(shape))
    assert said.shape == (2, *shape)
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)


def test_sections_at_once_are_those_one_by_one(told, survey, monkeypatch):
    box = Box((0, 0, 0), (12, *survey.truth.shape[1:]))
    at_once = told.read(box)
    monkeypatch.setattr(sections, "AT_ONCE", 1)
    np.testing.assert_allclose(told.read(box), at_once, atol=1e-5)


def test_a_well_that_is_left_out_is_as_if_it_had_never_been(volume, survey, told):
    bodies = Bodies.of(Known(survey.labels, len(survey.names)), 2)
    number = int(bodies.at(np.array([survey.wells[0]]))[0])
    i, j = survey.wells[0]
    labels = survey.labels.copy()
    labels[i - 4 : i + 5, j - 4 : j + 5] = 0
    box = Box((i, 0, 0), (i + 1, *survey.truth.shape[1:]))
    without = told.without([number]).read(box)
    np.testing.assert_allclose(without, factor(volume, labels, len(survey.names)).read(box), atol=1e-5)
    assert np.abs(without - told.read(box)).max() > 0.05


def test_it_follows_labels_as_they_change(volume, survey):
    painted = np.where(survey.labels == 1, survey.labels, 0)
    labels = Known(painted, len(survey.names))
    one = PretrainedFeatures(labels, Sections(volume, 2, bundled(), torch.device("cpu")))
    box = Box((0, 0, 0), (1, *survey.truth.shape[1:]))
    assert not one.look()
    np.testing.assert_allclose(one.read(box), 1 / len(survey.names))  # of one class alone nothing follows
    painted[...] = survey.labels
    labels.look()
    assert one.look()
    np.testing.assert_allclose(one.read(box), factor(volume, survey.labels, len(survey.names)).read(box), atol=1e-6)


def test_a_class_that_nobody_showed_is_not_said(volume, survey):
    labels = np.where(survey.labels == 2, 0, survey.labels)
    said = factor(volume, labels, len(survey.names)).read(Box((0, 0, 0), (1, *survey.truth.shape[1:])))
    assert not said[1].any()
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)


def test_what_labels_foretell_is_what_is_said_without_them(told, survey):
    """Of a map that is found of sums, as of one that is found of the places that are left."""
    windows, bodies = told._windows(), told._bodies()
    known = pretrained._Known(
        *map(np.concatenate, zip(*[told._part(window, bodies) for window in windows], strict=True))
    )
    assert len(known.down) < pretrained._TESTED
    found = []
    for one in asked(told.labels):
        own = known.body == one.number
        rest = known.some(~own).only(np.flatnonzero(known.some(~own).shares.sum(axis=0)))
        present = np.flatnonzero(known.some(~own).shares.sum(axis=0))
        at, depths = told.sections.depths[rest.down], told.sections.depths
        head = LinearHead.fit(rest.features, at, rest.shares, depths, told.sections.pretrained.held)
        said = known.some(own).said(head, told.sections.pretrained.scale)
        found.append(likely(said, known.some(own).shares[:, present].T))
    assert len(found) > 4
    assert told.foretold() == pytest.approx(together(found), rel=1e-4)


def test_strokes_and_points_are_known_too(volume, survey):
    labels = np.zeros_like(survey.labels)
    labels[20, 10:70, 10:60] = survey.truth[20, 10:70, 10:60]  # part of a section
    labels[40, 33, 50] = survey.truth[40, 33, 50]  # a point
    one = factor(volume, labels, len(survey.names))
    windows = one._windows()
    assert {window.across for window in windows} == {0, 1}
    assert {(window.across, window.line) for window in windows} >= {(0, 20), (0, 40), (1, 33)}
    said = one.read(Box((21, 0, 0), (22, *survey.truth.shape[1:]))).argmax(axis=0)[0] + 1
    asked = np.isin(survey.truth[21], np.unique(labels)[1:])
    assert (said == survey.truth[21])[asked].mean() > 0.5


def test_what_is_kept_is_bounded(volume, survey, monkeypatch):
    expected = factor(volume, survey.labels, len(survey.names)).read(Box((0, 0, 0), (1, *survey.truth.shape[1:])))
    monkeypatch.setattr(sections, "kept_bytes", lambda shape: 200_000)
    one = factor(volume, survey.labels, len(survey.names))
    np.testing.assert_array_equal(one.read(Box((0, 0, 0), (1, *survey.truth.shape[1:]))), expected)
    kept = one.sections._kept.values()
    assert sum(part.nbytes for part in kept) == one.sections._held
    assert one.sections._held <= 200_000


_TAKES = """
import json
import os
import sys
import numpy as np
import torch
from napari_fhn.box import Box
from napari_fhn.structure.known import Known
from napari_fhn.structure.carrying import Carried
from napari_fhn.training.combination.gating import Gated
from napari_fhn.training.combination.pretrained import PretrainedFeatures
from napari_fhn.training.combination.sections import Sections
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Input
from napari_fhn.training.machine.peak import Peak
from napari_fhn.training.models import gating
from napari_fhn.training.models.pretrained import bundled

class Flat:
    def __init__(self, shape):
        self.shape = shape
    def read(self, box):
        flat = np.zeros((2, *box.shape), np.float32)
        return type("Dips", (), {"slopes": flat, "coherence": 1 + flat[0]})

def takes(survey, painted, classes, told):
    volume = Volume((Input(survey),))
    shape = volume.shape
    labels = np.zeros(shape, np.uint8)
    columns = 1 + np.arange(shape[2], dtype=np.uint8) // -(-shape[2] // classes)
    labels[np.linspace(0, shape[0] - 1, painted).astype(int)] = columns
    labels[2::5, 3::90] = columns
    box, known = Box((1, 0, 0), (5, *shape[1:])), Known(labels, classes)
    carried = Carried(known, Flat(shape))
    carried.read(box)
    with Peak() as peak:
        if told:
            factor = PretrainedFeatures(known, Sections(volume, 2, bundled(), torch.device("cpu")))
            gated = Gated(factor, carried, gating.bundled())
            gated.read(box)
            gated.read_across(box, 0)
        else:
            volume.read(box, 1)
        print(peak.grown(), flush=True)

torch.set_num_threads(1)
for painted, classes in json.loads(sys.argv[2]):
    for told in (True, False):  # a process each: what torch has once it keeps
        child = os.fork()
        if child == 0:
            takes(sys.argv[1], painted, classes, told)
            os._exit(0)
        os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say the peak")
def test_it_takes_no_more_memory_than_the_forecast_says(tmp_path):
    shape, cases = (8, 448, 512), [(4, 3), (0, 9)]  # painted sections, and classes
    np.save(tmp_path / "survey.npy", np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    command = [sys.executable, "-c", _TAKES, str(tmp_path / "survey.npy"), json.dumps(cases)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    taken = [int(line) for line in said.splitlines()]
    assert len(taken) == 2 * len(cases)
    for (painted, classes), told, not_told in zip(cases, taken[::2], taken[1::2], strict=True):
        more, most = told - not_told, features_bytes(shape, 2, classes, threads=1)
        assert 20e6 < more < most < 8 * more, (painted, classes)


def test_a_forecast_of_a_small_survey_is_small_and_of_a_large_one_bounded():
    assert features_bytes((60, 50, 160), 2, 7, threads=2) < 200e6
    assert features_bytes((160, 60, 50), 0, 7, threads=2) == features_bytes((60, 50, 160), 2, 7, threads=2)
    assert features_bytes((1000, 1000, 1500), 2, 8, threads=64) < 1e9
    assert features_bytes((200, 300), 1, 5, threads=1) > kept_bytes((200, 300)) > 1e6
    assert not features_bytes((200, 300), None, 5)


def test_the_bounds_are_those_of_the_network_that_comes_along():
    architecture = bundled().network.architecture
    assert architecture.channels == CHANNELS
    cells = 4 ** architecture.output_levels[0]
    assert 4 * architecture.layer_channels[-1] // cells == FEATURES


def test_of_very_many_bodies_some_show_what_features_mean(volume, survey, monkeypatch):
    monkeypatch.setattr(pretrained, "WINDOWS", 10)
    labels = np.zeros_like(survey.labels)
    labels[2::6, 2::6] = survey.truth[2::6, 2::6]
    one = factor(volume, labels, len(survey.names))
    assert len(one._windows()) == 10
    assert one.read(Box((0, 0, 0), (1, *survey.truth.shape[1:]))).max() > 0.5


@pytest.mark.parametrize("vertical", [0, 1])
def test_whichever_axis_is_vertical(tmp_path, volume, survey, everywhere, vertical):
    turned = {"survey": survey.amplitude, "labels": survey.labels}
    for name, values in turned.items():
        np.save(tmp_path / f"{name}-{vertical}.npy", np.moveaxis(values, 2, vertical))
    frame_of = Volume((Input(str(tmp_path / f"survey-{vertical}.npy")),), volume.normalisation)
    said = factor(frame_of, survey.labels, len(survey.names), vertical).read(Box.whole(survey.truth.shape))
    np.testing.assert_allclose(said, everywhere, atol=1e-5)


def test_a_line_is_one_section_without_neighbours(tmp_path, survey):
    line, labels = survey.amplitude[survey.wells[0][0]], np.zeros(survey.truth.shape[1:], np.uint8)
    for trace in (12, 50):
        labels[:, :][trace - 2 : trace + 3] = survey.truth[survey.wells[0][0]][trace - 2 : trace + 3]
    np.save(tmp_path / "line.npy", line)
    volume = Volume((Input(str(tmp_path / "line.npy")),))
    said = factor(volume, labels, len(survey.names), 1).read(Box.whole(line.shape))
    assert said.shape == (len(survey.names), *line.shape)
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)
    np.save(tmp_path / "thin.npy", np.repeat(line[np.newaxis], 3, axis=0))
    thin = np.zeros((3, *line.shape), np.uint8)
    thin[1] = labels
    volume = Volume((Input(str(tmp_path / "thin.npy")),), volume.normalisation)
    middle = factor(volume, thin, len(survey.names))
    # The sections across it, of three traces, are learnt from as well: the line has none.
    middle._windows = lambda: [one for one in PretrainedFeatures._windows(middle) if one.across == 0]
    np.testing.assert_allclose(middle.read(Box((1, 0, 0), (2, *line.shape)))[:, 0], said, atol=1e-5)


def test_gaps_and_attributes_beside_the_amplitudes_change_nothing_else(tmp_path, survey):
    values = survey.amplitude.astype(np.float32)
    values[:, :10] = np.nan
    np.save(tmp_path / "survey.npy", np.stack([values, values**2], axis=-1))
    volume = Volume((Input(str(tmp_path / "survey.npy"), channel_axis=3),))
    said = factor(volume, survey.labels, len(survey.names)).read(Box((0, 0, 0), (4, *survey.truth.shape[1:])))
    assert np.isfinite(said).all()
    np.save(tmp_path / "one.npy", values)
    alone = Volume((Input(str(tmp_path / "one.npy")),))
    expected = factor(alone, survey.labels, len(survey.names)).read(Box((0, 0, 0), (4, *survey.truth.shape[1:])))
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_a_prediction_of_a_volume_is_made_of_it(layered_3d):
    job, truth = layered_3d
    job = replace(job, combination=Combination(("pretrained",), "off", "off"))
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    combiner, notes = open_combiner(job, frame, LabelFile(job.labels, frame.shape, 3))
    assert combiner is not None
    assert not notes
    assert combiner.heard == ("pretrained",)
    found = combiner.combine(Box.whole(frame.shape), {})
    assert (found.classes == truth).mean() > 0.8


def test_the_network_that_comes_along_can_be_inverted():
    network = bundled().network
    assert isinstance(network, HyperbolicNetwork)
    data = torch.randn(2, 4, 96, 128, generator=torch.Generator().manual_seed(0))
    last, before = network.states(data)
    second, first = network.invert(last, before)
    torch.testing.assert_close(first, network.first_state(data), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(second, first, atol=1e-3, rtol=1e-3)


def places(count: int = 10) -> pretrained._Known:
    """Places of which each knows its own number, of two classes."""
    numbers = np.arange(count)
    shares = np.stack([numbers % 2 == 0, numbers % 3 == 0], axis=1).astype(np.float32)
    return pretrained._Known(numbers[:, np.newaxis].astype(np.float32), numbers, shares, numbers)


@pytest.mark.parametrize(
    ("most", "kept"),
    [(10, list(range(10))), (11, list(range(10))), (9, [0, 2, 4, 6, 8]), (4, [0, 3, 6, 9]), (1, [0]), (0, [0])],
)
def test_of_many_places_some_are_kept_from_everywhere(most, kept):
    thinned = places().thinned(most)
    assert [part.tolist() for part in (thinned.down, thinned.body)] == [kept, kept]
    assert (len(thinned.features), len(thinned.shares)) == (len(kept), len(kept))


def test_places_of_some_classes_are_those_that_know_of_them():
    only = places().only(np.array([1]))
    assert only.down.tolist() == [0, 3, 6, 9]
    assert only.shares.tolist() == [[1.0]] * 4
    both = places().only(np.array([1, 0]))
    assert both.down.tolist() == [0, 2, 3, 4, 6, 8, 9]
    assert both.shares[2].tolist() == [1.0, 0.0]


def test_a_cell_at_the_end_is_known_by_its_part():
    labels = np.array([[1, 1, 2, 2, 2], [1, 3, 0, 0, 2], [1, 1, 1, 0, 3]], np.uint8)
    found = pretrained._shares(labels, 3, 2)
    assert found.dtype == np.float32
    assert found.tolist() == [
        [[0.75, 0.0, 0.0], [0.5, 0.25, 0.0]],
        [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0]],
        [[0.25, 0.0, 0.0], [0.0, 0.0, 0.25]],
    ]


def test_a_cell_is_of_the_body_that_is_in_it():
    assert pretrained._widest(np.array([-1, -1, -1, 0, 2, -1, 1]), 2).tolist() == [-1, 0, 2, 1]
    assert pretrained._widest(np.array([0, 0, 3]), 3).tolist() == [3]


def test_a_map_says_probabilities_as_sure_as_it_is_told():
    head = LinearHead(np.float32([[1.0, -1.0]]), np.float32([[0.0, 0.0], [0.5, -0.5]]))
    known = pretrained._Known(np.float32([[0.0], [0.2]]), np.array([0, 1]), np.zeros((2, 2), np.float32), np.zeros(2))
    said = known.said(head, 3.0)
    assert said.shape == (2, 2)
    np.testing.assert_allclose(said[:, 0], 0.5)
    np.testing.assert_allclose(said[0, 1], 1 / (1 + np.exp(-3 * 1.4)), rtol=1e-6)


@pytest.mark.parametrize(("wide", "lines"), [(16, 1), (17, 8)])
def test_of_a_wide_body_several_sections_show_what_it_says(volume, survey, wide, lines):
    labels = np.zeros_like(survey.labels)
    labels[20 : 20 + wide, 40] = survey.truth[20 : 20 + wide, 40]
    windows = factor(volume, labels, len(survey.names))._windows()
    across = [window.line for window in windows if window.across == 0]
    assert len(across) == lines
    assert across[len(across) // 2] in (28, 29)
    (along,) = (window for window in windows if window.across == 1)
    assert (along.line, along.first, along.last) == (40, 0, 48)
    assert {(window.first, window.last) for window in windows if window.across == 0} == {(16, 64)}
