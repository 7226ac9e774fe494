"""Numbers of more digits than Python reads, at each door where text may hold one: sentences, or no number."""

from __future__ import annotations

import argparse

import pytest

from napari_fhn.cli.networks import sizes
from napari_fhn.digits import whole
from napari_fhn.labels import OPTIONS, LabelError, sniff
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.labels.shapes import rois
from napari_fhn.network.language import LanguageError, parse
from napari_fhn.shards import Part

MANY = "9" * 5000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12), (" 0 ", 0), ("+7", 7), ("-3", -3), ("9" * 18, 10**18 - 1)]
    + [(text, None) for text in ("", "-", "--3", "+-3", "1.0", "1e3", "1_000", "²", "٣", "9" * 19, MANY)],
)
def test_whole_numbers_are_read_and_nothing_else(text, expected):
    assert whole(text) == expected


@pytest.mark.parametrize("text", [MANY, "--5", "-"])
def test_what_is_typed_for_a_reader_of_surveys_stays_text_where_it_is_no_number(text):
    assert OPTIONS["reading"].parse(f"rows=12, page={text}") == {"rows": 12, "page": text}


@pytest.mark.parametrize("name", [one.name for one in OPTIONS.values() if one.type in ("number", "interval")])
def test_a_number_that_no_float_holds_is_a_sentence(name):
    one = OPTIONS[name]
    with pytest.raises(LabelError, match=f"is no {name}"):
        one.checked(10**400 if one.type == "number" else (0, 10**400))
    with pytest.raises(LabelError, match=f"is no {name}"):
        one.parse(MANY if one.type == "number" else f"0;{MANY}")


def test_regions_of_pixels_with_numbers_that_are_none():
    head = [";ENVI Output of ROIs (4.0)", "; ROI name: salt", f"; ROI npts: {MANY}", "; ID X Y"]
    lines = list(enumerate([*head, "1 2 3", f"2 {MANY} 4", "3 5 6"], start=1))
    assert list(rois.pixels(iter(lines))) == [(5, ["salt", "2", "1"]), (7, ["salt", "5", "4"])]
    assert rois.size(f"; File Dimension: {MANY} x 3") is None
    assert rois.size(f"; File Dimension: 3 x {MANY}") is None
    assert rois.size("; File Dimension: 128 x 112") == (112, 128)


def test_a_legend_with_a_colour_that_is_none(tmp_path):
    legend = tmp_path / "legend.csv"
    legend.write_text(f"value,name,color\n1,salt,{MANY} 2 3\n2,shale,1 2 3\n")
    assert [one.color for one in read_legend(legend)][1] == "#010203"


def test_a_column_of_a_number_that_is_none(tmp_path):
    (tmp_path / "a.csv").write_text("well,x\nA,1\nB,2\n")
    with pytest.raises(LabelError, match="there is no column '9999"):
        sniff(tmp_path / "a.csv").column(MANY)


def test_parts_and_sizes_of_the_command_line():
    with pytest.raises(ValueError, match="is no part of a number of parts"):
        Part.named(f"1/{MANY}")
    with pytest.raises(argparse.ArgumentTypeError, match="are no sizes"):
        sizes(f"64x{MANY}")
    assert (Part.named("3/128"), sizes("64 x 64,128")) == (Part(3, 128), (64, 64, 128))


@pytest.mark.parametrize("text", [f"{MANY}d 12: 2x8", f"3d {MANY}: 2x8", f"3d 12: 2x{MANY}"])
def test_a_network_in_words_with_numbers_that_are_none(text):
    with pytest.raises(LanguageError, match="at character"):
        parse(text)
