"""What a person chooses of a combination, and what was found for it: plain data, in jobs and models."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from napari_fhn.sentence import counted
from napari_fhn.structure.pooling import Weight
from napari_fhn.training.errors import JobError

if TYPE_CHECKING:
    from napari_fhn.training.job import Job

NETWORK = "network"
"""The name of the network among the factors."""

FactorName = Literal["reflectors", "pretrained", "bands", "patches"]
Choice = Literal["auto", "on", "off"]

FACTORS: tuple[str, ...] = get_args(FactorName)

TITLES = {
    NETWORK: "the network",
    "reflectors": "carried along the reflectors",
    "pretrained": "by pretrained features",
    "bands": "by the bands of each pixel",
    "patches": "by the nearest labels",
}
"""What a person reads, by the name of a factor."""

FINISHES = {
    "smoothing": "averaged along the structure",
    "snapping": "boundaries snapped to reflectors",
    "order": "columns in the order of their layers",
}
"""What happens to probabilities after they were put together, by name; beside the factors in what made a prediction."""

BEFORE = {NETWORK: 0.8, "reflectors": 0.5, "pretrained": 0.8, "bands": 1.0, "patches": 0.3}
"""The weights of factors where labels left out say nothing of them; see `benchmarks/README.md`."""

BESIDE_BANDS = {NETWORK: 0.4}
"""The same where the bands of pixels are known, which say most of a map: what differs."""

GATED = {NETWORK: 0.4, "reflectors": 0.1, "pretrained": 1.3}
"""The same where a gate weighs features and what is carried: as ``"pretrained"`` it says then what both know."""

TAUGHT = {NETWORK: 0.8, "reflectors": 0.05, "pretrained": 0.8}
"""The same where the network learnt from what that says, to the end of its training: it has its own of both."""

UNHEARD = {"patches": 1.0}
"""The same while there is no network to listen to, where they are others: it is told the places of labels, too."""


@dataclass(frozen=True)
class Combination:
    """What a prediction is made of beside the network.

    Parameters
    ----------
    factors : tuple of {"reflectors", "pretrained", "bands", "patches"} or None
        None for all that go with the data: where an axis is vertical labels carried along reflectors, and features of a
        network that was trained beforehand; on maps a model of the bands of single pixels, and the nearest labels.
        Empty for the network alone.
    smoothing : {"auto", "on", "off"}
        Whether probabilities are averaged along the structure of the data: along reflectors, on maps where the bands
        are alike. With ``"auto"`` along reflectors, and on maps where labels left out are foretold better so.
    order : {"auto", "on", "off"}
        Whether columns are labelled in the order in which the labelled ones show the classes. With ``"auto"`` where
        labels left out are foretold no worse so.
    folder : str
        Where the structure of the data is kept for the next time; empty for nowhere.
    snapping : {"auto", "on", "off"}
        Whether boundaries of classes are snapped to reflectors that look like them where they are labelled. With
        ``"auto"`` as far as labels say so: each well, or section, is foretold by the others.

    Raises
    ------
    JobError
        For a factor that there is not.
    """

    factors: tuple[str, ...] | None = None
    smoothing: Choice = "auto"
    order: Choice = "auto"
    folder: str = ""
    snapping: Choice = "auto"

    def __post_init__(self) -> None:
        unknown = [name for name in self.factors or () if name not in FACTORS]
        if unknown:
            raise JobError(f"a prediction can be made of {', '.join(FACTORS)}, and not of {', '.join(unknown)}")
        for what in ("smoothing", "order", "snapping"):
            if getattr(self, what) not in get_args(Choice):
                raise JobError(f"{what} is one of {', '.join(get_args(Choice))}, not {getattr(self, what)!r}")


def takes(chosen: Combination | None, name: str) -> bool:
    """Tell whether a prediction may be made of a factor, where the data have it.

    Examples
    --------
    >>> takes(Combination(), "pretrained"), takes(Combination(("reflectors",)), "pretrained"), takes(None, "reflectors")
    (True, False, False)
    """
    return chosen is not None and (chosen.factors is None or name in chosen.factors)


def fitting_factors(spatial_dimensions: int, vertical: bool, map_axis: bool = False) -> tuple[str, ...]:
    """Return the names of the factors that go with a survey, beside the network.

    Parameters
    ----------
    spatial_dimensions : int
        2 for maps and lines, 3 for volumes.
    vertical : bool
        Whether an axis is two-way time or depth.
    map_axis : bool
        Whether a map is read from a cube.

    Examples
    --------
    >>> fitting_factors(3, True), fitting_factors(2, False)
    (('reflectors', 'pretrained'), ('bands', 'patches'))
    """
    if map_axis:
        return ()
    if vertical:
        return ("reflectors", "pretrained")
    return ("bands", "patches") if spatial_dimensions == 2 else ("bands",)


@dataclass(frozen=True)
class Foretold:
    """How well labels were foretold that were left out for it.

    Parameters
    ----------
    mean_iou : float or None
        Mean intersection over union of the classes among them; None where nothing was left out.
    likelihood : float or None
        Mean logarithm of the probability of what is true; 0 is best.
    """

    mean_iou: float | None = None
    likelihood: float | None = None


@dataclass(frozen=True)
class FactorWeight:
    """How much a factor counts, and how well it foretold alone what was left out.

    Parameters
    ----------
    name : str
        ``"network"`` or one of :data:`FACTORS`.
    weight, floor : float
        As in :class:`~napari_fhn.structure.pooling.Weight`.
    alone : Foretold
        Of this factor alone.
    share : float or None
        Its part in what the pool says, from 0 to 1: a factor that hardly tells classes apart has little of it, however
        large its weight. None where that was not looked at.
    """

    name: str
    weight: float
    floor: float
    alone: Foretold = Foretold()
    share: float | None = None

    @property
    def title(self) -> str:
        """What a person reads."""
        return TITLES.get(self.name, self.name)


@dataclass(frozen=True)
class Found:
    """A combination as it predicts: how much each factor counts, and what happens to their probabilities after that.

    Parameters
    ----------
    factors : tuple of FactorWeight
        The network among them.
    reach : tuple of int
        Traces or cells on each side, along each lateral axis, over which probabilities are averaged along the
        structure; empty for none.
    order : tuple of int
        Classes from the top one down, as columns are labelled; empty for none.
    penalty : float or None
        What it costs to step back in the order; None where that cannot be.
    bodies : int
        Wells, patches or points that were left out to find the weights; 0 where these were only believed.
    step : int
        Of the training, when they were found.
    together : Foretold
        Of all factors together, with what happens after.
    taught : float
        How much of its lessons the network has had by pseudo-labels, from 0 to 1; its weight follows.
    snapped : bool
        Whether boundaries are snapped to reflectors.
    """

    factors: tuple[FactorWeight, ...] = ()
    reach: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    penalty: float | None = None
    bodies: int = 0
    step: int = 0
    together: Foretold = Foretold()
    taught: float = 0.0
    snapped: bool = False

    def __post_init__(self) -> None:
        numbers = [number for one in self.factors for number in (one.weight, one.floor)]
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise ValueError("the weights of its factors are not numbers from 0")
        if not 0 <= self.taught <= 1:
            raise ValueError("how much its network was taught is no share")

    @property
    def weights(self) -> dict[str, Weight]:
        """By factor."""
        return {one.name: Weight(one.weight, one.floor) for one in self.factors}

    def heard(self, share: float) -> Found:
        """Return the combination while the network begins to learn: it counts so much of what it will, from 0 to 1.

        The less it counts, the more do the places of labels, unless labels have said how much.
        """

        def weight(one: FactorWeight) -> float:
            if one.name == NETWORK:
                return one.weight * share
            alone = one.weight if self.bodies else UNHEARD.get(one.name, one.weight)
            return share * one.weight + (1 - share) * alone

        return replace(self, factors=tuple(replace(one, weight=weight(one)) for one in self.factors))

    def after_lessons(self, share: float) -> Found:
        """Return the combination after so much of what pseudo-labels teach, from 0 to 1.

        Labels that were left out told how much the network counts that had not been taught yet. In the end it counts as
        taught ones do (:data:`TAUGHT`), whatever they said: after that nothing can be left out once more.
        """
        factors = tuple(
            replace(one, weight=(1 - share) * one.weight + share * TAUGHT.get(one.name, one.weight), share=None)
            for one in self.factors
        )
        return replace(self, factors=factors, taught=share) if share else self

    @property
    def shares(self) -> tuple[float, ...]:
        """How much each factor counts, in their order; they sum to 1. By their weights where nobody has looked."""
        known = [one.weight if one.share is None else one.share for one in self.factors]
        return tuple(one / (sum(known) or 1.0) for one in known)

    @property
    def alone(self) -> bool:
        """Whether the network is all there is."""
        return not self.finishes and all(one.name == NETWORK or not one.weight for one in self.factors)

    @property
    def finishes(self) -> tuple[str, ...]:
        """Names of what happens after the factors were put together."""
        done = {"smoothing": self.reach, "snapping": self.snapped, "order": self.order}
        return tuple(name for name in FINISHES if done[name])

    def heeding(self, wanted: Combination) -> Found:
        """Return the combination without what a person does not want; what was found of the rest stays."""
        reach = () if wanted.smoothing == "off" else self.reach
        order = () if wanted.order == "off" else self.order
        snapped = self.snapped and wanted.snapping != "off"
        return replace(self, reach=reach, order=order, penalty=self.penalty if order else None, snapped=snapped)

    def words(self) -> list[str]:
        """Return for a person what a prediction is made of and why, a sentence each."""
        if not self.factors:
            return ["The network alone predicts."]
        parts = ", ".join(
            f"{one.title} {100 * share:.0f} %" for one, share in zip(self.factors, self.shares, strict=True)
        )
        found = [f"The prediction is made of: {parts}."]
        if self.bodies:
            scores = [(one.title, one.alone.mean_iou) for one in self.factors]
            scores.append(("all together", self.together.mean_iou))
            said = ", ".join(f"{title} {iou:.2f}" for title, iou in scores if iou is not None)
            so = "Weighed" if self.taught else "So weighed"
            weighed = f"{so} after step {self.step} on {_bodies(self.bodies)} left out until then"
            found.append(f"{weighed} (mean IoU there: {said}).")
        else:
            found.append("No labels could be left out to find the weights: they are those that did well elsewhere.")
        if self.taught:
            found.append(
                "Since then the network has learnt from what pretrained features say: it counts as such ones do."
            )
        if self.reach:
            far = " and ".join(map(str, dict.fromkeys(self.reach)))
            found.append(f"Probabilities are averaged along the structure, up to {far} voxels to each side.")
        if self.snapped:
            found.append("Boundaries are snapped to reflectors that look like them where they are labelled.")
        if self.order:
            found.append("Columns are labelled in the order that the labelled ones show.")
        return found


def is_taught(job: Job) -> bool:
    """Tell whether the network of a job learns from pseudo-labels, where the packages for it are installed."""
    asked = job.schedule.pseudo_labels > 0 and takes(job.combination, "pretrained")
    return asked and job.vertical_axis is not None and job.map_axis is None


def prior(names: Collection[str]) -> dict[str, float]:
    """Return the weights of some factors, by name, that are believed until labels say more."""
    found = {name: BEFORE.get(name, 1.0) for name in names}
    if "bands" in found:
        found |= BESIDE_BANDS
    return found | GATED if GATED.keys() - {NETWORK} <= set(names) else found


def believed(names: tuple[str, ...]) -> Found:
    """Return the combination of factors of which labels have said nothing yet."""
    floor = Weight().floor
    return Found(tuple(FactorWeight(name, weight, floor) for name, weight in prior((NETWORK, *names)).items()))


def _bodies(count: int) -> str:
    return counted(count, "bodies of labels")
