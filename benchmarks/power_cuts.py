"""What is lost when the power goes at any write of whole commands: many cuts, in every kind of work.

    python benchmarks/power_cuts.py --cuts 200
    python benchmarks/power_cuts.py --cuts 40 --only train,resume
    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/power_cuts.py --windows --cuts 60

As `kills.py`, with another end: each cut has a copy of the same small session, and the process that works in it ends
at one of the events of its writing, drawn by chance among all that the work has. Half of the times everything is lost
that was not brought to the disk by then, and else that of some files, drawn by chance as well: a disk writes by itself
what it likes (`tests/faulty_disk.py`). Then somebody comes back, and what there is has to be the last state that was
said, or the one after it; the network that was saved last has to predict; a file that is exported over has to be the
old one or the new one; and nothing may lie about.

What is painted in a window is brought to the disk each second: strokes of the last moments may be lost there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import kills
import small_work
from machine import machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import faulty_disk

RESULTS = Path(__file__).parent / "results" / "power_cuts.json"
#: Seconds within which a stroke is on the disk, on a machine that has other work too.
_PAINTED = 3.0
_EVENTS = "events.json"

Work = Callable[[small_work.Say], None]


@dataclass
class Cut(kills.Kill):
    """One cut and what was found afterwards.

    Parameters
    ----------
    at : int
        The event at which the power went.
    of : int
        How many events the work has.
    event : str
        What was written then.
    seed : int or None
        By which files were drawn that are on the disk all the same; None where nothing is.
    """

    at: int = 0
    of: int = 0
    event: str = ""
    seed: int | None = None
    lost: list[str] = field(default_factory=list)


def main() -> int:
    options = _options()
    small_work.small_recipes()
    small_work.import_all(windows=options.windows)
    with tempfile.TemporaryDirectory(prefix="napari-fhn-cuts-") as made:
        folder = Path(made)
        code, _, said = kills.in_a_copy(lambda say: small_work.prepare(folder / "first"), folder)
        if code:
            raise RuntimeError(said)
        found: dict[str, Any] = {
            "kills": [],
            "seed": options.seed,
            "date": datetime.date.today().isoformat(),
            "command": " ".join(["benchmarks/power_cuts.py", *sys.argv[1:]]),
            "machine": machine() if options.output == RESULTS else None,
        }
        chance, known = random.Random(options.seed), {}
        works = kills.phases(options)
        for number in range(options.cuts):
            name = list(works)[number % len(works)]
            if name not in known:
                known[name] = _whole(name, works[name], folder)
            found["kills"].append(asdict(_one(name, works[name], *known[name], chance, folder)))
            cut = found["kills"][-1]
            words = "nothing lost" if not cut["lost"] else "; ".join(cut["lost"])
            where = f"{cut['at']} of {cut['of']} ({cut['event']}, {cut['seed']})"
            print(f"{number + 1:4d} {name:18s} at {where}: {words}", flush=True)
            options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(kills.table(found).replace("killed while", "without power while").replace("kills", "cuts"))
    return 1 if any(cut["lost"] for cut in found["kills"]) else 0


def _whole(name: str, work: Work, folder: Path) -> tuple[kills.Known, list[str]]:
    """Do a piece of work to its end; return what is known of it, and what it does to the disk."""
    noted = folder / _EVENTS

    def watched(say: small_work.Say) -> None:
        with faulty_disk.disk(Path.cwd(), 0, "power") as disk:
            work(say)
        noted.write_text(json.dumps(list(map(str, disk.events))), encoding="utf-8")

    return kills.whole(name, watched, folder), json.loads(noted.read_text(encoding="utf-8"))


def _one(name: str, work: Work, known: kills.Known, events: list[str], chance: random.Random, folder: Path) -> Cut:
    """Cut the power once, and look."""
    here = kills.copied(folder)
    cut = Cut(name, 0.0, 0, at=chance.randint(1, len(events)), of=len(events))
    cut.seed = chance.choice((None, chance.randrange(1 << 30)))
    cut.event = events[cut.at - 1]  # where threads write, more or less

    def without_power(say: small_work.Say) -> None:
        with faulty_disk.disk(Path.cwd(), cut.at, "power", cut.seed):
            work(say)

    began = time.monotonic()
    code, said, words = kills.in_a_copy(without_power, here)
    cut.after, cut.said = round(time.monotonic() - began, 3), len(said)
    if code not in (0, faulty_disk.KILLED):
        cut.lost.append(f"it ended by itself with {code}: {words[-300:]}")
    end = cut.after - _PAINTED
    last = len(said) - 1
    first = sum(when < end for when, _ in said) - 1 if name == "painting" else last
    kills.look(cut, set(known.states[max(first, 0) : last + 2]), known, here)
    return cut


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--only", type=lambda t: t.split(","), metavar="WORK,...", help="these kinds of work only")
    parser.add_argument("--windows", action="store_true", help="in windows too")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    options = parser.parse_args()
    options.without_windows = not options.windows
    return options


if __name__ == "__main__":
    sys.exit(main())
