"""What is known about a survey: files with the answers that go with them, read and burnt into one label volume.

The dock, the command line and Python read here and nowhere else, so that the same files with the same answers are the
same labels, weights and classes at each of them. What a file leaves open is a `Question`.
"""

from napari_fhn.project.knowledge.burning import Burnt, Knowledge, Part, burn, read
from napari_fhn.project.knowledge.readers import POINT_RADIUS, WELL_RADIUS, read_surfaces, said, zone_names
from napari_fhn.project.knowledge.steps import HELPING, LABELLING, STEPS, groups, makes_wells

__all__ = [
    "HELPING",
    "LABELLING",
    "POINT_RADIUS",
    "STEPS",
    "WELL_RADIUS",
    "Burnt",
    "Knowledge",
    "Part",
    "burn",
    "groups",
    "makes_wells",
    "read",
    "read_surfaces",
    "said",
    "zone_names",
]
