r"""A small language for architectures: ``3d 12: 2x8 | down 3x16 | up 6x8``.

::

    network = DIMENSIONS "d" CHANNELS ":" group { "|" group }
    group   = [ ( "down" | "up" ) [ "*" ] [ "(" AXIS { "," AXIS } ")" ] ] STEPS "x" RANK

A group is ``STEPS`` layers of block rank ``RANK``. The first layer of a ``down`` (``up``) group coarsens (refines)
along all axes, or along those in parentheses; ``*`` takes the pixel shuffle in place of the Haar transform.
"""

from __future__ import annotations

import re

from napari_fhn.network.architecture import Activation, Architecture, Layer, Normalization, Resample, Transform
from napari_fhn.network.bounds import MOST_LAYERS
from napari_fhn.network.readings import Reading

_HEAD = re.compile(r"(\d{1,18})\s*d\s+(\d{1,18})", re.IGNORECASE)
_GROUP = re.compile(r"(?:(down|up)\s*(\*?)\s*(?:\(([^()]*)\))?\s*)?(\d+)\s*[x×]\s*(\d+)", re.IGNORECASE)
_WORDS: dict[str, Resample] = {"down": "coarsen", "up": "refine"}


class LanguageError(ValueError):
    """A text that is no architecture.

    Parameters
    ----------
    text : str
        The whole text.
    position : int
        Where the part that is wrong begins, counted from 0.
    part : str
        That part.
    reason : str
        What is wrong with it and what would be right.

    Attributes
    ----------
    position : int
        As given; for a marker in an editor.
    """

    def __init__(self, text: str, position: int, part: str, reason: str) -> None:
        where = f"at character {position + 1}, {part!r}" if part else f"at character {position + 1}"
        super().__init__(f"{where}: {reason}")
        self.text = text
        self.position = position


def parse(
    text: str,
    *,
    h: float = 1.0,
    context: int = 0,
    activation: Activation = "relu",
    normalization: Normalization = "none",
    bias: bool = True,
    haar_lift: int = 0,
    reading: Reading | None = None,
) -> Architecture:
    """Read an architecture.

    Parameters
    ----------
    text : str
        In the language of this file; upper case and spaces do not matter.
    h, context, activation, normalization, bias, haar_lift, reading
        See :class:`~napari_fhn.network.architecture.Architecture`; the text does not say them.

    Returns
    -------
    Architecture

    Raises
    ------
    LanguageError
        When the text says no network, or an impossible one; the message names the character.
    ValueError
        When another argument is impossible.
    """
    head, colon, body = text.partition(":")
    dimensions, channels = _head(text, head, colon)
    layers: tuple[Layer, ...] = ()
    position = len(head) + 1
    for part in body.split("|"):
        start = position + len(part) - len(part.lstrip())
        group = part.strip()
        try:
            layers += _group(text, start, group)
            Architecture(dimensions, channels, layers)
        except LanguageError:
            raise
        except ValueError as error:
            raise LanguageError(text, start, group, str(error)) from error
        position += len(part) + 1
    return Architecture(
        dimensions,
        channels,
        layers,
        h=h,
        context=context,
        activation=activation,
        normalization=normalization,
        bias=bias,
        haar_lift=haar_lift,
        reading=Reading() if reading is None else reading,
    )


def _head(text: str, head: str, colon: str) -> tuple[int, int]:
    found = _HEAD.fullmatch(head.strip())
    start = len(head) - len(head.lstrip())
    if not colon or found is None:
        reason = 'a network begins with its dimensions, its channels and a colon, like "3d 12:"'
        raise LanguageError(text, start, head.strip() if colon else "", reason)
    dimensions, channels = int(found[1]), int(found[2])
    if dimensions not in (2, 3):
        raise LanguageError(text, start, found[0], "a network is 2d or 3d")
    if channels < 1:
        raise LanguageError(text, start + found.start(2), found[2], "a network needs at least one channel")
    return dimensions, channels


def _group(text: str, start: int, group: str) -> tuple[Layer, ...]:
    found = _GROUP.fullmatch(group)
    if found is None:
        reason = 'a group of layers is STEPSxRANK, like "3x16", after "down" or "up" where the resolution changes'
        raise LanguageError(text, start, group, reason)
    word, star, inside, steps, rank = found.groups()
    axes = None
    if inside is not None:
        try:
            axes = tuple(int(axis) for axis in inside.split(","))
        except ValueError:
            reason = 'axes are numbers counted from 0, like "(0,1)"'
            raise LanguageError(text, start + found.start(3), inside, reason) from None
    if not 1 <= int(steps) <= MOST_LAYERS:
        raise LanguageError(text, start + found.start(4), steps, f"a group has 1 to {MOST_LAYERS} steps")
    if int(rank) < 1:
        raise LanguageError(text, start + found.start(5), rank, "the block rank must be at least 1")
    transform: Transform = "shuffle" if star else "haar"
    first = Layer(_WORDS[word.lower()] if word else "keep", int(rank), axes, transform)
    return (first, *[Layer("keep", int(rank))] * (int(steps) - 1))


def write(architecture: Architecture) -> str:
    """Write an architecture's dimensions, channels and layers, such that :func:`parse` gives them back.

    Parameters
    ----------
    architecture : Architecture
        Its other parts are arguments of :func:`parse`.

    Returns
    -------
    str
        With the longest groups possible.
    """
    groups: list[tuple[Layer, int]] = []
    for layer in architecture.layers:
        if groups and layer.resample == "keep" and layer.rank == groups[-1][0].rank:
            groups[-1] = (groups[-1][0], groups[-1][1] + 1)
        else:
            groups.append((layer, 1))
    words = " | ".join(f"{_change(layer)}{steps}x{layer.rank}" for layer, steps in groups)
    return f"{architecture.dimensions}d {architecture.channels}: {words}"


def _change(layer: Layer) -> str:
    if layer.resample == "keep":
        return ""
    word = "down" if layer.resample == "coarsen" else "up"
    star = "*" if layer.transform == "shuffle" else ""
    axes = "" if layer.axes is None else f"({','.join(map(str, layer.axes))})"
    return f"{word}{star}{axes} "
