"""Files that were damaged: a sentence or a result, soon, and the file as it was."""

from __future__ import annotations

import contextlib
import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn.labels import (
    ClassTable,
    Head,
    LabelError,
    LabelWarning,
    burn,
    burn_points,
    burn_zones,
    read_checkshots,
    read_deviation,
    read_heads,
    read_horizons,
    read_las,
    read_points,
    read_tops,
    read_wells,
    sniff,
    suggest,
)

#: Sound files by the reader that they are for.
FILES = {
    "heads": "well;X (m);Y (m);KB (ft)\nA;500050,5;6000100;30,5\nB b;500060;6000110,25;\n",
    "tops": 'well,top_md_m,base_md_m,class\nA,100,200,sand\nA,200,300.5,"shale, grey"\nB,10,20,sand\n',
    "markers": (
        "# Petrel well tops\n# Unit in depth: m\nVERSION 2\nBEGIN HEADER\nX\nY\nMD\nSurface\nWell\nEND HEADER\n"
        '1.0 2.0 110.5 "Top Salt" "W 1"\n1.0 2.0 -999 Gap "W 1"\n1.0 2.0 210.5 Base "W 1"\n'
    ),
    "ruled": (
        "Well NO 1/5-7 A\n  Well name    Surface name     MD (m)   TVD (m)\n"
        "  ------------ ---------------- -------- --------\n"
        "  NO 1/5-7 A   Sleipner Fm. Top 4098.10\n  NO 1/5-7 A   Hugin Fm. Top    4198.10  4100.00\n"
    ),
    "deviation": (
        "# WELL NAME: W-9\n# WELL HEAD X-COORDINATE: 1000.5 (m)\n# WELL HEAD Y-COORDINATE: 2000 (m)\n# KB: 115.89 (m)\n"
        "MD_m X Y TVD_m DX_m DY_m INCL AZIM_GN\n0 1000.5 2000 0 0 0 0 0\n100 1000.5 2001 100 0 1 1 10\n"
    ),
    "checkshots": "Well;MD (m);TWT (ms)\nA;0;0\nA;1000,5;800\nA;2000;1500\n",
    "horizon": "# 1: X\n# 2: Y\n# 3: Inline\n# 4: Crossline\n# 5: Z (ms)\n"
    + "".join(
        f"{500_000 + 10 * j}\t{6_000_000 + 20 * i}\t{100 + i}\t{200 + 2 * j}\t{60 + i}.5\n"
        for i in range(4)
        for j in range(4)
    ),
    "charisma": "".join(f"Top INLINE : {100 + i} XLINE : {200 + 2 * i} 1.0 2.0 {60 + i}.5\n" for i in range(8)),
    "iesx": (
        "PROFILE Segment          TYPE 1  4                                              3d_ci7m.ifdf     m ms\n"
        "SNAPPING PARAMETERS 5     0 1\n"
        "  5.00010000E+05  6.00002000E+06  0 14    61.62    204.00    204.00  204 5.3956040E+03 I    103 XX   \n"
        "EOD  5.00020000E+05  6.00002000E+06  0 14    62.84    206.00    206.00  206 5.8515186E+03 I    103 XX\nEOD"
    ),
    "points": "inline,crossline,twt_ms,class\n103,204,60,class 1\n104,204,80,2\n",
    "las": (
        "~Version\n VERS. 2.0 :\n WRAP. NO :\n~Well\n STRT.ms 100 :\n STOP.ms 120 :\n STEP.ms 4 :\n NULL. -999.25 :\n"
        " WELL. W-1 : NAME\n LOC. inline 103, crossline 204 : PLACE\n~Curve\n TWT.ms : TIME\n CLASS. : CLASS\n~ASCII\n"
        "40 1\n44 1\n48 2\n52 -999.25\n56 2\n"
    ),
    "wrapped": (
        "~V\n VERS. 1.2:\n WRAP. YES:\n~W\n STRT.F 1:\n STOP.F 3:\n STEP.F 1:\n NULL. -999.25:\n WELL. WELL: W9\n~C\n"
        " DEPT.F :\n GR.API :\n FACIES. :\n~A\n1.0\n20.0 1\n2.0\n30.0 2\n3.0\n-999.25 -999.25\n"
    ),
}
PIECES = [b"\n", b"\r", b",", b";", b"\t", b'"', b"#", b"~", b"-", b"1e999", b"nan", b"9" * 400, b"\0", b"\xff", b"  ",
          b"BEGIN HEADER\n", b"INLINE 1 XLINE 2 ", b"PROFILE a TYPE 1 m ms\n", "é".encode(), b"1,234"]  # fmt: skip

MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.floats(0, 1), st.integers(0, 255)),
        st.tuples(st.just("cut"), st.floats(0, 1), st.integers(1, 60)),
        st.tuples(st.just("end"), st.floats(0, 1), st.just(0)),
        st.tuples(st.just("twice"), st.floats(0, 1), st.integers(1, 60)),
        st.tuples(st.just("put"), st.floats(0, 1), st.sampled_from(PIECES)),
        st.tuples(
            st.just("other"),
            st.sampled_from([b",", b" ", b"\t", b".", b"\n"]),
            st.sampled_from([b",", b";", b" ", b"\r"]),
        ),
    ),
    min_size=1,
    max_size=8,
)


def mutated(content: bytes, mutations) -> bytes:
    for kind, where, what in mutations:
        if kind == "other":
            content = content.replace(where, what)
            continue
        at = int(where * max(len(content) - 1, 0))
        if kind == "set" and content:
            content = content[:at] + bytes([what]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at] + content[at + what :]
        elif kind == "end":
            content = content[:at]
        elif kind == "twice":
            content = content[: at + what] + content[at:]
        elif kind == "put":
            content = content[:at] + what + content[at:]
    return content


def read(name, path, survey, table):
    out = np.zeros(survey.shape, np.uint8)
    if name == "heads":
        read_heads(path, survey=survey)
    elif name in ("tops", "markers", "ruled"):
        read_tops(path)
    elif name == "deviation":
        read_deviation(path)
    elif name == "checkshots":
        read_checkshots(path)
    elif name in ("las", "wrapped"):
        well = read_las(path, None, survey, kb_m=0.0, place=Head("W", 103, 204) if name == "wrapped" else None)
        burn([well], survey, ClassTable.default(9), out)
    elif name == "points":
        burn_points(read_points(path, table, survey), out)
    else:
        for surface in read_horizons(path, survey, gap_traces=2).values():
            burn_zones([surface], ["class 1", "class 2"], survey, table, out)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(list(FILES)), mutations=MUTATIONS, data=st.data())
def test_damaged_files_are_sentences_or_results(tmp_path, mapped, name, mutations, data):
    content = mutated(FILES[name].encode(), mutations)
    path = tmp_path / "damaged.txt"
    path.write_bytes(content)
    reader = data.draw(st.sampled_from([name, name, name, *FILES]))
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelWarning)
        for call in (lambda: read(reader, path, mapped, ClassTable.default(2)), lambda: suggest(sniff(path), mapped)):
            said = ""
            try:
                call()
            except LabelError as error:
                said = str(error)
            # A sentence that a dialog can show.
            assert len(said) < 2500
            assert "\n" not in said
    assert time.perf_counter() - began < 20
    assert path.read_bytes() == content


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("name", [name for name in FILES if name != "wrapped"])
def test_sound_files_are_read(tmp_path, mapped, name):
    path = tmp_path / "sound.txt"
    path.write_text(FILES[name])
    read(name, path, mapped, ClassTable.default(2))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
def test_anything_at_all_is_a_sentence_or_a_table(tmp_path, mapped, content):
    path = tmp_path / "anything.csv"
    path.write_bytes(content)
    with warnings.catch_warnings(), contextlib.suppress(LabelError):
        warnings.simplefilter("ignore", LabelWarning)
        suggest(sniff(path), mapped)
    with warnings.catch_warnings(), contextlib.suppress(LabelError):
        warnings.simplefilter("ignore", LabelWarning)
        read_wells(path, path, mapped)
