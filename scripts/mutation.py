"""Do the tests notice when something is changed? Mutants of the parts whose mistakes nobody would see.

    python -m venv /tmp/mutation && /tmp/mutation/bin/pip install mutmut
    .venv/bin/python scripts/mutation.py --mutmut /tmp/mutation --sample 60
    .venv/bin/python scripts/mutation.py --mutmut /tmp/mutation --only losses --sample 0

mutmut is a tool and no dependency: it lives in an environment of its own, made with the same Python, and borrows the
packages of this one. For each group it gets a copy of the tree in which only the files of the group are changed, and
runs the tests that belong to it, those that pass through the changed function first. ``--sample``
mutants of each group are drawn by chance (0: all).
What survives is printed with its difference; docs/trust.md says of each why.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = "src/napari_fhn"

#: Endings of mutmut: 1 and 3 are tests that failed, 36 one that never ended; 0 survived, 33 nobody tests it.
_KILLED = (1, 3, 36, 24, 152, 255)
_SURVIVED, _UNTESTED = (0,), (5, 33)


@dataclass(frozen=True)
class Group:
    """Files of one kind, and the tests that are about them, both as patterns below their folders."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


#: A plugin of pytest for the copies: tests that are soon over come first, so that most mutants are killed by them.
_FASTEST_FIRST = """
import json
from pathlib import Path


def pytest_collection_modifyitems(items):
    stats = Path("mutmut-stats.json")
    if stats.exists():
        taken = json.loads(stats.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: taken.get(item.nodeid, 0.0))
"""

GROUPS = {
    "network": Group(
        tuple(
            f"network/{name}.py"
            for name in (
                "transforms",
                "convolution",
                "symmetric",
                "layer",
                "leapfrog",
                "hyperbolic",
                "reading",
                "pooling",
                "counting",
            )
        ),
        tuple(
            f"network/test_{name}.py"
            for name in (
                *("transforms", "convolution", "layer", "hyperbolic", "counting", "pooling", "resnet", "unet"),
                *("build", "initial"),
            )
        ),
    ),
    "losses": Group(
        ("training/steps/losses.py", "training/objective.py", "training/steps/criterion.py"),
        (
            "training/steps/test_losses.py",
            "training/test_objective.py",
            "training/steps/test_knowledge.py",
            "training/data/test_annotations.py",
            "training/data/test_balance.py",
        ),
    ),
    "tiles": Group(
        ("training/prediction/tiles.py", "training/prediction/mosaic.py"),
        ("training/prediction/test_tiles.py", "training/prediction/test_mosaic.py", "training/test_bounds.py"),
    ),
    "burning": Group(
        ("labels/wells/burning.py",),
        (
            "labels/wells/test_burning.py",
            "labels/wells/test_well.py",
            "labels/wells/test_trajectories.py",
            "labels/test_lines.py",
            "labels/test_paths.py",
            "labels/test_sources.py",
            "project/labelling/test_well_burning.py",
        ),
    ),
    "weighing": Group(
        ("training/combination/weighing.py", "training/combination/linear_head.py"),
        tuple(f"training/combination/test_{name}.py" for name in ("weighing", "linear_head", "choosing")),
    ),
    # Apart: each of their tests runs a network.
    "pretrained": Group(
        ("training/combination/pretrained.py", "training/models/pretrained.py", "training/models/halves.py"),
        ("training/combination/test_pretrained.py", "training/models/test_pretrained.py"),
    ),
    "gating": Group(
        ("training/combination/gating.py", "training/combination/foretelling.py", "training/models/gating.py"),
        (
            "training/combination/test_gating.py",
            "training/combination/test_foretelling.py",
            "training/models/test_gating.py",
        ),
    ),
    "geometry": Group(
        (
            *(f"surveys/segy/{name}.py" for name in ("coordinates", "grid", "order", "rows")),
            "surveys/geometry.py",
        ),
        ("surveys/segy", "surveys/test_geometry.py"),
    ),
}


def main() -> int:
    """Try the groups that are asked for, and print a table."""
    options = _options()
    rows = []
    for name in options.only or GROUPS:
        rows.append(row(name, tried(name, options)))
        print(rows[-1], flush=True)
    print("\n| part | mutants tried | killed | survived | without a test |\n|---|---:|---:|---:|---:|")
    print("\n".join(rows))
    return 0


def tried(name: str, options: argparse.Namespace) -> dict[str, int]:
    """Try the mutants of one group; return the ending of each that was tried, by its name."""
    gone = missing(GROUPS[name])
    if gone:
        raise SystemExit(f"mutation.py: the group '{name}' names {', '.join(gone)}, which is not there any more")
    folder = options.folder / name
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _copy(GROUPS[name], folder)
    _borrow(options.mutmut)
    # A name that there is none of: mutants are made, and none is run.
    _mutmut(folder, options, "nothing_of_that_name")
    mutants = sorted(_endings(folder))
    random.Random(options.seed).shuffle(mutants)
    chosen = mutants[: options.sample] if options.sample else mutants
    print(f"{name}: {len(mutants)} mutants, {len(chosen)} tried", flush=True)
    said = _mutmut(folder, options, *chosen)
    print(said[-400:])
    found = {mutant: ending for mutant, ending in _endings(folder).items() if mutant in chosen and ending is not None}
    if len(found) < len(chosen):
        raise SystemExit(
            f"mutation.py: mutmut ended after {len(found)} of {len(chosen)} mutants of '{name}':\n{said[-2000:]}"
        )
    for mutant in sorted(found):
        if found[mutant] in (*_SURVIVED, *_UNTESTED):
            difference = _mutmut(folder, options, mutant, command="show")
            print("\n".join(line for line in difference.splitlines() if re.match(r"[-+#]", line)), flush=True)
    return found


def missing(group: Group) -> list[str]:
    """Return the files and tests of a group that are not there: with one of them nothing would be tried."""
    named = [f"{PACKAGE}/{file}" for file in group.files] + [f"tests/{test}" for test in group.tests]
    return [path for path in named if not (ROOT / path).exists()]


def row(name: str, found: dict[str, int]) -> str:
    """Return one line of the table."""
    killed = sum(ending in _KILLED or ending < 0 for ending in found.values())
    untested = sum(ending in _UNTESTED for ending in found.values())
    survived = sum(ending in _SURVIVED for ending in found.values())
    share = killed / max(1, len(found))
    return f"| {name} | {len(found)} | {killed} ({share:.0%}) | {survived} | {untested} |"


def _copy(group: Group, folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests", "scripts", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored, symlinks=True)
    (folder / "src" / "fastest_first.py").write_text(_FASTEST_FIRST, encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    told = {
        "source_paths": ["src/"],
        "only_mutate": [f"{PACKAGE}/{file}" for file in group.files],
        "pytest_add_cli_args_test_selection": [f"tests/{test}" for test in group.tests],
        "pytest_add_cli_args": ["-q", "-p", "no:cacheprovider", "-p", "no:timeout", "-p", "fastest_first"],
        "also_copy": ["scripts", "docs", "benchmarks", "tests", "README.md"],
        "use_git_change_detection": False,
        # Else the tests that run once unchanged leave a process behind, whose end mutmut takes for that of a mutant.
        "process_isolation": "forkserver",
        # On a machine with other work a test takes many times what it takes alone, and would count as a mutant killed.
        "timeout_multiplier": 60.0,
    }
    project = re.sub(r"^timeout = .*\n", "", project, flags=re.MULTILINE)
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    (folder / "pyproject.toml").write_text(project + "\n[tool.mutmut]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy(ROOT / "README.md", folder)


def _endings(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in (folder / "mutants").rglob("*.meta"):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def _borrow(tool: Path) -> None:
    """Lend the packages of this environment for good: what a test starts may not look at PYTHONPATH."""
    (packages,) = tool.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(f"{site.getsitepackages()[0]}\n", encoding="utf-8")


def _mutmut(folder: Path, options: argparse.Namespace, *names: str, command: str = "run") -> str:
    # The packages of this environment, and for processes that tests begin the changed package.
    paths = os.pathsep.join((site.getsitepackages()[0], str(folder / "mutants" / "src")))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"}
    environment["HYPOTHESIS_PROFILE"] = "first"
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    more = ["--max-children", str(options.processes)] if command == "run" else []
    done = subprocess.run(
        [str(options.mutmut / "bin" / "mutmut"), command, *more, *names],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutmut", type=Path, required=True, metavar="ENV", help="environment that mutmut is in")
    parser.add_argument("--only", type=lambda t: t.split(","), metavar="GROUP,...", help=", ".join(GROUPS))
    parser.add_argument("--sample", type=int, default=60, metavar="N", help="mutants of each group; 0: all")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--processes", type=int, default=1, metavar="N")
    parser.add_argument("--keep", action="store_true", help="go on in the copies of before")
    parser.add_argument(
        "--folder", type=Path, default=Path("/tmp/napari-fhn-mutants"), metavar="DIR", help="where copies are made"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
