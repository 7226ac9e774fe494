"""The factors of a job, opened where the packages that they need are there."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.structure.bodies import Labels
from napari_fhn.structure.factor import Factor, SeesSections
from napari_fhn.structure.snapping import Boundaries
from napari_fhn.training.combination.combiner import Combiner, Smoother
from napari_fhn.training.combination.preparing import Later, Meanwhile, Preparing, much
from napari_fhn.training.combination.settings import TITLES, Combination, Found, believed, fitting_factors
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.combination.smoothing import AlongReflectors, Guided, along_reflectors, among_bands
from napari_fhn.training.combination.upright import Laid, LaidSections, UprightLabels
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.stored import moved
from napari_fhn.training.job import Input, Job
from napari_fhn.training.machine.memory import free_bytes

if TYPE_CHECKING:
    from napari_fhn.structure.carrying import Carried
    from napari_fhn.training.combination.gating import Gated
    from napari_fhn.training.combination.pretrained import PretrainedFeatures


def open_combiner(
    job: Job, frame: Frame, labels: LabelFile | None, found: Found | None = None
) -> tuple[Combiner | None, list[str]]:
    """Open what a job's prediction is made of beside the network.

    Parameters
    ----------
    job : Job
        Says which factors.
    frame : Frame
        How the data are looked at.
    labels : LabelFile or None
        What is known; followed while it changes, and read with what is hidden of it. None where nothing is: then
        nothing is carried from it.
    found : Found, optional
        How much each counts; what is believed without. Then a training begins, which does not wait for what has to be
        known of the data before: until its ``preparing`` is ready others speak.

    Returns
    -------
    combiner : Combiner or None
        None for the network alone.
    notes : list of str
        What the person should know about it.
    """
    wanted = job.combination
    if wanted is None or frame.map_axis is not None or (found is not None and found.alone):
        return None, []
    fit = fitting_factors(len(frame.shape), frame.vertical_axis is not None, frame.map_axis is not None)
    names = fit if wanted.factors is None else tuple(name for name in wanted.factors if name in fit)
    if found is not None:
        names = tuple(one.name for one in found.factors if one.name in names and one.weight > 0)
    elif not names:
        return None, []
    notes: list[str] = []
    if found is not None and names and (labels is None or not labels.counts.any()):
        without = " and nothing ".join(TITLES[name] for name in names)
        notes.append(
            f"Nothing is labelled here that could say more than the network: it predicts with nothing {without}."
        )
        names, found = (), replace(found, snapped=False)
    shown = None if labels is None else Shown(labels)
    carries = "reflectors" in (fit if wanted.factors is None else wanted.factors)
    try:
        factors, smoother, preparing = _open(names, job, wanted, frame, shown, carries, waits=found is not None)
        boundaries = _boundaries(frame, shown) if wanted.snapping != "off" else None
    except ImportError as error:
        return None, [
            f"The network alone predicts: {error.name or 'a package'} is not installed, which the rest needs."
        ]
    vertical = frame.vertical_axis
    averages = wanted.smoothing != "off" if found is None else bool(found.reach)
    if not (factors or averages):
        preparing = None
    if found is None and preparing is not None and shown is not None:
        factors = {
            name: Meanwhile(factor, preparing, shown, vertical) if name == "reflectors" else factor
            for name, factor in factors.items()
        }
        smoother = None if smoother is None else Later(smoother, preparing)
    if found is None:
        usual = smoother.usual if averages and smoother is not None else ()
        found = replace(believed(tuple(factors)), reach=usual, snapped=boundaries is not None)
    combiner = Combiner(factors, found, frame.shape, vertical, smoother, boundaries)
    combiner.preparing = preparing
    return combiner, notes


def _open(
    names: Sequence[str],
    job: Job,
    wanted: Combination,
    frame: Frame,
    labels: Labels | None,
    carries: bool,
    *,
    waits: bool,
) -> tuple[dict[str, Factor], Smoother, Preparing | None]:
    # Here, since they bring scipy and scikit-learn with them, which a machine that only computes may lack.
    if frame.vertical_axis is not None:
        from napari_fhn.structure.carrying import Carried
        from napari_fhn.structure.dips import DipField

        vertical = frame.vertical_axis
        upright = vertical == len(frame.shape) - 1
        stamp = _stamp(job.inputs[0]) + ("" if upright else f"-{vertical}")
        folder = Path(wanted.folder) if wanted.folder else None
        amplitudes = moved(frame.volume.channel(0), vertical, -1)
        dips = DipField.open(amplitudes, folder, stamp=stamp, memory=_room(job))
        factors: dict[str, Factor] = {}
        last: Callable[[], object] = lambda: None  # noqa: E731
        if labels is not None and names:
            standing = labels if upright else UprightLabels(labels, vertical)
            carried = Carried(standing, dips)
            if carries:
                last = lambda: carried.marches.lattice  # noqa: E731
        preparing = Preparing(dips, last) if much(dips, math.prod(dips.shape)) else None
        if labels is not None and "reflectors" in names:
            factors["reflectors"] = carried
        if labels is not None and "pretrained" in names:
            beside = Carried(standing, dips, marches=carried.marches) if carries else None
            factors["pretrained"] = _pretrained(standing, job, frame, beside, None if waits else preparing)
        if not upright:
            factors = {
                name: (LaidSections if isinstance(factor, SeesSections) else Laid)(factor, vertical)
                for name, factor in factors.items()
            }
        return factors, AlongReflectors(dips, vertical), preparing
    from napari_fhn.structure.patches import Patches
    from napari_fhn.structure.pixels import PixelModel

    factors = {}
    if labels is None:
        return factors, Guided(frame.volume), None
    if "bands" in names:
        _check_there("sklearn")  # which it asks for in the middle of its work
        factors["bands"] = PixelModel(labels, frame.volume, dates=frame.volume.dates)
    if "patches" in names:
        factors["patches"] = Patches(labels)
    return factors, Guided(frame.volume), None


def _boundaries(frame: Frame, labels: Labels | None) -> Boundaries | None:
    """Return what labelled boundaries look like; None where there is no such thing."""
    vertical = frame.vertical_axis
    if vertical is None or labels is None:
        return None
    upright = labels if vertical == len(frame.shape) - 1 else UprightLabels(labels, vertical)
    return Boundaries(upright, moved(frame.volume.channel(0), vertical, -1))


def _pretrained(
    labels: Labels, job: Job, frame: Frame, carried: Carried | None, preparing: Preparing | None
) -> PretrainedFeatures | Gated:
    """Open the factor of features that were learnt beforehand; `labels` have their vertical axis last."""
    # Here and not above, as they need torch: the viewer asks which factors there are.
    from napari_fhn.training.combination.gating import Gated
    from napari_fhn.training.combination.pretrained import PretrainedFeatures
    from napari_fhn.training.combination.sections import Sections
    from napari_fhn.training.machine.device import choose_device
    from napari_fhn.training.models import gating
    from napari_fhn.training.models.pretrained import bundled

    assert frame.vertical_axis is not None
    sections = Sections(frame.volume, frame.vertical_axis, bundled(), choose_device(job.device))
    features = PretrainedFeatures(labels, sections)
    if carried is None:
        return features
    return Gated(features, carried, gating.bundled(), lambda: preparing is None or preparing.ready)


def _room(job: Job) -> int:
    """Bytes of the machine's memory that finding dips may take: half of what a person gives, or of what is free."""
    free = free_bytes()
    return (free if job.memory is None else min(free, job.memory)) // 2


def get_ready() -> None:
    """Import what factors of maps ask for in the middle of their work, so that a first answer need not wait for it."""
    with contextlib.suppress(ImportError):
        from napari_fhn.structure.voices import get_ready

        get_ready()


def _check_there(package: str) -> None:
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)


def least_reach(frame: Frame) -> tuple[int, ...]:
    """Return the least that probabilities can be averaged along the structure of a survey; empty where it has none."""
    if frame.map_axis is not None:
        return ()
    vertical = frame.vertical_axis
    if vertical is None:
        return among_bands(len(frame.shape))[0]
    return along_reflectors([traces for axis, traces in enumerate(frame.shape) if axis != vertical])


def _stamp(item: Input) -> str:
    """Return what tells the data of an input from others: their digest, or else which file it is."""
    if item.stamp:
        return item.stamp
    found = os.stat(item.path)
    return f"{os.path.abspath(item.path)} {found.st_size} {found.st_mtime_ns}"
