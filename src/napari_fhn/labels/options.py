"""What may be said about a file beside the meaning of its columns: every option of every kind, once.

The command line, the dock and a saved session read the same list, so that what one of them can say the others can too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from napari_fhn.digits import whole
from napari_fhn.labels.errors import LabelError

#: Divides the parts of an option that has several, where it is written as text.
SEPARATOR = "/"
_PLACED = ("wells", "deviation", "las", "horizon", "points", "polygons")
_TABLES = ("wells", "tops", "deviation", "checkshots", "horizon", "points")


@dataclass(frozen=True)
class Option:
    """One thing that may be said about files of some kinds.

    Attributes
    ----------
    name : str
        As in `napari_fhn.labels.sources.Source.options`.
    kinds : tuple of str
        Kinds of file that it can be said about, out of `napari_fhn.labels.kinds.KINDS`.
    words : str
        What it is, for people.
    type : {"choice", "text", "number", "interval", "names", "mapping"}
        What its values are; an interval is two numbers.
    choices : tuple of str
        The values of a choice.
    least : float
        The smallest number that makes sense.
    unit : str
        Of a number, for people; "vertical" stands for that of the survey's vertical axis.
    """

    name: str
    kinds: tuple[str, ...]
    words: str
    type: Literal["choice", "text", "number", "interval", "names", "mapping"] = "number"
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    unit: str = ""

    def checked(self, value: object) -> Any:
        """Return a value in the form that readers take.

        Parameters
        ----------
        value : object
            As a person, a saved session or a program gives it.

        Returns
        -------
        str, float, tuple or dict
            An interval is a tuple of two numbers, names a tuple of str.

        Raises
        ------
        LabelError
            When it is none of the option's values.
        """
        match self.type:
            case "choice":
                if value in self.choices:
                    return value
                raise self._error(value, f"Use one of {', '.join(self.choices)}")
            case "text":
                if isinstance(value, str) and value.strip():
                    return value
                raise self._error(value, "Give a name")
            case "number":
                return self._number(value)
            case "interval":
                if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
                    return self._number(value[0]), self._number(value[1])
                raise self._error(value, "Give the first and the last")
            case "names":
                if (
                    isinstance(value, Sequence)
                    and not isinstance(value, str)
                    and all(isinstance(one, str) for one in value)
                ):
                    return tuple(value)
                raise self._error(value, "Give a list of names")
            case "mapping":
                if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
                    return dict(value)
                raise self._error(value, "Give names with their values")

    def parse(self, text: str) -> Any:
        """Read a value as it is typed.

        Parameters
        ----------
        text : str
            Several parts are divided by `SEPARATOR`; a mapping is ``name=value, name=value``.

        Raises
        ------
        LabelError
            When it is none of the option's values.
        """
        if self.type in ("interval", "names"):
            return self.checked([part.strip() for part in text.split(SEPARATOR)])
        if self.type == "mapping":
            pairs = [pair.partition("=") for pair in text.split(",")]
            if not all(name.strip() and equals for name, equals, _ in pairs):
                raise self._error(text, "Write name=value, name=value")
            return self.checked({name.strip(): _plain(value.strip()) for name, _, value in pairs})
        return self.checked(text.strip())

    def text(self, value: Any) -> str:
        """Return a value as it is typed; `parse` reads it."""
        if self.type == "mapping":
            return ", ".join(f"{name}={_typed(part)}" for name, part in value.items())
        return _typed(value)

    def _number(self, value: object) -> float:
        try:
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise self._error(value, "Give a number") from None
        if not math.isfinite(number) or number < self.least:
            raise self._error(value, "Give a number" + (f" from {self.least:g}" if self.least > -math.inf else ""))
        return number

    def _error(self, value: object, way_out: str) -> LabelError:
        return LabelError(f"'{value}' is no {self.name} ({self.words})", way_out)


def _typed(value: object) -> str:
    if isinstance(value, list | tuple):
        return SEPARATOR.join(map(_typed, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> Any:
    """A typed value for the reading of a survey file: a number, yes or no, several names, or text."""
    if SEPARATOR in text:
        return tuple(part.strip() for part in text.split(SEPARATOR))
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = whole(text)
    return text if number is None else number


#: Every option by its name; the kinds of file in `napari_fhn.labels.sources` take no others.
OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option("decimal", _TABLES, "the decimal mark of its numbers", "choice", (".", ",")),
        Option("sheet", (*_TABLES, "polygons"), "the sheet of a workbook, by name or by number from 1", "text"),
        Option(
            "domain",
            ("tops",),
            "which depth or time its tops are",
            "choice",
            ("md", "tvd", "tvdss", "twt", "owt"),
        ),
        Option(
            "kb_m",
            ("wells", "tops", "deviation", "las"),
            "elevation of the wells' datum (kelly bushing) above sea level",
            unit="m",
        ),
        Option("datum_m", ("wells", "tops", "las"), "elevation of the zero of a depth survey", unit="m"),
        Option("convergence_deg", ("deviation",), "subtracted from azimuths to turn true into grid north", unit="deg"),
        Option("way", ("checkshots",), "whether its times are two-way or one-way", "choice", ("twt", "owt")),
        Option("shift_ms", ("checkshots",), "added to its two-way times to bring them to the survey's zero", unit="ms"),
        Option("log", ("las",), "which of the logs of LAS 3, by its section or its number from 1", "text"),
        Option("curve", ("las",), "the curve that holds the classes", "text"),
        Option("index", ("las",), "the curve of time or depth", "text"),
        Option("index_unit", ("las",), "the unit of its time or depth", "choice", ("ms", "s", "m", "ft")),
        Option(
            "radius",
            ("wells", "tops", "las", "points"),
            "how far around a well or point its labels reach",
            least=0.0,
            unit="traces",
        ),
        Option(
            "fall_off",
            ("wells", "tops", "las", "points"),
            "distance at which labels count 61 %",
            least=1e-9,
            unit="traces",
        ),
        Option(
            "off_line_m",
            ("wells", "tops", "las"),
            "how far from a seismic line a well may lie and is still projected onto it",
            least=0.0,
            unit="m",
        ),
        Option("z", ("horizon", "points"), "which way its values grow", "choice", ("down", "up")),
        Option("name", ("horizon",), "the one of its horizons that is read", "text"),
        Option("zones", ("horizon",), "classes above, between and below the horizons, or of their bands", "names"),
        Option("thickness", ("horizon",), "of a band around each horizon", least=0.0, unit="vertical"),
        Option("gap_traces", ("horizon",), "how far gaps between picks are filled", least=0.0, unit="traces"),
        Option("together", ("horizon",), "horizons with the same word here part zones together", "text"),
        Option("field", ("polygons",), "the field that is the class", "text"),
        Option("layer", (*_TABLES, "polygons"), "the layer of a file of a GIS, where there are several", "text"),
        Option("crs", _PLACED, "the CRS of its coordinates, such as EPSG:32633", "text"),
        Option("survey_crs", _PLACED, "the CRS of the survey's own coordinates, where it does not say it", "text"),
        Option("window", ("polygons",), "first and last time or depth that shapes label", "interval", unit="vertical"),
        Option("reading", ("labels",), "how the file is read, as for a survey", "mapping"),
    )
}


def options_of(kind: str) -> dict[str, Option]:
    """Return the options of a kind of file, by name."""
    return {name: option for name, option in OPTIONS.items() if kind in option.kinds}


def checked_options(kind: str, given: Mapping[str, object]) -> dict[str, Any]:
    """Return options of a kind in the form that readers take; those that are None were not said.

    Raises
    ------
    LabelError
        For an option that the kind does not have, or a value that makes no sense.
    """
    known = options_of(kind)
    for name in given:
        if name not in known:
            raise LabelError(f"files of {kind} have no option '{name}'", f"They have {', '.join(known) or 'none'}")
    return {name: known[name].checked(value) for name, value in given.items() if value is not None}
