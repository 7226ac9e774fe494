"""What makes the bundled samples: run by ``make samples``, and part of no installation.

`make_seismic` draws rocks (`geology`), shoots them (`seismogram`) and drills them (`boreholes`); `make_hyperspectral`
draws fields (`farmland`) and what grows there reflects (`spectra`). What they made lies in ``napari_fhn/sample_data``.
"""

from pathlib import Path

#: Where the bundled files lie in a checkout.
BUNDLED = Path(__file__).parents[2] / "src" / "napari_fhn" / "sample_data"
