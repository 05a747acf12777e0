"""Building a segmentation network by its MONAI name, and loading a trained one."""

import inspect
from pathlib import Path

import torch
from monai.networks import nets

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256

CLASSES = ("background", "tumour")


def build_network(name: str, arguments: dict, in_channels: int) -> torch.nn.Module:
    """Build a 3D MONAI network with one output channel each for background and tumour.

    `name` is a class of `monai.networks.nets` and `arguments` its keyword arguments, except the
    number of dimensions and channels, which are set here. The weights are drawn from torch's
    global generator. Maps (B, in_channels, D, H, W) to logits (B, 2, D, H, W).

    Raises
    ------
    InputError
        No network has this name, or it does not take these arguments.
    """
    kind = getattr(nets, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, torch.nn.Module)):
        raise InputError(
            f"network.name: MONAI has no network {name!r}; "
            "choose a class of monai.networks.nets, for example DynUNet"
        )
    accepted = inspect.signature(kind).parameters
    ours = {"spatial_dims": 3, "in_channels": in_channels, "out_channels": len(CLASSES)}
    if not {"in_channels", "out_channels"} <= set(accepted):
        raise InputError(
            f"network.name: {name} takes no in_channels and out_channels, so it does not map an "
            "image to a segmentation; choose one that does, for example DynUNet"
        )
    ours = {key: value for key, value in ours.items() if key in accepted}
    wrong = [key for key in arguments if key not in accepted or key in ours]
    if wrong:
        free = ", ".join(key for key in accepted if key not in ours)
        raise InputError(
            f"network.arguments: {name} does not take {', '.join(wrong)} from the configuration; "
            f"it takes {free}"
        )
    try:
        return kind(**ours, **arguments)
    except (TypeError, ValueError, AssertionError, KeyError, IndexError) as error:
        raise InputError(
            f"network.arguments: {name} refuses them ({' '.join(str(error).split())}); "
            "correct the arguments in the configuration"
        ) from error


def load_network(model_folder: str | Path, sequences: list[str]) -> torch.nn.Module:
    """Load the trained network of `card.json` and `weights.pt`, ready for inference on the CPU.

    `sequences` are the channels, in order, of the images the network is to be applied to.

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
            f"model: {folder / 'weights.pt'} is not the file that card.json describes; "
            "restore it or train again"
        )
    settings = card["configuration"]["network"]
    network = build_network(settings["name"], settings["arguments"], len(sequences))
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return network.eval()
