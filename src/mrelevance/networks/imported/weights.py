"""Weights of a network that is known by its name and arguments."""

from collections.abc import Mapping
from pathlib import Path

import torch

from mrelevance.networks.building import build_network
from mrelevance.networks.imported.arguments import harmless_arguments
from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.description import (
    PAGE,
    complete_description,
)
from mrelevance.networks.imported.state import fit_state, read_state
from mrelevance.networks.imported.torchscript import WITHOUT_CODE, is_torchscript
from mrelevance.networks.outputs import without_auxiliary_heads
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

KIND = "weights"


def load_weights(
    path: Path,
    *,
    given: Mapping,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load a state dict, or the weights of TorchScript, into a network of `monai.networks.nets`.

    `given` is its description. The key `network` tells name and arguments, as `build_network` takes
    them.

    Raises
    ------
    InputError
        The file holds no weights, they do not fit the network, or the description is incomplete.
    """
    said = dict(given)
    network_of = said.get("network")
    if network_of is None:
        holds, otherwise = "weights, which do not tell their network", ""
        if is_torchscript(path):
            holds = "TorchScript, whose code is not run; its weights do not tell their network"
            otherwise = f". Or {WITHOUT_CODE}"
        raise InputError(
            f"{path} holds {holds}; give its name and arguments as the key network of a YAML file "
            f"beside it, or of description={{...}}; {PAGE} has an example{otherwise}"
        )
    check_network(network_of, str(path))
    described = complete_description(said, str(path))
    state = read_state(path)
    network = build_network(
        network_of["name"],
        harmless_arguments(network_of.get("arguments") or {}, f"{path}: network.arguments"),
        len(described.channels),
        len(described.outputs.names),
    )
    fit_state(network, state, str(path))
    return assembled(
        without_auxiliary_heads(network).eval(),
        described,
        KIND,
        path,
        {path.name: path},
        precision=precision,
        device=device,
    )


def check_network(network: object, what: str) -> None:
    """Check the key `network` of a description.

    Raises
    ------
    InputError
        It is not a name with arguments.
    """
    fits = isinstance(network, dict) and set(network) <= {"name", "arguments"}
    if not (fits and isinstance(network.get("name"), str)) or not isinstance(
        network.get("arguments") or {}, dict
    ):
        raise InputError(
            f"{what}: network must have a name, a class of monai.networks.nets, and arguments"
        )
