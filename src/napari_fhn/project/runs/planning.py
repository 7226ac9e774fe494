"""The network and schedule to begin with: what a person says, and for the rest what suits data, labels and device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_fhn.box import Box
from napari_fhn.network.comparison import map_axis
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.project import Project
from napari_fhn.project.runs.assembler import held_out_boxes
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions.manifest import HeldOut
from napari_fhn.training import choice, recipes
from napari_fhn.training.choice import RecipeChoice
from napari_fhn.training.combination.said import check_said
from napari_fhn.training.combination.settings import Choice
from napari_fhn.training.data import neighbours
from napari_fhn.training.data.neighbours import Agreement
from napari_fhn.training.machine.memory import free_bytes, taken_device


def agreement(project: Project, held_out: Sequence[Box] = ()) -> Agreement | None:
    """Return how well labelled places foretell each other; None where that means nothing."""
    shape, vertical = project.shape, project.vertical_axis
    if (vertical is None and len(shape) != 2) or not project.session.has_labels:
        return None
    return neighbours.agreement(str(project.session.labels), shape, max(project.classes.values), vertical, held_out)


def choose_recipe(
    project: Project, *, device: str = "cpu", memory: int | None = None, held_out: Sequence[Box] = ()
) -> RecipeChoice:
    """Choose the recipe to begin with, by the data, the labels, the device and what it may take of its memory.

    Raises
    ------
    JobError
        When none goes with such data.
    """
    kind, room = _device_and_room(device, memory)
    return choice.choose(
        project.shape,
        project.channels,
        kind,
        room,
        vertical_axis=project.vertical_axis,
        classes=max(project.classes.values),
        agreement=agreement(project, held_out),
        bands=project.bands,
    )


def recipe_before_labels(
    shape: Sequence[int],
    channels: int,
    *,
    vertical_axis: int | None,
    bands: int | None = None,
    classes: int | None = None,
    device: str = "auto",
    memory: int | None = None,
) -> tuple[RecipeChoice, str]:
    """Return the recipe that a session begins with as far as the data say, and what labels may change about that.

    Parameters
    ----------
    shape, channels, vertical_axis, bands, classes
        Of the data, as `napari_fhn.training.choice.choose` takes them.
    device, memory
        On which they are trained, and what may be used of its memory.

    Raises
    ------
    JobError
        When none goes with such data.
    ProjectError
        When nobody has said which axis of a volume is upright.
    """
    _check_named(shape, vertical_axis)
    kind, room = _device_and_room(device, memory)
    classes = choice.CLASSES if classes is None else classes
    found = choice.choose(shape, channels, kind, room, vertical_axis=vertical_axis, classes=classes, bands=bands)
    other = choice.where_labels_agree(found, shape, vertical_axis)
    return found, f"With labels that foretell each other train takes {other!r}." if other else ""


def _check_named(shape: Sequence[int], vertical_axis: int | None) -> None:
    """Refuse to choose for a volume of which nobody knows where it is up."""
    if vertical_axis is None and len(shape) == 3:
        raise ProjectError(
            "the axes of the volume have no names",
            "Say which axis is two-way time or depth with --vertical-axis N, or that none is with --recipe volume; or "
            "name them all with --axes, as in y,x,band for bands",
        )


def _device_and_room(device: str, memory: int | None) -> tuple[str, int]:
    """Return the kind of a device, and the bytes that may be used there."""
    device = taken_device(device)
    return device.partition(":")[0], free_bytes(device) if memory is None else memory


def plan(
    project: Project,
    recipe: str = "",
    *,
    start_from: str | Path | None = None,
    base: Settings | None = None,
    held_out: HeldOut | None = None,
    steps: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    memory: int | None = None,
    network: str | None = None,
) -> tuple[Settings, str]:
    """Return the settings of a training of which only some are said, and why they are so.

    Parameters
    ----------
    project : Project
        The work.
    recipe : str
        Name of a recipe; the one that suits data, labels and device when empty.
    start_from : path-like, optional
        A network to begin with: without a recipe its architecture and schedule are taken too.
    base : Settings, optional
        Those that are taken where neither recipe nor network is named, such as the session's own.
    held_out : HeldOut, optional
        Labels that training will not see; those of the manifest when absent.
    steps, seed, device, memory
        Other than those of the recipe.
    network : str, optional
        In place of the recipe's, as `Settings.with_network` takes it. A network of the paper is trained by its own
        schedule where nothing else is named.

    Returns
    -------
    Settings
    str
        A sentence about what was chosen; empty where the person chose.

    Raises
    ------
    JobError, ProjectError
        When no recipe goes with such data, or no network is where one is named.
    """
    why = ""
    if recipe:
        cubes = project.surveys is None or project.surveys.cube is not None
        recipes.check_fits(recipe, len(project.shape), vertical=project.vertical_axis is not None, cubes=cubes)
    elif network and base is None and start_from is None:
        recipe = recipes.beside(network)  # nobody named it: whether the network goes with the data is said of that
    if recipe:
        settings = Settings.of(recipe)
    elif start_from is not None:
        settings = Settings.of(project.recipes[0]).like(start_from, project.recipes)
        why = f"Network and schedule are those of {start_from}."
    elif base is not None:
        settings = base
    else:
        _check_named(project.shape, project.vertical_axis)
        wanted = project.session.manifest.held_out if held_out is None else held_out
        known = project.session.known()
        first_seed = 0 if seed is None else seed
        boxes, _ = held_out_boxes(known, wanted, project.vertical_axis, first_seed)
        suits = choose_recipe(project, device=device or "auto", memory=memory, held_out=boxes)
        settings = Settings.suggested(suits)
        why = f"Recipe {suits.name!r}. {suits.why}"
        if project.surveys is not None and project.surveys.kind == "array" and project.vertical_axis is None:
            why += " Its axes have no names: if it is a line, say so with --axes trace,twt."
    said: dict[str, Any] = {"device": device, "memory": memory}
    settings = replace(settings, **{name: value for name, value in said.items() if value is not None})
    return settings.with_network(network).with_numbers(steps=steps, seed=seed), why


def combined(
    project: Project,
    settings: Settings,
    factors: str | Sequence[str] | None,
    smoothing: Choice | None,
    order: Choice | None,
    snapping: Choice | None,
) -> Settings:
    """Return settings with what a person says now of what a prediction is made of beside the network.

    Parameters
    ----------
    project : Project
        The work.
    settings : Settings
        Of the training.
    factors, smoothing, order, snapping
        As in `Settings.with_combination`; None where nothing is said.

    Raises
    ------
    JobError
        For what there is not, or means nothing to the data.
    """
    found = settings.with_combination(factors, smoothing, order, snapping)
    said = () if factors is None or found.combination is None else found.combination.factors or ()
    vertical, cube = project.vertical_axis is not None, map_axis(settings.network) is not None
    check_said(len(project.shape), vertical, cube, said, smoothing, order, snapping)
    return found
