"""What files seem to hold is said with its reason before anything is read."""

from __future__ import annotations

from pathlib import Path

from napari_fhn import sample_data
from napari_fhn.labels import Source
from napari_fhn.project.knowledge.arrivals import Arrivals
from napari_fhn.project.knowledge.recognition import Recognised, all_recognised, recognised, with_replaced
from napari_fhn.project.sessions.answers import Answers
from workbook_files import write


def test_a_file_is_recognised_with_the_reason_and_what_is_wrong_becomes_words(tmp_path):
    found = recognised(sample_data.SEISMIC.wells)
    assert found.source.kind == "wells"
    assert "'inline'" in found.why
    assert recognised(sample_data.SEISMIC.classes).why.startswith("Its first line")
    assert ".las" in recognised(sample_data.SEISMIC.wells.parent / "W-1.las").why
    unclear = tmp_path / "numbers.txt"
    unclear.write_text("1 2\n3 4\n")
    assert recognised(unclear).source.kind == ""
    assert "Say what it is" in recognised(unclear).why
    assert "absent.csv" in recognised(tmp_path / "absent.csv").why
    said = Source(unclear, "points")
    assert recognised(unclear, known=said) == Recognised(said, "As you said before.")


def test_what_columns_do_not_tell_is_told_by_the_content(tmp_path):
    grid, shapes = tmp_path / "top.dat", tmp_path / "areas.csv"
    grid.write_text("-996 2 10 10\n0 10 0 10\n2 0 0 0\n0 0 0 0 0 0 0\n1 2 3 4\n")
    shapes.write_text('class,the_geom\nsalt,"POINT (1 2)"\n')
    assert recognised(grid).why == "It begins as an Irap classic grid does."
    assert recognised(shapes).why == "Its column 'the_geom' holds shapes as text."


def test_each_sheet_of_a_workbook_is_a_file_of_its_own(tmp_path):
    heads = [["well", "inline", "crossline"], ["A", 3, 4]]
    tops = [["well", "class", "top_twt_ms", "base_twt_ms"], ["A", "sand", 10, 20]]
    path = write(tmp_path / "book.xlsx", {"About": [["a block"]], "Heads": heads, "Tops": tops})
    answers = Answers(tmp_path / "answers.json")
    first, second = (one.source for one in all_recognised(path, None, answers))
    assert [(one.kind, one.options["sheet"]) for one in (first, second)] == [("wells", "Heads"), ("tops", "Tops")]
    arrivals = Arrivals()
    arrivals.take(first)
    arrivals.take(second)
    assert arrivals.wells == [first, second]
    said = second.answered(units={"top": "ms"})
    answers.keep(said, "Tops")
    assert [one.source for one in all_recognised(path, None, answers)] == [first, said]
    only = write(tmp_path / "one.xlsx", {"About": [["a block"]], "Heads": heads})
    assert [one.source.kind for one in all_recognised(only, None, answers)] == ["wells"]


def test_of_places_and_of_tops_there_is_one_file_at_a_time():
    first, second, logs = (Source(Path(name), kind) for name, kind in (("a", "tops"), ("b", "tops"), ("c", "las")))
    assert [one.replaces for one in with_replaced([Recognised(second, ""), Recognised(logs, "")], [first])] == ["a", ""]
    assert [one.replaces for one in with_replaced([Recognised(first, ""), Recognised(second, "")], [])] == ["", "a"]
    assert [one.replaces for one in with_replaced([Recognised(first, "")], [first])] == [""]
