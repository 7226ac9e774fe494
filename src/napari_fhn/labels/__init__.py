"""What is known about a survey: classes, wells, points, the label volume, its bodies and hold-outs.

Everything ends as bytes in one memory-mapped ``.npy`` of uint8 (0: unlabelled) shared by viewer and training.
Arrays are plain numpy; what cannot be read or burnt is a `LabelError`, one sentence with the way out.
"""

from napari_fhn.box import Box
from napari_fhn.labels import volume
from napari_fhn.labels.classes import ClassTable, LabelClass
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.las import read_las
from napari_fhn.labels.points import Point, burn_points, read_points
from napari_fhn.labels.reference import nearest_column
from napari_fhn.labels.splits import bodies, hold_out
from napari_fhn.labels.wells import Interval, Well, burn, read_wells

__all__ = [
    "Box",
    "ClassTable",
    "Interval",
    "LabelClass",
    "LabelError",
    "LabelWarning",
    "Point",
    "Well",
    "bodies",
    "burn",
    "burn_points",
    "hold_out",
    "nearest_column",
    "read_las",
    "read_points",
    "read_wells",
    "volume",
]
