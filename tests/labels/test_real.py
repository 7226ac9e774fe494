"""Real logs and horizons, where they are at hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.labels import (
    Checkshot,
    ClassTable,
    LabelClass,
    LabelError,
    LabelWarning,
    Spans,
    Undeclared,
    burn,
    read_horizon,
    read_las,
    read_log,
    tie,
    well_head,
)


def test_the_log_of_f02_1(shared_data):
    path = shared_data / "f3_line" / "F02-1_logs.las"
    if not path.exists():
        pytest.skip(f"real data absent: {path.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log = read_log(path)
    assert [c.name for c in log.curves] == ["DEPTH", "RHOB", "DT", "GR", "AI", "AI_rel", "PHIE"]
    assert log.curves[0].values.size == 9680
    assert log.curves[0].values[[0, -1]].tolist() == [48.0, 1499.8501]
    assert (log.head.name, log.head.xy, log.head.kb_m) == ("F02-1", (606554.0, 6080126.0), 30.0)
    # Its null value, here in the density.
    assert np.isnan(log.curve("RHOB").values[0])
    assert np.nanmin(log.curve("rhob").values) > 1000
    # An independent count of the null values in the text.
    text = path.read_text().partition("~A")[2]
    assert int(np.isnan(log.curve("PHIE").values).sum()) == sum(
        row.split()[6] == "-999.2500" for row in text.splitlines()[1:]
    )
    with pytest.raises(Undeclared, match=r"there is no curve CLASS; .* none looks like one"):
        read_las(path)


def test_the_well_f02_1_lies_on_its_line(shared_data):
    folder = shared_data / "f3_line"
    if not (folder / "arbitrary_line.sgy").exists():
        pytest.skip("real data absent: f3_line")
    line = surveys.open(folder / "arbitrary_line.sgy")
    assert line.dims[0] == "trace"
    log = read_log(folder / "F02-1_logs.las")
    head = well_head(log, line)
    table = ClassTable((LabelClass(1, "soft", "#112233"), LabelClass(2, "hard", "#445566")))
    shots = Checkshot("F02-1", "md", np.array([30.0, 1500.0]), np.array([0.0, 1500.0]))
    well = tie(head, Spans("md", ((48.0, 800.0, "soft"), (800.0, 1499.0, "hard"))), checkshot=shots)
    out = np.zeros(line.shape, np.uint8)
    (box,) = burn([well], line, table, out, 2)
    # The line begins at the well.
    assert box.start[0] == 0
    assert set(np.unique(out)) == {0, 1, 2}
    # Its impedance has empty numbers, and coordinates that count traces: no place that a well could have.
    other = surveys.open(folder / "trace_maths_pimpedance.sgy")
    assert other.dims[0] == "trace"
    with pytest.raises(LabelError, match=r"all wells lie farther than 1 m from the line \(line with"):
        burn([well], other, table, np.zeros(other.shape, np.uint8))


def test_the_horizon_of_penobscot_is_a_matrix(shared_data):
    folder = shared_data / "penobscot_line"
    if not (folder / "Hor_B.txt").exists():
        pytest.skip("real data absent: penobscot_line")
    line = surveys.open(folder / "penobscot_xl1155.sgy")
    with pytest.raises(LabelError, match=r"Hor_B\.txt: each of its lines holds 200 numbers: it is a matrix of values"):
        read_horizon(folder / "Hor_B.txt", line)


def test_picks_on_the_line_of_penobscot(shared_data, tmp_path):
    path = shared_data / "penobscot_line" / "penobscot_xl1155.sgy"
    if not path.exists():
        pytest.skip("real data absent: penobscot_line")
    line = surveys.open(path)
    assert line.dims[0] == "trace"
    inlines, x, y = (np.asarray(line[name]) for name in ("inline", "x", "y"))
    z = 1500 + 100 * np.sin(inlines / 50)
    for name, rows in (
        ("numbers.txt", np.column_stack([inlines, np.full(inlines.size, 1155), z])),
        ("places.txt", np.column_stack([x, y, z])),
    ):
        np.savetxt(tmp_path / name, rows, fmt="%.3f")
        with pytest.warns(LabelWarning, match="was read in ms"):
            surface = read_horizon(tmp_path / name, line)
        np.testing.assert_allclose(surface, z, atol=1e-3)


def test_a_crop_of_f3_has_picks_by_coordinates(shared_data, tmp_path):
    path = shared_data / "segy" / "f3.sgy"
    if not path.exists():
        pytest.skip("real data absent: segy/f3.sgy")
    survey = surveys.open(path)
    i, j = np.meshgrid(survey["inline"], survey["crossline"], indexing="ij")
    x, y = survey.attrs["geometry"].to_xy(i, j)
    z = 100 + (i - 111) + 2.0 * (j - 875)
    # Coordinates as OpendTect rounds them, to a centimetre.
    rows = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    np.savetxt(tmp_path / "h.dat", rows, fmt="%.2f", delimiter="\t", header="1: X\n 2: Y\n 3: Z (ms)")
    surface = read_horizon(tmp_path / "h.dat", survey)
    np.testing.assert_allclose(surface, z, atol=0.006)
