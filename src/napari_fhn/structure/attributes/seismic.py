"""Attributes of seismic volumes and lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.attributes import traces
from napari_fhn.structure.attributes.attribute import AttributesError, Fitted, OfEachBand, OfSurvey, Reach
from napari_fhn.structure.attributes.deriving import Sources
from napari_fhn.structure.attributes.facts import Facts

if TYPE_CHECKING:
    from napari_fhn.structure.dips import DipField
    from napari_fhn.structure.relative_time import RelativeTime as Times

Values = NDArray[np.float32]

_WINDOW = 9
"""Samples of the window where nobody says how long it is."""

_BANDS = 4
"""Frequencies where nobody names any."""


class OfTraces(OfEachBand):
    """An attribute of each trace for itself."""

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not facts.seismic:
            return "is of seismic data, and no axis of these is time or depth"
        return super().why_not(facts)

    def reach(self, facts: Facts) -> Reach:
        """The whole of a trace, and no other."""
        return tuple(None if axis == facts.vertical else 0 for axis in range(len(facts.shape)))


class Envelope(OfTraces):
    """The instantaneous amplitude."""

    name = "envelope"
    title = "envelope"
    words = "Strength of the reflections, whatever their phase (instantaneous amplitude), in the unit of the data."

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return traces.envelope(values, _axis(facts))[np.newaxis]


class Phase(OfTraces):
    """The cosine of the instantaneous phase."""

    name = "phase"
    title = "cosine of phase"
    words = "Peaks and troughs however weak they are: the cosine of the instantaneous phase, -1 to 1."

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return traces.phase_cosine(values, _axis(facts))[np.newaxis]


class Frequency(OfTraces):
    """The instantaneous frequency."""

    name = "frequency"
    title = "frequency"
    words = "Instantaneous frequency, averaged by energy over a few samples: in Hz, or in cycles per km of depth."

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"{name} ({_per(facts)})"

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return traces.instantaneous_frequency(values, _interval(facts), _axis(facts))[np.newaxis]


class Rms(OfTraces):
    """Energy in a window."""

    name = "rms"
    title = "RMS amplitude"
    words = (
        f"Root of the mean square in a window, {_WINDOW} samples where nothing else is said, in the unit of the data."
    )
    takes = "the length of the window in ms, or in m where the survey is in depth: rms:40"

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(arguments)
        if len(self.numbers()) > 1:
            raise AttributesError(f"{self.text!r}: it takes one number, {self.takes}")

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        other = super().why_not(facts)
        if not other and self.arguments and _unit(facts) == "":
            return (
                "is to have a window in ms or m, and the vertical axis of the survey only counts samples: leave it out"
            )
        return other

    def reach(self, facts: Facts) -> Reach:
        """Half the window."""
        return tuple(self.window(facts) // 2 if axis == facts.vertical else 0 for axis in range(len(facts.shape)))

    def window(self, facts: Facts) -> int:
        """Return its length in samples, an odd number."""
        if not self.arguments:
            return _WINDOW
        step = _interval(facts) * 1000  # ms, or m
        return 2 * round(self.numbers()[0] / step / 2) + 1

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return traces.rms(values, self.window(facts), _axis(facts))[np.newaxis]


class Sweetness(OfTraces):
    """Envelope over the root of the frequency."""

    name = "sweetness"
    title = "sweetness"
    words = "Envelope over the root of the frequency: large in strong, low-frequency events such as sands in shale."

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return traces.sweetness(values, _interval(facts), _axis(facts))[np.newaxis]


class Spectral(OfTraces):
    """Amplitudes at single frequencies."""

    name = "spectral"
    title = "spectral decomposition"
    words = (
        "Amplitude at single frequencies (Gabor wavelets of some two cycles): tuning of thin beds. Where none are "
        f"named they are {_BANDS} that share the spectrum of the survey evenly."
    )
    takes = "frequencies in Hz, or in cycles per km where the survey is in depth: spectral:15,30,45"

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(arguments)
        if len(self.numbers()) > 16:
            raise AttributesError(f"{self.text!r}: 16 frequencies are the most it takes")

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        other = super().why_not(facts)
        if other or not self.arguments:
            return other
        if _unit(facts) == "":
            return "is to be at frequencies in Hz, and the vertical axis of the survey only counts samples: name none"
        most = 0.5 / _interval(facts)
        if max(self.numbers()) > most:
            return f"goes up to {most:g} {_per(facts)} here, half a cycle per sample"
        return ""

    def each(self) -> tuple[str, ...]:
        """Return the names of the channels of one band."""
        return tuple(self.arguments) or tuple(f"frequency {k + 1}" for k in range(_BANDS))

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name with its unit."""
        return f"at {name} {_per(facts)}" if self.arguments else f"at {name}"

    def fit_one(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Choose frequencies where none were named."""
        if self.arguments:
            return ()
        return traces.typical_frequencies(blocks, _BANDS, _interval(facts), _axis(facts))

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        wanted = tuple(self.numbers()) or tuple(min(one, 0.5 / _interval(facts)) for one in fitted)
        return traces.amplitudes_at(values, wanted, _interval(facts), _axis(facts))


class OfReflectors(OfEachBand):
    """What the dip field says."""

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not facts.seismic:
            return "is of seismic data, and no axis of these is time or depth"
        if len(facts.bands) > 1:
            return "is of one survey, and these are several"
        return ""

    def reach(self, facts: Facts) -> Reach:
        """What slopes are found from: whole traces, as they are found at every second sample from the first on."""
        from napari_fhn.structure.slopes import DipSettings

        around, _ = DipSettings().halo
        return tuple(None if axis == facts.vertical else around for axis in range(len(facts.shape)))

    def found(self, values: Values, facts: Facts) -> tuple[Values, Values]:
        """Return slopes ``(lateral axes, *shape)`` in samples per trace, and coherence, with gaps in both."""
        from napari_fhn.structure.slopes import DipSettings, dips_of

        dips = dips_of(np.moveaxis(values, _axis(facts), -1), DipSettings())
        gap = ~np.isfinite(values)
        slopes = np.moveaxis(dips.slopes, -1, _axis(facts) % values.ndim + 1).astype(np.float32)
        coherence = np.moveaxis(dips.coherence, -1, _axis(facts)).astype(np.float32)
        slopes[:, gap], coherence[gap] = np.nan, np.nan
        return slopes, coherence


class Coherence(OfReflectors):
    """How clearly there is one dip."""

    name = "coherence"
    title = "coherence"
    words = (
        "How alike neighbouring traces are along the reflectors: 1 along one clear dip, towards 0 at faults, in chaos."
    )

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return self.found(values, facts)[1][np.newaxis]


class Dip(OfReflectors):
    """Slopes of the reflectors."""

    name = "dip"
    title = "dip"
    words = "Slope of the reflectors along each lateral axis, in samples per trace; positive where they deepen."

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        lateral = len(facts.shape) - 1
        return tuple(f"dip along axis {axis + 1} (samples per trace)" for axis in range(lateral))

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of one band."""
        return self.found(values, facts)[0]


class RelativeTime(OfReflectors):
    """Relative geologic time."""

    name = "relative-time"
    title = "relative geologic time"
    words = (
        "Where the reflector of a place meets the column in the middle of the survey, in samples: the same number "
        "along a layer, however it is folded. It takes the dips of the whole survey; each survey has its own numbers."
    )
    of_each_survey = takes_survey = True

    def reach(self, facts: Facts) -> Reach:
        """The whole survey."""
        return (None,) * len(facts.shape)

    def each(self) -> tuple[str, ...]:
        """Return the names of its channels."""
        return (f"{self.title} (samples)",)

    def of_survey(self, sources: Sources, facts: Facts) -> OfSurvey:
        """Return what it is read from."""
        return _Carried(sources, _axis(facts))

    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute it of a whole survey at once."""
        return _Carried(Sources([values[np.newaxis]]), _axis(facts)).read(Box.whole(values.shape))


class _Carried:
    """Relative times of a survey, found when they are first asked for."""

    def __init__(self, sources: Sources, vertical: int) -> None:
        self._sources, self._vertical = sources, vertical % len(sources.shape)

    def prepare(self) -> Iterator[float]:
        """Find the dips."""
        missing = len(self._dips.missing())
        for done, _ in enumerate(self._dips.fill(), 1):
            yield done / missing

    def read(self, box: Box) -> Values:
        """Return the times of a box; NaN where there are no data."""
        upright = Box(self._upright(box.start), self._upright(box.stop))
        found = np.moveaxis(self._times.read(upright), -1, self._vertical)
        return np.where(np.isfinite(self._sources.read(box)[:1]), found, np.float32(np.nan))

    def _upright(self, place: tuple[int, ...]) -> tuple[int, ...]:
        return (*(at for axis, at in enumerate(place) if axis != self._vertical), place[self._vertical])

    @cached_property
    def _dips(self) -> DipField:
        return self._sources.dips(self._vertical)

    @cached_property
    def _times(self) -> Times:
        from napari_fhn.structure.relative_time import RelativeTime as Times

        return Times(self._dips)


def _axis(facts: Facts) -> int:
    assert facts.vertical is not None
    return facts.vertical


def _unit(facts: Facts) -> str:
    """Return ``"ms"``, ``"m"``, or nothing where the vertical axis only counts samples."""
    step = facts.steps[_axis(facts)]
    if step.milliseconds is not None:
        return "ms"
    return "m" if step.metres is not None else ""


def _interval(facts: Facts) -> float:
    """Return the sample interval in seconds, in kilometres, or in samples."""
    step = facts.steps[_axis(facts)]
    if step.milliseconds is not None:
        return step.milliseconds / 1000
    return 1.0 if step.metres is None else abs(step.metres) / 1000


def _per(facts: Facts) -> str:
    return {"ms": "Hz", "m": "cycles per km", "": "cycles per sample"}[_unit(facts)]


ATTRIBUTES = (Envelope, Phase, Frequency, Rms, Sweetness, Spectral, Coherence, Dip, RelativeTime)
