"""A session whose folder is gone, made anew of what is still in memory."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import ClassTable
from napari_fhn.labels.volumes.splits import slabs
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import FileReference, Manifest, refer
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.undo.steps import VOLUMES


def rescued(
    session: Session,
    volumes: Mapping[str, NDArray[np.uint8]],
    classes: ClassTable,
    wells: KeptWells,
    otherwise: Path,
    program: str,
) -> Session:
    """Write labels, classes, wells and what the session knew into a folder of its own, beside the one that is gone.

    Networks, predictions and copies of surveys were in the folder, and are where it is now, if it is anywhere.

    Parameters
    ----------
    session : Session
        Whose folder is gone.
    volumes : mapping of str to ndarray or memmap of uint8
        Its labels and what goes with them, as in :data:`~napari_fhn.project.undo.steps.VOLUMES`: a file that is mapped
        has them as long as it is, whatever became of its name.
    classes : ClassTable
        The classes.
    wells : KeptWells
        The wells.
    otherwise : Path
        Folder in which it is made where that of the session cannot be written in.
    program : str
        Who writes in it from now on.

    Returns
    -------
    Session
        In which `program` writes.

    Raises
    ------
    ProjectError
        When there is no folder to write in.
    """
    for parent in (session.folder.parent, otherwise, Path(tempfile.gettempdir())):
        if not (parent.is_dir() and os.access(parent, os.W_OK)):
            continue
        made = Session(_free(parent, session.folder))
        try:
            made.acquire(program)
            for name, known in volumes.items():
                volume = labels.volume.create(layout.array_in(made.folder, VOLUMES[name], known.shape), known.shape)
                # Of one in shards nothing is outside of those that were written.
                for box in known.written() if hasattr(known, "written") else slabs(volume):
                    volume[box] = known[box]
                volume.flush()
            made.change(**_kept(session.manifest, made.folder))
            made.set_classes(classes)
            if wells.wells:
                well_file.save(made.folder, wells)
        except (OSError, ValueError):
            made.release()
            continue
        return made
    raise ProjectError("there is no folder to keep its labels in", "Make room on a disk", path=session.folder)


def _free(parent: Path, folder: Path) -> Path:
    names = (f"{folder.stem}-rescued{'' if k == 1 else f'-{k}'}{folder.suffix}" for k in itertools.count(1))
    return next(path for path in (parent / name for name in names) if not path.exists())


def _kept(known: Manifest, folder: Path) -> dict[str, object]:
    """What the manifest says of files outside of the session, as seen from another folder."""

    def near(file: FileReference) -> FileReference:
        return refer(Path(file.absolute), folder, file.stamp) if file.absolute else file

    surveys = tuple(
        replace(one, file=None if one.file is None else near(one.file), staged="", content="") for one in known.surveys
    )
    knowledge = tuple(replace(one, file=near(one.file)) for one in known.knowledge)
    return {
        "surveys": surveys,
        "knowledge": knowledge,
        "grid": known.grid,
        "kind": known.kind,
        "vertical_axis": known.vertical_axis,
        "settings": known.settings,
        "held_out": known.held_out,
    }
