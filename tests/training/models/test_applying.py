"""Whether a network can be applied to another survey is said in words, and agrees with what prediction accepts."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.presets import PRESETS
from napari_fhn.network.readings import Reading
from napari_fhn.training import Axis, Input, JobError, fit, predict
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.models.applying import Target, check_applies
from napari_fhn.training.models.description import Description, Normalisation, WeightsFile, read

VOLUME_AXES = (Axis("inline", "", 1000, 1), Axis("crossline", "", 500, 1), Axis("twt", "ms", 0.0, 4.0))
SHAPE = (30, 40, 200)


def network(**changes):
    plain = Description(
        weights=WeightsFile("weights-0123456789abcdef.safetensors", "0" * 64),
        architecture=PRESETS["sections"],
        input_channels=4,
        classes=("sand", "shale"),
        normalisation=Normalisation((0.0,), (100.0,)),
        framing=Framing(2),
        axes=VOLUME_AXES,
        inputs=("full stack",),
    )
    return replace(plain, **changes)


def survey(**changes):
    return replace(Target(1, SHAPE, 2, VOLUME_AXES, ("another",), Normalisation((0.0,), (120.0,))), **changes)


def vertical(**changes):
    return (*VOLUME_AXES[:2], replace(VOLUME_AXES[2], **changes))


def test_a_survey_like_the_one_before_is_taken_without_a_word():
    verdict = check_applies(network(), survey())
    assert verdict.applies
    assert verdict.warnings == verdict.insist() == ()


@pytest.mark.parametrize(
    ("of_network", "of_survey", "words"),
    [
        (
            {},
            {"channels": 3, "names": ("a", "b", "c")},
            r"trained on 1 channel and this survey has 3 channels \(a, b, c",
        ),
        ({}, {"vertical_axis": None}, "say which one is vertical"),
        ({"framing": Framing(None)}, {}, "trained on a map, and this survey is a volume"),
        (
            {"framing": Framing(None), "axes": VOLUME_AXES[:2]},
            {"shape": SHAPE[1:], "vertical_axis": 1, "axes": VOLUME_AXES[1:]},
            "where no axis is time or depth",
        ),
        ({}, {"vertical_axis": 0}, "axis 2 and axis 0 of this survey"),
        (
            {},
            {"shape": SHAPE[1:], "vertical_axis": 1, "axes": VOLUME_AXES[1:]},
            "3 spatial axes .*, and this one has 2",
        ),
        ({}, {"axes": vertical(name="depth", unit="m")}, "trained in time and this survey is in depth"),
        ({"architecture": levels(3, 8, (4,), 1)}, {"shape": (30, 40), "vertical_axis": 1, "axes": ()}, "3D network"),
        ({"framing": Framing(2, neighbours=True), "input_channels": 7}, {}, "none of its classes on this survey"),
        ({"input_channels": 9}, {}, "takes 9 channels .* gives it 4"),
        (
            {"inputs": ("near", "far"), "normalisation": Normalisation((0.0, 0.0), (1.0, 1.0)), "input_channels": 7},
            {"channels": 2, "names": ("far", "near")},
            "in this order, near, far, and here they are far, near",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(of_network, of_survey, words):
    verdict = check_applies(network(**of_network), survey(**of_survey))
    assert not verdict.applies
    with pytest.raises(JobError, match=words):
        verdict.insist()


@pytest.mark.parametrize(
    ("of_network", "of_survey", "words"),
    [
        ({}, {"axes": vertical(step=2.0)}, "trained at 4 ms along twt, and this survey is sampled at 2 ms.*2 times as"),
        ({}, {"axes": vertical(step=0.002, unit="s")}, "sampled at 0.002 s"),
        ({}, {"axes": vertical(name="sample", unit="")}, "'twt' and here it is 'sample'"),
        ({}, {"axes": vertical(first=1500.0)}, "its first was at 0 ms and that of this survey is at 1.5e.03 ms"),
        ({}, {"normalisation": Normalisation((0.0,), (2e4,))}, "spread 200 times as far"),
        (
            {"inputs": ("near", "far"), "normalisation": Normalisation((0.0, 0.0), (1.0, 1.0)), "input_channels": 7},
            {"channels": 2, "names": ("near", "mid"), "normalisation": None},
            "it takes mid for far",
        ),
    ],
)
def test_what_is_doubtful_is_said(of_network, of_survey, words):
    import re

    verdict = check_applies(network(**of_network), survey(**of_survey))
    assert verdict.applies, verdict
    (warning,) = verdict.warnings
    assert re.search(words, warning), warning


def test_seconds_and_milliseconds_are_one_step():
    assert check_applies(network(), survey(axes=vertical(step=0.004, unit="s"))).warnings == ()


def test_bands_of_a_cube_are_counted():
    reading = Reading(axis=2, channels=(0, 8))
    cube = network(
        architecture=Architecture(3, 4, (Layer("keep", 4), Layer("coarsen", 8), Layer("keep", 8)), reading=reading),
        framing=Framing(None, 2),
        normalisation=Normalisation((0.0,) * 24, (1.0,) * 24),
        input_channels=2,
        axes=(),
    )
    assert check_applies(cube, Target(2, (16, 24, 12))).applies
    with pytest.raises(JobError, match="24 bands and this survey has 20"):
        check_applies(cube, Target(2, (16, 24, 10))).insist()
    with pytest.raises(JobError, match="3D network"):
        check_applies(cube, Target(24, (16, 24))).insist()


@pytest.mark.parametrize("fixture", ["layered", "layered_3d", "cube"])
@pytest.mark.parametrize("position", ["none", "vertical", "all"])
def test_what_is_accepted_is_predicted(request, fixture, position):
    job, _ = request.getfixturevalue(fixture)
    job = replace(job, position=position, schedule=replace(job.schedule, steps=1))
    list(fit(job))
    described = read(job.model)
    shape = np.load(job.inputs[0].path).shape
    target = Target(len(job.inputs), shape, job.vertical_axis)
    assert check_applies(described, target).insist() == ()
    list(predict(job))
    assert np.load(job.prediction).all()
    wrong = replace(job, inputs=(*job.inputs, Input(job.inputs[0].path)))
    assert not check_applies(described, replace(target, channels=len(wrong.inputs))).applies
    with pytest.raises(JobError):
        list(predict(wrong))
