"""Attributes by name, by kind of data, and by box."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from napari_fhn.box import Box
from napari_fhn.structure import attributes
from napari_fhn.structure.attributes import Band, Facts, Step, deriving
from napari_fhn.structure.attributes.deriving import Derived, Sources
from napari_fhn.structure.dips import DipField

RNG = np.random.default_rng(0)
SIX = (485.0, 560.0, 660.0, 830.0, 1650.0, 2200.0)


FOUR, THIRTY = Step(4.0, "ms"), Step(30.0, "m")


def seismic(shape=(6, 7, 80), step=FOUR, bands=1):
    facts = Facts(
        shape, (*(Step(),) * (len(shape) - 1), step), tuple(Band(f"s{k}") for k in range(bands)), len(shape) - 1
    )
    return facts, RNG.standard_normal((bands, *shape)).astype(np.float32)


def chart(shape=(40, 30), bands=2, waves=(), step=THIRTY):
    made = tuple(Band(f"b{k}", waves[k] if waves else None) for k in range(bands))
    return Facts(shape, (step, step), made), RNG.uniform(0.1, 1, (bands, *shape)).astype(np.float32)


def pair(shape=(40, 30), waves=SIX):
    made = tuple(Band(f"b{k}", wave, date) for date in ("2001", "2002") for k, wave in enumerate(waves))
    return Facts(shape, (Step(30.0, "m"),) * 2, made), RNG.uniform(0.1, 1, (2 * len(waves), *shape)).astype(np.float32)


def spectrum(shape=(40, 30)):
    return chart(shape, 20, tuple(np.linspace(450, 2400, 20)))


KINDS = {
    "volume": seismic(),
    "line": seismic((20, 90)),
    "partial stacks": seismic(bands=2),
    "in depth": seismic(step=Step(5.0, "m")),
    "samples": seismic(step=Step()),
    "map": chart(),
    "one field": chart(bands=1, step=Step()),
    "pair": pair(),
    "cube": spectrum(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_has_the_channels_that_it_names_and_numbers_in_them(kind):
    facts, values = KINDS[kind]
    found = attributes.fitting(facts)
    assert found
    for one in found:
        derived = Derived(one, facts, Sources([values]))
        out = derived.read(Box.whole(facts.shape))
        assert out.shape == (len(derived.names), *facts.shape), one.name
        assert out.dtype == np.float32
        assert np.isfinite(out).all(), one.name
        assert len(set(derived.names)) == len(derived.names)


def test_each_kind_of_data_has_its_own():
    names = {kind: {one.name for one in attributes.fitting(facts)} for kind, (facts, _) in KINDS.items()}
    of_traces = {"envelope", "phase", "frequency", "rms", "sweetness", "spectral"}
    assert of_traces | {"coherence", "dip", "relative-time"} == names["volume"]
    assert {"derivatives", "gradient", "vertical", "tilt", "analytic", "residual"} == names["one field"]
    assert {"difference", "ratio", "change", "indices", "pca", "mnf"} <= names["pair"]
    assert {"continuum", "indices", "pca", "mnf"} == names["cube"]
    assert not names["volume"] & names["map"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_box_holds_what_the_whole_does(kind, data):
    facts, values = KINDS[kind]
    one = data.draw(st.sampled_from(attributes.fitting(facts)), label="attribute")
    start = tuple(data.draw(st.integers(0, size - 1)) for size in facts.shape)
    stop = tuple(data.draw(st.integers(a + 1, size)) for a, size in zip(start, facts.shape, strict=True))
    derived = Derived(one, facts, Sources([values]))
    whole = derived.read(Box.whole(facts.shape))
    box = Box(start, stop)
    np.testing.assert_allclose(derived.read(box), whole[(slice(None), *box.slices)], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_no_value(kind):
    facts, values = KINDS[kind]
    holed = values.copy()
    gap = np.zeros(facts.shape, bool)
    gap[1:3, 1:3] = True
    holed[:, gap] = np.nan
    for one in attributes.fitting(facts):
        out = Derived(one, facts, Sources([holed])).read(Box.whole(facts.shape))
        assert np.isnan(out[:, gap]).all(), one.name
        assert np.isfinite(out[:, ~gap]).all(), one.name
        empty = Derived(one, facts, Sources([np.full_like(values, np.nan)]))
        if one.name in ("pca", "mnf", "continuum"):
            with pytest.raises(attributes.AttributesError, match="needs"):
                empty.read(Box.whole(facts.shape))
        else:
            assert np.isnan(empty.read(Box.whole(facts.shape))).all(), one.name


@pytest.mark.parametrize("kind", ["volume", "map", "pair"])
def test_it_is_written_part_by_part(kind, monkeypatch):
    facts, values = KINDS[kind]
    monkeypatch.setattr(deriving, "_VOXELS", 500)
    monkeypatch.setattr(deriving, "_WHOLE", 200)
    for one in attributes.fitting(facts):
        derived = Derived(one, facts, Sources([values]))
        out = np.full((len(derived.names), *facts.shape), np.inf, np.float32)
        told: list[float] = []
        derived.write(out, told.append)
        np.testing.assert_allclose(out, derived.read(Box.whole(facts.shape)), rtol=1e-3, atol=1e-4)
        assert told == sorted(told)
        assert told[-1] == 1


def test_a_large_map_goes_by_tiles_that_hang_together(monkeypatch):
    y, x = np.mgrid[:300, :260].astype(np.float32)
    field = np.exp(-((y - 150) ** 2 + (x - 130) ** 2) / 800)
    facts = Facts(field.shape, (Step(), Step()), (Band("field"),))
    vertical = attributes.attribute("vertical")
    whole = Derived(vertical, facts, Sources([field[None]])).read(Box.whole(field.shape))
    for name, value in (("_WHOLE", 128), ("_TILE", 128), ("_MARGIN", 96)):
        monkeypatch.setattr(deriving, name, value)
    derived = Derived(vertical, facts, Sources([field[None]]))
    tiled = derived.read(Box.whole(field.shape))
    assert np.abs(tiled - whole).max() < 0.1 * np.abs(whole).max()
    box = Box((100, 90), (200, 150))
    np.testing.assert_allclose(derived.read(box), tiled[(slice(None), *box.slices)], atol=1e-6)


def test_what_was_found_holds_elsewhere():
    facts, values = spectrum()
    first = Derived(attributes.attribute("pca:3"), facts, Sources([values]))
    other = Derived(attributes.attribute("pca:3"), facts, Sources([values * 2 + 1]), first.fitted)
    where = Box((3, 3), (6, 6))
    directions = np.asarray(first.fitted[20:], np.float32).reshape(3, 20)
    expected = first.read(where) + np.einsum("cb,byx->cyx", directions, values[(slice(None), *where.slices)] + 1)
    np.testing.assert_allclose(other.read(where), expected, rtol=1e-3, atol=1e-3)


def test_a_window_is_in_the_unit_of_the_axis():
    assert attributes.attribute("rms:40").window(seismic()[0]) == 11
    assert attributes.attribute("rms:50").window(seismic(step=Step(5.0, "m"))[0]) == 11
    assert "only counts samples" in attributes.attribute("rms:40").why_not(seismic(step=Step())[0])
    assert "only counts samples" in attributes.attribute("spectral:30").why_not(seismic(step=Step())[0])
    assert "125 Hz" in attributes.attribute("spectral:300").why_not(seismic()[0])
    assert attributes.attribute("frequency").channels(seismic(step=Step())[0]) == ("frequency (cycles per sample)",)
    assert attributes.attribute("gradient").channels(chart(bands=1)[0]) == ("total horizontal gradient (per m)",)
    assert attributes.attribute("gradient").channels(chart(bands=1, step=Step(0.1, "degrees"))[0]) == (
        "total horizontal gradient (per cell)",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("envelop", "there are envelope"),
        ("envelope:3", "takes nothing"),
        ("rms:soon", "no positive number"),
        ("rms:-4", "no positive number"),
        ("rms:", "after the colon"),
        ("rms:4,5", "one number"),
        ("pca:2.5", "whole number"),
        ("pca:900", "up to 32"),
        ("indices:ndvi,evi9", "ndvi, ndre"),
        ("spectral:" + ",".join(map(str, range(1, 20))), "16"),
    ],
)
def test_what_cannot_be_read_is_said(text, words):
    with pytest.raises(attributes.AttributesError, match=words):
        attributes.attribute(text)


def test_what_does_not_fit_is_said():
    for text, facts, words in (
        ("envelope", chart()[0], "no axis of these is time or depth"),
        ("tilt", seismic()[0], "is of maps"),
        ("tilt", spectrum()[0], "take 'pca'"),
        ("ratios", spectrum()[0], "take 'indices' or 'pca'"),
        ("difference", chart()[0], "not known to be such"),
        ("indices", chart()[0], "wavelengths of the bands are not known"),
        ("continuum", chart(bands=9)[0], "wavelengths of the bands are not known"),
        ("indices:nbr", chart(bands=2, waves=(660.0, 830.0))[0], "for nbr"),
        ("pca", chart(bands=1)[0], "2 bands or more"),
    ):
        with pytest.raises(attributes.AttributesError, match=words):
            attributes.wanted([text], facts)


def test_all_stands_for_those_that_fit_and_each_comes_once():
    facts = chart(bands=1)[0]
    found = attributes.wanted(["tilt", "all", "TILT"], facts)
    assert [one.text for one in found] == ["tilt", "derivatives", "gradient", "vertical", "analytic", "residual"]
    assert attributes.checked([" Tilt", "tilt", "ALL"]) == ("tilt", "all")


def test_what_takes_the_whole_of_a_large_survey_has_to_be_named(monkeypatch):
    facts = Facts((6, 7, 40), (Step(), Step(), Step(4.0, "ms")), (Band("seismic"),), 2)
    every = [one.text for one in attributes.wanted(["all"], facts)]
    assert "relative-time" in every
    assert not attributes.left_out(["all"], facts)
    monkeypatch.setattr(sys.modules[attributes.Attribute.__module__], "MOST_WHOLE", 6 * 7 * 40 - 1)
    every.remove("relative-time")
    assert [one.text for one in attributes.wanted(["all"], facts)] == every
    assert [one.text for one in attributes.wanted(["all", "relative-time"], facts)] == [*every, "relative-time"]
    assert [one.name for one in attributes.left_out(["All"], facts)] == ["relative-time"]
    assert not attributes.left_out(["all", "relative-time"], facts)
    assert not attributes.left_out(["dip"], facts)


def test_dates_are_known_by_their_bands():
    facts, values = pair()
    assert len(facts.dates) == 2
    unlike = tuple(Band("", 500.0 + 100 * k, date) for k, date in enumerate("aabb"))
    assert Facts((4, 4), (Step(),) * 2, unlike).dates == ()
    assert Facts((4, 4), (Step(),) * 2, (Band("a"), Band("b"))).dates == ()
    values[6:] = (values[:6] - 0.3) * 2
    values[6, :8, :8] += 5
    found = Derived(attributes.attribute("difference"), facts, Sources([values])).read(Box.whole(facts.shape))
    np.testing.assert_allclose(found[1:], 0, atol=1e-3)
    np.testing.assert_allclose(found[0, 8:, 8:], 0, atol=1e-3)
    np.testing.assert_allclose(found[0, :8, :8], 2.5, atol=1e-2)


def test_dips_and_coherence_of_beds_that_deepen():
    """Beds that deepen by a quarter of a sample from crossline to crossline, cut off by a fault."""
    _, crossline, sample = np.mgrid[:16, :30, :90]
    beds = np.sin(0.7 * (sample - 0.25 * crossline - 4.3 * (crossline >= 15))).astype(np.float32)
    facts = Facts(beds.shape, (Step(), Step(), Step(4.0, "ms")), (Band("beds"),), 2)
    whole = Box.whole(beds.shape)
    dip = Derived(attributes.attribute("dip"), facts, Sources([beds[None]])).read(whole)
    assert dip.shape == (2, *beds.shape)
    away = np.s_[4:12, 4:10, 20:70]
    np.testing.assert_allclose(dip[0][away], 0, atol=0.03)
    np.testing.assert_allclose(dip[1][away], 0.25, atol=0.04)
    coherence = Derived(attributes.attribute("coherence"), facts, Sources([beds[None]])).read(whole)[0]
    assert coherence[away].mean() > 0.8
    assert coherence[4:12, 14:16, 20:70].mean() < coherence[away].mean() - 0.2


def folded(shape=(24, 30, 96)):
    """Beds in a fold, and the depth of one of them below that in the column in the middle."""
    x, y, z = np.mgrid[tuple(slice(size) for size in shape)]
    surface = 6 * np.sin(x / 9) + 0.3 * y
    surface -= surface[shape[0] // 2, shape[1] // 2]
    level = z - surface
    beds = np.interp(level, np.arange(-40, shape[2] + 40), np.random.default_rng(0).normal(size=shape[2] + 80))
    facts = Facts(shape, (Step(), Step(), Step(4.0, "ms")), (Band("beds"),), 2)
    return facts, gaussian_filter1d(beds, 1.5, axis=2).astype(np.float32), level


@pytest.mark.parametrize("vertical", [2, 0])
def test_relative_time_is_the_same_along_a_bed_whichever_axis_is_vertical(vertical):
    facts, beds, level = folded()
    moved = np.moveaxis(beds, 2, vertical)
    steps = (Step(4.0, "ms") if axis == vertical else Step() for axis in range(3))
    found = Derived(
        attributes.attribute("relative-time"),
        Facts(moved.shape, tuple(steps), facts.bands, vertical),
        Sources([moved[None]]),
    )
    assert found.names == ("relative geologic time (samples)",)
    times = np.moveaxis(found.read(Box.whole(moved.shape))[0], vertical, 2)
    away = np.s_[3:-3, 3:-3, 20:-20]
    assert np.abs(times - level)[away].mean() < 1
    depth = np.broadcast_to(np.arange(96), beds.shape)
    assert np.abs(times - level)[away].mean() < np.abs(depth - level)[away].mean() / 4


def test_what_takes_the_whole_survey_takes_kept_dips_once_and_tells_how_far_it_is():
    facts, beds, _ = folded()
    field, asked, told = DipField.open(beds), [], []
    sources = Sources([beds[None]], dips=lambda vertical: asked.append(vertical) or field)
    derived = Derived(attributes.attribute("relative-time"), facts, sources)
    out = np.empty((1, *beds.shape), np.float32)
    derived.write(out, told.append)
    assert asked == [2]
    assert not field.missing()
    assert told == sorted(told)
    assert 0.4 < told[0] <= 0.5, "the dips are half of it"
    assert told[-1] == 1

    class Enough(Exception):
        pass

    def stop(share):
        raise Enough

    with pytest.raises(Enough):
        Derived(attributes.attribute("relative-time"), facts, Sources([beds[None]])).write(out, stop)
