"""Where coordinates are found in trace headers, in words, and the rows that they make."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.surveys.segy.coordinates import PLACES, find_places, grid_by_position
from napari_fhn.surveys.segy.grid import axis_of
from napari_fhn.surveys.segy.order import bin_all
from napari_fhn.surveys.segy.rows import Rows

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


def test_one_number_far_beyond_the_last_is_no_reason_for_a_longer_axis():
    numbers = np.repeat(np.arange(100, 200), 30)
    # The others but one at either end span 98: what lies farther off than that is damaged.
    assert [axis_of(np.append(numbers, far)).size for far in (500, 298, 297, 205)] == [100, 100, 198, 106]
