"""The user guide says what the program says, and shows what there is."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def script(name):
    """Load a script of the documents as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        ours = "https://github.com/napari-fhn/napari-fhn/blob/main/"
        if target.startswith(ours) or not target.startswith("http"):
            path, _, anchor = target.removeprefix(ours).partition("#")
            leads_to = (ROOT if target.startswith(ours) else page.parent) / path if path else page
            assert leads_to.exists(), target
            assert not anchor or anchor in anchors(leads_to), target


def anchors(page):
    """Return what headings of a page are called in links, on the site as in the repository."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_picture_is_shown():
    shown = set()
    for page in PAGES:
        for target in re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", page.read_text("utf-8")):
            here = target.removeprefix("https://raw.githubusercontent.com/napari-fhn/napari-fhn/main/")
            shown.add(((ROOT if here != target else page.parent) / here).resolve())
    pictures = [path for path in (ROOT / "docs").rglob("*") if path.suffix in (".png", ".gif")]
    assert sorted(path.name for path in pictures if path not in shown) == []
    assert (ROOT / "docs" / "images" / "film.gif").stat().st_size < 1_500_000


def said_by_the_program():
    """Return all text that stands in the program, f-strings with a gap for each value."""
    texts = []
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(n.value if isinstance(n, ast.Constant) else "\0" for n in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_messages_in_troubleshooting_are_those_of_the_program():
    rows = re.findall(r"^\| \*([^*]+)\*", (GUIDE / "troubleshooting.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 8
    said = said_by_the_program()
    for row in rows:
        for piece in re.split(r"\s*…\s*,?|\bN\b", row):
            assert piece.strip() in said, row


def test_options_on_the_command_line_page_exist(capsys):
    from napari_fhn.cli import main

    texts = []
    commands = (
        "train",
        "predict",
        "score",
        "report",
        "export horizon",
        "export mesh",
        "export polygons",
        "export thickness",
        "brick",
        "history",
        "horizon",
        "worker",
        "fetched",
        "forecast",
        "diagnose",
        "runs",
        "info",
        "similar",
    )
    for command in (*commands, "runs delete", "similar"):
        with pytest.raises(SystemExit):
            main([*command.split(), "--help"])
        texts.append(capsys.readouterr().out)
    pages = [GUIDE / page for page in ("command-line.md", "maps.md", "troubleshooting.md")]
    for page in (*pages, *(ROOT / "docs" / "how-to").glob("*.md")):
        for option in set(re.findall(r"(--[a-z][a-z-]+)", page.read_text("utf-8"))) - {"--help", "--index-url"}:
            assert any(re.search(rf"{option}\b(?!-)", text) for text in texts), f"{page.name}: {option}"


def test_every_environment_variable_is_told():
    told = (ROOT / "docs" / "how-to" / "environment.md").read_text("utf-8")
    scripts = (path for folder in ("src", "tests", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py"))
    names = {name for path in scripts for name in re.findall(r"\bNAPARI_FHN_[A-Z_]+", path.read_text("utf-8"))}
    assert {name for name in names if f"`{name}`" not in told} == set()
    assert {name for name in re.findall(r"NAPARI_FHN_[A-Z_]+", told) if name not in names} == set()


def test_the_page_of_controls_is_that_of_the_running_dock(viewer, dock):
    controls = script("guide_controls")
    viewer.open_sample("napari-fhn", "seismic")
    made = controls.page(dock).splitlines()
    kept = (GUIDE / "controls.md").read_text("utf-8").splitlines()
    # How large a block is and which recipe is proposed depends on the machine.
    varying = re.compile(r"\d+ × \d+|\*\*Recipe\*\*")
    assert [line for line in made if not varying.search(line)] == [line for line in kept if not varying.search(line)]


def test_every_control_has_a_name_and_a_tooltip(viewer, dock):
    controls = script("guide_controls")
    viewer.open_sample("napari-fhn", "seismic")
    sections = (dock.data, dock.labels, dock.network, dock.run, dock.results, dock.export)
    for section in (dock.view, dock.run.pinned, *sections):
        for control in controls.controls_of(section):
            assert not controls.title_of(control).startswith("(Q"), control.toolTip()
            assert controls.words_of(control), controls.title_of(control)
