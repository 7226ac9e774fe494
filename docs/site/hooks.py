"""What mkdocs asks while it builds the site: pages that are made here, and links and formulas as the site has them."""

from __future__ import annotations

import re
from typing import Any

import formulas
import links
import notebooks
import options
import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

#: Pages that lie outside docs/, and where the site has them.
BESIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks/README.md",
}
_PAGES: dict[str, str] = {}
"""Path in the repository of each page, and of each picture, to its path in the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    _PAGES.clear()
    _PAGES.update({f"docs/{file.src_uri}": file.src_uri for file in files if not file.inclusion.is_excluded()})
    _PAGES.update(BESIDE)
    made = {site: (links.ROOT / path).read_text("utf-8") for path, site in BESIDE.items()}
    made |= dict(reference.pages())
    made["guide/options.md"] = options.page()
    for notebook in sorted((links.ROOT / "docs" / "notebooks").glob("*.ipynb")):
        made[f"notebooks/{notebook.stem}.md"] = notebooks.page(notebook)
        _PAGES[f"docs/notebooks/{notebook.name}"] = f"notebooks/{notebook.stem}.md"
    for uri, text in made.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Renew links and formulas."""
    site = {path: source for source, path in _PAGES.items()}
    source = site.get(page.file.src_uri)
    if source is None:  # made here: its links are those of the site
        return markdown
    return formulas.as_mathml(links.for_the_site(markdown, source, _PAGES))


def on_page_content(html: str, **_: Any) -> str:
    """Take away what is written for other readers: roles of docstrings, and strokes before bars in code of tables."""
    html = re.sub(r":(?:func|class|meth|mod|attr|data|exc|obj):(<code>)~?", r"\1", html)
    return re.sub(r"<code>[^<]*\\\|[^<]*</code>", lambda found: found[0].replace("\\|", "|"), html)
