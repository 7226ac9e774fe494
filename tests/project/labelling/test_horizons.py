"""The horizons of a session: kept, taken back, and found damaged."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import LabelError
from napari_fhn.project import Session
from napari_fhn.project.labelling.horizons import (
    FILE,
    KeptHorizon,
    KeptHorizons,
    Pick,
    carried,
    file_names,
    keep_surface,
    key_of,
    load,
    save,
    surface_of,
)
from napari_fhn.project.undo.steps import Step
from napari_fhn.structure.tracking.horizon import Horizon

TOP = KeptHorizon("Top", (Pick((3, 4), 20.25), Pick((5, 6), 21.0)), "trough", 0.4, "0123456789abcdef")
BASE = KeptHorizon("Base", (Pick((1, 1), 40.0),))


def test_what_is_saved_is_loaded(tmp_path):
    assert load(tmp_path) == KeptHorizons()
    save(tmp_path, KeptHorizons((TOP, BASE)))
    assert load(tmp_path) == KeptHorizons((TOP, BASE))
    assert load(tmp_path).named("Top").to_track().samples.tolist() == [20.25, 21.0]


def test_a_damaged_file_is_put_aside_by_its_writer_alone(tmp_path):
    (tmp_path / FILE).write_text("half of")
    with pytest.raises(LabelError, match="cannot be read"):
        load(tmp_path, aside=False)
    assert (tmp_path / FILE).exists()
    with pytest.raises(LabelError, match="is kept as"):
        load(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert load(tmp_path) == KeptHorizons()


def test_picks_are_one_a_trace_and_names_one_a_horizon():
    moved = TOP.with_pick(Pick((5, 6), 30.0))
    assert [pick.sample for pick in moved.picks] == [20.25, 30.0]
    assert [pick.trace for pick in TOP.without((3, 4)).picks] == [(5, 6)]
    kept = KeptHorizons((TOP,)).put(BASE)
    assert kept.new_name() == "Horizon 1"
    assert [one.name for one in kept.put(KeptHorizon("Roof"), "Top").horizons] == ["Roof", "Base"]
    assert KeptHorizon("x", event="hill").follows == "peak"
    assert file_names(["a/b", "a:b", " "]) == ["a_b", "a_b 2", "horizon"]


def test_taking_a_change_back_leaves_what_was_changed_since():
    before, after = KeptHorizons((TOP,)), KeptHorizons((TOP, BASE))
    assert carried(after, after, before) == before
    since = after.put(KeptHorizon("Third"))
    assert [one.name for one in carried(since, after, before).horizons] == ["Top", "Third"]
    edited = after.put(BASE.with_pick(Pick((9, 9), 1.0)))
    assert carried(edited, after, before) == edited


def test_a_step_of_horizons_is_done_and_taken_back_also_after_reopening(tmp_path):
    session = Session(tmp_path / "s")
    with session.writing("a test"):
        session.steps.do(Step("new horizon", horizons=(KeptHorizons(), KeptHorizons((TOP,)))))
        assert load(session.folder) == KeptHorizons((TOP,))
    session = Session(tmp_path / "s")
    with session.writing("a test"):
        (entry,) = session.steps.entries
        assert entry.about.horizons == (KeptHorizons(), KeptHorizons((TOP,)))
        session.steps.toggle(entry)
        assert load(session.folder) == KeptHorizons()
        session.steps.toggle(entry)
        assert load(session.folder) == KeptHorizons((TOP,))


def test_surfaces_are_named_by_what_they_follow_from_and_the_oldest_go(tmp_path):
    assert key_of(TOP, "data") == key_of(KeptHorizon("Other", TOP.picks[::-1], "trough", 0.9), "data")
    assert len({key_of(TOP, "data"), key_of(TOP, "others"), key_of(BASE, "data"), key_of(TOP, "data", 20.0)}) == 4
    session = Session(tmp_path / "s")
    with session.writing("a test"):
        save(session.folder, KeptHorizons((TOP,)))
        found = Horizon(np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((2, 3), np.float32), "trough")
        keep_surface(session, TOP.surface, found)
        for number in range(30):
            keep_surface(session, f"{number:016x}", found)
        names = [path.name for path in session.structure.glob("horizon-*")]
        assert len(names) == 25
        assert f"horizon-{TOP.surface}.npy" in names
        np.testing.assert_array_equal(surface_of(session, TOP, (2, 3)).samples, found.samples)
        assert surface_of(session, TOP, (3, 2)) is None
        assert surface_of(session, BASE, (2, 3)) is None
        assert surface_of(session, KeptHorizon("x", surface="../../../etc/passwd"), (2, 3)) is None
