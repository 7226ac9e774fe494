"""One training step, forward and backward: time and peak memory, beside other ways to compute the same thing.

    python benchmarks/step.py
    python benchmarks/step.py --only depth6,depth60 --repetitions 5
    python benchmarks/step.py --only paper.hyperspectral --contenders float32 --repetitions 1 --calls 1 --seconds 1
    python benchmarks/step.py --only new --contenders "float32,states,bfloat16,best autograd,autograd" --budget 480
    python benchmarks/step.py --loss-curves

Side by side are this network in float32, with its states kept, and in bfloat16; the same mathematics in the best plain
autograd that we know to write (channels last, no transposed convolution), in the plainest, and with
``torch.utils.checkpoint``; and the same layers in wrappers of `memcnn <https://github.com/silvandeleemput/memcnn>`_
(``pip install memcnn``; without it that row says so). First their scores and gradients are compared on small networks.
Every measurement is a process of its own, the contenders take turns, and the best of all their steps counts. Beside the
time stands that of the bare convolutions which a reversible step cannot do without, each in the fastest way that torch
has here; beside the peak memory stands the project's own forecast.

What was measured is kept in ``benchmarks/results/step.json``, one entry for each case with its command, machine and
date; a case measured again replaces its entry. A run of ``--budget`` seconds that was not whole goes on when the same
command is given again: what its processes have found waits in ``step.parts.jsonl``. Memory is read the Linux way.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from cases import CASES, LARGE, NEW, QUICK
from contenders import CONTENDERS
from machine import machine
from measure import (
    CPU,
    Case,
    bare_convolutions,
    differences,
    peak_bytes,
    prepared,
    rounded,
    sentence,
    timed,
    training_step,
)
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.presets import architecture
from resumed import Answers, BudgetOver

_BARE = "convolutions"


def main() -> int:
    options = _options()
    if options.child:
        print(json.dumps(_child(json.loads(options.child))))
        return 0
    cases = QUICK if options.quick else CASES
    known = cases if options.quick else {**CASES, **LARGE}
    unknown = sorted(set(options.only) - set(known) - {"new"})
    if unknown:
        print(f"There is no case {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    here = machine()
    parts = options.output.with_suffix(".parts.jsonl") if options.output else None
    answers = Answers(parts, options.budget, {"machine": here})  # whose time begins now
    equal = _run({"kind": "equal"}, 600)
    _print_equal(equal)
    kept = json.loads(options.output.read_text(encoding="utf-8")) if options.output and options.output.exists() else {}
    results: dict[str, Any] = {"aims": {}, "cases": {}, **kept, "relative_differences": equal}
    about = {"machine": here, "date": datetime.date.today().isoformat()}
    if options.loss_curves:
        curves = _run({"kind": "curves", "steps": 5 if options.quick else 60}, 3600)
        _print_curves(curves)
        results["loss_curves"] = {"command": "python benchmarks/step.py --loss-curves", **about, **curves}
        _write(options.output, results)
    if options.loss_curves and not options.only and not options.quick:
        return 0
    for name in [one for asked in options.only or cases for one in (NEW if asked == "new" else [asked])]:
        command = f"python benchmarks/step.py --only {name} --repetitions {options.repetitions} --calls {options.calls}"
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        try:
            found = measure(name, known[name], options, answers)
        except BudgetOver:
            print(f"The {options.budget:.0f} s are over: give the same command again to go on with {name}.")
            break
        results["cases"][name] = {"command": command, **about, "load_before": load, **found}
        results["aims"] = _aims(results["cases"])
        _write(options.output, results)
        answers.forget(name)
    for aim, value in results["aims"].items():
        print(f"{aim}: {value}")
    if options.output:
        print(f"Recorded in {options.output}")
    return 0


def measure(name: str, case: Case, options: argparse.Namespace, answers: Answers) -> dict[str, Any]:
    """Measure all contenders in one case."""
    shape = " x ".join(map(str, case.block))
    net = case.architecture
    print(
        f"\n{name}: {len(net.layers)} layers, {net.channels} channels, {case.batch} x {shape}, "
        f"a state has {case.state_bytes / 1e6:.4g} MB"
    )
    problems: dict[str, str] = {}
    for contender in options.contenders:
        estimate = case.estimate(contender)
        if estimate > options.memory:
            problems[contender] = (
                f"left out: it would need about {estimate / 1e9:.1f} GB and {options.memory / 1e9:.1f} GB are allowed"
            )
    seconds: dict[str, list[float]] = {}
    bare: list[dict[str, Any]] = []
    limit = max(600, 20 * options.seconds)
    for turn in range(options.repetitions):
        for contender in (*options.contenders, _BARE):
            if contender in problems or min(seconds.get(contender, [0.0])) > options.seconds:
                continue
            ask = {"kind": "time", "case": name, "contender": contender, "quick": options.quick}
            ask |= {"calls": options.calls, "seconds": options.seconds}
            answer = answers.get(ask, turn, limit, partial(_run, ask))
            if "problem" in answer:
                problems[contender] = answer["problem"]
                continue
            seconds.setdefault(contender, []).extend(answer["seconds"])
            if contender == _BARE and min(seconds[_BARE]) == answer["seconds"][0]:
                bare = answer["layers"]
    peaks: dict[str, dict[str, int]] = {}
    for contender in options.contenders:
        if contender in problems:
            continue
        ask = {"kind": "memory", "case": name, "contender": contender, "quick": options.quick}
        answer = answers.get(ask, 0, limit, partial(_run, ask, MALLOC_MMAP_THRESHOLD_="65536"))
        if "problem" in answer:
            problems[contender] = answer["problem"]
        else:
            peaks[contender] = answer
    entry = _entry(case, seconds, bare, peaks, problems)
    _print_entry(entry)
    return entry


def _entry(
    case: Case,
    seconds: dict[str, list[float]],
    bare: list[dict[str, Any]],
    peaks: dict[str, dict[str, int]],
    problems: dict[str, str],
) -> dict[str, Any]:
    best = {name: min(values) for name, values in seconds.items()}
    ours = best.get("float32")
    contenders: dict[str, Any] = {}
    for name in CONTENDERS:
        row: dict[str, Any] = {}
        if name in best:
            row["seconds"] = rounded(best[name])
            row["seconds_of_each_step"] = [rounded(value) for value in seconds[name]]
            if ours:
                row["times_float32"] = rounded(best[name] / ours)
        if name in peaks:
            row["peak_bytes"] = peaks[name]["bytes"]
            row["peak_states"] = rounded(peaks[name]["beside_parameters"] / case.state_bytes)
        if name in problems:
            row["problem"] = problems[name]
        if row:
            contenders[name] = row
    entry: dict[str, Any] = {
        "block": list(case.block),
        "batch": case.batch,
        "layers": len(case.architecture.layers),
        "channels": case.architecture.channels,
        "state_bytes": case.state_bytes,
        "contenders": contenders,
    }
    entry["forecast"] = {"bytes": case.forecast()}
    if "float32" in peaks:
        entry["forecast"]["measured_over_forecast"] = rounded(peaks["float32"]["bytes"] / case.forecast())
    if _BARE in best:
        entry["convolutions"] = {"seconds": rounded(best[_BARE]), "layers": bare}
        if ours:
            entry["convolutions"]["share_of_step"] = rounded(best[_BARE] / ours)
    elif _BARE in problems:
        entry["convolutions"] = {"problem": problems[_BARE]}
    return entry


def _aims(cases: dict[str, Any]) -> dict[str, Any]:
    """Draw together what the cases say about what this network aims at."""

    def found(name: str, *path: str) -> Any:
        value = cases[name]
        for part in path:
            value = value.get(part, {})
        return value or None

    def over_all(*path: str) -> dict[str, Any]:
        return {name: found(name, *path) for name in cases if found(name, *path) is not None}

    aims = {
        "share of the step that is bare convolution": over_all("convolutions", "share_of_step"),
        "times faster than the best plain autograd": over_all("contenders", "best autograd", "times_float32"),
        "time with states kept over that without": over_all("contenders", "states", "times_float32"),
        "times faster than plain autograd": over_all("contenders", "autograd", "times_float32"),
        "times faster than checkpoints": over_all("contenders", "checkpoint", "times_float32"),
        "times faster than memcnn": over_all("contenders", "memcnn", "times_float32"),
        "time of bfloat16 over that of float32": over_all("contenders", "bfloat16", "times_float32"),
        "peak in states": over_all("contenders", "float32", "peak_states"),
        "measured peak over forecast": over_all("forecast", "measured_over_forecast"),
    }
    peaks = [over_all("contenders", "float32", "peak_bytes").get(name) for name in ("depth60", "depth6")]
    if all(peaks):
        aims["peak of 60 layers over that of 6"] = rounded(peaks[0] / peaks[1])
    return aims


def _child(ask: dict[str, Any]) -> dict[str, Any]:
    """Do one measurement, in a process that does nothing else."""
    if ask["kind"] == "equal":
        return {name: differences(case) for name, case in QUICK.items()}
    if ask["kind"] == "curves":
        return loss_curves(ask["steps"])
    case = (QUICK if ask["quick"] else {**CASES, **LARGE})[ask["case"]]
    contender = ask["contender"]
    try:
        if ask["kind"] == "memory":
            return peak_bytes(case, contender)
        if contender == _BARE:
            seconds, layers = bare_convolutions(case, calls=ask["calls"])
            return {"seconds": [seconds], "layers": layers}
        network, data, adjoint = prepared(case, contender), case.data(), case.adjoint()
        found = timed(lambda: training_step(contender, network, data, adjoint), CPU, ask["calls"], ask["seconds"])
        return {"seconds": found}
    except Exception as error:  # whatever a contender comes up with is what there is to say about it
        return {"problem": sentence(error)}


def _run(ask: dict[str, Any], limit: float, **environment: str) -> dict[str, Any]:
    """Ask a fresh process."""
    inherited = {name: value for name, value in os.environ.items() if name != "MALLOC_MMAP_THRESHOLD_"}
    command = [sys.executable, "-W", "ignore", __file__, "--child", json.dumps(ask)]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env={**inherited, **environment}, check=False
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"stopped after {limit:.0f} s"}
    if run.returncode < 0:
        return {"problem": f"ended by signal {-run.returncode}, which for 9 is mostly a lack of memory"}
    if run.returncode:
        lines = run.stderr.strip().splitlines()
        return {"problem": lines[-1] if lines else f"ended with {run.returncode}"}
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def loss_curves(steps: int) -> dict[str, Any]:
    """Train the preset for maps on a small made-up problem, in float32 and with bfloat16, from the same seed."""
    torch.manual_seed(0)
    classes, bands, size = 4, 6, 64
    # Bodies of a few classes, their spectra, noise, and labels on one pixel in twenty.
    fields = F.interpolate(torch.randn(1, classes, 6, 6), size=(size, size), mode="bicubic")
    truth = fields.argmax(1)
    spectra = torch.randn(classes, bands)
    data = spectra[truth].movedim(-1, 1) + 0.7 * torch.randn(1, bands, size, size)
    labels = torch.where(torch.rand(truth.shape) < 0.05, truth, -100)

    def train(bfloat16: bool) -> list[float]:
        network = HyperbolicNetwork(architecture("map"), bands, classes, torch.Generator().manual_seed(0))
        network.precision = "bfloat16" if bfloat16 else "float32"
        optimiser = torch.optim.AdamW(network.parameter_groups(0.03, 1e-3))
        curve = []
        for _ in range(steps):
            loss = F.cross_entropy(network.scores(data), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            curve.append(loss.item())
        return curve

    exact, half = train(False), train(True)
    apart = [abs(a - b) / a for a, b in zip(exact, half, strict=True)]
    return {
        "float32": [rounded(value, 6) for value in exact],
        "bfloat16": [rounded(value, 6) for value in half],
        "relative_difference": {"largest": rounded(max(apart)), "last": rounded(apart[-1])},
    }


def _print_equal(equal: dict[str, Any]) -> None:
    print("Scores and gradients of small networks, relative difference from float32:")
    if "problem" in equal:
        print(f"  {equal['problem']}")
        return
    for contender in CONTENDERS:
        found = [case[contender] for case in equal.values()]
        broken = [value for value in found if isinstance(value, str)]
        words = broken[0] if broken else f"{max(max(value.values()) for value in found):.1e}"
        print(f"  {contender:<12} {words}")


def _print_curves(curves: dict[str, Any]) -> None:
    if "problem" in curves:
        print(f"Loss curves: {curves['problem']}")
        return
    apart = curves["relative_difference"]
    print(
        f"Loss after {len(curves['float32'])} steps: {curves['float32'][-1]:.4f} in float32, "
        f"{curves['bfloat16'][-1]:.4f} with bfloat16; apart by at most {100 * apart['largest']:.2g} %"
    )


def _print_entry(entry: dict[str, Any]) -> None:
    print(f"  {'':<14}{'seconds':>10}{'x float32':>11}{'peak, MB':>10}{'in states':>11}")
    for name, row in entry["contenders"].items():
        figures = "".join(
            f"{row[key] * factor:>{width}.4g}" if key in row else " " * width
            for key, width, factor in (
                ("seconds", 10, 1),
                ("times_float32", 11, 1),
                ("peak_bytes", 10, 1e-6),
                ("peak_states", 11, 1),
            )
        )
        print(f"  {name:<14}{figures}  {row.get('problem', '')}".rstrip())
    bare = entry.get("convolutions", {})
    if "seconds" in bare:
        share = f"{100 * bare['share_of_step']:.0f} % of the step in float32" if "share_of_step" in bare else ""
        print(f"  {_BARE:<14}{bare['seconds']:>10.4g}  {share}".rstrip())
    elif bare:
        print(f"  {_BARE:<14}{bare['problem']}")
    words = f"  forecast of the peak: {entry['forecast']['bytes'] / 1e6:.4g} MB"
    if "measured_over_forecast" in entry["forecast"]:
        words += f"; measured is {entry['forecast']['measured_over_forecast']:.3g} times that"
    print(words)


def _write(path: Path | None, results: dict[str, Any]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _available() -> int:
    """Bytes of memory that could be had now."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 8 * 10**9


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def names(value: str) -> list[str]:
        return [part for part in value.split(",") if part]

    def contenders(value: str) -> list[str]:
        unknown = sorted(set(names(value)) - set(CONTENDERS))
        if unknown:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(CONTENDERS)}")
        return names(value)

    parser.add_argument("--only", "--case", type=names, default=[], metavar="CASE,...", help=f"of {', '.join(CASES)}")
    parser.add_argument("--contenders", type=contenders, default=list(CONTENDERS), metavar="NAME,...")
    parser.add_argument("--repetitions", type=int, default=3, help="processes for each contender, in turns")
    parser.add_argument("--calls", type=int, default=3, help="steps in each process after one to warm up")
    parser.add_argument("--seconds", type=float, default=60.0, help="what takes longer than this is measured once")
    parser.add_argument(
        "--memory",
        type=lambda value: int(float(value) * 1e9),
        default=_available() * 7 // 10,
        metavar="GB",
        help="leave out contenders that would need more; 70 %% of what is free",
    )
    parser.add_argument(
        "--budget", type=float, default=float("inf"), metavar="S", help="no measurement begins after it"
    )
    parser.add_argument("--loss-curves", action="store_true", help="compare training in float32 and bfloat16")
    parser.add_argument("--quick", action="store_true", help="tiny cases, to see whether all is in order")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: results/step.json, and none with --quick")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.output is None and not options.quick:
        options.output = Path(__file__).parent / "results" / "step.json"
    return options


if __name__ == "__main__":
    sys.exit(main())
