"""The language of architectures: what is written can be read, and what cannot be read is pointed at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.language import LanguageError, parse, write
from napari_fhn.network.paper import PAPER
from napari_fhn.network.presets import PRESETS
from napari_fhn.network.readings import Reading


@st.composite
def architectures(draw):
    dimensions = draw(st.sampled_from([2, 3]))
    axes = st.none() | st.sets(st.integers(0, dimensions - 1), min_size=1).map(tuple)
    layers = [Layer("keep", draw(st.integers(1, 3)))]
    for resample in draw(st.lists(st.sampled_from(["keep", "coarsen", "refine"]), max_size=3)):
        changed = None if resample == "keep" else draw(axes)
        transform = draw(st.sampled_from(["haar", "shuffle"]))
        layers.append(Layer(resample, draw(st.integers(1, 3)), changed, transform))
    # Enough channels for three refinements, and few enough for three coarsenings.
    return Architecture(dimensions, draw(st.integers(1, 2)) * 8**3, tuple(layers))


@given(architectures())
def test_what_is_written_is_read(one):
    text = write(one)
    again = parse(text)
    assert (again.dimensions, again.channels, again.layers) == (one.dimensions, one.channels, one.layers)
    assert write(again) == text


def test_the_groups_are_the_longest():
    text = "3d 12: 2x8 | down 3x16 | down*(0,1) 3x32 | up*(0,1) 3x16 | up 6x8 | 1x9"
    assert write(parse(text)) == text
    assert write(parse(" 3D  12 :1x8|1x8|DOWN 1x16| 2 X 16|down * ( 1 , 0 )3×32|up*(0,1)3x16|up 6x8|1x9")) == text


def test_the_first_step_of_a_group_changes_the_resolution():
    one = parse("2d 4: down 2x3 | down*(1) 1x5 | up(0) 1x2", h=0.2, context=1, reading=Reading(axis=1), bias=False)
    assert one == Architecture(
        2,
        4,
        (
            Layer("coarsen", 3),
            Layer("keep", 3),
            Layer("coarsen", 5, (1,), "shuffle"),
            Layer("refine", 2, (0,)),
        ),
        h=0.2,
        context=1,
        bias=False,
        reading=Reading(axis=1),
    )


@pytest.mark.parametrize("one", [*PRESETS.values(), *(network.architecture for network in PAPER.values())])
def test_presets_can_be_written(one):
    parts = {"h": one.h, "context": one.context, "reading": one.reading}
    assert parse(write(one), **parts) == one


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "3d 12:"),
        ("3d 12", 0, "3d 12:"),
        (" 3 12: 2x8", 1, "3d 12:"),
        ("4d 12: 2x8", 0, "2d or 3d"),
        ("3d 0: 2x8", 3, "at least one channel"),
        ("3d 12:", 6, "STEPSxRANK"),
        ("3d 12: 2x8 | ", 13, "STEPSxRANK"),
        ("3d 12: 2x8 | dwon 3x16", 13, "'dwon 3x16'.*STEPSxRANK"),
        ("3d 12: 2x8 |  down 3", 14, "STEPSxRANK"),
        ("3d 12: 0x8", 7, "1 to 10000 steps"),
        ("3d 12: 2x8 | down 99999999999x8", 18, "1 to 10000 steps"),
        ("3d 12: 2x0", 9, "block rank"),
        ("3d 12: down(a) 2x8", 12, "counted from 0"),
        ("3d 12: down() 2x8", 12, "counted from 0"),
        ("3d 12: 2x8 | down(3) 2x8", 13, "axes 0 to 2"),
        ("3d 12: 2x8 | down(0,0) 2x8", 13, "each once"),
        ("3d 12: 2x8 | up 2x8 | up 2x8", 13, "12 channels, not a multiple of 8"),
    ],
)
def test_errors_point_at_the_character(text, position, words):
    with pytest.raises(LanguageError, match=words) as caught:
        parse(text)
    assert caught.value.position == position
    assert str(caught.value).startswith(f"at character {position + 1}")


def test_other_arguments_are_not_blamed_on_the_text():
    with pytest.raises(ValueError, match="time step") as caught:
        parse("2d 4: 1x1", h=-1)
    assert not isinstance(caught.value, LanguageError)
