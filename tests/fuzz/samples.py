"""Small sound files to begin with, by reader."""

from __future__ import annotations

import importlib.util
import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)


@dataclass(frozen=True)
class Sample:
    """A file, with those that belong to it.

    Attributes
    ----------
    target : str
        Which of the files is opened, or the folder that they lie in.
    files : mapping of str to bytes
        By their names relative to the place where they are written.
    options : mapping
        How it is read.
    """

    target: str
    files: Mapping[str, bytes] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


#: Tables and logs by the reader that they are for.
TABLES = {
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
    "classes": "value,name,color\n1,shale,#112233\n2,sand,#445566\n",
    "las": (
        "~Version\n VERS. 2.0 :\n WRAP. NO :\n~Well\n STRT.ms 100 :\n STOP.ms 120 :\n STEP.ms 4 :\n NULL. -999.25 :\n"
        " WELL. W-1 : NAME\n LOC. inline 103, crossline 204 : PLACE\n~Curve\n TWT.ms : TIME\n CLASS. : CLASS\n~ASCII\n"
        "40 1\n44 1\n48 2\n52 -999.25\n56 2\n"
    ),
    "las3": (
        "~V\nVERS. 3.0 :\nWRAP. NO :\nDLM. COMMA :\n~W\nSTRT.ms 40 :\nSTOP.ms 48 :\nSTEP.ms 4 :\nNULL. -9 :\n"
        "WELL. W :\nINLINE. 103 :\nCROSSLINE. 204 :\n~Log_Definition\nTWT.ms : TIME {F}\nGR. : RAY {F}\n"
        "~Log_Data | Log_Definition\n"
        "40,1\n44,1\n~Log_Definition[2]\nTWT.ms : TIME {F}\nFACIES. : {S} | Log[2]\n~Log_Data[2] | Log_Definition[2]\n"
        '40,class 1\n44,"class 2"\n48,class 1\n'
    ),
    "wrapped": (
        "~V\n VERS. 1.2:\n WRAP. YES:\n~W\n STRT.F 1:\n STOP.F 3:\n STEP.F 1:\n NULL. -999.25:\n WELL. WELL: W9\n~C\n"
        " DEPT.F :\n GR.API :\n FACIES. :\n~A\n1.0\n20.0 1\n2.0\n30.0 2\n3.0\n-999.25 -999.25\n"
    ),
}
#: Kinds of survey files, and which of the test files of `survey_files.rasters` are of that kind.
VARIANTS = {
    "npy": ("npy, axes named", "npy, bands between"),
    "npz": ("npz, stored", "npz, compressed", "npz, Fortran order"),
    "mat5": ("MATLAB 5, stored", "MATLAB 5, compressed", "MATLAB 5, a map beside it"),
    "mat73": ("MATLAB 7.3", "MATLAB 7.3, in a struct"),
    "hdf5": ("HDF5, labels", "HDF5, axes named"),
    "netcdf3": ("NetCDF 3, classic", "NetCDF 3, 64-bit"),
    "netcdf4": ("NetCDF 4", "NetCDF 4, scale and fill", "NetCDF 4, a swath in groups"),
    "zarr": (
        "Zarr 2, of xarray", "Zarr 3, of xarray", "Zarr 2, axes named in it", "Zarr 3, axes named in it",
        "Zarr 3, axes named by the person",
    ),
    "ome-zarr": ("OME-Zarr 0.4", "OME-Zarr 0.5"),
    "tiff": ("GeoTIFF, deflate with predictor", "GeoTIFF, lzw in tiles", "GeoTIFF, wavelength tags",
             "TIFF, a page per band"),
    "envi": ("ENVI, bad bands",),
    "vrt": ("GDAL virtual raster",),
    "grids": ("ESRI ASCII grid", "Surfer 6 binary", "Surfer 7", "Surfer ASCII", "ER Mapper", "ERDAS Imagine",
              "JPEG 2000, lossless"),
}  # fmt: skip


def tables(name: str) -> list[Sample]:
    """Return a table or log."""
    suffix = ".las" if name in ("las", "las3", "wrapped") else ".txt"
    return [Sample(f"damaged{suffix}", {f"damaged{suffix}": TABLES[name].encode()})]


def rasters(name: str) -> list[Sample]:
    """Return arrays and maps of a kind."""
    from survey_files import rasters as factory

    found = {variant.name: variant for variant in factory.variants() if variant.name in VARIANTS[name]}
    return [_made(found[one].write, found[one].options) for one in VARIANTS[name]]


def segy(name: str) -> list[Sample]:
    """Return SEG-Y files: a volume, a line, one with extended headers."""
    from survey_files.segy import lines, survey

    small = survey.Survey(n=(4, 5, 6))
    makes: list[Callable[[Path], Any]] = [
        lambda path: survey.volume(path, small),
        lambda path: survey.volume(path, small, code=1, sorting="crossline"),
        lambda path: lines.line(path),
    ]

    def made(make: Callable[[Path], Any]) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            make(folder / "survey.sgy")
            return folder / "survey.sgy"

        return write

    return [_made(made(make)) for make in makes]


def mdio(name: str) -> list[Sample]:
    """Return an MDIO store, as far as it is read."""
    import xarray as xr

    def write(folder: Path) -> Path:
        path = folder / "survey.mdio"
        dims = ("inline", "crossline", "time")
        xr.Dataset(
            {"amplitude": (dims, np.arange(60, dtype=np.float32).reshape(3, 4, 5)),
             "trace_mask": (dims[:2], np.ones((3, 4), bool)),
             "cdp_x": (dims[:2], np.arange(12.0).reshape(3, 4)), "cdp_y": (dims[:2], np.arange(12.0).reshape(3, 4))},
            coords={"inline": [1, 2, 3], "crossline": [5, 6, 7, 8], "time": 4 * np.arange(5)},
            attrs={"apiVersion": "1.0.0", "createdOn": "2026", "attributes": {"defaultVariableName": "amplitude"}},
        ).to_zarr(path, zarr_format=2, consolidated=True)  # fmt: skip
        return path

    return [_made(write)]


def bricks(name: str) -> list[Sample]:
    """Return a survey in bricks."""
    import xarray as xr

    from napari_fhn.surveys.bricks import store

    def write(folder: Path) -> Path:
        values = xr.DataArray(
            np.arange(60, dtype=np.float32).reshape(3, 4, 5),
            dims=("inline", "crossline", "twt"),
            coords={"inline": [1, 2, 3], "crossline": [5, 6, 7, 8], "twt": 4 * np.arange(5)},
            attrs={"notes": ("one",), "kind": "seismic", "source": "a.sgy", "format": "SEG-Y", "nodata": None},
        )
        array = store.create(folder / "bricks.zarr", values, values.dtype, (3, 4, 5), "a")
        array[...] = values.values
        return folder / "bricks.zarr"

    return [_made(write)]


def su(name: str) -> list[Sample]:
    """Return a file of Seismic Unix: that of a SEG-Y without what stands in front of its traces."""
    return [Sample("survey.su", {"survey.su": next(iter(one.files.values()))[3600:]}) for one in segy(name)[:1]]


def missions(name: str) -> list[Sample]:
    """Return scenes with what missions deliver beside them: metadata of bands, and a table of places."""
    import rasterio

    fields = ("wavelengthCenterOfBand", "FWHMOfBand", "GainOfBand", "OffsetOfBand")

    def enmap(folder: Path) -> Path:
        path = folder / "ENMAP01-X-SPECTRAL_IMAGE.TIF"
        with rasterio.open(path, "w", driver="GTiff", count=2, height=3, width=4, dtype="int16") as file:
            file.write(np.ones((2, 3, 4), np.int16))
        band = "".join(f"<{field}>0.5</{field}>" for field in fields)
        bands = "".join(f'<bandID number="{k}">{band}</bandID>' for k in (1, 2))
        (folder / "ENMAP01-X-METADATA.XML").write_text(f"<a><bandCharacterisation>{bands}</bandCharacterisation></a>")
        return path

    def aviris(folder: Path) -> Path:
        for kind, dtype, code, more in (
            ("img", "f4", 4, ""), ("glt", "i4", 3, "map info = {UTM, 1, 1, 5e5, 6e6, 5, 5, 11, North, WGS-84}"),
        ):  # fmt: skip
            np.ones((2, 3, 4), dtype).tofile(folder / f"ang1_{kind}")
            (folder / f"ang1_{kind}.hdr").write_text(
                "ENVI\nsamples = 4\nlines = 3\nbands = 2\ninterleave = bsq\nbyte order = 0\n"
                f"data type = {code}\n{more}\n"
            )
        return folder / "ang1_img"

    def desis(folder: Path) -> Path:
        path = folder / "DESIS-HSI-L2A-X-SPECTRAL_IMAGE.tif"
        with rasterio.open(path, "w", driver="GTiff", count=2, height=3, width=4, dtype="int16") as file:
            file.write(np.ones((2, 3, 4), np.int16))
        names = ("wavelengthCenterOfBand", "wavelengthWidthOfBand", "gainOfBand", "offsetOfBand")
        band = "".join(f"<{name}>0.5</{name}>" for name in names)
        bands = "".join(f"<band><bandNumber>{k}</bandNumber><response>1,2</response>{band}</band>" for k in (1, 2))
        (folder / "DESIS-HSI-L2A-X-METADATA.xml").write_text(
            f'<hsi_doc xmlns="http://dlr.de/hsi"><bandCharacterisation>{bands}</bandCharacterisation></hsi_doc>'
        )
        return path

    return [_made(enmap), _made(aviris), _made(desis)]


def emit(name: str) -> list[Sample]:
    """Return a scene of EMIT, with the table that brings it onto a map."""
    import xarray as xr

    def write(folder: Path) -> Path:
        path, tracks, ortho = folder / "EMIT_L2A_RFL_001.nc", ("downtrack", "crosstrack"), ("ortho_y", "ortho_x")
        root = xr.Dataset(
            {"reflectance": ((*tracks, "bands"), np.ones((3, 4, 2), np.float32), {"_FillValue": -9999.0})}
        )
        root.attrs |= {"geotransform": [10.0, 0.01, 0.0, 50.0, 0.0, -0.01], "spatial_ref": _WGS84}
        table = np.array([[0, 1, 2], [3, -2, 1]], np.int32)
        where = xr.Dataset({key: (ortho, table, {"_FillValue": 0}) for key in ("glt_x", "glt_y")})
        about = {"wavelengths": [400, 500], "fwhm": [8.5, 8.5], "good_wavelengths": [1, 0]}
        bands = xr.Dataset({key: ("bands", np.array(values, np.float32)) for key, values in about.items()})
        root.to_netcdf(path, engine="h5netcdf")
        for group, data in (("location", where), ("sensor_band_parameters", bands)):
            data.to_netcdf(path, engine="h5netcdf", mode="a", group=group)
        return path

    return [_made(write)]


def prisma(name: str) -> list[Sample]:
    """Return products of PRISMA, on the map and as the sensor sees."""
    import h5py

    def made(level: str) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            path = folder / "PRS.he5"
            with h5py.File(path, "w") as file:
                for which, waves in {"Vnir": [800.0, 402.0, 0.0], "Swir": [1500.0, 920.0]}.items():
                    cube = np.ones((3, len(waves), 4), "u2")
                    file[f"HDFEOS/SWATHS/PRS_{level}_HCO/Data Fields/{which.upper()}_Cube"] = cube
                    file.attrs[f"List_Cw_{which}"] = np.array(waves)
                    file.attrs[f"List_Fwhm_{which}"] = np.full(len(waves), 10.0)
                    file.attrs[f"List_Cw_{which}_Flags"] = np.array([wave > 0 for wave in waves], "u1")
                    file.attrs[f"L2Scale{which}Min"], file.attrs[f"L2Scale{which}Max"] = 0.1, 1.2
                    file.attrs[f"ScaleFactor_{which}"], file.attrs[f"Offset_{which}"] = 100.0, 2.0
                file.attrs["Epsg_Code"] = 32633
                for corner, place in (("UL", (4e5, 5e6)), ("LR", (400090.0, 4999940.0))):
                    file.attrs[f"Product_{corner}corner_easting"] = place[0]
                    file.attrs[f"Product_{corner}corner_northing"] = place[1]
            return path

        return write

    return [_made(made("L2D")), _made(made("L1"))]


def gocad(name: str) -> list[Sample]:
    """Return points, a surface and lines of GOCAD, and two of them in one file."""
    head = (
        'GOCAD {} 1\nHEADER {{\nname: Top\n}}\nGOCAD_ORIGINAL_COORDINATE_SYSTEM\nNAME Default\nAXIS_NAME "X" "Y" "Z"\n'
        'AXIS_UNIT "m" "m" "ms"\nZPOSITIVE Depth\nEND_ORIGINAL_COORDINATE_SYSTEM\n'
    )
    rows = "".join(f"VRTX {k + 1} {500_000 + 10 * k} {6_000_000 + 20 * k} 6{k}.5\n" for k in range(3))
    objects = {
        ".vs": head.format("VSet") + rows.replace("VRTX", "PVRTX") + "END\n",
        ".ts": head.format("TSurf") + "TFACE\n" + rows + "TRGL 1 2 3\nEND\n",
        ".pl": head.format("PLine") + "ILINE\n" + rows + "SEG 1 2\nSEG 2 3\nEND\n",
    }
    objects[".gocad"] = objects[".ts"] + objects[".vs"].replace("Top", "Base")
    return [Sample(f"top{suffix}", {f"top{suffix}": text.encode()}) for suffix, text in objects.items()]


#: Legends as others write them, by their suffix.
LEGENDS = {
    ".csv": "GRID_CODE;LABEL1;LABEL3;RGB\n111;Artificial;Continuous;230-000-077\n112;Artificial;Loose;255-000-000\n",
    ".clr": "10 0 100 0\n20 255 187 34\n",
    ".txt": "# QGIS Generated Color Map Export File\nINTERPOLATION:EXACT\n10,0,100,0,255,Tree\n"
    "20,255,187,34,255,Rock\n",
    ".qml": '<qgis><colorPalette><paletteEntry value="10" color="#006400" alpha="255" label="Tree &amp; bush"/>\n'
    '<paletteEntry color="#ffbb22" label="Rock" value="20"/></colorPalette></qgis>',
    ".sld": '<sld:ColorMap type="values"><sld:ColorMapEntry color="#006400" quantity="10" label="Tree"/>'
    '<sld:ColorMapEntry color="#ffbb22" quantity="20.0" label="Rock"/></sld:ColorMap>',
    ".xml": '<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable><FieldDefn index="0"><Name>Value</Name>'
    '</FieldDefn><FieldDefn index="1"><Name>Class_Name</Name></FieldDefn><Row index="0"><F>10</F><F>Tree</F></Row>'
    '<Row index="1"><F>20</F><F>Rock</F></Row></GDALRasterAttributeTable></PAMRasterBand></PAMDataset>',
    ".json": '{"classification:classes": [{"value": 10, "name": "tree", "color_hint": "006400"}, '
    '{"value": 20, "description": "rock"}], "names": {"10": "Tree", "20": "Rock"}}',
}


def legends(name: str) -> list[Sample]:
    """Return legends in every form."""
    return [Sample(f"legend{suffix}", {f"legend{suffix}": text.encode()}) for suffix, text in LEGENDS.items()]


def models(name: str) -> list[Sample]:
    """Return the folders of two kinds of networks, as they are saved."""
    import torch

    from napari_fhn.network import equivalent_unet
    from napari_fhn.network.architecture import levels
    from napari_fhn.network.build import build
    from napari_fhn.training.data.framing import Framing
    from napari_fhn.training.models import model
    from napari_fhn.training.models.description import Normalisation

    def made(kind: Callable[[Any], Any]) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            network = build(kind(levels(2, 4, (2, 3), 2)), 3, 2, torch.Generator().manual_seed(0))
            normalisation = Normalisation((1.0, 2.0), (3.0, 4.0))
            model.save(model.Model(network, normalisation, ("sand", "shale"), Framing(2)), folder)
            return folder

        return write

    return [_made(made(lambda small: small)), _made(made(equivalent_unet))]


def onnx(name: str) -> list[Sample]:
    """Return a network of another program, as a backbone."""
    import onnx as library
    from onnx import helper

    def write(folder: Path) -> Path:
        kernel = helper.make_tensor("k", library.TensorProto.FLOAT, (2, 1, 3, 3), np.ones(18, np.float32).tolist())
        ends = [
            helper.make_tensor_value_info(name, library.TensorProto.FLOAT, (1, bands, "h", "w"))
            for name, bands in (("x", 1), ("y", 2))
        ]
        node = helper.make_node("Conv", ["x", "k"], ["y"], pads=[1, 1, 1, 1])
        graph = helper.make_graph([node], "g", ends[:1], ends[1:], [kernel])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        library.save(made, folder / "network.onnx")
        return folder / "network.onnx"

    return [_made(write)]


def bricked() -> dict[str, Callable[[str], list[Sample]]]:
    """Return makers of volumes whose libraries are installed, by the name of the reader."""
    made = {"vds": ("openvds", vds), "zgy": ("openzgy", zgy)}
    return {name: make for name, (library, make) in made.items() if importlib.util.find_spec(library)}


def vds(name: str) -> list[Sample]:
    """Return an OpenVDS file."""
    from survey_files import volumes as factory

    return [_made(lambda folder: factory.write_vds(folder / "survey.vds", factory.values_of((3, 4, 5))))]


def zgy(name: str) -> list[Sample]:
    """Return a ZGY file with bricks smaller than those of others, which are two megabytes."""
    from survey_files import volumes as factory

    values = factory.values_of((3, 4, 5))
    return [_made(lambda folder: factory.write_zgy(folder / "survey.zgy", values, bricksize=(4, 4, 8)))]


def shapes(name: str) -> list[Sample]:
    """Return files of shapes in every format."""
    import pyogrio
    import shapely

    polygons = shapely.to_wkb(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 2, 4, 4)], dtype=object))

    def made(suffix: str) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            path = folder / f"shapes{suffix}"
            words = np.array(["shale", "sand"], dtype=object)
            pyogrio.raw.write(path, polygons, [words], ["unit"], geometry_type="Polygon", crs="EPSG:32632")
            return path

        return write

    return [_made(made(suffix)) for suffix in ((".geojson",) * 2 + (".shp", ".fgb", ".gpkg"))]


#: Surfaces on grids as text, by their suffix; those of Irap are written by its library.
SURFACES = {
    ".zmap": "! made here\n@top HEADER, GRID, 2\n15, 0.1E+31, , 7, 1\n3, 4, 500000.0, 500030.0, 6000000.0, 6000040.0\n"
    "0.0, 0.0, 0.0\n@\n" + "        60.5000        0.1E+31\n        62.5000\n" * 4,
    ".cps3": "FSASCI 0 1 COMPUTED 0 0.1E+31\nFSATTR 0 0\nFSLIMI 500000 500030 6000000 6000040 60 62\nFSNROW 3 4\n"
    "FSXINC 20 10\n->top\n" + "60.5 0.1E+31\n62.5\n" * 4,
    ".asc": "ncols 3\nnrows 2\nxllcorner 500000\nyllcorner 6000000\ncellsize 20\nNODATA_value -9999\n60 61 62\n"
    "61 -9999 63\n",
}
#: Places of Google Earth, and a table of shapes.
PLACES = {
    ".kml": '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>salt</name><Placemark>'
    "<name>a</name><Polygon><outerBoundaryIs><LinearRing><coordinates>9.0,54.1,0 9.1,54.1,0 9.1,54.2,0 9.0,54.1,0"
    "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark><Placemark><name>b</name><Point><coordinates>"
    "9.05,54.15</coordinates></Point></Placemark></Folder></Document></kml>",
    ".csv": 'name,WKT\nsalt,"POLYGON ((500000 6000000, 500050 6000000, 500050 6000050, 500000 6000000))"\n'
    'sand,"SRID=32632;POINT (500020 6000020)"\n',
}


def surfaces(name: str) -> list[Sample]:
    """Return surfaces on grids of their own."""
    import surfio

    def irap(binary: bool) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            path = folder / "surface.irap"
            head = surfio.IrapHeader(ncol=3, nrow=4, xori=500_000.0, yori=6_000_000.0, xinc=10.0, yinc=20.0, rot=30.0,
                                     xrot=500_000.0, yrot=6_000_000.0)  # fmt: skip
            values = 60 + np.arange(12, dtype=np.float32).reshape(3, 4)
            values[1, 1] = np.nan
            surface = surfio.IrapSurface(head, values)
            (surface.to_binary_file if binary else surface.to_ascii_file)(path)
            return path

        return write

    text = [Sample(f"surface{suffix}", {f"surface{suffix}": text.encode()}) for suffix, text in SURFACES.items()]
    return [_made(irap(False)), _made(irap(True)), *text]


def workbooks(name: str) -> list[Sample]:
    """Return workbooks of a format, with a table on each of two sheets; those that are zips also by their parts."""
    import workbook_files

    sheets = {
        "Wells": [["Wells"], [], ["well", "x", "y"], ["A", 500_010.5, 6_000_010], ["B", 500_020, 6_000_020]],
        "Tops": [["well", "top_twt_ms", "base_twt_ms", "class"], ["A", 40, 60, "sand"], ["B", 44, 80, 'a "b"']],
    }

    def made(suffix: str) -> Callable[[Path], Path]:
        return lambda folder: workbook_files.write(folder / f"book{suffix}", sheets, merged={"Tops": ["A2:A3"]})

    whole = _made(made(f".{name}"))
    if name == "xls":
        return [whole]
    # What lies packed is damaged before it is packed, too: its checksums would tell it from what was written.
    with zipfile.ZipFile(io.BytesIO(whole.files[whole.target])) as archive:
        parts = {f"{whole.target}/{one}": archive.read(one) for one in archive.namelist()}
    return [whole, Sample(whole.target, parts)]


def places(name: str) -> list[Sample]:
    """Return places of Google Earth, loose and packed, and a table of shapes."""
    import workbook_files

    def packed(folder: Path) -> Path:
        return workbook_files.pack(folder / "places.kmz", {"doc.kml": PLACES[".kml"]})

    text = [Sample(f"places{suffix}", {f"places{suffix}": text.encode()}) for suffix, text in PLACES.items()]
    return [*text, _made(packed)]


def volumes(name: str) -> list[Sample]:
    """Return a label volume."""
    from napari_fhn.labels.volumes import volume

    def write(folder: Path) -> Path:
        volume.create(folder / "labels.npy", (3, 4, 5))
        return folder / "labels.npy"

    return [_made(write)]


def _made(write: Callable[[Path], Path], options: Mapping[str, Any] | None = None) -> Sample:
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(scratch)
        path = write(folder)
        files = {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}
        return Sample(str(path.relative_to(folder)), files, dict(options or {}))


@cache
def of(make: Callable[[str], list[Sample]], name: str) -> tuple[Sample, ...]:
    """Return what a maker makes, once."""
    return tuple(make(name))
