"""The site of the documentation: what is on it, its links, and that it builds."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.proofs import LONG

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "site"


@pytest.fixture
def part(monkeypatch):
    """Return a function that gives a module of docs/site by name."""
    monkeypatch.syspath_prepend(str(SITE))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name in {path.stem for path in SITE.glob("*.py")}:
            del sys.modules[name]


def test_every_page_is_in_the_navigation():
    nav = set(re.findall(r"^ +- (?:.*: )?([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert written - nav == set()
    made = {"index.md", "changelog.md", "contributing.md", "benchmarks/README.md", "guide/options.md"}
    assert {page for page in nav - written if not page.startswith(("api/", "notebooks/"))} == made
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "docs" / "notebooks").glob("*.ipynb")}
    assert {page for page in nav if page.startswith("notebooks/")} == notebooks


def test_links_lead_to_pages_of_the_site_and_else_into_the_repository(part):
    links = part("links")
    pages = {"README.md": "index.md", "docs/guide/maps.md": "guide/maps.md", "docs/paper.md": "paper.md"}
    text = f"[a]({links.REPOSITORY}docs/paper.md#memory) [b](../../Makefile) [c](#d) [d](../paper.md)\n"
    text += "```\n[e](gone)\n```\n"
    made = links.for_the_site(text, "docs/guide/maps.md", pages)
    assert "[a](../paper.md#memory)" in made
    assert f"[b]({links.REPOSITORY}Makefile)" in made
    assert "[c](#d) [d](../paper.md)" in made
    assert "```\n[e](gone)\n```\n" in made
    with pytest.raises(links.DeadLink, match=r"README.md: docs/gone.md leads to docs/gone.md, which is not there"):
        links.for_the_site("[x](docs/gone.md)", "README.md", pages)


def test_links_of_the_readme_hold_where_it_is_read_elsewhere(part):
    links = part("links")
    text = (ROOT / "README.md").read_text("utf-8")
    targets = re.findall(r"(!?)\[[^]]*\]\(([^)\s]+)\)", text)
    assert len(targets) > 15
    for picture, target in targets:
        assert target.startswith("https://"), target
        assert not picture or target.startswith(links.RAW), target
        for prefix in (links.REPOSITORY, links.RAW):
            if target.startswith(prefix):
                assert (ROOT / target.removeprefix(prefix).partition("#")[0]).exists(), target
    assert len(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1].strip().splitlines()) <= 10


def test_every_command_and_option_is_on_the_page_of_options(part):
    page = part("options").page()
    assert "## napari-fhn export horizon" in page
    for option in ("`--hold-out N`", "`--json`"):
        assert option in page
    assert "%(" not in page


@LONG
def test_the_site_builds_and_asks_no_server(tmp_path):
    pytest.importorskip("material", reason="what builds the site is not installed: make docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r'<(?:script|img)[^>]*src="https?:|<link[^>]*stylesheet[^>]*href="https?:', text), page
        assert "$$" not in text
    assert "<math" in (tmp_path / "network.html").read_text("utf-8")
