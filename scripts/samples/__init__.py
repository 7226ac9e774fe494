"""What makes the bundled samples: run by ``make samples``, and part of no installation.

`make_seismic` draws rocks (`geology`, of `processes`), shoots them (`seismogram`) and drills them (`boreholes`);
`make_hyperspectral` draws fields (`farmland`) and what grows there reflects (`spectra`). What they made lies in
``napari_fhn/sample_data``. `family` makes small surveys of any seed in the same way, each with a story of its own
(`stories`): the benchmarks tune on ten and test with ten others.
"""

from pathlib import Path

#: Where the bundled files lie in a checkout.
BUNDLED = Path(__file__).parents[2] / "src" / "napari_fhn" / "sample_data"
