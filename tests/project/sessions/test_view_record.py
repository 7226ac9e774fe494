"""The record of how a session is looked at."""

from __future__ import annotations

import json

import pytest

from napari_fhn.project.sessions.view_record import FILE, FurtherViews, Looks, ViewRecord
from napari_fhn.record import RecordError


def test_it_comes_back_as_it_was(tmp_path):
    record = ViewRecord(
        {"survey": Looks(contrast=(-1.0, 1.0), colormap="gray")},
        {"labels": Looks(opacity=0.4)},
        order=(0, 2, 1),
        point=(1.0, 2.0, 3.0),
        zoom=2.0,
        further=FurtherViews(linked=True, fence=((0.0, 1.5), (8.0, 2.0)), bodies=(2, 7), colours=False),
    )
    record.save(tmp_path)
    assert ViewRecord.load(tmp_path) == record
    assert json.loads((tmp_path / FILE).read_text())["version"] == 2
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_session_that_nobody_looked_at_has_none(tmp_path):
    assert ViewRecord.load(tmp_path) == ViewRecord()


def test_one_of_the_first_version_is_brought_over(tmp_path):
    looks = {"visible": True, "opacity": 0.4, "colormap": "", "contrast": []}
    first = {
        "format": "napari-fhn desk 1",
        "surveys": [
            {
                "name": "a",
                "path": "../a.sgy",
                "absolute": "/a.sgy",
                "ticked": True,
                "looks": {**looks, "contrast": [-1, 1], "colormap": "gray"},
            }
        ],
        "looks": {"labels": looks},
        "settings": {"recipe": "sections"},
        "device": "cpu",
        "held_out": 3,
        "order": [0, 2, 1],
        "point": [1, 2.5, 3],
        "ndisplay": 2,
        "center": [0, 1, 2],
        "angles": [0, 0, 90],
        "zoom": 2,
    }
    (tmp_path / FILE).write_text(json.dumps(first))
    found = ViewRecord.load(tmp_path)
    assert found.surveys == {"a": Looks(True, 0.4, "gray", (-1.0, 1.0))}
    assert found.looks == {"labels": Looks(True, 0.4)}
    assert (found.order, found.point, found.zoom) == ((0, 2, 1), (1.0, 2.5, 3.0), 2.0)


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '{"format": "napari-fhn desk 9"}', '{"format": "napari-fhn desk 1"}', '{"format": "other"}'],
)
def test_a_damaged_one_is_said(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(RecordError, match=r"desk\.json"):
        ViewRecord.load(tmp_path)
