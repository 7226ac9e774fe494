"""All attributes by name: read from what a person writes, and offered for the data they fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_fhn.structure.attributes import backbone, bands, dates, maps, seismic
from napari_fhn.structure.attributes.attribute import Attribute, AttributesError
from napari_fhn.structure.attributes.facts import Facts

ALL, AUTO = "all", "auto"
"""What stands for several attributes: all that fit the data, and those that help on labels left out."""

ATTRIBUTES: dict[str, type[Attribute]] = {
    one.name: one for one in (*seismic.ATTRIBUTES, *maps.ATTRIBUTES, *bands.ATTRIBUTES, *dates.ATTRIBUTES)
}
"""Every attribute that follows from the data alone, by its name."""

_FROM_FILES: dict[str, type[Attribute]] = {backbone.Backbone.name: backbone.Backbone}
"""Those that take a file, which nobody but a person can name."""


def attribute(text: str) -> Attribute:
    """Return the attribute that a person wrote.

    Parameters
    ----------
    text : str
        Its name, and after a colon what it takes: ``"envelope"``, ``"spectral:15,30,45"``.

    Raises
    ------
    AttributesError
        When there is none of this name, or it takes nothing of the kind; the message says what there is.

    Examples
    --------
    >>> attribute("rms:40").text
    'rms:40'
    """
    name, colon, rest = text.strip().partition(":")
    kind = (ATTRIBUTES | _FROM_FILES).get(name.strip().lower())
    if kind is None:
        raise AttributesError(
            f"there is no attribute {name!r}; there are {', '.join(ATTRIBUTES | _FROM_FILES)}, {ALL} and {AUTO}"
        )
    if colon and not rest.strip():
        raise AttributesError(f"{text!r}: after the colon stands {kind.takes or 'nothing'}")
    return kind(rest.split(",") if colon else ())


def fitting(facts: Facts) -> tuple[Attribute, ...]:
    """Return the attributes that data have, as they are where nothing more is said."""
    made = [kind() for kind in ATTRIBUTES.values()]
    return tuple(one for one in made if not one.why_not(facts))


def why_not(text: str, facts: Facts) -> str:
    """Return why data have no such attribute, to end a sentence that begins with its name; empty if they do.

    Raises
    ------
    AttributesError
        When it cannot be read.
    """
    return attribute(text).why_not(facts)


def wanted(texts: Iterable[str], facts: Facts) -> tuple[Attribute, ...]:
    """Return the attributes that a person asks for, each once; ``"all"`` stands for all that fit, but for `left_out`.

    Parameters
    ----------
    texts : iterable of str
        As `attribute` reads them.
    facts : Facts
        Of the data.

    Raises
    ------
    AttributesError
        When data do not have one that was named; the message says why.
    """
    found: dict[str, Attribute] = {}
    for text in texts:
        if text.strip().lower() == ALL:
            for one in fitting(facts):
                if not one.is_long(facts):
                    found.setdefault(one.text, one)
            continue
        one = attribute(text)
        why = one.why_not(facts)
        if why:
            raise AttributesError(f"the attribute {one.name!r} {why}")
        found[one.text] = one
    return tuple(found.values())


def left_out(texts: Iterable[str], facts: Facts) -> tuple[Attribute, ...]:
    """Return what fits data and is not among all of them, as it takes minutes of a large survey before the first voxel.

    Parameters
    ----------
    texts : iterable of str
        What a person asks for; nothing is left out that is named, or where not all are asked for.
    facts : Facts
        Of the data.
    """
    asked = [text.strip().lower() for text in texts]
    return tuple(one for one in fitting(facts) if ALL in asked and one.is_long(facts) and one.name not in asked)


def checked(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a person wrote as it is kept: each once, and spelled in one way.

    Raises
    ------
    AttributesError
        When one cannot be read.
    """
    spelled = [text.strip().lower() for text in texts]
    return tuple(
        dict.fromkeys(
            word if word in (ALL, AUTO) else attribute(text).text for word, text in zip(spelled, texts, strict=True)
        )
    )
