"""Attributes of maps of several bands: of spectra, and of bands of which only the order is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.structure.attributes import spectra
from napari_fhn.structure.attributes.attribute import Attribute, AttributesError, Fitted
from napari_fhn.structure.attributes.facts import Facts

Values = NDArray[np.float32]

_COMPONENTS = 6
"""Components where nobody says how many."""

_MOST = 32
"""Most components."""

_PIXELS = 20_000
"""Pixels that directions are found from."""


class OfBands(Attribute):
    """An attribute of the bands of a pixel, of each date for itself."""

    least = 2

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not facts.map:
            return "is of maps with several bands, and this is none"
        bands = len(facts.groups[0])
        if bands < self.least:
            return (
                f"is made of {counted(self.least, 'bands')} or more, and there {'is' if bands == 1 else 'are'} {bands}"
            )
        return ""


class Components(OfBands):
    """An attribute that is the spectrum in few directions, found on the data as a whole."""

    takes = f"how many components, up to {_MOST}: pca:8"
    short = ""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(arguments)
        numbers = self.numbers()
        if len(numbers) > 1 or any(one != int(one) or one > _MOST for one in numbers):
            raise AttributesError(f"{self.text!r}: it takes one whole number, {self.takes}")

    def count(self, facts: Facts) -> int:
        """Return how many components there are."""
        wanted = int(self.numbers()[0]) if self.arguments else _COMPONENTS
        return min(wanted, len(facts.groups[0]))

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return tuple(
            f"{facts.called(group)}{self.short} {k + 1}" for group in facts.groups for k in range(self.count(facts))
        )

    def seen(self, values: Values, group: tuple[int, ...], facts: Facts) -> Values:
        """Return the spectra of a date ``(bands, *shape)`` as directions are found in them."""
        return values[list(group)]

    def directions(
        self, blocks: Sequence[Values], pixels: Values, count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Find mean and directions."""
        return spectra.principal(pixels, count)

    def fit(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Find the directions, the same for all dates: components of two dates compare."""
        seen = [self.seen(block, group, facts) for block in blocks for group in facts.groups]
        pixels = _whole(seen)
        bands, count = len(facts.groups[0]), self.count(facts)
        if pixels.shape[1] < 2 * bands:
            raise AttributesError(
                f"{self.name!r} needs {counted(2 * bands, 'pixels')} with all of their bands, and finds fewer"
            )
        mean, directions = self.directions(seen, pixels, count)
        return tuple(np.concatenate([mean, directions.ravel()]).astype(np.float32).tolist())

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        bands = len(facts.groups[0])
        numbers = np.asarray(fitted, np.float32)
        mean, directions = numbers[:bands], numbers[bands:].reshape(-1, bands)
        parts = []
        for group in facts.groups:
            seen = self.seen(values, group, facts)
            centred = seen.reshape(bands, -1) - mean[:, np.newaxis]
            parts.append((directions @ centred).reshape(-1, *values.shape[1:]))
        return np.concatenate(parts).astype(np.float32, copy=False)


class Principal(Components):
    """Principal components."""

    name = "pca"
    title = "principal components"
    words = (
        f"The {_COMPONENTS} directions in which the bands vary most (PCA of bands over their spread), without a unit."
    )
    short = "component"


class MinimumNoise(Components):
    """Minimum noise fraction."""

    name = "mnf"
    title = "minimum noise fraction"
    words = (
        f"The {_COMPONENTS} directions in which there is most signal for its noise (MNF), in units of the noise, which "
        "is told from neighbouring pixels."
    )
    takes = f"how many components, up to {_MOST}: mnf:8"
    short = "MNF"

    def directions(
        self, blocks: Sequence[Values], pixels: Values, count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Find mean and directions."""
        noise = _whole([np.diff(block, axis=-1) for block in blocks])
        if noise.shape[1] < 2:
            raise AttributesError(f"{self.name!r} tells noise from neighbouring pixels, and there are none")
        return spectra.minimum_noise(pixels, noise, count)


class Continuum(Components):
    """Absorptions."""

    name = "continuum"
    title = "continuum removed"
    words = (
        "Absorptions: spectra over the hull that lies on them, whatever the illumination, as the "
        f"{_COMPONENTS} directions in which they vary most."
    )
    takes = f"how many directions, up to {_MOST}: continuum:8"
    short = "absorption"
    least = 8

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        other = super().why_not(facts)
        if not other and not facts.wavelengths:
            return "is of spectra, and the wavelengths of the bands are not known"
        return other

    def seen(self, values: Values, group: tuple[int, ...], facts: Facts) -> Values:
        """Return the spectra of a date without their continuum."""
        return spectra.continuum_removed(values[list(group)], [facts.wavelengths[k] for k in group])


class Indices(OfBands):
    """Indices by wavelength."""

    name = "indices"
    title = "indices"
    words = (
        "Indices by wavelength, without a unit, those that the bands reach: "
        + ", ".join(f"{name} ({one.title})" for name, one in spectra.INDICES.items())
        + "."
    )
    takes = "names of indices: indices:ndvi,nbr"

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__([one.lower() for one in arguments])
        unknown = [one for one in self.arguments if one not in spectra.INDICES]
        if unknown:
            raise AttributesError(
                f"there is no index {', '.join(map(repr, unknown))}; there are {', '.join(spectra.INDICES)}"
            )

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        other = super().why_not(facts)
        if other:
            return other
        if not facts.wavelengths:
            return "is by wavelength, and the wavelengths of the bands are not known"
        found = self._found(facts)
        missing = [name for name in self.arguments if name not in found]
        if missing:
            return f"needs bands that are not there for {', '.join(missing)}"
        return "" if found else "needs bands of visible light and infrared, and there are none"

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return tuple(f"{facts.called(group)}{name}" for group in facts.groups for name in self._found(facts))

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        found = self._found(facts)
        return np.stack(
            [
                spectra.index(name, values[group[first]], values[group[second]])
                for group in facts.groups
                for name, (first, second) in found.items()
            ]
        )

    def _found(self, facts: Facts) -> dict[str, tuple[int, int]]:
        """Return the two bands of a date by the name of the index."""
        waves = [facts.wavelengths[k] for k in facts.groups[0]]
        pairs = {name: spectra.index_bands(name, waves) for name in self.arguments or spectra.INDICES}
        return {name: pair for name, pair in pairs.items() if pair is not None}


class Ratios(OfBands):
    """Normalised differences of all pairs of bands."""

    name = "ratios"
    title = "band ratios"
    words = "(a - b) / (|a| + |b|) of all pairs of bands, -1 to 1: whatever the illumination. For bands of one unit."

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        other = super().why_not(facts)
        if not other and len(facts.groups[0]) > 6:
            return (
                f"is of all pairs of bands, and these are {len(facts.groups[0])}, more than 6: take 'indices' or 'pca'"
            )
        return other

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return tuple(
            f"{facts.band_called(a)} against {facts.band_called(b)}"
            for group in facts.groups
            for a, b in combinations(group, 2)
        )

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        pairs = [pair for group in facts.groups for pair in combinations(group, 2)]
        return np.stack([spectra.normalised(values[a], values[b]) for a, b in pairs])


def _whole(blocks: Sequence[Values]) -> Values:
    """Return pixels ``(bands, n)`` of blocks that have all of their bands, thinned evenly."""
    flat = np.concatenate([block.reshape(len(block), -1) for block in blocks], axis=1)
    flat = flat[:, np.isfinite(flat).all(axis=0)]
    return flat[:, :: max(1, flat.shape[1] // _PIXELS)]


ATTRIBUTES = (Principal, MinimumNoise, Continuum, Indices, Ratios)
