from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError


def su(path: Path, traces: np.ndarray, fields: dict[int, np.ndarray], mark: str = "<", ns: int | None = None) -> Path:
    """Write traces as Seismic Unix does; fields of four bytes by their first byte, of two bytes at 71, 109 to 117."""
    with path.open("wb") as file:
        for k, trace in enumerate(traces):
            header = bytearray(240)
            struct.pack_into(mark + "i", header, 0, k + 1)
            struct.pack_into(mark + "H", header, 114, traces.shape[1] if ns is None else ns)
            for byte, values in {29: 1, 117: 2000, **fields}.items():
                short = byte in (29, 71, 109, 117)
                value = int(values[k]) if isinstance(values, np.ndarray) else int(values)
                struct.pack_into(mark + ("h" if short else "i"), header, byte - 1, value)
            # Seismic Unix keeps its own floats where SEG-Y has numbers and coordinates of a later revision.
            struct.pack_into(mark + "ffff", header, 180, 0.002, 0.0, 25.0, 0.0)
            file.write(bytes(header) + trace.astype(mark + "f4").tobytes())
    return path


def grid(n: tuple[int, int, int] = (5, 6, 7)) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    i, j = (one.ravel() for one in np.meshgrid(np.arange(n[0]), np.arange(n[1]), indexing="ij"))
    values = np.arange(np.prod(n), dtype=np.float32).reshape(-1, n[2])
    return values, {9: 100 + i, 21: 300 + j, 73: 500_000 + 25 * j, 77: 6_000_000 + 50 * i, 109: np.full(i.size, 40)}


@pytest.mark.parametrize("mark", ["<", ">"])
def test_a_volume_is_found_by_the_same_numbers_and_coordinates_as_segy(tmp_path, mark):
    values, fields = grid()
    survey = surveys.open(su(tmp_path / "cube.su", values, fields, mark))
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey.values, values.reshape(5, 6, 7))
    assert (survey["inline"].values[0], survey["crossline"].values[-1]) == (100, 305)
    assert survey["twt"].values[:2].tolist() == [40, 42]
    x, y = survey.attrs["geometry"].to_xy(102, 301)
    np.testing.assert_allclose((x, y), (500_025, 6_000_100))
    endian = {"<": "little", ">": "big"}[mark]
    assert survey.attrs["format"] == f"Seismic Unix, IEEE float, 4 bytes, {endian}-endian"
    assert any("metres or feet" in note for note in survey.attrs["notes"])
    assert surveys.Grid.of(survey).axes[0].counted is False


def test_traces_without_numbers_and_coordinates_are_a_line(tmp_path):
    values, _ = grid()
    survey = surveys.open(su(tmp_path / "line.su", values, {}))
    assert survey.dims == ("trace", "twt")
    np.testing.assert_array_equal(survey.values, values)
    assert survey.attrs["geometry"] is None
    nothing = surveys.open(su(tmp_path / "still.su", values, {117: np.zeros(30)}))
    assert nothing.dims == ("trace", "sample")


def test_what_is_no_seismic_unix_is_a_sentence(tmp_path, volume):
    values, fields = grid()
    whole = su(tmp_path / "a.su", values, fields).read_bytes()
    for name, data, words in (
        ("cut.su", whole[:-9], "cut short: 29 traces of 7 samples"),
        ("short.su", whole[:100], "inside its first trace header"),
        ("zeros.su", bytes(4000), "does not say how many samples"),
        ("text.su", b"C 1 CLIENT".ljust(4000), "samples"),
        ("segy.su", volume.read_bytes(), "If it is SEG-Y, give it the suffix"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SurveyError, match=words):
            surveys.open(tmp_path / name)
    (tmp_path / "cut.su").write_bytes(whole[:-9])
    part = surveys.open(tmp_path / "cut.su", incomplete=True)
    assert int(np.isfinite(part).sum()) == 29 * 7
    uneven = su(tmp_path / "uneven.su", values, fields, ns=7).read_bytes()
    at = 268 * 20 + 114
    (tmp_path / "uneven.su").write_bytes(uneven[:at] + struct.pack("<H", 9) + uneven[at + 2 :])
    with pytest.raises(SurveyError, match="do not all count 7 samples"):
        surveys.open(tmp_path / "uneven.su")


@pytest.mark.parametrize("mark", ["<", ">"])
def test_a_prediction_goes_out_as_seismic_unix_with_the_headers_of_its_traces(tmp_path, mark):
    values, fields = grid()
    keep = np.arange(30) != 7
    fields = {byte: value[keep] for byte, value in fields.items()}
    source = su(tmp_path / "cube.su", values[keep], fields, mark)
    survey = surveys.open(source)
    out = surveys.save(tmp_path / "out.su", np.full(survey.shape, 3, np.uint8), survey, history=["Drawn by hand"])
    assert [out.read_bytes()[k * 268 : k * 268 + 240] for k in range(29)] == [
        source.read_bytes()[k * 268 : k * 268 + 240] for k in range(29)
    ]
    again = surveys.open(out)
    assert surveys.Grid.of(again).apart(surveys.Grid.of(survey)) == ""
    assert np.nansum(again.values) == 3 * 29 * 7
    assert "Drawn by hand" in out.with_name("out.su.history.txt").read_text()


def test_seg_y_goes_out_as_seismic_unix(tmp_path, volume):
    survey = surveys.open(volume)
    values = np.arange(survey.size, dtype=np.float32).reshape(survey.shape)
    out = surveys.save(tmp_path / "out.su", values, survey)
    again = surveys.open(out)
    assert surveys.Grid.of(again).apart(surveys.Grid.of(survey)) == ""
    np.testing.assert_array_equal(again.values, values)
    with pytest.raises(SurveyError, match="one value per sample"):
        surveys.save(tmp_path / "out.su", values[None], survey)
    with pytest.raises(SurveyError, match="needs the headers of a SEG-Y or Seismic Unix survey"):
        surveys.save(tmp_path / "out.su", values, survey.assign_attrs(format="npy"))
    with pytest.raises(SurveyError, match=r"this one is none\. Use \.su"):
        surveys.save(tmp_path / "out.sgy", values, again)


def test_a_prediction_on_it_goes_out_as_other_files(tmp_path):
    values, fields = grid()
    survey = surveys.open(su(tmp_path / "cube.su", values, fields))
    out = surveys.save(tmp_path / "out.nc", np.ones(survey.shape, np.uint8), survey)
    assert surveys.open(out).dims == survey.dims
