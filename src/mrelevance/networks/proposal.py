"""What a network that is trained already asks of a study: channels, classes, sizes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mrelevance.cohort.layouts.description import Description
from mrelevance.networks.deployment import SIGMOID, Outputs
from mrelevance.networks.loading import load
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.network_source import factory_of

LONGEST_CROP, SHORTEST_CROP = 64, 8
MOST_DIVISOR = 32


@dataclass(frozen=True)
class ProposedNetwork:
    """Settings of a study of a network.

    Attributes
    ----------
    source, kind
        Where it lies, and what it is.
    trust_code
        Whether it is code that may run.
    sequences
        The cohort's sequences in the order of the network's channels; as they were, where their
        names do not tell.
    channels
        The channel of each sequence to fill in, or None where names are equal.
    classes, regions
        Of the section `segmentation`.
    divisor, crop
        Multiple of sizes, and voxels (x, y, z) of the crop in which maps are compared.
    members
        Networks and mirrored copies that are averaged.
    open_channels
        The network's channels that have no sequence of their name.
    """

    source: str
    kind: str
    trust_code: bool
    sequences: list[str]
    channels: dict[str, str] | None
    classes: dict[str, int]
    regions: dict[str, list[str]]
    divisor: int
    crop: list[int]
    members: int
    open_channels: list[str]


def propose_network(
    source: Path, sequences: Sequence[str], trust_code: bool = False
) -> ProposedNetwork:
    """Read a network, and what a study of these sequences has to say of it.

    Its code may run with `trust_code` alone.

    Raises
    ------
    InputError
        The network cannot be read, segments nothing, or is code without trust, or trust without
        code.
    """
    factory = factory_of(source)
    if trust_code and factory is None:
        raise InputError(
            f"--trust-code: {source} is no module:function, and loading it runs no code; leave it "
            "out"
        )
    predictor = load(source, trust_code=trust_code)
    deployment = predictor.deployment
    channels = deployment.channels
    open_channels = [name for name in channels if name not in sequences]
    equal = not open_channels
    window = predictor.windows.size[::-1]
    divisor = _divisor(window)
    classes, regions = _classes(deployment.outputs)
    if not classes:
        raise InputError(f"{source}: the network has no output beside the background")
    installed = factory is not None and not factory.file.is_file()
    return ProposedNetwork(
        str(source if installed else source.resolve()),
        deployment.kind,
        trust_code,
        list(channels) if equal else list(sequences),
        None if equal else dict.fromkeys(sequences, "?"),
        classes,
        regions,
        divisor,
        [_crop(length, divisor) for length in window],
        len(predictor.ensemble.members),
        open_channels,
    )


def _classes(outputs: Outputs) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Label value of every class, and the classes of every region with a head of its own."""
    if outputs.heads == SIGMOID and outputs.members:
        values = sorted({value for of_region in outputs.members.values() for value in of_region})
        names = {value: f"class_{value}" for value in values}
        regions = {
            region: [names[value] for value in of_region]
            for region, of_region in outputs.members.items()
        }
        return {name: value for value, name in names.items()}, regions
    # A single region that its files do not describe is one class.
    told = zip(outputs.names, outputs.values, strict=True)
    return {name: value for name, value in told if value != 0}, {}


def _divisor(window: Sequence[int]) -> int:
    """The largest power of two, up to 32, that divides every side of the window."""
    divisor = 1
    while divisor < MOST_DIVISOR and all(length % (2 * divisor) == 0 for length in window):
        divisor *= 2
    return divisor


def _crop(length: int, divisor: int) -> int:
    wanted = min(length, LONGEST_CROP) // divisor * divisor
    return max(wanted, -(-SHORTEST_CROP // divisor) * divisor)


def sections(network: ProposedNetwork) -> str:
    """The sections of the configuration that say which network is explained, and how."""
    channels = json.dumps(network.channels, ensure_ascii=False)
    told = ", ".join(network.open_channels)
    comment = (
        f"# For each sequence one of the network's channels: {told}."
        if network.channels
        else "# Sequences and channels have equal names."
    )
    # Written only where code is trusted.
    trusted = "\n  # Its code runs in every job.\n  trust_code: true" * network.trust_code
    return f"""\
network:
  # {network.kind}; nothing is trained.
  source: {json.dumps(network.source, ensure_ascii=False)}{trusted}
  {comment}
  channels: {channels}
  # Crops in which maps are compared must be multiples of it.
  divisor: {network.divisor}

inference:
  # {network.members} members (networks and their mirrored copies) are averaged and explained.
  # Fewer take less time: folds: [0], mirroring: false.
  folds: null
  mirroring: true

evaluation:
  maps:
    crop: {json.dumps(network.crop)}
"""


def of_network(described: Description, network: ProposedNetwork) -> Description:
    """The cohort as the network needs it: its sequences in order, its classes, its patients.

    Label values are the cohort's where it names them. The split stays only if it has test patients
    with labels, as nothing is trained.
    """
    values = {name: described.classes.get(name, value) for name, value in network.classes.items()}
    tested = any(patient.split == "test" and patient.label for patient in described.patients)
    patients = [
        patient if tested else replace(patient, split=None) for patient in described.patients
    ]
    return replace(
        described,
        sequences=network.sequences,
        classes=values,
        regions=network.regions,
        patients=patients,
    )


def questions_of_network(described: Description, network: ProposedNetwork) -> list[str]:
    """What the user should know of the network, in sentences."""
    lines = []
    if described.patients[0].split is None:
        lines.append(
            "All patients are segmented and explained. Segmentations of patients that the network "
            "was trained on are better than those of others: take these rows out of the sample "
            "sheet if you report scores."
        )
    if network.members > 1:
        lines.append(
            f"{network.members} members are averaged and explained, which takes {network.members} "
            "times as long as one: inference.folds and inference.mirroring choose fewer."
        )
    return lines


def problems_of_channels(network: ProposedNetwork) -> list[str]:
    """What must be said of the channels before the study can run."""
    if network.channels is None:
        return []
    return [
        f"the network's channels are {', '.join(network.open_channels)}, and no sequence has their "
        f"names ({', '.join(network.sequences)}): write in network.channels which is which"
    ]
