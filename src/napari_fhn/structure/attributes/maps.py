"""Attributes of maps of fields, one for each band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.attributes import fields
from napari_fhn.structure.attributes.attribute import AttributesError, Fitted, OfEachBand, Reach
from napari_fhn.structure.attributes.facts import Facts

Values = NDArray[np.float32]

_CELLS = 32
"""Wavelength of a residual in cells, where nobody says one."""


class OfField(OfEachBand):
    """An attribute of a map of a field; one that is found by wavenumbers looks at all of the map."""

    everywhere = True

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not facts.map:
            return "is of maps, and this is none"
        return super().why_not(facts)

    def reach(self, facts: Facts) -> Reach:
        """Return how far around a cell it looks."""
        return (None, None) if self.everywhere else (1, 1)


class Slopes(OfField):
    """Derivatives along x and y."""

    name = "derivatives"
    title = "horizontal derivatives"
    words = "Change towards x and towards y, per metre, or per cell where the map has no metres."
    everywhere = False

    def each(self) -> tuple[str, ...]:
        """Return the names of the channels of one band."""
        return "d/dx", "d/dy"

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} (per {facts.per})"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return np.stack(fields.slopes(values, facts.spacing))


class Gradient(OfField):
    """Total horizontal gradient."""

    name = "gradient"
    title = "total horizontal gradient"
    words = "Steepness: high over the edges of bodies; per metre, or per cell where the map has no metres."
    everywhere = False

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} (per {facts.per})"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return fields.gradient(values, facts.spacing)[np.newaxis]


class Vertical(OfField):
    """First vertical derivative."""

    name = "vertical"
    title = "vertical derivative"
    words = (
        "First vertical derivative of a potential field: sharpens what lies near the surface; per metre or per cell."
    )

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} (per {facts.per})"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return fields.vertical_derivative(values, facts.spacing)[np.newaxis]


class Tilt(OfField):
    """Tilt angle."""

    name = "tilt"
    title = "tilt angle"
    words = (
        "Angle of the vertical over the horizontal change, in radians: 0 over edges, alike for weak and strong bodies."
    )

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} (rad)"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return fields.tilt(values, facts.spacing)[np.newaxis]


class AnalyticSignal(OfField):
    """Amplitude of the analytic signal."""

    name = "analytic"
    title = "analytic signal"
    words = "Length of the vector of the three derivatives: high over bodies whichever way they are magnetised."

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} (per {facts.per})"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return fields.analytic_signal(values, facts.spacing)[np.newaxis]


class Residual(OfField):
    """What is local."""

    name = "residual"
    title = "residual"
    words = (
        f"What is left without the regional field: of {_CELLS} cells, where no wavelength is said, half is taken away."
    )
    takes = "a wavelength in metres, or in cells where the map has no metres: residual:5000"

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(arguments)
        if len(self.numbers()) > 1:
            raise AttributesError(f"{self.text!r}: it takes one number, {self.takes}")

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        cell = float(np.mean(np.abs(facts.spacing)))
        wavelength = self.numbers()[0] if self.arguments else _CELLS * cell
        return fields.residual(values, wavelength, facts.spacing)[np.newaxis]


ATTRIBUTES = (Slopes, Gradient, Vertical, Tilt, AnalyticSignal, Residual)
