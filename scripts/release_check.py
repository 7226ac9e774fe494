"""What a release has to pass: ``make release-check``, or ``python scripts/release_check.py``.

The change log and the citation name the version; wheel and sdist are built; the wheel is installed into a fresh
environment, where there is neither napari nor Qt, and tried there; what came along is listed with its licences
(``dist/licences.md``, and ``dist/sbom.json`` in the words of CycloneDX).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Of the viewer: none of it comes with the core.
DESK = ("napari", "PyQt6", "PySide6", "qtpy", "vispy", "magicgui")
#: Asked of the packages in the fresh environment, by its own Python.
_LISTED = """
import json
from importlib.metadata import distributions
found = []
for one in distributions():
    meta = one.metadata
    licence = meta.get("License-Expression") or ""
    if not licence:
        named = [c.split(" :: ")[-1] for c in meta.get_all("Classifier") or [] if c.startswith("License :: ")]
        licence = ", ".join(named) or (meta.get("License") or "").strip().split("\\n")[0][:60]
    found.append({"name": meta["Name"], "version": one.version, "licence": licence or "not said"})
print(json.dumps(sorted(found, key=lambda one: one["name"].lower())))
"""
#: What is tried with the installed wheel, and what has to stand in what it says.
TRIED = (
    (("--version",), ""),
    (("info", "sample:seismic"), "inline: 128"),
    (("recipes",), "sections"),
    (("completion", "bash"), "napari-fhn"),
    (("doctor",), "Everything works here."),
)


def main(arguments: list[str] | None = None) -> int:
    """Check what would be released; 0 where everything holds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder of what is built (default dist)")
    parser.add_argument("--words-only", action="store_true", help="change log and citation alone")
    options = parser.parse_args(arguments)
    wrong = words(ROOT, tag(ROOT))
    for sentence in wrong:
        print(f"release-check: {sentence}", file=sys.stderr)
    if wrong or options.words_only:
        return 1 if wrong else 0
    wheel = build(options.output)
    with tempfile.TemporaryDirectory(prefix="napari-fhn-release-") as folder:
        python = fresh(Path(folder) / "venv", wheel)
        packages = json.loads(run(str(python), "-c", _LISTED))
        tried(python, Path(folder))
    came = [one["name"] for one in packages if one["name"] in DESK]
    if came:
        print(f"release-check: the core brings {', '.join(came)} along", file=sys.stderr)
        return 1
    written = [licences(packages, options.output / "licences.md"), bill(packages, options.output / "sbom.json")]
    print(f"Ready: {wheel.name}, tried in a fresh environment; {', '.join(path.name for path in written)} beside it.")
    return 0


def tag(root: Path) -> str:
    """Return the version of the tag that is checked out; empty between two releases, or without git."""
    asked = ("git", "describe", "--exact-match", "--tags", "--match", "v[0-9]*")
    try:
        # That there is no tag is what git complains of, and no fault here.
        found = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.strip().removeprefix("v")


def words(root: Path, version: str) -> list[str]:
    """Return what is wrong with change log and citation.

    Parameters
    ----------
    root : Path
        Of the project.
    version : str
        Of the tag; empty where none is checked out: then the newest entry may still be open.
    """
    wrong = []
    log = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"(?m)^## \[(\d+\.\d+\.\d+)\] - (\S+)$", log)
    if newest is None:
        return ["CHANGELOG.md has no entry such as '## [0.1.0] - 2026-01-31'"]
    number, date = newest.groups()
    if version and number != version:
        wrong.append(f"the tag is v{version}, and the newest entry of CHANGELOG.md is {number}")
    if version and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        wrong.append(f"CHANGELOG.md calls {number} '{date}': write the date of the release")
    entry = log[newest.end() :].partition("\n## ")[0]
    if not re.search(r"(?m)^- ", entry):
        wrong.append(f"CHANGELOG.md says nothing of {number}")
    cited = re.search(r"(?m)^version: *(\S+)$", (root / "CITATION.cff").read_text(encoding="utf-8"))
    if cited is None or cited[1] != number:
        wrong.append(f"CITATION.cff is of {'no version' if cited is None else cited[1]}, CHANGELOG.md of {number}")
    if version and not re.search(r"(?m)^date-released: ", (root / "CITATION.cff").read_text(encoding="utf-8")):
        wrong.append("CITATION.cff has no date-released")
    return wrong


def build(output: Path) -> Path:
    """Build the sdist, and the wheel from it; return the wheel."""
    before = set(output.glob("*.whl")) if output.is_dir() else set()
    for old in before:
        old.unlink()
    print("Building", flush=True)
    run(sys.executable, "-m", "build", "--outdir", str(output), str(ROOT))
    (wheel,) = output.glob("*.whl")
    return wheel


def fresh(folder: Path, wheel: Path) -> Path:
    """Install the wheel into an environment of its own; return that Python."""
    print("Installing into a fresh environment", flush=True)
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = ("-c", str(ROOT / "constraints.txt"))
    run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *constraints, str(wheel))
    return python


def tried(python: Path, folder: Path) -> None:
    """Try what was installed, away from the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command, wanted in TRIED:
        print(f"napari-fhn {' '.join(command)}", flush=True)
        said = run(str(python), "-m", "napari_fhn", *command, cwd=folder, env=environment)
        if wanted not in said:
            raise SystemExit(f"release-check: napari-fhn {' '.join(command)} does not say '{wanted}':\n{said}")


def licences(packages: list[dict[str, str]], path: Path) -> Path:
    """Write a table of what comes along with the core, and under which licence."""
    rows = [f"| {one['name']} | {one['version']} | {one['licence'].replace('|', '/')} |" for one in packages]
    head = "# What comes along with napari-fhn\n\n| package | version | licence |\n|---|---|---|\n"
    path.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def bill(packages: list[dict[str, str]], path: Path) -> Path:
    """Write the bill of materials, in the format of CycloneDX 1.5."""
    components = [
        {
            "type": "library",
            "name": one["name"],
            "version": one["version"],
            "purl": f"pkg:pypi/{one['name'].lower().replace('_', '-')}@{one['version']}",
            "licenses": [{"license": {"name": one["licence"]}}],
        }
        for one in packages
    ]
    content = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command, and return what it says; what it complains of is seen."""
    return subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
