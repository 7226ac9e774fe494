"""Links of the pages, for the site: to other pages where these are part of it, else into the repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/napari-fhn/napari-fhn/blob/main/"
#: Where pictures of the repository lie, for a page that is read elsewhere.
RAW = "https://raw.githubusercontent.com/napari-fhn/napari-fhn/main/"
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_FENCE = re.compile(r"(^ *(```|~~~).*?^ *\2[ \t]*$)", re.MULTILINE | re.DOTALL)


class DeadLink(ValueError):
    """A link that leads nowhere."""


def for_the_site(text: str, source: str, pages: Mapping[str, str]) -> str:
    """Return a page with its links as the site has them.

    Parameters
    ----------
    text : str
        Markdown.
    source : str
        Where it stands in the repository, such as ``docs/guide/maps.md`` or ``README.md``.
    pages : mapping of str to str
        What is part of the site: path in the repository to path in the site.

    Returns
    -------
    str

    Raises
    ------
    DeadLink
        When a link leads to a file of the repository that is not there.
    """

    def renewed(found: re.Match[str]) -> str:
        return found[1] + _target(found[2], source, pages) + found[3]

    parts = _FENCE.split(text)
    # What stands between two matches of a pattern with two groups comes at every third place.
    return "".join(_LINK.sub(renewed, part) if i % 3 == 0 else part for i, part in enumerate(parts) if i % 3 != 2)


def _target(link: str, source: str, pages: Mapping[str, str]) -> str:
    for prefix in (REPOSITORY, RAW):
        if link.startswith(prefix):
            path, mark, anchor = link.removeprefix(prefix).partition("#")
            break
    else:
        if re.match(r"[a-z]+:|#", link):
            return link
        path, mark, anchor = link.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if not (ROOT / path).exists():
        raise DeadLink(f"{source}: {link} leads to {path}, which is not there")
    if path in pages:
        return posixpath.relpath(pages[path], posixpath.dirname(pages[source]) or ".") + mark + anchor
    return REPOSITORY + path + mark + anchor
