"""Where coordinates are found in trace headers, in words, and the rows that they make."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys.segy import order
from napari_fhn.surveys.segy.coordinates import PLACES, find_places, grid_by_position
from napari_fhn.surveys.segy.grid import axis_of
from napari_fhn.surveys.segy.guess import GridGuess
from napari_fhn.surveys.segy.order import bin_all
from napari_fhn.surveys.segy.rows import Rows
from survey_files import segy as factory

CDP, SOURCE, GROUP = PLACES
EMPTY = "The CDP coordinates (bytes 181 and 185) are empty or no coordinates; "
TAKEN = "Bytes 181 and 185 hold the inline and crossline numbers; "
FOUND = [
    # where there are coordinates, where numbers stand, what the text names: which, and what is said
    ([CDP, SOURCE], (189, 193), (), CDP, ""),
    ([SOURCE, GROUP], (189, 193), (), SOURCE,
     EMPTY + "source coordinates (bytes 73 and 77) were taken."),
    ([GROUP], (189, 193), (), GROUP,
     EMPTY + "group coordinates (bytes 81 and 85) were taken."),
    ([CDP, SOURCE], (185, 189), (), SOURCE,
     TAKEN + "source coordinates (bytes 73 and 77) were taken."),
    ([CDP, (201, 205)], (189, 193), ((201, 205),), (201, 205),
     "The coordinates are taken from bytes 201 and 205, as the text header says."),
    ([CDP, (201, 205)], (181, 185), ((201, 205),), (201, 205),
     TAKEN + "those the text header names (bytes 201 and 205) were taken."),
    ([], (189, 193), (), (0, 0), ""),
]  # fmt: skip


@pytest.mark.parametrize(("there", "numbers", "said", "pair", "note"), FOUND)
def test_the_first_that_are_there_are_taken_and_others_than_the_usual_are_said(there, numbers, said, pair, note):
    full = {byte for one in there for byte in one}
    headers = SimpleNamespace(look=lambda byte: np.arange(6) * 25 if byte in full else np.zeros(6, np.int64))
    found = find_places(headers, (0, 0), numbers, said, 7)
    assert (found.x_byte, found.y_byte) == pair
    assert found.note == note
    assert (found.said, found.scalar) == (said, 7)


def square(rows: int, places: int, row: float, place: float) -> tuple[np.ndarray, np.ndarray]:
    i, j = np.divmod(np.arange(rows * places), places)
    return 1000 + j * place, 2000 + i * row


def test_bins_are_told_as_the_distance_of_rows_and_of_places():
    found, guess = bin_all(SimpleNamespace(places=SimpleNamespace(x_byte=73, y_byte=77),
                                           layout=SimpleNamespace(n_traces=12)), *square(3, 4, 50.0, 12.5))  # fmt: skip
    assert found.order.shape == (3, 4)
    assert guess.evidence == (
        "The coordinates (bytes 73 and 77) of 12 traces make 3 rows of 4 places.",
        "No trace lies more than 0.00 bins off, bins are 50 x 12.5.",
    )


def test_rows_without_an_area_make_no_grid():
    assert grid_by_position(Rows(3, 4, (0.0, 0.0), (0.0, 1.0), (0.0, 2.0))) is None
    grid = grid_by_position(Rows(3, 4, (0.0, 0.0), (0.0, 1.0), (2.0, 0.0)))
    np.testing.assert_array_equal(grid.traces(range(3), range(4)), np.arange(12).reshape(3, 4))


@pytest.mark.parametrize(("off", "regular"), [(0.0, True), (0.25, True), (0.5, False), (0.9, False)])
def test_rows_are_regular_as_long_as_no_trace_is_a_third_of_a_bin_off(off, regular):
    """A row that lies half a bin from where the others say it does is no row of a regular grid."""
    row, trace = np.divmod(np.arange(200), 20)
    x, y = 25.0 * row, 12.5 * trace + np.where(row == 4, 12.5 * off, 0.0)
    headers = {71: np.ones(200, np.int64), 181: np.rint(1000 * x).astype(int), 185: np.rint(1000 * y).astype(int)}
    looked = np.array([0, 1, 85, 199])
    reading = SimpleNamespace(
        headers=SimpleNamespace(
            complete=False,
            traces=looked,
            look=lambda byte: headers[byte][looked],
            of=lambda traces, *bytes_: [headers[byte][traces] for byte in bytes_],
        ),
        places=SimpleNamespace(x_byte=181, y_byte=185, angles=None, scalar=-1000),
        layout=SimpleNamespace(n_traces=200),
    )
    found = order.rows_by_position(reading)
    assert (found is not None) == regular
    assert not regular or found[0].shape == (10, 20)


def test_one_number_far_beyond_the_last_is_no_reason_for_a_longer_axis():
    numbers = np.repeat(np.arange(100, 200), 30)
    # The others but one at either end span 98: what lies farther off than that is damaged.
    assert [axis_of(np.append(numbers, far)).size for far in (500, 298, 297, 205)] == [100, 100, 198, 106]


@pytest.mark.parametrize(
    ("how", "words"),
    [("layout", "by the file's own layout"), ("text", "by the text header"), ("habit", "by looking at the traces")],
)
def test_where_numbers_were_found_that_do_not_stand_as_usual_is_said(how, words):
    reading = SimpleNamespace(notes=[])
    order._say_where(reading, GridGuess(189, 193, how, 0.9, ("As usual.",), "volume"))
    assert reading.notes == []
    order._say_where(reading, GridGuess(9, 21, how, 0.9, ("Two", "reasons."), "volume"))
    assert reading.notes == [
        f"Inline and crossline numbers were found at bytes 9 and 21 {words}: Two reasons. "
        "If that is wrong, open it with inline_byte= and crossline_byte=."
    ]


@pytest.mark.parametrize(("how", "said"), [("layout", True), ("text", True), ("habit", False)])
def test_other_numbers_of_which_the_file_itself_speaks_are_said(how, said):
    reading = SimpleNamespace(notes=[], headers=SimpleNamespace(look=lambda byte: np.arange(4) * byte))
    best = GridGuess(189, 193, "standard", 0.9, ("Best.",), "volume")
    order._say_other(reading, best, [best, GridGuess(9, 21, how, 0.9, ("It says so.",), "volume")])
    assert (reading.notes != []) == said
    if said:
        assert reading.notes[0].startswith("It says so. Those hold other numbers than bytes 189 and 193")


def test_gathers_are_told_which_other_bytes_would_make_a_volume(monkeypatch):
    asked = []
    monkeypatch.setattr(order, "refuse_gathers", lambda *what: asked.append(what))
    found = [
        GridGuess(*order.STANDARD, "standard", 0.9, ("Usual.",), "volume"),
        GridGuess(5, 21, "habit", 0.2, ("A line.",), "line"),
        GridGuess(9, 21, "habit", 0.1, ("A volume.",), "volume"),
    ]
    order._refuse_unnumbered(SimpleNamespace(odd_layout="", headers="headers", offset_byte=37), found)
    assert asked == [("headers", order.STANDARD, 37, (9, 21))]


def test_numbers_that_only_count_the_traces_give_way_to_coordinates_that_make_rows(tmp_path):
    def counted(i, j):
        return {189: np.ones(i.size, np.int64), 193: np.arange(1, i.size + 1)}

    factory.volume(tmp_path / "counted.sgy", places=None, more=counted)
    survey = surveys.open(tmp_path / "counted.sgy")
    assert survey.dims == ("inline", "crossline", "twt")
    assert any("placed by their coordinates" in note for note in survey.attrs["notes"])
