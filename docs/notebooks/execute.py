"""Executes the notebooks and keeps what comes out in them: pictures and the last words of each cell.

python docs/notebooks/execute.py                  # all
python docs/notebooks/execute.py seismic          # one
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(notebook: Path) -> nbformat.NotebookNode:
    """Return a notebook as it is after all its cells have run, in a folder of its own.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails.
    """
    read = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            read, timeout=1200, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": folder}}
        ).execute()
    for cell in read.cells:
        # When it ran is no news, and would change the file each time.
        cell.metadata.pop("execution", None)
    read.metadata.pop("language_info", None)
    return read


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            print(f"Executing {path.name}", flush=True)
            nbformat.write(execute(path), path)
