from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_fhn.labels import ClassTable, LabelClass, LabelError, LabelWarning
from napari_fhn.labels.classes.class_table import PALETTE

CLASSES = st.lists(
    st.builds(
        LabelClass,
        st.integers(1, 255),
        st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1).map(str.strip).filter(bool),
        st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    ),
    min_size=1,
    unique_by=(lambda c: c.value, lambda c: c.name),
)


@settings(deadline=None)
@given(CLASSES)
def test_a_table_comes_back_from_csv(tmp_path_factory, classes):
    path = tmp_path_factory.getbasetemp() / "classes.csv"
    table = ClassTable(tuple(classes))
    table.to_csv(path)
    assert ClassTable.from_csv(path, as_values=True) == table
    read = ClassTable.from_csv(path)
    assert read.values == tuple(range(1, len(table) + 1))
    assert (read.codes, read.names) == (table.codes, table.names)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("value,name,color\n-2,air,#000000\n", "line 2: class 'air' has the code -2. Use codes from 0"),
        ("value,name,color\n1,a,#000000\n\n1,b,#000000\n", "line 4: the class value '1' occurs twice"),
        ("value,name,color\n1,a,#000000\n2,a,#000000\n", "line 3: the class name 'a' occurs twice"),
        ("value,name,color\n9999999999,a,#000000\n", "line 2: class 'a' has the code 9999999999"),
        ("value,name,color\none,a,#000000\n", "line 2: column 'value' says 'one', which is no number"),
        ("value,name,color\n1.5,a,#000000\n", "which is no whole number"),
        ("value,name,color\n1,,#000000\n", "line 2: column 'name' is empty"),
        ("value,name,color\n1,a,red\n", "line 2: class 'a' has colour 'red'"),
        ("value,name\n1,a\n", "line 1: column 'color' is missing"),
        ("value,name,color\n", "it holds no class"),
        ("", "line 1: it holds no row"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, sentence):
    path = tmp_path / "classes.csv"
    path.write_text(text)
    with pytest.raises(LabelError, match=r"^classes\.csv") as caught:
        ClassTable.from_csv(path)
    assert sentence in str(caught.value)


def test_binary_and_missing_files_are_sentences(tmp_path):
    path = tmp_path / "classes.csv"
    with pytest.raises(LabelError, match="there is no such file"):
        ClassTable.from_csv(path)
    path.write_bytes(b"value,name,color\n1,\xff\x00,#000000\n")
    with pytest.raises(LabelError, match="it is no text"):
        ClassTable.from_csv(path)
    path.write_bytes(b"value,name,color\n1,T\xf6n,#000000\n")
    with pytest.warns(LabelWarning, match="read as Windows-1252"):
        assert ClassTable.from_csv(path).names == ("Tön",)


def test_default_names_values_and_colours():
    table = ClassTable.default(7)
    assert table.values == (1, 2, 3, 4, 5, 6, 7)
    assert len(set(table.colors.values())) == 7
    assert len(ClassTable.default(255)) == 255


def test_value_of(table):
    assert table.value_of("sand") == 2
    assert table.value_of("1") == 1
    with pytest.raises(LabelError, match=r"no class 'salt'\. The classes are shale, sand"):
        table.value_of("salt")


TABLE = ClassTable(tuple(LabelClass(v, name, "#000000") for v, name in ((1, "shale"), (2, "class 3"), (4, "salt"))))


def test_one_more_takes_the_free_value_and_a_name_of_its_own():
    table, made = TABLE.with_next()
    assert (made.value, made.name) == (3, "class 3 (new)")
    assert table.names == ("shale", "class 3", "class 3 (new)", "salt")
    with pytest.raises(LabelError, match="there are 255 classes already"):
        ClassTable.default(255).with_next()


@pytest.mark.parametrize(
    ("value", "color", "words"),
    [
        (0, "#000000", "has value 0, which means unlabelled. Use values from 1"),
        (256, "#000000", "has value 256. Use values from 1 to 255"),
        (-2, "#000000", "has value -2. Use values from 1 to 255"),
        (1, "red", "has colour 'red'. Write colours as #rrggbb"),
        (1, "#0000000", "has colour '#0000000'. Write colours as #rrggbb"),
    ],
)
def test_what_is_no_class_says_what_to_write(value, color, words):
    with pytest.raises(LabelError, match=words):
        LabelClass(value, "shale", color)


def test_names_and_colours_change():
    assert TABLE.with_change(1, name="sand").names == ("sand", "class 3", "salt")
    assert TABLE.with_change(1, color="#ffffff").colors[1] == "#ffffff"
    assert TABLE.with_change(9, name="sand") == TABLE
    with pytest.raises(LabelError, match="occurs twice"):
        TABLE.with_change(1, name="salt")


def test_classes_leave():
    assert TABLE.without([1, 4]).names == ("class 3",)
    assert TABLE.called([4, 1]) == "shale, salt"


def test_another_table_keeps_the_classes_in_use():
    read = ClassTable((LabelClass(1, "mud", "#000000"), LabelClass(3, "salt", "#000000")))
    assert TABLE.replaced_by(read, [1, 2, 4]).names == ("mud", "class 3", "salt")
    assert TABLE.replaced_by(read, [1]).names == read.names
    assert TABLE.replaced_by(read, [1]).value_of("salt") == 4  # labels of salt are of it still
    assert TABLE.replaced_by(read, [1]).codes == (1, 3)


def test_a_removed_class_comes_back_beside_what_was_added_since():
    before, after = ClassTable.default(3), ClassTable(ClassTable.default(3).classes[:2])
    now = ClassTable((*after, LabelClass(4, "new", "#112233")))
    assert now.carried(after, before).names == ("class 1", "class 2", "class 3", "new")
    taken = ClassTable((*after, LabelClass(4, "class 3", "#112233")))
    with pytest.raises(LabelError, match="twice"):
        taken.carried(after, before)


#: What the eye makes of linear red, green and blue: as most see, and without each kind of cone (Machado et al. 2009).
_EYES = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)


def test_no_two_colours_of_classes_look_alike_to_any_eye():
    rgb = np.array([[int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)] for color in PALETTE])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    for eye in _EYES:
        seen = np.clip(linear @ np.array(eye).T, 0, 1)
        lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
        apart = deltaE_ciede2000(lab[:, None], lab[None]) + 100 * np.eye(len(lab))
        assert apart.min() > 10
        # Neither the black of a dark canvas nor the white of a light one.
        assert lab[:, 0].min() > 20
        assert lab[:, 0].max() < 95
