"""Files <-> labelled arrays: SEG-Y, ENVI, GeoTIFF and npy to lazy ``xarray.DataArray`` and back.

`open` reads, `save` writes on the grid of what was read, `summary` says in a few lines what a file holds. `Grid` says
where a survey lies; `onto` brings values there, and `read_classes` labels out of a file.
What cannot be read is a `SurveyError`: one sentence naming the file, the place and the way out.
"""

from napari_fhn.surveys.classes import read_classes, read_mask
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.grid import Grid, Placed, PlaceError, onto
from napari_fhn.surveys.opening import can_open, open
from napari_fhn.surveys.out import save
from napari_fhn.surveys.summary import summary
from napari_fhn.surveys.together import together

__all__ = [
    "Grid",
    "PlaceError",
    "Placed",
    "SurveyError",
    "SurveyGeometry",
    "can_open",
    "onto",
    "open",
    "read_classes",
    "read_mask",
    "save",
    "summary",
    "together",
]
