"""Coordinates of SEG-Y never come from the bytes of the survey numbers, wherever those stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys.segy.previews import guesses, preview
from survey_files import segy as factory
from survey_files.segy.lines import line_of_shot_points

CASES = Path(__file__).parents[4] / "shared" / "cases" / "segy"


def text(numbers, xy=None):
    """Lines of a text header that say where numbers and coordinates stand."""
    lines = [f"C 1 BYTES {numbers[0]}-{numbers[0] + 3}: INLINE NUMBER",
             f"C 2 BYTES {numbers[1]}-{numbers[1] + 3}: CROSSLINE NUMBER"]  # fmt: skip
    if xy is not None:
        lines += [f"C 3 BYTES {xy[0]}-{xy[0] + 3}: X COORDINATE", f"C 4 BYTES {xy[1]}-{xy[1] + 3}: Y COORDINATE"]
    return lines


@pytest.mark.parametrize(
    ("numbers", "xy"),
    [((181, 185), (81, 85)), ((181, 185), (73, 77)), ((73, 77), (181, 185)), ((73, 77), (81, 85)), ((81, 85), (73, 77)),
     ((181, 185), (193, 197)), ((183, 187), (73, 77))],
)  # fmt: skip
@pytest.mark.parametrize("told", ["by the text", "by options"])
def test_numbers_are_numbers_and_coordinates_lie_elsewhere(tmp_path, numbers, xy, told):
    path = tmp_path / "moved.sgy"
    # Without the text's word nobody knows of bytes 193 and 197.
    usual = xy in ((181, 185), (73, 77), (81, 85))
    how = {} if told == "by the text" else dict(zip(("inline_byte", "crossline_byte"), numbers, strict=True))
    if how and not usual:
        how |= dict(zip(("x_byte", "y_byte"), xy, strict=True))
    factory.volume(path, places=numbers, xy=xy, text=text(numbers, xy) if not how else "C 1")
    survey = surveys.open(path, **how)
    assert survey.attrs["header_bytes"] == numbers
    np.testing.assert_allclose(survey.attrs["geometry"].bin_size, (25.0, 12.5), rtol=0.01)
    np.testing.assert_allclose(survey.attrs["geometry"].origin, (600_000.0, 6_000_000.0), rtol=1e-6)
    again = surveys.open(
        path, **survey.attrs["read_as"], **({"x_byte": xy[0], "y_byte": xy[1]} if not usual and not how else {})
    )
    assert again.attrs["geometry"] == survey.attrs["geometry"]


def test_without_any_coordinates_numbers_are_not_taken_for_some(tmp_path):
    path = tmp_path / "bare.sgy"
    factory.volume(path, places=(181, 185), xy=None, text=text((181, 185)))
    assert surveys.open(path).attrs["geometry"] is None
    best = guesses(path)[0]
    assert (best.inline_byte, best.crossline_byte) == (181, 185)
    assert not preview(path, best).x.any()


def test_bytes_that_are_both_are_refused(tmp_path):
    path = tmp_path / "both.sgy"
    factory.volume(path)
    with pytest.raises(surveys.SurveyError, match="lies within the inline or crossline number"):
        surveys.open(path, inline_byte=189, crossline_byte=193, x_byte=191, y_byte=185)


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the checkout")
def test_the_case_lies_where_its_text_header_says():
    geometry = surveys.open(CASES / "teapot_rot_only81.sgy").attrs["geometry"]
    np.testing.assert_allclose(geometry.origin, (788937, 938845), atol=0.5)
    np.testing.assert_allclose(np.divide(geometry.bin_size, 0.3048), (110, 110), atol=0.5)
    assert geometry.units == "ft"


def test_coordinates_that_are_asked_for_along_a_line_and_are_not_there_are_said(tmp_path):
    path = tmp_path / "line.sgy"
    line_of_shot_points(path)
    words = "The trace headers hold no coordinates there."
    assert words not in surveys.open(path).attrs["notes"]
    for asked in ({"x_byte": 73, "y_byte": 77}, {"coordinate_scalar": -100}):
        assert words in surveys.open(path, **asked).attrs["notes"]
