"""Places in another CRS than the survey's: wells, paths, logs, horizons and points come over, or are asked about."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.warp import transform

from napari_fhn import labels
from napari_fhn.labels import LabelError, LabelWarning, Question, Source, read_deviation, read_heads, read_las
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.project.knowledge.naming import Said, sources

UTM, DEGREES, OTHER = "EPSG:32632", "EPSG:4326", "EPSG:25833"
pytestmark = pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")


def at(mapped, inline, crossline, crs):
    """Coordinates of a trace in another CRS."""
    x, y = mapped.attrs["geometry"].to_xy(inline, crossline)
    return tuple(v[0] for v in transform(UTM, crs, [float(x)], [float(y)]))


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("header", "crs", "said"),
    [
        ("longitude,latitude", DEGREES, None),
        ("x,y", DEGREES, DEGREES),
        ("x,y", OTHER, OTHER),
        ("lon,lat", "EPSG:4267", "EPSG:4267"),
    ],
)
def test_heads_of_wells_come_to_the_survey(tmp_path, mapped, header, crs, said):
    a, b = at(mapped, 104, 206, crs)
    path = write(tmp_path, "wells.csv", f"well,{header},kb_m\nA,{a:.9f},{b:.9f},25\n")
    with pytest.warns(LabelWarning, match="were brought to the CRS of the survey"):
        head = read_heads(path, survey=mapped, crs=said, survey_crs=UTM)["A"]
    np.testing.assert_allclose(mapped.attrs["geometry"].to_numbers(*head.xy), (104, 206), atol=0.01)
    assert head.kb_m == 25
    # A survey may say its CRS itself.
    same = read_heads(path, survey=mapped.assign_attrs(crs=UTM), crs=said)["A"]
    assert same.xy == head.xy


def test_the_crs_of_coordinates_that_may_be_degrees_is_asked(tmp_path, mapped):
    a, b = at(mapped, 104, 206, DEGREES)
    wells = write(tmp_path, "wells.csv", f"well,x,y\nA,{a:.9f},{b:.9f}\n")
    tops = write(tmp_path, "tops.csv", "well,top_twt_ms,base_twt_ms,class\nA,40,80,sand\n")
    out = np.zeros(mapped.shape, np.uint8)
    said: dict[str, object] = {"wells": wells, "tops": tops}
    for option, answer in (("crs", DEGREES), ("survey_crs", UTM)):
        with pytest.raises(Question) as asked:
            Knowledge(sources(Said(**said), mapped)).burn(mapped, out)
        assert (asked.value.cause.option, asked.value.source.kind) == (option, "wells")
        said[option] = answer
    Knowledge(sources(Said(**said), mapped)).burn(mapped, out)
    assert out[4, 3, :10].all()
    # Places that are counted, and those of a survey in degrees, are none of this.
    counted = write(tmp_path, "w.csv", "well,x,y\nA,5,7\n")
    assert read_heads(counted, survey=mapped)["A"].xy == (5.0, 7.0)


def test_the_path_of_a_well_comes_to_the_survey(tmp_path, mapped):
    places = [at(mapped, 104 + k, 206, OTHER) for k in range(4)]
    text = "well,md_m,tvd_m,x_m,y_m\n" + "".join(
        f"A,{50 * k},{45 * k},{a:.4f},{b:.4f}\n" for k, (a, b) in enumerate(places)
    )
    way = read_deviation(write(tmp_path, "path.csv", text), survey=mapped, crs=OTHER, survey_crs=UTM)["A"]
    head = mapped.attrs["geometry"].to_numbers(*way.head)
    np.testing.assert_allclose(head, (104, 206), atol=0.01)
    x, y = mapped.attrs["geometry"].to_xy([105, 106, 107], [206] * 3)
    np.testing.assert_allclose(way.dx[1:], x - way.head[0], atol=0.05)
    np.testing.assert_allclose(way.dy[1:], y - way.head[1], atol=0.05)


@pytest.mark.parametrize("items", ["LONG. {a} : LONGITUDE\nLATI. {b} deg : LATITUDE", "XCOORD.m {x} :\nYCOORD.m {y} :"])
def test_a_log_comes_to_the_survey(tmp_path, mapped, items):
    (a, b), (x, y) = at(mapped, 104, 206, DEGREES), at(mapped, 104, 206, OTHER)
    text = (
        "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.ms 40 :\nSTOP.ms 52 :\nSTEP.ms 4 :\nNULL. -999.25 :\nWELL. W :\n"
        + items.format(a=f"{a:.8f}", b=f"{b:.8f}", x=f"{x:.3f}", y=f"{y:.3f}")
        + "\n~C\nTWT.ms :\nCLASS. :\n~A\n40 1\n44 1\n48 2\n52 2\n"
    )
    path = write(tmp_path, "w.las", text)
    well = read_las(path, survey=mapped, crs=None if "LONG" in items else OTHER, survey_crs=UTM)
    np.testing.assert_allclose(mapped.attrs["geometry"].to_numbers(*well.xy), (104, 206), atol=0.01)


@pytest.mark.parametrize("kind", ["horizon", "points"])
def test_picks_and_points_in_degrees_come_to_the_survey(tmp_path, mapped, kind):
    rows = [(*at(mapped, 100 + i, 200 + 2 * j, DEGREES), 60 + i) for i in range(3) for j in range(3)]
    tail = ",sand" if kind == "points" else ""
    text = (
        "Lon,Lat,TWT (ms)"
        + (",class" if tail else "")
        + "\n"
        + "".join(f"{a:.9f},{b:.9f},{z}{tail}\n" for a, b, z in rows)
    )
    source = Source(write(tmp_path, "p.csv", text), kind, options={"survey_crs": UTM})
    out = np.zeros(mapped.shape, np.uint8)
    Knowledge((source,)).burn(mapped, out)
    assert np.argwhere(out.any(axis=2)).tolist() == [[i, j] for i in range(3) for j in range(3)]
    if kind == "horizon":
        surface = labels.read_horizon(source.path, mapped, survey_crs=UTM)
        np.testing.assert_allclose(surface[:3, :3], [[60, 60, 60], [61, 61, 61], [62, 62, 62]])


def test_a_crs_that_there_is_not_is_said(tmp_path, mapped):
    path = write(tmp_path, "wells.csv", "well,x,y\nA,9.5,54.5\n")
    with pytest.raises(LabelError, match="there is no CRS 'Mars'"):
        read_heads(path, survey=mapped, crs="Mars", survey_crs=UTM)
    with pytest.raises(LabelError, match="there is no CRS 'Venus'"):
        read_heads(path, survey=mapped, crs=DEGREES, survey_crs="Venus")
