"""The other processes of a training: they have no face and write no file, and make the steps of the first one."""

from __future__ import annotations

import contextlib

from napari_fhn.training.distributed.ranks import RankLost, Ranks
from napari_fhn.training.job import Job
from napari_fhn.training.models import suspended
from napari_fhn.training.steps.stepping import Stepping


def lead(job: Job, ranks: Ranks, *, resume: bool) -> None:
    """Give the others a job; the first process does so before it trains.

    Parameters
    ----------
    job : Job
        What is trained.
    ranks : Ranks
        The processes.
    resume : bool
        A training goes on.
    """
    ranks.tell({"job": job.to_dict(), "resume": resume})


def follow(ranks: Ranks) -> None:
    """Help the first process with each job that it trains, until it is done.

    Parameters
    ----------
    ranks : Ranks
        Of which this process is not the first.

    Raises
    ------
    JobError
        When this process or another cannot go on.
    """
    while (said := ranks.tell(None)) is not None:
        job = Job.from_dict(said["job"])
        stepping = Stepping(job, ranks, suspended.load(job.model) if said["resume"] else None)
        with stepping.setup.device_settled():
            stepping.follow()


def dismiss(ranks: Ranks) -> None:
    """Let the others go: there are no more jobs."""
    if ranks.rank == 0 and not ranks.parted:
        with contextlib.suppress(RankLost):
            ranks.tell(None)
    ranks.close()
