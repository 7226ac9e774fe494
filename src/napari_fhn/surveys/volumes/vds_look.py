"""A look into an OpenVDS file, in a process of its own: in some damaged files the library ends the program.

It opens the file, goes through its description, and reads one sample at either end. `napari_fhn.surveys.look_loop` runs
it: it imports nothing of this package, so that a fresh interpreter is quick.
"""

from __future__ import annotations


def look(path: str) -> None:
    """Open a file, and read of it.

    Parameters
    ----------
    path : str
        The file.
    """
    import openvds

    handle = openvds.open(openvds.VDSFileOpenOptions(path))
    layout = openvds.getLayout(handle)
    axes = [layout.getAxisDescriptor(k) for k in range(layout.dimensionality)]
    ends = [int(axis.numSamples) for axis in axes]
    for k in range(layout.channelCount):
        layout.getChannelDescriptor(k)
    manager = openvds.getAccessManager(handle)
    dims = openvds.DimensionsND.Dimensions_01 if len(ends) == 2 else openvds.DimensionsND.Dimensions_012
    for low in ((0,) * len(ends), tuple(n - 1 for n in ends)):
        manager.requestVolumeSubset(low, tuple(n + 1 for n in low), dimensionsND=dims).waitForCompletion()


def answer(path: str) -> str:
    """Look into a file; what goes wrong in good order is left to the reader.

    Parameters
    ----------
    path : str
        The file.
    """
    look(path)
    return "looked"
