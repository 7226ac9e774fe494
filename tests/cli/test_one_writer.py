"""While another program writes in a session, no door changes anything in it; and each writer may take it over."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import SHAPE
from tests.project.predicted import predicted

import napari_fhn as fhn
from napari_fhn import surveys
from napari_fhn.cli import main, running
from napari_fhn.labels import ClassTable, Interval, Well
from napari_fhn.project import ProjectError, Session, SurveySet
from napari_fhn.project.labelling import labelling
from napari_fhn.project.labelling.carrying import carry_labels, erase_carried
from napari_fhn.project.labelling.well_burning import WellBurning
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.predictions import kept_predictions
from napari_fhn.project.project import Project
from napari_fhn.project.sessions import lock
from napari_fhn.project.sessions.lock import Holder, SessionLock
from napari_fhn.project.undo.steps import Step
from napari_fhn.training import Progress
from napari_fhn.training.models import description

pytestmark = pytest.mark.usefixtures("small")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != lock.FILE
    }


def hold(folder: Path) -> None:
    """Let a process that lives, and is not this one, hold the lock."""
    process = os.getppid()
    holder = Holder("the desk", lock.socket.gethostname(), process, lock._started(process), "2024-01-01 00:00", "x")
    (folder / lock.FILE).write_text(json.dumps(asdict(holder)))
    assert SessionLock(folder).holder() is not None


def test_with_the_lock_held_elsewhere_no_door_changes_a_byte(survey, wells, tmp_path, capsys):
    folder, truth = tmp_path / "s", np.ones(SHAPE, np.uint8)
    truth[..., 16:] = 2
    together = SurveySet.of([("small", surveys.open(survey))])
    for _ in range(2):
        run = predicted(folder, truth, labels=truth, surveys=together)
    session = Session(folder)
    with session.writing("a test"):
        truth[0] = 2
        labelling.keep(session, truth, over=True)  # which can be taken back
    hold(folder)
    before = contents(folder)
    in_session = ["--session", "s", "--json"]
    commands = [
        ["train", str(survey), *wells, *in_session],
        ["train", *in_session],
        ["train", "--resume", *in_session],
        ["train", "--job", str(run.folder / "job.json"), "--json"],
        ["carry", *in_session],
        ["carry", "--erase", *in_session],
        ["predict", *in_session],
        ["predict", str(survey), "--network", str(run.model), *in_session],
        ["score", "--leave-one-out", *in_session],
        ["similar", "--by", "network", "--like", "sand", *in_session],
        ["runs", "rename", "1", "mine", *in_session],
        ["runs", "delete", "1", "--yes", *in_session],
        ["runs", "use", "1", *in_session],
    ]
    for command in commands:
        code = main(command)
        said = capsys.readouterr().err
        assert code == 2, (command, said)
        assert "the desk (process" in said, (command, said)
        assert contents(folder) == before, command
    for command in (
        ["info", "--session", "s"],
        ["runs", "--session", "s"],
        ["export", "labels", "out.npy", "--session", "s"],
    ):
        assert main(command) == 0, command  # looking is free
        assert contents(folder) == before, command

    with pytest.raises(ProjectError, match="the desk"):
        fhn.open(session=folder)
    looking = fhn.open(session=folder, read_only=True)
    shape = looking.shape
    opened = Project.open(folder)
    table = ClassTable.default(2)
    some = KeptWells((Well("C", 103, 204, (Interval(0, 60, "sand"),)),), 1.0)
    step, _ = WellBurning(session, opened.surveys.first, session.classes, KeptWells(), some).plan(shape, "wells")
    changes = {
        "label": lambda: looking.label(np.ones(shape, np.uint8), replace_labels=True),
        "carry": lambda: looking.carry(),
        "erase_carried": lambda: looking.erase_carried(),
        "labels": lambda: labelling.keep(session, np.ones(shape, np.uint8), over=True),
        "carried": lambda: carry_labels(opened),
        "erased": lambda: erase_carried(opened),
        "step": lambda: session.steps.do(step),
        "undo": lambda: session.steps.toggle(session.steps.entries[0]),
        "classes": lambda: session.set_classes(table),
        "manifest": lambda: session.change(kind="map"),
        "rename": lambda: session.runs.rename(run, "mine"),
        "select": lambda: session.runs.select(run),
        "keep": lambda: kept_predictions.keep(session, run),
    }
    for name, change in changes.items():
        with pytest.raises(ProjectError, match=r"the desk|to look at only"):
            print(name, change())
        assert contents(folder) == before, name
    session.steps.append(Step("painted", step.volumes, shape))  # which says nothing, and must write nothing
    session.steps.close()
    assert contents(folder) == before

    # And whoever asks for it takes it over.
    assert main(["runs", "rename", "1", "mine", "--take-over", *in_session]) == 0
    assert Session(folder).runs.get("mine").id == "run-001"
    hold(folder)
    with fhn.open(session=folder, take_over=True) as work:
        assert work.project.session.lock.held


def test_a_training_whose_folder_is_taken_away_ends_with_a_sentence_that_says_where_the_network_is(
    survey, wells, tmp_path, capsys, monkeypatch
):
    class Mover(running._Json):
        def show(self, update):
            if isinstance(update, Progress) and not (tmp_path / "elsewhere").exists():
                (tmp_path / "s").rename(tmp_path / "elsewhere")

    monkeypatch.setattr(running, "display", lambda *_: Mover())
    monkeypatch.setattr(running, "_LOOK_S", 0.0)
    many = ["--steps", "1000", "--radius", "1"]
    assert main(["train", str(survey), *wells, "--session", "s", *many, "--json"]) == 2
    said = capsys.readouterr().err
    assert "was removed, renamed or replaced while it was trained in" in said
    assert f"The network as it was by then is in {tmp_path / 's' / 'runs'}" in said
    assert description.read(tmp_path / "s" / "runs" / "run-001" / "model").steps < 1000
    assert Session(tmp_path / "elsewhere").known().any()
