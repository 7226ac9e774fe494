"""What is lost when a process is killed at any moment: many kills, in every kind of work.

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/kills.py --kills 200
    python benchmarks/kills.py --kills 40 --without-windows --only train,resume
    python benchmarks/kills.py --table

Each kill has a copy of the same small session. A process works in it, says what a person would see as done, and gets a
SIGKILL at a moment drawn by chance. Then somebody comes back: a new window opens the session or a new process reads it,
and what there is has to be the last state that was said, or the one after it; the network that was saved last has to
predict; a file that is exported over has to be the old one or the new one; and nothing may lie about. The same work is
done once without a kill first, so that the states, and how long it takes, are known.

Processes are copies of one that has imported everything: a kill costs a second or two, most of it looking at what is
left. Linux only.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import small_work
from machine import machine
from napari_fhn import surveys
from napari_fhn.project import Session
from napari_fhn.project.sessions import damage

RESULTS = Path(__file__).parent / "results" / "kills.json"
_LATEST = 600.0
_OUTLIVES = 3.0


@dataclass
class Known:
    """What a piece of work does when nobody kills it.

    Parameters
    ----------
    states : list of str
        Of the labels, one after the other.
    begins, seconds : float
        When it has said its first state, and how long it takes in all.
    exported : set of str
        Digests of the exported file that are whole.
    """

    states: list[str]
    begins: float
    seconds: float
    exported: set[str]


@dataclass
class Kill:
    """One kill and what was found afterwards.

    Parameters
    ----------
    phase : str
        The kind of work.
    after : float
        Seconds after the first state was said.
    said : int
        States that were said before.
    back : float or None
        Seconds until the labels were there again.
    lost : list of str
        What was lost or lies about; empty where nothing is.
    """

    phase: str
    after: float
    said: int
    back: float | None = None
    lost: list[str] = field(default_factory=list)


def main() -> int:
    options = _options()
    if options.table:
        print(table(json.loads(options.output.read_text(encoding="utf-8"))))
        return 0
    if not options.without_windows and not os.environ.get("DISPLAY"):
        print("kills.py: there is no display. Begin it with xvfb-run, or add --without-windows.", file=sys.stderr)
        return 2
    small_work.small_recipes()
    small_work.import_all(windows=not options.without_windows)
    with tempfile.TemporaryDirectory(prefix="napari-fhn-kills-") as made:
        folder = Path(made)
        code, _, said = in_a_copy(lambda say: small_work.prepare(folder / "first"), folder)
        if code:
            raise RuntimeError(said)
        found: dict[str, Any] = {
            "kills": [],
            "seed": options.seed,
            "date": datetime.date.today().isoformat(),
            "machine": machine() if options.output == RESULTS else None,
        }
        for kill in run(phases(options), options, folder):
            found["kills"].append(asdict(kill))
            # Each time: who is stopped in the middle has what was found so far.
            options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(table(found))
    return 1 if any(kill["lost"] for kill in found["kills"]) else 0


def run(
    works: dict[str, Callable[[small_work.Say], None]], options: argparse.Namespace, folder: Path
) -> Iterator[Kill]:
    """Kill each kind of work in turn, so many times in all, and yield what was found.

    Parameters
    ----------
    works : dict of str to callable
        By name: what is done, in a folder of its own.
    options : argparse.Namespace
        ``kills`` and ``seed``.
    folder : Path
        That holds the session to begin with, in ``first``.
    """
    chance, known = random.Random(options.seed), {}
    for number in range(options.kills):
        name = list(works)[number % len(works)]
        if name not in known:
            known[name] = whole(name, works[name], folder)
        kill = one(name, works[name], known[name], chance, folder)
        words = "nothing lost" if not kill.lost else "; ".join(kill.lost)
        print(f"{number + 1:4d} {name:18s} after {kill.after:5.2f} s: {words}", flush=True)
        yield kill


def whole(name: str, work: Callable[[small_work.Say], None], folder: Path) -> Known:
    """Do a piece of work without a kill."""
    here = copied(folder)
    before = _digest(here / "classes.npy")
    began = time.monotonic()
    code, said, words = in_a_copy(work, here)
    if code:
        raise RuntimeError(f"{name}, which nobody killed, ended with {code}: {words}")
    seconds = time.monotonic() - began
    states = [one for _, one in said]
    if name in small_work.TYPED:
        states.append(small_work.state_on_disk(here / "s"))
    found = Known(states, said[0][0], seconds, {before, _digest(here / "classes.npy")})
    shutil.rmtree(here)
    return found


def one(name: str, work: Callable[[small_work.Say], None], known: Known, chance: random.Random, folder: Path) -> Kill:
    """Kill a piece of work once, and look."""
    here = copied(folder)
    after = chance.uniform(0, known.seconds - known.begins)
    code, said, words = in_a_copy(work, here, after)
    kill = Kill(name, round(after, 3), len(said))
    if code not in (0, -signal.SIGKILL):
        kill.lost.append(f"it ended by itself with {code}: {words[-300:]}")
    last = len(said) - 1
    look(kill, set(known.states[max(last, 0) : last + 2]), known, here)
    return kill


def look(kill: Kill, allowed: set[str], known: Known, here: Path) -> None:
    """Come back to what an end has left, and note what is lost or lies about.

    Parameters
    ----------
    kill : Kill
        Added to.
    allowed : set of str
        States that the labels may be in.
    known : Known
        The same work, done to its end.
    here : Path
        Where it was done; it stays where something is lost.
    """
    name = kill.phase
    _wait_for_children(here, kill)
    window = name in small_work.CLICKED
    began = time.monotonic()
    code, found, words = in_a_copy(lambda say: _come_back(say, window), here)
    if code:
        kill.lost.append(f"the session does not come back: {words[-300:]}")
    else:
        kill.back = round(found[0][0], 2)
        kill.lost += _differences(found[0][1], found[1][1], allowed)
        kill.lost += [word for _, word in found[2:]]
    if _digest(here / "classes.npy") not in known.exported:
        kill.lost.append("the exported file is neither the old one nor the new one")
    if name in _AGAIN:  # what is half written beside a file of a person's goes when the same is done again
        code, _, words = in_a_copy(lambda say: _again(name, say), here)
        if code:
            kill.lost.append(f"the same cannot be done again: {words[-300:]}")
    kill.lost += [f"left over: {path}" for path in left_over(here)]
    if not kill.lost or time.monotonic() - began > _LATEST:
        shutil.rmtree(here, ignore_errors=True)


_AGAIN = {"export": "export", "exporting": "export", "brick": "brick", "horizon": "horizon", "Python": ""}


def _again(name: str, say: small_work.Say) -> None:
    if name == "Python":
        small_work.in_python(say)
    else:
        small_work.typed(_AGAIN[name], say)
    if name == "brick" and not np.array_equal(surveys.open("bricks.zarr"), surveys.open("survey.sgy")):
        raise RuntimeError("the bricks are not those of the survey")


def left_over(here: Path) -> list[str]:
    """Return what lies about beside what belongs there: hidden files, parts of files, logs and locks of the dead."""
    marks = (".part", ".partial", ".tmp", ".damaged")
    found = []
    for path in sorted(here.rglob("*")):
        name = path.name
        if name.startswith(".") or any(mark in name for mark in marks) or (name.startswith("engine-")):
            found.append(str(path.relative_to(here)))
    return found


def table(found: dict[str, Any]) -> str:
    """Return the kills of each kind of work, what was lost, and how long it took to be back, in Markdown."""
    lines = [
        "| killed while | kills | lost or left over | back at work, s (median, most) |",
        "|---|---:|---:|---:|",
    ]
    kills = found["kills"]
    for phase in dict.fromkeys(kill["phase"] for kill in kills):
        of = [kill for kill in kills if kill["phase"] == phase]
        back = sorted(kill["back"] for kill in of if kill["back"] is not None) or [float("nan")]
        lost = sum(bool(kill["lost"]) for kill in of)
        lines.append(f"| {phase} | {len(of)} | {lost} | {back[len(back) // 2]:.1f}, {back[-1]:.1f} |")
    lines.append(f"| all | {len(kills)} | {sum(bool(kill['lost']) for kill in kills)} | |")
    return "\n".join(lines)


def phases(options: argparse.Namespace) -> dict[str, Callable[[small_work.Say], None]]:
    """Return the kinds of work that are asked for, by name."""

    def told(work: Callable[[str, small_work.Say], None], name: str) -> Callable[[small_work.Say], None]:
        return lambda say: work(name, say)

    found = {name: told(small_work.typed, name) for name in small_work.TYPED}
    found |= {
        "Python": small_work.in_python,
        "classes": small_work.edit_classes,
        "another run": small_work.another_run,
    }
    if not options.without_windows:
        found |= {name: told(small_work.clicked, name) for name in small_work.CLICKED}
    return {name: found[name] for name in options.only} if options.only else found


def _differences(shown: str, read: str, allowed: set[str]) -> list[str]:
    words = []
    if shown not in allowed:
        words.append("labels are not those that were on the screen")
    if read != shown:
        words.append("labels on the disk are not those that are shown")
    return words


def _come_back(say: small_work.Say, window: bool) -> None:
    """Open the session again, let the network that was saved last predict, and close it."""
    if window:
        opened = small_work.Window(trains=False)
        say(opened.state())
        opened.desk.store.close()
        opened.dock.desk.close()
        opened.viewer.close()
        say(small_work.state_on_disk(Path("s")))
    else:
        found = damage.found(Path("s"))
        read = small_work.state_on_disk(Path("s"))
        with Session("s").writing("who comes back"):  # which brings to its end what was cut off
            pass
        whole = small_work.state_on_disk(Path("s"))
        say(whole)
        # Whoever only reads may see a change that was cut off, and is told so.
        say(whole if any("half done" in words for words in found) else read)
    if small_work.main(["predict", "--session", "s", "--json"]):
        say("the network that was saved last does not predict")
    for name in ("new",):
        if Path(name).exists() and small_work.main(["train", "--session", name, "--steps", "1", "--json"]) not in (
            0,
            2,
        ):
            say(f"nobody can train in {name}")


def in_a_copy(
    work: Callable[[small_work.Say], None], folder: Path, after: float | None = None
) -> tuple[int, list[tuple[float, str]], str]:
    """Let a copy of this process work in a folder, and kill it so many seconds after the first that it says.

    Returns
    -------
    code : int
        How it ended; negative for a signal.
    said : list of (float, str)
        What it said, and when.
    words : str
        What it wrote to its standard streams.
    """
    ours, theirs = os.pipe()
    log = folder.parent / f"{folder.name}.log"
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        _work(work, folder, theirs, log)
    os.close(theirs)
    if after is not None:
        select.select([ours], [], [])
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(ours, encoding="utf-8") as said:
        lines = [line.split(" ", 1) for line in said.read().splitlines()]
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    words = log.read_text(encoding="utf-8", errors="replace")
    log.unlink()
    return code, [(float(when) - began, what) for when, what in lines], words


def _work(work: Callable[[small_work.Say], None], folder: Path, pipe: int, log: Path) -> None:
    code = 1
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(out, stream)
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        os.set_inheritable(pipe, False)
        work(lambda what: _say(pipe, what))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(pipe: int, what: str) -> None:
    os.write(pipe, f"{time.monotonic()} {what}\n".encode())


def copied(folder: Path) -> Path:
    """Return a copy of the session to begin with."""
    here = Path(tempfile.mkdtemp(dir=folder))
    shutil.rmtree(here)
    shutil.copytree(folder / "first", here)
    return here


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"


def _wait_for_children(here: Path, kill: Kill) -> None:
    """Wait until what the killed process had begun is gone, which has to be soon."""
    end = time.monotonic() + _OUTLIVES
    while begun := _working_in(here):
        if time.monotonic() > end:
            kill.lost.append(f"a process outlives it: {begun[0]}")
            return
        time.sleep(0.05)


def _working_in(here: Path) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if Path(os.readlink(process / "cwd")) == here:
                    found.append((process / "cmdline").read_text().replace("\0", " ")[:100])
            except OSError:
                continue
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--only", type=lambda t: t.split(","), metavar="WORK,...", help="these kinds of work only")
    parser.add_argument("--without-windows", action="store_true")
    parser.add_argument("--table", action="store_true", help="print what was found, and kill nothing")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
