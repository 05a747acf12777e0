"""What mrelevance init does where a network is given that is trained already."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mrelevance.cohort.layouts.description import Description

if TYPE_CHECKING:
    from mrelevance.networks.proposal import ProposedNetwork


def of_network(described: Description, network: "ProposedNetwork") -> Description:
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


def questions_of_network(described: Description, network: "ProposedNetwork") -> list[str]:
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


def problems_of_channels(network: "ProposedNetwork") -> list[str]:
    """What must be said of the channels before the study can run."""
    if network.channels is None:
        return []
    return [
        f"the network's channels are {', '.join(network.open_channels)}, and no sequence has their "
        f"names ({', '.join(network.sequences)}): write in network.channels which is which"
    ]
