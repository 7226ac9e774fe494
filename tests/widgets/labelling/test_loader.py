"""Everything that is known comes in through one button."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data
from napari_fhn.labels import AmbiguousColumns, Source
from napari_fhn.project.knowledge.recognition import with_replaced
from napari_fhn.widgets.labelling import dropped
from napari_fhn.widgets.labelling.column_wizard import ColumnWizard
from napari_fhn.widgets.labelling.loader import Zones
from napari_fhn.widgets.labelling.questions import AnswerDialog
from napari_fhn.widgets.labelling.zones_dialog import ZonesDialog
from workbook_files import write


@pytest.fixture
def seismic(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    return dock.desk


def settle(desk, spin, words):
    assert spin(lambda: words in desk.messages.message or desk.messages.error), desk.messages.message
    assert not desk.messages.error, desk.messages.message


def test_logs_with_digits_keep_the_codes_they_say(seismic, spin):
    folder = sample_data.SEISMIC.wells.parent
    seismic.labelling.loader.load([folder / "W-1.las", folder / "W-2.las"])
    settle(seismic, spin, "2 wells are labels")
    values = np.unique(seismic.book.layer.data)
    truth = sample_data.seismic_truth()
    table = seismic.book.state.classes
    assert set(values[1:]) <= set(table.values)
    labelled = np.asarray(seismic.book.layer.data) != 0
    # Next to a well the log says what is there: codes, which the classes keep.
    code_of = np.zeros(256, np.uint8)
    code_of[list(table.values)] = table.codes
    agree = (code_of[np.asarray(seismic.book.layer.data)] == truth)[labelled].mean()
    assert agree > 0.95


def test_a_log_dropped_on_the_canvas_is_loaded_by_the_desk(viewer, seismic, spin, tmp_path):
    log = sample_data.SEISMIC.wells.parent / "W-1.las"
    before = len(viewer.layers)
    assert viewer.open(str(log), plugin="napari-fhn") == []
    settle(seismic, spin, "1 well is a label")
    assert [well.name for well in seismic.labelling.wells.state.wells] == ["W-1"]
    assert {layer.name for layer in viewer.layers[before:]} == {"Labels", "Prediction", "Wells", "Well paths"}
    assert dropped.get_reader([str(log), str(sample_data.SEISMIC.wells)]) is None
    assert dropped.get_reader(str(tmp_path / "absent.las")) is None


def test_a_log_dropped_without_a_survey_is_a_sentence(viewer, dock, spin):
    viewer.open(str(sample_data.SEISMIC.wells.parent / "W-1.las"), plugin="napari-fhn")
    assert not len(viewer.layers)
    assert dock.desk.messages.error
    assert "Tick a survey first" in dock.desk.messages.message


def test_tops_wait_for_the_places_of_their_wells(seismic, spin):
    seismic.labelling.loader.load([sample_data.SEISMIC.tops])
    settle(seismic, spin, "Load where their wells begin too")
    seismic.labelling.loader.load([sample_data.SEISMIC.wells])
    settle(seismic, spin, "6 wells are labels")
    assert len(seismic.labelling.wells.state.wells) == 6


def test_wells_and_tops_come_from_two_sheets_of_one_workbook(seismic, spin, tmp_path):
    sheets = {
        name: [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        for name, path in (("Wells", sample_data.SEISMIC.wells), ("Tops", sample_data.SEISMIC.tops))
    }
    seismic.labelling.loader.load([write(tmp_path / "book.xlsx", sheets)])
    settle(seismic, spin, "6 wells are labels")
    seismic.labelling.loader.load([sample_data.SEISMIC.wells.parent / "W-1.las"])
    assert {one.options.get("sheet") for one in seismic.labelling.loader.known.sources} >= {"Wells", "Tops"}


def write_horizon(path, survey, twt):
    rows = [
        f"{inline:g},{crossline:g},{twt:g}"
        for inline in np.asarray(survey.inline)[::4]
        for crossline in np.asarray(survey.crossline)[::4]
    ]
    path.write_text("\n".join(["inline,crossline,twt_ms", *rows]))
    return path


def test_horizons_become_zones_or_bands(seismic, spin, tmp_path):
    survey = seismic.data.material.first
    asked = []

    def between(surfaces, table):
        asked.append([str(surface.name) for surface in surfaces])
        return Zones(("Cover", "Below"))

    loader = seismic.labelling.loader
    loader.ask_zones = between
    loader.load([write_horizon(tmp_path / "flat.csv", survey, 600.0)])
    settle(seismic, spin, "voxels are labels now")
    assert asked == [["flat"]]
    assert seismic.book.state.classes.names[:2] == ("Cover", "Below")
    traces = np.asarray(seismic.book.layer.data)[::4, ::4]
    axis = np.asarray(survey.twt)
    assert (traces[..., axis < 600] == 1).all()
    assert (traces[..., axis >= 600] == 2).all()
    seismic.book.history.undo()
    assert not np.asarray(seismic.book.layer.data).any()
    loader.ask_zones = lambda surfaces, table: Zones(("Band",), 16.0)
    loader.load([write_horizon(tmp_path / "band.csv", survey, 700.0)])
    settle(seismic, spin, "horizon band of band.csv")
    assert 3 <= (np.asarray(seismic.book.layer.data)[0, 0] != 0).sum() <= 6


def test_horizons_that_come_together_part_zones_together(seismic, spin, tmp_path):
    survey = seismic.data.material.first
    asked = []

    def between(surfaces, table):
        asked.append([str(surface.name) for surface in surfaces])
        return Zones(("Cover", "Middle", ""))

    loader = seismic.labelling.loader
    loader.ask_zones = between
    loader.load([write_horizon(tmp_path / f"{name}.csv", survey, twt) for name, twt in (("a", 600.0), ("b", 700.0))])
    settle(seismic, spin, "2 horizons of a.csv, b.csv")
    assert asked == [["a", "b"]]
    traces, axis = np.asarray(seismic.book.layer.data)[::4, ::4], np.asarray(survey.twt)
    assert (traces[..., axis < 600] == 1).all()
    assert (traces[..., (axis >= 600) & (axis < 700)] == 2).all()
    assert not traces[..., axis >= 700].any()
    known = loader.known
    assert [one.path.name for one in known.sources] == ["a.csv", "b.csv"]
    kept = seismic.session.manifest.knowledge
    assert [(Path(one.file.absolute).name, one.kind) for one in kept] == [("a.csv", "horizon"), ("b.csv", "horizon")]
    assert Source.from_dict(kept[0].file.absolute, kept[0].answers) == known.sources[0]
    again = np.zeros(survey.shape, np.uint8)
    known.burn(survey, again)
    np.testing.assert_array_equal(again, np.asarray(seismic.book.layer.data))


def test_points_with_options_fall_off_and_so_they_come_back(seismic, spin, tmp_path):
    survey = seismic.data.material.first
    path = tmp_path / "points.csv"
    at = float(survey.inline[10]), float(survey.crossline[10]), float(survey.twt[10])
    path.write_text("inline,crossline,twt_ms,class\n" + ",".join(f"{value:g}" for value in at) + ",sand\n")
    loader, book = seismic.labelling.loader, seismic.book
    loader.ask_files = lambda found, loaded: [found[0].source.answered(radius=2.0, fall_off=1.0)]
    loader.load([path], confirm=True)
    settle(seismic, spin, "1 point of points.csv")
    weights = seismic.project.session.weight_volume(book.layer.data.shape)
    assert weights[10, 10, 10] == 100
    assert weights[10, 11, 10] == 61
    assert np.count_nonzero(weights) == np.count_nonzero(np.asarray(book.layer.data)) == 13
    book.history.undo()
    assert spin(lambda: not seismic.project.session.weight_volume(book.layer.data.shape).any())
    book.history.redo()
    assert spin(lambda: seismic.project.session.weight_volume(book.layer.data.shape)[10, 11, 10] == 61)


def test_a_label_volume_is_loaded_as_it_is(seismic, spin, tmp_path):
    path = tmp_path / "labels.npy"
    volume = np.zeros(seismic.data.material.first.shape, np.uint8)
    volume[:3, :, :7], volume[3, 0, :7] = 40, 255
    np.save(path, volume)
    seismic.labelling.loader.load([path])
    settle(seismic, spin, "voxels are labels now")
    np.testing.assert_array_equal(np.asarray(seismic.book.layer.data), np.where(volume == 40, 1, 0))
    assert seismic.book.state.classes.by_code == {40: 1}
    assert '255 (7 values) taken for "nothing is known"' in seismic.messages.message


def test_a_class_of_a_finer_label_volume_of_which_nothing_is_left_is_named(seismic, spin, tmp_path):
    survey = seismic.data.material.first
    times = np.arange(2 * survey.shape[2]) * float(survey.twt[1] - survey.twt[0]) / 2 + float(survey.twt[0])
    fine = xr.DataArray(
        np.zeros((*survey.shape[:2], times.size), np.uint8), dims=survey.dims,
        coords={"inline": survey.inline, "crossline": survey.crossline, "twt": ("twt", times, {"units": "ms"})},
    )  # fmt: skip
    fine[:3, :, :7], fine[3, 0, 5] = 40, 50
    fine.to_netcdf(tmp_path / "fine.nc")
    seismic.labelling.loader.load([tmp_path / "fine.nc"])
    settle(seismic, spin, "voxels are labels now")
    assert "fine.nc: nothing is left of 50 (1 voxel) on the grid of the survey" in seismic.messages.message
    assert seismic.book.state.classes.by_code == {40: 1}


def test_answers_are_asked_once_and_remembered(seismic, spin, tmp_path):
    path = tmp_path / "tops.csv"
    path.write_text("well,top,base,class\nW-1,400,600,sand\nW-2,600,800,shale\nW-2,90000,98000,x\nW-1,90000,98000,x\n")
    asked = []

    def ask(question):
        asked.append(question.cause.option)
        return AnswerDialog(question).answered if asked[-1] == "units" else question.source.answered(domain="twt")

    loader = seismic.labelling.loader
    loader.ask = ask
    loader.load([sample_data.SEISMIC.wells, path])
    settle(seismic, spin, "2 wells are labels")
    assert asked == ["domain", "units"]
    loader.load([path])
    assert spin(lambda: seismic.messages.message.startswith("2 wells are labels"))
    assert asked == ["domain", "units"]


def test_a_file_nobody_answers_for_is_left_out_and_the_next_is_read(seismic, spin, tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("1 2\n3 4\n5 6\n")
    seismic.labelling.loader.ask = lambda question: None
    seismic.labelling.loader.load([path, sample_data.SEISMIC.wells, sample_data.SEISMIC.tops])
    settle(seismic, spin, "6 wells are labels")


def test_all_files_that_were_left_out_are_named_behind_what_was_loaded(seismic, spin, tmp_path):
    files = [tmp_path / f"{name}.csv" for name in ("one", "two", "three", "four", "five")]
    for path in files:
        path.write_text("inline;crossline;Tiefe;class\n1019;2057;596;Shale\n")
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("1 2\n3 4\n5 6\n")
    loader, messages = seismic.labelling.loader, seismic.messages
    loader.ask = lambda question: None
    loader.load([numbers, files[0], sample_data.SEISMIC.wells, sample_data.SEISMIC.tops])
    assert spin(lambda: "6 wells are labels" in messages.message and "numbers.txt" in messages.message)
    assert "numbers.txt was left out: " in messages.message
    assert "one.csv: it comes in depth, and the survey in time" in messages.message
    assert not messages.error
    loader.load(files)
    assert spin(lambda: "one.csv, two.csv, three.csv and 2 more were left out." in messages.message), messages.message
    assert messages.error
    loader.load(files[1:2])
    assert spin(lambda: messages.message.startswith("two.csv: it comes in depth"))
    assert messages.error


def test_nothing_is_loaded_or_replaced_before_a_person_agrees(seismic, spin, tmp_path):
    loader, wells, shown = seismic.labelling.loader, seismic.labelling.wells, []
    loader.load()
    settle(seismic, spin, "6 wells are labels")
    others = tmp_path / "tops.csv"
    others.write_text("well,top_twt_ms,base_twt_ms,class\nW-1,400,600,sand\n")

    def refuse(found, loaded):
        shown.extend(with_replaced(found, loaded))

    loader.ask_files = refuse
    before, labels = wells.state.wells, np.array(seismic.book.layer.data)
    loader.load([others], confirm=True)
    settle(seismic, spin, "Nothing was loaded")
    assert [(one.source.kind, one.replaces) for one in shown] == [("tops", "tops.csv")]
    assert "'top_twt_ms'" in shown[0].why
    asked = []
    loader.ask_replace = asked.append  # which says no
    loader.load([others])
    assert spin(lambda: "left out" in seismic.messages.message)
    assert "in place of tops.csv" in asked[0]
    first = before[0]
    wells.move(first.name, first.inline + 20, first.crossline + 20)
    assert spin(lambda: wells.state.wells[0].inline == first.inline + 20)
    moved = np.array(seismic.book.layer.data)
    loader.load()
    assert spin(lambda: len(asked) == 2)
    assert asked[1].startswith(f"{first.name} would be replaced by what wells.csv, tops.csv says")
    settle(seismic, spin, "6 wells are labels")
    np.testing.assert_array_equal(np.asarray(seismic.book.layer.data), moved)
    assert not np.array_equal(moved, labels)


def test_wells_are_burnt_again_where_they_are_moved(seismic, spin):
    seismic.labelling.loader.load()
    settle(seismic, spin, "6 wells are labels")
    wells, book = seismic.labelling.wells, seismic.book
    before = np.array(book.layer.data)
    first = wells.state.wells[0]
    book.layer.data[0, 0, 0] = 7
    wells.move(first.name, first.inline + 20, first.crossline + 20)
    assert spin(lambda: wells.state.wells[0].inline == first.inline + 20)
    after = np.array(book.layer.data)
    assert after[0, 0, 0] == 7
    assert (after != 0).sum() == pytest.approx((before != 0).sum(), rel=0.2)
    assert (after != before).any()
    book.history.undo()
    assert wells.state.wells[0].inline == first.inline
    before[0, 0, 0] = 7
    np.testing.assert_array_equal(book.layer.data, before)


def test_wells_follow_renamed_classes(seismic, spin):
    seismic.labelling.loader.load()
    settle(seismic, spin, "6 wells are labels")
    seismic.labelling.edits.rename(7, "Halite")
    seismic.labelling.wells.set_radius(1.0)
    assert spin(lambda: seismic.labelling.wells.state.radius == 1.0)
    assert len(seismic.book.state.classes) == 7
    assert (np.asarray(seismic.book.layer.data) == 7).any()


def test_the_wizard_shows_rows_and_proposes_columns(qtbot, tmp_path, seismic):
    from napari_fhn import labels

    survey = seismic.data.material.first
    path = tmp_path / "picks.txt"
    inline, crossline = float(survey.inline[3]), float(survey.crossline[5])
    path.write_text(
        "\n".join(f"{k} {inline + k % 3:g} {crossline + k:g} {500 + k % 7} {600 + k % 5}" for k in range(12))
    )
    with pytest.raises(labels.Question) as caught:
        labels.read_surfaces(labels.Source(path, "horizon"), survey)
    assert isinstance(caught.value.cause, AmbiguousColumns)
    wizard = ColumnWizard(caught.value)
    qtbot.addWidget(wizard)
    for k, role in ((0, ""), (1, "inline"), (2, "crossline"), (3, "twt"), (4, "")):
        wizard.roles[k].setCurrentIndex(wizard.roles[k].findData(role))
    wizard.units[3].setCurrentText("ms")
    surfaces = labels.read_surfaces(wizard.answered, survey)
    assert np.isfinite(surfaces[0]).sum() == 12
    wizard.roles[4].setCurrentIndex(wizard.roles[4].findData("twt"))
    assert not wizard.buttons.button(wizard.buttons.StandardButton.Ok).isEnabled()


def test_the_dialog_of_horizons(qtbot, seismic):
    import xarray as xr

    surface = xr.DataArray(np.full((3, 3), 5.0), dims=("inline", "crossline"), name="Top A", attrs={"units": "ms"})
    dialog = ZonesDialog([surface], seismic.book.state.classes)
    qtbot.addWidget(dialog)
    dialog.zones[0].setCurrentText("Cover")
    assert dialog.answer == Zones(("Cover", ""))
    dialog.around.setChecked(True)
    assert dialog.answer == Zones(("Top A",), 8.0)


READER = """
from napari_fhn.labels import Interval, Well
from napari_fhn.labels.plugins import Known

TITLE = "things of Acme"
SUFFIXES = (".acme",)


def claims(path):
    return path.read_bytes()[:4] == b"ACME"


can_read = claims


def read(path, survey):
    if b"wells" in path.read_bytes():
        return Known(wells=(Well("A-1", 1010, 2101, (Interval(500, 600, "salt"),)),))

    def burn(out, table):
        out[3, 4, 5:8] = table.value_of("sand")

    return Known(classes=("sand",), burn=burn, title="3 spots")
"""


def test_what_another_distribution_reads_comes_in_through_the_same_button(seismic, spin, tmp_path, distribution):
    entry_points = "[napari_fhn.knowledge_readers]\nacme = acme_things\n"
    distribution("acme-things", {"acme_things": READER}, entry_points)
    (tmp_path / "spots.acme").write_bytes(b"ACME spots")
    seismic.labelling.loader.load([tmp_path / "spots.acme"])
    settle(seismic, spin, "3 spots of spots.acme: 3 voxels are labels now")
    assert np.count_nonzero(seismic.book.layer.data) == 3
    (tmp_path / "wells.acme").write_bytes(b"ACME wells")
    seismic.labelling.loader.load([tmp_path / "wells.acme"])
    settle(seismic, spin, "1 well is a label")
    assert [well.name for well in seismic.labelling.wells.state.wells] == ["A-1"]


def test_a_file_without_a_column_that_is_needed_is_asked_about_once(seismic, spin, tmp_path, qtbot):
    heads = tmp_path / "heads.csv"
    heads.write_text("well,kb\nW-1,3\nW-2,4\n")
    loader, asked = seismic.labelling.loader, []

    def ask(question):
        if not isinstance(question.cause, AmbiguousColumns):
            return question.answer("wells")  # what the file holds
        wizard = ColumnWizard(question, None, seismic.data.material.first)
        qtbot.addWidget(wizard)
        ok = wizard.buttons.button(wizard.buttons.StandardButton.Ok)
        asked.append((ok.isEnabled(), wizard.missing.text()))
        # What does not help is no answer, and asking again would ask for ever.
        return wizard.answered if len(asked) == 1 else question.source

    loader.ask = ask
    loader.load([sample_data.SEISMIC.tops, heads])
    settle(seismic, spin, "heads.csv was left out")
    assert seismic.messages.message.count("heads.csv") == 1
    enabled, missing = asked[0]
    assert not enabled
    assert missing.startswith("Still to be said: inline with crossline or x with y. Where heads.csv has no such column")
    assert len(asked) <= 2
    assert "Needed is inline with crossline or x with y" in seismic.messages.message
    # Nothing else is lost: the tops are there, and go with the next heads.
    loader.load([sample_data.SEISMIC.wells])
    settle(seismic, spin, "6 wells are labels")


def test_points_on_what_is_labelled_already_are_counted(seismic, spin, tmp_path):
    survey = seismic.data.material.first
    loader = seismic.labelling.loader
    header = "inline,crossline,twt_ms,class\n"

    def row(k):
        return f"{float(survey.inline[k]):g},{float(survey.crossline[k]):g},{float(survey.twt[k]):g},sand\n"

    (tmp_path / "one.csv").write_text(header + row(3))
    (tmp_path / "four.csv").write_text(header + "".join(row(k) for k in (3, 4, 5, 6)))
    loader.load([tmp_path / "one.csv"])
    settle(seismic, spin, "1 point of one.csv: 1 voxel is a label now.")
    loader.load([tmp_path / "four.csv"])
    settle(seismic, spin, "4 points of four.csv: 3 voxels are labels now; 1 was labelled already, and stays as it was.")
