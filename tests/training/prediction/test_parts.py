"""Parts of a prediction say which voxels come from which network, as few as say the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training.prediction import parts as parts_of_predictions
from napari_fhn.training.prediction.parts import Part, added
from napari_fhn.training.prediction.provenance import Provenance

SHAPE = (5, 6, 4)


@st.composite
def boxes(draw):
    ends = [sorted(draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in SHAPE]
    return Box(tuple(a for a, _ in ends), tuple(b for _, b in ends))


parts = st.lists(st.builds(Part, boxes(), st.integers(1, 3), st.sampled_from(["", "m"]), st.booleans()), max_size=12)


def painted(parts):
    """Step, model and half by voxel; -1 where nothing was predicted."""
    out = np.full((*SHAPE, 3), -1, object)
    for part in parts:
        out[part.box.slices] = (part.step, part.model, part.half)
    return out


@given(parts)
def test_fewer_parts_say_the_same(many):
    few = []
    for part in many:
        few = added(few, part)
    assert (painted(few) == painted(many)).all()
    assert len(few) <= len(many)


@given(parts)
def test_voxels_are_counted_once_and_by_the_part_on_top(many):
    there, found = painted(many), Provenance("run-001", SHAPE, ("a", "b"), parts=tuple(many))
    predicted = there[..., 0] != -1
    assert found.missing == np.prod(SHAPE) - predicted.sum()
    assert found.unfinished == (there[predicted][:, 2] == True).sum()  # noqa: E712 (objects)
    assert found.steps == tuple(sorted(set(there[predicted][:, 0])))
    assert found.models == tuple(sorted(set(there[predicted][:, 1])))
    assert found.complete == (predicted.all() and not found.unfinished)


@settings(max_examples=30)
@given(st.lists(st.builds(Part, boxes(), st.integers(1, 9), st.just("m"), st.booleans()), min_size=8, max_size=30))
def test_too_many_parts_say_no_more_than_is_there(many):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts_of_predictions, "_MOST_PARTS", 6)
        few = []
        for part in many:
            few = added(few, part)
            assert len(few) <= 7
    there = painted(many)
    sure = painted([part for part in few if not part.scattered])
    assert not ((sure[..., 0] != -1) & (there[..., 0] == -1)).any()
    # Of what nothing is said, nothing is there.
    said = painted(few)
    assert not ((said[..., 0] == -1) & (there[..., 0] != -1)).any()
    # What was half is not called whole.
    whole = (sure[..., 0] != -1) & (sure[..., 2] == False)  # noqa: E712 (objects)
    assert (there[whole][:, 0] != -1).all()


def test_repainted_sections_stay_one_part_each():
    few = []
    for step in range(1, 200):
        few = added(few, Part(Box((step % 5, 0, 0), (step % 5 + 1, 6, 4)), step))
    assert len(few) == 5


def test_tiles_of_a_section_become_the_section():
    few = []
    for start in (0, 3):
        few = added(few, Part(Box((2, start, 0), (3, start + 3, 4)), 7))
    assert few == [Part(Box((2, 0, 0), (3, 6, 4)), 7)]
