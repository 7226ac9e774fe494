"""Names of classes in attributes, as the CF conventions have them: ``flag_values`` and ``flag_meanings``.

There the names are words with blanks between them, so a name of several words loses its blanks. ``flag_names`` beside
them, a list in JSON, keeps names as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

VALUES, MEANINGS, NAMES, COLORS = "flag_values", "flag_meanings", "flag_names", "flag_colors"
KEYS = (VALUES, MEANINGS, NAMES, COLORS)
#: Numbers in a text, which some writers have in place of an array: ``"0b, 10b, 20b"``.
_NUMBER = re.compile(r"[-+]?\d+")


def of(codes: Iterable[int], names: Iterable[str], colors: Iterable[str]) -> dict[str, Any]:
    """Return the attributes of some classes.

    Parameters
    ----------
    codes : iterable of int
        As they are stored.
    names, colors : iterable of str
        Of each.
    """
    names = tuple(names)
    return {
        VALUES: tuple(codes),
        MEANINGS: " ".join("_".join(name.split()) or "_" for name in names),
        NAMES: json.dumps(names, ensure_ascii=False),
        COLORS: " ".join(colors),
    }


def named(attrs: Mapping[Any, Any], dtype: np.dtype[Any]) -> dict[int, str]:
    """Return the name of each code, out of the attributes of an array; nothing where they name no classes.

    Parameters
    ----------
    attrs : mapping
        Attributes, as any program has written them.
    dtype : dtype
        Of the values: codes of bytes above 127 are often written as negative ones.

    Examples
    --------
    >>> named({"flag_values": [10, -126], "flag_meanings": "cropland tree_cover"}, np.dtype("uint8"))
    {10: 'cropland', 130: 'tree_cover'}
    """
    said = attrs.get(VALUES)
    try:
        codes = [int(one) for one in _NUMBER.findall(said)] if isinstance(said, str) else _whole(said)
    except (TypeError, ValueError, OverflowError):
        return {}
    if dtype.kind == "u":
        codes = [code % 2 ** (8 * dtype.itemsize) for code in codes]
    words = str(attrs.get(MEANINGS, "")).split()
    exact = _listed(attrs.get(NAMES))
    names = exact if len(exact) == len(codes) else words
    # Meanings that are not as many as the codes may belong to any of them.
    return dict(zip(codes, names, strict=True)) if codes and len(names) == len(codes) else {}


def _whole(said: Any) -> list[int]:
    return [] if said is None else [int(one) for one in np.atleast_1d(said).tolist()]


def _listed(said: Any) -> list[str]:
    try:
        found = json.loads(said) if isinstance(said, str) else []
    except ValueError:
        return []
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else []
