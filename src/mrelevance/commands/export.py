"""mrelevance export: write a network that was trained here in a form that others read."""

import argparse
from pathlib import Path

HELP = "Write a network that was trained here as weights, as a MONAI bundle or as a .pt2."
FORMS = {
    "weights": "a state dict (.pt), with a description beside it (.yaml)",
    "bundle": "a folder that MONAI runs",
    "pt2": "a program of torch.export, which needs no code",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL_FOLDER", help="for example results/model"
    )
    parser.add_argument(
        "--as",
        dest="form",
        required=True,
        choices=FORMS,
        help="; ".join(f"{name}: {meaning}" for name, meaning in FORMS.items()),
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="file or folder to write")


def run(options: argparse.Namespace) -> int:
    """Write the network and say where; 0.

    Raises
    ------
    InputError
        There is no such network, or the place is taken.
    """
    # Takes seconds, and other commands need no torch.
    from mrelevance.networks.exporting import export_network

    for path in export_network(options.model, options.form, options.out):
        print(f"Written: {path}")
    return 0
