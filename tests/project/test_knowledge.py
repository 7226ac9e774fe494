"""What is known, read and burnt by the one reader: each kind of file, each option, and the same at every door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import segyio
import shapely

from napari_fhn import labels, surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import burn_known, is_given, knowledge
from napari_fhn.labels import ClassTable, LabelError, Question, Source
from napari_fhn.project.knowledge import Knowledge, burn, groups, read
from napari_fhn.surveys.classes import stored_classes

SHAPE = (8, 10, 32)
LOG = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.ms 0 :\nSTOP.ms 76 :\nSTEP.ms 4 :\nNULL. -999.25 :\nWELL. {name} :\n"
    "INLINE. {inline} :\nCROSSLINE. 204 :\n~C\nTWT.ms :\nAAA. :\nBBB. :\n~A\n"
    + "".join(f"{t} {1 if t < 40 else 2} {2 if t < 40 else 1}\n" for t in range(0, 80, 4))
)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Inlines from 100 going north by 20 m, crosslines from 200 going east by 10 m, 4 ms from 0."""
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i,
                segyio.su.xline: 200 + j,
                segyio.su.cdpx: 500_000 + 10 * j,
                segyio.su.cdpy: 6_000_000 + 20 * i,
            })  # fmt: skip
    return surveys.open(path)


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    """A folder with a file of every kind."""
    monkeypatch.chdir(tmp_path)
    Path("wells.csv").write_text("Well;X (m);Y (m);KB (m)\nA;500020;6000060;10\nB;500070;6000100;10\n")
    Path("tops.csv").write_text("Well;Marker;MD (m)\nA;sand;0\nA;shale;40\nA;end;100\nB;sand;10\nB;end;60\n")
    Path("open.csv").write_text("Well;top;base;class\nA;10;40;sand\nB;20;60;shale\n")
    Path("b.txt").write_text("well md_m inc azi\nB 0 0 0\nB 20 0 270\nB 20.001 60 270\nB 100 60 270\n")
    Path("cs.txt").write_text("tvdss_m twt_ms\n-10 0\n500 510\n")
    Path("time.txt").write_text("tvdss_m,time (ms)\n-10,0\n500,255\n")
    Path("w.las").write_text(LOG.format(name="W", inline=101))
    Path("v.las").write_text(LOG.format(name="V", inline=106))
    lines = [f"{100 + i} {200 + j}" for i in range(8) for j in range(10)]
    for name, twt in (("top", 40), ("base", 80)):
        Path(f"{name}.txt").write_text("inline crossline twt_ms\n" + "".join(f"{at} {twt}\n" for at in lines))
    Path("both.txt").write_text(
        "inline crossline z horizon\n" + "".join(f"{at} {z} H{z}\n" for z in (-8, 30) for at in lines[:4])
    )
    Path("p.csv").write_text("inline,crossline,twt_ms,class\n103,204,40,sand\n104,205,44,shale\n")
    pyogrio.raw.write(
        "area.geojson",
        geometry=shapely.to_wkb(np.array([shapely.box(500_005, 6_000_030, 500_025, 6_000_070)], dtype=object)),
        field_data=[np.array(["salt"], dtype=object), np.array(["gas"], dtype=object)],
        fields=["facies", "lithology"],
        crs="EPSG:32632",
        geometry_type="Polygon",
    )
    volume = np.zeros(SHAPE, np.uint8)
    volume[0, :, :8], volume[0, :, 8:] = 1, 3
    np.save("labels.npy", volume)


def typed(survey, *arguments, table=None):
    """Classes, labels, weights and the sources of a command line."""
    options = parser().parse_args(["train", "small.sgy", *arguments])
    assert is_given(options)
    known = knowledge(options, table, survey)
    out, weights = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    return burn_known(known, survey, out, weights), out, weights, known


#: Command lines, and the same as sources: kind, file, columns, units, options.
ONE = {"together": "--horizon"}
R = {"radius": 3.0}
SAME = {
    "labels": ("--labels labels.npy", [("labels", "labels.npy", {}, {}, {})]),
    "wells": (
        "--wells wells.csv --tops tops.csv --deviation b.txt --checkshots cs.txt --radius 1 --fall-off 2",
        [
            ("wells", "wells.csv", {}, {}, {"radius": 1.0, "fall_off": 2.0}),
            ("tops", "tops.csv", {}, {}, {"radius": 1.0, "fall_off": 2.0}),
            ("deviation", "b.txt", {}, {}, {}),
            ("checkshots", "cs.txt", {}, {}, {}),
        ],
    ),
    "domain, units, kb, shift": (
        "--wells wells.csv --tops open.csv --checkshots cs.txt --kb 5 --columns tops:domain=md,top=2:ft "
        "--columns checkshots:shift_ms=8",
        [
            ("wells", "wells.csv", {}, {}, {**R, "kb_m": 5.0}),
            ("tops", "open.csv", {"top": 1}, {"top": "ft"}, {**R, "kb_m": 5.0, "domain": "md"}),
            ("checkshots", "cs.txt", {}, {}, {"shift_ms": 8.0}),
        ],
    ),
    "one-way times": (
        "--wells wells.csv --tops tops.csv --checkshots time.txt --way owt",
        [
            ("wells", "wells.csv", {}, {}, R),
            ("tops", "tops.csv", {}, {}, R),
            ("checkshots", "time.txt", {}, {}, {"way": "owt"}),
        ],
    ),
    "logs with a curve of their own": (
        "--las w.las --las v.las --las-curve AAA --columns v.las:curve=BBB,radius=0",
        [
            ("las", "w.las", {}, {}, {**R, "curve": "AAA"}),
            ("las", "v.las", {}, {}, {"radius": 0.0, "curve": "BBB"}),
        ],
    ),
    "zones": (
        "--horizon top.txt --horizon base.txt --zones shale,sand,",
        [("horizon", f"{name}.txt", {}, {}, {**ONE, "zones": ("shale", "sand", "")}) for name in ("top", "base")],
    ),
    "zones without names": ("--horizon top.txt", [("horizon", "top.txt", {}, {}, ONE)]),
    "bands": (
        "--horizon top.txt --horizon base.txt --band 10",
        [("horizon", f"{name}.txt", {}, {}, {**ONE, "thickness": 10.0}) for name in ("top", "base")],
    ),
    "a horizon of several, growing up": (
        "--horizon both.txt --columns horizon:name=H-8,z=3:ms,gap_traces=2 --z up",
        [
            (
                "horizon",
                "both.txt",
                {"z": 2},
                {"z": "ms"},
                {**ONE, "z": "up", "name": "H-8", "gap_traces": 2.0},
            )
        ],
    ),
    "points": (
        "--points p.csv --point-radius 1 --fall-off 1",
        [("points", "p.csv", {}, {}, {"radius": 1.0, "fall_off": 1.0})],
    ),
    "polygons": (
        "--polygons area.geojson --class-field lithology --slices 60,68",
        [("polygons", "area.geojson", {}, {}, {"field": "lithology", "window": (60.0, 68.0)})],
    ),
    "everything, in any order": (
        "--polygons area.geojson --class-field facies --slices 60,68 --points p.csv --horizon top.txt "
        "--labels labels.npy --las w.las --las-curve AAA",
        [
            ("polygons", "area.geojson", {}, {}, {"field": "facies", "window": (60.0, 68.0)}),
            ("points", "p.csv", {}, {}, {"radius": 0.0}),
            ("horizon", "top.txt", {}, {}, ONE),
            ("labels", "labels.npy", {}, {}, {}),
            ("las", "w.las", {}, {}, {**R, "curve": "AAA"}),
        ],
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_work_typed_and_as_sources_is_the_same_labels(survey, case):
    arguments, wanted = SAME[case]
    classes, out, weights, known = typed(survey, *arguments.split())
    sources = [Source(Path(path), kind, *rest) for kind, path, *rest in wanted]
    mine, mine_weights = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    burnt = burn(sources, survey, ClassTable(()), mine, mine_weights)
    assert out.any()
    np.testing.assert_array_equal(out, mine)
    np.testing.assert_array_equal(weights, mine_weights)
    assert burnt.classes == classes
    assert weights.any() == known.weighted == Knowledge(tuple(sources)).weighted
    # And once more from what a session keeps of them.
    kept = [Source.from_dict(one.path, json.loads(json.dumps(one.to_dict()))) for one in known.sources]
    again = np.zeros(SHAPE, np.uint8)
    assert burn(kept, survey, ClassTable(()), again, mine_weights).classes == classes
    np.testing.assert_array_equal(out, again)


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        (["--known", "p.csv"], ["points"]),
        (["--known", "top.txt"], ["horizon"]),
        (["--known", "w.las", "--las-curve", "AAA"], ["las"]),
        (["--known", "wells.csv", "--known", "tops.csv", "--known", "cs.txt"], ["wells", "tops", "checkshots"]),
        (["--known", "labels.npy"], ["labels"]),
    ],
)
def test_what_a_file_holds_is_told_by_looking_into_it(survey, arguments, kinds):
    _, out, _, known = typed(survey, *arguments)
    assert [source.kind for source in known.sources] == kinds
    assert out.any()


def test_labels_come_first_and_nothing_is_replaced(survey):
    out = np.zeros(SHAPE, np.uint8)
    out[3, 4, 10] = 9
    sources = [Source(Path("p.csv"), "points"), Source(Path("labels.npy"), "labels")]
    assert [group[0].kind for group in groups(sources)] == ["labels", "points"]
    burnt = burn(sources, survey, ClassTable(()), out)
    assert burnt.classes.names == ("class 1", "class 3", "sand", "shale")
    assert out[3, 4, 10] == 9
    assert out[4, 5, 11] == 4
    assert set(np.unique(out[0])) == {1, 2}


def test_files_that_name_other_classes_are_added_to_or_refused(survey):
    table = ClassTable.default(1).including(["sand"])
    sources = (Source(Path("p.csv"), "points"),)
    out = np.zeros(SHAPE, np.uint8)
    assert Knowledge(sources, table).burn(survey, out).classes.names == ("class 1", "sand", "shale")
    out[...] = 0
    with pytest.raises(LabelError, match="no class 'shale'"):
        Knowledge(sources, table, fixed=True).burn(survey, out)
    with pytest.raises(LabelError, match="value 3, which are no classes"):
        burn([Source(Path("labels.npy"), "labels")], survey, table, out, fixed=True)
    assert not out.any()


def test_codes_and_names_of_a_label_volume_stay_as_they_came(survey, monkeypatch):
    as_stored = stored_classes

    def named(path, survey, **reading):
        stored = as_stored(path, survey, **reading)
        stored.placed.values.attrs["classes"] = {1: "mud", 3: "salt"}
        return stored

    monkeypatch.setattr("napari_fhn.surveys.classes.stored_classes", named)
    sources = [Source(Path("labels.npy"), "labels")]
    out = np.zeros(SHAPE, np.uint8)
    classes = burn(sources, survey, ClassTable(()), out).classes
    assert [(one.value, one.name, one.code) for one in classes] == [(1, "mud", 1), (2, "salt", 3)]
    np.testing.assert_array_equal(np.array([0, 1, 3])[out], np.load("labels.npy"))
    out[...] = 0
    classes = burn(sources, survey, ClassTable(()).including(["salt", "sand"]), out).classes
    assert [(one.value, one.name, one.code) for one in classes] == [(1, "salt", 1), (2, "sand", 2), (3, "mud", 3)]
    assert out[0, 0, 0] == 3
    assert out[0, 0, 20] == 1


def test_label_volumes_are_read_as_truths_are_at_every_door(survey):
    out = np.zeros(SHAPE, np.uint8)
    burnt = burn([Source(Path("labels.npy"), "labels")], survey, ClassTable(()), out)
    assert (burnt.classes.values, burnt.classes.codes) == ((1, 2), (1, 3))
    np.testing.assert_array_equal(np.array([0, 1, 3])[out], np.load("labels.npy"))


def test_words_are_collected_and_files_without_wells_are_told(survey):
    sources = [Source(Path("p.csv"), "points"), Source(Path("cs.txt"), "checkshots")]
    out = np.zeros(SHAPE, np.uint8)
    words = burn(sources, survey, ClassTable(()), out).words
    assert words == ("cs.txt was left out, for there are no wells that it tells of.",)
    with pytest.raises(LabelError, match=r"tops\.csv: it holds tops"):
        burn([Source(Path("tops.csv"), "tops")], survey, ClassTable(()), out)
    with pytest.raises(LabelError, match="holds no labels"):
        burn([Source(Path("tops.csv"), "classes")], survey, ClassTable(()), out)


@pytest.mark.parametrize("option", ["--known", "--checkshots", "--deviation"])
def test_what_only_helps_to_read_wells_is_told_where_there_are_none(survey, option):
    name = "b.txt" if option == "--deviation" else "cs.txt"
    with pytest.raises(
        LabelError, match=f"{name}: it holds .*no file says what is where along the wells. Give --las, or --wells"
    ):
        typed(survey, option, name)
    # Beside what labels by itself it is left out, each file by its name.
    _, out, _, known = typed(survey, option, name, "--points", "p.csv")
    assert out.any()
    words = burn(known.sources, survey, ClassTable(()), np.zeros(SHAPE, np.uint8)).words
    assert f"{name} was left out, for there are no wells that it tells of." in words


def test_every_file_that_is_left_out_is_named(survey):
    shutil.copy("cs.txt", "other.txt")
    _, _, _, known = typed(survey, "--checkshots", "cs.txt", "--checkshots", "other.txt", "--points", "p.csv")
    words = burn(known.sources, survey, ClassTable(()), np.zeros(SHAPE, np.uint8)).words
    assert {one.split()[0] for one in words if "left out" in one} == {"cs.txt", "other.txt"}


def test_a_part_is_read_once_and_burnt_into_any_volume(survey):
    part = read([Source(Path("p.csv"), "points", options={"radius": 1})], survey, ClassTable(()))
    assert part.title == "2 points"
    assert part.classes.names == ("sand", "shale")
    out = np.zeros(SHAPE, np.uint8)
    assert part.burn(out, classes=ClassTable(()).including(["x", "shale", "sand"])) == ()
    assert out[3, 4, 10] == 3
    assert out[3, 5, 10] == 3


def test_what_is_labelled_already_is_counted(survey, tmp_path):
    """Points and labels: what became of each voxel that a file means adds up, in what every door says."""
    out = np.zeros(SHAPE, np.uint8)
    out[3, 4, 10] = 9
    burnt = burn([Source(Path("p.csv"), "points", options={"radius": 1})], survey, ClassTable(()), out)
    meant = np.zeros(SHAPE, np.uint8)
    burn([Source(Path("p.csv"), "points", options={"radius": 1})], survey, ClassTable(()), meant)
    new = int(np.count_nonzero(meant)) - 1
    words = f"2 points of p.csv: {new} voxels are labels now; 1 was labelled already, and stays as it was."
    assert burnt.words == (words,)
    assert np.count_nonzero(out) == new + 1
    # Again, and nothing of it is new.
    (words,) = burn([Source(Path("p.csv"), "points")], survey, ClassTable(()), out).words
    assert words == "2 points of p.csv: everything there was labelled already, and stays as it was."


def test_points_on_one_voxel_are_told_from_points_on_several(survey, tmp_path):
    rows = Path("p.csv").read_text().strip().splitlines()
    path = tmp_path / "twice.csv"
    path.write_text("\n".join([*rows, rows[1].replace("sand", "shale")]) + "\n")
    out = np.zeros(SHAPE, np.uint8)
    (words,) = burn([Source(path, "points")], survey, ClassTable(()), out).words
    assert words == "twice.csv: 1 of 3 points lies on the voxel of another, of which the first counts."
    assert np.count_nonzero(out) == 2


def test_a_new_answer_takes_the_place_of_the_file():
    known = Knowledge((Source(Path("a"), "points"), Source(Path("b"), "horizon")))
    known = known.with_source(Source(Path("a"), "points", options={"radius": 2})).with_source(Source(Path("c"), "las"))
    assert [(one.path.name, dict(one.options)) for one in known.sources] == [
        ("a", {"radius": 2.0}), ("b", {}), ("c", {})
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("points", {"options": {"way": "owt"}}, "have no option 'way'"),
        ("checkshots", {"options": {"way": "both"}}, "'both' is no way"),
        ("points", {"options": {"radius": -1}}, "from 0"),
        ("points", {"options": {"radius": True}}, "Give a number"),
        ("polygons", {"options": {"window": [1]}}, "first and the last"),
        ("horizon", {"options": {"zones": "abc"}}, "a list of names"),
        ("labels", {"options": {"reading": [1]}}, "names with their values"),
        ("las", {"options": {"curve": ""}}, "Give a name"),
        ("las", {"columns": [1]}, "a form that is not known"),
        ("las", {"columns": {"x": 1.5}}, "a form that is not known"),
        ("las", {"units": {"x": 1}}, "a form that is not known"),
        ("other", {}, "a form that is not known"),
    ],
)
def test_answers_that_make_no_sense_are_refused(kind, data, words):
    with pytest.raises(LabelError, match=words):
        Source.from_dict("file", {"kind": kind, **data})


def test_every_option_goes_through_json_and_through_a_command_line():
    values = {
        "choice": lambda option: option.choices[-1],
        "text": lambda _: "word",
        "number": lambda _: 2.5,
        "interval": lambda _: (1.0, 2.5),
        "names": lambda _: ("a", "", "b"),
        "mapping": lambda _: {"axes": ["y", "x"], "page": 2},
    }
    spelt = {",": "comma", (1.0, 2.5): "1/2.5", ("a", "", "b"): "a//b"}
    for name, option in labels.OPTIONS.items():
        value = values[option.type](option)
        for kind in option.kinds:
            source = Source(Path("f.txt"), kind, options={name: value})
            assert Source.from_dict("f.txt", json.loads(json.dumps(source.to_dict()))) == source
            flag = {"labels": "--labels"}.get(kind, f"--{kind}")
            text = "axes=y/x,page=2" if name == "reading" else f"{name}={spelt.get(value, value)}"
            found = knowledge(parser().parse_args(["train", "s", flag, "f.txt", "--columns", f"{kind}:{text}"]))
            said = found.sources[0].options[name]
            assert said == ({"axes": ("y", "x"), "page": 2} if name == "reading" else value)


def test_a_question_names_the_file_and_nothing_is_burnt(survey):
    out = np.zeros(SHAPE, np.uint8)
    with pytest.raises(Question) as caught:
        burn([Source(Path("area.geojson"), "polygons", options={"field": "facies"})], survey, ClassTable(()), out)
    assert caught.value.source.path == Path("area.geojson")
    assert caught.value.cause.option == "window"
    assert not out.any()
