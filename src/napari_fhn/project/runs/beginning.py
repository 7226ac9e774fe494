"""What a training begins with: new weights, the training that was stopped, or a network that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_fhn.project.sessions import layout, migration
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import removing
from napari_fhn.training.models.transfer import copy_network, model_folder


@dataclass(frozen=True)
class Beginning:
    """Beside the settings and the labels: where the first weights come from.

    Parameters
    ----------
    resume : bool
        Go on with a training that was stopped, as if it had not been.
    run : str
        Which one; the newest that can go on when empty.
    network : Path or None
        Folder of a network, or of a run or session with one, whose weights are the first ones; None for new ones.
    """

    resume: bool = False
    run: str = ""
    network: Path | None = None


NEW = Beginning()


def network_folder(path: str | Path) -> Path:
    """Return the folder of a trained network.

    Parameters
    ----------
    path : path-like
        The folder itself, that of a run, or a session: the network of its current run then.

    Raises
    ------
    JobError
        When no trained network is there.
    """
    folder = Path(path)
    if layout.has_manifest(folder):
        current = migration.manifest_of(folder).current_run
        folder = folder / layout.RUNS / current if current else folder
    return model_folder(folder)


def copy_beginning(network: Path, target: Path) -> Path:
    """Copy the network that a training begins with into its run, which then repeats itself wherever it is taken.

    Parameters
    ----------
    network : Path
        As in `Beginning`.
    target : Path
        Folder of the copy.

    Raises
    ------
    JobError
        When there is no network, or it cannot be copied.
    """
    source = network_folder(network)
    part = target.with_name(target.name + ".part")
    try:
        removing.network(part)
        copy_network(source, part)
        removing.network(target)
        part.rename(target)
    except OSError as error:
        removing.network(part)
        raise JobError(f"the network in {network} could not be copied: {error}") from error
    return target
