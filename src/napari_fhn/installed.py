"""What is not installed, and the one line that installs it."""

from __future__ import annotations

#: What brings a module, where that is not simply this distribution.
_WAYS = {
    "torch": (
        "networks are computed by torch, which is not installed",
        "pip install torch, or without an NVIDIA card on Linux and Windows "
        "pip install torch --index-url https://download.pytorch.org/whl/cpu",
    ),
    "matplotlib": ("figures are drawn by matplotlib, which is not installed", "pip install 'napari-fhn[report]'"),
    "jinja2": ("reports are written by jinja2, which is not installed", "pip install 'napari-fhn[report]'"),
    "distributed": (
        "work on a cluster is shared out by distributed, which is not installed",
        "pip install 'napari-fhn[cluster]'",
    ),
    "onnx": ("ONNX files are written by onnx, which is not installed", "pip install 'napari-fhn[onnx]'"),
    "onnxscript": ("ONNX files are written by onnxscript, which is not installed", "pip install 'napari-fhn[onnx]'"),
    "onnxruntime": ("ONNX files are run by onnxruntime, which is not installed", "pip install 'napari-fhn[onnx]'"),
}
_DESK = ("napari", "qtpy", "magicgui", "superqt", "psygnal", "pyqtgraph", "vispy")


def in_words(error: ImportError) -> str | None:
    """Say what an import has missed.

    Parameters
    ----------
    error : ImportError
        As Python raises it.

    Returns
    -------
    str or None
        One sentence with the way out; None where a module is missed that is a part of this package: that is a fault.

    Examples
    --------
    >>> in_words(ModuleNotFoundError("No module named 'jinja2'", name="jinja2"))
    "reports are written by jinja2, which is not installed: pip install 'napari-fhn[report]'"
    """
    name = (error.name or "").partition(".")[0]
    if type(error) is not ModuleNotFoundError or name in ("", "napari_fhn"):
        return None
    if name in _DESK:
        return desk(name)
    what, way_out = _WAYS.get(name, (f"{name}, which this needs, is not installed", "pip install napari-fhn"))
    return f"{what}: {way_out}"


def desk(name: str) -> str:
    """Say that the viewer, or its Qt, is not installed.

    Parameters
    ----------
    name : str
        The module that is missed.
    """
    return (
        f"the interpretation desk needs napari and Qt ({name} is not installed): pip install 'napari-fhn[desk]', or "
        "'napari-fhn[desk-pyside]' with Qt under the LGPL"
    )
