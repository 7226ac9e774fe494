"""Shapes from GIS files: the one reader of labels and maps, which opens nothing but what a file says it is.

GDAL goes by content and would follow a file that points elsewhere (a "virtual" source under another suffix), so the
first bytes have to be those of the suffix before it is let near, and what can name other files is looked through.
"""

from napari_fhn.vector.errors import VectorError
from napari_fhn.vector.features import Features, draw, fields, layer_of, read
from napari_fhn.vector.looking import SUFFIXES
from napari_fhn.vector.places import BESIDE

__all__ = ["BESIDE", "SUFFIXES", "Features", "VectorError", "draw", "fields", "layer_of", "read"]
