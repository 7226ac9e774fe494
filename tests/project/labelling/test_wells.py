"""Wells are kept in the session and come back with it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.labels import DeviatedWell, Interval, LabelError, Well
from napari_fhn.labels.wells.well import Stretch
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.labelling.wells import KeptWells


def test_every_kind_of_well_comes_back(tmp_path):
    path = np.array([0.0, 500.0, 1000.0])
    wells = (
        Well("A", 1019, 2057.5, (Interval(400, 600, "Sand"), Interval(700, 800, "Shale"))),
        Well("B", float("nan"), float("nan"), (), (431000.0, 6350000.0)),
        DeviatedWell("C", 10, 20, path, path / 10, -path / 20, path * 1.5, (Stretch(100, 300, "Sand"),)),
    )
    well_file.save(tmp_path, KeptWells(wells, 4.0, 2.5))
    kept = well_file.load(tmp_path)
    assert (kept.radius, kept.fall_off) == (4.0, 2.5)
    assert kept.wells[0] == wells[0]
    assert kept.wells[1].xy == wells[1].xy
    assert np.isnan(kept.wells[1].inline)
    assert kept.wells[2].intervals == wells[2].intervals
    np.testing.assert_array_equal(kept.wells[2].dy_m, wells[2].dy_m)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', '{"format": "napari-fhn wells 1", "wells": [1]}'])
def test_a_damaged_file_is_a_sentence(tmp_path, text):
    (tmp_path / well_file.FILE).write_text(text)
    with pytest.raises(LabelError, match=r"wells\.json"):
        well_file.load(tmp_path)
    assert (tmp_path / "wells.json.damaged").read_text() == text
    assert well_file.load(tmp_path) == KeptWells()


def test_wells_of_the_first_version_are_read(tmp_path):
    first = {
        "format": "napari-fhn wells 1",
        "radius": 4,
        "fall_off": None,
        "wells": [
            {"name": "A", "inline": 10, "crossline": 20.5, "xy": None, "intervals": [[400, 600, "Sand"]]},
            {
                "name": "C",
                "inline": None,
                "crossline": None,
                "xy": [1.0, 2.0],
                "intervals": [[100, 300, "Sand"]],
                **{name: [0.0, None] for name in ("md_m", "dx_m", "dy_m", "vertical")},
            },
        ],
    }
    (tmp_path / well_file.FILE).write_text(json.dumps(first))
    kept = well_file.load(tmp_path)
    assert kept.radius == 4
    assert kept.wells[0] == Well("A", 10, 20.5, (Interval(400, 600, "Sand"),))
    assert kept.wells[1].xy == (1.0, 2.0)
    assert np.isnan(kept.wells[1].md_m[1])


def test_what_differs_between_two_is_carried_to_wells_that_changed_since():
    one, two, three = (Well(name, 2, 3, (Interval(0, 16, "salt"),)) for name in "ABC")
    before, after = KeptWells((one,), 2.0), KeptWells((one, two), 3.0)
    assert well_file.carried(before, before, after) == after
    now = KeptWells((one, two, three), 3.0, 1.0)
    assert well_file.carried(now, after, before) == KeptWells((one, three), 2.0, 1.0)
    moved = replace(two, inline=5.0)
    assert well_file.carried(KeptWells((one, moved), 3.0), after, before) == KeptWells((one, moved), 2.0)
