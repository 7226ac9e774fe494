"""Files <-> labelled arrays: SEG-Y, ENVI, GeoTIFF and npy to lazy ``xarray.DataArray`` and back.

`open` reads, `save` writes on the grid of what was read, `summary` says in a few lines what a file holds.
What cannot be read is a `SurveyError`: one sentence naming the file, the place and the way out.
"""

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.opening import can_open, open
from napari_fhn.surveys.out import save
from napari_fhn.surveys.summary import summary

__all__ = ["SurveyError", "SurveyGeometry", "can_open", "open", "save", "summary"]
