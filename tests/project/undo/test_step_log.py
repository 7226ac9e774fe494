"""A step of labelling is done as a whole or not at all, whatever happens meanwhile, and can be taken back later."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

import proofs
from faulty_disk import all_faults
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, Interval, Well
from napari_fhn.labels.volumes import changes
from napari_fhn.labels.volumes.changes import Change, Patch
from napari_fhn.project import ProjectError, Session, SessionInUse
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.undo import step_files, step_log
from napari_fhn.project.undo.step_files import StepDamaged
from napari_fhn.project.undo.steps import SectionReference, Step

SHAPE = (4, 5, 6)
TWO, THREE = ClassTable.default(2), ClassTable.default(3)
WELL = Well("A", 2, 3, (Interval(0, 16, "class 1"),))
HERE, THERE = SectionReference(0, 1, "Inline 1"), SectionReference(0, 3, "Inline 3")


@pytest.fixture
def session(tmp_path):
    session = Session(tmp_path / "s.fhn")
    session.acquire("a test")
    session.label_volume(SHAPE)[0] = 1
    session.set_classes(TWO)
    yield session
    session.release()


def whole(session: Session, value: int = 2) -> Step:
    """A step that changes everything that there is to change."""
    wanted = np.full(SHAPE, value, np.uint8)
    volumes = {
        name: changes.planned(session.volume(name, SHAPE), changes.becoming(wanted)) for name in ("labels", "weights")
    }
    wells = (KeptWells((WELL,), 2.0), KeptWells((replace(WELL, inline=3.0),), 3.0, 1.0))
    return Step("everything", volumes, SHAPE, (TWO, THREE), wells)


def paint(session: Session, voxel: tuple[int, ...], value: int = 2, place: SectionReference | None = HERE) -> None:
    out = session.label_volume(SHAPE)
    change = changes.of_voxels([np.array([i]) for i in voxel], np.array([out[voxel]]), value)
    out[voxel] = value
    session.steps.append(Step(f"painted {voxel}", {"labels": change}, SHAPE, place=place))


def state(session: Session) -> tuple[object, ...]:
    """All that a step may change."""
    volumes = (np.array(session.volume(name, SHAPE)).tobytes() for name in ("labels", "weights"))
    return (*volumes, session.classes, repr(well_file.load(session.folder)))


def reopened(session: Session) -> Session:
    session.release()
    again = Session(session.folder)
    again.acquire("a test")
    return again


def test_a_step_changes_all_of_it_and_is_taken_back_and_made_again_after_reopening(session):
    well_file.save(session.folder, KeptWells((WELL,), 2.0))
    before = state(session)
    assert session.steps.do(whole(session)).voxels == 120
    after = state(session)
    assert (session.volume("weights", SHAPE) == 2).all()
    assert session.classes == THREE
    session = reopened(session)
    (entry,) = session.steps.entries
    assert entry.title == "everything"
    assert session.steps.toggle(entry).voxels == 120
    assert state(session) == before
    session = reopened(session)
    (entry,) = session.steps.entries
    assert entry.undone
    session.steps.toggle(entry)
    assert state(session) == after
    session.release()


@pytest.mark.parametrize(
    ("what", "faults"),
    [
        ("do", ("kill", "full")),
        ("do", ("power",)),
        ("undo", ("kill", "power")),
        *([("undo", ("full",)), ("redo", ("kill", "full", "power"))] if "NAPARI_FHN_ALL_FAULTS" in os.environ else []),
    ],
)
def test_killed_or_out_of_room_at_any_moment_all_of_it_stands_or_none(tmp_path, what, faults):
    began, folder = tmp_path / "began", tmp_path / "s.fhn"
    session = Session(began)
    session.acquire("a test")
    session.label_volume(SHAPE)[0] = 1
    session.set_classes(TWO)
    well_file.save(began, KeptWells((WELL,), 2.0))
    if what != "do":
        session.steps.do(whole(session))
    if what == "redo":
        session.steps.toggle(session.steps.entries[0])
    session.release()

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(began, folder)

    def act() -> None:
        session = Session(folder)
        with session.writing("a test"):
            if what == "do":
                session.steps.do(whole(session))
            else:
                session.steps.toggle(session.steps.entries[0])

    prepare()
    states = [state(Session(folder))]
    act()
    states.append(state(Session(folder)))
    assert states[0] != states[1]
    seen, said = set(), []
    for fault in all_faults(folder, act, prepare, faults, each=1 if proofs.ASKED else 3):
        session = Session(folder)
        session.acquire("a test")
        said += session.notes
        seen.add(states.index(state(session)))  # never between, and the session opens
        for entry in session.steps.entries:  # and what there is can be taken back, or made again
            session.steps.toggle(entry)
            assert state(session) in states, fault
        session.release()
        assert not [path for path in folder.rglob("*") if path.suffix in (".doing", ".undoing")], fault
    assert seen == {0, 1}
    if "full" not in faults or "kill" in faults:
        assert any("The program ended while the labels were changed (everything); that was" in words for words in said)


def test_what_was_painted_can_be_taken_back_after_reopening_where_it_still_stands(session):
    paint(session, (1, 1, 1))
    paint(session, (1, 2, 2))
    paint(session, (3, 3, 3), place=THERE)
    session = reopened(session)
    session.label_volume(SHAPE)[1, 2, 2] = 1  # by somebody who keeps no history
    assert session.steps.undoable(THERE).title == "painted (3, 3, 3)"
    entry = session.steps.undoable(HERE)
    assert (entry.title, entry.place.title) == ("painted (1, 2, 2)", "Inline 1")
    assert session.steps.toggle(entry).voxels == 0
    assert session.known()[1, 2, 2] == 1
    assert session.steps.toggle(session.steps.undoable(HERE)).voxels == 1
    assert session.known()[1, 1, 1] == 0
    assert session.steps.redoable(HERE).title == "painted (1, 1, 1)"
    paint(session, (1, 4, 4))  # what was taken back on this section cannot come back after it
    assert session.steps.redoable(HERE) is None
    session.release()
    assert len(list(session.steps.folder.iterdir())) == 2


def test_steps_are_bounded_in_number_and_bytes_and_the_oldest_go_first(session, monkeypatch):
    monkeypatch.setattr(step_log, "MOST_STEPS", 3)
    for k in range(5):
        paint(session, (1, 1, k))
    assert [entry.title for entry in session.steps.entries] == [f"painted (1, 1, {k})" for k in (2, 3, 4)]
    session = reopened(session)
    assert len(list(session.steps.folder.iterdir())) == 3
    monkeypatch.setattr(step_log, "MOST_BYTES", 1)
    paint(session, (1, 2, 2))
    assert [entry.title for entry in session.steps.entries] == ["painted (1, 2, 2)"]
    session.release()


def test_a_damaged_step_costs_that_step_and_is_kept_aside(session):
    for k in range(3):
        paint(session, (1, 1, k))
    session.steps.close()
    first, second, third = sorted(session.steps.folder.iterdir())
    first.write_bytes(first.read_bytes()[:-1])  # cut off
    data = bytearray(second.read_bytes())
    data[-1] ^= 1  # a bit of the values
    second.write_bytes(data)
    assert [entry.number for entry in session.steps.entries] == [2, 3]
    assert "1 change of the labels cannot be taken back any more" in session.steps.words[0]
    with pytest.raises(StepDamaged):
        session.steps.toggle(session.steps.entries[0])
    assert [entry.number for entry in session.steps.entries] == [3]
    assert session.known()[1, 1, 1] == 2
    assert sorted(path.name for path in session.steps.folder.glob("*.damaged")) == [
        f"{first.name}.damaged",
        f"{second.name}.damaged",
    ]
    third.unlink()  # by somebody who wanted room
    session = reopened(session)
    assert session.steps.entries == []
    session.release()


def test_a_change_that_was_cut_off_and_cannot_be_read_is_said(session):
    session.steps.do(whole(session))
    (path,) = session.steps.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    path.rename(path.with_suffix(".doing"))
    session = reopened(session)
    (note,) = session.notes
    assert "was cut off, and what it was cannot be read" in note
    assert "000001.doing.damaged" in note
    session.release()


@pytest.mark.parametrize(
    "patches",
    [
        (Patch.of(Box((3, 0, 0), (5, 1, 1)), np.zeros((2, 1, 1)), np.ones((2, 1, 1))),),
        (Patch.of(Box((0, 0), (1, 1)), np.zeros((1, 1)), np.ones((1, 1))),),
    ],
)
def test_a_step_writes_nothing_outside_of_the_labels(tmp_path, patches):
    path = tmp_path / "000001.done"
    path.write_bytes(step_files.to_bytes(Step("x", {"labels": Change(patches)}, SHAPE)))
    with pytest.raises(StepDamaged, match="what is not there"):
        step_files.read(path)


def test_a_step_of_a_volume_that_is_none_of_ours_is_not_read(tmp_path):
    path = tmp_path / "000001.done"
    change = Change((Patch.of(Box.whole(SHAPE), np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)),))
    path.write_bytes(step_files.to_bytes(Step("x", {"../../elsewhere": change}, SHAPE)))
    with pytest.raises(StepDamaged):
        step_files.read(path)


@pytest.mark.parametrize("content", [b"", b"napari-fhn step 1\n", b"\x00" * 500, b"napari-fhn step 1\n" + b"9" * 400])
def test_what_is_no_step_is_none(tmp_path, content):
    path = tmp_path / "000001.done"
    path.write_bytes(content)
    for read in (step_files.read, step_files.read_record):
        with pytest.raises(StepDamaged):
            read(path)


def test_whoever_does_not_write_in_the_session_changes_nothing(session):
    paint(session, (1, 1, 1))
    session.steps.close()
    entry, before = session.steps.entries[0], state(session)
    other = Session(session.folder)
    other.acquire("somebody else", take_over=True)
    for act in (lambda: session.steps.toggle(entry), lambda: session.steps.do(whole(session))):
        with pytest.raises((SessionInUse, ProjectError), match=r"is working in it|has taken it over"):
            act()
    assert state(session) == before
    other.release()


def test_steps_after_a_certain_one_are_taken_back_and_forgotten(session):
    paint(session, (1, 1, 1))
    last, before = session.steps.last, state(session)
    session.steps.do(whole(session))
    paint(session, (0, 0, 0), 1, place=None)
    session.steps.take_back_to(last)
    assert state(session)[:3] == before[:3]
    assert [entry.number for entry in session.steps.entries] == [last]
    assert len(list(session.steps.folder.iterdir())) == 1


def test_a_step_that_changes_nothing_is_not_remembered(session):
    assert session.steps.do(Step("nothing", classes=(TWO, TWO))).voxels == 0
    assert not session.steps.folder.exists()
