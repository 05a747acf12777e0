"""`dataset.json`: the channels of the images, and what the outputs of the network mean."""

from dataclasses import dataclass
from pathlib import Path

from mrelevance.networks.deployment import SIGMOID, SOFTMAX, Outputs
from mrelevance.networks.nnunet.described import check_entries, read_object
from mrelevance.runtime.errors import InputError

IGNORE, BACKGROUND = "ignore", "background"
LARGEST_LABEL = 255
"""Segmentations are written as uint8."""

_LABEL = {"type": "integer", "minimum": 0, "maximum": LARGEST_LABEL}
_CHANNELS = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {r"^\d+$": {"type": "string"}},
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["labels"],
    "anyOf": [{"required": ["channel_names"]}, {"required": ["modality"]}],
    "properties": {
        "channel_names": _CHANNELS,
        "modality": _CHANNELS,
        "labels": {
            "type": "object",
            "minProperties": 2,
            "additionalProperties": {
                "anyOf": [_LABEL, {"type": "array", "items": _LABEL, "minItems": 1}]
            },
        },
        "regions_class_order": {"type": ["array", "null"], "items": _LABEL},
    },
}


@dataclass(frozen=True)
class Dataset:
    """What `dataset.json` says.

    Attributes
    ----------
    channels
        Names of the channels, in order. If several have one name, their numbers as in the names of
        nnU-Net's files: 0000, 0001.
    outputs
        What the outputs of the network mean.
    cases
        Number of training cases; None if the file does not say it.
    """

    channels: tuple[str, ...]
    outputs: Outputs
    cases: int | None


def read_dataset(path: Path) -> Dataset:
    """Read `dataset.json`.

    Raises
    ------
    InputError
        The file is missing or damaged, or its labels contradict each other.
    """
    content = read_object(path)
    labels = content.get("labels")
    if isinstance(labels, dict) and "0" in labels and BACKGROUND not in labels:
        raise InputError(
            f"nnU-Net: {path} is of nnU-Net v1 (label values are its keys); give a results folder "
            "of nnU-Net v2, or train again with it"
        )
    check_entries(content, SCHEMA, str(path))
    cases = content.get("numTraining")
    return Dataset(
        channels=_channels(content.get("modality") or content["channel_names"], path),
        outputs=_outputs(labels, content.get("regions_class_order"), path),
        cases=cases if isinstance(cases, int) else None,
    )


def _channels(names: dict[str, str], path: Path) -> tuple[str, ...]:
    numbers = sorted(names, key=int)
    if [int(number) for number in numbers] != list(range(len(numbers))):
        raise InputError(
            f"nnU-Net: {path}: channel_names has the numbers {', '.join(numbers)}; number the "
            f"channels from 0 to {len(numbers) - 1}"
        )
    ordered = tuple(names[number] for number in numbers)
    return ordered if len(set(ordered)) == len(ordered) else tuple(f"{int(n):04d}" for n in numbers)


def _outputs(labels: dict[str, int | list[int]], order: list[int] | None, path: Path) -> Outputs:
    """Outputs as nnU-Net arranges them: one for each label value, or one for each region."""
    if labels.get(BACKGROUND) != 0:
        raise InputError(f"nnU-Net: {path}: labels has no background with value 0; {_AGREE}")
    members = {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in labels.items()
        if name != IGNORE
    }
    _check_ignored(labels.get(IGNORE), members, path)
    if any(len(values) > 1 for values in members.values()):
        return _regions(members, order, path)
    return _classes(members, path)


_AGREE = "correct the file, so that it is that of the training"


def _check_ignored(
    ignored: int | list[int] | None, members: dict[str, tuple[int, ...]], path: Path
) -> None:
    """Check that the ignored value, which has no output, is the next after all labels."""
    highest = max(max(values) for values in members.values())
    if ignored is not None and ignored != highest + 1:
        raise InputError(
            f"nnU-Net: {path}: the label ignore has the value {ignored}, and nnU-Net requires "
            f"{highest + 1}, the next after all others; {_AGREE}"
        )


def _classes(members: dict[str, tuple[int, ...]], path: Path) -> Outputs:
    """One output for each label value, in the order of the values."""
    values = sorted({value for (value,) in members.values()})
    if values != list(range(len(values))):
        raise InputError(
            f"nnU-Net: {path}: labels has the values {', '.join(map(str, values))}, and nnU-Net "
            f"requires 0 to {len(values) - 1} without gaps; {_AGREE}"
        )
    names = [[name for name, (of,) in members.items() if of == value] for value in values]
    return Outputs(tuple(map(" or ".join, names)), SOFTMAX, tuple(values), {})


def _regions(members: dict[str, tuple[int, ...]], order: list[int] | None, path: Path) -> Outputs:
    """One output for each region but the background, in the order of the file."""
    regions = {name: values for name, values in members.items() if set(values) != {0}}
    if order is None or len(order) != len(regions):
        found = "is missing" if order is None else f"has {len(order)} values"
        raise InputError(
            f"nnU-Net: {path}: regions_class_order {found}, and the regions are "
            f"{', '.join(regions)}; {_AGREE}: a label value to write for each region"
        )
    return Outputs(tuple(regions), SIGMOID, tuple(order), regions)
