"""Numbers of traces, arranged: axes, grids with gaps, lines; what is left out, and the sentences about it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.segy import order
from napari_fhn.surveys.segy.grid import Axis, Grid, Line, TraceMap, arrange, axis_of, is_walk, place_keys
from napari_fhn.surveys.segy.guess import GridGuess

INLINES, CROSSLINES = np.array([10.0, 12.0, 14.0]), np.array([5.0, 6.0, 7.0, 8.0])
#: First trace, strides and sorting of the same three by four places, however the file goes through them.
WAYS = [
    (0, 4, 1, "inline"), (3, 4, -1, "inline"), (8, -4, 1, "inline"), (11, -4, -1, "inline"),
    (0, 1, 3, "crossline"), (2, -1, 3, "crossline"), (9, 1, -3, "crossline"), (11, -1, -3, "crossline"),
]  # fmt: skip


def mesh(inlines, crosslines) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a full grid, sorted by inline."""
    return tuple(n.ravel().astype(np.int64) for n in np.meshgrid(inlines, crosslines, indexing="ij"))


@pytest.mark.parametrize(("first", "slow", "fast", "sorting"), WAYS)
def test_places_are_found_from_traces_whatever_the_way_through_the_file(first, slow, fast, sorting):
    grid = Grid(INLINES, CROSSLINES, first, slow, fast, sorting)
    assert (grid.shape, grid.full) == ((3, 4), True)
    traces = grid.traces(range(3), range(4))
    assert sorted(traces.ravel()) == list(range(12))
    assert traces[1, 2] == first + slow + 2 * fast
    np.testing.assert_array_equal(grid.traces(range(2, -1, -2), range(1, 4, 2)), traces[::-2, 1::2])
    i, j = grid.places(traces)
    np.testing.assert_array_equal(np.stack([i, j]), np.indices((3, 4)))
    # The numbers of such a file make the same grid again.
    il, xl = np.empty((2, 12), np.int64)
    il[traces.ravel()], xl[traces.ravel()] = mesh(INLINES, CROSSLINES)
    found = arrange(il, xl)
    assert isinstance(found.order, Grid)
    assert (found.order.first, found.order.inline_stride, found.order.crossline_stride) == (first, slow, fast)
    assert found.order.sorting == sorting
    assert (found.inlines, found.crosslines, found.n_places) == (Axis(10, 2, 3), Axis(5, 1, 4), 12)
    assert not found.repeats.size
    assert not found.unnumbered.size
    assert not found.strays.size


def test_an_axis_says_its_step_where_there_is_one():
    assert [str(Axis(5, 1, 3)), str(Axis(5, 2, 4)), str(Axis(5, 1, 1))] == ["5 to 7", "5 to 11 step 2", "5 to 5"]
    np.testing.assert_array_equal(Axis(-4, 3, 3).numbers, [-4.0, -1.0, 2.0])


@pytest.mark.parametrize(
    ("numbers", "axis"),
    [
        ([7, 7, 7], Axis(7, 1, 1)),
        ([14, 2, 6, 10], Axis(2, 4, 4)),
        ([1, 2, 3, 100], Axis(1, 1, 3)),
        ([1, 2, 100], Axis(1, 1, 100)),  # of three nobody knows which is wrong
        ([-100, 1, 2, 3], Axis(1, 1, 3)),
        ([1, 2, 3, 4, 15], Axis(1, 1, 4)),
        ([1, 2, 3, 4, 14], Axis(1, 1, 14)),  # ten more may be a gap
        ([-10, 1, 2, 3, 4], Axis(1, 1, 4)),
        ([-9, 1, 2, 3, 4], Axis(-9, 1, 14)),
        ([1, 2, 3, 4, 100, 100], Axis(1, 1, 100)),  # twice is no slip among so few
        ([-100, -100, 1, 2, 3, 4], Axis(-100, 1, 105)),
    ],
)
def test_an_axis_leaves_out_what_lies_far_off(numbers, axis):
    assert axis_of(np.array(numbers)) == axis


def test_numbers_far_off_are_few_in_all():
    numbers = np.array([*np.repeat(np.arange(1, 41), 10), *[10_000] * 3, *[30_000] * 3])  # four of 406 may be left out
    assert axis_of(numbers) == Axis(1, 1, 10_000)
    assert axis_of(numbers[numbers != 10_000]) == Axis(1, 1, 40)
    assert axis_of(-numbers) == Axis(-10_000, 1, 10_000)


def far_off(low: int, high: int) -> Axis:
    """Three traces of each of a hundred lines, and some far below and above."""
    return axis_of(np.array([*np.repeat(np.arange(100, 200), 3), *[-5000] * low, *[4000] * high]))


def test_one_trace_in_a_hundred_may_lie_far_off_and_no_more_at_both_ends_together():
    usual = Axis(100, 1, 100)
    assert far_off(3, 0) == far_off(0, 3) == far_off(1, 2) == far_off(2, 1) == usual
    assert far_off(4, 0).start == -5000
    assert far_off(0, 4) == Axis(100, 1, 3901)
    # The farther end goes first; then one is left that is not enough for the other.
    assert far_off(2, 2) == Axis(100, 1, 3901)


def test_traces_without_numbers_are_padding_where_others_have_both():
    il, xl = mesh([3, 4], [7, 8, 9])
    found = arrange(np.append(il, [0, 0]), np.append(xl, [0, 0]))
    assert found.unnumbered.tolist() == [6, 7]
    assert isinstance(found.order, TraceMap)
    assert (found.order.shape, found.order.full, found.n_places) == ((2, 3), True, 6)
    # One may well be numbered so, and all of them are not padding of anything.
    assert not arrange(*(np.append(n, 0) for n in mesh([1, 2], [1, 2]))).unnumbered.size
    assert not arrange(*np.zeros((2, 5), np.int64)).unnumbered.size
    # Inline 0 is a line like others.
    il, xl = mesh([0, 1, 2], [0, 1, 2])
    found = arrange(np.append(il, [0, 0]), np.append(xl, [0, 0]))
    assert not found.unnumbered.size
    assert found.repeats.tolist() == [9, 10]


def test_of_traces_at_one_place_the_first_is_taken_and_the_others_are_known():
    il, xl = mesh(range(1, 5), range(1, 6))
    il, xl = np.append(il, [2, 2, 500]), np.append(xl, [3, 3, 3])
    found = arrange(il, xl)
    assert found.repeats.tolist() == [20, 21]
    assert found.strays.tolist() == [22]
    assert found.n_places == 20
    there = found.order
    assert isinstance(there, TraceMap)
    assert (there.n_traces, there.sorting, there.full) == (23, "inline", True)
    np.testing.assert_array_equal(there.numbers, np.arange(20).reshape(4, 5))
    np.testing.assert_array_equal(there.repeats, [[20, 7], [21, 7]])
    i, j = there.places(np.array([7, 20, 21, 22, 0]))
    assert (i.tolist(), j.tolist()) == ([1, 1, 1, -1, 0], [2, 2, 2, -1, 0])
    np.testing.assert_array_equal(there.traces(range(1, 4, 2), range(4, 1, -2)), [[9, 7], [19, 17]])


def test_a_grid_with_gaps_says_so():
    il, xl = mesh(range(1, 5), range(1, 6))
    kept = np.delete(np.arange(20), [0, 13])
    found = arrange(il[kept], xl[kept])
    assert not found.order.full
    assert found.n_places == 18
    assert np.argwhere(found.order.traces(range(4), range(5)) < 0).tolist() == [[0, 0], [2, 3]]
    by_crossline = np.argsort(xl[kept], kind="stable")
    assert arrange(il[kept][by_crossline], xl[kept][by_crossline]).order.sorting == "crossline"


def test_numbers_along_one_line_or_one_after_the_other_are_a_line():
    n = np.arange(1, 41)
    assert arrange(np.full(40, 3), n).order == arrange(n, np.full(40, 3)).order == Line(40)
    found = arrange(n, n // 2)
    assert found.order == Line(40)
    assert (found.order.sorting, found.order.full) == ("line", True)
    # More than half of the places is an area, however it is walked.
    il, xl = mesh([1, 2], range(1, 21))
    xl[20:] = xl[20:][::-1]
    assert isinstance(arrange(il, xl).order, TraceMap)


def test_traces_that_lie_far_apart_lie_on_no_grid():
    rng = np.random.default_rng(3)
    il, xl = rng.permutation(60), rng.permutation(60)
    found = arrange(il, xl)
    assert found.order is None  # 60 of 3600 places
    assert found.n_places == 60
    assert isinstance(arrange(il[:60] // 2, xl[:60] // 2).order, TraceMap)  # 60 of 900
    # So many places that they are not even laid out: no grid of a survey, and a line where it is one.
    il, xl = rng.permutation(2000) * 7, rng.permutation(2000) * 11
    found = arrange(il, xl)
    assert (found.order, found.n_places, found.repeats.size) == (None, 2000, 0)
    walk = np.arange(1, 2001)
    assert arrange(walk, 3 * walk).order == Line(2000)


def test_a_walk_takes_steps_of_two_at_most():
    steps = np.cumsum([1, 2, 1, 0, -2, 1])
    assert is_walk(3 * steps, np.full(6, 4))
    assert is_walk(np.full(6, 4), 3 * steps)
    longer = np.append(steps, steps[-1] + 3)
    other = np.arange(7)
    assert not is_walk(longer, other)
    assert not is_walk(other, longer)
    assert not is_walk(longer, longer)


def test_places_have_numbers_of_their_own():
    il, xl = mesh([-(2**31), -1, 0, 1, 2**31 - 1], [-(2**31), -1, 0, 1, 2**31 - 1])
    assert np.unique(place_keys(il, xl)).size == 25
    assert place_keys(np.array([3]), np.array([4])) == place_keys(np.array([3]), np.array([4]))


def said(il, xl, where="bytes 189 and 193") -> list[str]:
    """What is noted of numbers."""
    reading = SimpleNamespace(notes=[], layout=SimpleNamespace(n_traces=len(il)))
    order._say_gaps(reading, arrange(np.array(il), np.array(xl)), where)
    return reading.notes


def test_what_is_left_out_is_counted_in_words():
    il, xl = mesh(range(1, 5), range(1, 6))
    assert said(il, xl) == []
    assert said(np.arange(9), np.full(9, 4)) == []
    assert said(np.append(il, [0, 0]), np.append(xl, [0, 0])) == [
        "2 of 22 traces have no numbers (bytes 189 and 193 are both 0), the first of them trace 21; they are left out "
        "as padding."
    ]
    assert said(np.insert(il, 3, 900), np.insert(xl, 3, 2), "coordinates at bytes 73 and 77") == [
        "1 of 21 traces has numbers far off the rest (coordinates at bytes 73 and 77), the first of them trace 4; "
        "they are left out as damaged."
    ]
    assert said(np.insert(il, 5, 1), np.insert(xl, 5, 2)) == [
        "1 of 21 traces repeats the place of another (bytes 189 and 193), the first of them trace 6; the first trace "
        "of each place was taken."
    ]
    assert said(np.delete(il, [4, 8, 9]), np.delete(xl, [4, 8, 9])) == [
        "3 of 20 places have no trace (15.0 %); they are read as missing."
    ]


def test_the_last_resort_says_why():
    assert order.in_file_order("asked for") == GridGuess(0, 0, "order", 0.05, ("Asked for.",), "line")


def test_other_numbers_are_said_with_the_options_that_take_them():
    best = GridGuess(189, 193, "standard", 0.9, ("Best.",), "volume")
    other = GridGuess(9, 21, "text", 0.9, ("It says so.",), "volume")
    values = {189: 1, 193: 2, 9: 1, 21: 2}
    reading = SimpleNamespace(notes=[], headers=SimpleNamespace(look=lambda byte: np.arange(4) * values[byte]))
    order._say_other(reading, best, [best, other])
    assert reading.notes == []  # they hold the same
    for byte in (9, 21):
        reading.notes.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(values, byte, 5)
            order._say_other(reading, best, [best, other])
        assert reading.notes == [
            "It says so. Those hold other numbers than bytes 189 and 193, which were taken; for them open it with "
            "inline_byte=9, crossline_byte=21."
        ]


def test_a_layout_that_cannot_be_read_says_what_to_do():
    with pytest.raises(SurveyError) as refused:
        order._refuse_unnumbered(SimpleNamespace(path="a.sgy", odd_layout="its numbers are floats"), [])
    assert str(refused.value) == (
        "a.sgy: its numbers are floats. Export it with whole numbers of 4 bytes, or say where they are: inline_byte=."
    )


def test_coordinates_that_make_no_grid_say_what_to_do():
    reading = SimpleNamespace(
        path="a.sgy",
        layout=SimpleNamespace(n_traces=9),
        options=SimpleNamespace(line=False),
        by_coordinates=True,
        places=SimpleNamespace(x_byte=0, angles=""),
        headers=None,
    )
    with pytest.raises(SurveyError) as refused:
        order.find_order(reading)
    assert str(refused.value) == "a.sgy: its coordinates make no grid. Give the bytes with x_byte and y_byte."
    reading.options.line = True
    assert order.find_order(reading) == (Line(9), order.in_file_order("asked for"))


def bins(x, y, least_rows=2):
    """The grid of coordinates of all traces."""
    reading = SimpleNamespace(
        places=SimpleNamespace(x_byte=181, y_byte=185), layout=SimpleNamespace(n_traces=len(x)), notes=[]
    )
    return order.bin_all(reading, np.asarray(x, float), np.asarray(y, float), least_rows), reading


def test_a_grid_of_coordinates_is_well_filled_and_has_one_trace_in_a_place():
    i, j = mesh(range(10), range(12))
    x, y = 1000 + 12.5 * j, 2000 + 50.0 * i
    (found, guess), reading = bins(x, y)
    assert found.order.shape == (10, 12)
    assert guess == GridGuess(0, 0, "coordinates", 0.5, guess.evidence, "volume", 181, 185)
    order._say_position(reading, guess)
    assert reading.notes == [
        "The headers hold no usable survey numbers, so traces were placed by their coordinates and inlines and "
        "crosslines are counted from 1: The coordinates (bytes 181 and 185) of 120 traces make 10 rows of 12 places. "
        "No trace lies more than 0.00 bins off, bins are 50 x 12.5."
    ]
    assert bins(x, y, 10)[0] is not None
    assert bins(x, y, 11)[0] is None
    # A tenth of them may repeat a place, no more; what is filled to a share is believed by its root.
    again = np.arange(0, 120, 10)
    assert bins(np.insert(x, again, x[again]), np.insert(y, again, y[again]))[0] is not None
    again = np.arange(0, 112, 8)
    assert bins(np.insert(x, again, x[again]), np.insert(y, again, y[again]))[0] is None
    kept = np.sort(np.random.default_rng(0).permutation(120)[:90])
    (found, guess), _ = bins(x[kept], y[kept])
    assert (found.n_places, guess.score) == (90, 0.433)
