"""XML of others, read without entities: these could blow a few bytes up to gigabytes, or stand for other files.

Asked of the parser and not of the bytes: in UTF-16 the bytes of a declaration look like nothing.
"""

from __future__ import annotations

from typing import NoReturn
from xml.etree import ElementTree


class DeclaresEntities(ValueError):
    """It has a declaration of a document type, in which entities would be."""


class _Plain(ElementTree.TreeBuilder):
    """Takes no declaration of a document type."""

    def doctype(self, *_: object) -> NoReturn:
        raise DeclaresEntities


def parsed(text: bytes) -> ElementTree.Element:
    """Return the outermost element.

    Parameters
    ----------
    text : bytes
        All of it, in any encoding that XML may have.

    Raises
    ------
    DeclaresEntities
        Before any is looked at.
    xml.etree.ElementTree.ParseError, ValueError, LookupError
        When it is no XML, the last two of an encoding that there is not.

    Examples
    --------
    >>> parsed("<bands><band/></bands>".encode("utf-16")).tag
    'bands'
    """
    return ElementTree.fromstring(text, ElementTree.XMLParser(target=_Plain()))
