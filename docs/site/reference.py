"""The pages of the reference of Python: which names each of them has; what is said of these are their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Room:
    """A page of the reference.

    Attributes
    ----------
    page : str
        Its name.
    title, words : str
        Its heading, and what stands below it.
    modules : tuple of str
        Whose ``__all__`` is told.
    named : tuple of str
        Further names, by their module.
    """

    page: str
    title: str
    words: str
    modules: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


ROOMS = (
    Room(
        "napari_fhn",
        "napari_fhn",
        "What `import napari_fhn as fhn` hands out: `open`, `fit`, `load`, what they return, and the updates that a "
        "training gives. [Python](../python.md) shows how they go together.",
        ("napari_fhn.api",),
        (
            "napari_fhn.box.Box",
            *(f"napari_fhn.training.updates.{name}" for name in ("Progress", "Score", "Note", "Done")),
        ),
    ),
    Room(
        "surveys",
        "napari_fhn.surveys",
        "Files to lazy labelled arrays, and back. No torch, no window.",
        ("napari_fhn.surveys", "napari_fhn.surveys.out", "napari_fhn.surveys.maps", "napari_fhn.surveys.bricks"),
    ),
    Room("labels", "napari_fhn.labels", "What is known about a survey.", ("napari_fhn.labels",)),
    Room("project", "napari_fhn.project", "A piece of work on the disk.", ("napari_fhn.project",)),
    Room(
        "training",
        "napari_fhn.training",
        "Jobs, recipes and updates; `fit` and `predict` on plain arrays, with torch, numpy and safetensors alone.",
        ("napari_fhn.training",),
        ("napari_fhn.training.recipes.Recipe",),
    ),
    Room("network", "napari_fhn.network", "The network, as data and as torch modules.", ("napari_fhn.network",)),
    Room(
        "attributes",
        "napari_fhn.structure.attributes",
        "Channels that follow from the data alone.",
        ("napari_fhn.structure.attributes",),
    ),
    Room("report", "napari_fhn.report", "Evaluations of a prediction.", ("napari_fhn.report",)),
)


def pages() -> Iterator[tuple[str, str]]:
    """Yield each page's path in the site and its Markdown."""
    seen: set[int] = set()
    for room in ROOMS:
        yield f"api/{room.page}.md", _page(room, seen)
    rows = [f"| [{room.title}]({room.page}.md) | {room.words.split('. ')[0].rstrip('.')} |" for room in ROOMS]
    head = "# Reference of Python\n\nMade of the docstrings. Their examples run in the tests.\n\n| | |\n|---|---|\n"
    yield "api/index.md", head + "\n".join(rows) + "\n"


def _page(room: Room, seen: set[int]) -> str:
    """Return a page; what an earlier one tells is not told again, and links lead there."""
    parts = [f"# {room.title}\n", room.words + "\n"]
    named = [_found(name) for name in room.named]
    seen |= {id(one) for one in named}
    for module in room.modules:
        if len(room.modules) > 1:
            parts.append(f"*`{module}`*{{ .room }}\n")
        parts += [_entry(name) for name in _told(module, seen)]
    parts += [_entry(f"{one.__module__}.{one.__qualname__}") for one in named]
    return "\n".join(parts)


def _told(module: str, seen: set[int]) -> Iterator[str]:
    """Yield the names that a module hands out, where they live; values and modules stay out."""
    room = import_module(module)
    # Functions before classes: what is done with a room is read first.
    for found in sorted((getattr(room, name) for name in room.__all__), key=inspect.isclass):
        if id(found) in seen or not (inspect.isclass(found) or inspect.isfunction(found)):
            continue
        seen.add(id(found))
        yield f"{found.__module__}.{found.__qualname__}"


def _found(name: str) -> Any:
    module, _, own = name.rpartition(".")
    return getattr(import_module(module), own)


def _entry(name: str) -> str:
    # What a class has from those it is made of is its own for whoever uses it.
    return f"::: {name}\n    options:\n      inherited_members: true\n"
