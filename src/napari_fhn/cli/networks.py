"""Which network a command is about: that of a session, of a recipe, or one written in words."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from napari_fhn.cli.options import UsageError, add_session
from napari_fhn.cli.sessions import asked
from napari_fhn.digits import whole
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.network.language import parse
from napari_fhn.network.presets import named
from napari_fhn.training.data.framing import Position
from napari_fhn.training.job import Job
from napari_fhn.training.recipes import RECIPES, beside, recipe
from napari_fhn.training.schedule import Schedule


@dataclass(frozen=True)
class Chosen:
    """A network, how it would be trained, and the job that it is of, if it is of one.

    Parameters
    ----------
    name : str
        As it was asked for.
    network : NetworkDescription
        The network.
    schedule : Schedule
        Of the job or recipe, or that by which a network of the paper was trained; else blocks of 64 voxels along each
        axis.
    job : Job or None
        Of the session.
    position, neighbours
        What the network is told beside the data, as in ``Job``.
    """

    name: str
    network: NetworkDescription
    schedule: Schedule
    job: Job | None = None
    position: Position = "vertical"
    neighbours: bool = False


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add ``--session``, ``--job``, ``--recipe`` and ``--network``."""
    add_session(parser)
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="network of a recipe")
    parser.add_argument(
        "--network",
        metavar="WORDS",
        help="named (sections, volume, map, paper.seismic, paper.resnet1, paper.a, …) or written, as in "
        "'3d 12: 2x8 | down 3x16 | up 6x8'",
    )


def chosen(options: argparse.Namespace) -> Chosen:
    """Return the network that the options name.

    Raises
    ------
    UsageError
        When they name none or several, or the words are no network.
    JobError, ProjectError
        When the session, its run or the job cannot be read.
    """
    if _named(options) != 1:
        raise UsageError("say which network: one of --session (or --job), --recipe and --network")
    if options.recipe is not None:
        return of_recipe(options.recipe)
    if options.network is not None:
        network = in_words(options.network)
        if known := beside(options.network):  # of the paper: on the block it was trained on
            found = recipe(known)
            return Chosen(options.network, network, found.schedule, None, found.position, found.neighbours)
        return Chosen(options.network, network, Schedule(batch=1, block=(64,) * network.dimensions))
    job = asked(options).job
    return Chosen(str(options.session or options.job), job.network, job.schedule, job)


def names_none(options: argparse.Namespace) -> bool:
    """Tell whether nobody said which network."""
    return _named(options) == 0


def of_recipe(name: str) -> Chosen:
    """Return the network of a recipe.

    Raises
    ------
    JobError
        When there is no such recipe.
    """
    found = recipe(name)
    return Chosen(name, found.network, found.schedule, None, found.position, found.neighbours)


def _named(options: argparse.Namespace) -> int:
    """Return in how many ways a network is named."""
    return sum(item is not None for item in (options.session or options.job, options.recipe, options.network))


def in_words(text: str) -> NetworkDescription:
    """Return a network by its name or from the words that describe it.

    Raises
    ------
    UsageError
        When there is no such network.
    """
    try:
        return parse(text) if ":" in text else named(text)
    except ValueError as error:
        raise UsageError(f"--network: {error}") from error


def sizes(text: str) -> tuple[int, ...]:
    """Read voxels along axes, such as ``64,64,128`` or ``64x64x128``.

    Raises
    ------
    argparse.ArgumentTypeError
        When they are no positive whole numbers.
    """
    found = tuple(whole(part) or 0 for part in text.lower().replace("x", ",").split(","))
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' are no sizes: write them as 64,64,128")
    return found
