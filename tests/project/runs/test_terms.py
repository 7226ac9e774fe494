"""What is known without labels is written in words, and read back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.project import Settings
from napari_fhn.project.runs import terms
from napari_fhn.training.errors import JobError
from napari_fhn.training.objective import Absence, Order, Share, Smoothness

SHAPE = (40, 30, 60)

names = st.text(st.characters(codec="utf-8", exclude_characters="=,;@:\x85"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and " ".join(text.split()) == text
)


@st.composite
def boxes(draw):
    ends = [sorted(draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))) for n in SHAPE]
    return Box(tuple(a for a, _ in ends), tuple(b for _, b in ends))


weights = st.floats(1e-6, 1e6)


@given(names, st.floats(0, 1), st.floats(0, 1), weights)
def test_a_share_comes_back(name, one, other, weight):
    least, most = sorted((one, other))
    share = Share(name, least, most, weight)
    assert terms.share(terms.in_words(share)) == share


@given(st.lists(names, min_size=2, max_size=5, unique=True), weights)
def test_an_order_comes_back(classes, weight):
    order = Order(tuple(classes), weight)
    assert terms.order(terms.in_words(order)) == order


@given(names, st.lists(boxes(), min_size=1, max_size=3), st.booleans(), weights)
def test_an_absence_in_boxes_comes_back(name, where, both, weight):
    absence = Absence(name, tuple(where), str(Path.cwd() / "shelf.npy") if both else None, weight)
    assert terms.absence(terms.in_words(absence), shape=SHAPE) == absence


@given(names)
def test_an_absence_with_a_mask_comes_back(name):
    absence = Absence(name, mask=str(Path.cwd() / "masks" / "shelf.npy"))
    for folder in (None, Path.cwd(), Path.cwd() / "elsewhere"):
        assert terms.absence(terms.in_words(absence, folder), folder) == absence
    assert terms.in_words(absence, Path.cwd()) == f"{name}={Path('masks/shelf.npy')}"


@given(st.floats(1e-6, 1e6))
def test_smoothness_comes_back(weight):
    smoothness = Smoothness(weight=weight)
    assert terms.smoothness(float(terms.in_words(smoothness))) == smoothness


@given(boxes())
def test_a_box_comes_back(box):
    assert terms.box(terms.box_in_words(box), SHAPE) == box


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("0:10,:,40:60", Box((0, 0, 40), (10, 30, 60))),
        (":,:,:", Box((0, 0, 0), SHAPE)),
        (" 5: , :7 , 1:2 ", Box((5, 0, 1), (40, 7, 2))),
    ],
)
def test_ends_that_are_left_out_are_those_of_the_survey(text, box):
    assert terms.box(text, SHAPE) == box


@pytest.mark.parametrize("text", ["", "0:10", "0:10,:,x:60", "1,2,3", "0:10,:,4:6:2", "1.5:2,:,:"])
def test_what_is_no_box_is_shown_how_one_is_written(text):
    with pytest.raises(JobError, match="write start:stop for each of the 3 axes"):
        terms.box(text, SHAPE)


@pytest.mark.parametrize("text", ["0:41,:,:", "5:5,:,:", "-3:5,:,:", "7:3,:,:"])
def test_a_box_lies_in_the_survey(text):
    with pytest.raises(JobError, match="no box inside the survey"):
        terms.box(text, SHAPE)


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (terms.share, "Salt", "as in Salt=0.02:0.1"),
        (terms.share, "=0.1:0.2", "as in Salt=0.02:0.1"),
        (terms.share, "Salt=a:b", "no two numbers"),
        (terms.share, "Salt=0.1:0.2:0.3", "no two numbers"),
        (terms.share, "Salt=nan:0.5", "Salt"),
        (terms.share, "Salt=0.5:0.1", "Salt"),
        (terms.share, "Salt=0.1:0.2 (weight x)", "x is no weight"),
        (terms.share, "Salt=0.1:0.2 (weight -1)", "weight"),
        (terms.absence, "Salt", "as in Salt=shelf.npy"),
        (terms.absence, "Salt=", "as in Salt=shelf.npy"),
    ],
)
def test_what_cannot_be_read_is_shown_how_it_is_written(read, text, said):
    with pytest.raises(JobError, match=said):
        read(text)


def test_a_share_may_have_one_end():
    assert terms.share("Salt=:0.1") == Share("Salt", 0.0, 0.1)
    assert terms.share("Salt=0.1") == Share("Salt", 0.1, 1.0)
    assert terms.share("Salt=0.1:") == Share("Salt", 0.1, 1.0)


def test_a_mask_may_have_an_at_sign_in_its_name(tmp_path):
    mask = str(tmp_path / "shelf@noon.npy")
    assert terms.absence(f"Salt={mask}", shape=SHAPE) == Absence("Salt", mask=mask)


def test_a_mask_is_found_from_the_folder(tmp_path):
    assert terms.absence("Salt=shelf.npy", tmp_path) == Absence("Salt", mask=str(tmp_path / "shelf.npy"))


def test_an_empty_order_is_that_of_the_class_table():
    assert terms.order(" ") == Order(())


def test_all_terms_of_a_kind_come_back_from_one_line(tmp_path):
    lines = {
        "shares": "Salt=0.02:0.1 | Sand=0.3:1 (weight 2)",
        "order": "Shale, Sand",
        "absences": f"Salt={tmp_path / 'shelf.npy'} | Sand@0:10,0:30,4:8;0:1,0:1,0:1",
        "smoothness": "0.5",
        "ignored": "0:2,0:30,0:60 | 0:40,3:5,0:60",
    }
    settings = Settings.of("sections")
    for part, text in lines.items():
        settings = terms.read_into(settings, part, text, SHAPE)
    assert {part: terms.written(part, settings) for part in lines} == lines
    for part in lines:
        settings = terms.read_into(settings, part, " ", SHAPE)
    assert settings == Settings.of("sections")


def test_an_order_of_all_classes_is_said_by_a_word():
    settings = terms.read_into(Settings.of("sections"), "order", "all (weight 3)", SHAPE)
    assert settings.schedule.objective.knowledge == (Order((), 3.0),)
    assert terms.written("order", settings) == "all (weight 3)"


def test_another_weight_keeps_what_else_was_said_of_smoothness():
    settings = Settings.of("sections")
    settings = settings.with_value("objective", "knowledge", (Smoothness(horizontal=2.0, edge=1.5),))
    settings = terms.read_into(settings, "smoothness", "0.7", SHAPE)
    assert settings.schedule.objective.knowledge == (Smoothness(horizontal=2.0, edge=1.5, weight=0.7),)


def test_terms_follow_classes_that_are_renamed():
    settings = Settings.of("sections")
    for part, text in (("shares", "Salt=0:1"), ("order", "Shale, Salt"), ("absences", "Salt@0:1,:,:")):
        settings = terms.read_into(settings, part, text, SHAPE)
    now = terms.renamed(settings, {"Salt": "Halite"})
    assert terms.written("shares", now) == "Halite=0:1"
    assert terms.written("order", now) == "Shale, Halite"
    assert terms.written("absences", now) == "Halite@0:1,0:30,0:60"
    assert terms.renamed(now, {"Other": "Name"}) is now
