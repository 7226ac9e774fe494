"""Attributes of the surveys of a session as further inputs of a job: derived when they are new or a survey has changed.

They lie beside the copies of the surveys, so that a machine that trains needs nothing but what reads these. The name of
a file tells what it was derived from, by which attribute, and with what was found for it: the same is derived once.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.leftovers import part_of
from napari_fhn.network.counting import in_words
from napari_fhn.project.data import backbones, dips
from napari_fhn.project.data.facts import facts_of, facts_on
from napari_fhn.project.data.inputs import note_copy, sweep
from napari_fhn.project.data.standing_in import not_at_hand
from napari_fhn.project.errors import ProjectError
from napari_fhn.structure.attributes import (
    AUTO,
    Attribute,
    AttributesError,
    Band,
    Facts,
    attribute,
    fitting,
    left_out,
    wanted,
)
from napari_fhn.structure.attributes.attribute import Fitted
from napari_fhn.structure.attributes.backbone import Backbone
from napari_fhn.structure.attributes.deriving import Derived, Sources
from napari_fhn.training.data.volume import open_input
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input, Job

if TYPE_CHECKING:
    from napari_fhn.project.project import Project, Told

_VERSION = 1
"""Of how attributes are computed: a higher one derives them again."""

_SHORT = 8

_DIPS_RATE = 1e6
"""Samples a second whose dips one processor finds: 28 million took it 22 s."""


@dataclass(frozen=True)
class Added:
    """Inputs with attributes.

    Parameters
    ----------
    inputs : tuple of Input
        The surveys' first.
    words : tuple of str
        What a person should know.
    """

    inputs: tuple[Input, ...]
    words: tuple[str, ...] = ()


def facts(project: Project) -> Facts:
    """Return what is known of the surveys of a piece of work, also where only their copies are at hand.

    Raises
    ------
    ProjectError
        When neither surveys nor anything about them is at hand.
    """
    vertical = project.vertical_axis
    if project.surveys is not None:
        return facts_of(project.surveys, vertical)
    manifest = project.session.manifest
    if manifest.grid is None or not manifest.inputs:
        raise ProjectError(
            f"{not_at_hand(project.session)}, and what attributes go by is not known",
            "Open them",
            path=project.session.folder,
        )
    each = [(entry.name, entry.bands or (Band(),) * entry.channels) for entry in manifest.inputs]
    return facts_on(manifest.grid, each, vertical)


def offered(project: Project) -> tuple[Attribute, ...]:
    """Return the attributes that the surveys of a piece of work have."""
    try:
        return fitting(facts(project))
    except (ProjectError, ValueError):
        return ()


def channels(texts: Sequence[str], known: Facts) -> int:
    """Return how many channels attributes give; those that labels are still to choose count for none.

    Raises
    ------
    JobError
        When the data do not have one.
    """
    return sum(len(one.channels(known)) for one in asked(texts, known))  # their layout was read already


def check_channels(shape: Sequence[int], known: Facts) -> None:
    """Refuse attributes to a network that reads the bands of a cube as an axis of space.

    Parameters
    ----------
    shape : sequence of int
        Spatial shape of the surveys, as a network is given them.
    known : Facts
        Of the data.

    Raises
    ------
    JobError
    """
    if tuple(shape) != known.shape:
        raise JobError(
            "attributes are channels, and this recipe reads the bands of a cube as an axis: choose another recipe"
        )


def asked(texts: Sequence[str], known: Facts) -> tuple[Attribute, ...]:
    """Return the attributes that were named, without those that labels are still to choose.

    Raises
    ------
    JobError
        When the data do not have one.
    """
    try:
        return wanted([text for text in texts if text != AUTO], known)
    except AttributesError as error:
        raise JobError(str(error)) from error


def add(
    project: Project,
    inputs: Sequence[Input],
    texts: Sequence[str],
    *,
    learnt: Sequence[Input] = (),
    held_out: Sequence[Box] = (),
    seed: int = 0,
    progress: Told | None = None,
) -> Added:
    """Return inputs with the attributes that a person asks for.

    Parameters
    ----------
    project : Project
        In whose session they are kept.
    inputs : sequence of Input
        Copies of its surveys.
    texts : sequence of str
        Attributes, ``"all"`` for all that fit, ``"auto"`` for those that help on labels left out.
    learnt : sequence of Input
        Those of a network that is to take them: what was found for them holds.
    held_out : sequence of Box
        Labels that nothing is asked of.
    seed : int
        Of what is drawn to choose.
    progress : callable, optional
        Told the share that is done of the attribute under way; what it raises ends the work.

    Raises
    ------
    JobError
        When the data do not have one, or there is no room for it.
    """
    if not texts:
        return Added(tuple(inputs))
    known = facts(project)
    arrays = [open_input(item) for item in inputs]
    for array in arrays:
        check_channels(array.shape[1:], known)
    sources = Sources(arrays, known.bands, lambda vertical: dips.dips_of(inputs, vertical, project.session.structure))
    if sources.bands != len(known.bands):
        raise JobError(
            "what is known of the bands of the surveys does not go with their copies: open the surveys again"
        )
    named, words = list(asked(texts, known)), []
    if AUTO in texts:
        chosen, why = _chosen(project, known, sources, held_out, seed)
        have = {one.text for one in named}
        named += [one for one in chosen if one.text not in have]
        words.append(why)
    words += [
        f"{one.title[:1].upper()}{one.title[1:]} is not among 'all' here: it takes the dips of the whole survey first, "
        f"some {math.prod(known.shape) / _DIPS_RATE / 60:,.0f} minutes. Name it ({one.name}) to have it all the same."
        for one in left_out(texts, known)
    ]
    fitted = {item.attribute: item.fitted for item in learnt if item.attribute}
    made = tuple(_derived(project, inputs, one, known, sources, fitted, progress) for one in named)
    sweep(project.session, [Path(item.path).name for item in made])
    return Added((*inputs, *made), tuple(words))


def of_network(project: Project, inputs: Sequence[Input], job: Job, progress: Told | None = None) -> tuple[Input, ...]:
    """Return inputs with the attributes that a network takes, derived as they were for it.

    Those of the data that it has learnt from are taken as they are, while they are there: neither what the data are nor
    a file that they came from has to be at hand.

    Raises
    ------
    JobError
        When these data do not have one; the message says why.
    """
    kept = _as_learnt(project, inputs, job)
    if kept is not None:
        return (*inputs, *kept)
    return add(project, inputs, job.attributes, learnt=job.inputs, progress=progress).inputs


def of_its_survey(inputs: Sequence[Input], job: Job) -> tuple[str, ...]:
    """Say which attributes of a network have other numbers on other data than it has learnt from.

    Parameters
    ----------
    inputs : sequence of Input
        The data, without attributes.
    job : Job
        Of the network.

    Returns
    -------
    tuple of str
        A sentence for each; none for the data that it has learnt from.
    """
    if _learnt_from(inputs, job):
        return ()
    asked_for = [attribute(text) for text in job.attributes if text != AUTO]
    return tuple(
        f"The {one.title} of each survey is counted from a column of its own: what the network has learnt of it "
        "on another survey may not hold here."
        for one in asked_for
        if one.of_each_survey
    )


def _learnt_from(inputs: Sequence[Input], job: Job) -> bool:
    """Whether a job has learnt from these data."""
    own = [item.stamp for item in job.inputs if not item.attribute]
    return all(own) and own == [item.stamp for item in inputs]


def _as_learnt(project: Project, inputs: Sequence[Input], job: Job) -> tuple[Input, ...] | None:
    """Return the attributes of a job, where they are those of these inputs and all of them are there; else None."""
    if not _learnt_from(inputs, job):
        return None
    folder = project.session.inputs
    kept = [replace(item, path=str(folder / Path(item.path).name)) for item in job.inputs if item.attribute]
    return tuple(kept) if all(Path(item.path).is_file() for item in kept) else None


def _chosen(
    project: Project, known: Facts, sources: Sources, held_out: Sequence[Box], seed: int
) -> tuple[tuple[Attribute, ...], str]:
    from napari_fhn.structure.attributes.choosing import choose
    from napari_fhn.training.data.labelled import LabelFile

    labels = LabelFile(str(project.session.labels), known.shape, max(project.classes.values), held_out)
    found = choose(fitting(known), known, sources, labels, seed=seed)
    return found.attributes, found.why


def _derived(
    project: Project,
    inputs: Sequence[Input],
    attribute: Attribute,
    known: Facts,
    sources: Sources,
    fitted: Mapping[str, Fitted],
    progress: Told | None,
) -> Input:
    """Return an attribute as an input, computed where it is not there yet."""
    learnt = fitted.get(attribute.text)
    made: _Made
    try:
        if isinstance(attribute, Backbone):
            made = _OfNetwork(attribute, inputs, known, learnt)
        else:
            made = Derived(attribute, known, sources, learnt)
        found = made.fitted
        stamp = _stamp(inputs, attribute, known, found)
        folder = project.session.inputs
        path = folder / f"{_words(attribute)}-{stamp[:_SHORT]}.npy"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            _write(path, made, progress)
            note_copy(project.session, path)
    except AttributesError as error:
        raise JobError(str(error)) from error
    record.write_text(path.with_suffix(".txt"), _about(attribute, made.names, inputs))
    return Input(str(path), 0, attribute.text, stamp, attribute.text, found)


class _Made(Protocol):
    """What an attribute is written from."""

    attribute: Attribute
    names: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def fitted(self) -> Fitted: ...

    def write(self, out: NDArray[np.float32], progress: Told | None = None) -> None: ...


class _OfNetwork:
    """Features of a network in a file."""

    def __init__(self, attribute: Backbone, inputs: Sequence[Input], known: Facts, learnt: Fitted | None) -> None:
        self.attribute: Attribute = attribute
        self.names = attribute.channels(known)
        self.shape = known.shape
        self._backbone, self._inputs, self._known = attribute, inputs, known
        if learnt is not None:
            attribute.check_same(learnt)
        self._fitted = learnt

    @property
    def fitted(self) -> Fitted:
        """What holds on the data as a whole."""
        if self._fitted is None:
            self._fitted = backbones.found_for(self._backbone, self._inputs, self._known)
        return self._fitted

    def write(self, out: NDArray[np.float32], progress: Told | None = None) -> None:
        """Compute all of it, into a file that another process maps too."""
        file = getattr(out, "filename", None)
        assert file is not None
        backbones.write(Path(file), self._backbone, self._inputs, self._known, self.fitted, progress)


def _write(path: Path, made: _Made, progress: Told | None) -> None:
    shape = (len(made.names), *made.shape)
    part = part_of(path)
    try:
        try:
            out = mapped.create(part, shape, np.float32)
        except OSError as error:
            if not mapped.is_full(error):
                raise
            raise JobError(
                f"the attribute {made.attribute.text!r} takes {in_words(4 * math.prod(shape))} on the disk of the "
                f"session, where {in_words(mapped.room(path))} are free: leave it out, or make room"
            ) from error
        made.write(out, progress)
        mapped.sync(out)
        del out
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _stamp(inputs: Sequence[Input], attribute: Attribute, known: Facts, fitted: Fitted) -> str:
    """Return a digest of all that an attribute depends on."""
    about: dict[str, Any] = {
        "version": _VERSION,
        "attribute": attribute.text,
        "facts": record.encode(known),
        "fitted": list(fitted),
        # From before copies had digests: where they are and when they were made.
        "inputs": [item.stamp or [item.path, os.stat(item.path).st_mtime_ns] for item in inputs],
    }
    return hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=16).hexdigest()


def _about(attribute: Attribute, names: Sequence[str], inputs: Sequence[Input]) -> str:
    """Return what a person, and the report, should know of the file."""
    of = ", ".join(item.name for item in inputs)
    return "\n".join((f"{attribute.title} of {of}", attribute.words, *(f"channel: {name}" for name in names), ""))


def _words(attribute: Attribute) -> str:
    text = f"backbone-{attribute.file.stem}" if isinstance(attribute, Backbone) else attribute.text
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40]
