"""Recipes: a network and a schedule that go together, by the name a person chooses. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from napari_fhn import plugins
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.paper import AQUIFER, HYPERSPECTRAL, PAPER, SEISMIC
from napari_fhn.network.paper_compared import COMPARED
from napari_fhn.network.presets import architecture
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.data.framing import Position
from napari_fhn.training.job import JobError, Schedule
from napari_fhn.training.objective import Objective


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
    position : {"none", "vertical", "all"}
        Along which axes the network is told where a voxel lies.
    suits : tuple of int
        Numbers of spatial axes of the surveys that a recipe of another distribution is offered for: 2 for maps, 3 for
        volumes. For ours `fitting` says it.
    combination : Combination or None
        What predictions are made of beside the network; None for the network alone.
    on_line : (str, str) or None
        Title and description where it is offered for a line, which has no sections beside it; None where they are the
        same.
    """

    title: str
    description: str
    network: Architecture
    schedule: Schedule
    neighbours: bool = False
    position: Position = "vertical"
    suits: tuple[int, ...] = (2, 3)
    combination: Combination | None = field(default_factory=Combination)
    on_line: tuple[str, str] | None = None

    def words(self, *, line: bool = False) -> tuple[str, str]:
        """Return its title and its description as a person reads them who works on a volume or a map, or on a line.

        Examples
        --------
        >>> RECIPES["sections"].words(line=True)[0], RECIPES["volume"].words(line=True)[0]
        ('Section (2D)', 'Blocks (3D)')
        """
        return (self.on_line if line else None) or (self.title, self.description)


_SECTIONS = Schedule(
    steps=300,
    batch=4,
    block=(96, 256),
    learning_rate=0.07,
    shear=0.15,
    shift=16.0,
    noise=0.1,
    pseudo_labels=0.75,
)

_SPECTRA = Schedule(
    steps=120, batch=1, block=(128, 128), learning_rate=0.03, weight_decay=0.2, average=0.98, noise=0.05
)

_PAPER = Schedule(
    optimiser="sgd", momentum=0.9, decay="step", decay_factor=0.1, weight_decay=0.0, gradient_norm=0.0, flips=(0, 1)
)
"""What the paper's trainings share; those with another optimiser or without flips say so."""

_OURS: dict[str, Recipe] = {
    "sections": Recipe(
        "Sections (2.5D)",
        "Seismic lines, and volumes on a small machine: vertical sections in both directions, neighbours as channels.",
        architecture("sections"),
        _SECTIONS,
        on_line=("Section (2D)", "A seismic line: one vertical section, trace by trace and sample by sample."),
    ),
    "layers": Recipe(
        "Layers (2.5D, told by wells)",
        "Layers that change little from well to well: sections, and what the nearest wells say as channels.",
        architecture("layers"),
        replace(_SECTIONS, learning_rate=0.05, shear=0.06, shift=6.0),
        neighbours=True,
        on_line=(
            "Layers (2D, told by wells)",
            "Layers that change little from well to well: the line, and what the nearest wells say as channels.",
        ),
    ),
    "volume": Recipe(
        "Blocks (3D)",
        "Seismic volumes with time or a GPU: whole blocks, which see geology in all directions.",
        architecture("volume"),
        replace(_SECTIONS, batch=1, block=(64, 64, 128), learning_rate=0.05, pseudo_labels=0.0),
    ),
    "map": Recipe(
        "Map (2D)",
        "Maps, dates and stacks of grids: bands as channels, a map out.",
        architecture("map"),
        Schedule(
            steps=300,
            batch=4,
            block=(64, 64),
            learning_rate=0.03,
            weight_decay=0.05,
            average=0.98,
            noise=0.2,
            permute=(0, 1),
        ),
    ),
    "spectra": Recipe(
        "Spectra (2D)",
        "Hyperspectral cubes and their dates: bands as channels, which noise must not blur.",
        architecture("map"),
        _SPECTRA,
    ),
    "regions": Recipe(
        "Regions (2D, told by patches)",
        "Maps of regions wider than the gaps between the labels: maps as channels, and what the nearest labels say.",
        architecture("map"),
        replace(_SPECTRA, steps=300),
        neighbours=True,
        position="all",
    ),
    "paper.seismic": Recipe(
        "Peters et al. 2024: seismic",
        "The paper's interpretation of a seismic volume from boreholes: large blocks, for a GPU with much memory.",
        architecture("paper.seismic"),
        # Two rounds of 120 steps, the second at a tenth of the rate. Their rate of 1e-3 is about a fortieth of the size
        # of the finest kernels here; the third round, without augmentation, is left out.
        replace(
            _PAPER,
            steps=240,
            batch=4,
            accumulate=4,
            block=SEISMIC.block,
            optimiser="adam",
            learning_rate=0.025,
            decay_every=120,
            permute=(0, 1),
            objective=Objective(balance="block"),
        ),
        position="none",
        combination=None,
    ),
    "paper.hyperspectral": Recipe(
        "Peters et al. 2024: time-lapse hyperspectral",
        "The paper's change map from two hyperspectral cubes: a slice of a 3D network, on a grid half as fine.",
        architecture("paper.hyperspectral"),
        # 35 steps and 30 more at a tenth of the rate, all of both cubes in one block. Their loss is the sum over 50
        # labels at a rate of 1e-3, which makes 0.05 for its mean.
        replace(_PAPER, steps=65, batch=1, block=HYPERSPECTRAL.block, learning_rate=0.05, decay_every=35, flips=()),
        position="none",
        combination=None,
    ),
    "paper.aquifer": Recipe(
        "Peters et al. 2024: aquifer",
        "The paper's regional map from stacks of maps, geology one-hot among them: few of the labels in each step.",
        architecture("paper.aquifer"),
        # The steps, a tenth of the labels in each, flips and permutations are the paper's; the rates are ours.
        replace(
            _PAPER,
            steps=140,
            batch=1,
            block=AQUIFER.block,
            learning_rate=0.2,
            decay_every=70,
            permute=(0, 1),
            labels_share=0.1,
        ),
        position="none",
        combination=None,
    ),
}
"""Ours by name. Those of the paper have the settings of its text and of its authors' public scripts."""


def _check(name: str, found: Any) -> Recipe:
    """Hold what another distribution adds against what a recipe is."""
    made = found if isinstance(found, Recipe) else found() if callable(found) else found
    if not isinstance(made, Recipe):
        raise TypeError(f"it gives {type(made).__name__}, and no Recipe")
    if not made.title.strip():
        raise ValueError("its recipe has no title")
    dimensions = made.network.dimensions
    if len(made.schedule.block) != dimensions:
        raise ValueError(f"its network has {dimensions} dimensions, and its block {len(made.schedule.block)}")
    if not made.suits or not set(made.suits) <= {2, 3}:
        raise ValueError(f"it suits surveys of {made.suits} axes, and there are those of 2 and of 3")
    return made


RECIPES: plugins.Registry[Recipe] = plugins.Registry(_OURS, lambda: plugins.discover(plugins.RECIPES, _check))
"""Known recipes by name: ours, and behind them those of other distributions (entry points ``napari_fhn.recipes``)."""


def recipe(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises
    ------
    JobError
        For an unknown name; the message lists the known ones.

    Examples
    --------
    >>> recipe("sections").title
    'Sections (2.5D)'
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise JobError(f"no recipe is called {name!r}; known are {', '.join(RECIPES)}") from None


def beside(network: str) -> str:
    """Return the recipe by which a network of the paper was trained, by the name of the network; empty for others.

    Examples
    --------
    >>> beside("paper.resnet1"), beside("paper.seismic"), beside("volume")
    ('paper.hyperspectral', 'paper.seismic', '')
    """
    name = network.removeprefix("paper.")
    if name == network:
        return ""
    paper = COMPARED[name].beside if name in COMPARED else PAPER.get(name)
    return next((f"paper.{own}" for own, found in PAPER.items() if found is paper), "")


def fitting(spatial_dimensions: int, *, vertical: bool = False, cubes: bool = False) -> tuple[str, ...]:
    """Return the names of the recipes that go with a survey, the one to begin with first.

    Parameters
    ----------
    spatial_dimensions : int
        2 for maps and lines, 3 for volumes.
    vertical : bool
        Whether one of the axes is two-way time or depth: with two axes it is a line, which is one section.
    cubes : bool
        Whether the maps are cubes, each with the same bands, of which a network can make one more axis.

    Examples
    --------
    >>> fitting(3)[0], fitting(2)[0]
    ('sections', 'map')
    """
    RECIPES.look()
    others = tuple(name for name in RECIPES.plugins if spatial_dimensions in RECIPES[name].suits)
    if spatial_dimensions == 3:
        return ("sections", "layers", "volume", "paper.seismic", *others)
    if vertical:
        return ("sections", "layers", *others)
    return ("map", "spectra", "regions", "paper.aquifer", *(("paper.hyperspectral",) if cubes else ()), *others)


def check_fits(name: str, spatial_dimensions: int, *, vertical: bool = False, cubes: bool = False) -> None:
    """Refuse a recipe that does not go with a survey.

    A recipe of maps would swap time and trace of a line, or label a volume slice by slice and know nothing of layers;
    one of blocks has an axis too many for a map.

    Parameters
    ----------
    name : str
        Of a recipe.
    spatial_dimensions, vertical, cubes
        As in :func:`fitting`.

    Raises
    ------
    JobError
        With those that do; for a name that no recipe has with those that there are.
    """
    recipe(name)
    fit = fitting(spatial_dimensions, vertical=vertical, cubes=cubes)
    if name in fit or spatial_dimensions not in (2, 3):
        return
    seen = "a volume" if spatial_dimensions == 3 else "a line, which is one upright section" if vertical else "a map"
    if not cubes and seen == "a map" and name in fitting(spatial_dimensions, cubes=True):
        seen = "maps that are no cubes of the same bands"
    raise JobError(f"the recipe {name!r} does not go with {seen}: choose {', '.join(fit[:-1])} or {fit[-1]}")


def check_begun(name: str, spatial_dimensions: int, *, vertical: bool = False, cubes: bool = False) -> None:
    """Refuse what began with a recipe that does not go with a survey: settings, or a saved job that is trained anew.

    These have a network and a schedule of their own. A name that says nothing here is passed over: an earlier version
    wrote none, and the recipe of another distribution need not be installed where its job is done.

    Parameters
    ----------
    name : str
        Of the recipe; empty where nobody knows.
    spatial_dimensions, vertical, cubes
        As in :func:`fitting`.

    Raises
    ------
    JobError
        As :func:`check_fits`.

    Examples
    --------
    >>> check_begun("", 3), check_begun("acme.gone", 3)
    (None, None)
    """
    if name in RECIPES:
        check_fits(name, spatial_dimensions, vertical=vertical, cubes=cubes)
