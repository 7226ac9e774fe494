"""Words for a sentence: numbers and what they count."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.sentence import counted, counted_of, made_of

PACKAGE = Path(__file__).parents[1] / "src" / "napari_fhn"

#: What sentences count, where there may be one of it.
COUNTED = (
    "steps|classes|voxels|channels|axes|layers|traces|samples|rows|columns|cells|bands|points|picks|shapes|wells|"
    "horizons|nodes|values|labels|pixels|dates|maps|images|arrays|networks|folds|trainings|files|intervals|runs"
)
#: Where there are always several, or what stands there is a number of which the sentence says that it is too small.
SEVERAL = {
    "labels/horizons/surfaces.py",  # their zones, which are one more, decide
    "labels/tables/columns.py",  # several columns of one name
    "labels/tables/dialects.py",  # of so many lines
    "project/knowledge/readers.py",  # several horizons and as many names
    "structure/attributes/facts.py",
    "structure/tracking/growing.py",  # all of them
    "surveys/assemble.py",  # dates of a series
    "surveys/maps/time_lapse.py",
    "surveys/raster/composites.py",
    "training/job.py",  # two classes at least
}


def uncounted(path: Path) -> Iterator[str]:
    """Lengths before a plural, in the sentences of a module, that would say "1 traces"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        before = ""
        for part, behind in zip(node.values, node.values[1:], strict=False):
            if isinstance(part, ast.Constant):
                before = str(part.value)
                continue
            said = str(behind.value) if isinstance(behind, ast.Constant) else ""
            is_length = isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Call)
            is_length = is_length and isinstance(part.value.func, ast.Name) and part.value.func.id == "len"
            if is_length and re.match(rf" ({COUNTED})\b", said) and not before.endswith((" of ", " x ", "of ")):
                yield f"{path.relative_to(PACKAGE)}, line {part.lineno}: {ast.unparse(part.value)}{said[:30]}"
            before = ""


def test_one_is_not_said_as_several():
    found = [
        line
        for path in sorted(PACKAGE.rglob("*.py"))
        if (name := path.relative_to(PACKAGE).as_posix()) not in SEVERAL and not name.startswith("network/")
        for line in uncounted(path)
    ]
    assert not found, "say it with napari_fhn.sentence.counted"


def parts_that_do(path: Path) -> Iterator[str]:
    """Sentences of a module such as "1 of 4 points lie", where the verb goes with all of them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        for first, of, second, said in zip(*(node.values[k:] for k in range(4)), strict=False):
            if not isinstance(said, ast.Constant) or ast.unparse(of) != "' of '":
                continue
            whole = ast.unparse(second)
            after = str(said.value) if "counted" not in whole else f"{whole}{said.value}"
            if re.search(r"\b(lie|are|were|have|hold|repeat|name|stay|do|need|cross)\b", re.split("[,:;.]", after)[0]):
                yield f"{path.relative_to(PACKAGE)}, line {node.lineno}: {ast.unparse(first)} of {after[:40]}"


def test_of_several_one_does_what_one_does():
    found = [line for path in sorted(PACKAGE.rglob("*.py")) for line in parts_that_do(path)]
    assert not found, "say it with napari_fhn.sentence.counted_of"
    assert counted_of(1, 1, "points", "lie", "lies") == "1 of 1 point lies"
    assert counted_of(0, 1, "shards", "are there", "is there") == "0 of 1 shard is there"
    assert counted_of(0, 1200, "points", "lie", "lies") == "0 of 1,200 points lie"


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("traces", "1 trace"),
        ("classes", "1 class"),
        ("spatial axes", "1 spatial axis"),
        ("patches", "1 patch"),
        ("blocks of labels", "1 block of labels"),
        ("bodies of labels", "1 body of labels"),
        ("indices", "1 index"),
        ("entries", "1 entry"),
        ("neighbouring sections", "1 neighbouring section"),
        ("processes", "1 process"),
        ("places", "1 place"),
        ("values", "1 value"),
        ("nodes", "1 node"),
        ("GPUs", "1 GPU"),
    ],
)
def test_one_of_each(many, one):
    assert counted(1, many) == one
    assert counted(0, many) == f"0 {many}"
    assert counted(12345, many) == f"12,345 {many}"


def percents(path: Path) -> Iterator[str]:
    """Percents of a module that stand at their number, where all others are written as in "50 %"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.relative_to(PACKAGE)}, line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.FormattedValue) and node.format_spec and ast.unparse(node.format_spec).endswith("%'"):
            yield f"{where}: {ast.unparse(node)}"
        if isinstance(node, ast.JoinedStr):
            for before, behind in zip(node.values, node.values[1:], strict=False):
                if isinstance(before, ast.FormattedValue) and ast.unparse(behind).startswith("'%"):
                    yield f"{where}: {ast.unparse(behind)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\d%(?![\w%])", node.value):
            yield f"{where}: {node.value[:60]}"


def test_percents_stand_off_their_numbers():
    assert not [line for path in sorted(PACKAGE.rglob("*.py")) for line in percents(path)], 'write "50 %"'


NAMES = (
    "'my voxels'", "voxels.tif", "/data/voxel/a.npy", "voxel_size", "'voxels of A'", "supervoxels", '"Voxel"',
    "'wells and patches'", '"wells, patches"', "/data/my voxels of A/x", "/data/my voxels", "~/my voxels/b",
    "data/my voxels of A/x.npy", "C:\\Data\\my voxels of A\\x.npy", "s3://bucket/my voxels of A/x.zarr",
    "/data/v1.2 of voxels/b", "/data/my wells and patches", "voxels final.npy", "wells and patches final.csv",
    "wells or patches/x.npy", "--voxels", "--voxel-size 3", "voxels-1",
)  # fmt: skip
"""What nobody may word otherwise."""


@pytest.mark.parametrize("name", NAMES)
def test_on_a_map_voxels_are_pixels_but_not_in_names(name):
    for said in ("{}", "see {}", "it is {}.", "{}: 2 voxels of it", "2 voxels ({}), Voxels, wells and patches"):
        for what in ("pixel", "sample"):
            wanted = said.replace("voxel", what).replace("Voxel", what.capitalize())
            wanted = wanted.replace("wells and", "points and") if what == "pixel" else wanted
            assert made_of(said.format(name), what) == wanted.format(name)


@pytest.mark.parametrize(
    "said",
    [
        "Voxels: 2 voxels, a voxel.",
        "the survey's voxels and the layers' voxel",
        "inputs/a.npy has 3 voxels in labels/b.npy",
        "2 voxels of labels.npy are voxels, e.g. voxels of /data/x; 3 voxels / trace, 1/3 voxels",
        "Saved in /data/x: 3 voxels. Saved in /data/x. 3 voxels of y/z",
        "<b>voxels</b> voxels (voxels) of 5 x 5 voxels",
    ],
)
def test_what_is_no_name_is_worded(said):
    assert made_of(said, "pixel") == said.replace("voxel", "pixel").replace("Voxel", "Pixel")


@given(st.lists(st.one_of(st.sampled_from([*NAMES, "voxels", "wells and patches"]), st.text(max_size=5)), max_size=8))
def test_wording_changes_words_alone_and_only_once(parts):
    text = " ".join(parts)
    once = made_of(text, "pixel")
    assert made_of(once, "pixel") == once
    back = re.compile("pixel|voxel|points(?= and| or|,)|wells(?= and| or|,)", re.IGNORECASE)
    assert back.sub("", once) == back.sub("", text)
    assert made_of(text, "voxel") == text


def test_what_goes_on_is_written_with_one_sign():
    """Everywhere with "…": in the dock, at the command line, in errors."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.relative_to(PACKAGE)}, line {node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words
            and " ..." in node.value
        ]  # fmt: skip
    assert not found
