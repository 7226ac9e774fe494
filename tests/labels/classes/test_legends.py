# ruff: noqa: E501
"""Legends as others write them are the classes that they name, and are known for legends wherever they are met."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import sample_data
from napari_fhn.labels import LabelError, LabelWarning, recognise
from napari_fhn.labels.classes.label_class import PALETTE
from napari_fhn.labels.classes.legends import read_legend

FIRST, SECOND = PALETTE[:2]
RAT = """<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable>
<FieldDefn index="0"><Name>Value</Name><Type>0</Type></FieldDefn><FieldDefn index="1"><Name>Class_Name</Name></FieldDefn>
<FieldDefn><Name>Red</Name></FieldDefn><FieldDefn><Name>Green</Name></FieldDefn><FieldDefn><Name>Blue</Name></FieldDefn>
<Row index="0"><F>10</F><F>Tree</F><F>0</F><F>100</F><F>0</F></Row>
<Row index="1"><F>20</F><F>Rock</F><F>1</F><F>2</F><F>3</F></Row></GDALRasterAttributeTable></PAMRasterBand></PAMDataset>"""
#: As land-cover agencies, GIS, interpretation systems and colleagues write them: code, name and colour of each class.
LEGENDS = {
    "esa.csv": (
        "Value,Map code,Land cover class,Color\n10,a,Tree cover,#006400\n20,b,Shrubland,#ffbb22\n",
        ((10, "Tree cover", "#006400"), (20, "Shrubland", "#ffbb22")),
    ),
    "levels.csv": (
        "CODE,LABEL1,LABEL2,LABEL3,RGB\n111,Artificial,Urban,Continuous,230-000-077\n112,Artificial,Urban,Discontinuous,255-000-000\n",
        ((111, "Continuous", "#e6004d"), (112, "Discontinuous", "#ff0000")),
    ),
    "nlcd.csv": (
        'Value,Count,Red,Green,Blue,NLCD Land Cover Class,Opacity\n11,9,70,107,159,Open Water,255\n21,5,222,197,197,"Open, urban",255\n',
        ((11, "Open Water", "#466b9f"), (21, "Open, urban", "#dec5c5")),
    ),
    "arcgis.csv": ("OID,Value,Count,Class_Name\n0,11,4,Water\n1,21,9,Town\n", ((11, "Water", FIRST), (21, "Town", SECOND))),
    "de.csv": ("Wert;Klasse;Farbe\n1;Sand;#ff0000\n2;Ton;#0f0\n", ((1, "Sand", "#ff0000"), (2, "Ton", "#00ff00"))),
    "nr.txt": ("Nr.\tBezeichnung\n1\tTonstein\n2\tKalkstein\n", ((1, "Tonstein", FIRST), (2, "Kalkstein", SECOND))),
    "es.csv": ("Código;Descripción\n10;Arenisca\n20;Caliza\n", ((10, "Arenisca", FIRST), (20, "Caliza", SECOND))),
    "fr.csv": (
        "Code;Libellé;Couleur\n1;Grès;rgb(230, 0, 77)\n2;Argile;jaune\n", ((1, "Grès", "#e6004d"), (2, "Argile", SECOND)),
    ),
    "ru.csv": ("Код;Название\n1;Песчаник\n2;Глина\n", ((1, "Песчаник", FIRST), (2, "Глина", SECOND))),
    "zh.csv": ("编码,名称\n1,砂岩\n2,页岩\n", ((1, "砂岩", FIRST), (2, "页岩", SECOND))),
    "litho.csv": (
        "lithology_code,lithology\n30000,Sandstone\n65000,Shale\n", ((30000, "Sandstone", FIRST), (65000, "Shale", SECOND)),
    ),
    "from0.csv": ("class,description\n0,background\n1,salt\n", ((0, "background", FIRST), (1, "salt", SECOND))),
    "class_is_a_name.csv": ("id,class\n1,salt\n2,7\n", ((1, "salt", FIRST), (2, "7", SECOND))),
    "nothing.csv": ("value;label\n-1;no data\n0;Unclassified\n3;rock\n255;nodata\n", ((3, "rock", FIRST),)),
    "map.clr": ("10 0 100 0\n20 255 187 34\n", ((10, "10", "#006400"), (20, "20", "#ffbb22"))),
    "qgis.txt": (
        "# QGIS Generated Color Map Export File\nINTERPOLATION:EXACT\n10,0,100,0,255,Tree cover\n20,255,187,34,255,Rock\n",
        ((10, "Tree cover", "#006400"), (20, "Rock", "#ffbb22")),
    ),
    "style.qml": (
        '<qgis><colorPalette><paletteEntry value="10" color="#006400" alpha="255" label="Tree &amp; bush"/>\n'
        '<paletteEntry color="#ffbb22" label="Rock" value="20"/></colorPalette></qgis>',
        ((10, "Tree & bush", "#006400"), (20, "Rock", "#ffbb22")),
    ),
    "style.sld": (
        '<sld:ColorMap type="values"><sld:ColorMapEntry color="#006400" quantity="10" label="Tree"/>'
        '<sld:ColorMapEntry color="#ffbb22" quantity="20.0" label="Rock"/></sld:ColorMap>',
        ((10, "Tree", "#006400"), (20, "Rock", "#ffbb22")),
    ),
    "map.tif.aux.xml": (RAT, ((10, "Tree", "#006400"), (20, "Rock", "#010203"))),
    "categories.aux.xml": (
        "<PAMDataset><CategoryNames><Category>Unclassified</Category><Category>a</Category></CategoryNames></PAMDataset>",
        ((1, "a", FIRST),),
    ),
    "names.json": ('{"10": "Tree", "20": "Rock"}', ((10, "Tree", FIRST), (20, "Rock", SECOND))),
    "codes.json": ('{"Rock": 30000, "Shale": 65000}', ((30000, "Rock", FIRST), (65000, "Shale", SECOND))),
    "stac.json": (
        json.dumps({"classification:classes": [{"value": 10, "name": "tree", "color_hint": "006400"}]}),
        ((10, "tree", "#006400"),),
    ),
}  # fmt: skip

#: As SNAP writes a palette: whole numbers or not, colours run from one value to the next.
PALETTE_OF_SNAP = (
    "#BEAM Colour Palette Definition File\n#Sun Nov 22 22:11:19 EST 2015\nautoDistribute=false\ncolor0=255,200,0\n"
    "color1=0,255,0\nnumPoints=2\nsample0=1.0\nsample1=3.0\n"
)


#: With entries that are no classes: what is read, and which entries the sentence names.
WITH_MORE = {
    "names.json": ('{"10": "Tree", "1.5": "Rock", "forest": "Wood"}', ((10, "Tree"),), ("'1.5' Rock", "'forest' Wood")),
    "list.json": ('[{"value": 1, "name": "a"}, {"value": 2}, {"value": 2.5, "name": "c"}, "d"]', ((1, "a"),),
                  ("'2'", "'2.5' c", "d")),
    "codes.json": ('{"Rock": 3.0, "Sand": 1.5, "Clay": null}', ((3, "Rock"),), ("'1.5' Sand", "'Clay'")),
    "style.qml": (
        '<paletteEntry value="1" label="a"/><category value="forest" label="Wood"/><category value="" label="all other"/>'
        '<item value="1.5" label="b"/><item value="nan" label="no data"/>',
        ((1, "a"),), ("'forest' Wood", "'1.5' b"),
    ),
    "style.sld": (
        '<ColorMapEntry quantity="1" label="a"/><ColorMapEntry quantity="0.5" label="b"/>', ((1, "a"),), ("'0.5' b",),
    ),
    "map.tif.aux.xml": (RAT.replace("<F>20</F>", "<F>20.5</F>"), ((10, "Tree"),), ("'20.5' Rock",)),
    "map.clr": ("10 0 100 0\n0.5 255 187 34\nforest 1 2 3\n", ((10, "10"),), ("'0.5'", "'forest'")),
    "gdal.txt": ("nv 0 0 0\n10,0,100,0,255,Tree\n20.5,1,2,3,255,Rock\n", ((10, "Tree"),), ("'20.5' Rock",)),
    "grass.txt": ("10|rock\n1.5|sand\n", ((10, "rock"),), ("'1.5' sand",)),
    "value.csv": ("value,name,color\n1,a,#ff0000\n1.5,b,#00ff00\nforest,c,\n3,,\n", ((1, "a"),),
                  ("'1.5' b", "'forest' c", "'3'")),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_MORE)
def test_entries_that_are_no_classes_are_left_out_and_named_by_one_rule_for_all_formats(tmp_path, name):
    text, classes, odd = WITH_MORE[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.warns(LabelWarning) as said:
        assert tuple((one.code, one.name) for one in read_legend(path)) == classes
    have, were = ("entries have", "were") if len(odd) > 1 else ("entry has", "was")
    left_out = f"{len(odd)} {have} no whole number as code, or no name, and {were} left out: {', '.join(odd)}."
    assert [str(one.message) for one in said] == [f"{name}: {left_out}"]


def test_of_many_entries_that_are_no_classes_a_few_are_named(tmp_path):
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"1": "a", **{f"{k}.5": f"b{k}" for k in range(5)}}))
    with pytest.warns(LabelWarning, match=r"5 entries have .*: '0\.5' b0, '1\.5' b1, '2\.5' b2 and 2 more\.$"):
        read_legend(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none.json", '{"1.5": "forest"}'),
        ("none.qml", '<qgis><category value="1.5" label="forest"/></qgis>'),
        ("none.csv", "value,name\n1.5,forest\nb,water\n"),
        ("none.clr", "1.5 0 100 0 255 forest\n"),
        ("none.aux.xml", RAT.replace("<F>10</F>", "<F>1.5</F>").replace("<F>20</F>", "<F>2.5</F>")),
    ],
)
def test_a_legend_of_which_nothing_is_left_is_an_error_with_the_way_out(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    words = r"it holds no class: .* no whole number as code, or no name \('1\.5' .*\)\. Give each class a whole number"
    with pytest.raises(LabelError, match=rf"^{name}: {words}"):
        read_legend(path)
    with suppress(LabelError):
        assert recognise(path) != "classes"


@pytest.mark.parametrize("name", LEGENDS)
def test_a_legend_is_what_it_names(tmp_path, name):
    text, classes = LEGENDS[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert tuple((one.code, one.name, one.color) for one in read_legend(path)) == classes
    assert recognise(path) == "classes"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("two.csv", "GRID_CODE,CLC_CODE,LABEL\n1,111,a\n2,112,b\n", "'GRID_CODE' and 'CLC_CODE' may each be the codes"),
        ("none.csv", "name,colour\nsand,#ff0000\n", "no column of it is that of the codes"),
        ("words.csv", "value,colour\n1,#ff0000\n2,#00ff00\n", "no column of it is that of the names"),
        ("twice.csv", "value,name\n1,a\n1,b\n", "line 3: the class value '1' occurs twice"),
        ("bare.csv", "1,2\n2,3\n", "its columns have no names"),
        ("empty.json", '{"type": "FeatureCollection", "features": []}', "a file of shapes"),
        ("style.qml", "<qgis/>", "it names no class"),
        ("broken.json", "{", "cannot be read"),
        ("snap.cpd", PALETTE_OF_SNAP, "it is a colour palette of SNAP, which has colours at values and no names"),
        ("renamed.txt", PALETTE_OF_SNAP.partition("2015\n")[2], "it is a colour palette of SNAP"),
        ("rocks.lfc", "\x01\x02lfc", "it is a colour map of Leapfrog"),
    ],
)
def test_what_is_no_legend_is_a_sentence(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(LabelError, match=words) as said:
        read_legend(path)
    assert str(said.value).startswith(name)


def test_tables_of_other_things_are_no_legends():
    for sample in (sample_data.SEISMIC, sample_data.HYPERSPECTRAL):
        assert recognise(sample.classes) == "classes"
    assert recognise(sample_data.SEISMIC.wells) == "wells"
    assert recognise(sample_data.SEISMIC.tops) == "tops"
    assert recognise(sample_data.HYPERSPECTRAL.labels) == "points"


def test_a_legend_names_the_classes_at_every_door(tmp_path, monkeypatch, capsys):
    """Python, the command line, and a file written by the program itself, read again."""
    import napari_fhn
    from napari_fhn.cli.commands import main
    from napari_fhn.surveys.out import save_classes

    monkeypatch.chdir(tmp_path)
    Path("legend.csv").write_text(LEGENDS["esa.csv"][0])
    np.save("labels.npy", np.array([[10, 20], [0, 10]], np.uint8))
    np.save("map.npy", np.zeros((2, 2), np.float32))
    with napari_fhn.open("map.npy", axes=("y", "x"), session="s.fhn") as work:
        work.label("labels.npy", classes="legend.csv")
        assert dict(work.classes) == {10: "Tree cover", 20: "Shrubland"}
        table = work.project.session.classes
    Path("legend.json").write_text('{"10": "Tree cover", "20": "Shrubland", "1.5": "forest"}')
    left_out = "legend.json: 1 entry has no whole number as code, or no name, and was left out: '1.5' forest."
    with napari_fhn.open("map.npy", axes=("y", "x"), session="u.fhn") as work:
        assert left_out in work.label("labels.npy", classes="legend.json")
        assert left_out in work.notes
    assert main(["export", "table", "t.csv", "--session", "u.fhn", "--classes", "legend.json"]) == 0
    assert left_out in capsys.readouterr().err
    again = read_legend(save_classes("style.qml", list(table)))
    assert [(one.code, one.name, one.color) for one in again] == [(one.value, one.name, one.color) for one in table]
    Path("two.csv").write_text("GRID_CODE,CLC_CODE,LABEL\n1,111,a\n2,112,b\n")
    how = ["--axes", "y,x", "--session", "t.fhn"]
    Path("snap.cpd").write_text(PALETTE_OF_SNAP)
    for name, words in (("two.csv", "may each be the codes"), ("snap.cpd", "it is a colour palette of SNAP")):
        assert main(["carry", "map.npy", "--labels", "labels.npy", "--classes", name, *how]) == 2
        assert words in capsys.readouterr().err
    with pytest.raises(LabelError, match="it is a colour palette of SNAP"):
        recognise("snap.cpd")


def test_a_raster_attribute_table_is_read_whatever_else_the_file_lists(tmp_path):
    columns = "".join(
        f'<FieldDefn index="{k}"><Name>{name}</Name></FieldDefn>' for k, name in enumerate(["Value", "Class"])
    )
    rows = "<Row><F>1</F><F>sand</F></Row><Row><F>2</F><F>mud</F></Row>"
    table = f"<GDALRasterAttributeTable>{columns}{rows}</GDALRasterAttributeTable>"
    path = tmp_path / "legend.xml"
    path.write_text(f'<PAMDataset><list><item value="author"/></list>{table}</PAMDataset>')
    assert read_legend(path).names == ("sand", "mud")
