"""What a person types after an option, read."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from napari_fhn.regular import as_typed, is_address
from napari_fhn.shards import Part

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)}
_UNITS |= {f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", 1)}


def here(text: str) -> Path:
    """Read the name of a file or folder of this machine, which an address is not.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    if is_address(text):
        raise argparse.ArgumentTypeError(f"{as_typed(text)} is an address: name a file or folder of this machine")
    return Path(text)


def number_of_bytes(text: str) -> int:
    """Read a size as a person writes it.

    Parameters
    ----------
    text : str
        Such as ``6GB``, ``1.5 GiB`` or ``500000000``; ``kB`` is 1000 bytes and ``KiB`` 1024.

    Returns
    -------
    int

    Raises
    ------
    argparse.ArgumentTypeError
        When it is no size, or not above zero.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None or round(float(found[1]) * unit) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write it as 6GB, 500MB or 2GiB")
    return round(float(found[1]) * unit)


def task(text: str) -> Part:
    """Read ``3/128``.

    Raises
    ------
    argparse.ArgumentTypeError
        When it is no part.
    """
    try:
        return Part.named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
