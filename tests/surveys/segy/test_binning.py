"""A grid found from coordinates alone: turned, skewed, rounded, walked in any way; and what makes none."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.surveys.segy.coordinates import (
    Places,
    beside,
    bin_coordinates,
    find_places,
    looked_at,
    scaled,
    touches,
)


def coordinates(i, j, *, angle=0.0, bins=(50.0, 12.5), skew=0.0) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of rows `i` and places `j` in them; rows shift by `skew` places each."""
    turned = np.radians(angle)
    along, across = bins[1] * (np.asarray(j) + skew * np.asarray(i)), bins[0] * np.asarray(i)
    x = along * np.cos(turned) - across * np.sin(turned)
    y = along * np.sin(turned) + across * np.cos(turned)
    return 430_000 + x, 6_780_000 + y


def full(rows: int, places: int) -> tuple[np.ndarray, np.ndarray]:
    return np.divmod(np.arange(rows * places), places)


@pytest.mark.parametrize("angle", [0, 17, 90, 133, 180, 241, 330])
@pytest.mark.parametrize("bins", [(50.0, 12.5), (12.5, 12.5), (6.25, 25.0)])
def test_rows_and_places_are_counted_the_way_the_file_goes(angle, bins):
    i, j = full(5, 7)
    found = bin_coordinates(*coordinates(i, j, angle=angle, bins=bins))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])
    np.testing.assert_allclose(found.bins, bins)
    assert found.worst < 1e-6
    # To the other side of the first row, and backwards along it.
    for rows, places in ((-i, j), (i, -j), (-i, -j)):
        found = bin_coordinates(*coordinates(rows, places, angle=angle, bins=bins))
        np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])


@pytest.mark.parametrize(("rows", "places"), [(6, 8), (3, 2)])
def test_what_is_walked_there_and_back_lies_where_it_lies(rows, places):
    i, j = full(rows, places)
    back = np.where(i % 2, places - 1 - j, j)
    found = bin_coordinates(*coordinates(i, back, angle=30))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, back])


@pytest.mark.parametrize("skew", [-0.45, -0.2, 0.3, 0.45])
def test_rows_may_shift_by_up_to_half_a_place(skew):
    i, j = full(9, 11)
    found = bin_coordinates(*coordinates(i, j, angle=20, skew=skew))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])
    np.testing.assert_allclose(found.bins, (np.hypot(50, 12.5 * skew), 12.5))


def test_rounded_coordinates_of_many_rows_are_counted_right():
    i, j = full(60, 40)
    x, y = coordinates(i, j, angle=31, bins=(12.5, 12.5))
    found = bin_coordinates(np.round(x), np.round(y))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])
    assert 0.02 < found.worst < 0.1


def test_gaps_are_counted_over():
    i, j = full(8, 9)
    kept = (i != 3) & (i != 4) & (j != 5) & ~((i == 6) & (j > 3))
    found = bin_coordinates(*coordinates(i[kept], j[kept], angle=70))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i[kept], j[kept]])


def test_traces_without_coordinates_have_no_place():
    i, j = full(4, 6)
    x, y = coordinates(i, j)
    x, y = np.insert(x, [0, 13, 24], 0), np.insert(y, [0, 13, 24], 0)
    found = bin_coordinates(x, y)
    there = np.ones(27, bool)
    there[[0, 14, 26]] = False
    np.testing.assert_array_equal(np.stack([found.i, found.j])[:, there], [i, j])
    assert (np.stack([found.i, found.j])[:, ~there] == -1).all()
    # One of the two may well be 0.
    found = bin_coordinates(np.tile(12.5 * np.arange(6), 4), np.repeat(50.0 * np.arange(4) + 7, 6))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])


def test_so_few_make_a_grid_and_no_fewer():
    i, j = full(2, 2)
    x, y = coordinates(i, j, angle=10)
    found = bin_coordinates(x, y)
    np.testing.assert_array_equal(np.stack([found.i, found.j]), [i, j])
    assert bin_coordinates(x[:3], y[:3]) is None
    assert bin_coordinates(np.append(x[:3], 0), np.append(y[:3], 0)) is None


@pytest.mark.parametrize(("off", "grid"), [(0.2, True), (0.3, True), (0.4, False), (0.45, False)])
@pytest.mark.parametrize("across", [False, True])
def test_no_trace_may_lie_more_than_a_third_of_a_bin_off(off, grid, across):
    i, j = full(10, 20)
    rows, places = i.astype(float), j.astype(float)
    (rows if across else places)[87] += off
    found = bin_coordinates(*coordinates(rows, places, angle=25, bins=(12.5, 12.5)))
    assert (found is not None) == grid
    if found is not None:
        assert found.worst == pytest.approx(off, abs=0.02)


def test_what_makes_no_rows_is_no_grid():
    rng = np.random.default_rng(0)
    assert bin_coordinates(*(1000 * rng.random((2, 60)) + 1)) is None  # anywhere
    line = np.arange(40.0)
    assert bin_coordinates(100 + 25 * line, 200 + 12 * line) is None  # one row
    turning = np.radians(6 * line)
    assert bin_coordinates(9000 + 500 * np.cos(turning), 9000 + 500 * np.sin(turning)) is None
    # Steps of any length, in one direction.
    assert bin_coordinates(1 + np.cumsum(rng.uniform(1, 60, 60)), np.repeat([10.0, 60.0, 110.0], 20)) is None


def gathers(each: int) -> tuple[np.ndarray, np.ndarray]:
    i, j = full(6, 9)
    return tuple(np.repeat(n, each) for n in coordinates(i, j))


def test_neighbours_that_stand_still_make_no_row():
    found = bin_coordinates(*gathers(1))
    np.testing.assert_array_equal(np.stack([found.i, found.j]), full(6, 9))
    assert bin_coordinates(*gathers(2)) is None
    assert bin_coordinates(*gathers(3)) is None


def headers(**fields):
    return SimpleNamespace(
        traces=np.arange(4), look=lambda byte: np.asarray(fields.get(f"b{byte}", [0] * 4), dtype=np.int64)
    )


def test_scalars_are_those_of_the_traces_or_the_one_that_is_told():
    values = np.array([100, -200, 2**31 - 1, -(2**31) + 1, -(2**31), 2**31 - 2])
    scalar = np.array([-100, 10, 1, 1, 1, 0])
    np.testing.assert_array_equal(scaled(values, scalar), [1, -2000, 0, 0, 0, 2**31 - 2])
    np.testing.assert_array_equal(scaled(values, scalar, -10), [10, -20, 0, 0, 0, (2**31 - 2) * 0.1])
    found = headers(b71=[-10] * 4, b81=[10, 20, 30, 40], b85=[5, 5, 6, 6])
    x, y = looked_at(found, Places(81, 85))
    np.testing.assert_allclose([x, y], [[1, 2, 3, 4], [0.5, 0.5, 0.6, 0.6]])
    np.testing.assert_array_equal(looked_at(found, Places(81, 85, scalar=100))[0], [1000, 2000, 3000, 4000])
    np.testing.assert_array_equal(looked_at(found, Places(0, 0)), np.zeros((2, 4)))


def test_fields_of_four_bytes_touch_where_they_share_one():
    assert [touches(byte, (189, 0)) for byte in (185, 186, 189, 192, 193)] == [False, True, True, True, False]
    assert not touches(0, (0, 1))
    assert not touches(3, (0,))
    assert Places(181, 186).touch((189, 193))
    assert Places(190, 185).touch((189, 193))
    assert not Places(181, 185).touch((189, 193))


def test_coordinates_in_angles_are_no_lengths_and_are_left_alone():
    for unit, words in ((2, "seconds of arc"), (3, "decimal degrees"), (4, "degrees, minutes and seconds")):
        found = find_places(headers(b89=[unit, unit, unit, 1], b181=[1, 2, 3, 4], b185=[1, 1, 2, 2]))
        assert found.angles == words
        assert found.note == f"The coordinates are {words} (byte 89), not lengths, and were left alone."
    for unit in (0, 1, 5, -1, 99):
        assert find_places(headers(b89=[unit] * 4, b181=[1, 2, 3, 4], b185=[1, 1, 2, 2])).angles == ""
    # Of another pair too nothing is said but that.
    found = find_places(headers(b89=[3] * 4, b73=[1, 2, 3, 4], b77=[1, 1, 2, 2]))
    assert (found.x_byte, found.y_byte) == (73, 77)
    assert found.note.startswith("The coordinates are decimal degrees")


def test_bytes_that_are_given_are_taken_and_the_usual_ones_for_what_is_not():
    some = headers(b89=[3] * 4)
    for given, pair in (((9, 21), (9, 21)), ((9, 0), (9, 185)), ((0, 21), (181, 21))):
        found = find_places(some, given, (), ((1, 5),), 10)
        assert (found.x_byte, found.y_byte) == pair
        assert (found.given, found.said, found.scalar, found.angles) == (True, ((1, 5),), 10, "decimal degrees")
        assert "left alone" in found.note


@pytest.mark.parametrize(
    ("x", "y", "taken"),
    [([1, 2, 2, 2], [3] * 4, True), ([3] * 4, [1, 2, 2, 2], True), ([3] * 4, [3] * 4, False),
     ([0, 0, 0, 0], [1, 2, 3, 4], False), ([1, 2, 3, 4], [0, 0, 0, 0], False)],
)  # fmt: skip
def test_coordinates_are_there_and_change_along_one_axis_at_least(x, y, taken):
    found = find_places(headers(b181=x, b185=y))
    assert (found.x_byte, found.given, found.note) == (181 if taken else 0, False, "")


def test_those_that_share_bytes_with_numbers_give_way_to_the_next():
    there = headers(b181=[1, 2, 3, 4], b185=[1, 1, 2, 2], b73=[9, 8, 7, 6], b77=[5, 5, 4, 4])
    places = find_places(there, said=((181, 185),), scalar=3)
    assert beside(there, places, (189, 193)) is places
    for numbers in ((183, 9), (9, 188)):
        found = beside(there, places, numbers)
        assert (found.x_byte, found.y_byte, found.said, found.scalar) == (73, 77, ((181, 185),), 3)
