"""Run ``python -m tests.fuzz --reader segy -n 5000 --seed 3``; without a reader all of them.

Each reader runs in a process of its own, which is started again behind an input that ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

TESTS = Path(__file__).parents[1]
#: Seconds without news after which a process is ended.
_SILENT = 120.0


def main() -> int:
    """Run, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--reader", action="append", help="one of them; may be given again")
    parser.add_argument("-n", type=int, default=2000, help="inputs for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--write", type=Path, help="write the first input into this folder, and read nothing")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "surveys")]
    from . import readers, running

    names = given.reader or list(readers.READERS)
    if given.write is not None:
        print(running.write(names[0], given.seed, given.first, given.write)[0])
        return 0
    if given.worker:
        for k, find in enumerate(running.run(names[0], given.seed, range(given.first, given.first + given.n))):
            print(json.dumps(asdict(find) if find else given.first + k), flush=True)
        return 0
    total: Counter[str] = Counter()
    for name in names:
        began = time.perf_counter()
        finds = supervised(name, given.seed, given.first, given.n)
        print(f"{name:12} {given.n:7} inputs, {len(finds):4} finds, {time.perf_counter() - began:6.1f} s", flush=True)
        kinds = Counter(find["kind"] for find in finds)
        for kind, count in kinds.most_common():
            one = next(find for find in finds if find["kind"] == kind)
            print(f"    {count:5} x {kind}: number {one['index']}: {one['said'][-240:]}", flush=True)
        total += kinds
    print(f"{given.n * len(names)} inputs, {sum(total.values())} finds of {len(total)} kinds")
    return 1 if total else 0


def supervised(reader: str, seed: int, first: int, n: int) -> list[dict[str, object]]:
    """Run inputs in a process that may die or stand still."""
    finds: list[dict[str, object]] = []
    done = first
    while done < first + n:
        with tempfile.TemporaryDirectory() as home:
            kept = {"NAPARI_FHN_CACHE": f"{home}/cache", "NAPARI_FHN_REMEMBERED": f"{home}/remembered.json"}
            command = [
                sys.executable,
                "-X",
                "faulthandler",
                "-m",
                __package__ or "tests.fuzz",
                "--worker",
                "--reader",
                reader,
            ]
            with subprocess.Popen(
                [*command, "--seed", str(seed), "--first", str(done), "-n", str(first + n - done)],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **kept}, text=True,
                cwd=TESTS.parent,
            ) as process:  # fmt: skip
                why = _heard(process, finds)
                done = max(done, process.heard)  # type: ignore[attr-defined]
        if why and done < first + n:
            finds.append({"reader": reader, "seed": seed, "index": done, "kind": why, "said": ""})
            done += 1
    return finds


def _heard(process: subprocess.Popen[str], finds: list[dict[str, object]]) -> str:
    """Listen to a worker; say why it ended, or nothing where it came to its end."""
    import selectors

    process.heard = 0  # type: ignore[attr-defined]
    assert process.stdout is not None
    with selectors.DefaultSelector() as news:
        news.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not news.select(_SILENT):
                process.kill()
                return "hang"
            line = process.stdout.readline()
            if not line:
                return "" if process.wait() == 0 else f"crash ({process.returncode})"
            try:
                said = json.loads(line)
            except ValueError:
                continue  # a library speaks
            if isinstance(said, dict):
                finds.append(said)
                said = said["index"]
            process.heard = int(said) + 1  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
