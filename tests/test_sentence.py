"""Words for a sentence: numbers and what they count."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_on_a_map_voxels_are_pixels_but_not_in_names():
    assert made_of("Voxels: 2 voxels, a voxel.", "pixel") == "Pixels: 2 pixels, a pixel."
    blocks = "blocks of so many traces along each side"
    assert [made_of(blocks, what) for what in ("voxel", "sample")] == [blocks, blocks]
    assert made_of(blocks, "pixel") == "blocks of so many pixels along each side"
    for name in ("'my voxels'", "voxels.tif", "/data/voxel/a.npy", "voxel_size", "'voxels of A'", "supervoxels"):
        assert made_of(name, "pixel") == name
    assert made_of("the survey's voxels and the layer's voxel", "pixel") == "the survey's pixels and the layer's pixel"


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
