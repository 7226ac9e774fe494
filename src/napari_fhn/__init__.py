"""napari-fhn: an interpretation desk in napari around a fully invertible hyperbolic network.

The rooms are listed, with who may import whom, in ``docs/architecture.md``.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-fhn")
except PackageNotFoundError:  # a bare checkout on a machine that runs only network/ and training/
    __version__ = "0+unknown"
