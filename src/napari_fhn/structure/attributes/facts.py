"""What has to be known of data before attributes of them mean anything: axes in units, bands by wavelength, dates."""

from __future__ import annotations

from dataclasses import dataclass

LENGTHS = {"m": 1.0, "metre": 1.0, "km": 1000.0, "ft": 0.3048, "cm": 0.01}
"""Units of length, in metres."""

TIMES = {"ms": 1.0, "s": 1000.0, "us": 0.001}
"""Units of time, in milliseconds."""

SAME_BAND = 5.0
"""Bands of two dates are the same up to this difference in wavelength, in nanometres."""


@dataclass(frozen=True)
class Step:
    """From one voxel to the next along an axis.

    Parameters
    ----------
    size : float
        In its unit; negative where the numbers of the axis fall.
    unit : str
        Such as ``"ms"`` or ``"m"``; empty where the axis only counts.
    """

    size: float = 1.0
    unit: str = ""

    @property
    def metres(self) -> float | None:
        """In metres, with its sign; None where it is no length."""
        return self.size * LENGTHS[self.unit] if self.unit in LENGTHS and self.size else None

    @property
    def milliseconds(self) -> float | None:
        """In milliseconds; None where it is no time."""
        return abs(self.size) * TIMES[self.unit] if self.unit in TIMES and self.size else None


@dataclass(frozen=True)
class Band:
    """One channel of the data.

    Parameters
    ----------
    name : str
        As the person or the file calls it.
    wavelength : float or None
        Of its centre, in nanometres; None where it has none or nobody knows it.
    date : str
        Of which date it is, where there are several; empty where that is not known.
    scale, offset : float
        What stored values are multiplied by, and what is added then, to be in their unit.
    """

    name: str = ""
    wavelength: float | None = None
    date: str = ""
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What is known of data that lie on one grid.

    Parameters
    ----------
    shape : tuple of int
        Of space.
    steps : tuple of Step
        One for each axis of space.
    bands : tuple of Band
        The channels of all inputs, in their order.
    vertical : int or None
        Axis of two-way time or depth.

    Raises
    ------
    ValueError
        When there is not one step for each axis, or no band.

    Examples
    --------
    >>> line = Facts((40, 200), (Step(), Step(4.0, "ms")), (Band("line 7"),), vertical=1)
    >>> line.seismic, line.interval
    (True, 4.0)
    """

    shape: tuple[int, ...]
    steps: tuple[Step, ...]
    bands: tuple[Band, ...]
    vertical: int | None = None

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.shape):
            raise ValueError(f"{len(self.shape)} axes need a step each, and there are {len(self.steps)}")
        if not self.bands:
            raise ValueError("data have at least one band")

    @property
    def seismic(self) -> bool:
        """Whether there is an axis of time or depth."""
        return self.vertical is not None

    @property
    def map(self) -> bool:
        """Whether it is seen from above."""
        return self.vertical is None and len(self.shape) == 2

    @property
    def interval(self) -> float | None:
        """From one sample to the next, in milliseconds; None where the vertical axis is not known to be time."""
        return None if self.vertical is None else self.steps[self.vertical].milliseconds

    @property
    def spacing(self) -> tuple[float, ...]:
        """Signed steps of a map in metres; of one cell each where the axes are not both known to be lengths.

        Degrees are no lengths: a degree of longitude is shorter than one of latitude.
        """
        metres = [step.metres for step in self.steps]
        known = [one for one in metres if one is not None]
        return tuple(known) if len(known) == len(metres) else (1.0,) * len(metres)

    @property
    def per(self) -> str:
        """Unit of length that derivatives are taken by: ``"m"``, or ``"cell"`` where lengths are not known."""
        return "m" if all(step.metres is not None for step in self.steps) else "cell"

    @property
    def wavelengths(self) -> tuple[float, ...]:
        """Of all bands, in nanometres; empty where one is not known."""
        known = [band.wavelength for band in self.bands if band.wavelength is not None]
        return tuple(known) if len(known) == len(self.bands) else ()

    @property
    def dates(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the bands of each date, alike in order; empty without two dates with the same bands."""
        names = list(dict.fromkeys(band.date for band in self.bands if band.date))
        found = tuple(tuple(k for k, band in enumerate(self.bands) if band.date == name) for name in names)
        if len(found) < 2 or len({len(one) for one in found}) > 1 or sum(map(len, found)) != len(self.bands):
            return ()
        for pairs in zip(*found, strict=True):
            waves = [self.bands[k].wavelength for k in pairs]
            known = [wave for wave in waves if wave is not None]
            if known and (len(known) < len(waves) or max(known) - min(known) > SAME_BAND):
                return ()
        return found

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the bands that belong together as one spectrum: those of each date, or all."""
        return self.dates or (tuple(range(len(self.bands))),)

    def band_called(self, number: int) -> str:
        """Return what a band is called: by its name or its wavelength, else by its number from 1, and by its date."""
        band = self.bands[number]
        wave = "" if band.wavelength is None else f"{band.wavelength:.4g} nm"
        name = band.name or wave or f"band {number + 1}"
        return f"{band.date} {name}" if len(self.dates) > 1 and band.date not in name else name

    def called(self, group: tuple[int, ...]) -> str:
        """Return the date of a group of bands with a colon, for names of channels; empty where there is but one."""
        return f"{self.bands[group[0]].date}: " if len(self.groups) > 1 else ""
