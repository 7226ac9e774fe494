"""Everything a person touches: readers and samples for napari, and the dock that labels, trains and exports.

The only room that knows Qt and napari. It never imports torch: training happens in the engine's process.
"""

from importlib.util import find_spec

from napari_fhn.installed import desk

for _name in ("napari", "qtpy", "magicgui", "superqt", "psygnal", "pyqtgraph"):
    if find_spec(_name) is None:
        raise ModuleNotFoundError(desk(_name), name=_name)
