"""``train`` as one of several processes, which ``torchrun`` starts: the first is the command, the others help it."""

from __future__ import annotations

import os
import platform
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from napari_fhn.cli.exits import OK, WRONG
from napari_fhn.cli.options import UsageError
from napari_fhn.cli.sessions import session_around


def started_together(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this process is one of several, without torch.

    Examples
    --------
    >>> started_together({"WORLD_SIZE": "1"})
    False
    """
    if environment.get("WORLD_SIZE", "1") in ("", "0", "1"):
        return False
    from napari_fhn.training.distributed import ranks

    return ranks.started_together(environment)


def refuse(command: str) -> None:
    """Refuse a command that several processes would each do as a whole.

    Raises
    ------
    UsageError
        With the way out.
    """
    if command != "train" and started_together():
        raise UsageError(f"several processes train together, and {command} is done by one: start it without torchrun")


def together(options: Namespace, command: Callable[[Namespace], int]) -> int:
    """Run a command in the first process, and help it in all others.

    Parameters
    ----------
    options : Namespace
        Of the command; ``ranks`` says with whom it trains.
    command : callable
        Does it, and returns the exit code.

    Returns
    -------
    int
        Exit code.
    """
    from napari_fhn.training.distributed import following, ranks
    from napari_fhn.training.job import JobError

    company = ranks.join()
    options.ranks = company
    try:
        if company.rank == 0:
            if ranks.restarted() and _has_begun(options):
                options.resume = True  # the same command again, after some of the processes were lost
            return command(options)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the first one says when it is over
        following.follow(company)
    except ranks.RankLost:
        if company.rank == 0:
            raise
        return WRONG  # said by the first, or by the one that is to blame
    except JobError as error:
        if company.rank == 0:
            raise
        if not company.parted:  # else the first has heard of it, and says it
            print(f"napari-fhn: process {company.rank} on {platform.node()}: {error}", file=sys.stderr)
        return WRONG
    finally:
        following.dismiss(company)
    return OK


def _has_begun(options: Namespace) -> bool:
    """Tell whether the training of a job in its place has been saved, so that there is something to go on with."""
    if options.job is None or options.resume or session_around(options.job) is not None:
        return False
    from napari_fhn.training.job import Job
    from napari_fhn.training.models.transfer import STATE

    return (Path(Job.load(options.job, trusted=options.trust_job).model) / STATE).is_file()
