"""Every recogniser of columns, header and dialect says why."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import sniff, suggest
from napari_fhn.labels.tables import dialects, guesses, headers


def table(tmp_path, text):
    path = tmp_path / "table.txt"
    path.write_text(text)
    return sniff(path)


@pytest.mark.parametrize(
    ("recogniser", "text", "role", "words"),
    [
        ("by_name", "md,tvd\n1,2\n3,4\n", "md", "its name is 'md'"),
        ("by_name", "well,md\n1,2\n3,4\n", "well", "its name is 'well', but it holds numbers"),
        ("by_name", "marker,md\n1,2\n3,4\n", "marker", "but it holds numbers, and surfaces have names"),
        ("by_name", "md,class\na,b\nc,d\n", "md", "its name is 'md', but it holds no numbers"),
        ("by_map", "500020 6000040\n500060 6000080\n500030 6000020\n", "x", "within the survey on the map"),
        ("by_lines", "100 202 a\n103 204 b\n105 208 c\n", "inline", "numbers of the survey's lines"),
        ("by_vertical_axis", "44.5 a\n52.5 b\n60.5 c\n", "z", "on the survey's vertical axis"),
        ("by_text", "44.5 a\n52.5 b\n60.5 c\n", "class", "it holds text"),
    ],
)
def test_each_recogniser_of_columns_gives_its_evidence(tmp_path, mapped, recogniser, text, role, words):
    assert getattr(guesses, recogniser) in guesses.RECOGNISERS
    found = suggest(table(tmp_path, text), mapped)
    assert words in found.guesses[role][0].reason
    assert any(words in reason and "%" in reason for reason in found.reasons)


def test_a_recogniser_sees_what_those_before_it_have_found(tmp_path, mapped):
    clues = guesses.Clues(table(tmp_path, "inline,foo,bar\n100,202,44\n103,204,52\n"), mapped)
    clues.add(guesses.by_name(clues))
    assert clues.free == (1, 2)
    assert guesses.by_lines(clues) == []
    assert [guess.column for guess in guesses.by_vertical_axis(clues)] == [2]
    assert np.isfinite(clues.values[1]).all()


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("name INLINE : 1 XLINE : 2 1 2 3\n" * 3, "charisma", "3 of 3 lines name their inline"),
        ("PROFILE a TYPE 1 m ms\n", "iesx", "PROFILE"),
        ("a    b\n---- ----\n1    2\n", "ruled", "rule of dashes"),
        ("a;b\n1;2\n3;4\n", ";", "3 of 3 lines have 2 cells where a semicolon divides them"),
        ("a b\n1 2\n3 4\n", " ", "where a space divides them"),
    ],
)
def test_each_dialect_says_why(text, name, words):
    found = dialects.recognise(dialects.Lines(text.splitlines()))
    assert found is not None
    assert found.dialect.kind == name
    assert words in found.reason


@pytest.mark.parametrize(
    ("text", "header", "words"),
    [
        ("md,tvd\n1,2\n3,4\n", "row_of_words", "its first row holds no number"),
        ("well,class\na,b\nc,d\n", "row_of_words", "2 of the 2 cells"),
        ("a    b\n---- ----\n1    2\n", "above_a_rule", "above the rule"),
        ("# Field: 1 X (m)\n# Field: 2 Y (m)\n1 2\n3 4\n", "declared_names", "name its fields one by one"),
        ("# md tvd\n1 2\n3 4\n", "line_above", "the line 'md tvd' above its rows"),
        ("1 2\n3 4\n", "", "nothing names its columns"),
    ],
)
def test_each_header_says_why(tmp_path, text, header, words):
    found = table(tmp_path, text)
    assert found.has_header == bool(header)
    assert not header or getattr(headers, header) in headers.RECOGNISERS
    assert words in " ".join(found.reasons)


def test_a_row_of_units_is_told(tmp_path):
    found = table(tmp_path, "md,twt\nm,ms\n1,2\n3,4\n")
    assert found.units == ("m", "ms")
    assert "a row of units stands above the numbers (m, ms)" in found.reasons


def test_wanted_names_come_first(tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text("value,name,color\n1,sand,#aabbcc\n")
    found = sniff(path, wanted=("value", "name", "color"))
    assert "its first row holds the names that are wanted" in found.reasons
