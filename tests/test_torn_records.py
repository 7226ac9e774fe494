"""Killed, without power or room at any moment of its writing: then a file is the old one or the new one, whole."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from faulty_disk import all_faults, events, unsynced
from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, Interval, LabelClass, Source, Well
from napari_fhn.network.architecture import levels
from napari_fhn.project import Manifest, Session
from napari_fhn.project.labelling import wells
from napari_fhn.project.runs.run import Run, RunRecord, read_record
from napari_fhn.project.runs.speeds import Measured, Speed
from napari_fhn.project.sessions import damage
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.project.sessions.view_record import ViewRecord
from napari_fhn.report import left_out
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.out import save_classes
from napari_fhn.surveys.segy import header_cache, remembered
from napari_fhn.training import Schedule
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import log
from napari_fhn.training.job import Input, Job
from napari_fhn.training.models import description
from napari_fhn.training.prediction import provenance, state_file
from napari_fhn.training.prediction.journal import Journal
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.updates import Done, Note, Progress

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="what is synced is not told here")

OLD, NEW = 1, 2
EVERY = ("kill", "full", "power")
SCORES = {"mean": 0.5, "deviation": 0.1, "worst": 0.4}


@dataclass(frozen=True)
class Writer:
    """Writes the old or the new of something below a folder, and says which of the two is there."""

    write: Callable[[Path, int], object]
    read: Callable[[Path], object]


def job_of(folder: Path, steps: int) -> Job:
    files = (str(folder / "labels.npy"), ("sand", "shale"), levels(2, 8, (2,), 1), Schedule(steps=steps, block=(8, 8)))
    return Job((Input(str(folder / "a.npy")),), *files, str(folder / "prediction.npy"), str(folder / "model"))


def described(folder: Path, steps: int) -> description.Description:
    job = job_of(folder, steps)
    weights = description.WeightsFile("weights-0123456789abcdef.safetensors", "0" * 64)
    scale = description.Normalisation((0.0,), (1.0,))
    return description.Description(weights, job.network, 1, job.classes, scale, job.framing, steps=steps)


def made(folder: Path, step: int) -> None:
    found = provenance.Provenance.of(job_of(folder, 1), (4, 5), classes=("sand", "shale"), run="", labels="")
    provenance.write(folder / "prediction.npy", replace(found, parts=(Part(Box.whole((4, 5)), step, ""),)))


def well(number: int) -> wells.KeptWells:
    return wells.KeptWells((Well("A", 1.0, 2.0, (Interval(0.0, 10.0, "sand"),), None, None),), float(number), None)


def table(number: int) -> ClassTable:
    return ClassTable((LabelClass(1, f"class {number}", "#aa0000"),))


def reading(folder: Path, number: int) -> None:
    survey = folder.parent / "survey.sgy"
    survey.write_bytes(bytes(4000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(remembered.VARIABLE, str(folder / "readings.json"))
        remembered.remember(survey, {"inline_byte": number})


def recalled(folder: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(remembered.VARIABLE, str(folder / "readings.json"))
        return remembered.recall(folder.parent / "survey.sgy", {"inline_byte": int})["inline_byte"]


def headers(folder: Path, write: int | None) -> object:
    survey = folder.parent / "survey.sgy"
    survey.write_bytes(bytes(4000))
    layout = SimpleNamespace(path=survey, n_traces=3, trace_bytes=2**29, endian="big", first_trace=3600)
    os.utime(survey, (1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(header_cache.VARIABLE, str(folder))
        if write is None:
            return int(header_cache.recall(layout, (9,))[0][0])
        header_cache.keep(layout, (9,), [np.full(3, write)])


def zones(folder: Path, number: int) -> None:
    journal = Journal(folder / "unfinished.jsonl", {"model": "a"}, lambda: None)
    if number == OLD:
        journal.begin([1])
    journal.finish(0, Box((number,), (number + 1,)))
    journal.flush()


def zones_read(folder: Path) -> object:
    journal = Journal(folder / "unfinished.jsonl", {"model": "a"}, lambda: None)
    assert journal.plan == [1]
    assert Box((OLD,), (OLD + 1,)) in journal.finished(0)
    return len(journal.finished(0))


def said(folder: Path, number: int) -> None:
    told = [Progress("train", number, 2), Note("a"), Done("train", False, 1.0, "")]
    list(log.kept(told, job_of(folder, 2), "train", continued=number == NEW))


def said_before(folder: Path) -> object:
    runs = log.read(folder / "model")
    assert any(isinstance(update, Done) for update in runs[0].updates)  # of the training before nothing is lost
    return min(len(runs), 2)


WRITERS = {
    "manifest": Writer(
        lambda folder, n: Manifest(runs_made=n).save(folder), lambda folder: Manifest.load(folder).runs_made
    ),
    "run": Writer(
        lambda folder, n: Run(folder, RunRecord("run-001", "")).save(RunRecord("run-001", "", steps=n)),
        lambda folder: read_record(folder).steps,
    ),
    "job": Writer(
        lambda folder, n: job_of(folder, n).save(folder / "job.json"),
        lambda folder: Job.load(folder / "job.json").schedule.steps,
    ),
    "model": Writer(
        lambda folder, n: description.write(described(folder, n), folder),
        lambda folder: description.read(folder).steps,
    ),
    "prediction": Writer(made, lambda folder: provenance.read(folder / "prediction.npy").parts[0].step),
    "wells": Writer(lambda folder, n: wells.save(folder, well(n)), lambda folder: int(wells.read(folder).radius)),
    "desk": Writer(
        lambda folder, n: ViewRecord(zoom=float(n)).save(folder), lambda folder: int(ViewRecord.load(folder).zoom)
    ),
    "speeds": Writer(
        lambda folder, n: Measured(folder / "s.json").remember("a", Speed(n, n)),
        lambda folder: int(Measured(folder / "s.json").of("a").step_seconds),
    ),
    "answers": Writer(
        lambda folder, n: Answers(folder / "a.json").keep(Source(Path("x.csv"), "points", options={"radius": n})),
        lambda folder: Answers(folder / "a.json").of(Path("x.csv")).options["radius"],
    ),
    "recent sessions": Writer(
        lambda folder, n: RecentSessions(folder / "recent.json").opened(Path(f"work-{n}"), ""),
        lambda folder: int(RecentSessions(folder / "recent.json").all()[0].folder.removeprefix("work-")),
    ),
    "readings": Writer(reading, recalled),
    "trace headers": Writer(headers, lambda folder: headers(folder, None)),
    "left out": Writer(
        lambda folder, n: record.write(folder / left_out.FILE, "leave-one-out", 2, {"folds": [n], **SCORES}),
        lambda folder: left_out.kept(folder)["folds"][0],
    ),
    "class table": Writer(
        lambda folder, n: table(n).to_csv(folder / "classes.csv"),
        lambda folder: int(ClassTable.from_csv(folder / "classes.csv").names[0][-1]),
    ),
    "exported table": Writer(
        lambda folder, n: save_classes(folder / "classes.csv", table(n)),
        lambda folder: int(ClassTable.from_csv(folder / "classes.csv").names[0][-1]),
    ),
    "page": Writer(
        lambda folder, n: record.write_text(folder / "report.html", f"<p>{n}</p>" * 3000),
        lambda folder: (lambda text: int(text[3]) if text in (f"<p>{text[3]}</p>" * 3000,) else text)(
            (folder / "report.html").read_text()
        ),
    ),
    "journal": Writer(zones, zones_read),
    "log": Writer(said, said_before),
}


FEW = (
    "manifest",
    "job",
    "prediction",
    "speeds",
    "readings",
    "trace headers",
    "exported table",
    "page",
    "journal",
    "log",
)
"""One for each way of writing; all of them where time is given for it."""


@pytest.mark.parametrize("name", WRITERS if os.environ.get("NAPARI_FHN_FUZZ") else FEW)
def test_a_file_is_the_old_one_or_the_new_one(tmp_path, name):
    writer, folder, old = WRITERS[name], tmp_path / "here", tmp_path / "old"
    folder.mkdir()
    writer.write(folder, OLD)
    assert writer.read(folder) == OLD
    shutil.copytree(folder, old)

    def back() -> None:
        shutil.rmtree(folder)
        shutil.copytree(old, folder)

    found = set()
    for fault in all_faults(folder, lambda: writer.write(folder, NEW), back, EVERY):
        found.add(writer.read(folder))
        assert found <= {OLD, NEW}, fault
        assert isinstance(fault.error, OSError | SurveyError | None), fault
        writer.write(folder, NEW)  # what was left behind is in nobody's way
        assert writer.read(folder) == NEW, fault
    assert found == {OLD, NEW}
    back()
    assert unsynced(events(folder, lambda: writer.write(folder, NEW))) == []


def test_states_are_the_old_ones_or_new_ones_or_none(tmp_path):
    prediction = tmp_path / "here" / "prediction.npy"
    prediction.parent.mkdir()

    def write(number: int) -> None:
        cells = np.full((2, 2, 3), number, np.float16)
        state_file.write(prediction, cells, state_file.StatesRecord(str(number), ("stamp",), (2, 2)))

    def back() -> None:
        write(OLD)

    for fault in all_faults(prediction.parent, lambda: write(NEW), back, EVERY):
        found = state_file.read(prediction)
        assert found is None or (found[1] == int(found[0].model)).all(), fault


def test_a_prediction_that_is_kept_is_whole_or_not_there(tmp_path):
    folder = tmp_path / "kept"
    np.save(tmp_path / "prediction.npy", np.full((40, 50), 7, np.uint8))

    def back() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    for fault in all_faults(folder, lambda: mapped.copy(tmp_path / "prediction.npy", folder / "a.npy"), back, EVERY):
        if (folder / "a.npy").exists():
            assert (np.load(folder / "a.npy") == 7).all(), fault


def test_a_session_is_put_right_whatever_cuts_that_off(tmp_path):
    folder, damaged = tmp_path / "work", tmp_path / "damaged"
    session = Session(damaged)
    with session.writing("a test"):
        session.label_volume((4, 5))[1] = 1
        wells.save(damaged, well(OLD))
        session.change(runs_made=1)
    for name in ("session.json", "wells.json"):
        (damaged / name).write_bytes(name.encode())

    def back() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(damaged, folder)

    for fault in all_faults(folder, lambda: damage.put_aside(folder), back, EVERY):
        with Session.existing(folder).writing("a test"):
            assert Session.existing(folder).manifest.surveys == (), fault
        for name in ("session.json", "wells.json"):
            assert any(path.read_bytes() == name.encode() for path in folder.glob(f"{name}*")), fault
        assert damage.found(folder) == []


def test_who_has_no_room_is_told_and_nothing_is_half(tmp_path):
    with pytest.raises(JobError):
        Job.load(tmp_path / "job.json")
    for fault in all_faults(tmp_path, lambda: job_of(tmp_path, 1).save(tmp_path / "job.json"), lambda: None, ("full",)):
        assert json.loads((tmp_path / "job.json").read_text()) if (tmp_path / "job.json").exists() else fault.error
