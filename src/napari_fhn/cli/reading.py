"""How survey files are to be read, where they do not say it themselves."""

from __future__ import annotations

import argparse
import re
from typing import Any

_BYTES = {
    "inline_byte": "inline numbers",
    "crossline_byte": "crossline numbers",
    "x_byte": "x coordinates",
    "y_byte": "y coordinates",
}
_TIMES = {"sample_interval_ms": "sample interval", "delay_ms": "time of the first sample"}

READING = (
    *("axes", "variable", "page", "part", "wavelength_units", "rows", "pixels", *_BYTES, *_TIMES),
    *("coordinate_scalar", "line", "sample_format", "incomplete", "follow", "vertical"),
)
"""Where the values of these options are kept."""

_VALUE = r"'([^']*)'|\(([^)]*)\)|([\w+-]+(?:\.\w+)*)"
_GIVEN = re.compile(rf"(?<![\w.?&/=-])({'|'.join(READING)})=(?:{_VALUE})?(?!\w)")
"""Arguments of `napari_fhn.surveys.open` in a sentence of a reader, which speaks to whoever called it in Python."""


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options of `napari_fhn.surveys.open`."""
    how = parser.add_argument_group("how survey files are read, where they do not say it themselves")
    how.add_argument(
        "--axes", type=_names, metavar="NAMES", help="axes of an array: y,x,band, inline,crossline,twt or trace,twt"
    )
    how.add_argument("--variable", metavar="NAME", help="the array that is the survey, in a file of several")
    how.add_argument("--rows", type=int, metavar="N", help="of the image, in a MATLAB table of bands x pixels")
    how.add_argument(
        "--pixels", choices=("down", "along"), help="how such pixels go on: down the columns, along the rows"
    )
    how.add_argument("--page", type=int, metavar="N", help="the image that is the survey, in a TIFF of several")
    how.add_argument("--part", choices=("magnitude", "phase", "real", "imaginary"), help="of complex numbers")
    how.add_argument(
        "--wavelength-units", metavar="UNIT", help="of wavelengths without them, or with wrong ones, such as nm or um"
    )
    for name, what in _BYTES.items():
        option = f"--{name.replace('_', '-')}"
        how.add_argument(option, type=int, metavar="BYTE", help=f"first byte of {what} in the trace headers of SEG-Y")
    how.add_argument("--line", action="store_true", default=None, help="take the traces of a SEG-Y file as a 2D line")
    how.add_argument(
        "--sample-format", type=int, metavar="CODE", help="of the samples of SEG-Y: 1 IBM float, 5 IEEE float"
    )
    for name, what in _TIMES.items():
        option = f"--{name.replace('_', '-')}"
        how.add_argument(option, type=float, metavar="MS", help=f"{what} of SEG-Y, instead of its headers'")
    how.add_argument(
        "--coordinate-scalar",
        type=int,
        metavar="N",
        help="of SEG-Y, instead of its headers': a factor, or -N to divide",
    )
    how.add_argument("--incomplete", action="store_true", default=None, help="open a SEG-Y file that is cut short")
    how.add_argument(
        "--follow",
        action="store_true",
        default=None,
        help="read a file that takes values from outside its folder, such as a virtual raster of files elsewhere "
        "or of a server; it is remembered for that file",
    )
    how.add_argument(
        "--depth", dest="vertical", action="store_const", const="depth", help="a seismic survey goes down in metres"
    )
    how.add_argument("--twt", dest="vertical", action="store_const", const="twt", help="it goes down in milliseconds")


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was given of these options, for `napari_fhn.surveys.open`."""
    given = {name: getattr(options, name) for name in READING}
    return {name: value for name, value in given.items() if value is not None}


def as_options(sentence: str) -> str:
    """Return a sentence with the options of the command line in the place of arguments of Python.

    Examples
    --------
    >>> as_options("Say which it is, for example rows=11, pixels='down'.")
    'Say which it is, for example --rows 11, --pixels down.'
    >>> as_options("open it with sample_interval_ms=."), as_options("open it with vertical='depth' if so")
    ('open it with --sample-interval-ms.', 'open it with --depth if so')
    """
    return _GIVEN.sub(_option, sentence)


def _option(found: re.Match[str]) -> str:
    name, word, several, plain = found.groups()
    value = word or re.sub(r"['\"\s]", "", several or "").rstrip(",") or plain or ""
    if name == "vertical":
        return f"--{value}" if value else "--depth or --twt"
    option = f"--{name.replace('_', '-')}"
    return option if value in ("", "True") else f"{option} {value}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))
