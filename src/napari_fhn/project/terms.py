"""What is known without labels, and where nothing is learnt, in a few words that every face takes alike.

``Salt=0.02:0.1`` is a share, ``Shale, Sand, Chalk`` an order, ``Salt=shelf.npy`` an absence and ``0:10,:,40:60`` a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_fhn.box import Box
from napari_fhn.training.errors import JobError
from napari_fhn.training.objective import Absence, Knowledge, Order, Share, Smoothness

SHARE_EXAMPLE = "Salt=0.02:0.1"
ABSENCE_EXAMPLE = "Salt=shelf.npy"
BOX_EXAMPLE = "0:10,:,40:60"


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
    name, bounds = _pair(text, SHARE_EXAMPLE)
    least, _, most = bounds.partition(":")
    try:
        return Share(name, float(least or 0), float(most or 1))
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
    return Order(tuple(name.strip() for name in text.split(",") if name.strip()))


def absence(text: str, folder: Path | None = None, shape: Sequence[int] | None = None) -> Absence:
    """Read where a class does not occur.

    Parameters
    ----------
    text : str
        ``CLASS=MASK`` with a ``.npy`` of the survey's shape that is not 0 there, or ``CLASS@BOX``, with ``;`` between
        several boxes as :func:`box` reads them.
    folder : Path, optional
        Against which the name of the mask is read; the working folder when absent.
    shape : sequence of int, optional
        Of the survey, for a box.

    Raises
    ------
    JobError
        When it cannot be read; the message shows how it is written.
    """
    name, _, inside = text.partition("@")
    if inside.strip() and shape is not None and "=" not in name:
        return Absence(name.strip(), tuple(box(one, shape) for one in inside.split(";") if one.strip()))
    name, mask = _pair(text, ABSENCE_EXAMPLE)
    # Absolute: the job may be trained again from another folder.
    return Absence(name, mask=str(((folder or Path.cwd()) / mask).absolute()))


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
        ends = [part.split(":") for part in text.split(",")]
        found = Box(
            tuple(int(start or 0) for start, _ in ends),
            tuple(int(stop or size) for (_, stop), size in zip(ends, shape, strict=True)),
        )
    except ValueError as error:
        raise JobError(
            f"'{text}': write start:stop for each of the {len(shape)} axes of {tuple(shape)}, as in {BOX_EXAMPLE}"
        ) from error
    if any(a < 0 or a >= b or b > size for a, b, size in zip(found.start, found.stop, shape, strict=True)):
        raise JobError(f"'{text}' is no box inside the survey, which is {tuple(shape)} voxels")
    return found


def in_words(term: Knowledge, folder: Path | None = None) -> str:
    """Return a term as it is written, the way back of the functions above.

    Examples
    --------
    >>> in_words(share("Salt=0.02:0.1"))
    'Salt=0.02:0.1'
    """
    if isinstance(term, Share):
        return f"{term.class_name}={term.at_least:g}:{term.at_most:g}"
    if isinstance(term, Order):
        return ", ".join(term.class_names)
    if isinstance(term, Absence):
        if term.boxes:
            return f"{term.class_name}@{';'.join(map(box_in_words, term.boxes))}"
        mask = Path(term.mask or "")
        near = folder is not None and mask.is_relative_to(folder)
        return f"{term.class_name}={mask.relative_to(folder) if near and folder is not None else mask}"
    return f"{term.weight:g}"


def box_in_words(found: Box) -> str:
    """Return a box as :func:`box` reads it."""
    return ",".join(f"{a}:{b}" for a, b in zip(found.start, found.stop, strict=True))


def _pair(text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(f"'{text}': write it as in {example}")
    return name.strip(), value.strip()
