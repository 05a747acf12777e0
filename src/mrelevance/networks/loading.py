"""Loading a trained network."""

from pathlib import Path

import torch

from mrelevance.networks.building import build_network
from mrelevance.networks.outputs import without_auxiliary_heads
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256


def load_network(model_folder: str | Path, sequences: list[str]) -> torch.nn.Module:
    """Load the trained network of a folder with `card.json` and `weights.pt`.

    `sequences` are the channels, in order, of the images that the network will be applied to. The
    network is returned in evaluation mode, on the CPU.

    Raises
    ------
    InputError
        A file is missing, the weights are not those of the card, or the channels differ.
    """
    folder = Path(model_folder)
    for file in ("card.json", "weights.pt"):
        if not (folder / file).is_file():
            raise InputError(f"model: {folder / file} does not exist; train the network first")
    card = read_json(folder / "card.json")
    if card["channels"] != list(sequences):
        raise InputError(
            f"model: {folder} was trained on {', '.join(card['channels'])}, but the images hold "
            f"{', '.join(sequences)}; give the same sequences in the same order"
        )
    if sha256(folder / "weights.pt") != card["weights_sha256"]:
        raise InputError(
            f"model: {folder / 'weights.pt'} has another checksum than card.json says; "
            "restore it or train again"
        )
    settings = card["configuration"]["network"]
    network = build_network(
        settings["name"], settings["arguments"], len(sequences), len(card["classes"])
    )
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return without_auxiliary_heads(network).eval()
