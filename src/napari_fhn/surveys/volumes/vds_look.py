"""A look into an OpenVDS file, in a process of its own: in some damaged files the library ends the program.

Run as ``python -I vds_look.py FILE SECONDS`` it opens the file, goes through its description, and reads one sample at
either end. It imports nothing of this package, so that a fresh interpreter is quick.
"""

from __future__ import annotations

import faulthandler
import sys


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


if __name__ == "__main__":
    # Nobody stops the look when the process that began it has been killed: a thread of faulthandler's, which needs no
    # lock of Python's, ends it then.
    faulthandler.dump_traceback_later(float(sys.argv[2]), exit=True)
    look(sys.argv[1])
