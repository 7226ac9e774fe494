"""What a training begins with: a new network, the training before, or a network that was saved."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn.project.settings import Settings
from napari_fhn.session import Session
from napari_fhn.training import Job, JobError
from napari_fhn.training.recipes import RECIPES
from napari_fhn.training.transfer import copy_network, saved_job


@dataclass(frozen=True)
class Beginning:
    """Beside the settings and the labels: where the first weights come from.

    Parameters
    ----------
    resume : bool
        Go on with the training that was stopped, as if it had not been.
    network : Path or None
        Folder of a network whose weights are the first ones; None for new ones.
    """

    resume: bool = False
    network: Path | None = None

    def applied_to(self, job: Job, session: Session) -> Job:
        """Return a job that begins so.

        The network is copied into the session: its own one is about to be replaced, and a session that moves to another
        machine takes along what repeats it.

        Raises
        ------
        JobError
            When there is no network, or it cannot be copied.
        """
        if self.network is None:
            return job
        copy, part = session.folder / "begun-with", session.folder / "begun-with.part"
        try:
            shutil.rmtree(part, ignore_errors=True)
            copy_network(self.network, part)
            shutil.rmtree(copy, ignore_errors=True)
            part.rename(copy)
        except OSError as error:
            raise JobError(f"the network in {self.network} could not be copied: {error}") from error
        return replace(job, start_from=str(copy))


NEW = Beginning()


def settings_of(path: Path, now: Settings, recipes: tuple[str, ...]) -> Settings:
    """Return the settings that a saved network was trained by, with the objective of now, as that names classes.

    Parameters
    ----------
    path : Path
        Folder of the network, or of a session with one.
    now : Settings
        Those of the dock.
    recipes : tuple of str
        Names of those that go with the data.

    Raises
    ------
    JobError
        When no network is there, or it looks at other dimensions than any recipe for these data.
    """
    saved = saved_job(path)
    dimensions = saved.network.dimensions
    alike = [name for name in (now.recipe, *recipes) if RECIPES[name].network.dimensions == dimensions]
    if not alike:
        raise JobError(f"the network in {path} looks at {dimensions}D data, and these have other dimensions")
    return replace(
        now,
        recipe=alike[0],
        network=saved.network,
        schedule=replace(saved.schedule, objective=now.schedule.objective),
        position=saved.position,
        neighbours=saved.neighbours,
    )
