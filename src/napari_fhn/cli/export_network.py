"""``napari-fhn export-network``: a trained network in a file that other programs read."""

from __future__ import annotations

import argparse
import json

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, add_json, add_overwrite
from napari_fhn.cli.saying import busy
from napari_fhn.cli.sessions import say
from napari_fhn.cli.typed import here


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "export-network", help="write a trained network as ONNX, for torch, or for the published Julia package"
    )
    parser.add_argument("network", type=here, metavar="NETWORK", help="a session, a run, or the folder of a network")
    parser.add_argument(
        "output",
        type=here,
        metavar="FILE",
        help=".onnx, .pt2 (torch.export), with normalisation and classes inside; or .npz, weights for "
        "InvertibleNetworks.jl",
    )
    add_overwrite(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what is in it."""
    from napari_fhn.project.exporting.own_files import writing
    from napari_fhn.project.runs.beginning import network_folder

    with busy("Writing the network"):
        from napari_fhn.training.models.interchange import export

        with writing(options.output, overwrite=options.overwrite):
            written = export(network_folder(options.network), options.output)
    if options.json:
        print(json.dumps({"kind": "Network", "path": str(written.path), **written.about}))
    else:
        say(written.notes)
        print(f"Written: {written.path}")
    return OK
