"""Features and carried labels weighed from place to place: by a gate, and by the one that comes along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.readings import Reading
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.carrying import Carried
from napari_fhn.structure.dips import DipField
from napari_fhn.structure.known import Known
from napari_fhn.training.combination import gating
from napari_fhn.training.combination.gating import CARRIED, CHANNELS, FEATURES, OUTPUTS, Gate, Gated
from napari_fhn.training.combination.opening import open_combiner
from napari_fhn.training.combination.pretrained import PretrainedFeatures
from napari_fhn.training.combination.pretrained_memory import most_side_by_side
from napari_fhn.training.combination.sections import Sections
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Input
from napari_fhn.training.models.gating import bundled
from napari_fhn.training.models.pretrained import bundled as features_of
from napari_fhn.training.scores.score import confusion, intersection_over_union
from samples import family


def gate(seed: int = 0, head: float = 0.3) -> Gate:
    made = replace(levels(2, 12, (4, 8), 1), reading=Reading(head="linear"))
    network = HyperbolicNetwork(made, CHANNELS, OUTPUTS, torch.Generator().manual_seed(seed))
    for one in network.head:
        nn.init.normal_(one, 0, head, generator=torch.Generator().manual_seed(seed))
    return Gate(network.eval().requires_grad_(False))


def shown(classes: int = 4, size: tuple[int, int] = (16, 32), sections: int = 2):
    generator = torch.Generator().manual_seed(1)
    features, carried = (torch.randn(sections, classes, *size, generator=generator).softmax(1) for _ in range(2))
    rest = [torch.rand(sections, *size, generator=generator) for _ in range(2)]
    return features, carried, rest[0], 40 * rest[1], torch.randn(sections, *size, generator=generator)


@pytest.fixture(scope="module")
def survey():
    """One on which nothing was ever learnt."""
    return family.survey(2000)


@pytest.fixture(scope="module")
def dips(survey):
    return DipField.open(survey.amplitude.astype(np.float32))


@pytest.fixture
def volume(tmp_path, survey):
    np.save(tmp_path / "survey.npy", survey.amplitude)
    return Volume((Input(str(tmp_path / "survey.npy")),))


@pytest.fixture
def weighed(volume, dips, survey):
    """Return a function that makes the factor of some labels."""

    def made(labels=survey.labels, one=None, ready=lambda: True):
        known = labels if isinstance(labels, Known) else Known(labels, len(survey.names))
        features = PretrainedFeatures(known, Sections(volume, 2, features_of(), torch.device("cpu")))
        return Gated(features, Carried(known, dips), one or gate(), ready)

    return made


def test_a_gate_that_has_learnt_nothing_believes_both_everywhere_alike():
    features, carried, *rest = shown()
    scores = gate(head=0.0)(features, carried, *rest, (0.5, 0.5))
    doubted = 0.97 * features + 0.03 / 4
    torch.testing.assert_close(scores, FEATURES * doubted.log() + CARRIED * carried.log())


def test_what_a_network_says_makes_either_count_more_and_is_added():
    features, carried, *rest = shown(classes=2, sections=1)

    def says(seen, resting):  # of each class, in each cell alike
        told = torch.tensor([[0.5, -0.2, 1.0], [-1.0, 0.3, -2.0]])
        assert seen.shape == (2, CHANNELS, 4, 8)
        return told[:, :, None, None].expand(-1, -1, 4, 8)

    for trust in (1.0, 0.5):
        scores = Gate(says, trust)(features, carried, *rest, (0.5, 0.5))
        for k, (more, much, beside) in enumerate([(0.5, -0.2, 1.0), (-1.0, 0.3, -2.0)]):
            expected = (
                FEATURES * np.exp(trust * more) * (0.97 * features[:, k] + 0.03 / 2).log()
                + CARRIED * np.exp(trust * much) * carried[:, k].log()
                + trust * beside
            )
            torch.testing.assert_close(scores[:, k], expected)


def test_what_is_carried_nowhere_is_as_unlikely_as_can_be_told():
    features, carried, *rest = shown(sections=1)
    carried[:, 0] = 0
    scores = gate(head=0.0)(features, carried, *rest, (0.5, 0.5))
    doubted = 0.97 * features[:, 0] + 0.03 / 4
    torch.testing.assert_close(scores[:, 0], FEATURES * doubted.log() + CARRIED * np.log(1e-4))


def test_what_a_gate_is_shown_of_a_class():
    size = (1, 8, 12)
    features, carried = (
        torch.tensor(values)[None, :, None, None].expand(1, 3, *size[1:]) for values in ([0.5, 0.3, 0.2], [0.1, 0.9, 0])
    )
    confidence, distance = torch.full(size, 0.4), torch.full(size, 16.0)
    distance[:, 4:] = torch.inf
    trace, sample = torch.meshgrid(torch.arange(8) % 4, torch.arange(12) % 4, indexing="ij")
    amplitudes = -(2.0 * trace + 3.0 * sample)[None]
    found = Gate.shown(features, carried, confidence, distance, amplitudes, (0.3, 0.9))
    assert found.shape == (1, 3, CHANNELS, 2, 3)
    small = [np.log(value) / 3 + 0.7 for value in (0.5, 0.3, 0.2, 0.1, 0.9, 1e-4)]
    shared = [0.4, np.exp(-1), -7.5, 7.5, 3.0, 2.0, 0.6, 1.8]
    own = [(small[0], small[3], small[1], small[4]), (small[1], small[4], small[0], small[3])]
    own.append((small[2], small[5], small[0], small[4]))
    for k, each in enumerate(own):
        expected = torch.tensor([*each, *shared], dtype=torch.float32)
        torch.testing.assert_close(found[0, k, :, 0, 1], expected)
        expected[5] = 0  # nothing is known near
        torch.testing.assert_close(found[0, k, :, 1, 2], expected)


def test_it_sees_whole_cells_of_its_coarsest_level():
    one = gate()
    assert one.multiple == 8
    needed = (one.network.architecture.receptive_radius + 1) * gating.CELL
    assert needed <= one.radius < needed + 8
    assert one.radius % 8 == 0


def test_of_what_it_says_a_part_is_followed():
    features, carried, *rest = shown()
    all_of_it, none, half = (gate(), gate(), gate())
    none.trust, half.trust = 0.0, 0.5
    told = (0.5, 0.5)
    torch.testing.assert_close(none(features, carried, *rest, told), gate(head=0.0)(features, carried, *rest, told))
    torch.testing.assert_close(
        half(features, carried, *rest, told), gate(head=0.15)(features, carried, *rest, told), atol=1e-4, rtol=1e-4
    )
    assert all_of_it.trust == 1


def test_it_knows_no_class_by_its_number():
    features, carried, *rest = shown()
    scores = gate()(features, carried, *rest, (0.5, 0.5))
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(gate()(features[:, order], carried[:, order], *rest, (0.5, 0.5)), scores[:, order])


def test_what_was_foretold_is_heard():
    same = shown()
    heard = [gate()(*same, told) for told in ((0.9, 0.1), (0.1, 0.9), (0.0, 0.0))]
    assert (heard[0] - heard[1]).abs().max() > 1e-3
    assert (heard[0] - heard[2]).abs().max() > 1e-3


def test_the_best_of_the_others_is_that_of_another_class():
    values = torch.tensor([[3.0, 1.0, 3.0], [2.0, 5.0, 4.0]]).T.reshape(1, 3, 2)
    assert gating._best_other(values)[0].T.tolist() == [[3.0, 3.0, 3.0], [5.0, 4.0, 5.0]]


def test_it_sees_no_further_than_it_says():
    one, (features, carried, *rest) = gate(), shown(size=(160, 16), sections=1)
    scores = one(features, carried, *rest, (0.5, 0.5))
    far = features.clone()
    far[:, :, 80 + one.radius :] = far[:, :, 80 + one.radius :].flip(1)
    there = one(far, carried, *rest, (0.5, 0.5))
    torch.testing.assert_close(there[:, :, :80], scores[:, :, :80])
    assert (there - scores).abs()[:, :, 80:].max() > 1e-3


def test_a_section_is_the_same_whatever_box_it_is_asked_in(weighed, survey):
    told = weighed()
    _, traces, samples = survey.truth.shape
    section = told.read(Box((7, 0, 0), (8, traces, samples)))
    np.testing.assert_allclose(section.sum(axis=0), 1, atol=1e-5)
    for first, last, top, bottom in ((13, 40, 21, 70), (0, 9, samples - 5, samples), (50, 51, 0, samples)):
        part = told.read(Box((7, first, top), (8, last, bottom)))
        np.testing.assert_allclose(part, section[:, :, first:last, top:bottom], atol=1e-4)
    slab = told.read(Box((5, 0, 0), (9, traces, samples)))
    np.testing.assert_allclose(slab[:, 2:3], section, atol=1e-4)


def test_sections_at_once_are_those_one_by_one(weighed, survey, monkeypatch):
    box = Box((0, 0, 0), (12, *survey.truth.shape[1:]))
    at_once = weighed().read(box)
    monkeypatch.setattr(gating, "_AT_ONCE", 1)
    np.testing.assert_allclose(weighed().read(box), at_once, atol=1e-5)


def test_a_gate_is_shown_of_a_section_what_is_known_there(weighed, survey, monkeypatch):
    monkeypatch.setattr(gating, "told_of", lambda *_: (0.3, 0.6))
    one, shown = gate(), []
    one.forward = lambda *given: shown.append(given) or Gate.forward(one, *given)
    told, (_, traces, samples) = weighed(one=one), survey.truth.shape
    box = Box((7, 0, 0), (8, traces, samples))
    told.read(box)
    ((*seen, foretold, _),) = shown
    said = told._carried.say(box)
    expected = [told._features.look_at(box, 0), said.probabilities, said.confidence, said.distance]
    expected.append(told._features.sections.amplitudes(box))
    for got, there in zip(seen, expected, strict=True):
        np.testing.assert_array_equal(got[0, ..., :traces, :samples], np.squeeze(there, axis=-3))
    assert foretold == (0.3, 0.6)


def test_no_more_sections_are_weighed_side_by_side_than_there_is_memory_for(weighed, survey, monkeypatch):
    asked, (_, traces, samples) = [], survey.truth.shape
    monkeypatch.setattr(gating, "told_of", lambda *_: (0.3, 0.6))
    monkeypatch.setattr(gating, "shares", lambda count, **bounds: asked.append((count, bounds)) or [count])
    weighed().read(Box((7, 0, 0), (9, traces, samples)))
    assert asked == [(2, {"most": most_side_by_side(traces * samples)})]


def test_tiles_have_no_seams(weighed, survey):
    told, (lines, traces, samples) = weighed(), survey.truth.shape
    whole = np.concatenate([told.read(Box((at, 0, 0), (at + 4, traces, samples))) for at in range(0, lines, 4)], axis=1)
    # As cut for a network of volumes, for another memory, and at the ends of a survey or a shard.
    for inlines, crosslines in (((0, 32), (0, 32)), ((0, 20), (32, 64)), ((44, 48), (80, 88)), ((45, 48), (16, 32))):
        start, stop = zip(inlines, crosslines, (0, samples), strict=True)
        box = Box(start, stop)
        np.testing.assert_allclose(told.read(box), whole[(slice(None), *box.slices)], atol=1e-4, err_msg=f"{box}")


def test_of_the_whole_survey_it_says_the_mean_of_both_directions(weighed, survey):
    told, whole = weighed(), Box.whole(survey.truth.shape)
    ways = [told._look(whole, across) for across in (0, 1)]
    np.testing.assert_allclose(told.read(whole), (ways[0] + ways[1]) / 2, atol=1e-5)
    assert np.abs(ways[0] - ways[1]).max() > 0.1


@pytest.mark.parametrize("across", [0, 1])
def test_in_one_direction_every_second_section_is_seen_whatever_box_is_asked_for(weighed, survey, across):
    told, whole = weighed(), Box.whole(survey.truth.shape)
    for factor in (told, told._features):
        look = told._look if factor is told else told._features.look_at
        exact, said = (
            np.moveaxis(one, 1 + across, 0) for one in (look(whole, across), factor.read_across(whole, across))
        )
        np.testing.assert_allclose(said[::2], exact[::2], atol=1e-4)
        np.testing.assert_allclose(said[1:-1:2], (exact[:-2:2] + exact[2::2]) / 2, atol=1e-4)
        np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)
        for first, last in ((3, 8), (8, 9), (9, 10), (0, 2), (whole.stop[across] - 1, whole.stop[across])):
            part = factor.read_across(whole.slab(across, first, last), across)
            np.testing.assert_allclose(np.moveaxis(part, 1 + across, 0), said[first:last], atol=1e-4)


def test_what_was_said_before_a_stroke_is_not_remembered(weighed, survey):
    painted = np.where(survey.labels > 2, 0, survey.labels)
    labels = Known(painted, len(survey.names))
    told, box = weighed(labels), Box((4, 0, 0), (6, *survey.truth.shape[1:]))
    before = told.read_across(box, 0)
    painted[...] = survey.labels
    labels.look()
    told.look()
    assert np.abs(told.read_across(box, 0) - before).max() > 0.1
    np.testing.assert_allclose(told.read_across(box, 0), weighed().read_across(box, 0), atol=1e-5)


def test_crosslines_and_time_slices_are_seen(weighed, survey):
    lines, traces, samples = survey.truth.shape
    told = weighed()
    for box in (Box((0, 9, 0), (lines, 10, samples)), Box((0, 0, 40), (lines, traces, 41))):
        said = told.read(box)
        assert said.shape == (len(survey.names), *box.shape)
        np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)
        assert (said.argmax(axis=0) + 1 == survey.truth[box.slices]).mean() > 0.5


def test_until_labels_are_carried_features_speak_alone(weighed, survey):
    ready = []
    told = weighed(ready=lambda: bool(ready))
    box = Box((7, 0, 0), (8, *survey.truth.shape[1:]))
    assert not told.look()
    np.testing.assert_array_equal(told.read(box), told._features.read(box))
    ready.append(True)
    assert told.look()  # another is heard
    assert not told.look()
    assert np.abs(told.read(box) - told._features.read(box)).max() > 0.01


def test_what_was_carried_from_the_beginning_changes_nothing_after_it_was_read(weighed, survey):
    told = weighed()
    told.read(Box((7, 0, 0), (8, *survey.truth.shape[1:])))
    assert not told.look()


def test_it_follows_labels_as_they_change(weighed, survey):
    painted = np.where(survey.labels == 1, survey.labels, 0)
    labels = Known(painted, len(survey.names))
    told = weighed(labels)
    box = Box((7, 0, 0), (8, *survey.truth.shape[1:]))
    told.look()
    np.testing.assert_allclose(told.read(box), 1 / len(survey.names))  # of one class alone nothing follows
    painted[...] = survey.labels
    labels.look()
    assert told.look()
    np.testing.assert_allclose(told.read(box), weighed().read(box), atol=1e-5)


def test_a_well_that_is_left_out_is_as_if_it_had_never_been(weighed, survey):
    number = int(Bodies.of(Known(survey.labels, len(survey.names)), 2).at(np.array([survey.wells[0]]))[0])
    i, j = survey.wells[0]
    labels = survey.labels.copy()
    labels[i - 4 : i + 5, j - 4 : j + 5] = 0
    box = Box((i, 0, 0), (i + 1, *survey.truth.shape[1:]))
    told = weighed()
    without = told.without([number]).read(box)
    np.testing.assert_allclose(without, weighed(labels).read(box), atol=1e-4)
    assert np.abs(without - told.read(box)).max() > 0.05


def test_what_each_foretells_is_told_and_found_anew_with_the_labels(weighed, survey):
    painted = survey.labels.copy()
    labels = Known(painted, len(survey.names))
    told = weighed(labels)
    by_ways = gating.foretold(labels, lambda number: told._carried.without({number}).read)
    assert told.foretold == (told._features.foretold(), by_ways)
    assert 0.1 < min(told.foretold) <= max(told.foretold) < 1
    (i, j), *_ = survey.wells
    painted[...] = 0
    painted[i, j] = survey.truth[i, j]
    labels.look()
    assert told.foretold == (0.0, 0.0)  # of one well nothing can be left out


def test_a_class_that_nobody_showed_is_not_said(weighed, survey):
    said = weighed(np.where(survey.labels == 2, 0, survey.labels)).read(Box((0, 0, 0), (1, *survey.truth.shape[1:])))
    assert not said[1].any()
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("shape", [(11, 13, 37), (9, 5, 9), (2, 30, 101), (1, 9, 20), (40, 33)])
def test_surveys_of_any_size(tmp_path, shape):
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    np.save(tmp_path / "odd.npy", values)
    labels = np.zeros(shape, np.uint8)
    labels[(0,) * (len(shape) - 1)] = labels[(-1,) * (len(shape) - 1)] = np.arange(shape[-1]) * 2 // shape[-1] + 1
    known, volume = Known(labels, 2), Volume((Input(str(tmp_path / "odd.npy")),))
    features = PretrainedFeatures(known, Sections(volume, len(shape) - 1, features_of(), torch.device("cpu")))
    said = Gated(features, Carried(known, DipField.open(values)), gate()).read(Box.whole(shape))
    assert said.shape == (2, *shape)
    np.testing.assert_allclose(said.sum(axis=0), 1, atol=1e-5)


def test_the_one_that_comes_along_is_ahead_of_both(weighed, survey):
    told, box = weighed(one=bundled()), Box.whole(survey.truth.shape)
    asked = survey.labels == 0

    def iou(said):
        matrix = confusion(
            (said.argmax(axis=0) + 1)[asked].astype(np.int64), survey.truth[asked].astype(np.int64), len(said)
        )
        return intersection_over_union(matrix).mean()

    together = iou(told.read(box))
    assert together > iou(told._features.read(box)) + 0.01
    assert together > iou(told._carried.read(box)) + 0.01


def test_a_prediction_hears_it_unless_nothing_is_to_be_carried(layered_3d):
    job, truth = layered_3d
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    labels = LabelFile(job.labels, frame.shape, 3)
    for factors, kind in ((None, Gated), (("pretrained",), PretrainedFeatures)):
        combiner, _ = open_combiner(replace(job, combination=Combination(factors, "off", "off")), frame, labels)
        assert combiner is not None
        assert isinstance(combiner.factors["pretrained"], kind)
        found = combiner.combine(Box.whole(frame.shape), {})
        assert (found.classes == truth).mean() > 0.8
