"""``napari-fhn export-network``: a trained network in a file that other programs read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from napari_fhn.cli.exits import OK
from napari_fhn.cli.misplaced import check_order
from napari_fhn.cli.options import Commands, UsageError, add_json, add_overwrite, add_run
from napari_fhn.cli.saying import busy
from napari_fhn.cli.sessions import existing, run_of, say
from napari_fhn.cli.typed import here

_PROGRAM = "napari-fhn export-network"


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "export-network", help="write a trained network as ONNX, for torch, or for the published Julia package"
    )
    parser.add_argument(
        "network",
        nargs="?",
        type=here,
        metavar="NETWORK",
        help="a session, a run, or the folder of a network; without it --session names one",
    )
    parser.add_argument(
        "output",
        type=here,
        metavar="FILE",
        help=".onnx, .pt2 (torch.export), with normalisation and classes inside; or .npz, weights for "
        "InvertibleNetworks.jl",
    )
    parser.add_argument("--session", type=here, metavar="DIR", help="folder that train, or the dock, wrote")
    add_run(parser)
    add_overwrite(parser)
    add_json(parser)
    parser.set_defaults(run=run, in_order=_in_order)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what is in it."""
    from napari_fhn.project.exporting.own_files import writing
    from napari_fhn.project.runs.beginning import network_folder

    network = _network(options)
    with busy("Writing the network"):
        from napari_fhn.training.models.interchange import export

        with writing(options.output, overwrite=options.overwrite):
            written = export(network_folder(network), options.output)
    if options.json:
        print(json.dumps({"kind": "Network", "path": str(written.path), **written.about}))
    else:
        say(written.notes)
        print(f"Written: {written.path}")
    return OK


def _in_order(options: argparse.Namespace) -> None:
    if options.network is not None:
        names = "a network", "the file that is written"
        check_order(options.network, options.output, names, lambda path: path.is_dir())


def _network(options: argparse.Namespace) -> Path:
    """Return the folder that is named, or that of a run of the session that is."""
    if (options.network is None) == (options.session is None):
        raise UsageError("name one network and a file: NETWORK FILE, or --session DIR FILE")
    if options.network is not None:
        if options.run_name is not None:
            raise UsageError("--run goes with --session")
        network: Path = options.network
        return network
    session = existing(options.session, _PROGRAM)
    return run_of(session, options.run_name).folder
