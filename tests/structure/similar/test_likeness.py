"""How much places look like examples, and which are the best of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from tests.structure.similar.arrays import Array, cube, volume

from napari_fhn.structure.similar.describing import Descriptions
from napari_fhn.structure.similar.likeness import Examples, NoExample, likeness
from napari_fhn.structure.similar.places import places


@pytest.fixture(scope="module")
def rock():
    values, blocks = volume()
    return Descriptions.of(Array(values), 2), blocks


@pytest.fixture(scope="module")
def fields():
    values, inside = cube()
    return Descriptions.of(Array(values), None), inside


def shown(found, *voxels):
    cells = np.zeros(found.lattice.shape, bool)
    for one in voxels:
        cells[tuple(found.lattice.cells_of(one).T)] = True
    return cells


def test_a_click_finds_the_other_block(rock):
    found, blocks = rock
    click = np.array([[16, 18, 28]])
    alike = likeness(found, Examples((click,)))
    assert alike[tuple(found.lattice.cells_of(click)[0])] > 0.8
    assert np.nanmean(alike[~ndimage.binary_dilation(shown(found, np.argwhere(blocks)), iterations=3)]) < 0.1
    here, *best = places(alike, found.lattice, shown=[click])
    assert here.shown
    assert here.voxel[0] < 32
    assert blocks[tuple(here.voxels.T)].mean() > 0.7
    assert all(blocks[place.voxel] and not place.shown for place in best[:3])
    other = next(place for place in best if place.voxel[0] >= 32)
    assert other.voxel[0] >= 32
    assert blocks[tuple(other.voxels.T)].mean() > 0.7


def test_a_lasso_finds_the_other_field(fields):
    found, inside = fields
    lasso = np.argwhere(inside & (np.arange(60) < 30)[:, None])
    alike = likeness(found, Examples((lasso,)))
    best = [place for place in places(alike, found.lattice, shown=[lasso]) if not place.shown]
    assert best
    assert inside[best[0].voxel]
    assert best[0].voxel[0] > 30
    assert [place.likeness for place in best] == sorted((place.likeness for place in best), reverse=True)


def test_what_is_not_meant_is_found_no_more(rock):
    found, blocks = rock
    examples = Examples((np.array([[16, 18, 28]]),))
    best = places(likeness(found, examples), found.lattice, count=40)
    wrong = next((place for place in best if not blocks[place.voxel]), None)
    elsewhere = np.array([[50, 14, 20]]) if wrong is None else wrong.voxels
    after = likeness(found, examples.without(elsewhere))
    before = likeness(found, examples)
    cells = tuple(found.lattice.cells_of(elsewhere).T)
    assert (after[cells] <= before[cells] + 1e-6).all()
    ours = tuple(found.lattice.cells_of(np.argwhere(blocks)).T)
    assert np.nanmean(after[ours]) > 0.5 * np.nanmean(before[ours])


def test_more_examples_are_more_alike(rock):
    found, _ = rock
    first, second = np.array([[16, 18, 28]]), np.array([[50, 14, 70]])
    one = likeness(found, Examples((first,)))
    both = likeness(found, Examples((first,)).with_also(second))
    assert np.nanmax(one - both) < 1e-5


def test_places_are_bodies_apart_from_each_other_and_from_what_was_shown(rock):
    found, _ = rock
    click = np.array([[16, 18, 28]])
    best = places(likeness(found, Examples((click,))), found.lattice, shown=[click], count=20, level=0.2)
    taken = np.zeros(found.lattice.shape, int)
    for place in best:
        cells = np.zeros(found.lattice.shape, bool)
        cells[tuple(place.cells.T)] = True
        assert ndimage.label(cells)[1] == 1
        assert place.box.shape == place.inside.shape
        assert all(a <= at < b for a, at, b in zip(place.box.start, place.voxel, place.box.stop, strict=True))
        assert 0 < place.likeness <= 1
        middles = np.array([found.lattice.middle(tuple(cell)) for cell in place.cells.tolist()])
        assert place.inside[tuple((middles - np.array(place.box.start)).T)].all()
        taken += cells
    assert taken.max() == 1
    voxels = sum(len(place.voxels) for place in best)
    assert 0.5 < voxels / (taken.sum() * np.prod(found.lattice.cell)) < 1.5
    assert len(places(likeness(found, Examples((click,))), found.lattice, count=2)) == 2


def test_where_there_are_no_data_there_is_no_example():
    values, _ = volume()
    values[:, :12] = np.nan
    found = Descriptions.of(Array(values), 2)
    with pytest.raises(NoExample):
        likeness(found, Examples((np.array([[2, 20, 20]]),)))
    alike = likeness(found, Examples((np.array([[2, 20, 20]]), np.array([[50, 54, 70]]))))
    assert np.isnan(alike[:4]).all()
    assert not [place for place in places(alike, found.lattice) if place.voxel[0] < 8]


def test_nothing_alike_is_no_place(fields):
    found, _ = fields
    assert places(np.zeros(found.lattice.shape, np.float32), found.lattice) == []
