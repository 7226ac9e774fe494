"""Files that leave something open: every question that a reader of what is known can ask, and what answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyogrio
import shapely

import workbook_files

#: 8 inlines from 100, 10 crosslines from 200, 32 samples of 4 ms.
SHAPE = (8, 10, 32)
_HEADS = "well,inline,crossline\nA,103,204\n"
_LAS = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.{end} 0 :\nSTOP.{end} 76 :\nSTEP.{end} 4 :\nNULL. -999.25 :\nWELL. W :\n"
    "{more}INLINE. 103 :\nCROSSLINE. 204 :\n~C\n{index} :\n{curve}. :\n~A\n"
    + "".join(f"{t} {1 if t < 40 else 2}\n" for t in range(0, 80, 4))
)


@dataclass(frozen=True)
class Open:
    """Files that leave something open.

    Attributes
    ----------
    asks : str
        The option of the first question, or "which" columns.
    files : dict of str to str
        Text by name; kinds are the stems of the names, before a dash.
    answers : dict
        What stands for the capitals of hints, and what a person chooses: column number (from 1) of each role, value
        of each option where it is not the first choice.
    options : dict
        Options said before, by kind.
    """

    asks: str
    files: dict[str, str]
    answers: dict[str, object] = field(default_factory=dict)
    options: dict[str, dict[str, object]] = field(default_factory=dict)

    def write(self, folder: Path) -> dict[Path, str]:
        """Write the files; returns their kinds."""
        kinds = {}
        for name, text in self.files.items():
            path = folder / name
            if path.suffix in (".geojson", ".gpkg"):
                shapes(path, text.split())
            elif path.suffix == ".xlsx":
                # A sheet with its name in the first line, and the next one behind an empty line.
                parts = (sheet.splitlines() for sheet in text.split("\n\n"))
                workbook_files.write(path, {name: [row.split(",") for row in rows] for name, *rows in parts})
            else:
                path.write_text(text)
            kinds[path] = path.stem.partition("-")[0]
        return kinds


def shapes(path: Path, fields: list[str]) -> None:
    """Write one box, or the place of a well, with fields of text, in two layers where the file can have them."""
    of_wells = path.stem == "wells"
    shape = shapely.Point(500_040, 6_000_060) if of_wells else shapely.box(500_005, 6_000_030, 500_025, 6_000_070)
    for layer in ("one", "two") if path.suffix == ".gpkg" else (None,):
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array([shape], dtype=object)),
            field_data=[np.array(["A" if of_wells else "salt"], dtype=object) for _ in fields],
            fields=fields,
            crs="EPSG:32632",
            geometry_type=shape.geom_type,
            driver="GPKG" if layer else "GeoJSON",
            append=layer == "two",
            **({"layer": layer} if layer else {}),
        )


def _picks(*tail: str) -> str:
    return "".join(f"{100 + i} {200 + j} {' '.join(tail)}\n" for i in range(8) for j in range(10))


_SHOTS = "md_m,twt_ms\n0,0\n500,500\n"
_TOPS = "well,top_twt_ms,base_twt_ms,class\nA,0,60,sand\n"
QUESTIONS = {
    "decimal": Open(
        "decimal",
        {"wells.csv": _HEADS, "tops.csv": "well;marker;twt_ms\nA;s;1,234\nA;t;60,345\n"},
    ),
    "sheet of a workbook": Open(
        "sheet",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,md_m\nA,s,1\nA,t,40\n",
            "checkshots.xlsx": "2023\nmd_m,twt_ms\n0,0\n500,500\n\n2024\nmd_m,twt_ms\n0,0\n500,520\n",
        },
    ),
    "domain": Open(
        "domain",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,top_m,base_m,class\nA,1,9,s\n",
            "checkshots.csv": "md_m,twt_ms\n0,0\n50,50\n",
        },
    ),
    "unit of markers": Open(
        "units",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,md\nA,s,1\nA,t,9\n",
            "checkshots.csv": "md_m,twt_ms\n0,0\n50,50\n",
        },
        {"md": 3},
    ),
    "unit of checkshots": Open(
        "units",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,md_m\nA,s,1\nA,t,9\n",
            "checkshots.csv": "md,twt_ms\n0,0\n50,50\n",
        },
        {"md": 1},
    ),
    "unit of a deviation survey": Open(
        "units",
        {
            "wells.csv": _HEADS,
            "tops.csv": _TOPS,
            "checkshots.csv": _SHOTS,
            "deviation.csv": "well,md,inc,azi\nA,0,0,0\nA,90,0,0\n",
        },
        {"md": 2},
    ),
    "unit of a horizon in depth or time": Open(
        "units", {"horizon.txt": "inline crossline twt\n" + _picks("0")}, {"twt": 3}
    ),
    "unit of points": Open("units", {"points.csv": "inline,crossline,twt,class\n103,204,0,s\n"}, {"twt": 3}),
    "datum of wells": Open(
        "kb_m",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,tvdss_m\nA,s,1\nA,t,40\n",
            "checkshots.csv": "md_m,twt_ms\n0,0\n500,500\n",
        },
        {"METRES": "0"},
    ),
    "datum in a deviation survey": Open(
        "kb_m",
        {
            "wells.csv": _HEADS,
            "tops.csv": _TOPS,
            "checkshots.csv": _SHOTS,
            "deviation.csv": "# KB: 25\nwell md_m inc azi\nA 0 0 0\nA 90 0 0\n",
        },
        {"METRES": "25"},
    ),
    "datum of a log": Open(
        "kb_m",
        {
            "las.las": _LAS.format(end="m", more="", index="DEPT.m", curve="CLASS"),
            "checkshots.csv": "tvdss_m,twt_ms\n0,0\n500,500\n",
        },
        {"METRES": "0"},
    ),
    "way of checkshots": Open(
        "way",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,md_m\nA,s,1\nA,t,40\n",
            "checkshots.csv": "md_m,time (ms)\n0,0\n50,50\n",
        },
    ),
    "depth of checkshots": Open(
        "columns",
        {
            "wells.csv": _HEADS,
            "tops.csv": "well,marker,md_m\nA,s,1\nA,t,40\n",
            "checkshots.csv": "depth_m,twt_ms\n0,0\n50,50\n",
        },
        {"md": 1},
    ),
    "curve of a log": Open(
        "curve", {"las.las": _LAS.format(end="ms", more="", index="TWT.ms", curve="AAA")}, {"NAME": "AAA"}
    ),
    "curve of one of two logs": Open(
        "curve",
        {
            "las-a.las": _LAS.format(end="ms", more="", index="TWT.ms", curve="CLASS"),
            "las-b.las": _LAS.format(end="ms", more="", index="TWT.ms", curve="AAA").replace("WELL. W", "WELL. V"),
        },
        {"NAME": "AAA"},
    ),
    "log of LAS 3": Open(
        "log",
        {
            "las.las": "~V\nVERS. 3.0 :\nWRAP. NO :\nDLM. COMMA :\n~W\nSTRT.ms 0 :\nSTOP.ms 8 :\nSTEP.ms 4 :\n"
            "NULL. -9 :\nWELL. W :\nINLINE. 103 :\nCROSSLINE. 204 :\n"
            + "".join(
                f"~Log_Definition[{k}]\nTWT.ms : {{F}}\nFACIES. : {{F}}\n"
                f"~Log_Data[{k}] | Log_Definition[{k}]\n0,1\n4,1\n8,2\n"
                for k in (1, 2)
            )
        },
    ),
    "unit of a log": Open("index_unit", {"las.las": _LAS.format(end="", more="", index="TWT.x", curve="CLASS")}),
    "two units of a log": Open("index_unit", {"las.las": _LAS.format(end="s", more="", index="TWT.ms", curve="CLASS")}),
    "sign of a horizon": Open(
        "z", {"horizon.txt": "inline crossline twt_ms\n" + _picks("-40") + "103 204 400\n103 205 4\n"}
    ),
    "CRS of a horizon in degrees": Open(
        "crs",
        {"horizon.txt": "x y twt_ms\n" + "".join(f"9.000{k} 54.148{k} 40\n" for k in range(10))},
        {"CRS": "EPSG:4326", "EPSG:CODE": "EPSG:32632"},
    ),
    "CRS of a survey with wells in degrees": Open(
        "survey_crs",
        {"wells.csv": "well,longitude,latitude\nA,9.0005,54.1485\n", "tops.csv": _TOPS},
        {"EPSG:CODE": "EPSG:32632"},
    ),
    "field of polygons": Open(
        "field", {"polygons.geojson": "facies lithology"}, {"NAME": "facies"}, {"polygons": {"window": (60.0, 68.0)}}
    ),
    "layer of polygons": Open(
        "layer", {"polygons.gpkg": "class"}, {"NAME": "two"}, {"polygons": {"window": (60.0, 68.0)}}
    ),
    "layer of wells": Open("layer", {"wells.gpkg": "WELL_NAME", "tops.csv": _TOPS}),
    "slices of polygons": Open("window", {"polygons.geojson": "class"}, {"TOP,BASE": "60,68", "TOP/BASE": "60/68"}),
    "columns of wells": Open(
        "which", {"wells.csv": "A;103;204\n", "tops.csv": _TOPS}, {"well": 1, "inline": 2, "crossline": 3}
    ),
    "columns of tops": Open(
        "which",
        {"wells.csv": _HEADS, "tops.csv": "A;s;10\nA;t;60\n"},
        {"well": 1, "marker": 2, "twt": 3, "md": 3, "UNIT md": "m"},
    ),
    "columns of a deviation survey": Open(
        "which",
        {"wells.csv": _HEADS, "tops.csv": _TOPS, "deviation-A.csv": "0 0 0\n90 0 0\n"},
        {"md": 1, "inclination": 2, "azimuth": 3},
    ),
    "columns of checkshots": Open(
        "which",
        {"wells.csv": _HEADS, "tops.csv": "well,marker,md_m\nA,s,1\nA,t,40\n", "checkshots.csv": "0 0\n50 50\n"},
        {"tvdss": 1, "twt": 2, "METRES": "0"},
    ),
    "columns of a horizon": Open(
        "which",
        {"horizon.txt": _picks("40", "44", "50")},
        {"inline": 1, "crossline": 2, "twt": 3, "z": 3, "UNIT z": "ms"},
    ),
    "columns of points": Open(
        "which",
        {"points.csv": "103 204 40 s a\n104 204 44 t b\n"},
        {"inline": 1, "crossline": 2, "twt": 3, "class": 4},
    ),
    "what a file holds": Open(
        "kind",
        {"wells.csv": _HEADS, "tops.csv": "well,marker,md_m\nA,s,1\nA,t,40\n", "known.txt": "0 0\n50 50\n"},
        {"kind": "checkshots", "tvdss": 1, "twt": 2, "METRES": "0"},
    ),
}
