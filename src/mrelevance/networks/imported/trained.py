"""Networks that this workflow trained: the folder `results/model`."""

from collections.abc import Mapping
from pathlib import Path

import torch

from mrelevance.networks.building import build_network
from mrelevance.networks.card import CARD, WEIGHTS, check_weights, read_card
from mrelevance.networks.deployment import SOFTMAX
from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.description import complete_description
from mrelevance.networks.imported.state import fit_state, read_state
from mrelevance.networks.outputs import without_auxiliary_heads
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

KIND = "MRelevance"


def is_trained_here(folder: Path) -> bool:
    """Whether a folder holds a network that this workflow trained."""
    return (folder / CARD).is_file() and (folder / WEIGHTS).is_file()


def load_trained(
    folder: Path,
    *,
    given: Mapping,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load a network that this workflow trained, with its preprocessing and windows.

    Keys of the description that is `given` replace what its card says.

    Raises
    ------
    InputError
        A file is missing or damaged, or the weights are not those of the card.
    """
    card = read_card(folder)
    check_weights(folder, card)
    said = described_by_card(card, folder) | dict(given)
    described = complete_description(said, str(folder))
    network = network_of_card(card)
    fit_state(network, read_state(folder / WEIGHTS), str(folder / WEIGHTS))
    return assembled(
        without_auxiliary_heads(network).eval(),
        described,
        KIND,
        folder,
        {name: folder / name for name in (CARD, WEIGHTS)},
        precision=precision,
        device=device,
    )


def network_of_card(card: dict) -> torch.nn.Module:
    """The network that a card describes, with random weights."""
    settings = card["configuration"]["network"]
    return build_network(
        settings["name"], settings["arguments"], len(card["channels"]), len(card["classes"])
    )


def described_by_card(card: dict, folder: Path) -> dict:
    """Description of a network by its card: everything that surrounds it.

    Cards of earlier versions do not tell in which sequence the body is found. The preprocessing
    must then be given.

    Raises
    ------
    InputError
        The card lacks a setting.
    """
    try:
        configuration = card["configuration"]
        network, inference = configuration["network"], configuration["inference"]
        fixed = configuration.get("fixed_sequence")
        preprocessing = {
            "fixed_sequence": fixed,
            "spacing_mm": configuration["preprocess"]["spacing_mm"],
            "margin_mm": configuration["preprocess"].get("margin_mm", 0),
        }
        classes = (configuration.get("segmentation") or {}).get("classes") or {}
        values = [0, *classes.values()] if classes else range(len(card["classes"]))
        return {
            "network": {"name": network["name"], "arguments": network["arguments"]},
            "channels": list(card["channels"]),
            "outputs": dict(zip(card["classes"], values, strict=True)),
            "heads": SOFTMAX,
            "preprocessing": preprocessing if fixed else None,
            "axes": "zyx",
            "window": list(inference["window"]),
            "overlap": inference["overlap"],
            "divisor": network["divisor"],
            "facts": _facts(card),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"model: {folder / CARD} lacks settings ({error}); restore it or train again"
        ) from error


def _facts(card: dict) -> dict[str, str]:
    """What the card says of the training, in words."""
    patients = {group: len(names) for group, names in card.get("patients", {}).items()}
    facts = {
        "trained by": f"MRelevance {card.get('versions', {}).get('mrelevance', '')}".strip(),
        "steps": card["configuration"].get("training", {}).get("steps"),
        "patients": ", ".join(f"{count} for {group}" for group, count in patients.items()),
        "weights": card.get("weights"),
    }
    return {key: str(value) for key, value in facts.items() if value}
