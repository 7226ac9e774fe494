"""The network and schedule to begin with: what a person says, and for the rest what suits data, labels and device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_fhn.box import Box
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.project import Project
from napari_fhn.project.runs.assembler import held_out_boxes
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions.manifest import HeldOut
from napari_fhn.training import choice, recipes
from napari_fhn.training.choice import RecipeChoice
from napari_fhn.training.data import neighbours
from napari_fhn.training.data.neighbours import Agreement
from napari_fhn.training.errors import JobError
from napari_fhn.training.machine.memory import free_bytes, taken_device


def agreement(project: Project, held_out: Sequence[Box] = ()) -> Agreement | None:
    """Return how well labelled places foretell each other; None where that means nothing."""
    shape, vertical = project.shape, project.vertical_axis
    if (vertical is None and len(shape) != 2) or not project.session.has_labels:
        return None
    return neighbours.agreement(str(project.session.labels), shape, max(project.classes.values), vertical, held_out)


def choose_recipe(project: Project, *, device: str = "cpu", held_out: Sequence[Box] = ()) -> RecipeChoice:
    """Choose the recipe to begin with, by the data, the labels and the device.

    Raises
    ------
    JobError
        When none goes with such data.
    """
    device = taken_device(device)
    kind = device.partition(":")[0]
    return choice.choose(
        project.shape,
        project.channels,
        kind,
        free_bytes(device),
        vertical_axis=project.vertical_axis,
        classes=max(project.classes.values),
        agreement=agreement(project, held_out),
        bands=project.bands,
    )


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
    if network and base is None and start_from is None:
        recipe = recipe or recipes.beside(network)
    if recipe:
        line = project.vertical_axis is not None and len(project.shape) == 2
        if line and recipe not in project.recipes:
            # A recipe of maps would swap time and trace, one of blocks has an axis too many.
            raise JobError(
                f"the recipe {recipe!r} does not go with a line, which is one upright section: choose "
                f"{' or '.join(project.recipes)}"
            )
        settings = Settings.of(recipe)
    elif start_from is not None:
        settings = Settings.of(project.recipes[0]).like(start_from, project.recipes)
        why = f"Network and schedule are those of {start_from}."
    elif base is not None:
        settings = base
    else:
        if project.vertical_axis is None and len(project.shape) == 3:
            raise ProjectError(
                "the axes of the volume have no names",
                "Say which axis is two-way time or depth with --vertical-axis N, or that none is with --recipe volume",
            )
        wanted = project.session.manifest.held_out if held_out is None else held_out
        known = project.session.known()
        first_seed = 0 if seed is None else seed
        boxes, _ = held_out_boxes(known, wanted, project.vertical_axis, first_seed)
        suits = choose_recipe(project, device=device or "auto", held_out=boxes)
        settings = Settings.suggested(suits)
        why = f"Recipe {suits.name!r}. {suits.why}"
        if project.surveys is not None and project.surveys.kind == "array" and project.vertical_axis is None:
            why += " Its axes have no names: if it is a line, say so with --axes trace,twt."
    said: dict[str, Any] = {"device": device, "memory": memory}
    settings = replace(settings, **{name: value for name, value in said.items() if value is not None})
    return settings.with_network(network).with_numbers(steps=steps, seed=seed), why
