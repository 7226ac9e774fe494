"""A number for each trace: thicknesses, and the files they become."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

from napari_fhn.labels import ClassTable
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting.exporter import Exporter, Request
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out import save_trace_map
from napari_fhn.surveys.out.thickness import thickness

SHAPE = (5, 7, 30)
GEOMETRY = SurveyGeometry((10, 20), (1, 1), (1000.0, 2000.0), (0.0, 25.0), (12.5, 0.0))
TABLE = ClassTable.of_names(("cover", "sand", "base"), ("#aaaaaa", "#ffcc00", "#333333"))


def _survey(domain: str = "twt") -> xr.DataArray:
    return xr.DataArray(
        np.zeros(SHAPE, np.float32),
        dims=("inline", "crossline", domain),
        coords={
            "inline": 10 + np.arange(5),
            "crossline": 20 + np.arange(7),
            domain: (domain, 4.0 * np.arange(30), {"units": "ms" if domain == "twt" else "m"}),
        },
        name="survey",
        attrs={"geometry": GEOMETRY},
    )


def _classes() -> np.ndarray:
    """Sand from sample 10, one sample thicker with each crossline, with a base of a sample in it; none on inline 4."""
    values = np.ones(SHAPE, np.uint8)
    values[..., 10:] = 3
    for crossline in range(7):
        values[:4, crossline, 10 : 15 + crossline] = 2
        values[:4, crossline, 12] = 3
    return values


def test_thickness_is_from_top_to_base_or_of_all_samples(tmp_path):
    gross, net = (thickness(_classes(), _survey(), [2], net=net) for net in (False, True))
    assert gross[0].tolist() == [20.0, 24.0, 28.0, 32.0, 36.0, 40.0, 44.0]
    assert (net[:4] == gross[:4] - 4).all()
    assert np.isnan(gross[4]).all()
    # What the ends of the survey cut off has no boundary there.
    assert np.isnan(thickness(_classes(), _survey(), [1])).all()


def test_it_is_exported_in_ms_and_in_metres(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("classes.npy", _classes())
    exporter = Exporter.of_file("classes.npy", like=_survey(), table=TABLE)
    assert "thickness" in [offer.what for offer in exporter.offers()]
    told = []
    done = exporter.write(Request("thickness", Path("sand.tif"), of=(2,)), told.append)
    assert done.counts == {"traces": 28}
    assert told[-1] == 1
    with rasterio.open("sand.tif") as file:
        assert file.read(1)[file.index(*GEOMETRY.to_xy(12, 23))] == 32
        assert file.tags()["TIFFTAG_IMAGEDESCRIPTION"].splitlines()[:2] == ["thickness of sand", "thickness in ms"]
    exporter.write(Request("thickness", Path("sand.csv"), of=(2,), velocity=2500.0, net=True))
    lines = Path("sand.csv").read_text().splitlines()
    assert lines[0] == "inline,crossline,x_m,y_m,net_thickness_m"
    assert lines[1].split(",")[-1] == "20"
    exporter.write(Request("thickness", Path("sand.irap"), of=(2,), velocity=2500.0))
    assert "z: thickness in m, at 2500 m/s" in Path("sand.irap.history.txt").read_text()
    exporter.write(Request("horizon", Path("top.tif"), above=(1,), below=(2, 3)))
    with rasterio.open("top.tif") as file:
        assert (file.read(1) == 40).all()
    with pytest.raises(ProjectError, match="velocity of -3"):
        exporter.write(Request("thickness", Path("n.tif"), of=(2,), velocity=-3.0))
    with pytest.raises(SurveyError, match="cover is seen from its top to its base on no trace"):
        exporter.write(Request("thickness", Path("n.tif"), of=(1,)))
    deep = Exporter.of_file("classes.npy", like=_survey("depth"), table=TABLE)
    with pytest.raises(ProjectError, match="has none"):
        deep.write(Request("thickness", Path("n.tif"), of=(2,), velocity=2000.0))
    assert not Path("n.tif").exists()


def test_what_cannot_be_is_one_sentence(tmp_path):
    survey, values = _survey(), np.ones(SHAPE[:2])
    with pytest.raises(SurveyError, match="is not known"):
        save_trace_map(tmp_path / "a.doc", values, survey, "ones")
    with pytest.raises(SurveyError, match=r"there are numbers for .* traces, and the survey has"):
        save_trace_map(tmp_path / "a.csv", values[1:], survey, "ones")
    with pytest.raises(SurveyError, match="no map coordinates"):
        save_trace_map(tmp_path / "a.tif", values, survey.assign_attrs(geometry=None), "ones")
    assert not list(tmp_path.iterdir())
