"""The process that trains beside the viewer: started early, steered by JSON lines, never able to take the viewer down.

``Engine`` is the viewer's end and imports no torch; ``worker`` is the program that runs at the other end.
"""

from napari_fhn.engine.engine import Engine

__all__ = ["Engine"]
