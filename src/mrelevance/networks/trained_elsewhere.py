"""Networks that were trained elsewhere, as a study explains them: what fits what, and the card."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from mrelevance.networks.card import INTENDED_USE, versions
from mrelevance.networks.deployment import SIGMOID, Deployment, Outputs
from mrelevance.networks.imported.description import PAGE
from mrelevance.networks.loading import load, load_deployment
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError, gathered
from mrelevance.runtime.segmentation import Region, Segmentation

TRAINED_ELSEWHERE = "trained elsewhere"
"""Kind of the card of such a network."""

DISTANCE = "summary/ensemble_distance.tsv"
"""Table of the results that says how far the explained members are from all."""


def load_source(deployed: Mapping, precision: str = "float32") -> Predictor:
    """Load the network of a study, with the members that it chooses.

    `deployed` has the keys `source`, `folds`, `mirroring`, `checkpoint` and `trust_code`.

    Raises
    ------
    InputError
        See `mrelevance.networks.loading.load`.
    """
    return load(
        deployed["source"],
        folds=deployed["folds"],
        mirroring=deployed["mirroring"],
        checkpoint=deployed["checkpoint"],
        trust_code=deployed["trust_code"],
        precision=precision,
    )


def whole(deployed: Mapping) -> dict:
    """The same network with all members that its makers deploy; see `load_source`."""
    return {**deployed, "folds": None, "mirroring": True}


def deployment_of_source(deployed: Mapping) -> Deployment:
    """What surrounds the network of a study: enough to preprocess images, without its weights.

    `deployed` has the keys `source`, `folds`, `checkpoint` and `trust_code`; see
    `load_deployment`.
    """
    return load_deployment(
        deployed["source"],
        folds=deployed["folds"],
        checkpoint=deployed["checkpoint"],
        trust_code=deployed["trust_code"],
    )


def channels_of_sequences(
    deployment: Deployment, sequences: Sequence[str], named: Mapping[str, str] | None
) -> dict[str, str]:
    """The network's channel of each sequence: by equal names, or as `named` says.

    `named` is `network.channels` of the configuration; a channel may also be given by its number,
    such as "0000". Order alone never decides.

    Raises
    ------
    InputError
        A sequence has no channel, a channel no sequence or two, or the sequences are not in the
        order of the channels.
    """
    channels = deployment.channels
    if not channels:
        raise InputError(
            f"network.source: {deployment.path} does not say what its channels are; name them in a "
            f"description, see {PAGE}"
        )
    numbers = {f"{number:04d}": name for number, name in enumerate(channels)}
    if named is None:
        found = {sequence: sequence for sequence in sequences}
    else:
        unknown = [sequence for sequence in named if sequence not in sequences]
        if unknown:
            raise InputError(
                f"configuration: network.channels names {', '.join(unknown)}, which is no "
                f"sequence; the sequences are {', '.join(sequences)}"
            )
        given = {sequence: named.get(sequence, sequence) for sequence in sequences}
        found = {
            sequence: name if name in channels else numbers.get(name, name)
            for sequence, name in given.items()
        }
    wrong = [sequence for sequence, name in found.items() if name not in channels]
    unused = [name for name in channels if name not in found.values()]
    if wrong or unused or len(set(found.values())) < len(found):
        left = [f"no channel for {', '.join(wrong)}"] if wrong else []
        left += [f"no sequence for the channel {', '.join(unused)}"] if unused else []
        raise InputError(
            f"network.channels: {'; '.join(left) or 'two sequences have one channel'}. The network "
            f"has the channels {_numbered(channels)}, the study {', '.join(sequences)}. Names must "
            f'be equal, or say which is which: network.channels: {{{sequences[0]}: "0000", ...}}'
        )
    ordered = sorted(sequences, key=lambda sequence: channels.index(found[sequence]))
    if ordered != list(sequences):
        raise InputError(
            "configuration: sequences are not in the order of the network's channels "
            f"({', '.join(channels)}); write sequences: [{', '.join(ordered)}]"
        )
    return found


def region_of_outputs(outputs: Outputs, segmentation: Segmentation, region: Region) -> Region:
    """A region as numbers of the network's outputs, which are matched by their names.

    With sigmoid heads the region is an output of its own, and none is outside. Where the
    configuration names no classes, the only output beside the background is tumour.

    Raises
    ------
    InputError
        The network has no such outputs, or a region with other label values.
    """
    if outputs.heads == SIGMOID:
        return _region_with_head(outputs, segmentation, region)
    names = list(outputs.names)
    if segmentation.declared:
        members = [segmentation.outputs[number] for number in region.inside]
    else:
        members = [name for name, value in zip(names, outputs.values, strict=True) if value != 0]
        if len(members) > 1:
            raise InputError(
                "configuration: segmentation.classes is null, and the network tells "
                f"{', '.join(members)} apart; name the classes and their label values"
            )
    missing = [name for name in members if name not in names]
    if missing:
        raise InputError(
            f"configuration: segmentation.classes names {', '.join(missing)}, which the network "
            f"does not have; its outputs are {', '.join(names)}: call the classes as it does"
        )
    inside = tuple(sorted(names.index(name) for name in members))
    return Region(
        region.name, inside, tuple(number for number in range(len(names)) if number not in inside)
    )


def _region_with_head(outputs: Outputs, segmentation: Segmentation, region: Region) -> Region:
    if not segmentation.declared and len(outputs.names) == 1:
        return Region(region.name, (0,), ())
    if region.name not in outputs.names:
        raise InputError(
            f"configuration: segmentation.explained names {region.name}, and the network predicts "
            f"the regions {', '.join(outputs.names)}, each by itself; explain one of them"
        )
    values = {segmentation.classes[segmentation.outputs[number]] for number in region.inside}
    # Of a single region that its files do not describe, only the name can be compared.
    trained = set(outputs.members.get(region.name, values))
    if values != trained:
        raise InputError(
            f"configuration: segmentation.regions: {region.name} has the label values "
            f"{sorted(values)}, and the network was trained with {sorted(trained)}; give it the "
            "classes of these values"
        )
    return Region(region.name, (outputs.names.index(region.name),), ())


def outputs_of_region(card: Mapping, segmentation: Segmentation, region: Region) -> Region:
    """A region as numbers of the outputs of the network with this card."""
    if card.get("kind") != TRAINED_ELSEWHERE:
        return region
    return region_of_outputs(outputs_of_card(card), segmentation, region)


def outputs_of_card(card: Mapping) -> Outputs:
    """What the outputs of a network mean, as its card says."""
    told = card["outputs"]
    members = {name: tuple(values) for name, values in told["members"].items()}
    return Outputs(tuple(told["names"]), told["heads"], tuple(told["values"]), members)


def check_source(
    predictor: Predictor,
    sequences: Sequence[str],
    named: Mapping[str, str] | None,
    segmentation: Segmentation,
) -> None:
    """Check that channels and outputs of a network fit the configuration.

    Raises
    ------
    InputError
        One line for each problem, see `channels_of_sequences` and `region_of_outputs`.
    """
    problems: list[str] = []
    with gathered(problems):
        channels_of_sequences(predictor.deployment, sequences, named)
    for region in segmentation.explained_regions:
        with gathered(problems):
            region_of_outputs(predictor.deployment.outputs, segmentation, region)
    if problems:
        raise InputError("\n".join(problems))


def card_of_source(
    predictor: Predictor,
    deployed_members: int,
    sequences: Sequence[str],
    named: Mapping[str, str] | None,
) -> dict:
    """Content of card.json: what is known of the network, and which members are explained.

    `deployed_members` is the number of all networks and mirrored copies that its makers deploy.
    """
    deployment = predictor.deployment
    of_sequence = channels_of_sequences(deployment, sequences, named)
    network = predictor.networks[0]
    members = {"explained": len(predictor.ensemble.members), "deployed": deployed_members}
    if members["explained"] < deployed_members:
        members["distance"] = DISTANCE
    return {
        "kind": TRAINED_ELSEWHERE,
        "format": deployment.kind,
        "path": str(deployment.path),
        "files": deployment.files,
        "channels": list(sequences),
        "network_channels": [of_sequence[sequence] for sequence in sequences],
        "classes": list(deployment.outputs.names),
        "outputs": asdict(deployment.outputs),
        "spacing_mm": None if deployment.spacing_mm is None else list(deployment.spacing_mm),
        "window": list(predictor.windows.size[::-1]),
        "members": members,
        "architecture": type(network).__name__,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "facts": deployment.facts,
        "intended_use": INTENDED_USE,
        "versions": versions(),
    }


def check_files(card: Mapping, deployment: Deployment) -> None:
    """Check that the files that were read of a network are those of its card.

    Raises
    ------
    InputError
        A file has another checksum.
    """
    for name, checksum in deployment.files.items():
        if card["files"].get(name) != checksum:
            raise InputError(
                f"model: {name} of {deployment.path} is not what card.json says; restore it, or "
                "run import_network again"
            )


def _numbered(channels: Sequence[str]) -> str:
    return ", ".join(f"{name} ({number:04d})" for number, name in enumerate(channels))
