"""What is under way in the desk, as one state with the ways from one to the next."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


class Activity(enum.Enum):
    """What the desk is busy with; one thing at a time."""

    IDLE = "idle"
    PREPARING = "preparing"
    TRAINING = "training"
    TRAINING_PAUSED = "training, paused"
    PREDICTING = "predicting"
    PREDICTING_PAUSED = "predicting, paused"
    STOPPING = "stopping"
    TIDYING = "tidying"
    EXPORTING = "exporting"
    LEAVING_OUT = "leaving labels out"

    @property
    def idle(self) -> bool:
        """Whether something may be begun."""
        return self is Activity.IDLE

    @property
    def training(self) -> bool:
        """Whether a network learns, or waits to go on learning."""
        return self in (Activity.TRAINING, Activity.TRAINING_PAUSED)

    @property
    def paused(self) -> bool:
        """Whether it waits for the person."""
        return self in (Activity.TRAINING_PAUSED, Activity.PREDICTING_PAUSED)

    @property
    def can_pause(self) -> bool:
        """Whether it can wait, or go on."""
        return self in _PAUSES

    @property
    def can_stop(self) -> bool:
        """Whether Stop does anything."""
        return self is Activity.PREPARING or self in _PAUSES

    @property
    def toggled(self) -> Activity:
        """The same, paused or going on."""
        return _PAUSES[self]


_PAUSES = {
    Activity.TRAINING: Activity.TRAINING_PAUSED,
    Activity.TRAINING_PAUSED: Activity.TRAINING,
    Activity.PREDICTING: Activity.PREDICTING_PAUSED,
    Activity.PREDICTING_PAUSED: Activity.PREDICTING,
}

_FROM_IDLE = frozenset({Activity.PREPARING, Activity.TIDYING, Activity.EXPORTING, Activity.LEAVING_OUT})
_NEXT: dict[Activity, frozenset[Activity]] = {
    Activity.IDLE: _FROM_IDLE,
    Activity.PREPARING: frozenset({Activity.TRAINING, Activity.PREDICTING, Activity.STOPPING}),
    **{activity: frozenset({other, Activity.STOPPING}) for activity, other in _PAUSES.items()},
    Activity.STOPPING: frozenset(),
    Activity.TIDYING: frozenset(),
    Activity.EXPORTING: frozenset(),
    Activity.LEAVING_OUT: frozenset(),
}
"""Ways from one to another; to idle there is always one."""


@dataclass
class RunState:
    """Progress of what is under way; setting a field emits an event of its name.

    Parameters
    ----------
    activity : Activity
        What that is.
    share : float
        How much of it is done, 0 to 1.
    seconds_left : float or None
        Estimate.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    activity: Activity = Activity.IDLE
    share: float = 0.0
    seconds_left: float | None = None

    def become(self, activity: Activity) -> bool:
        """Go over to another activity; False, and nothing happens, where there is no way from this one.

        Parameters
        ----------
        activity : Activity
            What is under way from now on.
        """
        if activity is not Activity.IDLE and activity not in _NEXT[self.activity]:
            return False
        self.activity = activity
        return True
