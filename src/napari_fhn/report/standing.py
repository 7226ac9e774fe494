"""A prediction beside a humble one, ahead, behind or level, in words that say whether copying is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_fhn.training.scores.estimating import Drawn, Estimate, Sample, difference, estimates

Verdict = Literal["ahead", "level", "behind", "one body"]


@dataclass(frozen=True)
class Standing:
    """How a prediction stands beside a reference, by mean IoU.

    Parameters
    ----------
    reference : str
        What it is beside, such as ``"the nearest labelled column, copied sideways"``.
    mine, theirs : Estimate
        Mean IoU of the prediction and of the reference.
    by : Estimate
        By how much it is above; both are held against the same bodies drawn anew.
    verdict : {"ahead", "level", "behind", "one body"}
        Level where the interval of the difference holds 0; one body says nothing of how another would differ.
    """

    reference: str
    mine: Estimate
    theirs: Estimate
    by: Estimate
    verdict: Verdict

    @property
    def _doing(self) -> str:
        return "Carrying" if "carried" in self.reference else "Copying"

    @property
    def words(self) -> str:
        """One or two sentences: the verdict, both numbers with the interval of their difference, and what to do."""
        numbers = f"mean IoU {self.mine.value:.2f} against {self.theirs.value:.2f}"
        if self.verdict == "one body":
            if self.by.value < 0:
                return (
                    f"Behind {self.reference}: {numbers}. {self._doing} would have been better on the one body "
                    "that was held out; hold out more to know whether it is."
                )
            than = "As good as" if self.by.value == 0 else "Better than"
            return f"{than} {self.reference}: {numbers}, on the one body that was held out. Hold out more to be sure."
        assert self.by.low is not None
        assert self.by.high is not None
        reach = f"({self.by.low:+.2f} to {self.by.high:+.2f})"
        if self.verdict == "behind":
            return (
                f"Behind {self.reference}: {numbers}, a difference of {self.by.value:+.2f} {reach}. "
                f"{self._doing} would be better than this prediction."
            )
        if self.verdict == "ahead":
            return f"Ahead of {self.reference}: {numbers}, a difference of {self.by.value:+.2f} {reach}."
        return (
            f"Level with {self.reference}: {numbers}, a difference of {self.by.value:+.2f}, which may as well be "
            f"{self.by.low:+.2f} or {self.by.high:+.2f}. {self._doing} may be as good."
        )


def standing(reference: str, mine: Sample, theirs: Sample, drawn: Drawn | None = None) -> Standing | None:
    """Compare a prediction with a reference on the same bodies.

    Parameters
    ----------
    reference : str
        What it is compared with, as it goes with "behind".
    mine, theirs : Sample
        Of the prediction and of the reference.
    drawn : {"place", "class"}, optional
        How the bodies were chosen; what they show when absent.

    Returns
    -------
    Standing or None
        None where the bodies hold nothing.
    """
    drawn = drawn or mine.drawn
    by = difference(mine, theirs, drawn)
    own, other = (estimates(sample, drawn).mean_iou for sample in (mine, theirs))
    if by is None or own is None or other is None:
        return None
    verdict: Verdict
    if by.low is None or by.high is None:
        verdict = "one body"
    else:
        verdict = "ahead" if by.low > 0 else "behind" if by.high < 0 else "level"
    return Standing(reference, own, other, by, verdict)
