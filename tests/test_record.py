"""Records survive JSON, are replaced as a whole or not at all, and what is not one of them is refused with words."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.record import RecordError, decode, encode


@dataclass(frozen=True)
class Circle:
    radius: float
    kind: Literal["circle"] = field(default="circle", init=False)


@dataclass(frozen=True)
class Square:
    side: float = 1.0
    kind: Literal["square"] = field(default="square", init=False)

    def __post_init__(self) -> None:
        if self.side < 0:
            raise ValueError(f"a side cannot be {self.side}")


@dataclass(frozen=True)
class Drawing:
    name: str
    steps: int = 1
    scale: float = 1.0
    visible: bool = True
    colour: str | None = None
    mode: Literal["fast", "exact"] = "fast"
    shapes: tuple[Circle | Square, ...] = ()
    corner: tuple[int, float] = (0, 0.0)
    box: Box | None = None
    tags: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)
    either: int | str | float = 0
    anything: Any = None


number = st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | number | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
drawings = st.builds(
    Drawing,
    st.text(),
    st.integers(),
    number,
    st.booleans(),
    st.none() | st.text(),
    st.sampled_from(["fast", "exact"]),
    st.lists(st.builds(Circle, number) | st.builds(Square, st.floats(0, 9)), max_size=3).map(tuple),
    st.tuples(st.integers(), number),
    st.none() | st.just(Box((1, 2), (3, 4))),
    st.dictionaries(st.text(), st.integers(), max_size=3),
    st.dictionaries(st.integers(-(10**9), 10**9), st.text(), max_size=3),
    st.integers() | st.text() | number,
    plain,
)


@given(drawings)
def test_what_is_encoded_comes_back_through_json(drawing):
    there = record.parse(record.to_bytes(encode(drawing)))
    back = decode(Drawing, there)
    assert back == drawing
    assert [type(getattr(back, name)) for name in ("steps", "scale", "either")] == [
        type(getattr(drawing, name)) for name in ("steps", "scale", "either")
    ]


@given(plain)
def test_whatever_stands_there_a_record_error_says_what_is_wrong(data):
    with contextlib.suppress(RecordError):
        decode(Drawing, data)
    with contextlib.suppress(RecordError):
        record.understand(data, "drawing", 1)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_bytes_that_are_no_json_are_a_record_error(data):
    with contextlib.suppress(RecordError):
        record.parse(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 10.5}, "steps is 10.5: a whole number is expected"),
        ({"steps": True}, "steps is true: a whole number"),
        ({"steps": "10"}, "steps is '10': a whole number"),
        ({"steps": None}, "steps is null: a whole number"),
        ({"scale": float("nan")}, "scale is nan: a number"),
        ({"scale": 10**400}, "scale is a huge number: a number"),
        ({"scale": False}, "scale is false: a number"),
        ({"visible": 1}, "visible is 1: true or false"),
        ({"colour": 3}, "colour is 3: text"),
        ({"mode": "slow"}, "mode is 'slow': 'fast' or 'exact' is expected"),
        ({"shapes": "circle"}, "shapes is 'circle': a list"),
        ({"shapes": [{"kind": "star"}]}, r"shapes\[0\].kind is 'star': 'circle' or 'square'"),
        ({"shapes": [{"kind": "circle"}]}, r"shapes\[0\].radius is missing"),
        ({"shapes": [{"kind": "square", "side": -1}]}, r"shapes\[0\]: a side cannot be -1"),
        ({"corner": [1, 2, 3]}, "corner has 3 items: 2 are expected"),
        ({"box": [1]}, "box is a list of 1: names and values"),
        ({"box": {"start": [0], "stop": ["1"]}}, r"box.stop\[0\] is '1': a whole number"),
        ({"box": {"start": [2], "stop": [1]}}, "box: a box must not end before it starts"),
        ({"tags": {"a": "b"}}, "tags.a is 'b': a whole number"),
        ({"codes": {"a": "b"}}, "a name in codes is 'a': a whole number"),
        ({"either": None}, "either is null: a whole number or text or a number"),
        ({"stpes": 3}, r"stpes is not known to this version \(is steps meant\?\)"),
        ({"\x1b]0;x\x07": 3}, r"'\\x1b\]0;x\\x07' is not known to this version$"),
    ],
)
def test_a_wrong_field_is_named(change, words):
    with pytest.raises(RecordError, match=words):
        decode(Drawing, {"name": "x", **change})
    with pytest.raises(RecordError, match=r"drawings\.a"):
        decode(Drawing, {"name": "x", **change}, "drawings.a")


def test_a_missing_field_is_named_and_one_with_a_default_has_it():
    with pytest.raises(RecordError, match="name is missing"):
        decode(Drawing, {})
    assert decode(Drawing, {"name": "x"}) == Drawing("x")


def test_numbers_may_be_written_the_other_way_where_nothing_is_lost():
    drawing = decode(Drawing, {"name": "x", "scale": 3, "steps": 4.0})
    assert (drawing.scale, type(drawing.scale), drawing.steps, type(drawing.steps)) == (3.0, float, 4, int)


@pytest.mark.parametrize("value", [object(), {1, 2}, float("inf"), {(1, 2): 3}, [float("nan")]])
def test_what_json_does_not_know_is_not_written(tmp_path, value):
    path = tmp_path / "r.json"
    record.write(path, "drawing", 1, {"name": "old"})
    with pytest.raises(RecordError, match=r"r\.json: .*value"):
        record.write(path, "drawing", 1, {"value": value})
    assert record.read(path, "drawing", 1) == {"name": "old"}


def test_a_record_says_what_it_is(tmp_path):
    path = tmp_path / "r.json"
    record.write(path, "drawing", 3, {"name": "Übergang", "odd": "\udcff"})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": "napari-fhn drawing",
        "version": 3,
        "name": "Übergang",
        "odd": "\udcff",
    }
    assert record.read(path, "drawing", 3) == {"name": "Übergang", "odd": "\udcff"}
    with pytest.raises(RecordError, match=r"r\.json: its format is 'napari-fhn drawing', and 'napari-fhn job'"):
        record.read(path, "job", 3)
    with pytest.raises(RecordError, match=r"of version 3, and this program knows them up to 2\. Update") as caught:
        record.read(path, "drawing", 2)
    assert caught.value.path == path
    assert "version 3" in caught.value.what


def test_older_versions_are_brought_over_one_after_the_other(tmp_path):
    path = tmp_path / "r.json"
    steps = {
        0: lambda data: {"name": data["title"]},
        1: lambda data: {**data, "steps": 1},
        2: lambda data: {**data, "steps": data["steps"] + 1},
    }
    path.write_text('\ufeff{"title": "a"}', encoding="utf-8")  # with a byte order mark, as some editors write it
    assert record.read(path, "drawing", 3, steps) == {"name": "a", "steps": 2}
    path.write_text('{"format": "napari-fhn drawing 2", "name": "b", "steps": 5}')
    assert record.read(path, "drawing", 3, steps) == {"name": "b", "steps": 6}
    record.write(path, "drawing", 1, {"name": "c"})
    assert record.read(path, "drawing", 3, steps) == {"name": "c", "steps": 2}
    with pytest.raises(RecordError, match="version 1, which is no longer read"):
        record.read(path, "drawing", 3, {0: steps[0], 2: steps[2]})


@pytest.mark.parametrize("text", ["[]", "3", '"title"', "null", '{"other": 1}'])
def test_an_old_file_of_something_else_is_refused(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"r\.json: it is no napari-fhn drawing"):
        record.read(path, "drawing", 1, {0: lambda data: {"name": data["title"]}})
    with pytest.raises(RecordError, match=r"r\.json: it is no napari-fhn drawing"):
        record.read(path, "drawing", 1)


@pytest.mark.parametrize("version", ["true", "0", "-1", "1.5", '"1"', "null"])
def test_a_version_is_a_whole_number(tmp_path, version):
    path = tmp_path / "r.json"
    path.write_text(f'{{"format": "napari-fhn drawing", "version": {version}}}')
    with pytest.raises(RecordError, match="its version is"):
        record.read(path, "drawing", 1)


@pytest.mark.parametrize("text", ["[" * 10**5, "[" * 10**5 + "]" * 10**5, '{"a":' * 10**5 + "1" + "}" * 10**5])
@pytest.mark.parametrize("depth", [0, 101])
def test_deep_json_is_a_record_error(tmp_path, text, depth):
    path = tmp_path / "r.json"
    path.write_text("[" * depth + "]" * depth if depth else text)
    with pytest.raises(RecordError, match=r"r\.json: .*(deep|JSON)"):
        record.read(path, "drawing", 1, {0: lambda data: data})


def test_deep_values_are_not_written_and_not_decoded(tmp_path):
    deep: Any = 1
    for _ in range(10**5):
        deep = [deep]
    with pytest.raises(RecordError, match="deep"):
        record.write(tmp_path / "r.json", "drawing", 1, {"a": deep})
    with pytest.raises(RecordError, match="name is a list of 1: text"):
        decode(Drawing, {"name": deep})
    assert not list(tmp_path.iterdir())


def test_a_long_file_is_not_read(tmp_path):
    path = tmp_path / "r.json"
    record.write(path, "drawing", 1, {"name": "x" * 1000})
    with pytest.raises(RecordError, match="at most 1000"):
        record.read(path, "drawing", 1, longest=1000)
    with pytest.raises(RecordError, match="longer than"):
        record.parse("1" * 5, longest=4)
    with path.open("wb") as stream:
        stream.truncate(record.LONGEST + 1)
    with pytest.raises(RecordError, match="another kind of file"):
        record.read(path, "drawing", 1)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(RecordError, match=r"r\.json: there is no such file"):
        record.read(tmp_path / "r.json", "drawing", 1)
    with pytest.raises(RecordError, match="cannot be read as a drawing record"):
        record.read(tmp_path, "drawing", 1)


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_file_whole(tmp_path, monkeypatch, name):
    path = tmp_path / "r.json"
    record.write(path, "drawing", 1, {"name": "old"})

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, name, fails)
    with pytest.raises(OSError, match="No space"):
        record.write(path, "drawing", 1, {"name": "new"})
    monkeypatch.undo()
    assert record.read(path, "drawing", 1) == {"name": "old"}
    assert [each.name for each in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_of_a_link_the_file_behind_it_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    path = tmp_path / "there" / "r.json"
    record.write(path, "drawing", 1, {"name": "old"})
    (tmp_path / "link.json").symlink_to(path)
    record.write(tmp_path / "link.json", "drawing", 1, {"name": "new"})
    assert (tmp_path / "link.json").is_symlink()
    assert record.read(path, "drawing", 1) == {"name": "new"}


KILLED = """
import os, sys
from napari_fhn import record
count = 0
real = {name: getattr(os, name) for name in ("fsync", "replace")}
def at(name):
    def act(*given):
        global count
        count += 1
        if count == int(sys.argv[2]):
            os._exit(9)
        return real[name](*given)
    return act
for name in real:
    setattr(os, name, at(name))
record.write(sys.argv[1], "drawing", 1, {"name": "new" * 1000})
"""


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_process_killed_while_it_writes_leaves_the_old_file_or_the_new_one(tmp_path, moment):
    path = tmp_path / "r.json"
    record.write(path, "drawing", 1, {"name": "old"})
    run = subprocess.run([sys.executable, "-c", KILLED, str(path), str(moment)], check=False)
    assert run.returncode == 9
    assert record.read(path, "drawing", 1)["name"] == ("old" if moment < 3 else "new" * 1000)
    record.write(path, "drawing", 1, {"name": "next"})
    assert record.read(path, "drawing", 1) == {"name": "next"}


def test_paths_are_written_as_text():
    assert encode({"at": Path("a") / "b"}) == {"at": os.path.join("a", "b")}
    assert decode(tuple[Path, ...], ["a"]) == (Path("a"),)
