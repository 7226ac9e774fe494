"""Notebooks as pages: their words, their code, and the text and pictures that came out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REPOSITORY = "https://github.com/napari-fhn/napari-fhn/blob/main/docs/notebooks/"


def page(notebook: Path) -> str:
    """Return a notebook as Markdown, pictures within.

    Parameters
    ----------
    notebook : Path
        An ``.ipynb`` that was executed.

    Returns
    -------
    str
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    parts = [text for cell in cells for text in _cell(cell)]
    parts.append(f"[This page as a notebook]({REPOSITORY}{notebook.name})")
    return "\n\n".join(parts) + "\n"


def _cell(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    return [f"```python\n{source}\n```", *(_output(one) for one in cell["outputs"])]


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        return f"![What the cell draws](data:image/png;base64,{''.join(data['image/png']).strip()})"
    text = "".join(output.get("text") or data.get("text/plain", ""))
    return f"```text\n{text.rstrip()}\n```"
