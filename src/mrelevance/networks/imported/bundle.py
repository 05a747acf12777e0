"""Networks in MONAI bundles: a folder with configuration, metadata and weights.

https://docs.monai.io/en/stable/mb_specification.html describes them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mrelevance.networks.building import build_network
from mrelevance.networks.imported.arguments import harmless_arguments
from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.bundle_description import described_by
from mrelevance.networks.imported.description import (
    complete_description,
    read_mapping,
)
from mrelevance.networks.imported.references import Configuration
from mrelevance.networks.imported.state import fit_state, read_state
from mrelevance.networks.imported.weights import check_network
from mrelevance.networks.outputs import without_auxiliary_heads
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

KIND = "MONAI bundle"
CONFIGURATIONS = tuple(f"configs/inference.{suffix}" for suffix in ("json", "yaml", "yml"))
METADATA = ("configs/metadata.json", "metadata.json")
WEIGHTS = ("models/model.pt", "models/model.pth", "models/model.ts")
NETWORK_KEYS = ("network_def", "network", "net")
NETWORKS = "monai.networks.nets"
CHANNEL_ARGUMENTS = ("spatial_dims", "in_channels", "out_channels")


def is_bundle(folder: Path) -> bool:
    """Whether a folder has the configuration of a MONAI bundle."""
    return any((folder / name).is_file() for name in CONFIGURATIONS)


def load_bundle(
    folder: Path,
    *,
    given: Mapping,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load the network of a bundle, with the preprocessing and the windows of its inference.

    Keys of the description that is `given` replace what the bundle says.

    Raises
    ------
    InputError
        A file is missing, the network is not one of MONAI's with plain arguments, its weights do
        not fit, or something must be known that the bundle does not say.
    """
    files = {name: _inside(folder, name) for name in (_found(folder, CONFIGURATIONS),)}
    (configuration_path,) = files.values()
    config = Configuration(read_mapping(configuration_path), str(configuration_path))
    metadata = {}
    metadata_name = next((name for name in METADATA if (folder / name).is_file()), None)
    if metadata_name:
        files[metadata_name] = _inside(folder, metadata_name)
        metadata = read_mapping(files[metadata_name])
    weights_name = _found(folder, WEIGHTS)
    files[weights_name] = _inside(folder, weights_name)
    said = described_by(config, metadata, dict(given))
    name, arguments = _declared_network(config, said)
    described = complete_description(said, str(folder))
    network = _built(name, arguments, described.channels, described.outputs.names, config.what)
    fit_state(network, read_state(files[weights_name]), str(files[weights_name]))
    return assembled(
        without_auxiliary_heads(network).eval(),
        described,
        KIND,
        folder,
        files,
        precision=precision,
        device=device,
    )


def _declared_network(config: Configuration, said: dict) -> tuple[str, dict[str, Any]]:
    """Name and arguments of the network: of the description, else of the configuration."""
    if said.get("network") is not None:
        check_network(said["network"], "description")
        return said["network"]["name"], said["network"].get("arguments") or {}
    advice = "give the description a key network with name and arguments"
    key = next((key for key in NETWORK_KEYS if key in config), None)
    if key is None:
        raise InputError(f"{config.what}: there is no network_def; {advice}")
    declared = config.plain(key, advice)
    target = declared.get("_target_") if isinstance(declared, dict) else None
    if not isinstance(target, str):
        raise InputError(f"{config.what}: {key} has no _target_; {advice}")
    module, _, name = target.rpartition(".")
    if module and module != NETWORKS and not module.startswith(f"{NETWORKS}."):
        raise InputError(
            f"{config.what}: {key} would create {target}, which is not done; only classes of "
            f"{NETWORKS} are made"
        )
    special = [k for k in declared if k.startswith("_") and k not in ("_target_", "_desc_")]
    if special:
        raise InputError(f"{config.what}: {key} has {', '.join(special)}; {advice}")
    arguments = {k: value for k, value in declared.items() if not k.startswith("_")}
    return name, harmless_arguments(arguments, f"{config.what}: {key}")


def _built(
    name: str,
    arguments: dict[str, Any],
    channels: tuple[str, ...],
    outputs: tuple[str, ...],
    what: str,
) -> nn.Module:
    """Build the network, if its numbers are those of channels and outputs."""
    dimensions = arguments.get("spatial_dims", 3)
    if dimensions != 3:
        raise InputError(
            f"{what}: the network is one in {dimensions}D; only networks in 3D are read"
        )
    for key, names, of in (
        ("in_channels", channels, "channels"),
        ("out_channels", outputs, "outputs"),
    ):
        if arguments.get(key, len(names)) != len(names):
            raise InputError(
                f"{what}: the network has {arguments[key]} {of}, but {len(names)} are named "
                f"({', '.join(names)}); give the description the names of all, in order, as {of}"
            )
    rest = {key: value for key, value in arguments.items() if key not in CHANNEL_ARGUMENTS}
    try:
        return build_network(name, rest, len(channels), len(outputs))
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


def _found(folder: Path, names: tuple[str, ...]) -> str:
    found = next((name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise InputError(
            f"{folder / names[0]} does not exist; a MONAI bundle has it; download the bundle again"
        )
    return found


def _inside(folder: Path, name: str) -> Path:
    """A file of the bundle, which is no link to a place outside of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{path} is a link to {path.resolve()}, outside of the bundle; copy the file into it"
        )
    return path
