"""What is known without labels, and where nothing is learnt, in a few words that every face takes alike.

``Salt=0.02:0.1`` is a share, ``Shale, Sand, Chalk`` an order, ``Salt=shelf.npy`` an absence and ``0:10,:,40:60`` a box.
Behind any of the first three, ``(weight 5)`` is how much it counts in the loss, where it is not the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from napari_fhn.box import Box
from napari_fhn.project.runs.settings import Settings
from napari_fhn.sentence import counted
from napari_fhn.surveys import reaching
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.training.errors import JobError
from napari_fhn.training.objective import Absence, Knowledge, Objective, Order, Share, Smoothness

SHARE_EXAMPLE = "Salt=0.02:0.1"
ABSENCE_EXAMPLE = "Salt=shelf.npy"
BOX_EXAMPLE = "0:10,:,40:60"

_WEIGHT = re.compile(r"\s*\(weight ([^()]*)\)\s*$")
_WITH_MASK = ";="
_BETWEEN, _JOINED = "|", " | "
_ALL = "all"

Part = Literal["shares", "order", "absences", "smoothness", "ignored"]
"""What a line of a form, or an option, holds."""

_KINDS: dict[str, type[Knowledge]] = {
    "shares": Share,
    "order": Order,
    "absences": Absence,
    "smoothness": Smoothness,
}


def share(text: str) -> Share:
    """Read how much of the survey a class fills.

    Parameters
    ----------
    text : str
        ``CLASS=LEAST:MOST``, shares from 0 to 1; one that is left out is 0 or 1.

    Raises
    ------
    JobError
        When it cannot be read; the message shows how it is written.

    Examples
    --------
    >>> share("Salt=0.02:0.1").at_most
    0.1
    """
    said, weight = _weighted(text)
    name, bounds = pair(said, SHARE_EXAMPLE)
    least, _, most = bounds.partition(":")
    try:
        return Share(name, float(least or 0), float(most or 1), **weight)
    except JobError:
        raise
    except ValueError as error:
        raise JobError(f"'{text}': {bounds} are no two numbers, as in {SHARE_EXAMPLE}") from error


def order(text: str) -> Order:
    """Read in which order layers lie, from top to bottom.

    Parameters
    ----------
    text : str
        Names of classes with commas; empty for all, as in the class table.

    Examples
    --------
    >>> order("Shale, Sand").class_names
    ('Shale', 'Sand')
    """
    said, weight = _weighted(text)
    return Order(tuple(name.strip() for name in said.split(",") if name.strip()), **weight)


def absence(text: str, folder: Path | None = None, shape: Sequence[int] | None = None) -> Absence:
    """Read where a class does not occur.

    Parameters
    ----------
    text : str
        ``CLASS=MASK`` with a ``.npy`` of the survey's shape that is not 0 there, or ``CLASS@BOX``, with ``;`` between
        several boxes as :func:`box` reads them; ``CLASS@BOX;=MASK`` is both.
    folder : Path, optional
        Against which the name of the mask is read; the working folder when absent.
    shape : sequence of int, optional
        Of the survey, for a box.

    Raises
    ------
    JobError
        When it cannot be read; the message shows how it is written.
    """
    said, weight = _weighted(text)
    # Absolute: the job may be trained again from another folder.
    place = folder or Path.cwd()
    name, _, inside = said.partition("@")
    if inside.strip() and shape is not None and "=" not in name:
        where, both, mask = inside.partition(_WITH_MASK)
        boxes = tuple(box(one, shape) for one in where.split(";") if one.strip())
        return Absence(name.strip(), boxes, _mask(place, mask.strip()) if both else None, **weight)
    name, mask = pair(said, ABSENCE_EXAMPLE)
    return Absence(name, mask=_mask(place, mask), **weight)


def _mask(folder: Path, named: str) -> str:
    """Return a mask as a job names it: absolute, or an address without its key."""
    return url_of(named) or str((folder / named).absolute())


def smoothness(weight: float | None = None) -> Smoothness:
    """Return that boundaries are few and short, with the usual weight or another."""
    return Smoothness() if weight is None else Smoothness(weight=weight)


def box(text: str, shape: Sequence[int]) -> Box:
    """Read a box of voxels.

    Parameters
    ----------
    text : str
        ``START:STOP`` for each axis with commas; an end that is left out is that of the survey.
    shape : sequence of int
        Of the survey.

    Raises
    ------
    JobError
        When it cannot be read, or does not lie in the survey.

    Examples
    --------
    >>> box("0:10,:", (20, 30))
    Box(start=(0, 0), stop=(10, 30))
    """
    try:
        ends = [[end.strip() for end in part.split(":")] for part in text.split(",")]
        start = tuple(int(one or 0) for one, _ in ends)
        stop = tuple(int(one or size) for (_, one), size in zip(ends, shape, strict=True))
    except ValueError as error:
        raise JobError(
            f"'{text}': write start:stop for each of the {counted(len(shape), 'axes')} of {tuple(shape)}, "
            f"as in {BOX_EXAMPLE}"
        ) from error
    if any(a < 0 or a >= b or b > size for a, b, size in zip(start, stop, shape, strict=True)):
        raise JobError(f"'{text}' is no box inside the survey, which is {tuple(shape)} voxels")
    return Box(start, stop)


def objective(
    base: Objective,
    shape: Sequence[int] | None = None,
    *,
    loss: str | None = None,
    balance: str | None = None,
    shares: Sequence[str] = (),
    layers: str | None = None,
    absences: Sequence[str] = (),
    smooth: float | None = None,
) -> Objective:
    """Return an objective with what a person said of it.

    Parameters
    ----------
    base : Objective
        Of the recipe, or of the training before; what is not said stays as it is there.
    shape : sequence of int, optional
        Of the survey, for boxes.
    loss : str, optional
        Names of losses with ``+`` between them.
    balance : str, optional
        How much more rare classes count.
    shares, absences : sequence of str
        As :func:`share` and :func:`absence` read them.
    layers : str, optional
        As :func:`order` reads them.
    smooth : float, optional
        Weight of smoothness.

    Raises
    ------
    JobError
        When something cannot be read; the message shows how it is written.
    """
    known: list[Knowledge] = [share(text) for text in shares]
    if layers is not None:
        known.append(order(layers))
    known += [absence(text, shape=shape) for text in absences]
    for url in filter(None, (url_of(str(one.mask)) for one in known if isinstance(one, Absence))):
        reaching.remember_address(url)  # a person has named it, which is asked for when it is read
    if smooth is not None:
        known.append(smoothness(smooth))
    losses = base.losses if loss is None else tuple(name.strip() for name in loss.split("+"))
    # What is said once more takes the place of what was known of the same kind.
    said = {type(term) for term in known}
    kept = tuple(term for term in base.knowledge if type(term) not in said)
    return replace(base, losses=losses, balance=balance or base.balance, knowledge=(*kept, *known))


def in_words(term: Knowledge, folder: Path | None = None) -> str:
    """Return a term as it is written, the way back of the functions above.

    Examples
    --------
    >>> in_words(share("Salt=0.02:0.1"))
    'Salt=0.02:0.1'
    """
    if isinstance(term, Smoothness):
        return _number(term.weight)
    usual = type(term).__dataclass_fields__["weight"].default
    behind = "" if term.weight == usual else f" (weight {_number(term.weight)})"
    if isinstance(term, Share):
        return f"{term.class_name}={_number(term.at_least)}:{_number(term.at_most)}{behind}"
    if isinstance(term, Order):
        return ", ".join(term.class_names) + behind
    mask = "" if term.mask is None else url_of(term.mask) or _near(Path(term.mask), folder)
    if not term.boxes:
        return f"{term.class_name}={mask}{behind}"
    boxes = ";".join(map(box_in_words, term.boxes))
    return f"{term.class_name}@{boxes}{_WITH_MASK + mask if mask else ''}{behind}"


def box_in_words(found: Box) -> str:
    """Return a box as :func:`box` reads it."""
    return ",".join(f"{a}:{b}" for a, b in zip(found.start, found.stop, strict=True))


def _near(path: Path, folder: Path | None) -> str:
    near = folder is not None and path.is_relative_to(folder)
    return str(path.relative_to(folder) if near and folder is not None else path)


def _number(value: float) -> str:
    """Return a number as it is read again, as short as can be."""
    return repr(float(value)).removesuffix(".0")


def _weighted(text: str) -> tuple[str, dict[str, Any]]:
    """Part what is said from the weight behind it."""
    found = _WEIGHT.search(text)
    if found is None:
        return text, {}
    try:
        return text[: found.start()], {"weight": float(found[1])}
    except ValueError:
        raise JobError(f"'{text}': {found[1]} is no weight, as in {SHARE_EXAMPLE} (weight 5)") from None


def pair(text: str, example: str) -> tuple[str, str]:
    """Part ``NAME=VALUE``.

    Raises
    ------
    JobError
        When one of them is missing; the message shows `example`.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(f"'{text}': write it as in {example}")
    return name.strip(), value.strip()


# All terms of a kind in one line -------------------------------------------------------------------------------------


def read_into(settings: Settings, part: Part, text: str, shape: Sequence[int], folder: Path | None = None) -> Settings:
    """Return settings with other terms of one kind, as they are written in one line.

    Parameters
    ----------
    settings : Settings
        Whose other terms stay.
    part : {"shares", "order", "absences", "smoothness", "ignored"}
        Which kind.
    text : str
        Terms with ``|`` between them; empty for none. An order of all classes is ``all``, a smoothness its weight.
    shape : sequence of int
        Of the survey, for boxes.
    folder : Path, optional
        Against which the names of masks are read.

    Raises
    ------
    JobError
        When they cannot be read; the message shows how they are written.
    """
    each = [one.strip() for one in text.split(_BETWEEN) if one.strip()]
    if part == "ignored":
        return replace(settings, ignored=tuple(box(one, shape) for one in each))
    found: list[Knowledge] = []
    for one in each:
        if part == "shares":
            found.append(share(one))
        elif part == "absences":
            found.append(absence(one, folder, shape))
        elif part == "order":
            found.append(order(_all_of(one)))
        else:
            # What else was said of it cannot be written here, and stays.
            usual = next((k for k in settings.schedule.objective.knowledge if isinstance(k, Smoothness)), Smoothness())
            found.append(replace(usual, weight=_weight_of(one)))
    if part in ("order", "smoothness") and len(found) > 1:
        raise JobError(f"'{text}': there is one {part}, not {len(found)}")
    objective = settings.schedule.objective
    kept = tuple(term for term in objective.knowledge if not isinstance(term, _KINDS[part]))
    changed = replace(objective, knowledge=(*kept, *found))
    return replace(settings, schedule=replace(settings.schedule, objective=changed))


def written(part: Part, settings: Settings, folder: Path | None = None) -> str:
    """Return the terms of one kind in one line, as :func:`read_into` reads them."""
    if part == "ignored":
        return _JOINED.join(map(box_in_words, settings.ignored))
    found = [term for term in settings.schedule.objective.knowledge if isinstance(term, _KINDS[part])]
    words = [in_words(term, folder) for term in found]
    if part == "order":
        words = [one if found[k].class_names else f"{_ALL}{one}" for k, one in enumerate(words)]  # type: ignore[union-attr]
    return _JOINED.join(words)


def renamed(settings: Settings, names: Mapping[str, str]) -> Settings:
    """Return settings whose terms speak of classes by other names.

    Parameters
    ----------
    settings : Settings
        Whose terms.
    names : mapping of str to str
        From the name of before to that of now.
    """
    objective = settings.schedule.objective

    def now(term: Knowledge) -> Knowledge:
        if isinstance(term, Order):
            return replace(term, class_names=tuple(names.get(name, name) for name in term.class_names))
        if isinstance(term, Share | Absence):
            return replace(term, class_name=names.get(term.class_name, term.class_name))
        return term

    changed = replace(objective, knowledge=tuple(map(now, objective.knowledge)))
    if changed == objective:
        return settings
    return replace(settings, schedule=replace(settings.schedule, objective=changed))


def _all_of(text: str) -> str:
    said, behind = (_WEIGHT.sub("", text).strip(), _WEIGHT.search(text))
    return text if said.lower() != _ALL else "" if behind is None else behind[0]


def _weight_of(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise JobError(f"'{text}' is no weight of the smoothness: write a number, such as 0.3") from error
