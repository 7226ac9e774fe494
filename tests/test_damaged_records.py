"""Whatever stands in a record, its reader says so in a sentence or gives back something whole.

2,000 inputs from a seed that is the same everywhere; ``NAPARI_FHN_FUZZ=100000`` tries as many, and others each time.
"""

import contextlib
import itertools
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, Interval, LabelError, Well
from napari_fhn.network.architecture import levels
from napari_fhn.project import ProjectError, Settings
from napari_fhn.project.labelling import wells
from napari_fhn.project.runs.run import Run, RunRecord, read_run
from napari_fhn.project.runs.speeds import Measured, Speed
from napari_fhn.project.sessions import damage, recovery
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.project.sessions.lock import SessionLock
from napari_fhn.project.sessions.manifest import ClassEntry, HeldOut, KnowledgeEntry, Manifest, SurveyEntry, refer
from napari_fhn.project.sessions.outline import Outline
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.project.sessions.view_record import Looks, ViewRecord
from napari_fhn.report import left_out
from napari_fhn.structure.attributes import AttributesError
from napari_fhn.structure.attributes.backbone import Layout
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.manifest import MANIFEST, read_manifest
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.segy import remembered
from napari_fhn.training import Schedule
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import log
from napari_fhn.training.job import Axis, Input, Job
from napari_fhn.training.models import description
from napari_fhn.training.models.transfer import model_folder
from napari_fhn.training.prediction import provenance, state_file
from napari_fhn.training.prediction.journal import Journal
from napari_fhn.training.prediction.parts import Part

INPUTS = int(os.environ.get("NAPARI_FHN_FUZZ", "0"))
pytestmark = pytest.mark.timeout(300 + INPUTS // 10)
SENTENCES = (record.RecordError, ProjectError, JobError, LabelError, SurveyError, AttributesError)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 255, 256, 2**63, 10**400, 1.5, -0.5, 1e308, float("nan"), float("inf"),
    "", "x", "../../x", "run-001", "nan", "\ud800", "\0", "a" * 300, "{", "[" * 5000,
    [], [[]], [None], [1, 2, 3], ["a"], {}, {"a": 1}, {"": None},
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """A record as it should be, and what is made of it."""

    path: Path
    read: Callable[[], object]


@pytest.fixture(scope="module")
def readers(tmp_path_factory) -> dict[str, Reader]:
    folder = tmp_path_factory.mktemp("records")
    run = Run(folder / "runs" / "run-001", RunRecord("run-001", "Run 1"))
    run.model.mkdir(parents=True)
    np.save(folder / "labels.npy", np.zeros((4, 5), np.uint8))
    np.save(run.prediction, np.zeros((4, 5), np.uint8))
    survey = folder / "survey.sgy"
    survey.write_bytes(bytes(4000))
    axes = (Axis("y"), Axis("x"))
    job = Job(
        (Input(str(folder / "labels.npy"), None, "magnetics", "0" * 32),),
        str(folder / "labels.npy"),
        ("sand", "shale"),
        levels(2, 8, (2,), 1),
        Schedule(steps=2, block=(8, 8)),
        str(run.prediction),
        str(run.model),
        held_out=(Box((0, 0), (1, 1)),),
        axes=axes,
        recipe="map",
    )
    job.save(run.folder / "job.json")
    run.save(run.record)
    weights = description.WeightsFile("weights-0123456789abcdef.safetensors", "0" * 64)
    described = description.Description(
        weights, job.network, 1, job.classes, description.Normalisation((0.0,), (1.0,)), job.framing, axes=axes
    )
    sha = description.write(described, run.model)
    made = provenance.Provenance.of(job, (4, 5), classes=job.classes, run="run-001", labels="")
    provenance.write(run.prediction, provenance.replace(made, parts=(Part(Box.whole((4, 5)), 2, sha),)))
    update = '{"kind": "Progress", "task": "train", "step": 1, "steps": 2}\n'
    begun = '{"kind": "Run", "task": "train", "began": "", "command": "", "device": "cpu", "versions": {}}\n'
    (run.model / log.FILE).write_text(begun + update + '{"kind": "Memory", "bytes": 5}\n')
    states = np.zeros((2, 2, 3), np.float16)
    state_file.write(run.prediction, states, state_file.StatesRecord("model", ("stamp",), (2, 2)))
    record.write(run.folder / left_out.FILE, "leave-one-out", 2, {"folds": [], "words": []})
    manifest = Manifest(
        (SurveyEntry("magnetics", refer(survey, folder), {"axes": ["y", "x"]}, staged="inputs/a.npy", content="0"),),
        Grid.from_axes(axes, (4, 5)),
        classes=(ClassEntry(1, "sand", "#aa0000"), ClassEntry(2, "shale", "#00aa00")),
        knowledge=(KnowledgeEntry(refer(survey, folder), "points", {"a": 1}),),
        settings=Settings.of("map").to_dict(),
        held_out=HeldOut(1, (Box((0, 0), (1, 1)),)),
        current_run="run-001",
    )
    manifest.save(folder)
    well = Well("A", 1.0, 2.0, (Interval(0.0, 10.0, "sand"),), (1.0, 2.0), None)
    wells.save(folder, wells.KeptWells((well,), 1.0, 2.0))
    ViewRecord({"magnetics": Looks()}, {"labels": Looks()}, (0, 1), (1.0, 2.0), center=(0.0, 1.0)).save(folder)
    ClassTable.default(3).to_csv(folder / "classes.csv")
    measured = Measured(folder / "measured.json")
    measured.remember("kind", Speed(1.0, 2.0))
    answers = Answers(folder / "answers.json")
    said = {str(folder / "classes.csv"): {"kind": "points"}}
    record.write(folder / "answers.json", "answers", 1, {"files": said})
    recent = RecentSessions(folder / "recent.json")
    recent.opened(folder, "/data/north.sgy")
    (folder / "net.pt.json").write_text('{"bands": 3, "features": 64, "multiple": 16}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(remembered.VARIABLE, str(folder / "readings.json"))
        remembered.remember(survey, {"inline_byte": 9})
    journal = folder / "unfinished.jsonl"
    began = Journal(journal, {"model": "a"}, lambda: None)
    began.begin({"tiles": [1, 2]})
    began.finish(0, Box((0, 0), (1, 1)))
    began.flush()
    bricks = folder / "bricks"
    (bricks / MANIFEST).parent.mkdir(parents=True)
    (bricks / MANIFEST).write_text('{"version": 1, "source": {"path": "a"}, "reading": "b", "checksums": {"0": 5}}')
    (bricks / "zarr.json").write_text(json.dumps({"attributes": {store.KEY: {}}, "zarr_format": 3}))
    lock = SessionLock(folder / "locked")
    lock.path.parent.mkdir()
    lock.path.write_text(
        '{"program": "a", "host": "b", "process": 5, "started": 1.5, "since": "c", "token": "d"}', encoding="utf-8"
    )

    def opened() -> None:
        found = Manifest.load(folder)
        Grid.options.fget(found.grid) if found.grid is not None else None  # type: ignore[attr-defined]
        _ = found.table, found.inputs
        with contextlib.suppress(JobError):
            Settings.from_dict(found.settings)
        with contextlib.suppress(JobError):
            model_folder(folder)

    def recalled() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(remembered.VARIABLE, str(folder / "readings.json"))
            remembered.recall(survey, {"inline_byte": int})

    def listed() -> None:
        found = read_run(run.folder)
        _ = found.step, found.score, found.has_prediction, found.can_resume, found.checkpoints
        recovery.run_recovered(run.folder)

    def repeated() -> None:
        recovery.recovered(folder)
        Job.load(run.folder / "job.json")

    return {
        "manifest": Reader(folder / "session.json", opened),
        "desk": Reader(folder / "desk.json", lambda: ViewRecord.load(folder)),
        "wells": Reader(folder / "wells.json", lambda: wells.read(folder)),
        "run": Reader(run.folder / "run.json", listed),
        "job": Reader(run.folder / "job.json", repeated),
        "model": Reader(run.model / "model.json", lambda: (listed(), description.read(run.model))),
        "prediction": Reader(run.folder / "prediction.json", lambda: provenance.read(run.prediction).words()),
        "log": Reader(run.model / log.FILE, lambda: log.training(log.read(run.model))),
        "states": Reader(run.folder / "prediction-states.json", lambda: state_file.read(run.prediction)),
        "left out": Reader(run.folder / left_out.FILE, lambda: left_out.kept(run.folder)),
        "classes": Reader(folder / "classes.csv", lambda: ClassTable.from_csv(folder / "classes.csv")),
        "speeds": Reader(folder / "measured.json", lambda: measured.of("kind")),
        "answers": Reader(folder / "answers.json", lambda: answers.of(folder / "classes.csv")),
        "recent": Reader(folder / "recent.json", lambda: [Outline.of(one.path) for one in recent.all()]),
        "readings": Reader(folder / "readings.json", recalled),
        "journal": Reader(journal, lambda: Journal(journal, {"model": "a"}, lambda: None).finished(0)),
        "bricks": Reader(bricks / MANIFEST, lambda: read_manifest(bricks)),
        "store": Reader(bricks / "zarr.json", lambda: store.is_store(bricks)),
        "backbone": Reader(folder / "net.pt.json", lambda: Layout.beside(folder / "net.pt")),
        "lock": Reader(lock.path, lambda: lock.holder()),
    }


def changed(content: Any, chance: random.Random) -> Any:
    """Put something else somewhere into JSON, or take something out."""
    content = json.loads(json.dumps(content))
    places: list[tuple[Any, Any]] = []
    inside = [content]
    while inside:
        one = inside.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one))) if isinstance(one, list) else []
        places += [(one, key) for key in keys]
        inside += [one[key] for key in keys]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        one, key = chance.choice(places)
        with contextlib.suppress(LookupError):
            how = chance.random()
            if how < 0.15:
                del one[key]
            elif how < 0.25 and isinstance(one, dict):
                one[chance.choice(("strange", "kind", "format", "version"))] = one[key]
            else:
                one[key] = chance.choice(VALUES)
    return content


def damaged(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Damage without end, the usual first."""
    yield from (b"", b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, bytes(len(data)))
    yield from (b"[]", b"null", b"5", b"{}", b'"text"', b"\xff\xfe" + data, data.decode().encode("utf-16"))
    lines = data.splitlines(keepends=True)
    while True:
        how = chance.random()
        if how < 0.2:
            yield data[: chance.randrange(len(data))]
        elif how < 0.4:
            torn = bytearray(data)
            for _ in range(chance.randrange(1, 5)):
                torn[chance.randrange(len(torn))] = chance.randrange(256)
            yield bytes(torn)
        else:
            try:
                yield json.dumps(changed(json.loads(data), chance)).encode()
            except ValueError:  # a line of JSON after the other, or a table
                number = chance.randrange(len(lines))
                try:
                    other = json.dumps(changed(json.loads(lines[number]), chance)).encode() + b"\n"
                except ValueError:
                    cells = lines[number].split(b",")
                    cells[chance.randrange(len(cells))] = str(chance.choice(VALUES)).encode("utf-8", "replace")
                    other = b",".join(cells)
                yield b"".join((*lines[:number], other, *lines[number + 1 :]))


def test_whatever_stands_in_a_record_is_told_in_a_sentence_or_understood(readers):
    chance = random.Random(None if INPUTS else 20)
    each = max(20, (INPUTS or 2000) // len(readers))
    failed: dict[tuple[str, str], bytes] = {}
    for name, reader in readers.items():
        good = reader.path.read_bytes()
        reader.read()
        assert reader.path.read_bytes() == good, name
        for _, bad in zip(range(each), damaged(good, chance), strict=False):
            reader.path.write_bytes(bad)
            try:
                reader.read()
            except SENTENCES as error:
                if len(str(error)) > 1500:
                    failed.setdefault((name, "a long sentence"), bad[:1000])
            except Exception as error:
                failed.setdefault((name, repr(error)[:200]), bad[:1000])
            for aside in reader.path.parent.glob(f"{reader.path.name}.damaged*"):
                aside.unlink()
        shutil.rmtree(reader.path) if reader.path.is_dir() else reader.path.unlink(missing_ok=True)
        reader.path.write_bytes(good)
    assert not failed, "\n".join(f"{key}: {bad!r}" for key, bad in failed.items())


def test_a_session_in_which_everything_is_damaged_is_described(readers):
    folder = readers["manifest"].path.parent
    before = {reader.path: reader.path.read_bytes() for reader in readers.values()}
    chance = random.Random(7)
    try:
        for _ in range(max(30, INPUTS // 100)):
            for path, good in before.items():
                path.write_bytes(next(itertools.islice(damaged(good, chance), 11, None)))
            assert all(" cannot be read (" in words for words in damage.found(folder))
    finally:
        for path, good in before.items():
            path.write_bytes(good)
