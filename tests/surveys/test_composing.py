"""Pictures of sections: colours over colours, outlines, hatches."""

from __future__ import annotations

import numpy as np

from napari_fhn.surveys.composing import Amounts, Classes, Colours, borders, composed, hatched

GREY = np.stack([np.arange(256, dtype=np.uint8)] * 3 + [np.full(256, 255, np.uint8)], axis=-1)
RED = np.zeros((256, 4), np.uint8)
RED[1] = (255, 0, 0, 255)


def test_classes_lie_over_amounts_as_opaque_as_they_are():
    amounts = Amounts(np.array([[-1.0, 0.0, 1.0, 9.0]]), GREY, (-1.0, 1.0))
    classes = Classes(np.array([[0, 1, 1, 0]]), RED, 0.5)
    assert composed([amounts, classes])[0].tolist() == [
        [0, 0, 0, 255],
        [192, 64, 64, 255],
        [255, 128, 128, 255],
        [255, 255, 255, 255],
    ]


def test_where_there_is_no_value_nothing_is_drawn():
    assert composed([Amounts(np.array([[np.nan, 0.0]]), GREY, (0.0, 1.0))])[0, :, 3].tolist() == [0, 255]
    assert composed([]).shape == (1, 1, 4)


def test_outlines_are_as_wide_on_the_screen_in_a_picture_that_is_drawn_smaller():
    classes = Classes(np.ones((9, 40), np.uint8), RED, outline=2)
    assert not composed([classes])[..., 3].any()  # a class without another beside it has no border
    split = np.ones((3, 40), np.uint8)
    split[:, 20:] = 2
    for wide in (1, 3):
        seen = composed([Classes(split, RED, outline=2)], wide)[1, :20, 3] > 0
        assert np.flatnonzero(seen).tolist() == list(range(20 - 2 * wide, 20))
    np.testing.assert_array_equal(borders(split, 1), borders(split[:, ::-1], 1)[:, ::-1])


def test_stale_classes_lose_colour_and_what_is_missing_is_hatched():
    values = np.ones((16, 16), np.uint8)
    values[8:] = 0
    stale = np.zeros(values.shape, bool)
    stale[:, 8:] = True
    picture = composed([Classes(values, RED, stale=stale, missing=values == 0)]).astype(int)
    assert picture[0, 0].tolist() == [255, 0, 0, 255]
    assert picture[0, 15, 0] < 200 < 255
    assert picture[0, 15, 1] == picture[0, 15, 2] > 0
    lines = hatched(values.shape)[8:]
    assert (picture[8:, :, 3] > 0).tolist() == lines.tolist()
    assert 0.1 < lines.mean() < 0.5


def test_colours_of_a_composite_stay_what_they_are():
    assert composed([Colours(np.array([[[0.0, 0.5, 1.0]]], np.float32))])[0, 0].tolist() == [0, 128, 255, 255]
    assert composed([Colours(np.array([[[7, 8, 9]]], np.uint8))])[0, 0].tolist() == [7, 8, 9, 255]
