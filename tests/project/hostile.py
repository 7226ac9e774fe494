"""Sessions that somebody else has prepared, and the files of a person that none of them may touch.

A session is trained once; each case is a copy of it in which records name files outside, names are links, or files of
the person lie among those of the program. `drive` does with it whatever the command line knows, and tells what became
of the files of the person, which lie in `Person.folder` beside it: a thesis, a prediction with its neighbours, a
network.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_fhn.cli.commands import main
from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (8, 10, 32)
AXES = "inline,crossline,twt"
_LONGEST = 30
"""Seconds after which a command is taken for one that never ends."""

_PATHS = ("model", "prediction", "labels", "weights", "start_from")


class Hangs(BaseException):
    """A command that does not end by itself."""


@dataclass
class Outcome:
    """What became of one command in one hostile session.

    Parameters
    ----------
    case, verb : str
        Which.
    code : int or None
        Its exit code; None where it ended with a traceback.
    said : str
        What it printed.
    touched : list of str
        Files of the person that are not as they were.
    """

    case: str
    verb: str
    code: int | None
    said: str
    touched: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """A person's files.

    Parameters
    ----------
    folder : Path
        Where they lie.
    """

    folder: Path

    @property
    def thesis(self) -> Path:
        return self.folder / "thesis"

    def seen(self, also: tuple[Path, ...] = ()) -> dict[str, str]:
        """Return a digest of each file, and of what lies among those of a session."""
        found = {}
        for top in (self.folder, *also):
            for path in (top, *top.rglob("*")):
                if path.is_symlink():
                    found[str(path)] = f"a link to {os.readlink(path)}"
                elif path.is_file():
                    found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
                else:
                    found[str(path)] = "a folder" if path.is_dir() else "nothing"
        return found


@dataclass(frozen=True)
class Case:
    """A hostile session.

    Parameters
    ----------
    name : str
        What is wrong with it.
    make : callable
        Takes the folder of a session and the person, and makes it so; may return files in it that are the person's.
    verbs : tuple of str
        What is done with it; everything when empty.
    """

    name: str
    make: Callable[[Path, Person], Any]
    verbs: tuple[str, ...] = ()

    def wants(self, verb: str) -> bool:
        """Whether something is done with it."""
        return not self.verbs or verb in self.verbs or (verb.endswith("alone") and "alone" in self.verbs)


_WRITING = (
    "export", "export of a job", "export of labels", "predict and export", "runs use --step", "predict",
    "predict with its job", "leave one out", "report", "train --resume", "train --job", "alone",
)  # fmt: skip
_REMOVING = (
    "runs", "carry", "runs use --step", "predict", "leave one out", "train --resume", "train anew",
    "train anew and fail", "runs delete", "runs delete all",
)  # fmt: skip


def small_recipes() -> dict[str, Recipe]:
    """Return recipes of a few kernels."""
    return {
        "sections": Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32))),
        "layers": Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32))),
    }


def genuine(folder: Path) -> Path:
    """Train a small session with two runs, a prediction and all that is kept beside; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    np.save(folder / "survey.npy", values)
    known = np.zeros(SHAPE, np.uint8)
    for column, trace in enumerate((1, 5)):
        known[trace, 2 + column, :16], known[trace, 2 + column, 16:] = 1, 2
    np.save(folder / "known.npy", known)
    session = folder / "work.fhn"
    given = [str(folder / "survey.npy"), "--axes", AXES, "--labels", str(folder / "known.npy"), "--device", "cpu"]
    for steps in ("1", "2"):
        assert main(["train", *given, "--session", str(session), "--steps", steps, "--recipe", "sections"]) == 0
    assert main(["predict", "--session", str(session)]) == 0
    return session


def person(folder: Path, session: Path) -> Person:
    """Plant the files of a person: among them some that look like those of the program."""
    thesis = folder / "thesis"
    for name in ("checkpoints/step-00001", "checkpoints/drafts", "leave-one-out/fold-1", "runs/run-001", "structure"):
        (thesis / name).mkdir(parents=True)
        (thesis / name / "chapter.txt").write_text("years of work")
    alike = ("model.json", "job.json", "log.jsonl", "run.json", "weights-0123456789abcdef.safetensors")
    for name in (*alike, "notes.txt"):
        (thesis / name).write_text('{"years": "of work"}')
    np.save(thesis / "thesis.npy", np.full(SHAPE, 1, np.uint8))
    (thesis / "thesis.json").write_text("{}")
    for kind in ("entropy", "probabilities", "margin", "network", "reflectors", "unfinished", "states"):
        np.save(thesis / f"thesis-{kind}.npy", np.full(SHAPE, 0.5, np.float16))
    (thesis / "thesis-unfinished.jsonl").write_text("years of work")
    (folder / "home" / ".ssh").mkdir(parents=True)
    (folder / "home" / ".ssh" / "id_rsa").write_text("secret")
    shutil.copytree(session, folder / "other.fhn")
    return Person(folder)


def _named(field_: str, value: Callable[[Path, Path, Person], str]) -> Callable[[Path, Person], None]:
    """Return what lets a field of all jobs name something else."""

    def make(session: Path, owner: Person) -> None:
        for path in session.glob("runs/*/**/job.json"):
            said = json.loads(path.read_text())
            where = value(path.parent, session, owner)
            if field_ == "inputs":
                said["inputs"][0]["path"] = where
            elif field_ == "structure":
                said["combination"] = {"folder": where}
            else:
                said[field_] = where
            path.write_text(json.dumps(said))

    return make


def _target(name: str, owner: Person) -> Path:
    """Return what of the person's goes in the place of something of a session."""
    other = owner.folder / "other.fhn"
    if name == "folder":
        return owner.thesis
    alike = other / name
    return alike if alike.exists() else owner.thesis / "notes.txt"


def _linked(name: str, how: str) -> Callable[[Path, Person], None]:
    """Return what puts a link, a hard link, or something that is no file, in the place of a file of a session."""

    def make(session: Path, owner: Person) -> None:
        place = session / name
        target = _target(name, owner)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        if how == "link":
            place.symlink_to(target)
        elif how == "dangling":
            place.symlink_to(owner.folder / "home" / "planted.npy")
        elif how == "device":
            place.symlink_to("/dev/zero")
        elif how == "pipe":
            os.mkfifo(place)
        elif target.is_file():
            os.link(target, place)

    return make


def _stranger(name: str) -> Callable[[Path, Person], tuple[Path, ...]]:
    """Return what lays the person's files among those of a session."""

    def make(session: Path, owner: Person) -> tuple[Path, ...]:
        place = session / name
        if place.suffix:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(owner.thesis / "thesis.npy", place)
        else:
            shutil.copytree(owner.thesis, place)
        return (place,)

    return make


def _manifest(change: Callable[[dict[str, Any], Path, Person], None]) -> Callable[[Path, Person], None]:
    def make(session: Path, owner: Person) -> None:
        path = session / "session.json"
        said = json.loads(path.read_text())
        change(said, session, owner)
        path.write_text(json.dumps(said))

    return make


def _run_named(session: Path, owner: Person) -> None:
    for path in session.glob("runs/*/run.json"):
        said = json.loads(path.read_text())
        said["name"] = "fine\n\x1b]0;owned\x07run-002 is deleted"
        path.write_text(json.dumps(said))


def _project_of_the_person(session: Path, owner: Person) -> tuple[Path, ...]:
    """A folder with other work in it, of another program, in which nothing was trained yet."""
    shutil.rmtree(session)
    for name in ("inputs", "runs/run-001", "runs/run-002/model", "model", "masks", "structure", "kept"):
        shutil.copytree(owner.thesis, session / name)
    np.save(session / "prediction.npy", np.ones(SHAPE, np.uint8))
    return (session / "inputs", session / "runs", session / "model", session / "masks", session / "prediction.npy")


def _earlier(session: Path) -> None:
    """Make a session of an earlier version, which had no manifest and one training."""
    run = session / "runs" / "run-002"
    for name in ("model", "prediction.npy", "job.json"):
        (run / name).rename(session / name)
    for copy in (session / "inputs").iterdir():
        copy.rename(session / f"input-{copy.name}")
    shutil.rmtree(session / "runs")
    shutil.rmtree(session / "inputs")
    for name in ("session.json", "desk.json"):
        (session / name).unlink(missing_ok=True)
    for path in (session / "job.json", session / "model" / "job.json"):
        said = {key: value for key, value in json.loads(path.read_text()).items() if key not in ("format", "version")}
        said |= {"labels": str(session / "labels.npy"), "prediction": str(session / "prediction.npy")}
        said |= {"model": str(session / "model"), "weights": None}
        path.write_text(json.dumps(said))


def _earlier_with(name: str) -> Callable[[Path, Person], None]:
    def make(session: Path, owner: Person) -> None:
        _earlier(session)
        place = session / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        alike = {"model": "runs/run-002/model", "prediction.npy": "runs/run-002/prediction.npy"}
        place.symlink_to(owner.folder / "other.fhn" / alike.get(name, "labels.npy"))

    return make


def _earlier_of_another(session: Path, owner: Person) -> None:
    """An earlier session whose job names, from the root of the disk, another session that is there."""
    _earlier(session)
    other = owner.folder / "other.fhn"
    for path in (session / "job.json", session / "model" / "job.json"):
        said = json.loads(path.read_text())
        said |= {"labels": str(other / "labels.npy"), "prediction": str(other / "prediction.npy")}
        path.write_text(json.dumps(said | {"model": str(other / "model")}))


def _current(value: str) -> Callable[[dict[str, Any], Path, Person], None]:
    return lambda said, session, owner: said.update(current_run=value)


def cases() -> Iterator[Case]:
    """Yield every hostile session there is."""
    ways: dict[str, Callable[[Path, Path, Person], str]] = {
        "from the root": lambda folder, session, owner: str(owner.thesis / "thesis.npy"),
        "upwards": lambda folder, session, owner: os.path.relpath(owner.thesis / "thesis.npy", folder),
        "at home": lambda folder, session, owner: "~/thesis.npy",
        "of another session": lambda folder, session, owner: str(
            owner.folder / "other.fhn" / folder.relative_to(session) / "prediction.npy"
        ),
        "with a new line": lambda folder, session, owner: "a\nb.npy",
    }
    folders: dict[str, Callable[[Path, Path, Person], str]] = {
        "from the root": lambda folder, session, owner: str(owner.thesis),
        "upwards": lambda folder, session, owner: os.path.relpath(owner.thesis, folder),
        "at home": lambda folder, session, owner: "~",
        "of another session": lambda folder, session, owner: str(owner.folder / "other.fhn" / "runs/run-002/model"),
        "with a new line": lambda folder, session, owner: "a\nb",
    }
    for name in (*_PATHS, "inputs", "structure"):
        for how, where in (folders if name in ("model", "start_from", "structure") else ways).items():
            yield Case(f"jobs name {name} {how}", _named(name, where), _WRITING)
    for value in ("../../other.fhn/runs/run-001", "..", "run-1/../../x", "/", "run-٣"):
        yield Case(f"the current run is {value}", _manifest(_current(value)), _REMOVING)
    for value in ("{thesis}/thesis.npy", "../person/thesis/thesis.npy", "inputs/../../person/thesis/thesis.npy"):

        def staged(said: dict[str, Any], session: Path, owner: Person, value: str = value) -> None:
            said["surveys"][0]["staged"] = value.format(thesis=owner.thesis)

        yield Case(f"the copy of a survey is {value}", _manifest(staged), _REMOVING)
    for name in (
        "session.json", "desk.json", "wells.json", "labels.npy", "weights.npy", "accepted.npy", "carried.npy", "inputs",
        "runs", "kept", "masks", "structure", "runs/run-001", "runs/run-002", "runs/run-002/run.json",
        "runs/run-002/job.json", "runs/run-002/model", "runs/run-002/model/model.json", "runs/run-002/model/job.json",
        "runs/run-002/model/log.jsonl", "runs/run-002/model/training.safetensors", "runs/run-002/model/checkpoints",
        "runs/run-002/model/checkpoints/step-00001", "runs/run-002/prediction.npy", "runs/run-002/prediction.json",
        "runs/run-002/prediction-entropy.npy", "runs/run-002/prediction-unfinished.jsonl", "runs/run-002/report.html",
        "runs/run-002/leave-one-out", "runs/run-002/leave-one-out.json", "runs/run-003", ".run-001.deleted",
        "runs/.run-001.deleted",
    ):  # fmt: skip
        yield Case(f"{name} is a link", _linked(name, "link"))
        yield Case(f"{name} is a link to nothing", _linked(name, "dangling"))
    for name in ("labels.npy", "runs/run-002/prediction.npy", "runs/run-002/prediction.json",
                 "runs/run-002/model/log.jsonl", "runs/run-002/model/model.json", "session.json"):  # fmt: skip
        yield Case(f"{name} has a hard link", _linked(name, "hard"))
        yield Case(f"{name} is a device", _linked(name, "device"))
        yield Case(f"{name} is a pipe", _linked(name, "pipe"))
    for name in ("runs/run-001/thesis", "runs/run-002/thesis", "runs/run-001/model/thesis", "runs/run-001/begun-with",
                 "runs/run-002/model/checkpoints/thesis", "runs/run-003", "runs/run-004/model", "inputs/thesis.npy",
                 "masks/thesis.npy", "structure/thesis.npy", "kept/thesis.npy", "runs/run-002/leave-one-out/thesis",
                 "runs/.run-003.deleted", "runs/.run-of-before", "model"):  # fmt: skip
        yield Case(f"a thesis lies in {name}", _stranger(name), _REMOVING)
    yield Case("the names of runs forge lines", _run_named)
    yield Case("a folder with other work in it", _project_of_the_person, _REMOVING)
    for name in ("prediction.npy", "model", "labels.npy"):
        yield Case(f"an earlier session whose {name} is a link", _earlier_with(name))
    yield Case("an earlier session whose job names another", _earlier_of_another)


def verbs(session: Path, out: Path, survey: Path, known: Path) -> dict[str, list[str]]:
    """Return what is done with each of them, by name: commands that take a session or a job, the cheap ones first."""
    s, job = str(session), str(session / "runs" / "run-002" / "job.json")
    of_model = str(session / "runs" / "run-002" / "model" / "job.json")
    return {
        "runs": ["runs", "--session", s],
        "runs rename": ["runs", "rename", "1", "another", "--session", s],
        "runs compare": ["runs", "compare", "1", "2", "--session", s],
        "export": ["export", "classes", str(out / "a.npy"), "--session", s],
        "export of a job": ["export", "classes", str(out / "b.npy"), "--job", job, "--partial"],
        "export of labels": ["export", "labels", str(out / "c.npy"), "--session", s],
        "forecast": ["forecast", "--session", s],
        "diagnose": ["diagnose", "--job", of_model],
        "similar": ["similar", "--session", s, "--at", "1 2 3"],
        "carry": ["carry", "--session", s],
        "carry --erase": ["carry", "--session", s, "--erase"],
        "runs use": ["runs", "use", "1", "--session", s],
        "runs use --step": ["runs", "use", "2", "--step", "1", "--session", s],
        "predict": ["predict", "--session", s, "--run", "run-002", "--outputs", "entropy"],
        "predict with its job": ["predict", "--job", of_model],
        "predict and export": ["predict", "--session", s, "--output", str(out / "d.npy")],
        "predict another": ["predict", str(survey), "--axes", AXES, "--network", s, "--session", str(out / "n.fhn")],
        "score": ["score", "--session", s, "--run", "run-002", "--partial",
                  "--truth", str(survey.parent / "truth.npy")],
        "leave one out": ["score", "--session", s, "--run", "2", "--leave-one-out", "--folds", "2", "--steps", "1"],
        "report": ["report", "--session", s, "--run", "run-002", "--partial"],
        "train": ["train", "--session", s, "--steps", "1", "--device", "cpu"],
        "train --resume": ["train", "--session", s, "--resume", "--run", "run-002", "--steps", "4", "--device", "cpu"],
        "train --job": ["train", "--job", job, "--steps", "1", "--device", "cpu"],
        "train --start-from": ["train", "--session", s, "--start-from", s, "--steps", "1", "--device", "cpu"],
        "train anew": ["train", str(survey), "--axes", AXES, "--labels", str(known), "--session", s, "--steps", "1"],
        "train anew and fail": ["train", str(survey), "--axes", AXES, "--labels", str(known), "--session", s,
                                "--steps", "1", "--share", "nobody=1"],
        "runs delete": ["runs", "delete", "1", "--yes", "--session", s],
        "runs delete all": ["runs", "delete", "run-003", "run-004", "--yes", "--session", s],
    }  # fmt: skip


def by_hand(session: Path, place: Path) -> dict[str, list[str]]:
    """Take its manifest from a session, and return what is done with the jobs, which lie in no session then."""
    shutil.copytree(session, place / "alone", symlinks=True)
    (place / "alone" / "session.json").unlink(missing_ok=True)
    run = place / "alone" / "runs" / "run-002"
    # Whoever names a job by a way that is a link means the one that lies there.
    jobs = {"job": str(run / "job.json")}
    if not any(path.is_symlink() for path in (run / "model", run / "model" / "job.json")):
        jobs["job of its model"] = str(run / "model" / "job.json")
    return {
        f"{verb[0]} {' '.join(verb[1:])} with the {name} alone": [verb[0], "--job", job, *verb[1:], *more]
        for name, job in jobs.items()
        for verb, more in (
            (["train", "--steps", "1", "--device", "cpu"], []),
            (["predict"], []),
            (["score", "--leave-one-out", "--folds", "2", "--steps", "1"], []),
        )
    }


@contextlib.contextmanager
def _hurrying() -> Iterator[None]:
    def late(_number: int, _frame: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def done(case: str, verb: str, arguments: list[str]) -> Outcome:
    """Do one thing."""
    said = io.StringIO()
    code: int | None
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            with _hurrying():
                code = main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        except Hangs:
            code = None
            said.write("it does not end")
        except Exception:
            code = None
            said.write(traceback.format_exc())
    return Outcome(case, verb, code, said.getvalue())


def drive(case: Case, session: Path, place: Path, wanted: Callable[[str], bool] = lambda verb: True) -> list[Outcome]:
    """Make a hostile session in a folder of its own, do everything with it, and look what became of the person's files.

    Parameters
    ----------
    case : Case
        What is wrong with it.
    session : Path
        A genuine one.
    place : Path
        An empty folder.
    wanted : callable
        Which of its verbs.
    """
    place.mkdir(parents=True, exist_ok=True)
    owner = person(place / "person", session)
    hostile = place / "work.fhn"
    shutil.copytree(session, hostile)
    for name in ("survey.npy", "known.npy"):
        shutil.copyfile(session.parent / name, place / name)
    np.save(place / "truth.npy", np.indices(SHAPE)[2].astype(np.uint8) // 16 + 1)
    own = tuple(case.make(hostile, owner) or ())
    (place / "out").mkdir()
    survey, known = place / "survey.npy", place / "known.npy"
    before, home = owner.seen(own), os.environ.get("HOME")
    os.environ.setdefault("MPLCONFIGDIR", str(session.parent / "matplotlib"))
    surveys = [survey.read_bytes(), known.read_bytes()]
    os.environ["HOME"] = str(owner.folder / "home")
    outcomes = []
    try:
        todo = verbs(hostile, place / "out", survey, known)
        # As above.
        own_way = not any((hostile / name).is_symlink() for name in ("runs", "runs/run-002", "runs/run-002/job.json"))
        if own_way and (hostile / "runs" / "run-002").is_dir() and "pipe" not in case.name:
            with contextlib.suppress(OSError, shutil.Error):
                todo |= by_hand(hostile, place)
        for verb, arguments in todo.items():
            if not (case.wants(verb) and wanted(verb)):
                continue
            found = done(case.name, verb, arguments)
            after = owner.seen(own)
            # What the program adds to a folder that it was told to work in is its own.
            added = {name for name in after.keys() - before.keys() if not Path(name).is_relative_to(owner.folder)}
            found.touched = _changed(
                before,
                {name: what for name, what in after.items() if name not in added}
                | {name: after[name] for name in added if ".damaged" in name},
            )
            if [survey.read_bytes(), known.read_bytes()] != surveys:
                found.touched.append("a survey")
            before = after
            outcomes.append(found)
    finally:
        if home is not None:
            os.environ["HOME"] = home
    return outcomes


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the names under which not the same lies; what was set aside as damaged lies there under that name."""
    aside = {name for name in after if ".damaged" in name and after[name] == before.get(name.split(".damaged")[0])}
    # What has its name from then on is the program's own.
    aside |= {name for name in before if ".damaged" in name and after.get(name) == before[name]}
    kept = {name.split(".damaged")[0] for name in aside} | aside
    names = (before.keys() | after.keys()) - kept
    return sorted(name for name in names if before.get(name) != after.get(name))


def patched() -> contextlib.AbstractContextManager[None]:
    """Let the recipes be small ones for a while."""

    @contextlib.contextmanager
    def small() -> Iterator[None]:
        before = dict(RECIPES)
        RECIPES.update(small_recipes())
        try:
            yield
        finally:
            RECIPES.update({name: before[name] for name in small_recipes()})

    return small()
