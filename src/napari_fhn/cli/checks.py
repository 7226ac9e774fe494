"""What the doctor looks at: each a name, what was found, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np

from napari_fhn import __version__, leftovers
from napari_fhn.digits import whole
from napari_fhn.sentence import counted

State = Literal["well", "worth knowing", "wrong"]

_GB = 1e9
_LITTLE_MEMORY, _LITTLE_DISK, _MUCH_FETCHED = 2 * _GB, 2 * _GB, 50 * _GB
_WINDOW_S, _TRAINING_S = 60, 40
#: Steps in which the small network has learnt its two layers, with some to spare.
_STEPS = 50
#: Share of the voxels that such a network has right after far fewer steps; one that says the same everywhere has half.
_UNDERSTOOD = 0.8
#: In the order in which they are told; those of the desk may be absent.
_LIBRARIES = ("numpy", "torch", "xarray", "zarr", "segyio", "rasterio", "h5py", "scipy", "scikit-image", "scikit-learn")
_DESK = ("napari", "npe2", "vispy", "qtpy", "PyQt6", "PySide6", "pyqtgraph")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What.
    found : str
        How it is.
    state : {"well", "worth knowing", "wrong"}
        Whether it keeps something from working.
    advice : str
        What to do; empty where nothing has to be done.
    """

    name: str
    found: str
    state: State = "well"
    advice: str = ""


def all_checks(*, quick: bool = False) -> Iterator[Check]:
    """Look at this machine.

    Parameters
    ----------
    quick : bool
        Without a window and without a training.
    """
    yield Check("napari-fhn", f"{__version__}, in {Path(__file__).parents[1]}")
    yield Check("system", f"{platform.platform()}, Python {platform.python_version()} ({sys.executable})")
    yield Check("libraries", _versions(_LIBRARIES))
    yield Check("the desk", _versions(_DESK) or "not installed: pip install 'napari-fhn[desk]'")
    yield _memory()
    yield from _disks()
    yield _fetched()
    devices = _devices()
    yield devices
    yield _threads()
    if quick:
        return
    yield _window()
    if devices.state != "wrong":
        yield _training()


def _versions(names: tuple[str, ...]) -> str:
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _memory() -> Check:
    from napari_fhn.training.machine.memory import free_bytes

    free = free_bytes()
    if free < _LITTLE_MEMORY:
        advice = "Close other programs, or say --memory 1GB: blocks and tiles are made to fit what there is."
        return Check("memory", f"{free / _GB:.1f} GB free", "worth knowing", advice)
    return Check("memory", f"{free / _GB:.1f} GB free")


def _fetched() -> Check:
    from napari_fhn.surveys.remote.fetched import fetched
    from napari_fhn.surveys.remote.fetching import folder, size_words

    found = fetched()
    total, old = sum(one.size for one in found), sum(one.size for one in found if one.old)
    words = f"{size_words(total)} in {folder()}" if total else "nothing"
    if total < _MUCH_FETCHED and old < _LITTLE_DISK:
        return Check("fetched files", words)
    advice = (
        f"napari-fhn fetched --clear {'old' if old > total / 2 else 'all'} makes room; what is needed is fetched again."
    )
    return Check("fetched files", words, "worth knowing", advice)


def _disks() -> Iterator[Check]:
    places = {"this folder": Path.cwd(), "temporary files": Path(tempfile.gettempdir()), "home": Path.home()}
    for name, path in places.items():
        try:
            free = shutil.disk_usage(path).free
            tempfile.TemporaryFile(dir=path).close()
        except OSError as error:
            advice = f"Work in a folder that can be written to, or name one with --session: {path} cannot."
            yield Check(f"disk, {name}", f"{path}: {error.strerror}", "worth knowing", advice)
            continue
        advice = f"A session takes about twice the room of its survey: make room in {path}, or name another --session."
        little = free < _LITTLE_DISK
        state: State = "worth knowing" if little else "well"
        yield Check(f"disk, {name}", f"{free / _GB:.1f} GB free in {path}", state, advice if little else "")


def _devices() -> Check:
    try:
        from napari_fhn.training.machine.device import choose_device, describe, present
    except ImportError as error:
        from napari_fhn.installed import in_words

        return Check("devices", "none", "wrong", in_words(error) or f"torch does not run here: {error}")
    known = present()
    told = describe(choose_device("auto"))
    found = f"{', '.join(known)}; auto takes {told.title} with {told.free / _GB:.1f} GB free"
    if known == ["cpu"] and shutil.which("nvidia-smi"):
        advice = "There is an NVIDIA driver, and this torch does not use it: install the build of torch for CUDA."
        return Check("devices", found, "worth knowing", advice)
    return Check("devices", found)


def _threads() -> Check:
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = os.environ.get("OMP_NUM_THREADS", "")
    found = counted(may, "processors") + (f", OMP_NUM_THREADS={said}" if said else "")
    if (whole(said) or 0) > may:
        advice = f"OMP_NUM_THREADS asks for more threads than there are processors: set it to {may}."
        return Check("threads", found, "worth knowing", advice)
    return Check("threads", found)


def _window() -> Check:
    """Ask OpenGL who it is, in a process of its own: a bad driver ends that one."""
    if not _versions(("napari",)):
        return Check("window", "not looked at: the desk is not installed")
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        advice = "There is no display: work from the command line, over X forwarding, or on a virtual one (xvfb-run)."
        return Check("window", "no display", "worth knowing", advice)
    command = [sys.executable, "-m", "napari_fhn.widgets.opengl"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WINDOW_S, check=False)
        found, told = done.stdout.strip(), done.stderr.strip().splitlines()
    except (OSError, subprocess.TimeoutExpired) as error:
        found, told = "", [str(error)]
    if not found:
        advice = "A window does not open here. On Linux, install the libraries that docs/how-to/install.md lists."
        return Check("window", told[-1] if told else "OpenGL ended the process", "wrong", advice)
    if any(word in found.lower() for word in ("llvmpipe", "softpipe", "software", "swiftshader")):
        advice = "The processor draws: 2D is fine, 3D slow. A driver for the graphics card makes it quick."
        return Check("window", found, "worth knowing", advice)
    return Check("window", found)


def _training() -> Check:
    """Train a small network on a small volume, predict it, and see whether it has understood it."""
    from napari_fhn import training
    from napari_fhn.network.architecture import levels
    from napari_fhn.training.control import Control
    from napari_fhn.training.job import Input, Job, Schedule
    from napari_fhn.training.updates import Failed, Progress

    rng = np.random.default_rng(0)
    truth = np.ones((8, 24, 32), np.uint8)
    truth[:, :, 14:] = 2
    labels = np.zeros_like(truth)
    labels[2::4, 4::8] = truth[2::4, 4::8]
    with leftovers.temporary() as name:
        folder = Path(name)
        np.save(folder / "input.npy", (rng.standard_normal(truth.shape) + 5 * truth).astype(np.float32))
        np.save(folder / "labels.npy", labels)
        np.save(folder / "prediction.npy", np.zeros_like(truth))
        job = Job(
            inputs=(Input(str(folder / "input.npy")),),
            labels=str(folder / "labels.npy"),
            classes=("above", "below"),
            network=levels(2, 8, (4, 4), 1, context=1),
            schedule=Schedule(steps=_STEPS, block=(8, 32)),
            prediction=str(folder / "prediction.npy"),
            model=str(folder / "model"),
            vertical_axis=2,
        )
        control, losses, begun = Control(watched=False), [], time.monotonic()
        for update in training.fit(job, control):
            if isinstance(update, Failed):
                return Check("training", update.message, "wrong", f"Report this: {update.message}")
            if isinstance(update, Progress) and update.loss is not None:
                losses.append(update.loss)
            if time.monotonic() - begun > _TRAINING_S:
                control.stop.set()
        took = time.monotonic() - begun
        for _ in training.predict(job, Control(watched=False)):
            pass
        share = float((np.load(folder / "prediction.npy") == truth).mean())
    learnt = f"loss {losses[0]:.2f} to {losses[-1]:.2f}" if losses else "no loss"
    found = f"{learnt} in {took:.1f} s, {100 * share:.0f} % of the voxels right"
    if control.stop.is_set():
        advice = f"A training of {_STEPS} small steps took more than {_TRAINING_S} s: see what else computes here."
        return Check("training", found, "worth knowing", advice)
    if share < _UNDERSTOOD:
        advice = "The network does not learn here what it learns elsewhere: report this, with what else is said above."
        return Check("training", found, "wrong", advice)
    return Check("training", found)
