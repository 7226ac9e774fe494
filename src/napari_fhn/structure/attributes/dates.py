"""What has changed from date to date, after the dates were matched to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.attributes.attribute import Attribute, AttributesError, Fitted
from napari_fhn.structure.attributes.facts import Facts

Values = NDArray[np.float32]

_ROUNDS = 12
_TRIM = 2.0
"""Pixels that lie further off, in robust standard deviations, have changed and match nothing."""

_LEAST = 16
"""Fewest pixels that two dates are matched by."""


def matched(first: NDArray[np.floating], second: NDArray[np.floating]) -> tuple[float, float]:
    """Return gain and offset that bring the second of two dates to the first, by the pixels that have not changed.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,)
        A band on the two dates; NaN where there are none.

    Returns
    -------
    gain, offset : float
        ``gain * second + offset`` lies on the first: a line through both (reduced major axis), fitted again and
        again without what lies off it.

    Examples
    --------
    >>> import numpy as np
    >>> before = np.linspace(0, 100, 200)
    >>> after = 2 * before + 7
    >>> after[:20] += 300  # a clearing
    >>> [round(one, 3) for one in matched(before, after)]
    [0.5, -3.5]
    """
    x, y = np.asarray(second, np.float64).ravel(), np.asarray(first, np.float64).ravel()
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    if len(x) < _LEAST:
        return 1.0, 0.0
    # To begin with: medians onto each other, and the spreads around them.
    gain = _spread(y) / _spread(x) if _spread(x) > 0 < _spread(y) else 1.0
    offset = float(np.median(y) - gain * np.median(x))
    for _ in range(_ROUNDS):
        off = y - gain * x - offset
        off -= np.median(off)
        scale = _spread(off)
        kept = np.abs(off) <= _TRIM * scale if scale > 0 else off == 0
        a, b = x[kept], y[kept]
        if kept.sum() < _LEAST or a.std() == 0 or b.std() == 0:
            break
        correlated = float(np.corrcoef(a, b)[0, 1])
        # With nothing in common only the levels are brought together.
        gain = 1.0 if correlated <= 0 else float(b.std() / a.std())
        offset = float(b.mean() - gain * a.mean())
    return float(gain), offset


class OfDates(Attribute):
    """An attribute of each date against the first."""

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not facts.map:
            return "is of maps of several dates, and this is none"
        if not facts.dates:
            return "is of several dates with the same bands, and these are not known to be such"
        return ""

    def fit(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Match each band of each later date to the first."""
        pixels = np.concatenate([block.reshape(len(block), -1) for block in blocks], axis=1)
        first, *later = facts.dates
        found = [matched(pixels[a], pixels[b]) for group in later for a, b in zip(first, group, strict=True)]
        return tuple(number for pair in found for number in pair)

    def pairs(self, values: Values, facts: Facts, fitted: Fitted) -> list[tuple[Values, Values]]:
        """Return bands of the first date, and those of each later one brought to it."""
        first, *later = facts.dates
        numbers = np.asarray(fitted, np.float32).reshape(len(later), len(first), 2, *(1,) * (values.ndim - 1))
        return [
            (values[list(first)], values[list(group)] * one[:, 0] + one[:, 1])
            for group, one in zip(later, numbers, strict=True)
        ]

    def named(self, facts: Facts, what: Sequence[str]) -> tuple[str, ...]:
        """Return names of channels for each later date."""
        first, *later = facts.dates
        since = facts.bands[first[0]].date
        return tuple(f"{facts.bands[group[0]].date} since {since}: {one}" for group in later for one in what)

    def of_bands(self, facts: Facts, what: str) -> tuple[str, ...]:
        """Return a name for each band of each later date."""
        return self.named(facts, [f"{what} {self._short(facts, k)}" for k in facts.dates[0]])

    def _short(self, facts: Facts, number: int) -> str:
        """Return what a band is called on every date."""
        return facts.band_called(number).removeprefix(f"{facts.bands[number].date} ")


class Difference(OfDates):
    """Differences of the dates."""

    name = "difference"
    title = "difference of the dates"
    words = "Each band minus that of the first date, in its unit, after the dates were matched by what has not changed."

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return self.of_bands(facts, "difference of")

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        return np.concatenate([after - before for before, after in self.pairs(values, facts, fitted)]).astype(
            np.float32
        )


class Ratio(OfDates):
    """Ratios of the dates."""

    name = "ratio"
    title = "ratio of the dates"
    words = (
        "Each band against that of the first date, (after - before) / (|after| + |before|), -1 to 1, after the dates "
        "were matched: alike in light and in shade."
    )

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return self.of_bands(facts, "ratio of")

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        from napari_fhn.structure.attributes.spectra import normalised

        return np.concatenate([normalised(after, before) for before, after in self.pairs(values, facts, fitted)])


class Change(OfDates):
    """How much, and how unlike, a spectrum has become."""

    name = "change"
    title = "amount of change"
    words = (
        "Length of the change in all bands, in units of its usual size, and the angle between the spectra of the two "
        "dates in radians."
    )

    def fit(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Match the dates, and find what is usual."""
        found = super().fit(blocks, facts)
        usual: list[float] = []
        pixels = np.concatenate([block.reshape(len(block), -1) for block in blocks], axis=1)
        for before, after in self.pairs(pixels, facts, found):
            usual += [max(_spread(one[np.isfinite(one)]), 1e-6) for one in after - before]
        return (*found, *usual)

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return self.named(facts, ("amount", "angle (rad)"))

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it."""
        later, bands = len(facts.dates) - 1, len(facts.dates[0])
        matching, usual = fitted[: 2 * later * bands], np.asarray(fitted[2 * later * bands :], np.float32)
        if len(usual) != later * bands:
            raise AttributesError(f"{self.name!r} was found on other bands than these")
        parts = []
        for k, (before, after) in enumerate(self.pairs(values, facts, matching)):
            scale = usual[k * bands : (k + 1) * bands].reshape(-1, *(1,) * (values.ndim - 1))
            parts.append(np.sqrt((((after - before) / scale) ** 2).mean(axis=0)))
            lengths = np.sqrt((before**2).sum(axis=0) * (after**2).sum(axis=0))
            cosine = np.divide((before * after).sum(axis=0), lengths, out=np.ones_like(lengths), where=lengths > 0)
            gap = np.isnan(parts[-1])
            parts.append(np.where(gap, np.nan, np.arccos(np.clip(cosine, -1, 1))))
        return np.stack(parts).astype(np.float32)


def _spread(values: NDArray[np.floating]) -> float:
    """Return the robust standard deviation of numbers; 0 where there are none."""
    if not values.size:
        return 0.0
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


ATTRIBUTES = (Difference, Ratio, Change)
