"""What surveys look like: of which kind, with gaps, in other units, along other axes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.structure.similar.arrays import Array, cube, volume

from napari_fhn.structure.similar.channels import NothingThere
from napari_fhn.structure.similar.describing import Descriptions


def apart(found: Descriptions, inside: np.ndarray) -> float:
    """How much farther cells outside lie from the middle of those inside than these themselves."""
    there = inside[np.ix_(*found.lattice.centres)]
    flat = found.values.reshape(len(found.values), -1)
    middle = np.nanmean(flat[:, there.ravel()], axis=1)
    distance = ((flat - middle[:, None]) ** 2).sum(axis=0).reshape(there.shape)
    return float(np.nanmedian(distance[~there]) / np.nanmedian(distance[there]))


def test_kinds_of_rock_are_told_apart_in_a_volume():
    values, blocks = volume()
    assert apart(Descriptions.of(Array(values), 2), blocks) > 3


def test_fields_are_told_apart_in_a_cube():
    values, fields = cube()
    found = Descriptions.of(Array(values), None)
    assert found.lattice.cell == (1, 1)
    assert apart(found, fields) > 5


def test_a_line_is_a_section():
    values, blocks = volume()
    found = Descriptions.of(Array(values[:, 10]), 1)
    assert apart(found, blocks[10]) > 3


@pytest.mark.parametrize("vertical", [0, 1])
def test_the_vertical_axis_may_lie_anywhere(vertical):
    values, _ = volume()
    upright = Descriptions.of(Array(values), 2)
    turned = Descriptions.of(Array(np.moveaxis(values, 3, 1 + vertical)), vertical)
    assert turned.lattice.shape == tuple(np.moveaxis(np.empty(upright.lattice.shape), 2, vertical).shape)
    np.testing.assert_allclose(
        np.abs(np.moveaxis(turned.values, 1 + vertical, 3)), np.abs(upright.values), rtol=0.02, atol=0.02
    )


@settings(max_examples=8)
@given(scale=st.sampled_from([1e-9, 1e-3, 1e4, 1e9]))
def test_the_unit_does_not_matter(scale):
    values, _ = volume((12, 12, 32))
    one, other = (Descriptions.of(Array(some), 2).values for some in (values, values * np.float32(scale)))
    np.testing.assert_allclose(np.abs(one), np.abs(other), rtol=0.05, atol=0.05)


def test_what_is_missing_or_padded_is_no_place():
    values, _ = volume()
    values[:, :12] = np.nan
    values[:, :, :12] = 0
    found = Descriptions.of(Array(values), 2)
    assert not found.known[:4].any()
    assert not found.known[:, :4].any()
    assert found.known[8:, 8:].all()
    pixels, _ = cube()
    pixels[:3, 20:40] = np.nan
    known = Descriptions.of(Array(pixels), None).known
    assert not known[21:39].any()
    assert known[:19].all()
    assert known[41:].all()


@pytest.mark.parametrize("values", [np.full((1, 20, 20, 20), np.nan), np.zeros((1, 20, 20, 20))])
def test_nothing_is_said_of_nothing(values):
    with pytest.raises(NothingThere, match="no data"):
        Descriptions.of(Array(values), 2)
    with pytest.raises(NothingThere):
        Descriptions.of(Array(values[:, 0]), None)


@pytest.mark.parametrize("shape", [(1, 1, 40), (1, 30, 40), (30, 1, 40), (3, 4, 5), (40, 30, 1)])
def test_thin_surveys_are_described_too(shape):
    values = np.random.default_rng(0).standard_normal((1, *shape)).astype(np.float32)
    try:
        found = Descriptions.of(Array(values), 2)
    except NothingThere:
        assert min(shape) <= 3
    else:
        assert found.values.shape[1:] == found.lattice.shape
    pixels = Descriptions.of(Array(values[:, :, :, 0]), None) if shape[0] * shape[1] > 1 else None
    assert pixels is None or pixels.known.all()


def test_a_large_survey_is_described_coarsely_and_read_once():
    values, _ = volume((64, 64, 32))
    array, told = Array(values), []
    found = Descriptions.of(array, 2, most=600, told=told.append)
    assert np.prod(found.lattice.shape) <= 600
    assert told == sorted(told)
    assert told[-1] == 1
    rows = [row for box in array.asked for row in range(box.start[0], box.stop[0]) if box.shape[0] > 1]
    assert len(rows) == len(set(rows))
    assert np.isfinite(found.values).all()


def test_what_is_told_may_end_the_work():
    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    values, _ = volume((12, 12, 32))
    with pytest.raises(Enough):
        Descriptions.of(Array(values), 2, told=stop)


def test_states_of_a_network_are_descriptions():
    rng = np.random.default_rng(0)
    states = rng.standard_normal((5, 10, 12, 8)).astype(np.float16)
    states[0, :5] += 6
    states[:, :, 11] = 0
    found = Descriptions.of_states(states, (40, 46, 32), (4, 4, 4), 2)
    assert not found.known[:, 11].any()
    assert found.known[:, :11].all()
    with pytest.raises(ValueError, match="states of shape"):
        Descriptions.of_states(states, (40, 40, 32), (4, 4, 4), 2)
