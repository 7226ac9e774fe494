"""Comparison networks are data too: like the hyperbolic network they stand beside, and the same after JSON."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.network import (
    Architecture,
    Layer,
    ResNetArchitecture,
    Stage,
    UNetArchitecture,
    architecture,
    description_from_dict,
    equivalent_resnet,
    equivalent_unet,
    slim_resnet,
)
from napari_fhn.network.architecture import levels
from napari_fhn.network.presets import PRESETS
from napari_fhn.network.readings import Reading

MAKERS = [equivalent_resnet, slim_resnet, equivalent_unet]
DOWN_AND_UP = levels(3, 8, (8, 16, 32), 2, output_level=1)


def test_the_equivalent_resnet_has_the_layers_and_channels_of_the_hyperbolic_network():
    a = equivalent_resnet(DOWN_AND_UP)
    assert [stage.steps for stage in a.stages] == [2, 2, 2, 2]
    assert a.levels == ((0, 0, 0), (1, 1, 1), (2, 2, 2), (1, 1, 1))
    assert a.stage_channels == (8, 64, 512, 64)
    per_layer = [n for stage, n in zip(a.stages, a.stage_channels, strict=True) for _ in range(stage.steps)]
    assert per_layer == list(DOWN_AND_UP.layer_channels)
    assert a.h == DOWN_AND_UP.h
    assert a.output_levels == DOWN_AND_UP.output_levels == (1, 1, 1)


def test_the_slim_resnet_has_the_same_layers_and_fewer_channels():
    a, b = equivalent_resnet(DOWN_AND_UP), slim_resnet(DOWN_AND_UP)
    assert b.stages == a.stages
    assert b.stage_channels == (8, 16, 32, 16)


def test_the_unet_has_the_levels_and_doubles_its_channels():
    unet = equivalent_unet(DOWN_AND_UP)
    assert unet.level_channels == (8, 16, 32)
    assert unet.poolings == ((0, 1, 2), (0, 1, 2))
    assert unet.output_levels == (0, 0, 0)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", PRESETS)
def test_they_fit_where_the_preset_fits(make, name):
    preset = architecture(name)
    other = make(preset)
    assert (other.dimensions, other.channels, other.context) == (preset.dimensions, preset.channels, preset.context)
    assert other.multiples == preset.multiples
    assert all(0 <= mine <= its for mine, its in zip(other.output_levels, preset.output_levels, strict=True))
    assert replace(other, channels=2 * other.channels).channels == 2 * preset.channels


def test_axes_may_be_halved_unlike():
    resnet = ResNetArchitecture(
        3, 4, (Stage("keep", 1), Stage("coarsen", 2, (2,)), Stage("coarsen", 1), Stage("refine", 1, (2,)))
    )
    assert resnet.levels == ((0, 0, 0), (0, 0, 1), (1, 1, 2), (1, 1, 1))
    assert resnet.stage_channels == (4, 8, 64, 32)
    assert replace(resnet, growth=3).stage_channels == (4, 12, 36, 12)
    assert resnet.multiples == (2, 2, 4)
    assert resnet.output_levels == (1, 1, 1)
    unet = UNetArchitecture(3, 4, ((2,), (0, 1, 2)))
    assert unet.multiples == (2, 2, 4)


@pytest.mark.parametrize("make", MAKERS)
def test_axes_that_the_hyperbolic_network_keeps_are_kept(make):
    thin = Architecture(3, 4, (Layer("coarsen", 2, (1, 2)), Layer("coarsen", 2), Layer("refine", 2)))
    other = make(thin)
    assert other.multiples == thin.multiples == (2, 4, 4)


@given(st.sampled_from([2, 3]), st.integers(1, 20), st.integers(1, 4), st.integers(1, 4), st.sampled_from(MAKERS))
def test_json_round_trip(dimensions, channels, depth, steps, make):
    one = make(levels(dimensions, channels, (2,) * depth, steps))
    data = json.loads(json.dumps(one.to_dict()))
    assert data["kind"] in ("resnet", "unet")
    assert description_from_dict(data) == type(one).from_dict(data) == one
    assert description_from_dict(json.loads(json.dumps(asdict(one)))) == one


def test_a_resnet_of_an_earlier_version_reads_everywhere_through_a_linear_head():
    stages = [{"resample": "keep", "steps": 2, "axes": None}, {"resample": "coarsen", "steps": 1, "axes": None}]
    earlier = {"kind": "resnet", "dimensions": 2, "channels": 4, "stages": stages, "h": 1.0, "growth": 2, "context": 0}
    found = description_from_dict(earlier)
    assert found == ResNetArchitecture(2, 4, (Stage("keep", 2), Stage("coarsen", 1)), growth=2)
    assert (found.reading, found.initial) == (Reading(head="linear"), "unit")
    assert [layer.rows for layer in found.layers] == [4, 4, 8]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Stage("keep", 1, rank=0), "block rank of a stage must be at least 1"),
        (lambda: Stage("keep", 1, channels=0), "number of channels of a stage"),
        (lambda: ResNetArchitecture(2, 4, (Stage("keep", 1),), reading=Reading(axis=2)), "axes 0 to 1"),
        (lambda: ResNetArchitecture(2, 4, (Stage("keep", 1),), reading=Reading(channels=(4,))), "last state has 4"),
        (lambda: ResNetArchitecture(2, 4, (Stage("keep", 1),), initial="zeros"), "unit, glorot"),
    ],
)
def test_impossible_parts_of_a_resnet_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_description_without_a_kind_is_hyperbolic():
    data = json.loads(json.dumps(DOWN_AND_UP.to_dict()))
    assert description_from_dict(data) == DOWN_AND_UP
    data.pop("kind", None)
    assert description_from_dict(data) == DOWN_AND_UP
    assert description_from_dict({**data, "kind": "hyperbolic"}) == DOWN_AND_UP


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "transformer"}, "kind is 'transformer': 'hyperbolic' or 'resnet' or 'unet'"),
        ({"kind": "unet", "dimensions": 2, "channels": 4}, "poolings is missing"),
        ({"kind": "resnet", "dimensions": 2, "channels": 4}, "stages is missing"),
        ({"kind": "unet", "dimensions": 2, "channels": 4, "poolings": [], "depth": 3}, "depth is not known"),
        ("unet", "names and values"),
    ],
)
def test_other_descriptions_are_refused(data, words):
    with pytest.raises(ValueError, match=words):
        description_from_dict(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Stage("sideways", 1), "keep, coarsen, refine"),
        (lambda: Stage("keep", 0), "at least one layer"),
        (lambda: ResNetArchitecture(4, 2, (Stage("keep", 1),)), "2 or 3"),
        (lambda: ResNetArchitecture(2, 0, (Stage("keep", 1),)), "at least one channel"),
        (lambda: ResNetArchitecture(2, 2, ()), "at least one stage"),
        (lambda: ResNetArchitecture(2, 2, (Stage("keep", 1),), h=0), "positive"),
        (lambda: ResNetArchitecture(2, 2, (Stage("keep", 1),), growth=0), "factor of at least 1"),
        (lambda: ResNetArchitecture(3, 2, (Stage("keep", 1),), context=1), "neighbouring sections"),
        (lambda: ResNetArchitecture(2, 2, (Stage("keep", 1), Stage("refine", 1))), "stage 2 is finer"),
        (lambda: ResNetArchitecture(2, 2, (Stage("coarsen", 1, (2,)),)), r"stage 1 changes the axes \(2,\)"),
        (lambda: UNetArchitecture(2, 2, ((0, 0),)), "each once"),
        (lambda: UNetArchitecture(2, 2, ((),)), "pooling 1"),
        (lambda: UNetArchitecture(2, 2, (), groups=-1), "groups"),
        (lambda: UNetArchitecture(2, 2, (), context=-1), "neighbouring"),
        (lambda: equivalent_resnet(Architecture(2, 8, (Layer("refine", 2),))), "finer than the input"),
        (lambda: slim_resnet(Architecture(2, 8, (Layer("keep", 2),), haar_lift=1)), "without haar_lift"),
        (lambda: equivalent_unet(Architecture(3, 8, (Layer("keep", 2),), reading=Reading(axis=0))), "no single slice"),
    ],
)
def test_impossible_networks_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_descriptions_need_no_torch():
    code = (
        "import sys; from napari_fhn.network import architecture, description_from_dict, equivalent_unet\n"
        "description_from_dict(equivalent_unet(architecture('volume')).to_dict()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
