"""The steps in which files of what is known are read and burnt, each with its kinds and their reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from napari_fhn.labels import KINDS, OF_WELLS, LabelError, Source, plugins
from napari_fhn.project.knowledge import readers
from napari_fhn.project.knowledge.content import Asked, Content
from napari_fhn.project.knowledge.label_volume import label_volume

#: Parts the files of a step into those that are read together.
Grouping = Callable[[tuple[Source, ...]], Iterator[tuple[Source, ...]]]


def each(sources: tuple[Source, ...]) -> Iterator[tuple[Source, ...]]:
    """Yield each file alone."""
    yield from ((source,) for source in sources)


def of_wells(sources: tuple[Source, ...]) -> Iterator[tuple[Source, ...]]:
    """Yield all files about wells at once; what says nothing alone, as checkshots do, is left out without wells."""
    if makes_wells(sources):
        yield sources


def by_word(sources: tuple[Source, ...]) -> Iterator[tuple[Source, ...]]:
    """Yield files that have the same word as their option ``together`` at once, and others alone."""
    for word in dict.fromkeys(source.options.get("together", source.path) for source in sources):
        yield tuple(source for source in sources if source.options.get("together", source.path) == word)


@dataclass(frozen=True)
class Step:
    """Kinds of file that are burnt at the same time.

    Attributes
    ----------
    kinds : tuple of str
        As `napari_fhn.labels.KINDS` names them.
    read : callable
        Reads files that belong together.
    grouping : callable
        Says which ones do.
    """

    kinds: tuple[str, ...]
    read: Callable[[Asked], Content]
    grouping: Grouping = each


#: In the order in which they are burnt; what is burnt earlier is not replaced by what comes later.
STEPS = (
    Step(("labels",), label_volume),
    Step(OF_WELLS, readers.wells, of_wells),
    Step(("horizon",), readers.horizons, by_word),
    Step(("points",), readers.points),
    Step(("polygons",), readers.polygons),
)
#: The kinds of our own that become labels; those of other distributions come last.
LABELLING = tuple(kind for step in STEPS for kind in step.kinds)

#: Those of them that label nothing alone, and say where what others tell lies.
HELPING = ("deviation", "checkshots")


def reader_of(source: Source) -> Callable[[Asked], Content]:
    """Return what reads a file.

    Raises
    ------
    LabelError
        When files of its kind hold no labels.
    """
    for step in STEPS:
        if source.kind in step.kinds:
            return step.read
    if plugins.reader(source.kind) is not None:
        return readers.of_others
    raise LabelError(f"files of {source.kind or 'no kind'} hold no labels", "Say what it is", path=source.path)


def groups(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """Yield the files that are read together, in the order in which they are burnt.

    Everything about wells is read together, and horizons that have the same word as their option ``together``.
    What says nothing alone, as checkshots do, is left out where there are no wells.
    """
    every = tuple(sources)
    for step in STEPS:
        yield from step.grouping(tuple(source for source in every if source.kind in step.kinds))
    yield from each(tuple(source for source in every if plugins.reader(source.kind) is not None))


def makes_wells(sources: Iterable[Source]) -> bool:
    """Whether wells can be read from files: a log, or heads and tops."""
    kinds = {source.kind for source in sources}
    return "las" in kinds or {"wells", "tops"} <= kinds


def unread(sources: Iterable[Source]) -> list[str]:
    """Say which files say nothing, for what goes with them is not among the files.

    Raises
    ------
    LabelError
        When this is so of all of them, and of wells without tops, or tops without wells.
    """
    sources = tuple(sources)
    for source in sources:
        if source.kind not in LABELLING and plugins.reader(source.kind) is None:
            raise LabelError(f"a file of {source.kind or 'no kind'} holds no labels", "Leave it out", path=source.path)
    kinds = {source.kind: source for source in sources if source.kind in OF_WELLS}
    for kind, other in (("wells", "tops"), ("tops", "wells")):
        if kind in kinds and other not in kinds:
            raise LabelError(
                f"it holds {KINDS[kind]}, and no file says anything of {KINDS[other]}",
                "Give both, they are read together",
                path=kinds[kind].path,
            )
    left_out = [] if makes_wells(sources) else [source for source in sources if source.kind in OF_WELLS]
    if left_out and len(left_out) == len(sources):
        raise LabelError(
            f"it holds {KINDS[left_out[0].kind]}, and no file says what is where along the wells",
            "Give --las, or --wells with --tops, beside it",
            path=left_out[0].path,
        )
    return [f"{source.path.name} was left out, for there are no wells that it tells of." for source in left_out]
