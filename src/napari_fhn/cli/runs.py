"""``napari-fhn runs``: the trainings of a session, listed, compared, renamed, deleted, and the one that predicts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, UsageError, add_json, add_take_over
from napari_fhn.cli.saying import busy, worded
from napari_fhn.cli.sessions import existing, say, speak_of_job
from napari_fhn.cli.tables import aligned, number
from napari_fhn.cli.typed import here
from napari_fhn.sentence import counted

if TYPE_CHECKING:
    from napari_fhn.project import Run, Session

_PROGRAM = "napari-fhn runs"


@dataclass(frozen=True)
class Listed:
    """A run as a list shows it.

    Parameters
    ----------
    run : Run
        The run.
    current : bool
        Whether its network predicts.
    """

    run: Run
    current: bool


def add(commands: Commands) -> None:
    """Describe the command, and what it can do with runs."""
    parser = commands.add_parser("runs", help="list the trainings of a session; compare, rename, delete, choose one")
    _add_session(parser)
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    _action(actions, "list", "list them (this is also done without an ACTION)", run)
    compared = _action(actions, "compare", "say in what two differ, and how far their predictions agree", compare)
    compared.add_argument("first", metavar="RUN", help="name or number of a run")
    compared.add_argument("second", metavar="OTHER", help="name or number of another")
    renamed = _action(actions, "rename", "give one another name", rename)
    renamed.add_argument("which", metavar="RUN", help="name or number of a run")
    renamed.add_argument("name", metavar="NAME", help="its new name")
    deleted = _action(actions, "delete", "remove some, with their networks and predictions", delete)
    deleted.add_argument("which", nargs="+", metavar="RUN", help="name or number of a run; never the current one")
    deleted.add_argument("--yes", action="store_true", help="do not ask")
    used = _action(actions, "use", "let the network of one predict from now on", use)
    used.add_argument("which", metavar="RUN", help="name or number of a run")
    used.add_argument(
        "--step", type=int, metavar="N", help="the network that it had after N steps, as a run of its own"
    )


def _action(actions: Any, name: str, what: str, work: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=what, description=f"{what[:1].upper()}{what[1:]}.")
    add_take_over(parser, default=argparse.SUPPRESS)
    # The session may stand before the action or behind it: what is not said here must not wipe what was said there.
    _add_session(parser, default=argparse.SUPPRESS)
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print what there is to say as lines of JSON"
    )
    parser.set_defaults(run=work)
    return parser


def _add_session(parser: argparse.ArgumentParser, **more: Any) -> None:
    parser.add_argument("--session", type=here, metavar="DIR", help="folder that train, or the dock, wrote", **more)


def run(options: argparse.Namespace) -> int:
    """List the runs."""
    session = _session(options)
    runs = listed(session)
    if options.json:
        for one in runs:
            print(json.dumps({"kind": "Run", **row_of(one)}))
        return OK
    if not runs:
        print("Nothing was trained in it yet.")
        return OK
    from napari_fhn.network.counting import in_words

    print(table(runs))
    print(f"{in_words(sum(one.run.disk_used() for one in runs))} in runs, {in_words(session.disk_used())} in all")
    return OK


def compare(options: argparse.Namespace) -> int:
    """Say in what two runs differ."""
    from napari_fhn.project.runs.comparing import compared

    session = _session(options)
    one, other = session.runs.get(options.first), session.runs.get(options.second)
    with busy("Comparing"):
        found = compared(one, other)
    speak_of_job(one.job())
    if options.json:
        print(json.dumps({"kind": "Comparison", "first": one.id, "second": other.id, **asdict(found)}))
        return OK
    rows = [["", f"{one.name} ({one.id})", f"{other.name} ({other.id})"]]
    rows += [[difference.what, difference.first, difference.second] for difference in found.differences]
    print(aligned(rows) if len(rows) > 1 else "They do not differ in their settings, labels and scores.")
    if found.agreement is None:
        print("Their predictions cannot be compared: not both have one.")
    else:
        print(f"Their predictions agree on {100 * found.agreement:.1f} % of {worded(counted(found.voxels, 'voxels'))}.")
        for name, value in found.by_class.items():
            print(f"  {name}: IoU between them {number(value)}")
    return OK


def rename(options: argparse.Namespace) -> int:
    """Give a run another name."""
    session = _session(options)
    with session.writing(_PROGRAM, take_over=options.take_over):
        renamed = session.runs.rename(session.runs.get(options.which), options.name)
    _done(options, f"{renamed.id} is called '{renamed.name}' now.", id=renamed.id, name=renamed.name)
    return OK


def delete(options: argparse.Namespace) -> int:
    """Remove runs, once the person has agreed."""
    from napari_fhn.network.counting import in_words
    from napari_fhn.project import ProjectError

    session = _session(options)
    with session.writing(_PROGRAM, take_over=options.take_over):
        runs = list({run.id: run for run in map(session.runs.get, options.which)}.values())
        current = session.runs.current
        for one in runs:
            # Before anything is asked or removed.
            if current is not None and one.id == current.id:
                raise ProjectError(
                    f"'{one.name}' is the run whose network predicts",
                    "Let another one predict first ('napari-fhn runs use'), or delete the folder of the session",
                    path=one.folder,
                )
        names = ", ".join(f"'{one.name}' ({one.id}, {in_words(one.disk_used())})" for one in runs)
        if not options.yes and not _agreed(f"Delete {names}? This cannot be undone. [y/N] "):
            _done(options, "Nothing was deleted.", freed=0)
            return OK
        gone = [session.runs.delete(one) for one in runs]
    freed, left = sum(one.freed for one in gone), [str(path) for one in gone for path in one.left]
    say(one.words for one in gone)
    _done(options, f"Deleted {names}.", deleted=[one.id for one in runs], freed=freed, left=left)
    return OK


def use(options: argparse.Namespace) -> int:
    """Let another run predict."""
    session = _session(options)
    with session.writing(_PROGRAM, take_over=options.take_over):
        chosen = session.runs.get(options.which)
        if options.step is None:
            session.runs.select(chosen)
        else:
            chosen = session.runs.at_step(chosen, options.step)
    _done(options, f"'{chosen.name}' ({chosen.id}) predicts from now on.", current=chosen.id)
    return OK


def listed(session: Session) -> list[Listed]:
    """Return the runs of a session, the oldest first."""
    current = session.runs.current
    return [Listed(one, current is not None and one.id == current.id) for one in session.runs.all()]


def row_of(one: Listed) -> dict[str, Any]:
    """Return what is known of a run, for programs."""
    run, made = one.run, one.run.record
    return {
        "id": run.id,
        "name": run.name,
        "current": one.current,
        "created": made.created,
        "recipe": made.recipe,
        "step": run.step,
        "steps": made.steps,
        "labelled": _labelled(run),
        "score": run.score,
        "state": made.state,
        "message": made.message,
        "begun_with": made.begun_with,
        "command": made.command,
        "predicted": run.has_prediction,
        "bytes": run.disk_used(),
    }


def table(runs: list[Listed]) -> str:
    """Return runs as aligned lines; the current one is marked with a star."""
    from napari_fhn.network.counting import in_words

    rows = [["run", "name", "begun (UTC)", "recipe", "steps", "labelled", "mean IoU held out", "state", "disk"]]
    for one in runs:
        run, made = one.run, one.run.record
        steps = f"{run.step}/{made.steps}" if made.steps else str(run.step)
        rows.append([
            f"{'*' if one.current else ' '} {run.id}", run.name, made.created[:16].replace("T", " "),
            made.recipe or "-", steps, f"{_labelled(run):,}", number(run.score), made.state, in_words(run.disk_used()),
        ])  # fmt: skip
    return aligned(rows)


def _labelled(run: Run) -> int:
    """Labelled voxels that a network was trained on."""
    found = run.description()
    return 0 if found is None else sum(found.label_counts)


def _session(options: argparse.Namespace) -> Session:
    if options.session is None:
        raise UsageError("the following arguments are required: --session")
    return existing(options.session, _PROGRAM)


def _agreed(question: str) -> bool:
    """Ask on the terminal; nobody there has not agreed."""
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked whether to delete it: say so with --yes")
    return input(question).strip().lower() in ("y", "yes")


def _done(options: argparse.Namespace, words: str, **told: Any) -> None:
    print(json.dumps({"kind": "Runs", **told}) if options.json else words)
