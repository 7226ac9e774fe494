"""Recipes: a network and a schedule that go together, by the name a person chooses. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.network.architecture import Architecture, architecture
from napari_fhn.training.job import JobError, Schedule


@dataclass(frozen=True)
class Recipe:
    """A network and how to train it.

    Parameters
    ----------
    title : str
        What the person reads in the list.
    description : str
        One sentence: what it is good for.
    network : Architecture
        The network.
    schedule : Schedule
        Block, steps, rates and augmentation.
    neighbours : bool
        Whether the network is told what the nearest labels say.
    """

    title: str
    description: str
    network: Architecture
    schedule: Schedule
    neighbours: bool = False


RECIPES: dict[str, Recipe] = {
    "sections": Recipe(
        "Sections (2.5D)",
        "Seismic volumes on a small machine: vertical sections in both directions, neighbours as channels.",
        architecture("sections"),
        Schedule(
            steps=300,
            batch=4,
            block=(96, 256),
            learning_rate=0.05,
            shear=0.15,
            shift=16.0,
            noise=0.1,
        ),
    ),
    "layers": Recipe(
        "Layers (2.5D, told by wells)",
        "Layers that change little from well to well: sections, and what the nearest wells say as channels.",
        architecture("sections"),
        Schedule(
            steps=300,
            batch=4,
            block=(96, 256),
            learning_rate=0.05,
            shear=0.06,
            shift=6.0,
            noise=0.1,
        ),
        neighbours=True,
    ),
    "volume": Recipe(
        "Blocks (3D)",
        "Seismic volumes with time or a GPU: whole blocks, which see geology in all directions.",
        architecture("volume"),
        Schedule(
            steps=300,
            batch=1,
            block=(64, 64, 128),
            learning_rate=0.05,
            shear=0.15,
            shift=16.0,
            noise=0.1,
        ),
    ),
    "map": Recipe(
        "Map (2D)",
        "Hyperspectral cubes, dates and stacks of maps: bands as channels, a map out.",
        architecture("map"),
        Schedule(steps=60, batch=1, block=(128, 128), learning_rate=0.03, noise=0.05),
    ),
}
"""Known recipes by name."""


def recipe(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises
    ------
    JobError
        For an unknown name; the message lists the known ones.
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise JobError(f"no recipe is called {name!r}; known are {', '.join(RECIPES)}") from None


def fitting(spatial_dimensions: int) -> tuple[str, ...]:
    """Return the names of the recipes that go with a survey, the one to begin with first."""
    return ("sections", "layers", "volume") if spatial_dimensions == 3 else ("map",)
