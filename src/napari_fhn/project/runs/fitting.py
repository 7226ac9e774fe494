"""Whether settings go with surveys: asked before a training touches anything, and by every forecast."""

from __future__ import annotations

from napari_fhn.network.comparison import NetworkDescription, map_axis
from napari_fhn.project.data.staging import shape_of_cubes
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.runs.settings import Settings
from napari_fhn.training.data import fitting
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.recipes import check_begun


def check(settings: Settings, surveys: SurveySet, vertical: int | None) -> tuple[tuple[int, ...], int]:
    """Refuse settings that do not go with surveys: their network, their schedule, or the recipe that they began with.

    The recipe comes last: where a network was named and no recipe, it is the network that does not go with the data.

    Parameters
    ----------
    settings : Settings
        Of a training.
    surveys : SurveySet
        What is learnt from.
    vertical : int or None
        The axis of time or depth.

    Returns
    -------
    shape : tuple of int
        Spatial shape of the surveys, as the network is given them.
    channels : int
        Of the data.

    Raises
    ------
    JobError
        In the words of the training.
    """
    shape, channels = staged_as(settings.network, surveys)
    framing = Framing(vertical, map_axis(settings.network), settings.position, settings.neighbours)
    fitting.check(settings.network, settings.schedule, len(shape), framing)
    cubes = surveys.cube is not None
    check_begun(settings.recipe, len(surveys.shape), vertical=vertical is not None, cubes=cubes)
    return shape, channels


def staged_as(network: NetworkDescription, surveys: SurveySet) -> tuple[tuple[int, ...], int]:
    """Return the spatial shape of surveys and their channels, as a network is given them.

    Parameters
    ----------
    network : NetworkDescription
        Where it reads a map from cubes, the bands are an axis of space, and each survey is one channel.
    surveys : SurveySet
        What is learnt from.

    Raises
    ------
    JobError
        When it reads cubes, and they are none.
    """
    if map_axis(network) is None:
        return surveys.shape, surveys.channels
    return shape_of_cubes(surveys), len(surveys.names)
