"""What a session does on a disk that is full: run as a program on a small one, a word for each thing that is tried.

``python full_disk.py FOLDER [NAME ...]`` works in a folder whose disk it fills. Each line says what was tried and how
it ended: ``done``, or the sentence that a person sees.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

import napari_fhn as fhn
from napari_fhn.cli import main
from napari_fhn.training.files import keeping

SHAPE = (32, 40, 64)


def fill(left: int = 0) -> None:
    """Leave so many bytes free."""
    gc.collect()  # whoever has a file mapped that was removed keeps its room
    free = shutil.disk_usage(".").free
    if free > left:
        with open("filling", "ab") as file:
            os.posix_fallocate(file.fileno(), 0, os.path.getsize("filling") + free - left)


def empty() -> None:
    """Make room again."""
    Path("filling").unlink(missing_ok=True)


def known() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[::8, ::10, :32], labels[::8, ::10, 32:] = 1, 2
    return labels


def opened(name: str):
    survey = Path("survey.npy")
    if not survey.exists():
        np.save(survey, np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    return fhn.open(survey, session=name, axes=("inline", "crossline", "twt"))


def stroke() -> None:
    with opened("stroke") as work:
        labels = work.project.session.label_volume(SHAPE)
        fill()
        labels[...] = 1
        labels.flush()
    assert (np.load("stroke/labels.npy") == 1).all()


def burn() -> None:
    with opened("burn") as work:
        work.project.session.label_volume(SHAPE)
        fill(8192)
        work.label(known(), classes=["sand", "shale"])
    np.testing.assert_array_equal(np.load("burn/labels.npy"), known())


def holes() -> None:
    """A session of an earlier version, whose labels have no room yet."""
    with opened("holes"):
        np.lib.format.open_memmap("holes/labels.npy", mode="w+", dtype=np.uint8, shape=SHAPE)[0, 0, 0] = 1
    fill(8192)
    with opened("holes") as work:
        work.project.session.label_volume(SHAPE)[...] = 1


def stage() -> None:
    with opened("stage") as work:
        fill(20_000)
        try:
            work.project.stage()
        finally:
            assert not list(Path("stage").rglob("*.part*")), list(Path("stage").rglob("*"))


def _labelled(name: str):
    work = opened(name)
    work.label(known(), classes=["sand", "shale"])
    return work


def _small():
    from napari_fhn.network.architecture import levels
    from napari_fhn.project import Settings
    from napari_fhn.training import Schedule

    network, schedule = levels(2, 8, (2, 2), 1, context=1), Schedule(steps=3, block=(8, 8), batch=1)
    return replace(Settings.of("sections"), network=network, schedule=schedule, device="cpu")


def train() -> None:
    keeping.WAITED = 0.1
    with _labelled("train") as work:
        fit = work.fit(settings=_small())
        for update in fit:
            if isinstance(update, fhn.Progress) and update.step == 1:
                fill()


def predict() -> None:
    with _labelled("predict") as work:
        work.fit(settings=_small()).wait()
        fill(4096)
        work.predict(outputs=("probabilities",))


def tidy() -> None:
    from napari_fhn.project.predictions.predictions import Tidying, tidy

    with _labelled("tidy") as work:
        run = work.fit(settings=_small()).wait()
        work.predict()
        fill(4096)
        tidy(work.runs.get("run-001") if run is None else run, Tidying())


def export() -> None:
    _written("export", lambda work: work.save("classes.npy"))


def zarr() -> None:
    _written("zarr", lambda work: work.save("classes.zarr"))


def report() -> None:
    def ran(work):
        work.close()
        if main(["report", "--session", "report", "--output", "report.html"]):
            raise SystemExit(2)

    _written("report", ran)


def _written(name: str, write: Callable) -> None:
    with _labelled(name) as work:
        work.fit(settings=_small()).wait()
        work.predict()
        before = {path: path.read_bytes() for path in Path().glob("classes.*") if path.is_file()}
        fill(4096)
        try:
            write(work)
        finally:
            assert {path: path.read_bytes() for path in before} == before
            assert not list(Path().glob(".*partial")), list(Path().glob(".*"))


TRIED = {one.__name__: one for one in (stroke, burn, holes, stage, train, predict, tidy, export, zarr, report)}

if __name__ == "__main__":
    os.chdir(sys.argv[1])
    for name in sys.argv[2:] or TRIED:
        try:
            TRIED[name]()
            said = "done"
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}"
        print(f"{name}: {said}", flush=True)
        empty()
        shutil.rmtree(name, ignore_errors=True)
