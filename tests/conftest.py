"""What tests of several rooms share."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import displays
import forked
import quick_disk
from napari_fhn import plugins

ROOT = Path(__file__).parents[1]

# The same examples everywhere: what passes here passes there, and more of them would find the same each time.
# HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("explore", deadline=None)
# The first example that fails is enough for a mutant: to look for a smaller one takes minutes.
settings.register_profile(
    "first", derandomize=True, deadline=None, max_examples=25, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_runtest_setup() -> None:
    """Let each test draw the same from torch's own generator, alone, after others and on another worker."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture
def distribution(tmp_path, monkeypatch) -> Iterator[Callable[..., None]]:
    """Makes a distribution as if it were installed: its modules, and the entry points of its metadata."""

    def install(name: str, modules: dict[str, str], entry_points: str, version: str = "1.2") -> None:
        site = tmp_path / "site" / name
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (metadata / "entry_points.txt").write_text(entry_points)
        for module, code in modules.items():
            (site / f"{module}.py").write_text(code, encoding="utf-8")
            # Of this test alone.
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.syspath_prepend(site)
        plugins.look_again()

    before = set(sys.modules)
    yield install
    for module in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]
    monkeypatch.undo()
    plugins.look_again()


@pytest.fixture(scope="session", autouse=True)
def quick_looks() -> Iterator[None]:
    """A process that looks through a file first begins as a copy: some tests open a hundred files."""
    with forked.installed(forked.ForkedLooks):
        yield


@pytest.fixture
def copied_processes() -> Iterator[None]:
    """Processes that run the package begin as copies, for tests of what they do and not of how they begin."""
    with forked.installed(forked.ForkedCode):
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_writes() -> Iterator[None]:
    """Nothing that is written here is waited for until it is on the disk (`tests/quick_disk.py`)."""
    with quick_disk.installed():
        yield


@pytest.fixture(scope="session", autouse=True)
def written_here(tmp_path_factory) -> Iterator[None]:
    """What exports remember of the files that they wrote is that of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAPARI_FHN_WRITTEN", str(tmp_path_factory.mktemp("written")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real surveys beside a checkout; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real data absent: ../shared/data")
    return folder


#: Files that take longest go first, so that no process is left alone with one of them at the end.
_FIRST = (
    "test_benchmarks.py", "test_invariants.py", "test_forecast.py", "test_pretrained.py", "test_packaging.py",
    "test_engine.py", "test_end_to_end.py",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Let each process of tests begin to collect elsewhere.

    What one has compiled, assertions rewritten, the others find: of a fresh checkout all would do all of it at once.
    """
    place = getattr(config, "workerinput", None)
    if place is None or [Path(argument).resolve() for argument in config.args] != [ROOT / "tests"]:
        return
    rooms = Counter(file.relative_to(ROOT / "tests").parts[0] for file in sorted((ROOT / "tests").rglob("test_*.py")))
    begin = rooms.total() * int(place["workerid"].removeprefix("gw")) // place["workercount"]
    names = [name for _, name in sorted((before < begin, name) for name, before in _before(rooms))]
    config.args = [str(ROOT / "tests" / name) for name in names]


def _before(rooms: Counter[str]) -> Iterator[tuple[str, int]]:
    """Each room with how many files those before it have."""
    before = 0
    for name, files in rooms.items():
        yield name, before
        before += files


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread files with windows among the rest, and give this process a display of its own where it has any."""
    items.sort(key=lambda item: item.path)  # a file's tests stay in their order
    files = list(dict.fromkeys(item.path for item in items))
    windows = [path for path in files if _has_windows(path)]
    if windows:
        displays.own()
    tests = Counter(item.path for item in items)
    windows.sort(key=lambda path: -tests[path])
    rest = sorted((path for path in files if not _has_windows(path)), key=lambda path: path.name not in _FIRST)
    turn = {path: place / len(kind) for kind in (windows, rest) for place, path in enumerate(kind)}
    items.sort(key=lambda item: turn[item.path])


def pytest_unconfigure() -> None:
    """Take the virtual display away."""
    displays.close()


def _has_windows(path: Path) -> bool:
    return path.relative_to(ROOT / "tests").parts[0] == "widgets" or path.name == "test_guide.py"
